"""The hub's own letters in English. Nothing that a customer wrote ever stands in them."""

from __future__ import annotations

from datetime import date
from typing import Final

SUBJECT: Final = "We have received your complaint – {number}"

TEXT: Final = """\
Hello,

Thank you for telling us. We are sorry for the trouble and the unpleasantness you have had.

Your complaint is registered under the number {number}.

What happens next: a member of our team reads your message, looks into the matter and answers you. \
You will hear from us by {by} at the latest, even if we need more time to settle it.

If you would like to speak to a person or to add something, just answer this letter: a member of our team reads every answer.

This letter was written by our assistant, a bot, as soon as your message arrived.
"""

RECEIPT_LINE: Final = "\nThe number you saw when you sent the form: {number}\n"

RECEIPT_SUBJECT: Final = "We have received your message – {number}"

RECEIPT: Final = """\
Hello,

Thank you for writing to us. Your message has reached us under the number {number}.

A member of our team reads it and answers you. If you would like to add something, just answer this letter.

This letter was written by our assistant, a bot, as soon as your message arrived.
"""

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def day(moment: date) -> str:
    """Thursday, 12 March 2026."""
    return f"{DAYS[moment.weekday()]}, {moment.day} {MONTHS[moment.month - 1]} {moment.year}"
