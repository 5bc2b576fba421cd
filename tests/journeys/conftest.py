"""What the journeys at the desk share: the mail server, the hub and the room of one module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from hub.assembly.web import BUILT
from hub.demo.doorman import User
from tests.journeys.hub_process import LOGS, Hub, hub_running, mail_server_running
from tests.journeys.post import Post
from tests.journeys.seat import Room

TOLD = 6_000
"""Characters of a log that stand beside a failure."""

CUSTOMERS = tuple(
    User(address=f"{name.lower()}@home.example", password="secret", name=f"{name} Moreno")
    for name in ("Alice", "Ben", "Carla", "Dev", "Erin", "Finn", "Gina", "Hugo", "Iris", "Jon", "Kim", "Lina", "Mallory")
)  # fmt: skip


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What the processes said goes beside the failure."""
    report = yield
    if report.failed:
        report.sections += [(log.name, log.read_text("utf-8", "replace")[-TOLD:]) for log in _logs()]
    return report


def _logs() -> list[Path]:
    return [log for log in dict.fromkeys(LOGS) if log.exists()]


@pytest.fixture(scope="module")
def desk_is_built() -> None:
    if not (BUILT / "index.html").exists():
        pytest.skip("the desk is not built: run `python3 dev.py exec python hub/web/desk/build_desk.py`")


@pytest.fixture(scope="module")
def people() -> dict[str, User]:
    """Customers with a mailbox, by the first letters of their address."""
    return {user.address.partition("@")[0]: user for user in CUSTOMERS}


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    with mail_server_running(tmp_path_factory.mktemp("mail"), CUSTOMERS) as running:
        yield running


@pytest.fixture(scope="module")
def database_url() -> str:
    """Where the record is; "": in the data folder. A module may say otherwise."""
    return ""


@pytest.fixture(scope="module")
def hub(
    desk_is_built: None, post: Post, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    with hub_running(tmp_path_factory.mktemp("hub"), post, database_url) as running:
        yield running


@pytest.fixture(scope="module")
def room(hub: Hub, browser: Browser) -> Room:
    return Room(hub, browser)
