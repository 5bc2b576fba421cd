"""What Prometheus reads, and who may."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hub.app.enduring import Trouble
from hub.app.ports import Envelope, Request, Write
from hub.assembly.house import House
from hub.assembly.verbs import handlers
from hub.assembly.web import application
from hub.cli.examining import trouble_of
from hub.domain.ids import StreamId
from hub.domain.reaction.events import ReactionParked
from hub.domain.vocabulary import Actor
from infra.settings import ConfigurationError
from projections.pages import NAMES
from tests.journeys.house import a_house, deliver, settings_in

TOKEN = "a-token-of-the-test"
LETTER = (
    b"From: Zoe Canary <zoe@canary.example>\r\nTo: support@shop.example\r\nSubject: Canary\r\n\r\nCanary\r\n"
)


def token_in(folder: Path, mode: int = 0o600) -> Path:
    file = folder / "metrics.token"
    file.write_text(TOKEN + "\n")
    file.chmod(mode)
    return file


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, metrics_token_file=str(token_in(tmp_path))) as house:
        yield house


async def asked(house: House, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(application(house))
    async with httpx.AsyncClient(transport=transport, base_url=house.settings.address) as browser:
        return await browser.get("/metrics", headers=headers)


async def told(house: House) -> dict[tuple[str, str], float]:
    answer = await asked(house, Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    return {
        (sample.name, sample.labels.get("projection", "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_every_projection_tells_where_it_stands(house):
    since = time.time()
    await deliver(house, LETTER)
    head = await house.log.head()
    await house.runner.reached(head)
    seen = await told(house)
    assert seen["amends_log_position", ""] == head > 0
    for name in NAMES:
        assert seen["amends_projection_position", name] == head
        assert seen["amends_projection_lag_events", name] == 0
        assert seen["amends_projection_lag_seconds", name] == 0
        assert seen["amends_projection_parked_events", name] == 0
        assert since < seen["amends_projection_heartbeat_timestamp_seconds", name] <= time.time()
    assert seen["amends_views_in_trouble", ""] == 0
    assert seen["process_resident_memory_bytes", ""] > 0


async def test_parked_causes_are_counted_beyond_a_page_of_them(house):
    stream, envelope = StreamId(uuid4()), Envelope(actor=Actor(kind="system", id="test"), command=uuid4())
    await house.keys.ensure(stream)
    causes = tuple(ReactionParked(policy="receipt", cause=n, stream=stream, why="x") for n in range(1, 202))
    answer = await house.log.append(
        Request(envelope=envelope, writes=(Write(stream=stream, expected=0, events=causes),))
    )
    await house.runner.reached(answer.positions[-1])
    assert (await told(house))["amends_causes_parked", ""] == 201
    status = await handlers(house)["status"]({})
    assert (len(status["parked_causes"]), status["parked_causes_in_all"]) == (200, 201)


async def test_work_in_trouble_is_counted_and_named_where_people_look(house):
    assert (await told(house))["amends_work_in_trouble", ""] == 0
    house.turns.endurance.troubles["timers"] = Trouble(why="RuntimeError", times=3)
    assert (await told(house))["amends_work_in_trouble", ""] == 1
    for verb in ("status", "doctor"):
        (work,) = (await handlers(house)[verb]({}))["work_in_trouble"]
        assert work == {"name": "timers", "why": "RuntimeError", "times": 3}
        assert "timers: failed 3 times" in trouble_of(work)


async def test_views_that_stand_still_are_seen_to_lag(house):
    await deliver(house, LETTER)
    await house.runner.reached(await house.log.head())
    async with house.runner.turn:
        await deliver(house, LETTER.replace(b"zoe", b"ben"))
        seen = await told(house)
    assert seen["amends_projection_lag_events", "inbox"] > 0
    assert seen["amends_projection_lag_seconds", "inbox"] > 0


async def test_nothing_of_a_customer_is_told(house):
    await deliver(house, LETTER)
    await house.runner.reached(await house.log.head())
    text = (await asked(house, Authorization=f"Bearer {TOKEN}")).text.lower()
    assert "canary" not in text
    assert "support@" not in text


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer wrong", "Basic " + TOKEN, TOKEN, "Bearer " + TOKEN + "x"]
)
async def test_nobody_reads_them_without_the_token(house, shown):
    answer = await asked(house, Authorization=shown)
    assert answer.status_code == 401
    assert "amends_" not in answer.text


async def test_without_the_setting_there_is_no_such_page(tmp_path):
    async with a_house(tmp_path) as house:
        assert "amends_log_position" not in (await asked(house, Authorization="Bearer ")).text


def test_a_token_that_others_can_read_is_refused_at_start(tmp_path):
    with pytest.raises(ConfigurationError, match=r"metrics_token_file .* chmod 600"):
        settings_in(tmp_path, metrics_token_file=str(token_in(tmp_path, 0o644)))
