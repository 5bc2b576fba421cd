"""Search: every word anybody wrote, in any script, found per conversation and shown with the words marked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Executable,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TextClause,
    delete,
    select,
    text,
)

from hub.app.ports import Recorded
from hub.domain.complaint.events import ComplaintRegistered
from hub.domain.conversation import events as c
from hub.domain.customer import events as p
from hub.domain.letters import Address
from projections import complaints, inbox, timeline
from projections.page import Page
from projections.projection import Projection, Subscriptions, askable, instant, known, moment, text_of
from projections.terms import asked, excerpt, indexed
from projections.tsvector import Terms, sought

metadata = MetaData()

places = Table(
    "search_places",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("customer", String, nullable=False, index=True),
    Column("conversation", String),
    Column("item", String),
    Column("at", String, nullable=False),
    Index("search_places_by_conversation", "conversation"),
)
"""What was said at a position: rowids of the index, so that each row of one is a row of the other."""

words = Table(
    "search_words",
    metadata,
    Column("rowid", Integer, primary_key=True),
    Column("title", Terms("A")),
    Column("people", Terms("B")),
    Column("body", Terms("C")),
)

MADE: Final = """CREATE VIRTUAL TABLE IF NOT EXISTS search_words
USING fts5(title, people, body, tokenize = "unicode61 remove_diacritics 2")"""
SECURED: Final = "INSERT INTO search_words(search_words, rank) VALUES ('secure-delete', 1)"
WORDS: Final = (MADE, SECURED) if sqlite3.sqlite_version_info >= (3, 42) else (MADE,)
"""From SQLite 3.42 on deleted words leave the index at once; before, when `scrub` merges its segments."""

project = Subscriptions()


def note(recorded: Recorded, page: Page, place: dict[str, Any], said: dict[str, str]) -> None:
    """Nothing to find, nothing kept: after an erasure there are no words."""
    terms = {column: indexed(text) for column, text in said.items()}
    if any(terms.values()):
        at = {"customer": text_of(recorded.stream), "at": instant(recorded.recorded_at)}
        page.add(places, recorded.position, at | place)
        page.add(words, recorded.position, {"title": "", "people": "", "body": ""} | terms)


def names(*people: Address | None) -> str:
    return " ".join(f"{person.name} {person.address}" for person in people if person)


@project.on(c.ConversationOpened)
def _(event: c.ConversationOpened, recorded: Recorded, page: Page) -> None:
    note(recorded, page, {"conversation": text_of(event.conversation)}, {"title": known(event.subject) or ""})


@project.on(c.MessageReceived)
def _(event: c.MessageReceived, recorded: Recorded, page: Page) -> None:
    place = {"conversation": text_of(event.conversation), "item": text_of(event.message)}
    files = " ".join(file.filename for file in known(event.files) or ())
    people = names(known(event.sender), *(known(event.cc) or ()))
    title, body = known(event.subject) or "", f"{known(event.new_text) or ''} {files}"
    note(recorded, page, place, {"title": title, "people": people, "body": body})


@project.on(c.ReplyWritten)
def _(event: c.ReplyWritten, recorded: Recorded, page: Page) -> None:
    place = {"conversation": text_of(event.conversation), "item": text_of(event.message)}
    people = names(*(known(event.to) or ()), *(known(event.cc) or ()))
    note(recorded, page, place, {"people": people, "body": known(event.text) or ""})


@project.on(c.NoteAdded)
def _(event: c.NoteAdded, recorded: Recorded, page: Page) -> None:
    place = {"conversation": text_of(event.conversation), "item": text_of(event.note)}
    note(recorded, page, place, {"body": known(event.text) or ""})


@project.on(p.CustomerOpened, p.CustomerNamed)
def _(event: p.CustomerOpened | p.CustomerNamed, recorded: Recorded, page: Page) -> None:
    note(recorded, page, {}, {"people": known(event.name) or ""})


@project.on(p.IdentityClaimed, p.IdentityVerified)
def _(event: p.IdentityClaimed | p.IdentityVerified, recorded: Recorded, page: Page) -> None:
    note(recorded, page, {}, {"people": known(event.address) or ""})


@project.on(ComplaintRegistered)
def _(event: ComplaintRegistered, recorded: Recorded, page: Page) -> None:
    note(recorded, page, {"conversation": text_of(event.conversation)}, {"title": event.number})


def forget(customer: str) -> Iterator[Executable]:
    """The rows go here; the index lets go of the words when its old segments are merged (`scrub`)."""
    mine = select(places.c.position).where(places.c.customer == customer)
    yield delete(words).where(words.c.rowid.in_(mine))
    yield delete(places).where(places.c.customer == customer)


projection = Projection(
    name="search", version=1, tables=(places, words), project=project, forget=forget, virtual={words: WORDS}
)

HITS: Final = text("""
    SELECT p.customer, p.conversation, p.item, p.at, found.score FROM (
        SELECT rowid AS position, bm25(search_words, 4.0, 3.0, 1.0) AS score
        FROM search_words WHERE search_words MATCH :asked ORDER BY rowid DESC LIMIT 2000
    ) AS found JOIN search_places AS p ON p.position = found.position
