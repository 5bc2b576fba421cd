"""The only sockets of the mail channel: letters in over IMAP, letters out over SMTP."""

from channels.email.wire.follow import follow_mailbox
from channels.email.wire.mailbox import Arrival, Ledger, MailboxNote, MailboxSettings
from channels.email.wire.smtp import SmtpLine, SmtpSettings, send

__all__ = [
    "Arrival",
    "Ledger",
    "MailboxNote",
    "MailboxSettings",
    "SmtpLine",
    "SmtpSettings",
    "follow_mailbox",
    "send",
]
