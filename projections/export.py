"""Every message as it was written, one plain object each, for `amends export messages`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from projections.projection import of_json
from projections.timeline_tables import messages as said

CHUNK = 500


def messages(connection: Connection) -> Iterator[dict[str, Any]]:
    """Oldest first. What was erased is empty; a reply that was taken back before it left was never a message."""
    after, sent = 0, (said.c.state.is_(None)) | (said.c.state != "withdrawn")
    query = select(said).where(sent).order_by(said.c.position).limit(CHUNK)
    while rows := connection.execute(query.where(said.c.position > after)).mappings().all():
        connection.rollback()  # read transactions are short (record rule 1), however long the export
        yield from map(exported, rows)
        after = rows[-1]["position"]


def exported(row: Any) -> dict[str, Any]:
    return {
        "conversation": row["conversation"],
        "customer": row["customer"],
        "message_id": (row["message_ref"] or "").strip("<>"),
        "subject": row["subject"] or "",
        "text": row["text"] or "",
        "direction": "in" if row["kind"] == "message" else "out",
        "files": [{"name": file["filename"], "sha256": file["sha256"]} for file in of_json(row["files"])],
    }
