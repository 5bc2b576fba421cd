"""The inbox: the views, counters and sort orders that a rep works from, one row per conversation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    select,
    tuple_,
)

from projections import agents, complaints, parked
from projections.customers import customers
from projections.inbox_rows import projection
from projections.inbox_tables import WAITED, inbox, tags, troubles

__all__ = ["counters", "counts_of", "newest_of", "of_customer", "projection", "row", "rows", "tagged", "view"]

ViewName: TypeAlias = Literal[
    "mine", "unassigned", "open", "complaints", "snoozed", "resolved", "spam", "all"
]
Sort: TypeAlias = Literal["waiting", "newest", "oldest"]

ours = inbox.c.spam.is_(False)
in_hand = and_(ours, inbox.c.life == "open")
complained = inbox.c.conversation.in_(complaints.with_open_ones())

"""Few conversations have an open complaint: the cast keeps SQLite from going through all that are no spam instead."""

VIEWS: Final[Mapping[str, Callable[[str], ColumnElement[bool]]]] = {
    "mine": lambda agent: and_(in_hand, inbox.c.assignee == agent),
    "unassigned": lambda agent: and_(in_hand, inbox.c.assignee.is_(None)),
    "open": lambda agent: in_hand,
    "complaints": lambda agent: and_(complained, cast(inbox.c.spam, Integer) == 0, inbox.c.erased.is_(False)),
    "snoozed": lambda agent: and_(ours, inbox.c.life == "snoozed"),
    "resolved": lambda agent: and_(ours, inbox.c.life == "resolved"),
    "spam": lambda agent: inbox.c.spam.is_(True),
    "all": lambda agent: inbox.c.conversation.is_not(None),
}

ORDERS: Final[Mapping[str, tuple[ColumnElement[str], bool]]] = {
    "waiting": (WAITED, True),
    "newest": (inbox.c.last_at, False),
    "oldest": (inbox.c.last_at, True),
}
"""Sort → key and whether it rises. Waiting: who has waited longest first, then those who wait for nothing."""

STATUS = case((and_(inbox.c.life == "open", inbox.c.answered), "waiting"), else_=inbox.c.life)
TROUBLE = (
    select(func.min(troubles.c.trouble))
    .where(troubles.c.conversation == inbox.c.conversation)
    .scalar_subquery()
)
TAGS = (
    select(func.aggregate_strings(tags.c.tag, "\n"))
    .where(tags.c.conversation == inbox.c.conversation)
    .scalar_subquery()
)


def view(
    connection: Connection,
    name: ViewName,
    agent: str = "",
    *,
    sort: Sort = "waiting",
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of a view as the desk's `Row`s, and the cursor of the next page (None: this was the last).

    `cursor` is what the page before gave. A row that moves meanwhile may show twice, and is never skipped by its own move up.
    """
    key, rises = ORDERS[sort]
    place = (key, inbox.c.conversation) if rises else (key.desc(), inbox.c.conversation.desc())
    query = select(inbox.c.conversation, key.label("key")).where(VIEWS[name](agent)).order_by(*place)
    found = connection.execute(beyond(query, key, rises, cursor).limit(limit + 1)).all()
    following = f"{found[limit - 1][1]}~{found[limit - 1][0]}" if len(found) > limit else None
    return rows(connection, [conversation for conversation, _ in found[:limit]]), following


def beyond(query: Select[Any], key: ColumnElement[str], rises: bool, cursor: str | None) -> Select[Any]:
    if cursor is None:
        return query
    place, here = tuple_(*cursor.rsplit("~", 1)), tuple_(key, inbox.c.conversation)
    return query.where(here > place if rises else here < place)


def counters(connection: Connection, agent: str) -> dict[str, int]:
    """How many conversations each view holds for this agent, and how many letters are parked. Read from indexes alone."""
    by_life = dict(counted(connection, inbox.c.life, ours))
    by_assignee = dict(counted(connection, inbox.c.assignee, in_hand))
    spam = sum(count for _, count in counted(connection, inbox.c.life, inbox.c.spam.is_(True)))
    complaints_open = sum(count for _, count in counted(connection, inbox.c.spam, VIEWS["complaints"](agent)))
    return {
        "mine": by_assignee.get(agent, 0),
        "unassigned": by_assignee.get(None, 0),
        **{life: by_life.get(life, 0) for life in ("open", "snoozed", "resolved")},
        "complaints": complaints_open,
        "spam": spam,
        "all": sum(by_life.values()) + spam,
        "parked": parked.waiting(connection),
    }


