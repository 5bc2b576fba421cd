"""A conversation: received, assigned, put to sleep, woken, resolved, reopened."""

from __future__ import annotations

from datetime import timedelta

from hub.domain.conversation.commands import (
    AddNote,
    Assign,
    MarkSpam,
    Reopen,
    Resolve,
    SeeAgain,
    Snooze,
    Tag,
    Unassign,
    UnmarkSpam,
    Untag,
    Wake,
)
from hub.domain.conversation.events import (
    ConversationAssigned,
    ConversationMarkedSpam,
    ConversationReopened,
    ConversationResolved,
    ConversationSnoozed,
    ConversationTagged,
    ConversationUnmarkedSpam,
    ConversationUntagged,
    ConversationWoken,
    MessageSeenAgain,
    NoteAdded,
)
from hub.domain.errors import (
    CustomerErased,
    NoSuchConversation,
    NoSuchCustomer,
    NothingToSay,
    NotInTheFuture,
    ReopenFirst,
)
from hub.domain.ids import NoteId
from tests.examples import (
    ANNA,
    BEN,
    LATER,
    M1,
    M2,
    NOW,
    OTHER_TALK,
    SUPPORT,
    TALK,
    known_id,
    receive,
    received,
    talk_opened,
    written,
)
from tests.given import given, given_nothing

IN_TALK = (talk_opened(), received(M1))
RESOLVED = ConversationResolved(conversation=TALK)
SNOOZED = ConversationSnoozed(conversation=TALK, until=LATER)
SPAM = ConversationMarkedSpam(conversation=TALK, why="agent")


def test_a_new_message_opens_its_conversation() -> None:
    given().when(receive(M1)).then(talk_opened(), received(M1))


def test_a_second_message_joins_the_first() -> None:
    given(*IN_TALK).when(receive(M2, threaded_by="token")).then(received(M2, threaded_by="token"))


def test_the_same_message_twice_changes_nothing() -> None:
    given(*IN_TALK).when(receive(M1)).then()


def test_a_message_reopens_a_resolved_conversation_which_says_what_it_was() -> None:
    assigned = ConversationAssigned(conversation=TALK, assignee=ANNA)
    tagged = ConversationTagged(conversation=TALK, tag="kettle")
    reopened = ConversationReopened(
        conversation=TALK, by="customer", assignee=ANNA, tags=("kettle",), last=M1
    )
    later = received(M2, threaded_by="reference")
    given(*IN_TALK, assigned, tagged, RESOLVED).when(receive(M2, threaded_by="reference")).then(
        reopened, later
    )


def test_what_changed_after_it_was_resolved_is_remembered_when_it_comes_back() -> None:
    assigned = ConversationAssigned(conversation=TALK, assignee=BEN)
    reopened = ConversationReopened(conversation=TALK, by="agent", assignee=BEN, last=M1)
    given(*IN_TALK, RESOLVED, assigned).when(Reopen(conversation=TALK)).then(reopened)


def test_a_message_wakes_a_snoozed_conversation() -> None:
    woken = ConversationWoken(conversation=TALK, by="customer")
    given(*IN_TALK, SNOOZED).when(receive(M2)).then(woken, received(M2))


def test_a_message_to_a_spam_conversation_is_kept_and_wakes_nobody() -> None:
    given(*IN_TALK, SPAM).when(receive(M2)).then(received(M2))


def test_a_message_to_a_conversation_that_nobody_has_in_hand_is_not_lost() -> None:
    begun = ConversationReopened(conversation=OTHER_TALK, by="customer")
    lost = received(M2, conversation=OTHER_TALK, threaded_by="reference")
    given().when(receive(M2, conversation=OTHER_TALK, threaded_by="reference")).then(begun, lost)


def test_a_letter_seen_at_another_place_is_on_record() -> None:
    seen = SeeAgain(message=M1, account=SUPPORT, folder="Archive", validity=7, uid=12)
    fact = MessageSeenAgain(message=M1, account=SUPPORT, folder="Archive", validity=7, uid=12)
    given(*IN_TALK).when(seen).then(fact)


def test_a_note_is_added() -> None:
    note = NoteId(known_id("note"))
    command = AddNote(note=note, conversation=TALK, text="Called her.")
    given(*IN_TALK).when(command).then(NoteAdded(note=note, conversation=TALK, text="Called her."))


def test_an_empty_note_is_refused() -> None:
    command = AddNote(note=NoteId(known_id("note")), conversation=TALK, text="  ")
    given(*IN_TALK).when(command).then_refused(NothingToSay)


def test_a_conversation_is_assigned() -> None:
    given(*IN_TALK).when(Assign(conversation=TALK, assignee=ANNA)).then(
        ConversationAssigned(conversation=TALK, assignee=ANNA)
    )


def test_assigning_to_the_same_colleague_changes_nothing() -> None:
    assigned = ConversationAssigned(conversation=TALK, assignee=ANNA)
    given(*IN_TALK, assigned).when(Assign(conversation=TALK, assignee=ANNA)).then()


def test_of_two_colleagues_who_assign_at_once_the_later_one_sees_the_other_and_still_wins() -> None:
    assigned = ConversationAssigned(conversation=TALK, assignee=BEN)
    given(*IN_TALK, assigned).when(Assign(conversation=TALK, assignee=ANNA)).then(
        ConversationAssigned(conversation=TALK, assignee=ANNA)
    )


