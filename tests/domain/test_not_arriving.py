"""A letter that did not arrive has told nobody; what it did is done again when it is sent anyway."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from hub.domain.complaint.commands import Apologise, Close, Respond, Tell
from hub.domain.complaint.events import (
    CloseReason,
    ComplaintApologised,
    ComplaintClosed,
    ComplaintLetterFailed,
    ComplaintReopened,
    ComplaintTold,
)
from hub.domain.conversation.commands import (
    ConfirmDelivery,
    MarkUncertain,
    RecordBounce,
    RetryDelivery,
)
from hub.domain.conversation.events import (
    DeliveryBounced,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryRetried,
    DeliveryUncertain,
)
from hub.domain.conversation.not_arriving import NOT_ARRIVED
from hub.domain.customer.decisions import Command, decide
from hub.domain.customer.state import with_item
from hub.domain.errors import OutcomeMissing
from hub.domain.ids import ComplaintId
from hub.domain.letters import Deferred, HandedOver, Refused, Uncertain
from tests.examples import (
    ACK,
    COMPLAINT,
    LATER,
    M1,
    NOW,
    R1,
    R2,
    RAW,
    TALK,
    acknowledged,
    handed_over,
    received,
    registered,
    responded,
    started,
    talk_opened,
    write,
    written,
)
from tests.given import Given, When, given

TOLD = ComplaintTold(complaint=COMPLAINT, message=R1, how="letter")
TELLING = (talk_opened(), received(M1), registered(), responded(), written(), TOLD)
UNDER_WAY = (*TELLING, started())
ARRIVED = (*UNDER_WAY, handed_over())

REFUSAL = ConfirmDelivery(message=R1, attempt=1, result=Refused(why="550"))
FAILED = DeliveryFailed(message=R1, conversation=TALK, attempt=1, why="550")
UNTOLD = ComplaintLetterFailed(
    complaint=COMPLAINT, message=R1, told=True, apologised=False, outcome=responded().outcome
)
RESOLVED = ComplaintClosed(complaint=COMPLAINT, reason="resolved")
TAKEN_UP = ComplaintReopened(
    complaint=COMPLAINT, why=NOT_ARRIVED, conversation=TALK, message=M1, number=registered().number
)
ANYWAY = RetryDelivery(message=R1)
RETRIED = DeliveryRetried(message=R1, conversation=TALK)


def report(permanent: bool = True) -> RecordBounce:
    return RecordBounce(
        message=R1, conversation=TALK, permanent=permanent, report=RAW, recipients=("alice@shop.example",)
    )


def bounced(permanent: bool = True) -> DeliveryBounced:
    return DeliveryBounced(
        message=R1,
        conversation=TALK,
        permanent=permanent,
        report=RAW,
        recipients=("alice@shop.example",),
        diagnostic="",
    )


def with_the_closed(past: Given, command: Command) -> When:
    """As the post and the intake decide: the conversation's complaints are in hand, closed or not."""
    state = past.in_hand(command)
    for item in past.closed.values():
        state = with_item(state, item)
    return When(state, command, NOW)


# --- What did not arrive -------------------------------------------------------------------------------------------


def test_a_letter_that_is_finally_refused_has_told_nobody() -> None:
    given(*UNDER_WAY).when(REFUSAL).then(FAILED, UNTOLD)
    complaint = given(*UNDER_WAY, FAILED, UNTOLD).state.complaints[COMPLAINT]
    assert (complaint.phase, complaint.told, complaint.told_by) == ("responded", False, None)


def test_a_letter_that_is_given_up_has_told_nobody() -> None:
    given_up = ConfirmDelivery(message=R1, attempt=1, result=Deferred(why="451"))
    failed = DeliveryFailed(message=R1, conversation=TALK, attempt=1, why="451")
    given(*UNDER_WAY).when(given_up).then(failed, UNTOLD)


def test_a_letter_that_comes_back_has_told_nobody() -> None:
    given(*ARRIVED).when(report()).then(bounced(), UNTOLD)


def test_what_is_untold_is_not_closed_as_resolved_and_may_be_told_anew() -> None:
    past = given(*ARRIVED, bounced(), UNTOLD)
    past.when(Close(complaint=COMPLAINT, reason="resolved")).then_refused(OutcomeMissing)
    told = ComplaintTold(complaint=COMPLAINT, message=None, how="telephone")
    past.when(Tell(complaint=COMPLAINT, how="telephone")).then(told)


