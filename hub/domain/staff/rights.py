"""Who may order what: one table, and what is not in it nobody may. Reading is not a command; the web keeps its own list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.domain.complaint.decisions import TABLE as COMPLAINTS
from hub.domain.conversation import commands as talk
from hub.domain.customer import commands as people
from hub.domain.staff import decisions as staff
from hub.domain.staff.events import Role

EVERYBODY: Final[frozenset[Role]] = frozenset({"rep", "lead", "auditor", "admin"})
REPS: Final[frozenset[Role]] = frozenset({"rep", "lead", "admin"})
LEADS: Final[frozenset[Role]] = frozenset({"lead", "admin"})
ADMINS: Final[frozenset[Role]] = frozenset({"admin"})

_PLAIN: Final[Mapping[type, frozenset[Role]]] = {
    talk.AddNote: REPS,
    talk.WriteReply: REPS,
    talk.WithdrawReply: REPS,
    talk.RetryDelivery: REPS,
    talk.Assign: REPS,
    talk.Unassign: REPS,
    talk.Snooze: REPS,
    talk.Wake: REPS,
    talk.Resolve: REPS,
    talk.Reopen: REPS,
    talk.Tag: REPS,
    talk.Untag: REPS,
    talk.MarkSpam: REPS,
    talk.UnmarkSpam: REPS,
    people.NameCustomer: REPS,
    people.OpenCustomer: REPS,  # writing first to somebody new
    people.VerifyIdentity: REPS,
    people.LinkCustomers: REPS,
    people.UnlinkCustomers: REPS,
    people.ViewRecord: EVERYBODY,  # an auditor's only deed: that they looked is itself on record
    people.EraseCustomer: ADMINS,
    staff.SignIn: EVERYBODY,
    staff.Join: ADMINS,
    staff.ChangeRole: ADMINS,
    staff.Leave: ADMINS,
    staff.KeepSavedReply: REPS,
    staff.RemoveSavedReply: REPS,
    staff.SetSignature: LEADS,
}


def _complaints() -> dict[type, frozenset[Role]]:
    """Whoever may order a move in some phase may order it; the table of phases says no where it does not stand."""
    rights: dict[type, frozenset[Role]] = {}
    for (_, command), step in COMPLAINTS.items():
        rights[command] = rights.get(command, frozenset()) | step.may
    return rights


RIGHTS: Final[Mapping[type, frozenset[Role]]] = {**_PLAIN, **_complaints()}


def may(role: Role, command: type) -> bool:
    """Whether a colleague of this role may give this order. The hub's own orders (receiving, delivering) are nobody's."""
    return role in RIGHTS.get(command, frozenset())
