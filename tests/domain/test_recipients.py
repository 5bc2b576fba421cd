"""Whom an answer goes to: never guessed, never widened by itself."""

from __future__ import annotations

from hypothesis import given as every
from hypothesis import strategies as st

from hub.domain.letters import Address, normalised
from hub.domain.recipients import difference, is_ours, reply, reply_all

ALICE, BOB, EVE = (Address(address=f"{name}@example.org") for name in ("alice", "bob", "eve"))
US = Address(address="Support@House.example", name="House")
OURS = frozenset({"support@house.example"})

addresses = st.builds(
    Address,
    address=st.sampled_from(
        ["a@x.org", "A@x.org", "b@x.org", "support+t@house.example", "support@house.example", ""]
    ),
)
lists = st.lists(addresses, max_size=6)


def test_an_answer_goes_to_the_sender_alone() -> None:
    assert reply(ALICE, None).to == (ALICE,)
    assert reply(ALICE, None).cc == ()


def test_an_answer_goes_to_reply_to_where_there_is_one() -> None:
    assert reply(ALICE, BOB).to == (BOB,)
    assert not reply(ALICE, BOB).diverted


def test_an_answer_that_leads_to_another_domain_is_flagged() -> None:
    assert reply(ALICE, Address(address="alice@elsewhere.example")).diverted


def test_an_empty_reply_to_is_none() -> None:
    assert reply(ALICE, Address(address="")).to == (ALICE,)


def test_answering_all_leaves_ourselves_out() -> None:
    plus = Address(address="support+abc@house.example")
    answer = reply_all(ALICE, None, (US, BOB), (plus, EVE, ALICE), OURS)
    assert answer.to == (ALICE,)
    assert answer.cc == (BOB, EVE)


def test_the_difference_is_said_and_strangers_are_named() -> None:
    changed = difference((ALICE, BOB), (Address(address="ALICE@example.org"), EVE), known=(ALICE, BOB))
    assert changed.adds == (EVE,)
    assert changed.drops == (BOB,)
    assert changed.strangers == (EVE,)


def test_a_person_of_the_conversation_is_no_stranger() -> None:
    assert difference((ALICE,), (ALICE, BOB), known=(BOB,)).strangers == ()


@every(st.builds(Address, address=st.just("c@x.org")), lists, lists)
def test_nobody_is_written_to_twice_and_we_never_write_to_ourselves(
    sender: Address, to: list[Address], cc: list[Address]
) -> None:
    answer = reply_all(sender, None, to, cc, OURS)
    everybody = [normalised(one.address) for one in (*answer.to, *answer.cc)]
    assert len(everybody) == len(set(everybody))
    assert not any(is_ours(one, OURS) for one in answer.cc)


@every(lists, lists)
def test_adds_and_drops_turn_one_list_into_the_other(before: list[Address], after: list[Address]) -> None:
    changed = difference(before, after)
    keys = {normalised(one.address) for one in before if one.address}
    keys -= {normalised(one.address) for one in changed.drops}
    keys |= {normalised(one.address) for one in changed.adds}
    assert keys == {normalised(one.address) for one in after if one.address}
