"""What a rep sees is the same when record, keys, desk tables and views are in PostgreSQL: the same journeys, over that store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.journeys import test_desk_work as desk
from tests.journeys.hub_process import Hub
from tests.length import IS_LONG

test_search_finds_both_languages = desk.test_search_finds_both_languages
test_two_customers_become_one_and_two_again = desk.test_two_customers_become_one_and_two_again
test_an_erased_customer_leaves_a_frame_without_words = (
    desk.test_an_erased_customer_leaves_a_frame_without_words
)
if IS_LONG:  # those that depend least on the store
    test_a_draft_outlives_the_page = desk.test_a_draft_outlives_the_page
    test_new_letters_wait_behind_a_pill = (
        desk.test_new_letters_wait_behind_a_pill_while_somebody_points_at_the_list
    )
    test_undo_keeps_the_letter_here = desk.test_undo_keeps_the_letter_here


@pytest.fixture(scope="module")
def database_url(durable_postgres: Any) -> Iterator[str]:
    url = durable_postgres.lend()
    yield url
    durable_postgres.take_back(url)


def test_nothing_of_it_is_in_the_data_folder(hub: Hub, database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        schemas = {name for (name,) in db.execute("SELECT nspname FROM pg_namespace").fetchall()}
    assert {"log", "keys", "desk"} <= schemas and any(name.startswith("views_") for name in schemas)
    assert not list((hub.folder / "hub").glob("*.sqlite"))
