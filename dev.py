#!/usr/bin/env python3
"""Amends' workshop: one verb for each thing a developer does, on a machine with only Python >= 3.11.

    python3 dev.py demo              a hub, a small mail server, a shop and its customers
    python3 dev.py test              everything that can be shown to work
    python3 dev.py check             the static tools and the unit tests, before each commit
    python3 dev.py fix               formats, and repairs what can be repaired without thinking
    python3 dev.py bench NAME        measurements
    python3 dev.py exec CMD...       any command, inside the prepared environment

Each verb first prepares what it needs and says why: the folder .venv from requirements.lock, the desk from its
sources. What is up to date is left alone, so the second time is quick. What cannot be had is skipped loudly.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("AMENDS_VENV") or ROOT / ".venv").absolute()
CACHE = ROOT / ".cache"
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
BUILD_DESK = ("python", "hub/web/desk/build_desk.py")
NO_DESK_TOOLS = 3  # build_desk.py: Node.js or the npm registry is out of reach
NO_TESTS = 5  # pytest: nothing collected
ORDERED = {
    "faults": ["--no-loadscope-reorder"]
}  # few files, one of which takes half the time: it begins first
PATIENT = ("-o", "faulthandler_exit_on_timeout=false")  # long tests may take longer than any short one
LONGEST = {
    False: 20 * 60,
    True: 4 * 3600,
}  # seconds of a stage, without and with --long: one that hangs is a failure

CHECKS = {
    "ruff": ("ruff", "check", "--quiet", "--output-format=concise", "."),
    "format": ("ruff", "format", "--quiet", "--check", "--output-format=concise", "."),
    "mypy": ("mypy",),
    "imports": ("lint-imports", "--no-logo", "--cache-dir", ".cache/import-linter"),
    "tsc": (*BUILD_DESK, "npm", "run", "--silent", "typecheck"),
    "vitest": (*BUILD_DESK, "npm", "run", "--silent", "test"),
}
NEED_DESK_TOOLS = {"tsc", "vitest"}
APART = ("contracts", "journeys", "faults")  # folders of tests/ that are stages of their own
STAGES = ("checks", "unit", *APART)

SYSTEM_PACKAGES = {
    "chromium": "the browser that walks the journeys",
    "fonts-droid-fallback": "Chinese glyphs for that browser",
    "dovecot-imapd": "a mailbox server of the kind customers use",
    "dovecot-lmtpd": "delivery into its mailboxes",
    "dovecot-submissiond": "submission by its users",
    "exim4-daemon-light": "a mail transfer agent of the kind customers use",
    "strace": "what a process did to its files, for power cuts made offline",
}
START_NO_DAEMONS = Path("/usr/sbin/policy-rc.d")


class Stop(Exception):
    """Something that a person has to mend first; the message says how."""


@dataclass(frozen=True)
class Outcome:
    """What one step came to."""

    stage: str
    step: str
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""


# ---- the verbs


def main(arguments: Sequence[str]) -> int:
    if sys.version_info < (3, 11):
        print(
            f"Amends needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).",
            file=sys.stderr,
        )
        return 2
    try:
        return run_verb(list(arguments))
    except Stop as reason:
        print(f"workshop: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run_verb(arguments: list[str]) -> int:
    if arguments and arguments[0] in HANDED_ON:
        return HANDED_ON[arguments[0]](arguments[1:])
    ours, theirs = split_at_dashes(arguments)
    options = parser().parse_args(ours)
    if options.verb == "test":
        return test(options, theirs)
    return check(theirs) if options.verb == "check" else fix()


def split_at_dashes(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What stands before `--` is ours, what stands after it is pytest's."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    testing = verbs.add_parser(
        "test",
        help="run all stages, or the named ones; what follows -- goes to pytest",
        description=test.__doc__,
    )
    testing.add_argument(
        "stages", nargs="*", metavar="STAGE", help=f"any of: {', '.join(STAGES)} (default: all)"
    )
    testing.add_argument("--long", action="store_true", help="the long form of tests that have one, too")
    testing.add_argument("--no-system", action="store_true", help="neither install nor use Debian's packages")
    verbs.add_parser("check", help="static tools and unit tests; what follows -- goes to pytest")
    verbs.add_parser("fix", help="let ruff format and repair the code")
    verbs.add_parser("demo", help="start the demo; what follows goes to `amends demo`", add_help=False)
    verbs.add_parser("bench", help="measure; what follows goes to `amends bench`", add_help=False)
    verbs.add_parser("exec", help="run a command inside the prepared environment", add_help=False)
    return top


def demo(arguments: list[str]) -> int:
    prepare_python()
    prepare_desk()
    return become("amends", "demo", *arguments)


def bench(arguments: list[str]) -> int:
    prepare_python()
    return become("amends", "bench", *arguments)


def execute(arguments: list[str]) -> int:
    if not arguments:
        raise Stop("exec needs a command, as in: python3 dev.py exec amends --help")
    prepare_python()
    return become(*arguments)


def fix() -> int:
    prepare_python()
    run("ruff", "check", "--fix", ".")
    return run("ruff", "format", ".").returncode


def check(pytest_arguments: list[str]) -> int:
    python = prepare_python()
    desk = prepare_desk()
    return report([python, desk, *static_checks(desk), unit_stage({}, pytest_arguments)])


def test(options: argparse.Namespace, pytest_arguments: list[str]) -> int:
    """Run the stages in order, all of them even when one fails, and say at the end what each came to."""
    chosen = options.stages or list(STAGES)
    if unknown := [stage for stage in chosen if stage not in STAGES]:
        raise Stop(f"there is no stage {unknown[0]!r}; the stages are {', '.join(STAGES)}")
    python = prepare_python()
    desk = prepare_desk()
    outcomes = [python, desk]
    if set(chosen) & set(APART):
        outcomes += prepare_system(options.no_system)
    settings = test_settings(options)
    pytest_arguments = [*(PATIENT if options.long else ()), *pytest_arguments]
    for stage in chosen:
        if stage == "checks":
            outcomes += static_checks(desk)
        elif stage == "unit":
            outcomes.append(unit_stage(settings, pytest_arguments))
        else:
            outcomes.append(pytest_stage(stage, [f"tests/{stage}"], settings, pytest_arguments))
    return report(outcomes)


HANDED_ON = {"demo": demo, "bench": bench, "exec": execute}


# ---- stages


def test_settings(options: argparse.Namespace) -> dict[str, str]:
    wanted = {"AMENDS_TEST_LONG": options.long, "AMENDS_TEST_NO_SYSTEM": options.no_system}
    return {name: "1" for name, is_wanted in wanted.items() if is_wanted}


def static_checks(desk: Outcome) -> list[Outcome]:
    return [
        skipped_check(name) if desk.skipped and name in NEED_DESK_TOOLS else static_check(name, command)
        for name, command in CHECKS.items()
    ]


def skipped_check(name: str) -> Outcome:
    say(f"{name}: SKIPPED, the desk's tools cannot be had here")
    return Outcome("checks", name, skipped=1, note="no tools for the desk")


def static_check(name: str, command: Sequence[str]) -> Outcome:
    """A tool that is content says nothing; one that is not is quoted in full."""
    started = time.monotonic()
    done = run(*command, quiet=True)
    seconds = time.monotonic() - started
    verdict = "FAILED" if done.returncode else "ok"
    say(f"{name}: {verdict} ({seconds:.1f} s)")
    if done.returncode:
        print(done.stdout, flush=True)
    return Outcome("checks", name, seconds, failed=int(done.returncode != 0), note=verdict)


def unit_stage(settings: dict[str, str], pytest_arguments: list[str]) -> Outcome:
    """Every folder of tests/ that is not a stage of its own."""
    ignored = [f"--ignore=tests/{folder}" for folder in APART]
    return pytest_stage("unit", ["tests", *ignored], settings, pytest_arguments)


def pytest_stage(stage: str, where: list[str], settings: dict[str, str], more: list[str]) -> Outcome:
    if not (ROOT / where[0]).is_dir():
        say(f"{stage}: there is no folder {where[0]} yet")
        return Outcome(stage, "pytest", note="no such folder yet")
    say(f"{stage}: running pytest")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="amends-") as folder:
        results = Path(folder, "results.xml")
        beside = ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadgroup", *ORDERED.get(stage, ())]
        command = ["pytest", "-q", "--durations=5", f"--junitxml={results}", *beside, *where, *more]
        code = run_for(LONGEST[bool(settings.get("AMENDS_TEST_LONG"))], command, settings)
        return count(stage, results, code, time.monotonic() - started)


def count(stage: str, results: Path, code: int, seconds: float) -> Outcome:
    """Read pytest's own report; a pytest that died before writing one is a failure."""
    passed = failed = skipped = 0
    if results.exists():
        for suite in ElementTree.parse(results).getroot().iter("testsuite"):  # noqa: S314 (our own pytest wrote it)
            wrong = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            left_out = int(suite.get("skipped", 0))
            failed, skipped = failed + wrong, skipped + left_out
            passed += int(suite.get("tests", 0)) - wrong - left_out
    if code not in (0, NO_TESTS):
        return Outcome(
            stage, "pytest", seconds, passed, max(failed, 1), skipped, f"FAILED (pytest's exit code {code})"
        )
    return Outcome(
        stage, "pytest", seconds, passed, failed, skipped, "no tests" if code == NO_TESTS else "ok"
    )


