"""Files that a colleague attaches: into the vault at once. An upload's id is our signed note of what was uploaded, for this colleague alone."""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

import orjson
from fastapi import APIRouter, UploadFile
from starlette.responses import Response

from hub.domain.conversation.events import FileRef
from hub.domain.ids import BlobId
from hub.web.answers import told
from hub.web.armour import LARGEST_UPLOAD
from hub.web.downloads import safe_name
from hub.web.guard import Call, Writer
from hub.web.once import CommandRoute
from hub.web.problems import Stop
from hub.web.told_more import UploadInfo

router = APIRouter(prefix="/api/v1/uploads", tags=["files"], route_class=CommandRoute)

LARGEST: Final = 20 * 1024 * 1024
LASTS: Final = timedelta(hours=20)
"""Shorter than the sweep of blobs that nothing refers to (record rule 2)."""

_MAC: Final = 32


@router.post("", response_model=UploadInfo, max_body_size=LARGEST_UPLOAD)
async def upload(call: Writer, file: UploadFile) -> Response:
    """Keep a file for a letter that is being written; use its id within 20 hours."""
    content = await file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Stop(413)
    (blob,) = await call.desk.vault.keep([content])
    kept = FileRef(
        blob=blob,
        filename=safe_name(file.filename or ""),
        content_type=(file.content_type or "application/octet-stream")[:100],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    shown = {
        "filename": kept.filename,
        "content_type": kept.content_type,
        "size": kept.size,
        "sha256": kept.sha256,
    }
    return told({"id": _signed(call, kept), **shown})


def _signed(call: Call, kept: FileRef) -> str:
    note = orjson.dumps(
        [kept.blob, kept.filename, kept.content_type, kept.size, kept.sha256, call.now.timestamp()]
    )
    return urlsafe_b64encode(_mac(call, note) + note).decode().rstrip("=")


def uploaded(call: Call, text: str) -> FileRef:
    """The file behind an upload's id. Raises 404 for one that is not this colleague's or is too old."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise Stop(404, "no-such-upload") from None
    mac, note = raw[:_MAC], raw[_MAC:]
    if not compare_digest(mac, _mac(call, note)):
        raise Stop(404, "no-such-upload")
    blob, filename, content_type, size, sha256, at = orjson.loads(note)
    if call.now - datetime.fromtimestamp(at, call.now.tzinfo) > LASTS:
        raise Stop(404, "no-such-upload")
    return FileRef(blob=BlobId(blob), filename=filename, content_type=content_type, size=size, sha256=sha256)


def _mac(call: Call, note: bytes) -> bytes:
    return call.desk.secrets.keyed("upload", str(call.person.id), note)
