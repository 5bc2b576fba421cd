"""A complaint: detected, registered, acknowledged once, looked into, answered, told, closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.domain.complaint.commands import (
    Apologise,
    Close,
    DetectComplaint,
    Investigate,
    ReopenComplaint,
    Respond,
    Tell,
    UnmarkComplaint,
    WithholdAcknowledgement,
)
from hub.domain.complaint.decisions import TABLE
from hub.domain.complaint.events import (
    AcknowledgementWithheld,
    ComplaintApologised,
    ComplaintClosed,
    ComplaintInvestigated,
    ComplaintLetterWithdrawn,
    ComplaintReopened,
    ComplaintTold,
)
from hub.domain.conversation.events import ConversationMarkedSpam, ReplyWithdrawn
from hub.domain.errors import IllegalMove, NoSuchComplaint, NothingToSay, NotWhileDetected, OutcomeMissing
from hub.domain.ids import ComplaintId, MessageId
from tests.examples import (
    ACK,
    COMPLAINT,
    M1,
    NOW,
    R1,
    TALK,
    acknowledge,
    acknowledged,
    acknowledgement,
    detected,
    known_id,
    received,
    register,
    registered,
    responded,
    started,
    talk_opened,
    written,
)
from tests.given import given

IN_TALK = (talk_opened(), received(M1))
OTHER = ComplaintId(known_id("other complaint"))
THE_LETTER = written(
    ACK, by=None, leaves=NOW, kind="acknowledgement", automatic="auto-replied", to=acknowledgement().to
)
INVESTIGATED = ComplaintInvestigated(complaint=COMPLAINT)
TOLD = ComplaintTold(complaint=COMPLAINT, message=R1, how="letter")
CLOSED = ComplaintClosed(complaint=COMPLAINT, reason="resolved")
LIMIT = AcknowledgementWithheld(complaint=COMPLAINT, why="the daily limit of automatic letters is reached")


def detect(**fields: object) -> DetectComplaint:
    fact = detected(**fields)
    return DetectComplaint(
        complaint=fact.complaint,
        conversation=fact.conversation,
        message=fact.message,
        rules=fact.rules,
        score=fact.score,
        reasons=fact.reasons,
    )


# --- Detected and registered ---------------------------------------------------------------------------------------


def test_a_complaint_is_detected_once() -> None:
    given(*IN_TALK).when(detect()).then(detected())
    given(*IN_TALK, detected()).when(detect()).then()
    given(*IN_TALK, registered()).when(detect()).then()


def test_a_conversation_has_one_open_complaint() -> None:
    given(*IN_TALK, registered()).when(detect(complaint=OTHER)).then()
    given(*IN_TALK, registered()).when(register(complaint=OTHER)).then()
    given(*IN_TALK, registered(), CLOSED).when(register(complaint=OTHER)).then(registered(complaint=OTHER))


def test_spam_complains_of_nothing() -> None:
    spam = ConversationMarkedSpam(conversation=TALK, why="honeypot")
    given(*IN_TALK, spam).when(detect()).then()


def test_a_detected_complaint_is_registered_once() -> None:
    given(*IN_TALK, detected()).when(register()).then(registered())
    given(*IN_TALK, detected(), registered()).when(register()).then()


def test_a_person_registers_what_the_rules_did_not_see() -> None:
    given(*IN_TALK).when(register()).then(registered())


def test_the_bot_registers_only_what_it_detected() -> None:
    given(*IN_TALK).when(register(only_detected=True)).then()
    given(*IN_TALK, detected()).when(register(only_detected=True)).then(registered())


def test_a_complaint_that_was_closed_is_not_registered_again() -> None:
    given(*IN_TALK, registered(), CLOSED).when(register()).then()


# --- The one acknowledgement ---------------------------------------------------------------------------------------


def test_the_acknowledgement_is_the_letter_and_the_fact_together() -> None:
    given(*IN_TALK, registered()).when(acknowledge()).then(THE_LETTER, acknowledged())


def test_there_is_never_a_second_acknowledgement() -> None:
    past = (*IN_TALK, registered(), THE_LETTER, acknowledged())
    given(*past).when(acknowledge()).then()
    given(*past, INVESTIGATED).when(acknowledge()).then()
    given(*past, CLOSED, reopened(acknowledged=True)).when(acknowledge()).then()


def test_what_was_withheld_is_not_sent_later() -> None:
    why = AcknowledgementWithheld(complaint=COMPLAINT, why="a machine wrote the letter")
    withhold = WithholdAcknowledgement(complaint=COMPLAINT, why="a machine wrote the letter")
    given(*IN_TALK, registered()).when(withhold).then(why)
    given(*IN_TALK, registered(), why).when(withhold).then()
    given(*IN_TALK, registered(), why).when(acknowledge()).then()


def test_nothing_is_withheld_after_it_was_sent() -> None:
    withhold = WithholdAcknowledgement(complaint=COMPLAINT, why="a machine wrote the letter")
    given(*IN_TALK, registered(), THE_LETTER, acknowledged()).when(withhold).then()


def test_a_fourth_automatic_letter_of_a_day_is_withheld_and_says_why() -> None:
    sent = [written(MessageId(known_id(f"bot {n}")), by=None, automatic="auto-replied") for n in range(3)]
    given(*IN_TALK, *sent, registered()).when(acknowledge()).then(LIMIT)
    given(*IN_TALK, *sent[:2], registered()).when(acknowledge()).then(THE_LETTER, acknowledged())


def test_one_address_spelled_twice_is_one_address() -> None:
    from hub.domain.letters import Address

    shouted = (Address(address="ALICE@Shop.Example"),)
    sent = [
        written(MessageId(known_id(f"bot {n}")), by=None, automatic="auto-replied", to=shouted)
        for n in range(3)
    ]
    given(*IN_TALK, *sent, registered()).when(acknowledge()).then(LIMIT)


def test_letters_of_yesterday_do_not_count() -> None:
    yesterday = NOW - timedelta(hours=25)
    sent = [
        written(MessageId(known_id(f"bot {n}")), by=None, automatic="auto-replied", leaves=yesterday)
        for n in range(3)
    ]
    given(*IN_TALK, *sent, registered()).when(acknowledge()).then(THE_LETTER, acknowledged())


def test_spam_is_not_acknowledged() -> None:
    spam = ConversationMarkedSpam(conversation=TALK, why="agent")
    why = AcknowledgementWithheld(complaint=COMPLAINT, why="the conversation is marked as spam")
    given(*IN_TALK, registered(), spam).when(acknowledge()).then(why)


def test_only_registered_complaints_are_acknowledged() -> None:
    given(*IN_TALK).when(acknowledge()).then_refused(NoSuchComplaint)
    given(*IN_TALK, detected()).when(acknowledge()).then_refused(NotWhileDetected)
    given(*IN_TALK, registered(), CLOSED).when(acknowledge()).then_refused(IllegalMove)


# --- Looked into, answered, told, closed ---------------------------------------------------------------------------


def test_a_complaint_is_looked_into_once() -> None:
    given(*IN_TALK, registered()).when(Investigate(complaint=COMPLAINT)).then(INVESTIGATED)
    given(*IN_TALK, registered(), INVESTIGATED).when(Investigate(complaint=COMPLAINT)).then()
    given(*IN_TALK, registered(), responded()).when(Investigate(complaint=COMPLAINT)).then_refused(
        IllegalMove
    )


def test_an_outcome_has_reasons() -> None:
    respond = Respond(complaint=COMPLAINT, outcome="upheld", reasons="The lid was faulty.")
    given(*IN_TALK, registered(), INVESTIGATED).when(respond).then(responded())
    given(*IN_TALK, registered()).when(
        Respond(complaint=COMPLAINT, outcome="upheld", reasons=" ")
    ).then_refused(NothingToSay)


def test_an_outcome_may_be_corrected_until_it_is_told() -> None:
    correct = Respond(complaint=COMPLAINT, outcome="not upheld", reasons="It was misuse.")
    corrected = responded(outcome="not upheld", reasons="It was misuse.")
    past = (*IN_TALK, registered(), responded())
    given(*past).when(correct).then(corrected)
    given(*past, TOLD).when(correct).then_refused(IllegalMove)
    given(*past, corrected, TOLD).when(correct).then()


def test_the_outcome_is_told_once() -> None:
    tell = Tell(complaint=COMPLAINT, message=R1)
    given(*IN_TALK, registered(), responded()).when(tell).then(TOLD)
    given(*IN_TALK, registered(), responded(), TOLD).when(tell).then()
    given(*IN_TALK, registered()).when(tell).then_refused(IllegalMove)


def test_an_outcome_may_be_told_by_telephone() -> None:
    by_voice = ComplaintTold(complaint=COMPLAINT, message=None, how="telephone")
    given(*IN_TALK, registered(), responded()).when(Tell(complaint=COMPLAINT, how="telephone")).then(by_voice)


def test_a_complaint_is_not_resolved_before_the_customer_knows() -> None:
    close = Close(complaint=COMPLAINT)
    given(*IN_TALK, registered()).when(close).then_refused(OutcomeMissing)
    given(*IN_TALK, registered(), INVESTIGATED).when(close).then_refused(OutcomeMissing)
    given(*IN_TALK, registered(), responded()).when(close).then_refused(OutcomeMissing)
    given(*IN_TALK, registered(), responded(), TOLD).when(close).then(CLOSED)
    given(*IN_TALK, registered(), responded(), TOLD, CLOSED).when(close).then()


def test_without_the_guard_an_untold_complaint_would_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the told outcome."""
    from hub.domain.complaint import decisions
    from hub.domain.complaint.decisions import Step
    from hub.domain.complaint.moves import close, free

    unguarded = {**TABLE, ("responded", Close): Step(frozenset({"rep"}), free, close)}
    monkeypatch.setattr(decisions, "TABLE", unguarded)
    given(*IN_TALK, registered(), responded()).when(Close(complaint=COMPLAINT)).then(CLOSED)


