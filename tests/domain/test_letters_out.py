"""A letter of ours: written, stopped when answered meanwhile, withdrawn, tried, settled (record rules 26 and 27)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.domain.complaint.commands import Close
from hub.domain.complaint.events import (
    ComplaintApologised,
    ComplaintClosed,
    ComplaintInvestigated,
    ComplaintLetterWithdrawn,
    ComplaintReopened,
    ComplaintTold,
)
from hub.domain.conversation import letters_out
from hub.domain.conversation.commands import (
    ConfirmDelivery,
    MarkUncertain,
    RecordBounce,
    RetryDelivery,
    StartDelivery,
    WithdrawReply,
)
from hub.domain.conversation.deliveries import STUCK_KEPT
from hub.domain.conversation.events import (
    ConversationReopened,
    ConversationResolved,
    ConversationTagged,
    DeliveryBounced,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryRetried,
    DeliveryUncertain,
    NoteAdded,
    ReplyWithdrawn,
)
from hub.domain.conversation.withdrawing import TAKEN_BACK
from hub.domain.customer.state import with_item
from hub.domain.errors import (
    AnsweredMeanwhile,
    AutomaticLimit,
    IllegalMove,
    NobodyToWriteTo,
    NoSuchConversation,
    NothingToSay,
    NotWaiting,
    NotWhileDetected,
    NotYetDue,
    OutcomeMissing,
    TooLateToWithdraw,
)
from hub.domain.ids import MessageId, NoteId
from hub.domain.letters import Deferred, HandedOver, Refused, Uncertain
from tests.examples import (
    ACK,
    ANNA,
    BEN,
    COMPLAINT,
    LATER,
    M1,
    M2,
    M3,
    NOW,
    OTHER_TALK,
    R1,
    R2,
    RAW,
    TALK,
    acknowledged,
    detected,
    handed_over,
    known_id,
    received,
    registered,
    responded,
    started,
    talk_opened,
    write,
    written,
)
from tests.given import Given, given

IN_TALK = (talk_opened(), received(M1))
WITHDRAWN = ReplyWithdrawn(message=R1, conversation=TALK)
UNCERTAIN = DeliveryUncertain(message=R1, conversation=TALK, attempt=1, why="cut")
FAILED = DeliveryFailed(message=R1, conversation=TALK, attempt=1, why="550")


def bot_letter(name: str) -> MessageId:
    return MessageId(known_id(name))


# --- Writing -------------------------------------------------------------------------------------------------------


def test_a_reply_is_written_and_leaves_after_the_time_to_undo() -> None:
    given(*IN_TALK).when(write(undo_seconds=10)).then(written(leaves=NOW + timedelta(seconds=10)))


def test_the_same_reply_twice_changes_nothing() -> None:
    given(*IN_TALK, written()).when(write()).then()
    given(*IN_TALK, written(), started(), handed_over()).when(write()).then()


def test_a_reply_needs_something_to_say() -> None:
    given(*IN_TALK).when(write(text=" \n")).then_refused(NothingToSay)


def test_a_reply_needs_somebody_to_write_to() -> None:
    given(*IN_TALK).when(write(to=())).then_refused(NobodyToWriteTo)


def test_a_reply_needs_a_conversation() -> None:
    given().when(write()).then_refused(NoSuchConversation)


def test_a_new_letter_opens_its_own_conversation() -> None:
    new = {"kind": "new", "conversation": OTHER_TALK, "subject": "A recall"}
    opened = talk_opened(conversation=OTHER_TALK, subject="A recall")
    given(*IN_TALK).when(write(seen=None, **new)).then(opened, written(**new))


def test_a_reply_stops_when_the_customer_wrote_meanwhile() -> None:
    given(*IN_TALK, received(M2)).when(write(seen=M1)).then_refused(AnsweredMeanwhile)


def test_a_reply_stops_when_a_colleague_wrote_meanwhile() -> None:
    given(*IN_TALK, written(R2, by=BEN)).when(write(seen=M1)).then_refused(AnsweredMeanwhile)


def test_what_one_wrote_oneself_stops_nothing() -> None:
    given(*IN_TALK, written(R2, by=ANNA)).when(write(seen=M1)).then(written())


def test_what_the_bot_wrote_stops_nothing_and_may_be_the_last_thing_seen() -> None:
    given(*IN_TALK, written(ACK, by=None)).when(write(seen=M1)).then(written())
    given(*IN_TALK, written(ACK, by=None)).when(write(seen=ACK)).then(written())
    given(*IN_TALK, written(ACK, by=None), received(M2)).when(write(seen=ACK)).then_refused(AnsweredMeanwhile)


def test_what_a_colleague_withdrew_stops_nothing() -> None:
    gone = ReplyWithdrawn(message=R2, conversation=TALK)
    given(*IN_TALK, written(R2, by=BEN), gone).when(write(seen=M1)).then(written())


def test_receipts_tags_and_notes_stop_nothing() -> None:
    tagged = ConversationTagged(conversation=TALK, tag="kettle")
    noted = NoteAdded(note=NoteId(known_id("note")), conversation=TALK, text="Hm.")
    delivered = (written(R2, by=ANNA), started(R2), handed_over(R2))
    given(*IN_TALK, tagged, noted, *delivered).when(write(seen=M1)).then(written())


def test_another_conversation_stops_nothing() -> None:
    elsewhere = (talk_opened(conversation=OTHER_TALK), received(M2, conversation=OTHER_TALK))
    given(*IN_TALK, *elsewhere).when(write(seen=M1)).then(written())


def test_who_has_seen_nothing_answers_nothing() -> None:
    given(*IN_TALK).when(write(seen=None)).then_refused(AnsweredMeanwhile)


def test_a_message_too_old_to_be_remembered_counts_as_answered() -> None:
    many = [written(MessageId(known_id(f"own {n}")), by=ANNA) for n in range(20)]
    given(*IN_TALK, *many).when(write(seen=M1)).then_refused(AnsweredMeanwhile)
    given(*IN_TALK, *many).when(write(seen=many[-1].message)).then(written())


def test_the_last_message_before_a_reopening_is_still_known() -> None:
    back = ConversationReopened(conversation=TALK, by="agent", last=M2)
    past = (*IN_TALK, received(M2), ConversationResolved(conversation=TALK), back)
    given(*past).when(write(seen=M2)).then(written())
    given(*past).when(write(seen=M1)).then_refused(AnsweredMeanwhile)
    given(*past, received(M3)).when(write(seen=M2)).then_refused(AnsweredMeanwhile)


def test_without_the_guard_a_crossed_reply_would_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the stale stop."""
    monkeypatch.setattr(letters_out, "answered_meanwhile", lambda *seen: False)
    given(*IN_TALK, received(M2)).when(write(seen=M1)).then(written())


