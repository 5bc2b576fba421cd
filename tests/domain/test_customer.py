"""Who a customer is: heard, named, proven, linked, viewed, erased."""

from __future__ import annotations

from hub.domain.customer.commands import (
    ClaimIdentity,
    EraseCustomer,
    LinkCustomers,
    NameCustomer,
    OpenCustomer,
    SuggestLink,
    UnlinkCustomers,
    VerifyIdentity,
    ViewRecord,
)
from hub.domain.customer.decisions import decide_all
from hub.domain.customer.events import (
    CustomerErased,
    CustomerNamed,
    CustomersLinked,
    CustomersUnlinked,
    IdentityClaimed,
    IdentityVerified,
    LinkSuggested,
    RecordViewed,
)
from hub.domain.customer.state import INITIAL, Identity
from hub.domain.errors import CustomerErased as AlreadyErased
from hub.domain.errors import NothingToSay, NotLinked, SamePerson
from hub.domain.ids import CustomerId
from tests.examples import M1, NOW, known_id, opened, receive, received, talk_opened
from tests.given import given, given_nothing

ME, OTHER = CustomerId(known_id("me")), CustomerId(known_id("other"))
CLAIMED = IdentityClaimed(channel="email", address="alice@shop.example", evidence="header")
VERIFIED = IdentityVerified(
    channel="email", address="alice@shop.example", evidence="authenticated", why="dkim=pass"
)
OPEN = OpenCustomer(
    channel="email", name="Alice", address="alice@shop.example", evidence="header", verified=False
)
LINKED = CustomersLinked(other=OTHER, survivor=ME, why="same telephone")


def test_a_first_touchpoint_opens_a_customer_with_a_claimed_address() -> None:
    given_nothing().when(OPEN).then(opened(), CLAIMED)


def test_a_proven_first_touchpoint_opens_a_proven_customer() -> None:
    proven = OpenCustomer(
        channel="email",
        name="Alice",
        address="alice@shop.example",
        evidence="authenticated",
        verified=True,
        why="dkim=pass",
    )
    given_nothing().when(proven).then(opened(), VERIFIED)


def test_a_touchpoint_without_an_address_opens_a_customer_all_the_same() -> None:
    nameless = OpenCustomer(channel="email", name="", address="", evidence="header", verified=False)
    given_nothing().when(nameless).then(opened(name=""))


def test_a_customer_is_opened_once() -> None:
    given().when(OPEN).then()


def test_several_orders_are_decided_one_on_another() -> None:
    events = decide_all([OPEN, receive(M1), receive(M1)], INITIAL, NOW)
    assert events == [opened(), CLAIMED, talk_opened(), received(M1)]


def test_an_address_is_claimed_once_however_it_is_spelled() -> None:
    claim = ClaimIdentity(channel="email", address="ALICE@shop.example ", evidence="header")
    given().when(ClaimIdentity(channel="email", address="alice@shop.example", evidence="header")).then(
        CLAIMED
    )
    given(CLAIMED).when(claim).then()
    given(VERIFIED).when(claim).then()


def test_an_address_is_proven_once() -> None:
    verify = VerifyIdentity(
        channel="email", address="alice@shop.example", evidence="authenticated", why="dkim=pass"
    )
    given(CLAIMED).when(verify).then(VERIFIED)
    given(CLAIMED, VERIFIED).when(verify).then()


def test_a_proof_replaces_the_claim_and_no_claim_replaces_a_proof() -> None:
    proven = Identity(channel="email", address="alice@shop.example", verified=True, evidence="authenticated")
    assert given(CLAIMED, VERIFIED, CLAIMED).state.identities == (proven,)


def test_a_name_is_changed_when_it_is_another() -> None:
    given().when(NameCustomer(name="Alice Li")).then(CustomerNamed(name="Alice Li"))
    given().when(NameCustomer(name="Alice")).then()
    given().when(NameCustomer(name=" ")).then_refused(NothingToSay)


def test_a_link_is_suggested_once() -> None:
    suggested = LinkSuggested(other=OTHER, why="the same address")
    given().when(SuggestLink(other=OTHER, why="the same address")).then(suggested)
    given(suggested).when(SuggestLink(other=OTHER, why="the same address")).then()
    given(LINKED).when(SuggestLink(other=OTHER, why="the same address")).then()


def test_two_customers_are_linked_once() -> None:
    link = LinkCustomers(customer=ME, other=OTHER, survivor=ME, why="same telephone")
    given().when(link).then(LINKED)
    given(LINKED).when(link).then()


def test_nobody_is_linked_with_themselves() -> None:
    given().when(LinkCustomers(customer=ME, other=ME, survivor=ME, why="")).then_refused(SamePerson)


def test_what_was_linked_is_unlinked() -> None:
    unlink = UnlinkCustomers(other=OTHER, why="two sisters")
    given(LINKED).when(unlink).then(CustomersUnlinked(other=OTHER, why="two sisters"))
    given().when(unlink).then_refused(NotLinked)


def test_reading_a_history_is_on_record_each_time() -> None:
    viewed = RecordViewed(what="timeline")
    given().when(ViewRecord(what="timeline")).then(viewed)
    given(viewed).when(ViewRecord(what="timeline")).then(viewed)


def test_a_customer_is_erased_once_and_then_refuses_everything() -> None:
    erased = CustomerErased(reason="asked for it")
    given().when(EraseCustomer(reason="asked for it")).then(erased)
    given(erased).when(EraseCustomer(reason="again")).then()
    given(erased).when(ViewRecord(what="timeline")).then_refused(AlreadyErased)
    given(erased).when(OPEN).then_refused(AlreadyErased)


def test_nothing_of_an_erased_customer_stays_in_the_state() -> None:
    state = given(
        VERIFIED, talk_opened(), received(M1), CustomerErased(reason="asked for it"), received(M1)
    ).state
    assert (state.name, state.identities, state.conversations, state.deliveries) == ("", (), {}, {})
    assert state.version == 6
