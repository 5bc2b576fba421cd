"""Colleagues, their rights, and the settings they share."""

from __future__ import annotations

from typing import get_args

import pytest

from hub.domain.account import decisions as account
from hub.domain.conversation.commands import ReceiveMessage, StartDelivery, WriteReply
from hub.domain.customer.commands import EraseCustomer, ViewRecord
from hub.domain.customer.decisions import Command
from hub.domain.errors import NoSuchAgent, NothingToSay
from hub.domain.staff.decisions import (
    AgentCommand,
    ChangeRole,
    Join,
    KeepSavedReply,
    Leave,
    RemoveSavedReply,
    SetSignature,
    SettingsCommand,
    SignIn,
    decide_agent,
    decide_settings,
)
from hub.domain.staff.events import (
    AgentJoined,
    AgentLeft,
    AgentRoleChanged,
    AgentSignedIn,
    Role,
    SavedReplyKept,
    SavedReplyRemoved,
    SignatureSet,
    StaffEvent,
)
from hub.domain.staff.rights import RIGHTS, may
from hub.domain.staff.state import fold_agent, fold_settings
from tests.examples import ANNA, NOW, SUPPORT

JOINED = AgentJoined(agent=ANNA, role="rep", name="Anna", email="anna@house.example")
JOIN = Join(agent=ANNA, role="rep", name="Anna", email="anna@house.example")
LEFT = AgentLeft(agent=ANNA)
KEPT = SavedReplyKept(name="Sorry", language="en", text="Dear {customer.name}")

EVERY_COMMAND = (
    *get_args(Command),
    *get_args(AgentCommand),
    *get_args(SettingsCommand),
    *get_args(account.Command),
)
NOBODYS = {
    "SeeAgain", "ReceiveMessage", "StartDelivery", "ConfirmDelivery", "MarkUncertain", "RecordBounce",
    "DetectComplaint", "Acknowledge", "WithholdAcknowledgement",
    "ClaimIdentity", "SuggestLink",
    "ConnectAccount", "ParkLetter", "EchoLetter", "ReadAgain", "Rebind", "FailMailbox", "RecoverMailbox",
}  # fmt: skip


def agent(command: AgentCommand, *past: StaffEvent) -> list[StaffEvent]:
    return decide_agent(command, fold_agent(past), NOW)


def settings(command: SettingsCommand, *past: StaffEvent) -> list[StaffEvent]:
    return decide_settings(command, fold_settings(past), NOW)


def test_a_colleague_joins_once_and_may_come_back() -> None:
    assert agent(JOIN) == [JOINED]
    assert agent(JOIN, JOINED) == []
    assert agent(JOIN, JOINED, LEFT) == [JOINED]


def test_a_role_is_changed_when_it_is_another() -> None:
    assert agent(ChangeRole(role="lead"), JOINED) == [AgentRoleChanged(agent=ANNA, role="lead")]
    assert agent(ChangeRole(role="rep"), JOINED) == []


def test_a_colleague_leaves_once_and_then_does_nothing_more() -> None:
    assert agent(Leave(), JOINED) == [LEFT]
    assert agent(Leave(), JOINED, LEFT) == []
    with pytest.raises(NoSuchAgent):
        agent(SignIn(), JOINED, LEFT)


def test_nobody_signs_in_who_never_joined() -> None:
    with pytest.raises(NoSuchAgent):
        agent(SignIn())


def test_each_signing_in_is_on_record() -> None:
    signed = AgentSignedIn(agent=ANNA)
    assert agent(SignIn(), JOINED, signed) == [signed]


def test_a_saved_reply_is_kept_changed_and_removed() -> None:
    keep = KeepSavedReply(name="Sorry", language="en", text="Dear {customer.name}")
    assert settings(keep) == [KEPT]
    assert settings(keep, KEPT) == []
    remove = RemoveSavedReply(name="Sorry", language="en")
    assert settings(remove, KEPT) == [SavedReplyRemoved(name="Sorry", language="en")]
    assert settings(remove) == []
    with pytest.raises(NothingToSay):
        settings(KeepSavedReply(name="Sorry", language="en", text=""))


def test_a_saved_reply_of_another_language_is_another() -> None:
    assert settings(RemoveSavedReply(name="Sorry", language="zh"), KEPT) == []


def test_a_signature_is_set_when_it_is_another() -> None:
    fact = SignatureSet(account=SUPPORT, text="The House")
    assert settings(SetSignature(account=SUPPORT, text="The House")) == [fact]
    assert settings(SetSignature(account=SUPPORT, text="The House"), fact) == []


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=lambda command: command.__name__)
def test_every_order_is_somebodys_or_the_hubs_own(command: type) -> None:
    allowed = {role for role in get_args(Role) if may(role, command)}
    assert bool(allowed) is (command.__name__ not in NOBODYS)


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=lambda command: command.__name__)
def test_auditors_change_nothing(command: type) -> None:
    assert may("auditor", command) is (command in (ViewRecord, SignIn))


def test_what_is_not_in_the_table_nobody_may() -> None:
    class Unheard:
        pass

    assert not any(may(role, Unheard) for role in get_args(Role))
    assert set(RIGHTS) <= set(EVERY_COMMAND)


def test_reps_write_and_admins_erase() -> None:
    assert may("rep", WriteReply)
    assert not may("rep", EraseCustomer)
    assert not may("lead", EraseCustomer)
    assert may("admin", EraseCustomer)
    assert not may("admin", ReceiveMessage)
    assert not may("admin", StartDelivery)
