"""One `Readers` port over the channels: forms are read here, letters in the worker processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from channels.email.workers import LetterReaders
from channels.webform.reading import read_raw
from channels.webform.settings import FormSettings
from hub.domain.letters import Address, Incoming
from infra.settings import Settings

FORM_MARK = b'{"email":'
FORM_KIND = b'"kind":"amends.webform.1"'
CLEANER = "hub.web.safe_html:cleaned"
"""What a reading worker makes HTML harmless with."""
NO_FORM = FormSettings(name="", account="", inbox=Address(address=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReaders:
    """`trusted`: per account, the authserv-ids of its own receiving server. `ours`: the domains of our addresses."""

    workers: LetterReaders
    trusted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()

    async def read(self, raw: bytes, *, account: str, harmless: bool = False) -> Incoming:
        """`harmless`: with its HTML cleaned of what may not be shown. Raises `Unreadable`."""
        if raw.startswith(FORM_MARK) and FORM_KIND in raw:
            return read_raw(raw, NO_FORM)
        trusted = self.trusted.get(account, frozenset())
        return await self.workers.read(
            raw, account=account, trusted_authserv=trusted, our_domains=self.ours, harmless=harmless
        )


def channel_readers(settings: Settings, workers: LetterReaders) -> ChannelReaders:
    """The readers with what the settings say about each mailbox."""
    return ChannelReaders(
        workers=workers,
        trusted={box.name: frozenset(box.trusted_authserv_ids) for box in settings.mailboxes},
        ours=frozenset(box.address.rpartition("@")[2].lower() for box in settings.mailboxes),
    )
