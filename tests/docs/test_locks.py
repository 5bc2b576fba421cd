"""The locks: complete, hashed, without addresses, and in step with what the project asks for."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())


def asked_for() -> set[str]:
    """Every distribution that pyproject.toml names, for running, for the demo and for development."""
    groups = PROJECT["dependency-groups"].values()
    extras = PROJECT["project"]["optional-dependencies"].values()
    lines = [*PROJECT["project"]["dependencies"], *(line for group in [*groups, *extras] for line in group)]
    return {plain(line) for line in lines if isinstance(line, str)}


def plain(line: str) -> str:
    return re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-")


def test_every_pin_is_exact_and_hashed():
    loose = [pin for pin in PINS if not re.match(r"[\w.-]+==\S+", pin) or "--hash=sha256:" not in pin]
    assert not loose


def test_the_lock_holds_all_that_is_asked_for():
    assert asked_for() - {plain(pin) for pin in PINS} == set()


def test_the_lock_holds_no_address():
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_the_lock_of_the_desk_holds_no_address():
    packages = json.loads((ROOT / "hub/web/desk/package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_the_lock_of_the_desk_is_hashed():
    packages = json.loads((ROOT / "hub/web/desk/package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
