"""The timeline: every message, reply, note and system line of a conversation, in the order of the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, or_, select

from projections import agents
from projections.complaints import complaints
from projections.projection import of_json
from projections.timeline_rows import projection
from projections.timeline_tables import lines, messages

__all__ = ["message", "projection", "thread", "thread_of_customer", "words_of"]

ENTRIES = 100


def thread(
    connection: Connection, conversation: str, *, before: int | None = None, limit: int = ENTRIES
) -> dict[str, Any]:
    """The newest `limit` entries before position `before`, oldest first, as the desk's `ThreadAnswer` wants them.

    {"entries", "earlier": position to ask before, or None, "seen": last message of a customer or a colleague, or None}
    """
    raised_here = select(complaints.c.complaint).where(complaints.c.conversation == conversation)
    about_it = or_(lines.c.conversation == conversation, lines.c.complaint.in_(raised_here))
    return entries(connection, messages.c.conversation == conversation, about_it, before=before, limit=limit)


def thread_of_customer(
    connection: Connection, customer: str, *, before: int | None = None, limit: int = ENTRIES
) -> dict[str, Any]:
    """The same over all conversations of one customer."""
    mine = messages.c.customer == customer, lines.c.customer == customer
    return entries(connection, *mine, before=before, limit=limit)


def message(connection: Connection, message: str) -> dict[str, Any] | None:
    """One message or reply: every column, JSON columns decoded."""
    row = connection.execute(select(messages).where(messages.c.message == message)).mappings().first()
    return None if row is None else decoded(row)


def words_of(connection: Connection, wanted: Iterable[str]) -> dict[str, str]:
    """Message or note id → its new text, for search results."""
    asked = list(wanted)
    said = select(messages.c.message, messages.c.new_text, messages.c.text).where(
        messages.c.message.in_(asked)
    )
    noted = select(lines.c.note, lines.c.text).where(lines.c.note.in_(asked))
    found = {each: new or text or "" for each, new, text in connection.execute(said)}
    return found | {each: text or "" for each, text in connection.execute(noted)}


def entries(
    connection: Connection, of_messages: Any, of_lines: Any, *, before: int | None, limit: int
) -> dict[str, Any]:
    names = agents.names(connection)
    said = [shown_message(row, names) for row in newest(connection, messages, of_messages, before, limit + 1)]
    done = [shown_line(row, names) for row in newest(connection, lines, of_lines, before, limit + 1)]
    newest_first = sorted(said + done, key=lambda entry: -entry["position"])
    shown = newest_first[:limit][::-1]
    earlier = shown[0]["position"] if len(newest_first) > limit else None
    return {"entries": shown, "earlier": earlier, "seen": last_seen(shown) if before is None else None}


def newest(connection: Connection, table: Any, where: Any, before: int | None, limit: int) -> Iterable[Any]:
    query = select(table).where(where).order_by(table.c.position.desc()).limit(limit)
    query = query if before is None else query.where(table.c.position < before)
    return connection.execute(query).mappings().all()


def last_seen(shown: list[dict[str, Any]]) -> str | None:
    """What a composer opened now has seen: a letter that was taken back or that a bot wrote is nobody's word."""
    said = [
        entry
        for entry in shown
        if entry["kind"] == "message" or (entry["kind"] == "reply" and is_word(entry))
    ]
    return str(said[-1]["id"]) if said else None


def is_word(entry: Mapping[str, Any]) -> bool:
    return bool(entry["actor"]["kind"] == "agent" and entry["delivery"]["state"] != "withdrawn")


LISTS = ("to", "cc", "files", "in_reply_to", "references", "defects")
OBJECTS = ("sender", "reply_to")


def decoded(row: Any) -> dict[str, Any]:
    lists = {name: of_json(row[name]) for name in LISTS}
    objects = {name: of_json(row[name]) or None for name in OBJECTS}
    return {**row, **lists, **objects}


def shown_message(row: Any, names: Mapping[str, str]) -> dict[str, Any]:
    full = decoded(row)
    sender = full["sender"] or {"address": "", "name": ""}
    common = {
        "position": full["position"],
        "at": full["at"],
        "actor": actor(full, names, sender["name"] or sender["address"]),
        "kind": full["kind"],
        "id": full["message"],
        "conversation": full["conversation"],
        "account": full["account"],
        "to": full["to"],
        "cc": full["cc"],
        "subject": full["subject"] or "",
        "text": full["text"] or "",
        "files": [{"index": index, **file} for index, file in enumerate(full["files"])],
        "language": full["language"],
        "erased": full["erased"],
    }
    return common | (shown_letter(full, sender) if full["kind"] == "message" else shown_reply(full))


AS_THEY_ARE = (
    *("occurred_at", "received_at", "verified", "automatic", "threaded_by", "threading_why"),
    *("same_id_other_bytes", "defects", "seen_again", "has_html", "raw", "reply_to"),
)


def shown_letter(full: Mapping[str, Any], sender: Any) -> dict[str, Any]:
    text, new_text = full["text"] or "", full["new_text"] or ""
    facts = {name: full[name] for name in AS_THEY_ARE}
    return facts | {"from": sender, "new_text": new_text, "quoted": len(text.strip()) > len(new_text.strip())}


def shown_reply(full: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "reply_kind": full["reply_kind"],
        "automatic": bool(full["automatic"]),
        "answers": full["answers"],
        "send_after": full["send_after"],
        "delivery": {
            "state": full["state"],
            "attempt": full["attempt"],
            "why": full["why"] or "",
            "next_at": full["next_at"],
        },
    }


def shown_line(row: Any, names: Mapping[str, str]) -> dict[str, Any]:
    common = {"position": row["position"], "at": row["at"], "actor": actor(row, names, "")}
    common["conversation"] = row["conversation"]
    if row["note"]:
        return common | {
            "kind": "note",
            "id": row["note"],
            "text": row["text"] or "",
            "erased": row["erased"],
        }
    detail = of_json(row["detail"]) or {}
    if detail.get("assignee"):
        detail["assignee_name"] = names.get(detail["assignee"], "")
    return common | {"kind": "system", "what": row["what"], "detail": detail}


def actor(row: Any, names: Mapping[str, str], customer: str) -> dict[str, str]:
    kind, who = row["actor_kind"], row["actor_id"]
    return {"kind": kind, "id": who, "name": customer if kind == "customer" else names.get(who, "")}