def test_beside_a_newer_complaint_the_one_that_was_taken_up_again_is_told_by_letter() -> None:
    newer = ComplaintId(uuid4())
    talk = (talk_opened(), received(M1), registered(complaint=newer), registered(), responded())
    told = [
        one
        for one in decide(write(R2, tells_outcome=True), given(*talk).state, NOW)
        if isinstance(one, ComplaintTold)
    ]
    assert [one.complaint for one in told] == [COMPLAINT]


def test_a_report_of_a_delay_changes_nothing() -> None:
    given(*ARRIVED).when(report(permanent=False)).then(bounced(permanent=False))


def test_a_letter_that_may_have_arrived_or_is_tried_again_has_told() -> None:
    cut = DeliveryUncertain(message=R1, conversation=TALK, attempt=1, why="cut")
    given(*UNDER_WAY).when(ConfirmDelivery(message=R1, attempt=1, result=Uncertain(why="cut"))).then(cut)
    given(*UNDER_WAY).when(MarkUncertain(message=R1, attempt=1, why="cut")).then(cut)
    later = ConfirmDelivery(message=R1, attempt=1, result=Deferred(why="451"), next_at=LATER)
    waits = DeliveryDeferred(message=R1, conversation=TALK, attempt=1, next_at=LATER, why="451")
    given(*UNDER_WAY).when(later).then(waits)


def test_a_letter_that_one_recipient_could_not_get_has_told_the_others() -> None:
    some = HandedOver(receipt="250 ok", refused=(("bob@shop.example", "550"),))
    (only,) = decide(ConfirmDelivery(message=R1, attempt=1, result=some), given(*UNDER_WAY).state, NOW)
    assert type(only) is type(handed_over())


def test_a_second_report_on_the_same_letter_undoes_nothing_more() -> None:
    given(*ARRIVED, bounced(), UNTOLD).when(report()).then(bounced())


@pytest.mark.parametrize("message", [R2, None])
def test_what_was_told_otherwise_meanwhile_stays_told(message: object) -> None:
    elsewhere = ComplaintTold(complaint=COMPLAINT, message=message, how="telephone")  # type: ignore[arg-type]
    given(*ARRIVED, bounced(), UNTOLD, elsewhere).when(report()).then(bounced())


def test_an_apology_that_did_not_arrive_was_none() -> None:
    sorry = ComplaintApologised(complaint=COMPLAINT, message=R1)
    unsaid = ComplaintLetterFailed(complaint=COMPLAINT, message=R1, told=False, apologised=True)
    past = (talk_opened(), received(M1), registered(), written(), sorry, started())
    given(*past).when(REFUSAL).then(FAILED, unsaid)
    again = ComplaintApologised(complaint=COMPLAINT, message=None)
    given(*past, FAILED, unsaid).when(Apologise(complaint=COMPLAINT)).then(again)


def test_the_one_acknowledgement_stays_although_its_letter_comes_back() -> None:
    letter = written(ACK, by=None, automatic="auto-replied")
    past = (talk_opened(), received(M1), registered(), letter, acknowledged(), started(ACK))
    refusal = ConfirmDelivery(message=ACK, attempt=1, result=Refused(why="550"))
    given(*past).when(refusal).then(DeliveryFailed(message=ACK, conversation=TALK, attempt=1, why="550"))


# --- Closed on the strength of it ----------------------------------------------------------------------------------


def test_a_complaint_closed_on_the_strength_of_it_is_taken_up_again_where_it_stood() -> None:
    past = given(*ARRIVED, acknowledged(), RESOLVED)
    taken_up = replace(TAKEN_UP, acknowledged=True)
    with_the_closed(past, report()).then(bounced(), taken_up, UNTOLD)
    complaint = past.also(bounced(), taken_up, UNTOLD).state.complaints[COMPLAINT]
    assert (complaint.phase, complaint.outcome, complaint.told) == ("responded", responded().outcome, False)
    assert complaint.acknowledged


def test_a_refusal_takes_it_up_again_as_a_report_does() -> None:
    with_the_closed(given(*UNDER_WAY, RESOLVED), REFUSAL).then(FAILED, TAKEN_UP, UNTOLD)


