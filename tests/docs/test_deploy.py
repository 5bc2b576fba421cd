"""What lies in deploy/ can be used as it is: settings that exist, a command that exists, options that systemd knows."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from hub.cli.parser import parser
from infra.settings import ConfigurationError, parse_settings

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
WRITTEN = tomllib.loads((UNITS / "amends.toml").read_text("utf-8"))


def unit() -> ConfigParser:
    read = ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(UNITS / "amends.service", "utf-8")
    return read


def test_every_setting_named_there_exists(tmp_path):
    settings = parse_settings(WRITTEN, {}, tmp_path)
    assert settings.address == WRITTEN["public_url"]


def test_a_setting_that_does_not_exist_would_be_noticed(tmp_path):
    with pytest.raises(ConfigurationError, match="no setting"):
        parse_settings(WRITTEN | {"databse_url": "x"}, {}, tmp_path)


def test_the_unit_starts_a_command_that_exists():
    program, *words = shlex.split(unit()["Service"]["ExecStart"])
    assert Path(program).name == "amends"
    asked = parser().parse_args(words)
    assert asked.run.__name__ == "serve"


def test_the_unit_lets_the_hub_write_where_its_settings_say():
    places = [Path(place) for place in unit()["Service"]["ReadWritePaths"].split()]
    for name in ("data", "master_key_file"):
        assert any(Path(WRITTEN[name]).is_relative_to(place) for place in places), name


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_knows_every_option():
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(UNITS / "amends.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Unknown" not in done.stderr
