"""Opening SQLite files (record rule 1)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from infra import db
from infra.codec import MemoryRing
from infra.db import UnsafeStore, filesystem, open_reader, open_writer, refuse_network, transaction
from infra.eventlog import open_log
from tests.contracts.eventlog_examples import ADA, request, write

MOUNTS = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 27 0:40 / /srv/share rw,relatime shared:1 - nfs4 server:/export rw
29 27 0:41 / /srv/with\\040space rw - cifs //server/share rw
30 27 0:42 / /srv/share/local rw - xfs /dev/vdb rw
"""


@pytest.fixture
def mounts(tmp_path):
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    return path


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/amends/log.db", "ext4"),
        ("/srv/share/log.db", "nfs4"),
        ("/srv/with space/log.db", "cifs"),
        ("/srv/share/local/log.db", "xfs"),
        ("/srv/sharemore/log.db", "ext4"),
    ],
)
def test_the_deepest_mount_tells_the_filesystem(path, kind, mounts):
    assert filesystem(Path(path), mounts) == kind


def test_where_the_system_does_not_tell_nothing_is_known(tmp_path):
    assert filesystem(tmp_path, tmp_path / "absent") == ""


def test_a_network_filesystem_is_refused_with_the_fix(monkeypatch, mounts):
    monkeypatch.setattr(db, "filesystem", lambda path: filesystem(path, mounts))
    with pytest.raises(UnsafeStore, match=r"\(nfs4\)\. Move the data folder"):
        refuse_network(Path("/srv/share/log.db"))
    refuse_network(Path("/var/lib/amends/log.db"))


def test_a_reader_can_not_write(tmp_path):
    writer = open_writer(tmp_path / "a file.db", durable=True)
    writer.execute("CREATE TABLE t (x)")
    reader = open_reader(tmp_path / "a file.db")
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("INSERT INTO t VALUES (1)")
    reader.close()
    writer.close()


def test_a_reader_makes_no_file(tmp_path):
    with pytest.raises(sqlite3.OperationalError):
        open_reader(tmp_path / "absent.db").execute("SELECT 1 FROM sqlite_schema")
    assert not (tmp_path / "absent.db").exists()


def test_a_transaction_is_all_or_nothing(tmp_path):
    writer = open_writer(tmp_path / "t.db", durable=False)
    writer.execute("CREATE TABLE t (x)")
    with transaction(writer):
        writer.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(ZeroDivisionError), transaction(writer):
        writer.execute("INSERT INTO t VALUES (2)")
        raise ZeroDivisionError
    assert writer.execute("SELECT x FROM t").fetchall() == [(1,)]
    writer.close()


async def test_a_log_closed_in_peace_leaves_one_file(tmp_path):
    log = await open_log(tmp_path / "log.sqlite", MemoryRing())
    await log.append(request(write(ADA, 0, "Ada")))
    assert await log.read_all()
    await log.close()
    assert [path.name for path in tmp_path.iterdir()] == ["log.sqlite"]