def test_a_reply_to_a_resolved_conversation_is_sent_and_leaves_it_resolved() -> None:
    resolved = (*IN_TALK, ConversationResolved(conversation=TALK))
    given(*resolved).when(write(seen=M1)).then(written())
    state = given(*resolved, written()).state
    assert state.conversations == {}
    assert list(state.deliveries) == [R1]


def test_at_most_three_automatic_letters_a_day_go_to_one_address() -> None:
    sent = [written(bot_letter(f"bot {n}"), by=None, automatic="auto-generated") for n in range(3)]
    receipt = write(by=None, kind="receipt", automatic="auto-generated")
    two, three = given(*IN_TALK, *sent[:2]), given(*IN_TALK, *sent)
    two.when(receipt).then(written(by=None, kind="receipt", automatic="auto-generated"))
    three.when(receipt).then_refused(AutomaticLimit)
    a_day_later = NOW + timedelta(hours=24, seconds=11)
    three.when(receipt, now=a_day_later).then(
        written(
            by=None, kind="receipt", automatic="auto-generated", leaves=a_day_later + timedelta(seconds=10)
        )
    )


def test_spam_gets_no_automatic_letter_but_a_person_may_write() -> None:
    from hub.domain.conversation.events import ConversationMarkedSpam

    spam = ConversationMarkedSpam(conversation=TALK, why="honeypot")
    receipt = write(by=None, kind="receipt", automatic="auto-replied")
    given(*IN_TALK, spam).when(receipt).then_refused(AutomaticLimit)
    given(*IN_TALK, spam).when(write()).then(written())


