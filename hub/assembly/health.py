"""How the mailboxes are just now: the newest heartbeat of each, for the desk; the story of an account is on record."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels.email.wire import MailboxNote
from infra.settings import Settings


@dataclass(slots=True)
class Health:
    """Heartbeats by account name. `quiet_hours`: after how many hours without a letter each should be looked at."""

    notes: dict[str, MailboxNote] = field(default_factory=dict)
    quiet_hours: dict[str, float] = field(default_factory=dict)


def health_of(settings: Settings) -> Health:
    return Health(quiet_hours={box.name: box.quiet_hours_alert for box in settings.mailboxes})
