"""From a form's fields to what a channel hears: checked, kept as canonical bytes, read back the same. Pure."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from channels.webform.settings import FormSettings
from hub.domain.letters import Address, Attachment, Incoming, Unreadable

ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[^\s@<>(),;:\\\"\[\].]+(\.[^\s@<>(),;:\\\"\[\].]+)+")
KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")

LONGEST: tuple[tuple[str, int], ...] = (
    ("name", 120),
    ("email", 254),
    ("subject", 200),
    ("message", 20_000),
)
REQUIRED = ("email", "message")
TRAP = "website"
"""A field no person sees; whoever fills it in is a machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field; `code` is a key of `words.ERRORS`."""

    field: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A form that was filled in properly. `key` tells this submission from every other; `trapped`: by a machine."""

    form: str
    key: str
    name: str
    email: str
    subject: str
    message: str
    language: str
    files: tuple[Attachment, ...] = ()
    trapped: bool = False


def read_submission(
    fields: Mapping[str, str], files: Sequence[Attachment], form: FormSettings
) -> Submission | tuple[FieldError, ...]:
    """The submission, or every error at once in the order of the fields. Fields that are not there count as empty."""
    clean = {field: _clean(field, fields.get(field, "")) for field, _ in LONGEST}
    chosen = tuple(file for file in files if file.filename or file.content)
    errors = (*_field_errors(clean), *_file_errors(chosen, form))
    if errors:
        return errors
    return Submission(
        form=form.name,
        key=_key(fields, clean, chosen),
        files=chosen,
        language="zh" if HAN.search(clean["subject"] + clean["message"]) else _language(fields),
        trapped=bool(fields.get(TRAP, "").strip()),
        **clean,
    )


def incoming(submission: Submission, form: FormSettings) -> Incoming:
    """The submission as every channel says it. The address is the visitor's claim: nothing proves it."""
    return Incoming(
        channel="webform",
        sender=Address(address=submission.email, name=submission.name),
        native_id=f"{submission.key}.{form.name}@form",
        to=(form.inbox,),
        recipients=(form.inbox.address,),
        subject=submission.subject,
        text=submission.message,
        new_text=submission.message,
        attachments=submission.files,
        language=submission.language,
    )


def raw_of(submission: Submission) -> bytes:
    """The submission as canonical JSON: a repeated post gives the same bytes, and `read_raw` gives it back whole."""
    kept = {
        "kind": "amends.webform.1",
        **{name: getattr(submission, name) for name in ("form", "key", "language", "trapped")},
        **{name: getattr(submission, name) for name, _ in LONGEST},
        "files": [
            {
                "filename": file.filename,
                "content_type": file.content_type,
                "content": b64encode(file.content).decode(),
            }
            for file in submission.files
        ],
    }
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_raw(raw: bytes, form: FormSettings) -> Incoming:
    """What `raw_of` kept. Raises `Unreadable` for anything else."""
    try:
        kept = json.loads(raw)
        texts = {name: str(kept[name]) for name in ("form", "key", "language", *dict(LONGEST))}
        files = tuple(read_files(kept["files"]))
        submission = Submission(files=files, trapped=bool(kept["trapped"]), **texts)
    except (ValueError, KeyError, TypeError, RecursionError) as broken:
        raise Unreadable("this is not a kept form submission") from broken
    return incoming(submission, form)


def read_files(listed: Any) -> Iterator[Attachment]:
    """Files given as JSON objects with `content` in base64. Raises `ValueError`, `KeyError` or `TypeError`."""
    for file in listed:
        try:
            content = b64decode(file["content"], validate=True)
        except NotBase64 as broken:
            raise ValueError("not base64") from broken
        yield uploaded(str(file["filename"]), str(file.get("content_type", "")), content)


def uploaded(filename: str, content_type: str, content: bytes) -> Attachment:
    """A visitor's file. Its name is only a label: no folders, no control characters."""
    label = CONTROLS.sub("", whole(filename).replace("\\", "/").rpartition("/")[2]).strip()[:200]
    return Attachment(
        filename=label, content_type=content_type or "application/octet-stream", content=content
    )


def _clean(field: str, text: str) -> str:
    lines = CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    kept = lines if field == "message" else " ".join(lines.split())
    return whole(kept)


def whole(text: str) -> str:
    """Half of a surrogate pair, which JSON can say and UTF-8 can not, is a question mark."""
    return text.encode("utf-8", "replace").decode()


def _field_errors(fields: Mapping[str, str]) -> Iterator[FieldError]:
    for field, longest in LONGEST:
        text = fields[field]
        if not text and field in REQUIRED:
            yield FieldError(field=field, code="required")
        elif len(text) > longest:
            yield FieldError(field=field, code="too-long")
        elif text and field == "email" and not ADDRESS.fullmatch(text):
            yield FieldError(field=field, code="not-an-address")


def _file_errors(files: Sequence[Attachment], form: FormSettings) -> Iterator[FieldError]:
    if len(files) > form.max_files:
        yield FieldError(field="files", code="too-many-files")
    elif any(len(file.content) > form.max_file_bytes for file in files):
        yield FieldError(field="files", code="file-too-large")


def _key(fields: Mapping[str, str], clean: Mapping[str, str], files: Sequence[Attachment]) -> str:
    """A double click stays single; who goes back and writes something else is heard a second time.

    The visitor's own key tells two equal messages apart; without one the moment does when the page was shown.
    """
    given = fields.get("key", "")
    own = given if KEY.fullmatch(given) else fields.get("token", "")
    parts = [own, *(clean[name] for name, _ in LONGEST), *(file.filename for file in files)]
    digest = sha256("\0".join(parts).encode())
    for file in files:
        digest.update(sha256(file.content).digest())
    return digest.hexdigest()[:40]


def _language(fields: Mapping[str, str]) -> str:
    return "zh" if fields.get("lang", "").lower().startswith("zh") else "en"
