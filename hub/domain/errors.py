"""Refusals: each is a type whose docstring is the sentence a person sees."""

from __future__ import annotations

import inspect


class Refusal(Exception):
    """This can't be done."""

    @property
    def code(self) -> str:
        """The stable name a client switches on: `AnsweredMeanwhile` → `answered-meanwhile`."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")

    @property
    def sentence(self) -> str:
        """The English sentence; a translation is looked up by `code`."""
        return inspect.cleandoc(type(self).__doc__ or "").split("\n\n")[0]

    def __str__(self) -> str:
        return self.sentence


class CustomerErased(Refusal):
    """This customer was erased; nothing more can be recorded for them."""


class NoSuchCustomer(Refusal):
    """There is no such customer."""


class NoSuchConversation(Refusal):
    """There is no such conversation."""


class NoSuchComplaint(Refusal):
    """There is no such complaint."""


class NoSuchMessage(Refusal):
    """There is no such message."""


class AnsweredMeanwhile(Refusal):
    """Something was written in this conversation after the last message you saw. Read it, then send again."""


class TooLateToWithdraw(Refusal):
    """The letter has already been handed to the mail server."""


class NotWaiting(Refusal):
    """This letter is not waiting to be sent."""


class NotYetDue(Refusal):
    """This letter may not leave yet."""


class ReopenFirst(Refusal):
    """This conversation is resolved. Reopen it first."""


class NotInTheFuture(Refusal):
    """Choose a moment in the future."""


class NobodyToWriteTo(Refusal):
    """Name at least one recipient."""


class NothingToSay(Refusal):
    """Write something first."""


class IllegalMove(Refusal):
    """The complaint can't take this step from where it stands."""


class OutcomeMissing(Refusal):
    """A complaint is closed only after its outcome was told to the customer."""


class NotWhileDetected(Refusal):
    """Confirm the complaint first."""


class NoSuchIdentity(Refusal):
    """This customer has no such address."""


class SamePerson(Refusal):
    """A customer can't be linked with themselves."""


class NotLinked(Refusal):
    """These two customers are not linked."""


class AutomaticLimit(Refusal):
    """No automatic letter: the limit for this address was reached, or a machine wrote the letter."""


class NoSuchAgent(Refusal):
    """There is no such colleague, or they have left."""


class Busy(Refusal):
    """Others kept writing at the same moment. Try again."""
