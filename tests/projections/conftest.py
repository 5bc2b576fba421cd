"""Every test of what views say runs over both stores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.projections.hubs import hubs, quick  # noqa: F401 - fixtures
from tests.projections.places import Place, new_place


@pytest.fixture(params=["file", "postgres"])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_place(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], Place]:
    """Another empty one."""
    url: Any = request.getfixturevalue("postgres_url") if store == "postgres" else ""
    return lambda: new_place(store, tmp_path, url)


@pytest.fixture
def place(make_place: Callable[[], Place]) -> Place:
    return make_place()
