"""The house rules that a linter does not know."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("hub", "channels", "projections", "policies", "infra")
LONGEST = 250
MAY_BE_LONGER: dict[str, str] = {  # module: the reason
    "hub/app/ports.py": "every port on one page: who adds an implementation reads them all",
}

MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:work|root|home/\w+|Users/\w+)/\w")
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry.npm" + "js",
    "npm" + "js.org/",
    "deb.debian" + ".org",
)


def tracked() -> list[Path]:
    """The files of the project, as git knows them, whose text a person wrote."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def test_a_module_fits_on_a_few_screens():
    modules = [
        path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "node_modules" not in path.parts
    ]
    lengths = {str(path.relative_to(ROOT)): len(text_of(path).splitlines()) for path in modules}
    too_long = {
        name: lines for name, lines in lengths.items() if lines > LONGEST and name not in MAY_BE_LONGER
    }
    assert not too_long, f"longer than {LONGEST} lines: {too_long}"


def test_no_exception_from_the_length_outlives_its_reason():
    stale = [name for name in MAY_BE_LONGER if len(text_of(ROOT / name).splitlines()) <= LONGEST]
    assert not stale, f"short enough by now: {stale}"


def test_no_file_names_somebodys_machine():
    found = [(path.name, hit.group()) for path in tracked() for hit in MACHINE_PATH.finditer(text_of(path))]
    assert not found


def test_no_file_names_a_package_registry():
    found = [(path.name, host) for path in tracked() for host in REGISTRIES if host in text_of(path)]
    assert not found


def test_a_hub_on_files_loads_no_driver_of_other_stores():
    """A mail server that pipes letters in waits for every import."""
    asked = (
        "import sys, hub.assembly.house, hub.assembly.working; print({'psycopg', 'nats'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