# --- What a letter does for a complaint ----------------------------------------------------------------------------


def test_a_letter_that_tells_the_outcome_says_so_in_the_same_breath() -> None:
    told = ComplaintTold(complaint=COMPLAINT, message=R1, how="letter")
    given(*IN_TALK, registered(), responded()).when(write(tells_outcome=True)).then(written(), told)


def test_an_outcome_is_told_after_it_is_decided() -> None:
    given(*IN_TALK, registered()).when(write(tells_outcome=True)).then_refused(IllegalMove)


def test_a_letter_may_apologise() -> None:
    sorry = ComplaintApologised(complaint=COMPLAINT, message=R1)
    past = (*IN_TALK, registered(), ComplaintInvestigated(complaint=COMPLAINT))
    given(*past).when(write(apologises=True)).then(written(), sorry)
    given(*past, sorry).when(write(R2, apologises=True)).then(written(R2))


def test_nobody_apologises_for_what_is_only_suspected() -> None:
    given(*IN_TALK, detected()).when(write(apologises=True)).then_refused(NotWhileDetected)


# --- Withdrawing against delivering --------------------------------------------------------------------------------


def test_a_letter_is_withdrawn_before_it_leaves() -> None:
    given(*IN_TALK, written()).when(WithdrawReply(message=R1, conversation=TALK)).then(WITHDRAWN)


UNDO = WithdrawReply(message=R1, conversation=TALK)
DECIDED = (*IN_TALK, registered(), responded())
TOLD = ComplaintTold(complaint=COMPLAINT, message=R1, how="letter")
UNTOLD = ComplaintLetterWithdrawn(complaint=COMPLAINT, message=R1, told=True)


def test_what_a_withdrawn_letter_told_is_untold() -> None:
    given(*DECIDED, written(), TOLD).when(UNDO).then(WITHDRAWN, UNTOLD)
    given(*DECIDED, written(), TOLD, WITHDRAWN, UNTOLD).when(
        Close(complaint=COMPLAINT, reason="resolved")
    ).then_refused(OutcomeMissing)


def test_a_withdrawn_apology_or_acknowledgement_was_none() -> None:
    sorry = ComplaintApologised(complaint=COMPLAINT, message=R1)
    unsaid = ComplaintLetterWithdrawn(complaint=COMPLAINT, message=R1, apologised=True)
    given(*IN_TALK, registered(), written(), sorry).when(UNDO).then(WITHDRAWN, unsaid)
    receipt = written(ACK, by=None, automatic="auto-replied")
    past = (*IN_TALK, registered(), receipt, acknowledged())
    given(*past).when(WithdrawReply(message=ACK, conversation=TALK)).then(
        ReplyWithdrawn(message=ACK, conversation=TALK),
        ComplaintLetterWithdrawn(complaint=COMPLAINT, message=ACK, acknowledged=True),
    )


def test_what_another_letter_or_a_voice_told_stays_told() -> None:
    for message in (R2, None):
        told = ComplaintTold(complaint=COMPLAINT, message=message, how="telephone")
        given(*DECIDED, written(), told).when(UNDO).then(WITHDRAWN)


def test_a_complaint_closed_on_the_strength_of_a_withdrawn_letter_is_taken_up_again() -> None:
    closed = ComplaintClosed(complaint=COMPLAINT, reason="resolved")
    past = given(*DECIDED, written(), TOLD, closed)
    in_hand = Given(with_item(past.state, past.closed[COMPLAINT]), past.closed)
    again = ComplaintReopened(
        complaint=COMPLAINT, why=TAKEN_BACK, conversation=TALK, message=M1, number=registered().number
    )
    in_hand.when(UNDO).then(WITHDRAWN, UNTOLD, again)
    assert past.also(WITHDRAWN, UNTOLD, again).state.complaints[COMPLAINT].phase == "investigating"


def test_withdrawing_the_letter_that_a_conversation_was_resolved_after_opens_it_again() -> None:
    resolved = ConversationResolved(conversation=TALK)
    given(*IN_TALK, written(), resolved).when(UNDO).then(BACK, WITHDRAWN)
    again = given(*IN_TALK, written(), resolved, BACK, WITHDRAWN)
    again.when(write(R2, seen=M1)).then(written(R2))
    assert again.state.conversations[TALK].status == "open"


