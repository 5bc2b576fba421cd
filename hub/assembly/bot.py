"""The policies of the house and what they work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hub.app.caps import Caps
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
    limit = settings.bot.max_letters_per_day
    detects = detect_complaint.policy()
    if not settings.bot.acknowledge:
        return detects, receipt.policy(ours=ours, limit=limit)
    words = detect_complaint.shipped()
    promises = replace(acknowledge.shipped(), automatic_letters_per_address_per_day=limit)
    return (
        detects,
        acknowledge.policy(ours=ours, pack=promises),
        receipt.policy(ours=ours, acknowledged_by=words, limit=limit),
    )


def reactions(house: House) -> Reactions:
    """The ports of the policies."""
    return Reactions(
        log=house.log,
        transactor=house.transactor,
        secrets=house.walk.secrets,
        counters=house.tables.counters,
        caps=Caps(
            log=house.log,
            secrets=house.walk.secrets,
            limits=house.tables.limits,
            an_hour=house.settings.bot.max_letters_per_hour,
        ),
        policies=policies_of(house.settings),
        naming=Naming(address_reply=house.addressing.reply, inbox_for=house.sending_inbox),
        clock=now,
    )
