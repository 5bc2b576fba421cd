"""What the pages answer: lists, threads, letters to send, evidence, people."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hub.domain.account import events as a
from hub.domain.complaint import events as k
from hub.domain.conversation import events as c
from hub.domain.customer import events as p
from hub.domain.letters import Address
from hub.domain.reaction.events import ReactionParked, ReactionRecovered
from hub.domain.staff import events as s
from projections import agents, causes, complaints, customers, inbox, outbox, parked, threads, timeline
from projections.export import messages
from tests.projections.places import Place
from tests.projections.told import Told


@pytest.fixture
def told(place: Place) -> Iterator[Told]:
    told = Told(place)
    yield told
    told.close()


def test_who_waits_longest_comes_first_page_by_page(told: Told) -> None:
    places = [told.opened(0) for _ in range(5)]
    for place in (places[3], places[1], places[0]):
        told.heard(0, place)
    told.heard(0, places[3])
    found, cursor = [], None
    while True:
        rows, cursor = told.ask(inbox.view, "open", sort="waiting", cursor=cursor, limit=2)
        found += [UUID(row["conversation"]) for row in rows]
        if cursor is None:
            break
    assert found == [places[3], places[1], places[0], places[2], places[4]]
    rows, _ = told.ask(inbox.view, "open", sort="newest", limit=1)
    assert rows[0]["conversation"] == str(places[3])


def test_a_row_says_who_waits_and_an_answer_ends_the_waiting(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place, new_text="Where is\n my  parcel?")
    row = told.ask(inbox.row, str(place))
    assert (row["status"], row["snippet"], row["customer_name"]) == ("open", "Where is my parcel?", "Ann")
    assert row["waiting_since"] and row["inbox_name"] == "Inbox 0" and row["messages"] == 1
    told.wrote(0, place, author=None, kind="acknowledgement", automatic="auto-replied")
    assert told.ask(inbox.row, str(place))["waiting_since"] == row["waiting_since"]
    told.wrote(0, place)
    answered = told.ask(inbox.row, str(place))
    assert (answered["status"], answered["waiting_since"], answered["snippet"]) == (
        "waiting",
        None,
        "On its way.",
    )


@pytest.mark.parametrize("between", [False, True])
def test_undo_brings_the_row_back_as_it_stood(told: Told, between: bool) -> None:
    place = told.opened(0)
    told.heard(0, place)
    before = told.ask(inbox.row, str(place))
    reply = told.wrote(0, place)
    if between:
        told.heard(0, place, new_text="And?")
    told.fact(0, c.ReplyWithdrawn(message=reply, conversation=place))
    after = told.ask(inbox.row, str(place))
    assert (after["status"], after["waiting_since"]) == ("open", before["waiting_since"])
    assert after["snippet"] == ("And?" if between else before["snippet"])


def test_a_machines_letter_makes_nobody_wait(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place, automatic="auto-replied")
    assert told.ask(inbox.row, str(place))["waiting_since"] is None


def test_views_and_counters_agree(told: Told) -> None:
    mine, free, put_off, done, junk = (told.opened(0) for _ in range(5))
    told.fact(0, c.ConversationAssigned(conversation=mine, assignee=told.ann))
    told.fact(0, c.ConversationSnoozed(conversation=put_off, until=told.now + timedelta(days=1)))
    told.fact(0, c.ConversationResolved(conversation=done))
    told.fact(0, c.ConversationMarkedSpam(conversation=junk, why="agent"))
    told.fact(
        0,
        k.ComplaintRegistered(
            complaint=uuid4(), conversation=mine, message=uuid4(), number="C-2026-00001", received_at=told.now
        ),
    )
    expected = {"mine": [mine], "unassigned": [free], "open": [mine, free], "complaints": [mine], "snoozed": [put_off],
                "resolved": [done], "spam": [junk]}  # fmt: skip
    counted = told.ask(inbox.counters, str(told.ann))
    for name, places in expected.items():
        rows, _ = told.ask(inbox.view, name, str(told.ann))
        assert {row["conversation"] for row in rows} == {str(place) for place in places}, name
        assert counted[name] == len(places), name
    assert counted["all"] == 5 and counted["parked"] == 0
    row = told.ask(inbox.row, str(mine))
    assert row["assignee"] == {"id": str(told.ann), "name": "Rep 0"}
    assert row["complaint"]["number"] == "C-2026-00001"


def test_an_erased_customer_leaves_the_work_but_not_the_count(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place)
    told.opened(1)
    assert told.ask(inbox.counters, "")["open"] == 2
    told.fact(0, p.CustomerErased(reason="asked"))
    counted = told.ask(inbox.counters, "")
    assert (counted["open"], counted["resolved"], counted["all"]) == (1, 1, 2)
    row = told.ask(inbox.row, str(place))
    assert (row["erased"], row["subject"], row["snippet"], row["customer_address"]) == (True, "", "", "")
    (message,) = [
        entry for entry in told.ask(timeline.thread, str(place))["entries"] if entry["kind"] == "message"
    ]
    assert (message["erased"], message["text"], message["from"]["address"]) == (True, "", "")


@pytest.mark.parametrize(
    ("end", "trouble"),
    [
        (c.DeliveryFailed, "failed"),
        (c.DeliveryUncertain, "uncertain"),
    ],
)
def test_a_letter_in_trouble_marks_its_row_until_it_is_sent_again(
    told: Told, end: type, trouble: str
) -> None:
    place = told.opened(0)
    letter = told.wrote(0, place)
    of = {"message": letter, "conversation": place}
    told.fact(0, end(attempt=1, why="550 no", **of))
    assert told.ask(inbox.row, str(place))["trouble"] == trouble
    told.fact(0, c.DeliveryRetried(**of))
    assert told.ask(inbox.row, str(place))["trouble"] == ""


def test_a_thread_tells_everything_in_order_and_where_it_goes_on(told: Told) -> None:
    place = told.opened(0)
    message = told.heard(0, place, new_text="It broke", text="It broke\n> hello", files=(
        c.FileRef(blob="bb", filename="图.png", content_type="image/png", size=1, sha256="cc"),))  # fmt: skip
    complaint = uuid4()
    told.fact(
        0,
        k.ComplaintRegistered(
            complaint=complaint, conversation=place, message=message, number="C-1", received_at=told.now
        ),
    )
    told.fact(0, k.ComplaintInvestigated(complaint=complaint), "agent", str(told.bob))
    told.fact(
        0, c.NoteAdded(note=uuid4(), conversation=place, text="Ask the carrier"), "agent", str(told.bob)
    )
    reply = told.wrote(0, place)
    told.fact(0, c.ConversationAssigned(conversation=place, assignee=told.bob))
    thread = told.ask(timeline.thread, str(place))
    kinds = [entry.get("what", entry["kind"]) for entry in thread["entries"]]
    assert kinds == [
        "conversation.opened.v1", "message", "complaint.registered.v1", "complaint.investigated.v1", "note", "reply",
        "conversation.assigned.v1",
    ]  # fmt: skip
    first, noted, last = thread["entries"][1], thread["entries"][4], thread["entries"][6]
    assert (first["quoted"], first["from"]["name"], first["files"][0]["filename"]) == (True, "Ann", "图.png")
    assert (noted["actor"]["name"], last["detail"]["assignee_name"]) == ("Rep 1", "Rep 1")
    assert (thread["seen"], thread["earlier"]) == (str(reply), None)
    newest = told.ask(timeline.thread, str(place), limit=3)
    assert [entry["position"] for entry in newest["entries"]] == [
        entry["position"] for entry in thread["entries"][-3:]
    ]
    older = told.ask(timeline.thread, str(place), before=newest["earlier"])
    assert older["entries"] == thread["entries"][:-3] and older["earlier"] is None


def test_a_letter_waits_leaves_and_is_due_again(told: Told) -> None:
    place = told.opened(0)
    letter = told.wrote(0, place)
    of = {"message": letter, "conversation": place}
    at = told.ask(outbox.next_due)
    assert told.ask(outbox.due, at - timedelta(seconds=1)) == []
    (due,) = told.ask(outbox.due, at)
    assert (due.message, due.customer, due.state, due.attempt) == (letter, told.customers[0], "pending", 0)
    told.fact(0, c.DeliveryStarted(attempt=1, **of))
    assert told.ask(outbox.due, at + timedelta(days=9)) == []
    assert [one.message for one in told.ask(outbox.started_without_result)] == [letter]
    told.fact(0, c.DeliveryDeferred(attempt=1, next_at=at + timedelta(hours=1), why="451", **of))
    assert told.ask(outbox.next_due) == at + timedelta(hours=1)
    told.fact(0, c.DeliveryHandedOver(attempt=2, receipt="", refused=(), **of))
    assert told.ask(outbox.next_due) is None and told.ask(outbox.started_without_result) == []


def test_only_a_persons_uncertain_letter_is_repeated_by_itself(told: Told) -> None:
    place = told.opened(0)
    human, robot = told.wrote(0, place), told.wrote(0, place, author=None, automatic="auto-replied")
    for letter in (human, robot):
        told.fact(0, c.DeliveryStarted(message=letter, conversation=place, attempt=1))
        told.fact(0, c.DeliveryUncertain(message=letter, conversation=place, attempt=1, why="line broke"))
    assert [one.message for one in told.ask(outbox.due, told.now + timedelta(hours=1))] == [human]
    assert {one.message for one in told.ask(outbox.in_state, "uncertain")} == {human, robot}
    told.fact(0, c.DeliveryRetried(message=robot, conversation=place))
    assert {one.message for one in told.ask(outbox.due, told.now + timedelta(hours=1))} == {human, robot}


def test_a_letter_comes_with_everything_it_takes_to_write_it(told: Told) -> None:
    place = told.opened(0)
    letter = told.ask(outbox.letter, told.wrote(0, place, cc=(Address(address="x@y.test", name="X"),)))
    assert (letter.subject, letter.in_reply_to, letter.references) == (
        "Re: Parcel",
        "q@example.test",
        ("q@example.test",),
    )
    assert (letter.cc, letter.reply_to) == ((Address(address="x@y.test", name="X"),), "in0+token@shop.test")
    assert (letter.author, letter.posted.account) == (told.ann, told.tale.accounts[0])
    told.fact(0, p.CustomerErased(reason="asked"))
    assert told.ask(outbox.letter, letter.posted.message) is None
    assert told.ask(outbox.due, told.now + timedelta(days=1)) == []


async def test_references_lead_to_conversations_and_a_second_delivery_changes_nothing(
    told: Told, place: Place
) -> None:
    one, two = told.opened(0), told.opened(1)
    first = told.heard(0, one, message_ref="a@x", cc=(Address(address="Friend@Example.TEST"),))
    told.heard(1, two, message_ref="b@x")
    told.fact(
        0, c.MessageSeenAgain(message=first, account=told.tale.accounts[1], folder="INBOX", validity=1, uid=2)
    )
    told.ask(inbox.counters, "")
    view = threads.ThreadsView(lookup=await place.lookup())
    (found,) = await view.by_references(["a@x", "unknown@x"])
    assert (found.customer, found.conversation, found.message) == (told.customers[0], one, first)
    assert {"ann@example.test", "friend@example.test"} <= found.participants
    assert [hit.conversation for hit in await view.by_references(["b@x", "a@x"])] == [two, one]
    last = told.wrote(0, one)
    told.ask(inbox.counters, "")
    whose = await view.by_conversation(one)
    assert whose is not None and (whose.customer, whose.message) == (told.customers[0], last)
    assert await view.by_conversation(uuid4()) is None
    assert [hit.message for hit in await view.by_references([f"{last.hex}@shop.test"])] == [last]
    await view.lookup.close()


def test_a_customer_is_known_with_evidence_links_and_suggestions(told: Told) -> None:
    ann, other = str(told.customers[0]), told.customers[1]
    told.fact(0, p.CustomerOpened(channel="email", name="Ann"))
    told.fact(0, p.IdentityClaimed(channel="email", address="Ann@Example.test", evidence="header"))
    told.fact(0, p.LinkSuggested(other=other, why="same address"))
    found = told.ask(customers.customer, ann)
    assert [(one["verified"], one["evidence"]) for one in found["identities"]] == [(False, "header")]
    assert [one["customer"] for one in found["suggestions"]] == [str(other)] and not found["links"]
    told.fact(
        0, p.IdentityVerified(channel="email", address="ann@example.test", evidence="agent", why="asked")
    )
    told.fact(0, p.CustomersLinked(other=other, survivor=other, why="told"))
    found = told.ask(customers.customer, ann)
    assert [(one["verified"], one["why"]) for one in found["identities"]] == [(True, "asked")]
    assert found["links"][0]["survivor"] and not found["suggestions"]
    assert told.ask(customers.circle, ann) == sorted([ann, str(other)])
    assert [one["id"] for one in told.ask(customers.find, "EXAMPLE.test")] == [ann]
    told.fact(0, p.CustomersUnlinked(other=other, why="error"))
    assert told.ask(customers.circle, ann) == [ann]


def test_a_complaint_moves_and_starts_over_when_reopened(told: Told) -> None:
    place, complaint = told.opened(0), uuid4()
    message = told.heard(0, place)
    at = {"complaint": complaint, "conversation": place, "message": message}
    told.fact(0, k.ComplaintDetected(rules="1", score=0.8, reasons=("angry words",), **at))
    told.fact(0, k.ComplaintRegistered(number="C-2026-00007", received_at=told.now, **at))
    told.fact(0, k.ComplaintResponded(complaint=complaint, outcome="upheld", reasons="we were late"))
    told.fact(0, k.ComplaintClosed(complaint=complaint, reason="resolved"))
    found = told.ask(complaints.by_number, " c-2026-00007 ")
    assert (found["phase"], found["outcome"], found["reasons"], found["score"]) == (
        "closed",
        "upheld",
        ["angry words"],
        0.8,
    )
    told.fact(0, k.ComplaintReopened(complaint=complaint, why="new facts"))
    found = told.ask(complaints.of_conversation, str(place))
    assert (found["phase"], found["outcome"], found["close_reason"]) == ("investigating", None, None)
    (investigated,), following = told.ask(complaints.in_phase, "investigating")
    assert (investigated["id"], following) == (str(complaint), None)
    assert told.ask(complaints.of_customer, str(told.customers[0]))[0]["number"] == "C-2026-00007"


def raised(told: Told, place: UUID, *, by_hand: bool) -> str:
    """A complaint that the rules detected, or that a colleague registered."""
    complaint = told.tale.uuid()
    at = {"complaint": complaint, "conversation": place, "message": told.heard(0, place)}
    if by_hand:
        told.fact(0, k.ComplaintRegistered(number=f"C-{complaint}", received_at=told.now, **at))
    else:
        told.fact(0, k.ComplaintDetected(rules="1", score=0.8, reasons=(), **at))
    return str(complaint)


def test_complaints_come_page_by_page_newest_first_whoever_raised_them(told: Told) -> None:
    ids = [raised(told, told.opened(0), by_hand=number % 2 == 0) for number in range(7)]
    seen, cursor = list[str](), None
    while True:
        rows, cursor = told.ask(complaints.in_phase, cursor=cursor, limit=3)
        seen += [row["id"] for row in rows]
        if len(seen) == 3:
            raised(told, told.opened(0), by_hand=True)  # moves no page
        if cursor is None:
            break
    assert seen == ids[::-1]


def test_every_complaint_is_listed_however_many_there_are(told: Told) -> None:
    place = told.opened(0)
    message = told.heard(0, place)
    for _ in range(1_001):
        at = {"complaint": told.tale.uuid(), "conversation": place, "message": message}
        told.fact(0, k.ComplaintDetected(rules="1", score=0.8, reasons=(), **at))
    assert len(told.ask(complaints.of_customer, str(told.customers[0]))) == 1_001
    (last,), following = told.ask(
        complaints.in_phase, cursor=told.ask(complaints.in_phase, limit=1_000)[1], limit=1_000
    )
    assert (last["phase"], following) == ("detected", None)


def test_a_complaint_marked_later_by_hand_stands_before_one_detected_earlier(told: Told) -> None:
    place = told.opened(0)
    raised(told, place, by_hand=False)
    later = raised(told, place, by_hand=True)
    assert told.ask(complaints.of_conversation, str(place))["id"] == later
    assert told.ask(complaints.badges, [str(place)])[str(place)]["id"] == later


def test_conversations_are_counted_beyond_those_that_are_listed(told: Told) -> None:
    for _ in range(101):
        told.opened(0)
    told.opened(1)
    one, two, three = map(str, told.customers[:3])
    assert len(told.ask(inbox.of_customer, one)) == 100
    assert told.ask(inbox.counts_of, [one, two, three]) == {one: 101, two: 1}


def test_parked_causes_are_counted_beyond_those_that_are_listed(told: Told) -> None:
    policy = told.tale.uuid()
    for cause in range(1, 202):
        told.tale.fact(
            policy, ReactionParked(policy="receipt", cause=cause, stream=told.customers[0], why="x")
        )
    told.tale.fact(policy, ReactionRecovered(policy="receipt", cause=1))
    told.tale.fact(policy, ReactionParked(policy="other", cause=1, stream=told.customers[0], why="x"))
    assert (len(told.ask(causes.waiting)), told.ask(causes.count)) == (200, 201)


def test_colleagues_saved_replies_and_signatures(told: Told) -> None:
    told.tale.fact(told.bob, s.AgentLeft(agent=told.bob))
    told.tale.fact(told.ann, s.SavedReplyKept(name="Thanks", language="zh", text="谢谢"))
    told.tale.fact(told.ann, s.SignatureSet(account=told.tale.accounts[0], text="Your shop"))
    assert str(told.bob) not in {one["agent"] for one in told.ask(agents.directory)}
    assert str(told.bob) in {one["agent"] for one in told.ask(agents.directory, everyone=True)}
    assert told.ask(agents.by_email, "REP0@shop.test")["agent"] == str(told.ann)
    assert told.ask(agents.replies) == [{"name": "Thanks", "language": "zh", "text": "谢谢"}]
    assert told.ask(agents.signature, str(told.tale.accounts[0])) == "Your shop"


def test_a_parked_letter_shows_until_it_was_read_again(told: Told) -> None:
    account = told.tale.accounts[0]
    told.tale.fact(
        account,
        a.LetterParked(raw="aa", size=3, why="no headers", folder="INBOX", validity=1, uid=2, excerpt="?"),
    )
    told.tale.fact(account, a.MailboxFailed(why="no connection"))
    (letter,) = told.ask(parked.letters)
    assert (letter["inbox_name"], letter["why"], told.ask(parked.waiting)) == ("Inbox 0", "no headers", 1)
    (well, ill) = sorted(told.ask(parked.health), key=lambda one: one["failing_since"] is not None)
    assert ill["account"] == str(account) and ill["parked"] == 1 and well["failing_since"] is None
    told.tale.fact(account, a.LetterReadAgain(raw="aa", customer=told.customers[0], message=uuid4()))
    told.tale.fact(account, a.MailboxRecovered())
    assert told.ask(parked.letters) == [] and told.ask(parked.waiting) == 0
    assert told.ask(parked.letters, handled=True)[0]["state"] == "read again"
    assert all(one["failing_since"] is None for one in told.ask(parked.health))


def test_every_message_is_exported_as_it_was_written(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place, text="whole\n> body", new_text="whole", message_ref="m@x", files=(
        c.FileRef(blob="bb", filename="图.png", content_type="image/png", size=1, sha256="cc"),))  # fmt: skip
    told.wrote(0, place)
    undone = told.wrote(0, place)
    told.fact(0, c.ReplyWithdrawn(message=undone, conversation=place))
    first, second = told.ask(lambda connection: list(messages(connection)))
    assert first == {
        "conversation": str(place), "customer": str(told.customers[0]), "message_id": "m@x", "subject": "Parcel",
        "text": "whole\n> body", "direction": "in", "files": [{"name": "图.png", "sha256": "cc"}],
    }  # fmt: skip
    assert (second["direction"], second["text"]) == ("out", "On its way.")


def test_undoing_two_answers_leaves_the_customer_waiting_as_before(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place, new_text="Where is it?")
    told.heard(0, place, new_text="And?")
    before = told.ask(inbox.row, str(place))
    one, two = told.wrote(0, place, text="Soon."), told.wrote(0, place, text="On Friday.")
    told.fact(0, c.ReplyWithdrawn(message=two, conversation=place))
    answered = told.ask(inbox.row, str(place))
    assert (answered["status"], answered["waiting_since"], answered["snippet"]) == ("waiting", None, "Soon.")
    told.fact(0, c.ReplyWithdrawn(message=one, conversation=place))
    after = told.ask(inbox.row, str(place))
    assert differing(before, after) <= {"last_message"}


@pytest.mark.parametrize("resolved", [False, True])
@pytest.mark.parametrize("begun_by_us", [False, True])
def test_undoing_a_later_answer_leaves_the_first_as_the_last_word(
    told: Told, begun_by_us: bool, resolved: bool
) -> None:
    place = told.opened(0)
    if not begun_by_us:
        told.heard(0, place)
    told.wrote(0, place)
    before = told.ask(inbox.row, str(place))
    later = told.wrote(0, place, text="One thing more.")
    if resolved:
        told.fact(0, c.ConversationResolved(conversation=place))
        told.fact(0, c.ConversationReopened(conversation=place, by="undo"))
    told.fact(0, c.ReplyWithdrawn(message=later, conversation=place))
    assert differing(before, told.ask(inbox.row, str(place))) <= {"last_message"}


@pytest.mark.parametrize("latest_first", [True, False])
def test_two_answers_with_new_words_between_are_undone_in_any_order(told: Told, latest_first: bool) -> None:
    place = told.opened(0)
    told.heard(0, place)
    since = told.ask(inbox.row, str(place))["waiting_since"]
    one = told.wrote(0, place, text="Soon.")
    told.heard(0, place, new_text="How soon?")
    two = told.wrote(0, place, text="On Friday.")
    for reply in (two, one) if latest_first else (one, two):
        told.fact(0, c.ReplyWithdrawn(message=reply, conversation=place))
    row = told.ask(inbox.row, str(place))
    assert (row["status"], row["waiting_since"], row["unanswered"], row["snippet"]) == (
        "open",
        since,
        2,
        "How soon?",
    )


def test_nobody_waits_in_a_row_that_stays_resolved(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place)
    reply = told.wrote(0, place)
    told.heard(0, place, new_text="Thank you, it came.")
    told.fact(0, c.ConversationResolved(conversation=place))
    told.fact(0, c.ReplyWithdrawn(message=reply, conversation=place))
    row = told.ask(inbox.row, str(place))
    assert (row["status"], row["waiting_since"], row["unanswered"]) == ("resolved", None, 0)


def test_undoing_a_forward_leaves_an_answered_row_answered(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place)
    told.wrote(0, place)
    forward = told.wrote(0, place, kind="forward", text="Please look into it.")
    told.fact(0, c.ReplyWithdrawn(message=forward, conversation=place))
    row = told.ask(inbox.row, str(place))
    assert (row["status"], row["waiting_since"], row["snippet"]) == ("waiting", None, "On its way.")


def test_an_answer_after_new_words_is_undone_to_those(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place)
    told.wrote(0, place)
    told.heard(0, place, new_text="Still nothing!")
    before = told.ask(inbox.row, str(place))
    reply = told.wrote(0, place, text="Oh dear.")
    told.fact(0, c.ReplyWithdrawn(message=reply, conversation=place))
    assert differing(before, told.ask(inbox.row, str(place))) <= {"last_message"}


def test_undoing_send_and_resolve_opens_the_row_again(told: Told) -> None:
    place = told.opened(0)
    told.heard(0, place)
    before = told.ask(inbox.row, str(place))
    reply = told.wrote(0, place)
    told.fact(0, c.ConversationResolved(conversation=place))
    told.fact(0, c.ConversationReopened(conversation=place, by="undo"))
    told.fact(0, c.ReplyWithdrawn(message=reply, conversation=place))
    assert differing(before, told.ask(inbox.row, str(place))) <= {"last_message"}


def differing(one: dict[str, object], other: dict[str, object]) -> set[str]:
    return {name for name in one if one[name] != other[name]}


def told_and_sorry(told: Told) -> tuple[UUID, UUID]:
    """A complaint, and the letter that told its outcome and apologised."""
    place, complaint = told.opened(0), told.tale.uuid()
    message = told.heard(0, place)
    told.fact(
        0,
        k.ComplaintRegistered(
            complaint=complaint,
            conversation=place,
            message=message,
            number="C-2026-00001",
            received_at=told.now,
        ),
    )
    told.fact(0, k.ComplaintResponded(complaint=complaint, outcome="upheld", reasons="We were late."))
    reply = told.wrote(0, place)
    told.fact(0, k.ComplaintTold(complaint=complaint, message=reply, how="letter"))
    told.fact(0, k.ComplaintApologised(complaint=complaint, message=reply))
    assert told.ask(complaints.complaint, str(complaint))["told_at"]
    return complaint, reply


def test_a_withdrawn_letter_has_told_and_apologised_nothing(told: Told) -> None:
    complaint, reply = told_and_sorry(told)
    told.fact(0, k.ComplaintLetterWithdrawn(complaint=complaint, message=reply, told=True))
    row = told.ask(complaints.complaint, str(complaint))
    assert (row["told_at"], row["told_how"]) == (None, None) and row["apologised_at"]


def test_a_letter_that_did_not_arrive_has_told_and_apologised_nothing(told: Told) -> None:
    complaint, reply = told_and_sorry(told)
    failed = k.ComplaintLetterFailed(complaint=complaint, message=reply, told=True, outcome="upheld")
    told.fact(0, failed)
    row = told.ask(complaints.complaint, str(complaint))
    assert (row["phase"], row["told_at"], row["told_how"]) == ("responded", None, None)
    assert row["apologised_at"] and row["outcome_reasons"] == "We were late."
    told.fact(0, k.ComplaintLetterFailed(complaint=complaint, message=reply, apologised=True))
    assert told.ask(complaints.complaint, str(complaint))["apologised_at"] is None


def test_a_complaint_taken_up_again_for_its_letters_sake_keeps_what_was_decided(told: Told) -> None:
    complaint, reply = told_and_sorry(told)
    told.fact(0, k.ComplaintClosed(complaint=complaint, reason="resolved"))
    told.fact(0, k.ComplaintReopened(complaint=complaint, why="it did not arrive"))
    row = told.ask(complaints.complaint, str(complaint))
    assert (row["phase"], row["outcome"], row["outcome_reasons"]) == ("investigating", None, None)
    told.fact(0, k.ComplaintLetterFailed(complaint=complaint, message=reply, told=True, outcome="upheld"))
    row = told.ask(complaints.complaint, str(complaint))
    assert (row["phase"], row["outcome"], row["outcome_reasons"]) == ("responded", "upheld", "We were late.")
    assert (row["closed_at"], row["close_reason"], row["told_at"]) == (None, None, None)


def test_a_complaint_that_stays_closed_is_shown_as_closed_and_not_told(told: Told) -> None:
    complaint, reply = told_and_sorry(told)
    told.fact(0, k.ComplaintClosed(complaint=complaint, reason="withdrawn"))
    told.fact(0, k.ComplaintLetterFailed(complaint=complaint, message=reply, told=True))
    row = told.ask(complaints.complaint, str(complaint))
    assert (row["phase"], row["close_reason"], row["told_at"]) == ("closed", "withdrawn", None)