BACK = ConversationReopened(conversation=TALK, by="undo", last=M1)


def test_what_a_bot_wrote_or_somebody_took_back_since_changes_nothing_in_that() -> None:
    resolved, gone = ConversationResolved(conversation=TALK), ReplyWithdrawn(message=R2, conversation=TALK)
    receipt = written(ACK, by=None, automatic="auto-replied")
    for since in ((receipt,), (written(R2), gone)):
        given(*IN_TALK, written(), *since, resolved).when(UNDO).then(BACK, WITHDRAWN)


def test_a_conversation_that_was_resolved_before_or_has_another_answer_stays_resolved() -> None:
    resolved = ConversationResolved(conversation=TALK)
    given(*IN_TALK, written(), resolved, written(R2)).when(UNDO).then(WITHDRAWN)
    given(*IN_TALK, resolved, written()).when(UNDO).then(WITHDRAWN)
    given(*IN_TALK, written(), written(R2), resolved).when(UNDO).then(WITHDRAWN)


def test_who_waited_for_a_withdrawn_answer_waits_again() -> None:
    def status(*facts: object) -> str:
        return given(*IN_TALK, *facts).state.conversations[TALK].status

    gone = ReplyWithdrawn(message=R2, conversation=TALK)
    assert (status(written()), status(written(), WITHDRAWN)) == ("waiting", "open")
    assert status(written(), written(R2), gone) == "waiting"
    assert status(ConversationResolved(conversation=TALK), BACK, written(), WITHDRAWN) == "open"


def test_withdrawing_twice_changes_nothing() -> None:
    given(*IN_TALK, written(), WITHDRAWN).when(WithdrawReply(message=R1, conversation=TALK)).then()


def test_withdrawing_loses_the_race_against_the_delivery() -> None:
    given(*IN_TALK, written(), started()).when(WithdrawReply(message=R1, conversation=TALK)).then_refused(
        TooLateToWithdraw
    )


def test_the_delivery_loses_the_race_against_withdrawing() -> None:
    given(*IN_TALK, written(), WITHDRAWN).when(StartDelivery(message=R1, attempt=1), now=LATER).then_refused(
        NotWaiting
    )


# --- Delivering ----------------------------------------------------------------------------------------------------


def test_a_delivery_starts_when_it_is_due() -> None:
    given(*IN_TALK, written()).when(StartDelivery(message=R1, attempt=1), now=LATER).then(started())


def test_nothing_leaves_while_it_can_be_undone() -> None:
    given(*IN_TALK, written()).when(StartDelivery(message=R1, attempt=1), now=NOW).then_refused(NotYetDue)


def test_of_two_who_start_the_same_attempt_one_is_refused() -> None:
    given(*IN_TALK, written(), started()).when(StartDelivery(message=R1, attempt=1), now=LATER).then_refused(
        NotWaiting
    )


def test_no_attempt_is_skipped() -> None:
    given(*IN_TALK, written()).when(StartDelivery(message=R1, attempt=2), now=LATER).then_refused(NotWaiting)


def test_a_letter_is_handed_over_and_leaves_the_state() -> None:
    confirm = ConfirmDelivery(message=R1, attempt=1, result=HandedOver(receipt="250 ok"))
    given(*IN_TALK, written(), started()).when(confirm).then(handed_over())
    given(*IN_TALK, written(), started(), handed_over()).when(confirm).then()
    assert given(*IN_TALK, written(), started(), handed_over()).state.deliveries == {}


def test_a_temporary_no_is_tried_again_later() -> None:
    confirm = ConfirmDelivery(message=R1, attempt=1, result=Deferred(why="451"), next_at=LATER)
    deferred = DeliveryDeferred(message=R1, conversation=TALK, attempt=1, next_at=LATER, why="451")
    past = (*IN_TALK, written(), started())
    given(*past).when(confirm).then(deferred)
    given(*past, deferred).when(StartDelivery(message=R1, attempt=2), now=NOW).then_refused(NotYetDue)
    given(*past, deferred).when(StartDelivery(message=R1, attempt=2), now=LATER).then(started(attempt=2))


