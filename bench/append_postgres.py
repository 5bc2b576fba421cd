"""The contestants of `bench.append` on PostgreSQL: a server of their own, with its sync settings as they come.

AMENDS_BENCH_DATABASE_URL names another server to use instead; it is asked to make and drop the database amends_bench.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.append import BATCH, ROW_BYTES, Run, appended, saved
from infra.codec import MemoryRing
from infra.eventlog.postgres import open_postgres_log
from tests.servers.postgres import running

NAME = "amends_bench"
RAW = """CREATE TABLE raw (stream uuid, version bigint, topic text, state bytea, position bigint UNIQUE,
    PRIMARY KEY (stream, version))"""
TYPES = ("uuid", "int8", "text", "bytea", "int8")


@contextmanager
def prepared() -> Iterator[Run]:
    """Each contestant gets a database of its own, every time."""
    contestants = {"hub": hub, "library": library, "raw": raw}

    with server() as url:

        async def run(name: str, producers: int, seconds: float) -> list[float]:
            with database(url) as own:
                return await contestants[name](own, producers, seconds)

        yield run


@contextmanager
def server() -> Iterator[str]:
    given = os.environ.get("AMENDS_BENCH_DATABASE_URL")
    if given:
        yield given
        return
    with running({"max_wal_size": "2GB", "shared_buffers": "256MB"}) as cluster:
        yield cluster.url()


@contextmanager
def database(url: str) -> Iterator[str]:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"DROP DATABASE IF EXISTS {NAME}")
        db.execute(f"CREATE DATABASE {NAME} TEMPLATE template0")
        db.execute("CHECKPOINT")
        yield make_conninfo(url, dbname=NAME)
        db.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


async def hub(url: str, producers: int, seconds: float) -> list[float]:
    return await appended(await open_postgres_log(url, MemoryRing()), producers, seconds)


async def library(url: str, producers: int, seconds: float) -> list[float]:
    parts = conninfo_to_dict(url)
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts.get("password", "")),
    }
    return await saved(Application[Any](env=env), producers, seconds)


async def raw(url: str, producers: int, seconds: float) -> list[float]:
    """Rows by COPY, by one writer; a batch's time is shared out among its rows."""
    return await asyncio.to_thread(_copied, url, producers, seconds)


def _copied(url: str, producers: int, seconds: float) -> list[float]:
    state, waits, position = random.randbytes(ROW_BYTES), list[float](), 0
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(RAW)
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            with db.cursor().copy("COPY raw FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(TYPES)
                for nth in range(position + 1, position + BATCH + 1):
                    copy.write_row((UUID(int=nth % producers), nth, "message.received.v1", state, nth))
            position += BATCH
            waits += [(time.perf_counter() - began) / BATCH] * BATCH
    return waits
