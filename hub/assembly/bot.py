"""The policies of the house and what they work with."""

from __future__ import annotations

from collections.abc import Sequence

from hub.app.completing import Naming
from hub.app.reactions import Reactions
from hub.assembly.house import House, now
from hub.domain.letters import normalised
from hub.domain.policy import Policy
from infra.settings import Settings
from policies import acknowledge, detect_complaint, receipt


def policies_of(settings: Settings) -> Sequence[Policy]:
    """Detection and a form's receipt always; the acknowledgement as the settings say."""
    ours = frozenset(normalised(mailbox.address) for mailbox in settings.mailboxes)
    detects = detect_complaint.policy()
    if not settings.bot.acknowledge:
        return detects, receipt.policy(ours=ours)
    pack = detect_complaint.shipped()
    return detects, acknowledge.policy(ours=ours), receipt.policy(ours=ours, acknowledged_by=pack)


def reactions(house: House) -> Reactions:
    """The ports of the policies."""
    return Reactions(
        log=house.log,
        transactor=house.transactor,
        secrets=house.walk.secrets,
        counters=house.tables.counters,
        naming=Naming(address_reply=house.addressing.reply, inbox_for=house.sending_inbox),
        clock=now,
    )
