"""Every projection of the hub, in the order in which a page of events is given to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from projections import agents, complaints, customers, inbox, outbox, parked, search, threads, timeline
from projections.projection import Projection

PAGES: Final[Sequence[Projection]] = (
    customers.projection,
    complaints.projection,
    inbox.projection,
    timeline.projection,
    threads.projection,
    outbox.projection,
    agents.projection,
    parked.projection,
    search.projection,
)
