"""What lies in deploy/ can be used as it is: settings that exist, a command that exists, options that systemd knows."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from hub.cli.parser import parser
from infra.settings import ConfigurationError, parse_settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ROOMS = ("hub", "channels", "projections", "policies", "infra")
UNITS = DEPLOY / "systemd"
WRITTEN = tomllib.loads((UNITS / "amends.toml").read_text("utf-8"))


SERVICES = {"amends.service": "serve", "amends-work@.service": "work"}


def unit(name: str = "amends.service") -> ConfigParser:
    read = ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(UNITS / name, "utf-8")
    return read


def test_every_setting_named_there_exists(tmp_path):
    settings = parse_settings(WRITTEN, {}, tmp_path)
    assert settings.address == WRITTEN["public_url"]


def test_a_setting_that_does_not_exist_would_be_noticed(tmp_path):
    with pytest.raises(ConfigurationError, match="no setting"):
        parse_settings(WRITTEN | {"databse_url": "x"}, {}, tmp_path)


@pytest.mark.parametrize("name", SERVICES)
def test_the_unit_starts_a_command_that_exists(name):
    program, *words = shlex.split(unit(name)["Service"]["ExecStart"])
    assert Path(program).name == "amends"
    asked = parser().parse_args(words)
    assert asked.run.__name__ == SERVICES[name]


def composed():
    return yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text("utf-8"))


def test_the_containers_settings_exist_and_are_where_the_containers_look(tmp_path):
    written = tomllib.loads((DEPLOY / "compose" / "amends.toml").read_text("utf-8"))
    settings = parse_settings(written, {}, tmp_path)
    assert settings.database_url.startswith("postgresql://amends@postgres:5432/")
    for name in ("desk", "worker"):
        places = {volume.split(":")[1] for volume in composed()["services"][name]["volumes"]}
        wanted = {str(settings.data), str(settings.vault), str(settings.master_key_file.parent)}
        assert wanted <= places


def test_the_containers_nats_syncs_and_is_where_the_hub_looks():
    written = tomllib.loads((DEPLOY / "compose" / "amends.toml").read_text("utf-8"))
    assert written["nats_url"].startswith("nats://nats:") and "nats" in composed()["services"]
    assert written["nats_monitor_url"].rpartition(":")[2] in composed()["services"]["nats"]["command"]
    assert "sync_interval: always" in (DEPLOY / "compose" / "nats.conf").read_text("utf-8")


@pytest.mark.parametrize("name", ["desk", "worker"])
def test_the_containers_start_commands_that_exist(name):
    service = composed()["services"][name]
    assert parser().parse_args(service["command"]).run.__name__ == {"desk": "serve", "worker": "work"}[name]
    assert set(service["environment"]) == {"PGPASSFILE"}
    dockerfile = DEPLOY / "compose" / service["build"]["dockerfile"].rpartition("/")[2]
    assert 'ENTRYPOINT ["/opt/amends/bin/amends"]' in dockerfile.read_text("utf-8")


def test_the_containers_share_the_vault_and_nothing_else_that_is_written():
    desk, worker = (set(composed()["services"][name]["volumes"]) for name in ("desk", "worker"))
    assert {volume.split(":")[0] for volume in desk & worker} == {"./etc", "vault"}


def test_the_unit_lets_the_hub_write_where_its_settings_say():
    places = [Path(place) for place in unit()["Service"]["ReadWritePaths"].split()]
    for name in ("data", "master_key_file"):
        assert any(Path(WRITTEN[name]).is_relative_to(place) for place in places), name


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_knows_every_option(name):
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(UNITS / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Unknown" not in done.stderr


def test_an_image_is_made_of_what_it_needs_and_never_of_the_secrets_beside_the_compose_file():
    lines = (DEPLOY.parent / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "**"
    let_in = {line[1:] for line in patterns if line.startswith("!")}
    assert let_in >= {"pyproject.toml", "requirements.lock", "hatch_build.py", "README.md", *ROOMS}
    assert not let_in & {"deploy", "deploy/compose", ".git", "tests"}
    assert {"**/node_modules", "**/dist"} <= set(patterns)
