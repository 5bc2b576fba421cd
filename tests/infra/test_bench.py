"""Measurements can be taken by their command, and say what the page of figures says they do. How fast is not asked here."""

from __future__ import annotations

import json

import pytest

from hub.cli import main


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["bench", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_append_is_measured_against_the_library_and_the_raw_store(capsys):
    seen = told(capsys, "append", "--producers", "4", "--seconds", "0.2", "--rounds", "2")
    assert (seen["bench"], seen["store"], seen["producers"]) == ("append", "sqlite", 4)
    for name in ("hub", "library", "raw"):
        least, most = seen[f"{name}_spread"]
        assert 0 < least <= seen[f"{name}_per_s"] <= most
    assert {"ratio_library", "ratio_raw", "hub_p50_ms", "hub_p99_ms", "library_p50_ms"} <= seen.keys()


def test_append_tells_what_it_is_made_of(capsys):
    seen = told(capsys, "append", "--producers", "4", "--seconds", "0.2", "--layers")
    assert {"seal", "judge", "insert", "commit and sync"} <= seen["us_per_fact"].keys()
    assert all(taken > 0 for taken in seen["us_per_fact"].values())


def test_replay_is_measured_in_one_run(capsys):
    seen = told(capsys, "replay", "--events", "400", "--rounds", "2")
    assert (seen["bench"], seen["events"]) == ("replay", 400)
    assert {"ratio_library", "ratio_library_sealed", "ratio_raw"} <= seen.keys()


def test_the_bus_is_measured_to_the_consumers_commit(capsys):
    seen = told(capsys, "bus", "--events", "600", "--rounds", "1")
    assert (seen["bench"], seen["events"]) == ("bus", 600)
    assert seen["hub_per_s"] > 0 and seen["library_per_s"] > 0 and "ratio_library" in seen


def test_bytes_are_counted_on_both_sides(capsys):
    seen = told(capsys, "bytes", "--events", "200")
    assert seen["hub_bytes_per_event"] > 0 and {"ratio_library", "ratio_library_zlib"} <= seen.keys()


def test_loading_a_long_customer_is_measured_cold_and_warm(capsys):
    seen = told(capsys, "load-stream", "--events", "300", "--rounds", "1")
    assert {"ratio_library", "ratio_library_folded", "ratio_warm_long_to_new"} <= seen.keys()


def test_waiting_for_ones_own_write_is_measured(capsys):
    seen = told(capsys, "wait", "--waits", "2", "--rounds", "1")
    assert seen["hub_p50_ms"] > 0 and seen["library_p50_ms"] > 0 and "ratio_library" in seen


def test_catching_up_is_measured_by_pages_and_singly_and_as_a_whole_rebuild(capsys):
    seen = told(capsys, "project", "--events", "200", "--rounds", "1")
    assert seen["hub_per_s"] > 0 and seen["single_per_s"] > 0 and "ratio_single" in seen
    assert told(capsys, "project", "--events", "200", "--rounds", "1", "--whole")["seconds"]
