"""What every stage shares: the long form, programs of the operating system, and the browser."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LONG = bool(os.environ.get("AMENDS_TEST_LONG"))
NO_SYSTEM = bool(os.environ.get("AMENDS_TEST_NO_SYSTEM"))
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last and in one process: Playwright keeps a loop running there, in which no async test can start.

    All others stay with their file (`--dist loadgroup`). Of these the ones that may take longest come first: where the order is
    kept (`--no-loadscope-reorder`), they begin at once, each beside the next.
    """
    allowed = Counter[Path]()
    for item in items:
        allowed[item.path] = max(allowed[item.path], seconds_allowed(item))
    items.sort(key=lambda item: (in_browser(item), -allowed[item.path]))
    for item in items:
        item.add_marker(pytest.mark.xdist_group("browser" if in_browser(item) else item.path.name))


def seconds_allowed(item: pytest.Item) -> int:
    marker = item.get_closest_marker("timeout")
    return int(marker.args[0]) if marker else 0


def in_browser(item: pytest.Item) -> bool:
    return "playwright" in getattr(item, "fixturenames", ())


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("long") and not LONG:
        pytest.skip("long: runs with `dev.py test --long`")
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            skip_without(program)


def skip_without(program: str) -> str:
    """Where the program is; a test that asks for one that may not be used is skipped."""
    if NO_SYSTEM:
        pytest.skip(f"{program}: not used, because of --no-system")
    found = shutil.which(program, path=PLACES)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


@pytest.fixture(scope="session")
def is_long() -> bool:
    """Whether the long form was asked for."""
    return LONG


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, kept from calling home."""
    chromium = skip_without("chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": CHROMIUM_ARGUMENTS}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One PostgreSQL for the whole run; it does not sync, so it is quick and not durable."""
    from tests.servers.postgres import running_or_skipped

    with running_or_skipped() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[Any]:
    """One that keeps its promises, as the hub demands."""
    from tests.servers.postgres import running_or_skipped

    with running_or_skipped({}) as cluster:
        yield cluster


@pytest.fixture
def durable_url(durable_postgres: Any) -> Iterator[str]:
    """An empty database of it."""
    url = durable_postgres.lend()
    yield url
    durable_postgres.take_back(url)


@pytest.fixture
def postgres_url(postgres: Any) -> Iterator[str]:
    """An empty database."""
    url = postgres.lend()
    yield url
    postgres.take_back(url)
