"""The inboxes of the house. An account's stream is derived from its name, so a name never changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.app.ports import Inbox, Secrets
from hub.domain.ids import AccountId
from hub.domain.letters import Address
from infra.settings import Mailbox, Settings

Inboxes = dict[AccountId, Inbox]
"""Grows when letters are put in by hand for a name that is not in the settings."""


@dataclass(frozen=True, slots=True)
class InboxesNow:
    """All that are known whenever somebody looks, in whatever thread."""

    inboxes: Inboxes

    def __iter__(self) -> Iterator[Inbox]:
        return iter(tuple(self.inboxes.values()))


def inboxes_of(settings: Settings, secrets: Secrets) -> Inboxes:
    """Every mailbox of the settings."""
    known = [_inbox(mailbox, secrets) for mailbox in settings.mailboxes]
    return {AccountId(inbox.account): inbox for inbox in known}


def named(inboxes: Inboxes, name: str) -> Inbox | None:
    return next((inbox for inbox in inboxes.values() if inbox.name == name), None)


def without_wires(name: str, secrets: Secrets, address: str = "") -> Inbox:
    """An inbox that letters are only put into by hand: nothing is fetched for it and nothing is sent from it."""
    account = secrets.derived("account", name)
    return Inbox(account=account, name=name, kind="email", address=Address(address=address))


def remembered(rows: Iterable[dict[str, str]], inboxes: Inboxes, secrets: Secrets) -> Iterable[Inbox]:
    """Inboxes on record that the settings no longer name: their letters are still there to be read."""
    for row in rows:
        if row["name"] and named(inboxes, row["name"]) is None:
            yield without_wires(row["name"], secrets, row["address"] or "")


def _inbox(mailbox: Mailbox, secrets: Secrets) -> Inbox:
    return Inbox(
        account=secrets.derived("account", mailbox.name),
        name=mailbox.name,
        kind="email",
        address=Address(address=mailbox.address, name=mailbox.display_name),
        signature=mailbox.signature,
        plus_addressing=mailbox.plus_addressing,
        undo_seconds=mailbox.undo_seconds,
    )