def test_a_customer_may_withdraw_without_an_outcome() -> None:
    closed = ComplaintClosed(complaint=COMPLAINT, reason="withdrawn")
    given(*IN_TALK, registered()).when(Close(complaint=COMPLAINT, reason="withdrawn")).then(closed)


def test_an_apology_is_on_record_once() -> None:
    sorry = ComplaintApologised(complaint=COMPLAINT, message=None)
    given(*IN_TALK, registered()).when(Apologise(complaint=COMPLAINT)).then(sorry)
    given(*IN_TALK, registered(), sorry).when(Apologise(complaint=COMPLAINT)).then()
    given(*IN_TALK, detected()).when(Apologise(complaint=COMPLAINT)).then_refused(NotWhileDetected)


def test_what_was_none_is_unmarked_once() -> None:
    error = ComplaintClosed(complaint=COMPLAINT, reason="registered in error")
    unmark = UnmarkComplaint(complaint=COMPLAINT)
    given(*IN_TALK, detected()).when(unmark).then(error)
    given(*IN_TALK, registered()).when(unmark).then(error)
    given(*IN_TALK, registered(), error).when(unmark).then()


def test_unmarking_stops_an_acknowledgement_that_has_not_left() -> None:
    error = ComplaintClosed(complaint=COMPLAINT, reason="registered in error")
    stopped = ReplyWithdrawn(message=ACK, conversation=TALK)
    past = (*IN_TALK, registered(), THE_LETTER, acknowledged())
    undone = ComplaintLetterWithdrawn(complaint=COMPLAINT, message=ACK, acknowledged=True)
    given(*past).when(UnmarkComplaint(complaint=COMPLAINT)).then(stopped, undone, error)
    again = given(*past, stopped, undone, error).in_hand(ReopenComplaint(complaint=COMPLAINT, why="again"))
    assert not again.complaints[COMPLAINT].acknowledged
    given(*past, started(ACK)).when(UnmarkComplaint(complaint=COMPLAINT)).then(error)


