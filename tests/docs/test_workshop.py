"""dev.py tells the truth: what it counts, what it skips, and what it leaves behind."""

import time
from pathlib import Path

import pytest

import dev
from dev import Outcome


def results(folder: Path, numbers: str) -> Path:
    path = folder / "results.xml"
    path.write_text(f"<testsuites><testsuite {numbers}/></testsuites>")
    return path


def test_errors_count_as_failures(tmp_path):
    seen = dev.count(
        "unit", results(tmp_path, 'tests="9" failures="1" errors="2" skipped="3"'), code=1, seconds=0
    )
    assert (seen.passed, seen.failed, seen.skipped) == (3, 3, 3)


def test_a_pytest_that_died_is_a_failure(tmp_path):
    assert dev.count("unit", tmp_path / "never-written.xml", code=-9, seconds=0).failed == 1


def test_no_tests_are_no_failure(tmp_path):
    assert dev.count("unit", tmp_path / "never-written.xml", code=dev.NO_TESTS, seconds=0).failed == 0


def test_the_last_line_sums_up_all_stages(capsys):
    code = dev.report([Outcome("unit", "pytest", passed=5, skipped=1), Outcome("checks", "mypy", failed=1)])
    assert capsys.readouterr().out.splitlines()[-1] == "5 passed, 1 failed, 1 skipped"
    assert code == 1


def test_what_stands_after_the_dashes_is_for_pytest():
    assert dev.split_at_dashes(["test", "unit", "--", "-k", "x"]) == (["test", "unit"], ["-k", "x"])


def test_unwanted_programs_are_counted_as_skipped():
    assert sum(one.skipped for one in dev.prepare_system(is_unwanted=True)) == len(dev.SYSTEM_PACKAGES)


def test_an_unknown_stage_is_named_before_anything_is_prepared():
    with pytest.raises(dev.Stop, match="there is no stage 'jurneys'"):
        dev.run_verb(["test", "jurneys"])


def test_daemons_may_start_again_after_an_installation_that_broke(tmp_path, monkeypatch):
    monkeypatch.setattr(dev, "START_NO_DAEMONS", tmp_path / "policy")
    with pytest.raises(OSError, match="no space"), dev.daemons_kept_from_starting():
        assert (tmp_path / "policy").read_text().endswith("exit 101\n")
        raise OSError("no space")
    assert not (tmp_path / "policy").exists()


def test_a_policy_that_was_there_before_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(dev, "START_NO_DAEMONS", tmp_path / "policy")
    (tmp_path / "policy").write_text("mine")
    with dev.daemons_kept_from_starting():
        pass
    assert (tmp_path / "policy").read_text() == "mine"


def test_a_stage_that_hangs_is_ended_with_all_it_started_and_is_a_failure(tmp_path, capsys):
    alive = tmp_path / "alive"
    hangs = f"(while :; do date > {alive}; sleep 0.05; done) & until [ -e {alive} ]; do :; done; touch {alive}2; wait"
    assert dev.run_for(1.0, ["bash", "-c", hangs], {}) == 1
    assert "is ended" in capsys.readouterr().out
    assert (tmp_path / "alive2").exists()
    alive.unlink()
    time.sleep(0.2)
    assert not alive.exists()


def test_a_stage_that_ends_keeps_its_code():
    assert dev.run_for(30.0, ["bash", "-c", "exit 5"], {}) == dev.NO_TESTS