def report(outcomes: list[Outcome]) -> int:
    """The table, what is missing, and one plain line that a machine can read."""
    print(f"\n{'stage':<10} {'step':<22} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for one in outcomes:
        numbers = f"{one.passed or '':>7} {one.failed or '':>7} {one.skipped or '':>8} {one.seconds:>8.1f}"
        print(f"{one.stage:<10} {one.step:<22} {numbers}  {one.note}")
    print(f"{'all':<10} {'':<22} {'':>7} {'':>7} {'':>8} {sum(one.seconds for one in outcomes):>8.1f}\n")
    passed, failed, skipped = (
        sum(getattr(one, what) for one in outcomes) for what in ("passed", "failed", "skipped")
    )
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


# ---- preparing: Python


def prepare_python() -> Outcome:
    """Bring .venv in line with requirements.lock and pyproject.toml; one preparation at a time."""
    started = time.monotonic()
    with alone():
        if not venv_is_sound():
            make_venv()
        if stamp("lock") != digest(LOCK):
            install_lock()
        if stamp("project") != digest(PROJECT):
            install_project()
    return Outcome("prepare", "python", time.monotonic() - started, note="ok")


def venv_is_sound() -> bool:
    """Scripts in a venv name its folder, so a moved one is made anew, as is one whose Python is gone."""
    return (VENV / "bin/python").exists() and stamp("home") in ("", str(VENV)) and (VENV / "bin/pip").exists()


def make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        install_ensurepip()
    say(f"making {shown(VENV)}, an environment of our own, so that nothing else on this machine changes")
    if VENV.exists():
        shutil.rmtree(VENV)
    base = getattr(sys, "_base_executable", sys.executable) or sys.executable
    made = subprocess.run([base, "-m", "venv", str(VENV)], stdin=subprocess.DEVNULL, check=False)
    if made.returncode:
        raise Stop(f"`{base} -m venv` failed; its words stand above")
    set_stamp("home", str(VENV))


def install_ensurepip() -> None:
    """Debian ships Python without the part that makes environments."""
    package = f"python3.{sys.version_info.minor}-venv"
    advice = f"this Python cannot make environments; on Debian or Ubuntu: apt-get install {package}"
    if not (is_root() and shutil.which("apt-get")):
        raise Stop(advice)
    say(f"installing {package}, because this Python cannot make environments without it")
    if reason := apt_install([package]):
        raise Stop(f"{advice}\n{reason}")


def install_lock() -> None:
    say("installing what requirements.lock names into it (this takes a minute or so the first time)")
    started = time.monotonic()
    pip("--require-hashes", "--no-deps", "--no-compile", "-r", str(LOCK))
    set_stamp("lock", digest(LOCK))
    say(f"installed in {time.monotonic() - started:.0f} s")


def install_project() -> None:
    say("linking this folder into it, because pyproject.toml changed")
    pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    set_stamp("project", digest(PROJECT))


def pip(*arguments: str) -> None:
    command = [
        str(VENV / "bin/python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "-qq",
    ]
    done = subprocess.run(
        [*command, *arguments], cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise Stop(
            "pip could not install what is needed; its words stand above (is the package index within reach?)"
        )


def stamp(name: str) -> str:
    path = VENV / f".amends-{name}"
    return path.read_text() if path.exists() else ""


def set_stamp(name: str, text: str) -> None:
    (VENV / f".amends-{name}").write_text(text)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two verbs started at once prepare one after the other."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "preparing.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another dev.py that is preparing this folder")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


# ---- preparing: the desk


def prepare_desk() -> Outcome:
    """Build the desk if its sources changed. Without it the hub still starts and says that the desk is not built."""
    started = time.monotonic()
    with alone():
        code = run(*BUILD_DESK).returncode
    seconds = time.monotonic() - started
    if code == NO_DESK_TOOLS:
        say("THE DESK IS NOT BUILT: its tools cannot be had here; the API works without it")
        return Outcome("prepare", "desk", seconds, skipped=1, note="no tools for the desk")
    if code:
        say("THE DESK IS NOT BUILT: its sources do not build")
        return Outcome("prepare", "desk", seconds, failed=1, note="FAILED")
    return Outcome("prepare", "desk", seconds, note="ok")


# ---- preparing: programs of the operating system


def prepare_system(is_unwanted: bool) -> list[Outcome]:
    """Debian's programs for the journeys: installed when we may, otherwise counted as skipped."""
    if is_unwanted:
        return not_installed(list(SYSTEM_PACKAGES), "--no-system")
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        return not_installed(list(SYSTEM_PACKAGES), "this is not a Debian system")
    missing = [package for package in SYSTEM_PACKAGES if not is_installed(package)]
    if not missing:
        return []
    if not is_root():
        return not_installed(missing, f"only root may: apt-get install {' '.join(missing)}")
    say("installing programs from Debian for the journeys, with their daemons kept from starting:")
    for package in missing:
        print(f"    {package:<22} {SYSTEM_PACKAGES[package]}", flush=True)
    started = time.monotonic()
    if reason := apt_install(missing):
        return not_installed(missing, reason)
    return [
        Outcome("prepare", "Debian's packages", time.monotonic() - started, note=f"{len(missing)} installed")
    ]


def not_installed(packages: list[str], reason: str) -> list[Outcome]:
    say(f"SKIPPED {', '.join(packages)}: {reason}. Tests that need them are skipped, too.")
    brief = reason.splitlines()[0][:60]
    return [Outcome("prepare", package, skipped=1, note=f"not used: {brief}") for package in packages]


def is_installed(package: str) -> bool:
    asked = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout == "installed"


def apt_install(packages: list[str]) -> str:
    """Install from Debian without starting a daemon; the answer is empty, or says why it could not be done."""
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    steps = ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages])
    with daemons_kept_from_starting():
        for step in steps:
            done = subprocess.run(
                step,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode:
                return f"`{' '.join(step)}` failed\n{done.stdout[-2000:]}"
    return ""


@contextlib.contextmanager
def daemons_kept_from_starting() -> Iterator[None]:
    """Debian starts what it installs, unless this file says no; one that is there already is left alone."""
    if START_NO_DAEMONS.exists():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    START_NO_DAEMONS.write_text("#!/bin/sh\nexit 101\n")
    START_NO_DAEMONS.chmod(0o755)
    try:
        yield
    finally:
        START_NO_DAEMONS.unlink(missing_ok=True)
        signal.signal(signal.SIGTERM, before)


def is_root() -> bool:
    return os.geteuid() == 0


# ---- running


def run(
    *command: str, quiet: bool = False, settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of the prepared environment in the project's folder."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**environment(), **(settings or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )


def run_for(seconds: float, command: Sequence[str], settings: dict[str, str]) -> int:
    """Run a command as `run` does; when the time is over, end it with all it started."""
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**environment(), **settings},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        say(f"`{' '.join(command[:2])} …` was not over after {seconds / 60:.0f} minutes and is ended")
        return 1
    except KeyboardInterrupt:
        os.killpg(child.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(20)
        raise
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def become(*command: str) -> int:
    """Turn into the command, so that signals and the exit code are its own."""
    settings = environment()
    try:
        os.execvpe(command[0], command, settings)
    except FileNotFoundError as missing:
        raise Stop(f"there is no command {command[0]!r} in the prepared environment") from missing


def environment() -> dict[str, str]:
    """The caller's environment with .venv first; another Python's settings are left out."""
    ours = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    ours["PATH"] = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    ours["VIRTUAL_ENV"] = str(VENV)
    return ours


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def say(sentence: str) -> None:
    print(f"workshop: {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
