"""One house per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.web import passwords
from tests.web.house import QUICK, House, house


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(passwords, "_HASHER", QUICK)
    passwords._nobody.cache_clear()
    async with house(tmp_path) as made:
        yield made