def reopened(**fields: object) -> ComplaintReopened:
    fact = {"conversation": TALK, "message": M1, "number": "C-2026-00042", "acknowledged": False, **fields}
    return ComplaintReopened(complaint=COMPLAINT, why="it broke again", **fact)  # type: ignore[arg-type]


def test_a_closed_complaint_is_reopened_and_says_what_it_was() -> None:
    reopen = ReopenComplaint(complaint=COMPLAINT, why="it broke again")
    past = (*IN_TALK, registered(), THE_LETTER, acknowledged(), responded(), TOLD, CLOSED)
    given(*past).when(reopen).then(reopened(acknowledged=True))
    given(*past, reopened(acknowledged=True)).when(reopen).then()
    assert given(*past, reopened()).state.complaints[COMPLAINT].phase == "investigating"


def test_a_complaint_that_is_not_there_is_named() -> None:
    given(*IN_TALK).when(Investigate(complaint=COMPLAINT)).then_refused(NoSuchComplaint)


def test_a_closed_complaint_leaves_the_state() -> None:
    assert given(*IN_TALK, registered(), CLOSED).state.complaints == {}


def test_every_cell_of_the_table_is_a_known_phase_and_order() -> None:
    from typing import get_args

    from hub.domain.complaint.commands import ComplaintCommand
    from hub.domain.complaint.state import Phase

    assert {phase for phase, _ in TABLE} <= {"none", *get_args(Phase)}
    assert {command for _, command in TABLE} == set(get_args(ComplaintCommand))