""")
"""Of a word that stands everywhere only the newest 2,000 places are weighed: ranking all of them takes seconds and helps nobody."""

HITS_IN_POSTGRES: Final = text("""
    SELECT p.customer, p.conversation, p.item, p.at,
        -ts_rank('{0.1, 0.25, 0.75, 1.0}', found.said, CAST(:asked AS tsquery)) AS score FROM (
        SELECT rowid AS position, title || people || body AS said
        FROM search_words WHERE title || people || body @@ CAST(:asked AS tsquery) ORDER BY rowid DESC LIMIT 2000
    ) AS found JOIN search_places AS p ON p.position = found.position
""")

ASKED: Final[Mapping[str, tuple[Callable[[str], str], TextClause]]] = {
    "sqlite": (asked, HITS),
    "postgresql": (sought, HITS_IN_POSTGRES),
}
"""By store: how the question is put, and to what."""

OF_EACH: Final = 20
"""So many conversations are found by the name or an address of their customer."""

HALF_LIFE_DAYS: Final = 30.0
"""A hit of today weighs twice one of a month ago."""


def search(connection: Connection, question: str, now: datetime, limit: int = 50) -> list[dict[str, Any]]:
    """Conversations in which the question is found, best first: {"row", "message", "excerpt", "marks"} as the desk's `SearchHit`."""
    put, hits_of = ASKED[connection.dialect.name]
    question = askable(question)
    query = put(question)
    hits = connection.execute(hits_of, {"asked": query}).mappings().all() if query else []
    best = by_conversation(connection, hits, now)
    for conversation in by_tag_or_number(connection, question):
        best[conversation] = (2.0 * max((score for score, _ in best.values()), default=1.0), None)
    ranked = sorted(best, key=lambda conversation: -best[conversation][0])[:limit]
    return shown(
        connection, ranked, {conversation: best[conversation][1] for conversation in ranked}, question
    )


Found = dict[str, tuple[float, str | None]]


def by_conversation(connection: Connection, hits: Sequence[Any], now: datetime) -> Found:
    """Conversation → weight and item of its best hit. A customer's name or address finds their newest conversations."""
    best: Found = {}
    theirs = inbox.newest_of(
        connection, {hit["customer"] for hit in hits if not hit["conversation"]}, OF_EACH
    )
    for hit in hits:
        weight = weight_of(hit, now)
        for conversation in [hit["conversation"]] if hit["conversation"] else theirs[hit["customer"]]:
            if weight > best.get(conversation, (0.0, None))[0]:
                best[conversation] = (weight, hit["item"])
    return best


def weight_of(hit: Any, now: datetime) -> float:
    days = max(0.0, (now - moment(hit["at"])).total_seconds() / 86_400)
    return float(-hit["score"] * (1 + 0.5 ** (days / HALF_LIFE_DAYS)))


def by_tag_or_number(connection: Connection, question: str) -> list[str]:
    """Conversations tagged with the question, or whose complaint has this number."""
    complaint = complaints.by_number(connection, question)
    here = [complaint["conversation"]] if complaint else []
    return list(dict.fromkeys([*here, *inbox.tagged(connection, question.strip().removeprefix("#"))]))


def shown(
    connection: Connection, ranked: list[str], items: dict[str, str | None], question: str
) -> list[dict[str, Any]]:
    said = timeline.words_of(connection, [item for item in items.values() if item])
    hits = []
    for row in inbox.rows(connection, ranked):
        item = items[row["conversation"]]
        line, marked = excerpt(said.get(item or "", "") or row["subject"], question)
        hits.append({"row": row, "message": item, "excerpt": line, "marks": marked})
    return hits
