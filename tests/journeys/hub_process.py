"""A whole hub in a process of its own, with a folder, ports and a HOME of its own, as a company would run it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from hub.demo.doorman import User
from hub.demo.stage import free_port
from tests.journeys.post import LOOPBACK, ORDERS, SUPPORT, Post, until

ROOT: Final = Path(__file__).resolve().parents[2]
AMENDS: Final = (sys.executable, "-c", "from hub.cli import main; raise SystemExit(main())")
PASSWORD: Final = "a-long-password"
STAFF: Final = {
    "mia": ("Mia Rep", "rep"),
    "zhao": ("赵敏", "rep"),
    "lee": ("Lee Lead", "lead"),
    "ada": ("Ada Auditor", "auditor"),
}
LOGS: Final[list[Path]] = []
"""What the processes of this test run said; shown beside a test that fails."""

SETTINGS: Final = """
data = "hub"
workspace = "journey"
master_key_file = "master.key"
listen = "127.0.0.1:{port}"
"""
# The poll is so far away that only IDLE can have brought a letter.
MAILBOX: Final = """
[[mailbox]]
name = "{name}"
address = "{address}"
display_name = "{display}"
imap = "imaps://{login}@127.0.0.1:{imap}/INBOX"
smtp = "smtp+starttls://{login}@127.0.0.1:{smtp}"
password_file = "password"
ca_file = "ca.pem"
trusted_authserv_ids = ["mail.shop.example"]
plus_addressing = true
signature = "{display}\\nhttp://shop.example"
undo_seconds = {undo}
poll_seconds = 600
"""
UNDO: Final = {SUPPORT: 1, ORDERS: 5}


@dataclass(slots=True)
class Process:
    """One of our programs at work."""

    command: Sequence[str]
    folder: Path
    log: Path
    running: subprocess.Popen[bytes] | None = None

    def start(self, sign: str) -> str:
        """Return what it said once the `sign` (a pattern) is in it."""
        before = self.log.stat().st_size if self.log.exists() else 0
        LOGS.append(self.log)
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(self.folder), start_new_session=True,
            )  # fmt: skip
        said = lambda: self.log.read_text("utf-8", "replace")[before:]  # noqa: E731
        until(lambda: re.search(sign, said()) or self._is_over(), "it does not start")
        assert not self._is_over(), said()
        return said()

    def stop(self) -> int:
        """Ask it to end; how it ended."""
        assert self.running is not None
        self.running.send_signal(signal.SIGTERM)
        try:
            return self.running.wait(30)
        finally:
            self.kill()

    def kill(self) -> None:
        """No farewell: as when the power goes."""
        assert self.running is not None
        self.running.kill()
        self.running.wait(30)

    def _is_over(self) -> bool:
        return self.running is None or self.running.poll() is not None


def environment(home: Path) -> dict[str, str]:
    """Nothing of this machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def amends(folder: Path, *arguments: str, given: str = "") -> str:
    """A command beside what runs in this folder."""
    done = subprocess.run(
        [*AMENDS, *arguments], cwd=folder, env=environment(folder), input=given, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


@dataclass(slots=True)
class Hub:
    """A hub, its post and its staff."""

    folder: Path
    post: Post
    port: int
    process: Process
    agents: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        self.process.start("The desk is at")
        until(self._hears, "the mailboxes are not followed")

    def amends(self, *arguments: str, given: str = "") -> str:
        """What a command of the terminal prints. It must succeed."""
        return amends(self.folder, "--config", str(self.folder / "amends.toml"), *arguments, given=given)

    def asks(self, *arguments: str) -> Any:
        return json.loads(self.amends(*arguments, "--json"))

    def hire(self) -> None:
        """The admin by the terminal; the admin takes on the others."""
        self.amends(
            "admin", "create", "--email", "admin@shop.example", "--name", "Admin", "--role", "admin",
            given=PASSWORD,
        )  # fmt: skip
        with httpx.Client(base_url=f"{self.address}/api/v1", trust_env=False) as admin:
            me = {"login": "admin@shop.example", "password": PASSWORD}
            admin.headers["X-CSRF"] = admin.post("/session", json=me).json()["csrf"]
            for name, (full, role) in STAFF.items():
                person = {"email": f"{name}@shop.example", "name": full, "role": role, "password": PASSWORD}
                self.agents[name] = admin.post("/agents", json=person).raise_for_status().json()["id"]

    def _hears(self) -> bool:
        with httpx.Client(base_url=self.address, trust_env=False) as caller:
            return caller.get("/api/v1/health").status_code == 200


@contextmanager
def hub_running(folder: Path, post: Post, database_url: str = "") -> Iterator[Hub]:
    """`amends serve` on this post."""
    port = free_port(0)
    _write_settings(folder, post, port, database_url)
    process = Process([*AMENDS, "--config", str(folder / "amends.toml"), "serve"], folder, folder / "hub.log")
    hub = Hub(folder, post, port, process)
    hub.start()
    try:
        hub.hire()
        yield hub
    finally:
        hub.process.stop()


@contextmanager
def mail_server_running(folder: Path, customers: Sequence[User]) -> Iterator[Post]:
    """The demo's mail server in a process of its own."""
    ports = folder / "ports.json"
    people = [f"{user.address}:{user.password}" for user in (SUPPORT, ORDERS, *customers)]
    users = [part for person in people for part in ("--user", person)]
    command = [sys.executable, "-m", "hub.demo.mailserver", "--ports-file", str(ports), *users]
    process = Process(command, folder, folder / "mail.log")
    process.start("")
    try:
        until(ports.exists, "the mail server does not listen")
        told = json.loads(ports.read_text())
        yield Post(told["smtp_port"], told["imap_port"], told["ca_pem"])
    finally:
        process.stop()


def _write_settings(folder: Path, post: Post, port: int, database_url: str) -> None:
    (folder / "ca.pem").write_text(post.ca_pem)
    (folder / "password").touch(mode=0o600)
    (folder / "password").write_text(SUPPORT.password)
    boxes = (
        MAILBOX.format(
            name=box.address.partition("@")[0], address=box.address, login=box.address.replace("@", "%40"),
            display=box.name, imap=post.imap_port, smtp=post.smtp_port, undo=undo,
        )
        for box, undo in UNDO.items()
    )  # fmt: skip
    record = f'database_url = "{database_url}"\n' if database_url else ""
    (folder / "amends.toml").write_text(SETTINGS.format(port=port) + record + "".join(boxes), "utf-8")
