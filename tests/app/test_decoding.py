"""Several threads may want a decoder for the same class at the same moment."""

import threading
import time
from collections.abc import Callable

import pytest

from hub.app import decoding
from hub.app.decoding import once_made
from hub.domain.customer.events import CustomerOpened
from infra.codec import plans


def asked_by_two(ask: Callable[[], object]) -> None:
    """Two threads begin at once; whoever makes takes its time."""
    begin = threading.Barrier(2)

    def run() -> None:
        begin.wait()
        ask()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def slowly(made: list[type]) -> Callable[[type], str]:
    def make(kind: type) -> str:
        made.append(kind)
        time.sleep(0.05)
        return kind.__name__

    return make


def test_a_decoder_is_made_once_however_many_ask() -> None:
    made: list[type] = []
    known: dict[type, str] = {}
    asked_by_two(lambda: once_made(known, int, slowly(made)))
    assert (made, known) == ([int], {int: "int"})


def test_without_the_lock_it_would_be_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: two threads in msgspec over one class, which no process survives for sure."""

    class Open:
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(decoding, "MAKING", Open())
    made: list[type] = []
    known: dict[type, str] = {}
    asked_by_two(lambda: once_made(known, int, slowly(made)))
    assert made == [int, int]


def test_the_plan_of_an_event_is_made_so(monkeypatch: pytest.MonkeyPatch) -> None:
    honest, made = plans._made, list[type]()

    def make(kind: type) -> plans.Plan:
        slowly(made)(kind)
        return honest(kind)

    monkeypatch.setattr(plans, "_PLANS", {})
    monkeypatch.setattr(plans, "_made", make)
    asked_by_two(lambda: plans.plan(CustomerOpened))
    assert made == [CustomerOpened]
