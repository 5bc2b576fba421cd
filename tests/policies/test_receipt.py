"""A form's visitor gets the number by mail: once, to the bare address, and not beside an acknowledgement."""

from __future__ import annotations

from hub.domain.conversation.commands import WriteReply
from hub.domain.letters import Address
from hub.domain.policy import Memory
from policies.detect_complaint import shipped
from policies.receipt import policy
from tests.examples import M1, NOW, known_id, received

OURS = frozenset({"support@house.example"})
MEMORY = Memory(derive=known_id)
FORM = {"channel": "webform", "message_ref": "W-ABCD-EFG2", "new_text": "When do you open?"}


def reaction(**fields: object) -> list[object]:
    chosen = policy(ours=OURS, acknowledged_by=shipped())
    return list(chosen.react(received(M1, **{**FORM, **fields}), MEMORY, NOW))


def test_the_number_on_the_screen_comes_by_mail_too() -> None:
    (command,) = reaction()
    assert isinstance(command, WriteReply)
    letter = command.letter
    assert letter.subject == "We have received your message – W-ABCD-EFG2"
    assert "W-ABCD-EFG2" in letter.text
    assert "a bot" in letter.text
    assert (letter.kind, letter.automatic, letter.in_reply_to) == ("receipt", "auto-replied", "")
    assert letter.to == (Address(address="alice@shop.example"),)
    assert command.limit == 3


def test_a_chinese_visitor_is_answered_in_chinese() -> None:
    (command,) = reaction(language="zh")
    assert isinstance(command, WriteReply)
    assert command.letter.subject == "我们已收到您的留言 – W-ABCD-EFG2"


def test_a_complaint_gets_its_acknowledgement_instead() -> None:
    assert reaction(new_text="I want to complain.") == []


def test_without_acknowledgements_a_complaint_gets_the_receipt() -> None:
    event = received(M1, **{**FORM, "new_text": "I want to complain."})
    assert len(policy(ours=OURS).react(event, MEMORY, NOW)) == 1


def test_a_letter_gets_no_receipt_whatever_it_calls_itself() -> None:
    assert reaction(channel="email") == []


def test_only_a_number_of_ours_is_repeated() -> None:
    assert reaction(message_ref="W-<script>") == []


def test_nobody_without_an_address_gets_one() -> None:
    assert reaction(sender=Address(address="")) == []
    assert reaction(sender=Address(address="noreply@x.org")) == []
    assert reaction(sender=Address(address="support@house.example")) == []
