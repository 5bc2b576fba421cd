"""The one acknowledgement: to whom, in which language, with which promises, and with none of the sender's words in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given as every
from hypothesis import strategies as st

from hub.domain.complaint.commands import Acknowledge, WithholdAcknowledgement
from hub.domain.letters import Address
from hub.domain.policy import Memory
from hub.domain.vocabulary import ERASED
from policies.acknowledge import is_machine, policy, shipped
from tests.examples import COMPLAINT, M1, NOW, known_id, received, registered

OURS = frozenset({"support@house.example"})


def memory(**fields: object) -> Memory:
    return Memory(derive=known_id, message=received(M1, **fields))


def reaction(**fields: object) -> Acknowledge | WithholdAcknowledgement:
    (command,) = policy(ours=OURS).react(registered(), memory(**fields), NOW)
    assert isinstance(command, Acknowledge | WithholdAcknowledgement)
    return command


def withheld(**fields: object) -> str:
    command = reaction(**fields)
    assert isinstance(command, WithholdAcknowledgement)
    return command.why


def acknowledgement(**fields: object) -> Acknowledge:
    command = reaction(**fields)
    assert isinstance(command, Acknowledge)
    return command


def test_the_letter_thanks_apologises_and_says_what_comes_next() -> None:
    letter = acknowledgement().letter
    assert letter.subject == "We have received your complaint – C-2026-00042"
    for part in ("Thank you", "sorry for the trouble", "C-2026-00042", "by Thursday, 12 March 2026", "a bot"):
        assert part in letter.text
    assert "speak to a person" in letter.text


def test_the_letter_admits_nothing() -> None:
    assert not re.search(r"\b(fault|mistake|liable|error|guilt)", acknowledgement().letter.text)


def test_a_chinese_letter_is_answered_in_chinese() -> None:
    letter = acknowledgement(language="zh").letter
    assert letter.subject == "我们已收到您的投诉 – C-2026-00042"
    for part in ("感谢", "歉意", "C-2026-00042", "2026年3月12日", "机器人", "工作人员"):
        assert part in letter.text
    assert letter.language == "zh"


def test_the_promised_day_is_the_pack_s_in_the_house_s_time_zone() -> None:
    late = registered(received_at=datetime(2026, 3, 5, 23, 0, tzinfo=UTC))
    shanghai = policy(ours=OURS, zone=timezone(timedelta(hours=8)))
    (command,) = shanghai.react(late, memory(), NOW)
    assert isinstance(command, Acknowledge)
    assert "Friday, 13 March 2026" in command.letter.text


def test_the_letter_is_an_automatic_answer_to_that_letter() -> None:
    letter = acknowledgement(message_ref="m@x.org", references=("a@x.org", "b@x.org")).letter
    assert (letter.kind, letter.automatic) == ("acknowledgement", "auto-replied")
    assert letter.in_reply_to == "m@x.org"
    assert letter.references == ("a@x.org", "b@x.org", "m@x.org")
    assert letter.answers == M1
    assert acknowledgement().limit == shipped().automatic_letters_per_address_per_day == 3


def test_the_letter_goes_to_the_bare_sender_and_never_where_reply_to_points() -> None:
    mallory = Address(address="victim@elsewhere.example")
    letter = acknowledgement(
        sender=Address(address="m@x.org", name="Click http://x"), reply_to=mallory, cc=(mallory,)
    ).letter
    assert letter.to == (Address(address="m@x.org", name=""),)
    assert letter.cc == ()


@every(st.text(min_size=8), st.text(min_size=8), st.text(min_size=8))
def test_nothing_the_sender_wrote_stands_in_the_letter(subject: str, text: str, name: str) -> None:
    plain = acknowledgement().letter
    letter = acknowledgement(
        subject=subject, new_text=text, text=text, sender=Address(address="alice@shop.example", name=name)
    ).letter
    assert (letter.subject, letter.text, letter.to) == (plain.subject, plain.text, plain.to)


def test_a_form_s_visitor_finds_the_number_from_the_screen_and_no_invented_thread() -> None:
    letter = acknowledgement(channel="webform", message_ref="W-ABCD-EFG2").letter
    assert "W-ABCD-EFG2" in letter.text
    assert (letter.in_reply_to, letter.references) == ("", ())
    assert "W-ABCD-EFG2" not in acknowledgement(channel="email", message_ref="W-ABCD-EFG2").letter.text


def test_a_day_that_is_over_is_not_promised() -> None:
    def reacted(received_at: datetime) -> object:
        (command,) = policy(ours=OURS).react(registered(received_at=received_at), memory(), NOW)
        return command

    assert isinstance(reacted(NOW - timedelta(days=7)), Acknowledge)
    assert reacted(NOW - timedelta(days=8)) == WithholdAcknowledgement(
        complaint=COMPLAINT, why="the promised day is over"
    )


def test_a_machine_is_not_answered() -> None:
    assert withheld(automatic="List-Id") == "a machine wrote the letter"


def test_we_do_not_answer_ourselves() -> None:
    assert withheld(sender=Address(address="Support+tok@House.example")) == "the letter came from ourselves"


def test_nobody_is_not_answered() -> None:
    assert withheld(sender=Address(address="")) == "the letter names no sender"
    assert withheld(sender=Address(address="script")) == "the letter names no sender"
    assert withheld(sender=ERASED) == "the letter names no sender"


def test_a_message_that_is_not_there_is_not_answered() -> None:
    (command,) = policy().react(registered(), Memory(derive=known_id), NOW)
    assert command == WithholdAcknowledgement(complaint=COMPLAINT, why="the message is not on record")


MACHINES = (
    "no-reply", "noreply", "No_Reply", "do-not-reply", "donotreply", "mailer-daemon", "MAILER-DAEMON", "postmaster", "bounces",
    "bounce+abc", "shop-noreply", "list-request", "owner-list", "list-bounces", "notifications", "noreply+x1", "no.reply",
)  # fmt: skip
PEOPLE = ("alice", "reply", "norbert", "bo.unce", "info", "request", "anna.noe", "daemonia", "ownership")


@pytest.mark.parametrize("local", MACHINES)
def test_addresses_that_take_no_answers_are_known(local: str) -> None:
    assert is_machine(Address(address=f"{local}@x.org"))
    assert withheld(sender=Address(address=f"{local}@x.org")) == "the sender's address takes no answers"


@pytest.mark.parametrize("local", PEOPLE)
def test_people_are_not_taken_for_machines(local: str) -> None:
    assert not is_machine(Address(address=f"{local}@x.org"))
