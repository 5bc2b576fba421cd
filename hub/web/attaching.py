"""The files of a letter that is being written: uploads of its author, or files of this very conversation passed on.

`files` of a request names an upload by its id and a file of an earlier letter as `letter:MESSAGE:INDEX`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hub.domain.conversation.events import FileRef
from hub.domain.errors import NoSuchMessage
from hub.domain.ids import BlobId
from hub.web.guard import Call
from hub.web.problems import Stop
from hub.web.uploads import uploaded
from projections import timeline

PASSED_ON: Final = re.compile(r"letter:([0-9a-f-]{36}):(\d{1,3})")


async def attached(call: Call, names: Sequence[str], conversation: UUID | None = None) -> tuple[FileRef, ...]:
    """Each file once, in order. Raises 404 for one that is not this colleague's or not of this conversation."""
    return tuple([await _file(call, name, conversation) for name in dict.fromkeys(names)])


async def _file(call: Call, name: str, conversation: UUID | None) -> FileRef:
    found = PASSED_ON.fullmatch(name)
    return await _passed_on(call, found, conversation) if found else uploaded(call, name)


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
