"""A posted form off the socket: multipart, urlencoded or JSON, never more than its limit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from channels.webform.reading import read_files, uploaded, whole
from hub.domain.letters import Attachment

MOST_FIELDS = 20
MOST_FIELD_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What the visitor sent, unchecked."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Attachment, ...] = ()


class TooLarge(Exception):
    """More bytes, fields or files than a form of ours can hold."""


class Unclear(Exception):
    """Not a form."""


async def read_body(request: Request, most_bytes: int, most_files: int) -> Posted:
    """The posted fields and files. Raises `TooLarge` or `Unclear`."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most_bytes:
        raise TooLarge
    bounded = Request(request.scope, _bounded(request, most_bytes))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        posted = await (_json(bounded) if kind == "application/json" else _form(bounded, most_files))
    except (MultiPartException, HTTPException, ClientDisconnect) as broken:
        raise Unclear from broken
    return _with_header_key(posted, request)


def _bounded(request: Request, most: int) -> _Receive:
    return _Receive(request, most)


class _Receive:
    """The request's own `receive`, which stops at `most` bytes whatever Content-Length says."""

    def __init__(self, request: Request, most: int) -> None:
        self.request = request
        self.left = most

    async def __call__(self) -> Message:
        message = await self.request.receive()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise TooLarge
        return message


async def _json(request: Request) -> Posted:
    try:
        body = json.loads(await request.body())
        fields = {str(name): whole(value) for name, value in body.items() if isinstance(value, str)}
        files = tuple(read_files(body.get("files", ())))
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as broken:
        raise Unclear from broken
    return Posted(fields=fields, files=files)


async def _form(request: Request, most_files: int) -> Posted:
    """One file more than allowed still comes through, so that the visitor is told which rule it was."""
    async with request.form(
        max_files=most_files + 20, max_fields=MOST_FIELDS, max_part_size=MOST_FIELD_BYTES
    ) as form:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        files = [
            uploaded(item.filename or "", item.content_type or "", await item.read())
            for item in form.getlist("files")
            if isinstance(item, UploadFile)
        ]
    return Posted(fields=fields, files=tuple(files))


def _with_header_key(posted: Posted, request: Request) -> Posted:
    key = request.headers.get("idempotency-key", "")
    if not key or posted.fields.get("key"):
        return posted
    return Posted(fields={**posted.fields, "key": key}, files=posted.files)
