"""Record rule 18: the state stays below 8 kB however long the stream, and folding a long one is quick enough to rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import msgspec

from hub.domain.complaint.events import ComplaintClosed
from hub.domain.conversation.events import ConversationResolved, ConversationTagged, DeliveryFailed
from hub.domain.customer.state import StreamFact, fold
from hub.domain.ids import ComplaintId, ConversationId, MessageId
from tests.examples import (
    ANNA,
    NOW,
    acknowledged,
    handed_over,
    known_id,
    opened,
    received,
    registered,
    responded,
    started,
    talk_opened,
    written,
)

LIMIT = 8 * 1024
STILL_OPEN = 5


def test_record_rule_18_the_state_stays_small(is_long: bool) -> None:
    conversations, messages = (10_000, 10) if is_long else (400, 10)
    state = fold(long_stream(conversations, messages, Random(7)))
    assert len(state.conversations) == STILL_OPEN
    assert len(msgspec.json.encode(state)) < LIMIT


def test_without_leaving_the_state_would_grow() -> None:
    """The negative control: the same conversations, none of them resolved."""
    facts = (fact for fact in long_stream(400, 4, Random(7)) if not isinstance(fact, ConversationResolved))
    assert len(msgspec.json.encode(fold(facts))) > LIMIT


def long_stream(conversations: int, messages: int, chance: Random) -> Iterator[StreamFact]:
    """Half of the messages ours; one in ten conversations is a complaint, one letter in twenty fails for good."""
    yield opened()
    for n in range(conversations):
        yield from talk(n, messages, chance)
        if n < conversations - STILL_OPEN:
            yield ConversationResolved(conversation=ConversationId(known_id(f"talk {n}")))


def talk(n: int, messages: int, chance: Random) -> Iterator[StreamFact]:
    conversation = ConversationId(known_id(f"talk {n}"))
    at = NOW + timedelta(minutes=n)
    yield talk_opened(conversation=conversation)
    yield ConversationTagged(conversation=conversation, tag=f"tag {n % 7}")
    for turn in range(messages // 2):
        yield received(MessageId(known_id(f"{n} heard {turn}")), conversation=conversation, received_at=at)
        yield from our_letter(
            conversation, MessageId(known_id(f"{n} said {turn}")), automatic=turn == 0, chance=chance
        )
    if n % 10 == 0:
        yield from a_complaint(conversation, ComplaintId(known_id(f"complaint {n}")))


def our_letter(
    conversation: ConversationId, message: MessageId, *, automatic: bool, chance: Random
) -> Iterator[StreamFact]:
    kind = "auto-replied" if automatic else ""
    yield written(message, by=None if automatic else ANNA, conversation=conversation, automatic=kind)
    yield started(message, conversation=conversation)
    if chance.random() < 0.05:
        yield DeliveryFailed(message=message, conversation=conversation, attempt=1, why="550")
    else:
        yield handed_over(message)


def a_complaint(conversation: ConversationId, complaint: ComplaintId) -> Iterator[StreamFact]:
    from dataclasses import replace

    yield registered(complaint=complaint, conversation=conversation)
    yield replace(acknowledged(), complaint=complaint)
    yield responded(complaint=complaint)
    yield ComplaintClosed(complaint=complaint, reason="resolved")
