"""Made-up customers for measurements: conversations of nine messages each, resolved one after the other, the last one open."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

from bench.append import ACTOR
from bench.letters import message
from hub.app.ports import Appended, Envelope, EventLog, Request, Write
from hub.domain.conversation.events import ConversationOpened, ConversationResolved
from hub.domain.customer.events import CustomerOpened
from hub.domain.ids import AccountId, CommandId, ConversationId, Position, StreamId

ACCOUNT = AccountId(UUID(int=7))
MESSAGES = 8


def talks(events: int, chance: random.Random) -> Iterator[object]:
    """`events` facts of one customer, from the first on."""
    yield CustomerOpened(channel="email", name="Ada Lovelace")
    told = 1
    while told < events:
        for fact in talk(ConversationId(uuid4()), chance):
            if told < events:
                yield fact
                told += 1


def talk(conversation: ConversationId, chance: random.Random) -> Iterator[object]:
    yield ConversationOpened(conversation=conversation, account=ACCOUNT, channel="email", subject="A lamp")
    for _ in range(MESSAGES):
        yield replace(message(chance), conversation=conversation, account=ACCOUNT)
    yield ConversationResolved(conversation=conversation)


async def filled(log: EventLog, events: int, streams: int) -> list[StreamId]:
    """`events` facts, evenly among so many customers; each customer's in one append. Their streams."""
    chance, made = random.Random(1), [StreamId(uuid4()) for _ in range(streams)]
    for stream in made:
        facts = tuple(talks(events // streams, chance))
        answer = await log.append(written(stream, 0, facts))
        assert isinstance(answer, Appended)
    return made


def written(stream: StreamId, expected: int, facts: tuple[object, ...]) -> Request:
    envelope = Envelope(actor=ACTOR, command=CommandId(uuid4()))
    return Request(envelope=envelope, writes=(Write(stream=stream, expected=expected, events=facts),))


def last_of(answer: object) -> Position:
    assert isinstance(answer, Appended)
    return answer.positions[-1]
