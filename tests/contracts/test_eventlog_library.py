"""The eventsourcing library reads our log with its own classes, and cannot write to it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import ProgrammingError, StoredEvent
from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteDatastore

from infra.codec import MemoryRing
from infra.eventlog import open_log
from infra.eventlog.recorder import LogRecorder, ReadingDatastore
from tests.contracts.eventlog_examples import ADA, BEN, request, write


@pytest.fixture
async def path(tmp_path):
    log = await open_log(tmp_path / "log.db", MemoryRing())
    await log.append(request(write(ADA, 0, "a1", "a2"), write(BEN, 0, "b1")))
    yield tmp_path / "log.db"
    await log.close()


@pytest.fixture
def recorder(path):
    recorder = LogRecorder(ReadingDatastore(path))
    yield recorder
    recorder.datastore.close()


def test_its_recorder_selects_our_notifications(recorder):
    found = recorder.select_notifications(start=2, limit=10)
    assert [(one.id, one.originator_id, one.originator_version) for one in found] == [
        (2, ADA, 2),
        (3, BEN, 1),
    ]
    assert {one.topic for one in found} == {"customer.named.v1"}
    assert [one.id for one in recorder.select_notifications(start=2, limit=1, inclusive_of_start=False)] == [
        3
    ]
    assert recorder.select_notifications(start=1, limit=10, topics=["other"]) == []
    assert recorder.max_notification_id() == 3


def test_its_recorder_selects_our_events(recorder):
    assert [one.originator_version for one in recorder.select_events(ADA)] == [1, 2]
    assert [one.originator_version for one in recorder.select_events(ADA, gt=1)] == [2]
    assert [one.originator_version for one in recorder.select_events(ADA, desc=True, limit=1)] == [2]


def test_its_stock_recorder_selects_our_events_too(path):
    datastore = SQLiteDatastore(str(path))
    found = SQLiteAggregateRecorder(datastore).select_events(ADA)
    datastore.close()
    assert [(one.originator_id, one.originator_version) for one in found] == [(ADA, 1), (ADA, 2)]


def test_its_application_shows_our_notification_log(path):
    topic = "infra.eventlog.recorder:LogRecorder"
    app = Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(path),
            "APPLICATION_RECORDER_TOPIC": topic,
        }
    )
    assert [one.id for one in app.notification_log.select(1, 10)] == [1, 2, 3]
    app.close()


def test_nobody_writes_through_it(recorder):
    foreign = StoredEvent(originator_id=uuid4(), originator_version=1, topic="x", state=b"")
    with pytest.raises(ProgrammingError, match="committer alone"):
        recorder.insert_events([foreign])
    assert recorder.max_notification_id() == 3
