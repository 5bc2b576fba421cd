"""The doctor finds every wound and calls a sound record sound."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from infra.doctor import Patient, examine
from infra.erasure import erase
from tests.infra.shop import BY, Person, Shop, a_shop


def patient(shop: Shop) -> Patient:
    return Patient(
        log=shop.log, keys=shop.keys, vault=shop.vault, databases=(shop.files.log, shop.files.keys, shop.files.desk)
    )  # fmt: skip


async def test_a_sound_record_is_called_sound_also_after_an_erasure(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as shop:
        person, _ = await shop.person(), await shop.person()
        before = await examine(patient(shop))
        assert before["ok"] and before["problems"] == [] and before["erased_events"] == 0
        assert before["events"] == await shop.log.head() and before["blobs"] > 0
        await erase(person.customer, "asked for", BY, shop.erasing)
        after = await examine(patient(shop))
        assert after["ok"] and after["erased_events"] > 0


def lose_an_event(shop: Shop, person: Person) -> None:
    sql(shop, "DELETE FROM stored_events WHERE position = 3")


def cut_the_tail(shop: Shop, person: Person) -> None:
    sql(shop, "DELETE FROM stored_events WHERE position = (SELECT max(position) FROM stored_events)")


def swap_versions(shop: Shop, person: Person) -> None:
    sql(shop, "UPDATE stored_events SET originator_version = 900 WHERE position = 4")


def change_a_byte(shop: Shop, person: Person) -> None:
    sql(
        shop,
        "UPDATE stored_events SET state = CAST(substr(state, 1, length(state) - 1) || x'00' AS BLOB) WHERE position = 2",
    )


def turn_bytes_into_text(shop: Shop, person: Person) -> None:
    sql(shop, "UPDATE stored_events SET state = '\ud7ff' || CAST(x'ff' AS TEXT) WHERE position = 2")


def lose_a_blob(shop: Shop, person: Person) -> None:
    shop.vault.path(person.blobs[0]).unlink()


def damage_a_blob(shop: Shop, person: Person) -> None:
    path = shop.vault.path(person.blobs[1])
    path.write_bytes(path.read_bytes()[:-1])


def lose_a_key(shop: Shop, person: Person) -> None:
    forget = "DELETE FROM data_keys WHERE id = ?"
    shop.keys.file.do_now(lambda db: db.execute(forget, (str(UUID(str(person.customer))),)))
    shop.keys.forget_cached()


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        (lose_an_event, "positions"),
        (cut_the_tail, "positions"),
        (swap_versions, "versions"),
        (change_a_byte, "decodable"),
        (turn_bytes_into_text, "readable"),
        (lose_a_blob, "blobs"),
        (damage_a_blob, "blobs"),
        (lose_a_key, "keys"),
    ],
)
async def test_every_wound_is_found(tmp_path: Path, harm: Callable[[Shop, Person], None], check: str) -> None:
    async with a_shop(tmp_path) as shop:
        person = await shop.person()
        await shop.settled()
        harm(shop, person)
        report = await examine(patient(shop))
        assert not report["ok"] and check in {problem["check"] for problem in report["problems"]}
        assert not any(canary in str(report) for canary in person.canaries)


def sql(shop: Shop, statement: str) -> None:
    with sqlite3.connect(shop.files.log) as db:
        db.execute(statement)
