"""A state machine for the views: however facts are fed, fed again, rebuilt and the file reopened, the rows are those of a fresh one."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from projections.book import Book
from projections.file import open_book
from projections.pages import PAGES
from projections.projection import Projection
from projections.rebuild import switch
from tests.conftest import LONG
from tests.length import short_or_long
from tests.projections.histories import Tale, after_erasure
from tests.projections.test_every_page import rows

EXAMPLES = settings(
    max_examples=100 if LONG else 8,
    stateful_step_count=30 if LONG else 15,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
CONTROL = settings(EXAMPLES, max_examples=60, derandomize=True, phases=[Phase.generate])
pytestmark = pytest.mark.timeout(short_or_long(150, 3600))


class Views(RuleBasedStateMachine):
    """`taken`: how many of the tale's facts the live views have seen."""

    pages: tuple[Projection, ...] = tuple(PAGES)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.live = self.open("live")
        self.taken = 0

    def open(self, name: str) -> Book:
        return open_book(self.folder / f"{name}.db", self.pages, "one")

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.tale = Tale(seed)
        self.tale.tell(20)

    @rule(count=st.integers(1, 40))
    def happen(self, count: int) -> None:
        self.tale.tell(len(self.tale.facts) + count)

    @rule()
    def erase(self) -> None:
        self.tale.erase()

    @rule(most=st.integers(1, 60))
    def take(self, most: int) -> None:
        page = self.tale.facts[self.taken : self.taken + most]
        if page:
            self.live.apply(page)
            self.taken += len(page)

    @rule(before=st.integers(1, 30), most=st.integers(1, 30))
    def take_again(self, before: int, most: int) -> None:
        """A page that overlaps what was seen, as after a restart or by two feeders."""
        begin = max(0, self.taken - before)
        page = self.tale.facts[begin : self.taken + most]
        if page:
            self.live.apply(page)
            self.taken = max(self.taken, begin + len(page))

    @rule()
    def reopen(self) -> None:
        self.live.close()
        self.live = self.open("live")

    @rule(most=st.integers(5, 200))
    def rebuild(self, most: int) -> None:
        """As a rebuild does it: from the log as it reads now, keys destroyed, up to where the live ones stand."""
        path = self.folder / "live.next"
        candidate = open_book(path, self.pages, "one", bulk=True)
        facts = after_erasure(self.tale.facts)[: self.taken]
        for begin in range(0, len(facts), most):
            candidate.apply(facts[begin : begin + most])
        switch(self.live, candidate)
        candidate.close()
        path.unlink()

    def teardown(self) -> None:
        if hasattr(self, "tale"):
            fresh = self.open("fresh")
            self.take(len(self.tale.facts))  # a rebuild shows an erasure sooner than its own event does
            fresh.apply(after_erasure(self.tale.facts))
            assert rows(self.live) == rows(fresh)
            fresh.close()
        self.live.close()
        shutil.rmtree(self.folder)


def test_the_views_are_those_of_a_fresh_file_whatever_happened_to_them() -> None:
    run_state_machine_as_test(Views, settings=EXAMPLES)


class Careless(Views):
    """Views that forget nobody: what the machine has to notice."""

    pages = tuple(replace(page, forget=lambda customer: iter(())) for page in PAGES)

    @rule()
    def erase_and_take(self) -> None:
        self.tale.erase()
        self.take(200)


def test_the_machine_notices_views_that_forget_nobody() -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Careless, settings=CONTROL)
