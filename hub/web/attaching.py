"""The files of a letter that is being written: uploads of its author, or files of this very conversation passed on.

`files` of a request names an upload by its id and a file of an earlier letter as `letter:MESSAGE:INDEX`.
An erasure destroys every blob that the customer's stream names, so an upload is claimed for the first customer whom it is
sent to; sent to another, it is copied into a blob of their own. The claim stands under an id derived from the customer's,
so that it outlives an erasure: else the upload would look unused while its blob is being destroyed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from hub.app.ports import Take
from hub.domain.conversation.events import FileRef
from hub.domain.errors import NoSuchMessage
from hub.domain.ids import BlobId, CustomerId, StreamId
from hub.domain.vocabulary import Erased
from hub.web.guard import Call
from hub.web.problems import Stop
from hub.web.uploads import uploaded
from projections import timeline

PASSED_ON: Final = re.compile(r"letter:([0-9a-f-]{36}):(\d{1,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """The files in their order; `uploads`: those that came by an upload. `claims` go with the letter that names them."""

    files: tuple[FileRef, ...] = ()
    uploads: frozenset[FileRef] = frozenset()
    claims: tuple[Take, ...] = ()


async def attached(call: Call, names: Sequence[str], conversation: UUID | None = None) -> Attached:
    """Each file once, in order. Raises 404 for one that is not this colleague's or not of this conversation."""
    passed_on = {name: found for name in names if (found := PASSED_ON.fullmatch(name))}
    uploads = {name: uploaded(call, name) for name in names if name not in passed_on}
    earlier = {name: await _passed_on(call, found, conversation) for name, found in passed_on.items()}
    files = tuple((uploads | earlier)[name] for name in dict.fromkeys(names))
    return Attached(files=files, uploads=frozenset(uploads.values()))


async def owned(call: Call, what: Attached, customer: CustomerId) -> Attached:
    """The same files in blobs that no other customer's letter names. Raises 404 for an upload that was erased with another."""
    stream = StreamId(call.desk.secrets.derived("uploads of", str(customer)))
    files, claims = list[FileRef](), list[Take]()
    for file in what.files:
        if file in what.uploads:
            claim = Take(key=call.desk.secrets.keyed("upload sent", file.blob), stream=stream)
            file, taken = await _own(call, file, claim)
            claims += taken
        files.append(file)
    return Attached(files=tuple(files), claims=tuple(claims))


async def _own(call: Call, file: FileRef, claim: Take) -> tuple[FileRef, list[Take]]:
    content = await call.desk.vault.open(file.blob)
    if isinstance(content, Erased):
        raise Stop(404, "no-such-upload")
    if await call.desk.log.holder(claim.key) in (None, claim.stream):
        return file, [claim]
    (copy,) = await call.desk.vault.keep([content])
    return replace(file, blob=copy), []


async def _passed_on(call: Call, found: re.Match[str], conversation: UUID | None) -> FileRef:
    row = await call.desk.ask(lambda db: timeline.message(db, found[1]))
    if row is None or conversation is None or row["conversation"] != str(conversation):
        raise NoSuchMessage
    if int(found[2]) >= len(row["files"]):
        raise Stop(404, "file-missing")
    kept = row["files"][int(found[2])]
    return FileRef(
        blob=BlobId(kept["blob"]),
        filename=kept["filename"],
        content_type=kept["content_type"],
        size=kept["size"],
        sha256=kept["sha256"],
    )
