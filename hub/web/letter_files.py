"""What a letter carries: its files, its HTML made harmless, and its bytes as they came."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from html import escape
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from hub.domain.errors import NoSuchMessage
from hub.domain.ids import BlobId
from hub.domain.letters import Attachment, Incoming, Unreadable
from hub.domain.vocabulary import Erased
from hub.web.answers import told
from hub.web.desk_ports import Desk
from hub.web.downloads import download, picture
from hub.web.frame import FRAME_HEADERS, Pictures, document
from hub.web.guard import SignedIn
from hub.web.problems import Stop
from hub.web.safe_html import Safe, placed
from hub.web.told_more import SafeHtml
from projections import timeline

router = APIRouter(prefix="/api/v1/messages/{id}", tags=["files"])

Images = Annotated[int, Query(ge=0, le=1, description="1: load the letter's remote images too.")]


@router.get("/files/{index}", response_class=Response)
async def file(
    call: SignedIn, id: UUID, index: int, inline: Annotated[int, Query(ge=0, le=1)] = 0
) -> Response:
    """One file of a letter, always as a download; a picture in place when `inline` is 1."""
    row = await _row(call.desk, id)
    if not 0 <= index < len(row["files"]):
        raise Stop(404)
    wanted = row["files"][index]
    content = await _content(call.desk, row, wanted)
    shown = picture(content) if inline else None
    return shown or download(content, wanted["filename"], wanted["content_type"])


@router.get("/html", response_model=SafeHtml)
async def html(call: SignedIn, id: UUID, images: Images = 0) -> Response:
    """The letter's HTML without anything that runs; remote images are left out unless asked for."""
    row = await _row(call.desk, id)

    def inline(content_id: str) -> str | None:
        found = next((one for one in row["files"] if one["content_id"] == content_id), None)
        return f"/api/v1/messages/{id}/files/{row['files'].index(found)}?inline=1" if found else None

    letter = await _harmless(call.desk, row)
    safe = placed(letter.html, images=images == 1, inline=inline)
    return told({"html": safe.html, "remote_images": safe.remote_images})


@router.get("/frame", response_class=HTMLResponse)
async def frame(call: SignedIn, id: UUID, images: Images = 0) -> Response:
    """The same as a page for a sandboxed frame, under a policy of its own; pictures of the letter are inside."""
    letter = await _harmless(call.desk, await _row(call.desk, id))
    pictures = Pictures({one.content_id: one.content for one in letter.attachments if one.content_id})
    safe: Safe = placed(letter.html, images=images == 1, inline=pictures)
    return HTMLResponse(document(safe.html), headers=FRAME_HEADERS[images == 1])


@router.get("/raw", response_class=Response)
async def raw(call: SignedIn, id: UUID) -> Response:
    """The letter as it came, byte for byte."""
    row = await _row(call.desk, id)
    if not row["raw"]:
        raise Stop(404)
    return download(await opened(call.desk, row["raw"]), f"{id}.eml", "text/plain")


async def opened(desk: Desk, blob: str) -> bytes:
    """The content of a blob. Raises 410 once it was erased."""
    content = await desk.vault.open(BlobId(blob))
    if isinstance(content, Erased):
        raise Stop(410, "erased")
    return content


async def _row(desk: Desk, id: UUID) -> dict[str, Any]:
    row = await desk.ask(lambda db: timeline.message(db, str(id)))
    if row is None:
        raise NoSuchMessage
    if row["erased"]:
        raise Stop(410, "erased")
    return row


async def _content(desk: Desk, row: dict[str, Any], wanted: dict[str, Any]) -> bytes:
    """A file stands in the vault by itself, or inside the letter that brought it: its hash tells which."""
    content = await opened(desk, wanted["blob"])
    if hashlib.sha256(content).hexdigest() == wanted["sha256"]:
        return content
    letter = await _read(desk, row, content)
    return _found(letter, wanted["sha256"]).content


def _found(letter: Incoming, sha256: str) -> Attachment:
    for one in letter.attachments:
        if hashlib.sha256(one.content).hexdigest() == sha256:
            return one
    raise Stop(404, "file-missing")


async def _harmless(desk: Desk, row: dict[str, Any]) -> Incoming:
    """The letter read anew, its HTML `cleaned`; where that asks too much of a worker, its words alone.

    Raises 404 for one without HTML, such as ours.
    """
    if not row["raw"] or not row["has_html"]:
        raise Stop(404)
    content = await opened(desk, row["raw"])
    try:
        return await desk.readers.read(content, account=_account(desk, row), harmless=True)
    except Unreadable:
        letter = await _read(desk, row, content)
        return replace(letter, html=f'<pre style="white-space: pre-wrap">{escape(letter.text)}</pre>')


def _account(desk: Desk, row: dict[str, Any]) -> str:
    return next((one.name for one in desk.inboxes if str(one.account) == row["account"]), "")


async def _read(desk: Desk, row: dict[str, Any], content: bytes) -> Incoming:
    try:
        return await desk.readers.read(content, account=_account(desk, row))
    except Unreadable:
        raise Stop(404, "file-missing") from None
