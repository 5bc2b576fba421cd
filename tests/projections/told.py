"""A small record told line by line, and the questions asked of its views."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.domain.conversation import events as c
from hub.domain.letters import Address
from projections.pages import PAGES
from tests.projections.histories import Tale
from tests.projections.places import Place


class Told:
    """One shop with two colleagues, one inbox and as many customers as asked for."""

    def __init__(self, place: Place, customers: int = 3) -> None:
        self.tale = Tale(1, customers)
        self.book = place.book(PAGES)
        self.readers = place.readers()
        self.tale._staff()
        self.ann, self.bob = self.tale.agents[:2]
        self.customers = self.tale.customers

    def close(self) -> None:
        self.readers.dispose()
        self.book.close()

    def fact(self, customer: int, event: object, *who: str) -> None:
        self.tale.fact(self.customers[customer], event, *who)

    def opened(self, customer: int, subject: str = "Parcel") -> UUID:
        conversation = self.tale.uuid()
        account = self.tale.accounts[0]
        self.fact(
            customer,
            c.ConversationOpened(
                conversation=conversation, account=account, channel="email", subject=subject
            ),
        )
        return conversation

    def heard(self, customer: int, conversation: UUID, **changed: Any) -> UUID:
        """A message; its id."""
        message, text = self.tale.uuid(), changed.get("new_text", "Where is it?")
        values: dict[str, Any] = {
            "message": message, "conversation": conversation, "account": self.tale.accounts[0], "channel": "email",
            "occurred_at": None, "received_at": self.tale.now, "raw": "aa", "threaded_by": "new", "threading_why": "",
            "verified": False, "automatic": "", "language": "en", "sender": Address(address="Ann@Example.test", name="Ann"),
            "reply_to": None, "to": (Address(address="in0@shop.test"),), "cc": (), "subject": "Parcel", "text": text,
            "new_text": text, "message_ref": f"{message.hex}@example.test", "in_reply_to": (), "references": (), "files": (),
        }  # fmt: skip
        self.fact(
            customer, c.MessageReceived(**{**values, **changed}), "customer", str(self.customers[customer])
        )
        return message

    def wrote(self, customer: int, conversation: UUID, **changed: Any) -> UUID:
        """A reply of Ann's; its id."""
        message = self.tale.uuid()
        values: dict[str, Any] = {
            "message": message, "conversation": conversation, "account": self.tale.accounts[0], "kind": "reply",
            "automatic": "", "language": "en", "send_after": self.tale.now + timedelta(seconds=10), "answers": None,
            "to": (Address(address="ann@example.test"),), "cc": (), "subject": "Re: Parcel", "text": "On its way.",
            "message_ref": f"{message.hex}@shop.test", "in_reply_to": "q@example.test", "references": ("q@example.test",),
            "reply_to": "in0+token@shop.test", "files": (), "author": self.ann,
        }  # fmt: skip
        written = c.ReplyWritten(**{**values, **changed})
        self.fact(
            customer, written, *(("agent", str(self.ann)) if written.author else ("bot", "acknowledge"))
        )
        return message

    def ask(self, question: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self.book.apply(self.tale.facts)
        with self.readers.connect() as connection:
            return question(connection, *args, **named)

    @property
    def now(self) -> datetime:
        return self.tale.now