def test_a_temporary_no_without_a_next_time_is_given_up() -> None:
    confirm = ConfirmDelivery(message=R1, attempt=1, result=Deferred(why="451"))
    failed = DeliveryFailed(message=R1, conversation=TALK, attempt=1, why="451")
    given(*IN_TALK, written(), started()).when(confirm).then(failed)


def test_a_final_no_is_never_tried_again_by_itself() -> None:
    confirm = ConfirmDelivery(message=R1, attempt=1, result=Refused(why="550"))
    past = (*IN_TALK, written(), started())
    given(*past).when(confirm).then(FAILED)
    given(*past, FAILED).when(StartDelivery(message=R1, attempt=2), now=LATER).then_refused(NotWaiting)


def test_an_uncertain_automatic_letter_is_never_repeated_by_itself() -> None:
    past = (*IN_TALK, written(by=None, automatic="auto-replied"), started(), UNCERTAIN)
    given(*past).when(StartDelivery(message=R1, attempt=2), now=LATER).then_refused(NotWaiting)


def test_an_uncertain_letter_of_a_person_is_repeated() -> None:
    past = (*IN_TALK, written(), started(), UNCERTAIN)
    given(*past).when(StartDelivery(message=R1, attempt=2), now=LATER).then(started(attempt=2))


def test_an_attempt_without_a_result_is_marked_uncertain_once() -> None:
    mark = MarkUncertain(message=R1, attempt=1, why="cut")
    given(*IN_TALK, written(), started()).when(mark).then(UNCERTAIN)
    given(*IN_TALK, written(), started(), UNCERTAIN).when(mark).then()
    given(*IN_TALK, written()).when(mark).then()
    given(*IN_TALK, written(), started(), handed_over()).when(mark).then()


def test_a_result_that_comes_late_still_counts() -> None:
    confirm = ConfirmDelivery(message=R1, attempt=1, result=HandedOver(receipt="250 ok"))
    given(*IN_TALK, written(), started(), UNCERTAIN).when(confirm).then(handed_over())


def test_an_uncertain_result_is_said_once() -> None:
    confirm = ConfirmDelivery(message=R1, attempt=1, result=Uncertain(why="cut"))
    given(*IN_TALK, written(), started()).when(confirm).then(UNCERTAIN)
    given(*IN_TALK, written(), started(), UNCERTAIN).when(confirm).then()


def test_a_person_may_send_a_failed_letter_anyway() -> None:
    retried = DeliveryRetried(message=R1, conversation=TALK)
    past = (*IN_TALK, written(by=None, automatic="auto-replied"), started(), FAILED)
    given(*past).when(RetryDelivery(message=R1)).then(retried)
    given(*past, retried).when(RetryDelivery(message=R1)).then()
    given(*past, retried).when(StartDelivery(message=R1, attempt=2), now=LATER).then(started(attempt=2))


def test_a_letter_that_arrived_is_not_sent_anyway() -> None:
    given(*IN_TALK, written(), started(), handed_over()).when(RetryDelivery(message=R1)).then_refused(
        NotWaiting
    )


def test_a_bounce_brings_the_letter_back_to_a_person() -> None:
    report = RecordBounce(
        message=R1, conversation=TALK, permanent=True, report=RAW, recipients=("alice@shop.example",)
    )
    bounced = DeliveryBounced(
        message=R1,
        conversation=TALK,
        permanent=True,
        report=RAW,
        recipients=("alice@shop.example",),
        diagnostic="",
    )
    past = (*IN_TALK, written(), started(), handed_over())
    given(*past).when(report).then(bounced)
    given(*past, bounced).when(RetryDelivery(message=R1)).then(DeliveryRetried(message=R1, conversation=TALK))


def test_a_dead_address_does_not_fill_the_state() -> None:
    facts: list[object] = []
    for n in range(STUCK_KEPT * 3):
        message = MessageId(known_id(f"letter {n}"))
        failed = DeliveryFailed(message=message, conversation=TALK, attempt=1, why="550")
        facts += [written(message), started(message), failed]
    assert len(given(*IN_TALK, *facts).state.deliveries) == STUCK_KEPT  # type: ignore[arg-type]
