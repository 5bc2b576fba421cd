"""A letter that told a complaint's outcome comes back, or is refused: the customer was told nothing, closed or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from hub.app.kinds import CUSTOMER
from hub.app.ports import Complaints, Envelope, TablesAway
from hub.assembly.clock import now
from hub.assembly.house import House
from hub.assembly.working import postman
from hub.domain.complaint.commands import Close, RegisterComplaint, Respond
from hub.domain.complaint.state import Complaint
from hub.domain.conversation.commands import Letter, RetryDelivery, WriteReply
from hub.domain.customer.decisions import Command, decide_all
from hub.domain.ids import (
    AccountId,
    AgentId,
    CommandId,
    ComplaintId,
    ConversationId,
    CustomerId,
    MessageId,
    StreamId,
)
from hub.domain.letters import Address, Deferred, Delivery, HandedOver, Outgoing, Refused
from hub.domain.vocabulary import Actor
from tests.journeys.house import a_house, deliver

LETTERS = Path(__file__).parent.parent / "letters"
REPORT = (LETTERS / "bounce-dsn.eml").read_bytes()
"""On the letter `out.77@shop.example`."""

COMPLAINT, ANSWER = ComplaintId(uuid4()), MessageId(uuid4())
RAW = b"From: nobody@mail.example\nSubject: Lamp\nMessage-ID: <1@mail.example>\n\nThe lamp arrived broken.\n"


@dataclass
class Wire:
    answer: Delivery

    async def send(self, letter: Outgoing) -> Delivery:
        return self.answer


@dataclass(kw_only=True)
class Case:
    """A complaint in a house of its own, told by the letter `ANSWER` and closed as resolved."""

    house: House
    customer: CustomerId
    conversation: ConversationId
    account: AccountId

    async def order(self, *orders: Command) -> None:
        await self.house.transactor.transact(
            CUSTOMER,
            StreamId(self.customer),
            lambda state: decide_all(orders, state, now()),
            Envelope(actor=Actor(kind="agent", id="ann"), command=CommandId(uuid4())),
        )
        await self.shown()

    async def shown(self) -> None:
        await self.house.runner.reached(await self.house.log.head(), patience=60)

    async def post(self, answer: Delivery, complaints: Complaints | None = None) -> None:
        await self.shown()
        sending = postman(self.house, {self.account: Wire(answer)})
        await replace(sending, complaints=complaints or sending.complaints).send_due()
        await self.shown()

    async def complaint(self) -> Complaint | None:
        """As it is in the customer's state: None while it is closed."""
        state = await self.house.transactor.state(CUSTOMER, StreamId(self.customer))
        return state.complaints.get(COMPLAINT)

    async def names(self) -> list[str]:
        return [fact.name for fact in await self.house.log.read_all() if fact.stream == self.customer]


@asynccontextmanager
async def told_and_closed(folder: Path) -> AsyncIterator[Case]:
    async with a_house(folder) as house:
        landed = await deliver(house, RAW, 1)
        assert landed.customer and landed.conversation and landed.message
        account = AccountId((await house.inbox_for("support")).account)
        case = Case(house=house, customer=landed.customer, conversation=landed.conversation, account=account)
        letter = Letter(
            message=ANSWER,
            conversation=landed.conversation,
            account=account,
            kind="reply",
            to=(Address(address="nobody@mail.example"),),
            subject="Re: Lamp",
            text="You are right.",
            message_ref="out.77@shop.example",
        )
        await case.order(
            RegisterComplaint(
                complaint=COMPLAINT,
                conversation=landed.conversation,
                message=landed.message,
                number="C-2026-00001",
                received_at=now(),
            ),
            Respond(complaint=COMPLAINT, outcome="upheld", reasons="It came broken."),
            WriteReply(
                letter=letter,
                author=AgentId(uuid4()),
                seen=landed.message,
                undo_seconds=0.0,
                tells_outcome=True,
            ),
            Close(complaint=COMPLAINT, reason="resolved"),
        )
        assert await case.complaint() is None
        yield case


async def test_a_report_takes_the_closed_complaint_up_again_and_sent_anyway_it_is_told(
    tmp_path: Path,
) -> None:
    async with told_and_closed(tmp_path) as case:
        await case.post(HandedOver(receipt="250 kept"))
        assert (await deliver(case.house, REPORT, 2)).ending == "bounce"
        complaint = await case.complaint()
        assert complaint and (complaint.phase, complaint.outcome, complaint.told) == (
            "responded",
            "upheld",
            False,
        )
        assert (await deliver(case.house, REPORT, 3)).ending == "known"
        await case.order(RetryDelivery(message=ANSWER))
        again = await case.complaint()
        assert again and again.told_by == ANSWER
        assert (await case.names())[-5:] == [
            "delivery.bounced.v1",
            "complaint.reopened.v2",
            "complaint.letter_failed.v1",
            "delivery.retried.v1",
            "complaint.told.v2",
        ]


async def test_a_final_no_takes_the_closed_complaint_up_again(tmp_path: Path) -> None:
    async with told_and_closed(tmp_path) as case:
        await case.post(Refused(why="550 no such user"))
        complaint = await case.complaint()
        assert complaint and (complaint.phase, complaint.told) == ("responded", False)
        assert (await case.names())[-3:] == [
            "delivery.failed.v1",
            "complaint.reopened.v2",
            "complaint.letter_failed.v1",
        ]


@dataclass
class Away:
    """The views can't be asked."""

    asked: int = 0

    async def raised_in(self, conversation: ConversationId) -> list[ComplaintId]:
        self.asked += 1
        raise TablesAway("away")


async def test_what_became_of_a_letter_is_recorded_though_nobody_can_say_which_complaints_it_told_of(
    tmp_path: Path,
) -> None:
    async with told_and_closed(tmp_path) as case:
        away = Away()
        await case.post(Refused(why="550 no such user"), away)
        assert (await case.names())[-1] == "delivery.failed.v1"
        assert away.asked


async def test_complaints_are_asked_for_only_when_a_letter_is_given_up(tmp_path: Path) -> None:
    async with told_and_closed(tmp_path) as case:
        away = Away()
        await case.post(Deferred(why="451 greylisted"), away)
        assert (await case.names())[-1] == "delivery.deferred.v1"
        assert not away.asked
