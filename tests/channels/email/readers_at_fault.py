"""Readers that do what a hostile letter might make a reader do; each behaves while it is warmed up."""

from __future__ import annotations

import os
import socket
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from channels.email.reading import read_letter
from hub.domain.letters import Address, Incoming, Unreadable

ANSWERS = 3
"""The descriptor a worker answers on: the first free one when it starts."""


def read(raw: bytes, **settings: frozenset[str] | str) -> Incoming:
    """Do what the subject says."""
    found = read_letter(raw)
    deed = DEEDS.get(found.subject)
    return (
        found
        if deed is None
        else Incoming(channel="email", sender=Address(address="x@y.example"), text=deed())
    )


def eat_cpu() -> str:
    while True:
        pass


def eat_memory() -> str:
    return str(len(bytearray(8 * 1024**3)))


def crash() -> str:
    os._exit(77)


def say_nonsense() -> str:
    os.write(ANSWERS, b"\x00\x00\x00\x05Igarb")
    return ""


def boast() -> str:
    """Claims an answer of four gigabytes."""
    os.write(ANSWERS, b"\xff\xff\xff\xff")
    return eat_cpu()


def call_home() -> str:
    with socket.socket() as line:
        return str(line)


def open_files() -> str:
    return Path("/etc/passwd").read_text(encoding="utf-8")


def attempted(deed: str) -> str:
    try:
        return {"call home": call_home, "open files": open_files}[deed]()
    except OSError as refused:
        raise Unreadable(f"refused: {refused.strerror}") from None


def environment() -> str:
    return " ".join(sorted(os.environ))


def whoami() -> str:
    return str(os.getpid())


DEEDS = {
    "eat cpu": eat_cpu,
    "eat memory": eat_memory,
    "crash": crash,
    "say nonsense": say_nonsense,
    "boast": boast,
    "call home": lambda: attempted("call home"),
    "open files": lambda: attempted("open files"),
    "environment": environment,
    "whoami": whoami,
}


def read_by_the_standard_library(raw: bytes, **settings: frozenset[str] | str) -> Incoming:
    """What everybody does first."""
    letter = message_from_bytes(raw, policy=default)
    return Incoming(channel="email", sender=Address(address=str(letter["from"])), text=str(letter["to"]))