def counted(
    connection: Connection, by: ColumnElement[Any], where: ColumnElement[bool]
) -> list[tuple[Any, int]]:
    found = connection.execute(select(by, func.count()).select_from(inbox).where(where).group_by(by))
    return [(value, count) for value, count in found]


def row(connection: Connection, conversation: str) -> dict[str, Any] | None:
    """One conversation, or None."""
    found = rows(connection, [conversation])
    return found[0] if found else None


def rows(connection: Connection, conversations: Sequence[str]) -> list[dict[str, Any]]:
    """These conversations, in the order asked for; unknown ones are left out."""
    query = row_query().where(inbox.c.conversation.in_(conversations))
    found = {
        each["conversation"]: each for each in shown(connection, connection.execute(query).mappings().all())
    }
    return [found[conversation] for conversation in dict.fromkeys(conversations) if conversation in found]


def of_customer(connection: Connection, *circle: str, limit: int = 100) -> list[dict[str, Any]]:
    """The newest conversations of a customer (or of several linked ones), newest first; `counts_of` tells of how many."""
    query = row_query().where(inbox.c.customer.in_(circle)).order_by(inbox.c.last_at.desc()).limit(limit)
    return shown(connection, connection.execute(query).mappings().all())


def counts_of(connection: Connection, customers: Collection[str]) -> dict[str, int]:
    """How many conversations each of these customers has; who has none is left out."""
    return dict(counted(connection, inbox.c.customer, inbox.c.customer.in_(customers)))


def newest_of(connection: Connection, customers: Collection[str], limit: int) -> dict[str, list[str]]:
    """Each of these customers → their newest conversations, at most so many, newest first: one statement for all."""
    newest_first = (inbox.c.last_at.desc(), inbox.c.conversation)
    place = func.row_number().over(partition_by=inbox.c.customer, order_by=newest_first).label("place")
    theirs = select(inbox.c.customer, inbox.c.conversation, place).where(inbox.c.customer.in_(customers))
    each = theirs.subquery()
    query = select(each.c.customer, each.c.conversation).where(each.c.place <= limit)
    found: dict[str, list[str]] = {customer: [] for customer in customers}
    for customer, conversation in connection.execute(query.order_by(each.c.customer, each.c.place)):
        found[customer].append(conversation)
    return found


def tagged(connection: Connection, tag: str, limit: int = 200) -> list[str]:
    """Conversations with a tag, whatever its case."""
    query = select(tags.c.conversation).where(func.lower(tags.c.tag) == tag.lower()).limit(limit)
    return [conversation for (conversation,) in connection.execute(query)]


def row_query() -> Select[Any]:
    columns = inbox, STATUS.label("status"), TROUBLE.label("trouble"), TAGS.label("tags")
    with_names = (*columns, customers.c.name.label("customer_name"))
    return select(*with_names).join_from(
        inbox, customers, customers.c.customer == inbox.c.customer, isouter=True
    )


def shown(connection: Connection, found: Sequence[Any]) -> list[dict[str, Any]]:
    people, inboxes = agents.names(connection), parked.names(connection)
    raised = complaints.badges(connection, [each["conversation"] for each in found])
    return [
        shown_row(each, people, inboxes) | {"complaint": raised.get(each["conversation"])} for each in found
    ]


AS_THEY_ARE = (
    *(
        "conversation",
        "customer",
        "channel",
        "status",
        "waiting_since",
        "last_at",
        "snoozed_until",
        "messages",
    ),
    *("language", "unanswered", "notes", "last_message", "last_customer_message", "opened_at", "erased"),
)


def shown_row(each: Any, people: Mapping[str, str], inboxes: Mapping[str, str]) -> dict[str, Any]:
    """The desk's `Row`, and a few fields more."""
    assignee = each["assignee"]
    return {name: each[name] for name in AS_THEY_ARE} | {
        "customer_name": each["customer_name"] or each["sender_name"] or "",
        "customer_address": each["sender_address"] or "",
        "verified": bool(each["verified"]),
        "account": each["account"] or "",
        "inbox_name": inboxes.get(each["account"], ""),
        "subject": each["subject"] or "",
        "snippet": each["line"] or "",
        "snippet_by": each["line_by"] or "",
        "spam": bool(each["spam"]),
        "assignee": None if assignee is None else {"id": assignee, "name": people.get(assignee, "")},
        "tags": sorted(each["tags"].split("\n")) if each["tags"] else [],
        "trouble": each["trouble"] or "",
    }
