"""Any facts and any orders, over a handful of ids so that they meet."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

from hypothesis import strategies as st

from hub.domain.conversation.commands import Letter, ReceiveMessage, WriteReply
from hub.domain.conversation.events import MessageReceived
from hub.domain.customer.decisions import Command
from hub.domain.customer.events import CustomerErased
from hub.domain.events import StreamEvent
from tests.examples import ANNA, BEN, COMPLAINT, M1, M2, NOW, OTHER_TALK, R1, R2, TALK, known_id

IDS = {
    "conversation": st.sampled_from([TALK, OTHER_TALK]),
    "message": st.sampled_from([M1, M2, R1, R2]),
    "complaint": st.sampled_from([COMPLAINT, known_id("other complaint")]),
    "other": st.sampled_from([known_id("me"), known_id("other")]),
    "assignee": st.sampled_from([ANNA, BEN]),
    "author": st.sampled_from([ANNA, BEN, None]),
    "seen": st.sampled_from([M1, M2, R1, None]),
    "attempt": st.integers(1, 3),
    "limit": st.just(3),
    "undo_seconds": st.sampled_from([0.0, 10.0]),
    "delay_seconds": st.just(0.0),
    "tag": st.sampled_from(["kettle", "urgent"]),
}
MOMENTS = st.datetimes(datetime(2026, 3, 5), datetime(2026, 3, 7), timezones=st.just(UTC))  # noqa: DTZ001
st.register_type_strategy(datetime, MOMENTS)
st.register_type_strategy(str, st.sampled_from(["", "a@x.org", "B@x.org", "说", "a word"]))
st.register_type_strategy(float, st.floats(0, 10))


def any_of(kind: type) -> st.SearchStrategy[Any]:
    """An instance of a dataclass whose ids are of the handful and whose other fields are anything of their type."""
    hints = get_type_hints(kind, include_extras=False)
    return st.builds(kind, **{field.name: any_field(field.name, hints[field.name]) for field in fields(kind)})


def any_field(name: str, hint: Any) -> st.SearchStrategy[Any]:
    if name == "letter":
        return any_of(Letter)
    if hint is MessageReceived:
        return any_of(MessageReceived)
    return IDS[name] if name in IDS else st.from_type(hint)


EVENTS = st.one_of([any_of(kind) for kind in get_args(StreamEvent) if kind is not CustomerErased])
COMMANDS = st.one_of([any_of(kind) for kind in get_args(Command)])
LIKELY = st.one_of(any_of(ReceiveMessage), any_of(WriteReply), COMMANDS)
NOWS = st.one_of(st.just(NOW), MOMENTS)
