"""The power fails: nothing that was acknowledged is lost, in either model of what a sync settles (R3).

A real process is recorded by strace once; a cut is then a matter of dice, and every cut is opened with the real record.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.faults.power import Model, Story, left_of, story_of
from tests.faults.reopening import verdict
from tests.faults.tracing import traced

ROOT = Path(__file__).resolve().parents[2]
FACTS = 30
pytestmark = [pytest.mark.needs("strace"), pytest.mark.timeout(600)]


def recorded(folder: Path, *sabotage: str) -> tuple[Story, Path]:
    """What one life of the record did to its data folder; its master key lies beside it, as always."""
    data, master = folder / "data", folder / "master.key"
    data.mkdir()
    child = [sys.executable, "-m", "tests.faults.power_child", str(data), str(master), str(FACTS), *sabotage]
    return story_of(traced(child, folder / "trace", cwd=ROOT), data), master


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, Path]:
    return recorded(tmp_path_factory.mktemp("synced"))


@pytest.fixture(scope="module")
def careless_life(tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, Path]:
    return recorded(tmp_path_factory.mktemp("unsynced"), "unsynced")


async def cut(story: Story, master: Path, model: Model, seed: int, folder: Path) -> str:
    dice = Random(seed)
    first = story.acknowledged[0][0]
    moment = dice.choice([at for at in story.moments if at > first])
    image = folder / f"{model}-{seed}"
    image.mkdir()
    left_of(story, moment, model, dice, image)
    promised = [what for at, what in story.acknowledged if at <= moment]
    try:
        return await verdict(image, master, promised)
    except Exception as broken:  # noqa: BLE001 - whatever keeps the record from opening is a loss
        return f"{type(broken).__name__}: {broken}"


async def cuts(life: tuple[Story, Path], model: Model, count: int, folder: Path) -> Counter[str]:
    story, master = life
    return Counter([await cut(story, master, model, seed, folder) for seed in range(count)])


def test_the_recorded_process_acknowledged_everything(life):
    story, _ = life
    assert len(story.acknowledged) == FACTS
    assert len(story.syncs) >= FACTS


@pytest.mark.parametrize("model", ["journalled", "strict"])
async def test_a_power_cut_loses_nothing_that_was_acknowledged(life, model, is_long, tmp_path):
    count = 1_000 if is_long else 40
    assert await cuts(life, model, count, tmp_path) == {"whole": count}


async def test_without_the_sync_at_least_half_of_the_cuts_lose_something(careless_life, tmp_path):
    seen = await cuts(careless_life, "journalled", 20, tmp_path)
    assert seen["whole"] <= 10, seen


async def test_a_blob_whose_folder_was_not_synced_is_lost(tmp_path):
    """Why the vault syncs folders too (record rule 2): the control of the strict model."""
    seen = await cuts(recorded(tmp_path, "nameless"), "strict", 20, tmp_path)
    assert seen["whole"] <= 10, seen
