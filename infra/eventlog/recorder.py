"""The eventsourcing library's own reader over our table, so that its `Application` and tools can read the record.

Its reader asks for a column called `rowid`, which SQLite reports under the name of our primary key, `position`;
a sub-select gives it that name. Writing is refused: positions come from the head row, which only the committer moves.
Use it by `APPLICATION_RECORDER_TOPIC = "infra.eventlog.recorder:LogRecorder"` or with a `ReadingDatastore`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from eventsourcing.persistence import ProgrammingError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from infra.db import open_reader

BY_ROWID: Final = (
    "(SELECT position AS rowid, originator_id, originator_version, topic, state FROM stored_events)"
)


class LogRecorder(SQLiteApplicationRecorder):
    """`select_events`, `select_notifications` and `max_notification_id` are the library's."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore, BY_ROWID)

    def create_table(self) -> None:
        """The committer's store made it."""

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        raise ProgrammingError("The log is written by its committer alone.")


class ReadingDatastore(SQLiteDatastore):
    """A datastore whose connections can't write and never checkpoint (record rule 1)."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.pool.close()
        self.pool = _ReadingPool(db_name=str(path))


class _ReadingPool(SQLiteConnectionPool):
    def _create_connection(self) -> SQLiteConnection:
        db = open_reader(Path(self.db_name))
        db.row_factory = sqlite3.Row
        return SQLiteConnection(db, max_age=self.max_age)