def test_a_conversation_of_nobody_can_be_taken_from_nobody() -> None:
    given(*IN_TALK).when(Unassign(conversation=TALK)).then()


def test_a_conversation_is_snoozed() -> None:
    given(*IN_TALK).when(Snooze(conversation=TALK, until=LATER)).then(SNOOZED)


def test_snoozing_until_the_same_moment_changes_nothing() -> None:
    given(*IN_TALK, SNOOZED).when(Snooze(conversation=TALK, until=LATER)).then()


def test_nobody_snoozes_into_the_past() -> None:
    given(*IN_TALK).when(Snooze(conversation=TALK, until=NOW)).then_refused(NotInTheFuture)


def test_a_resolved_conversation_is_not_snoozed() -> None:
    given(*IN_TALK, RESOLVED).when(Snooze(conversation=TALK, until=LATER)).then_refused(ReopenFirst)


def test_the_timer_wakes_what_is_due() -> None:
    woken = ConversationWoken(conversation=TALK, by="timer")
    given(*IN_TALK, SNOOZED).when(Wake(conversation=TALK, by="timer"), now=LATER).then(woken)


def test_a_timer_of_an_earlier_snooze_wakes_nothing() -> None:
    again = ConversationSnoozed(conversation=TALK, until=LATER + timedelta(hours=1))
    given(*IN_TALK, SNOOZED, again).when(Wake(conversation=TALK, by="timer"), now=LATER).then()


def test_a_timer_finds_that_the_customer_was_first() -> None:
    woken = ConversationWoken(conversation=TALK, by="customer")
    given(*IN_TALK, SNOOZED, woken, received(M2)).when(Wake(conversation=TALK, by="timer"), now=LATER).then()


def test_a_person_wakes_whatever_the_hour() -> None:
    given(*IN_TALK, SNOOZED).when(Wake(conversation=TALK)).then(
        ConversationWoken(conversation=TALK, by="agent")
    )


def test_a_conversation_is_resolved_and_leaves_the_state() -> None:
    given(*IN_TALK).when(Resolve(conversation=TALK)).then(RESOLVED)
    assert given(*IN_TALK, RESOLVED).state.conversations == {}


def test_resolving_twice_changes_nothing() -> None:
    given(*IN_TALK, RESOLVED).when(Resolve(conversation=TALK)).then()


def test_an_open_conversation_needs_no_reopening() -> None:
    given(*IN_TALK).when(Reopen(conversation=TALK)).then()


def test_a_tag_is_set_once() -> None:
    tagged = ConversationTagged(conversation=TALK, tag="kettle")
    given(*IN_TALK).when(Tag(conversation=TALK, tag="kettle")).then(tagged)
    given(*IN_TALK, tagged).when(Tag(conversation=TALK, tag="kettle")).then()


def test_a_tag_is_taken_off_once() -> None:
    tagged = ConversationTagged(conversation=TALK, tag="kettle")
    given(*IN_TALK, tagged).when(Untag(conversation=TALK, tag="kettle")).then(
        ConversationUntagged(conversation=TALK, tag="kettle")
    )
    given(*IN_TALK).when(Untag(conversation=TALK, tag="kettle")).then()


def test_spam_is_marked_once_and_leaves_the_state() -> None:
    given(*IN_TALK).when(MarkSpam(conversation=TALK)).then(SPAM)
    given(*IN_TALK, SPAM).when(MarkSpam(conversation=TALK)).then()
    assert given(*IN_TALK, SPAM).state.conversations == {}


def test_what_was_no_spam_comes_back_as_it_was() -> None:
    unmarked = ConversationUnmarkedSpam(conversation=TALK)
    reopened = ConversationReopened(conversation=TALK, by="agent", last=M1)
    given(*IN_TALK, SPAM).when(UnmarkSpam(conversation=TALK)).then(unmarked, reopened)
    given(*IN_TALK).when(UnmarkSpam(conversation=TALK)).then()


def test_what_was_resolved_before_it_was_spam_stays_resolved() -> None:
    unmarked = ConversationUnmarkedSpam(conversation=TALK)
    given(*IN_TALK, RESOLVED, SPAM).when(UnmarkSpam(conversation=TALK)).then(unmarked)


def test_a_conversation_that_is_not_there_is_named() -> None:
    given().when(Resolve(conversation=TALK)).then_refused(NoSuchConversation)


def test_a_customer_nobody_has_heard_of_has_no_conversations() -> None:
    given_nothing().when(Resolve(conversation=TALK)).then_refused(NoSuchCustomer)


def test_nothing_is_received_for_an_erased_customer() -> None:
    from hub.domain.customer.events import CustomerErased as Erased

    given(*IN_TALK, Erased(reason="asked for it")).when(receive(M2)).then_refused(CustomerErased)


def test_who_has_the_last_word_decides_who_waits() -> None:
    assert given(*IN_TALK, written()).state.conversations[TALK].status == "waiting"
    assert given(*IN_TALK, written(by=None)).state.conversations[TALK].status == "open"
    assert given(*IN_TALK, written(kind="forward")).state.conversations[TALK].status == "open"
    assert given(*IN_TALK, written(), received(M2)).state.conversations[TALK].status == "open"
