"""Every projection of the hub, in the order in which a page of events is given to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from projections import (
    agents,
    causes,
    complaints,
    customers,
    inbox,
    outbox,
    parked,
    search,
    states,
    threads,
    timeline,
)
from projections.projection import Projection
from projections.states import Sealer

PAGES: Final[Sequence[Projection]] = (
    customers.projection,
    complaints.projection,
    inbox.projection,
    timeline.projection,
    threads.projection,
    outbox.projection,
    agents.projection,
    parked.projection,
    causes.projection,
    search.projection,
)
"""Those that need no key."""


def pages(sealer: Sealer) -> tuple[Projection, ...]:
    """All of them, for one views file: the states remember, so each file needs its own."""
    return (*PAGES, states.projection(sealer.seal, sealer.unseal))


NAMES: Final = (*(page.name for page in PAGES), "states")
"""What `amends rebuild NAME` takes, besides "all"."""