@pytest.mark.parametrize("reason", ["withdrawn", "out of scope", "registered in error"])
def test_a_complaint_closed_for_another_reason_stays_closed(reason: CloseReason) -> None:
    past = given(*ARRIVED, ComplaintClosed(complaint=COMPLAINT, reason=reason))
    untold = ComplaintLetterFailed(complaint=COMPLAINT, message=R1, told=True, apologised=False)
    with_the_closed(past, report()).then(bounced(), untold)
    after = past.also(bounced(), untold)
    assert COMPLAINT not in after.state.complaints
    with_the_closed(after, report()).then(bounced())


def test_a_complaint_that_a_person_took_up_again_meanwhile_was_told_nothing_since() -> None:
    by_hand = ComplaintReopened(complaint=COMPLAINT, why="new facts", conversation=TALK, message=M1)
    given(*ARRIVED, RESOLVED, by_hand).when(report()).then(bounced())


def test_what_an_older_record_left_told_after_a_bounce_stays_as_it_was() -> None:
    assert given(*ARRIVED, bounced()).state.complaints[COMPLAINT].told_by == R1


# --- Sent anyway ---------------------------------------------------------------------------------------------------


def test_sent_anyway_it_tells_the_outcome_again() -> None:
    past = given(*ARRIVED, bounced(), UNTOLD)
    past.when(ANYWAY).then(RETRIED, TOLD)
    past.also(RETRIED, TOLD).when(ANYWAY).then()
    assert past.also(RETRIED, TOLD).state.complaints[COMPLAINT].told_by == R1


def test_sent_anyway_and_refused_again_it_has_told_nobody_again() -> None:
    past = given(*UNDER_WAY, FAILED, UNTOLD, RETRIED, TOLD, started(attempt=2))
    second = ConfirmDelivery(message=R1, attempt=2, result=Refused(why="550"))
    past.when(second).then(DeliveryFailed(message=R1, conversation=TALK, attempt=2, why="550"), UNTOLD)


def test_sent_anyway_it_tells_again_what_was_taken_up_again_for_its_sake() -> None:
    given(*ARRIVED, RESOLVED, bounced(), TAKEN_UP, UNTOLD).when(ANYWAY).then(RETRIED, TOLD)


def test_sent_anyway_it_tells_nothing_that_was_told_meanwhile() -> None:
    elsewhere = ComplaintTold(complaint=COMPLAINT, message=None, how="telephone")
    given(*ARRIVED, bounced(), UNTOLD, elsewhere).when(ANYWAY).then(RETRIED)
    given(*ARRIVED, bounced(), UNTOLD, elsewhere, RESOLVED).when(ANYWAY).then(RETRIED)


def test_sent_anyway_it_tells_no_outcome_that_was_decided_anew() -> None:
    past = given(*ARRIVED, bounced(), UNTOLD)
    anew = responded(outcome="not upheld")
    past.when(Respond(complaint=COMPLAINT, outcome="not upheld", reasons=str(anew.reasons))).then(anew)
    past.also(anew).when(ANYWAY).then(RETRIED)
    past.also(anew, responded()).when(ANYWAY).then(RETRIED)


def test_sent_anyway_it_apologises_again_once() -> None:
    sorry = ComplaintApologised(complaint=COMPLAINT, message=R1)
    unsaid = ComplaintLetterFailed(complaint=COMPLAINT, message=R1, told=False, apologised=True)
    past = given(talk_opened(), received(M1), registered(), written(), sorry, started(), FAILED, unsaid)
    past.when(ANYWAY).then(RETRIED, sorry)
    past.also(responded()).when(ANYWAY).then(RETRIED, sorry)
    past.also(ComplaintApologised(complaint=COMPLAINT, message=None)).when(ANYWAY).then(RETRIED)


def test_another_letter_that_is_sent_anyway_tells_nothing_of_it() -> None:
    failed = DeliveryFailed(message=R2, conversation=TALK, attempt=1, why="550")
    past = given(*ARRIVED, bounced(), UNTOLD, written(R2), started(R2), failed)
    past.when(RetryDelivery(message=R2)).then(DeliveryRetried(message=R2, conversation=TALK))


def test_a_letter_whose_complaint_was_closed_otherwise_tells_nothing_when_it_is_sent_anyway() -> None:
    closed = ComplaintClosed(complaint=COMPLAINT, reason="withdrawn")
    untold = ComplaintLetterFailed(complaint=COMPLAINT, message=R1, told=True, apologised=False)
    with_the_closed(given(*ARRIVED, closed, bounced(), untold), ANYWAY).then(RETRIED)
