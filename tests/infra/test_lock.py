"""Two hubs never work on one data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.lock import HubRunning, one_hub

HOLD = "import sys\nfrom pathlib import Path\nfrom infra.lock import one_hub\nwith one_hub(Path(sys.argv[1])):\n  print('held', flush=True); sys.stdin.read()"


def holder(data: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def test_a_second_hub_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    first = holder(tmp_path)
    with pytest.raises(HubRunning, match=f"pid {first.pid}") as refused, one_hub(tmp_path):
        pass
    assert "AMENDS_DATA" in str(refused.value)
    first.communicate("")
    with one_hub(tmp_path):
        pass


def test_a_killed_hub_leaves_the_folder_free(tmp_path: Path) -> None:
    first = holder(tmp_path)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with one_hub(tmp_path):
        assert (tmp_path / "hub.lock").read_text() == str(os.getpid())


def test_a_new_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    with one_hub(tmp_path / "deep" / "data"):
        assert (tmp_path / "deep" / "data").stat().st_mode & 0o777 == 0o700
