"""A TCP proxy on the loopback that cuts connections where a test wants it: before, while or after a statement is carried out."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

When = Literal["before", "during", "after"]
"""The statement is never passed on; is passed on and nobody waits; is carried out and its answer thrown away."""
CHUNK = 65536
WARNING = (
    b"SWARNING\0VWARNING\0C57P02\0Mterminating connection because of crash of another server process\0\0"
)
GOING_DOWN = b"N" + struct.pack("!I", len(WARNING) + 4) + WARNING
AT_ONCE = struct.pack("ii", 1, 0)
"""Closed so, a socket throws away what it has not sent, and whoever writes to it is told of a reset."""


class Proxy:
    """Passes bytes on between `port` and the server's port, until told otherwise."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._planned: When | None = None
        self._silent: list[socket.socket] = []
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_next(self, when: When) -> None:
        """At the next statement of any client."""
        self._planned = when

    def cut_all(self) -> None:
        """Now, in the middle of whatever is going on."""
        for pair in self._pairs:
            self._cut(pair)

    def fall_silent(self) -> None:
        """The client loses its lines, and the server is never told."""
        for pair in self._pairs:
            self._silent.append(pair[1])
            with suppress(OSError):
                pair[0].shutdown(socket.SHUT_RDWR)

    def go_down(self) -> None:
        """What a server that is stopped at once does: a warning, and its end before the client says anything more."""
        for client, _ in self._pairs:
            with suppress(OSError):
                client.sendall(GOING_DOWN)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                client.shutdown(socket.SHUT_RD)
        until = time.monotonic() + 10
        while any(client.fileno() >= 0 for client, _ in self._pairs) and time.monotonic() < until:
            time.sleep(0.01)

    def close(self) -> None:
        self._door.close()
        self._silent.clear()
        self.cut_all()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server_port))
                except OSError:
                    client.close()
                    continue
                pair = (client, server)
                self._pairs.append(pair)
                threading.Thread(target=self._requests, args=(pair,), daemon=True).start()
                threading.Thread(target=self._answers, args=(pair,), daemon=True).start()

    def _requests(self, pair: tuple[socket.socket, socket.socket]) -> None:
        client, server = pair
        with suppress(OSError):
            while chunk := client.recv(CHUNK):
                if self._planned == "before":
                    break
                server.sendall(chunk)
                if self._planned == "during":
                    break
        self._cut(pair)

    def _answers(self, pair: tuple[socket.socket, socket.socket]) -> None:
        client, server = pair
        with suppress(OSError):
            while (chunk := server.recv(CHUNK)) and self._planned != "after":
                client.sendall(chunk)
        self._cut(pair)

    def _cut(self, pair: tuple[socket.socket, socket.socket]) -> None:
        if self._planned:
            self._planned = None
            self.cuts += 1
        for end in pair:
            if end in self._silent:
                continue
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def proxied(server_port: int) -> Iterator[Proxy]:
    proxy = Proxy(server_port)
    try:
        yield proxy
    finally:
        proxy.close()
