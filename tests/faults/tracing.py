"""What a process did to the files of one folder, in order, as strace saw it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "openat,creat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,"
    "link,linkat,mkdir,mkdirat,close"
)
UNSEEN = "writev,pwritev,pwritev2,copy_file_range,sendfile,truncate,fallocate"
LINE = re.compile(r"^(\d+) +(.*)$")
CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+)(<[^>]*>)?")
QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
HANDLE = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
HEX = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Done:
    """One call that succeeded: it began at line `start` of the trace and was over at line `end`."""

    start: int
    end: int
    name: str
    paths: tuple[str, ...]
    data: bytes = b""
    number: int = 0
    handle: int = -1
    flags: str = ""


def traced(command: Sequence[str], trace: Path, *, cwd: Path) -> list[Done]:
    """Run the command to its end under strace and say what it did, in the order in which the calls were over."""
    strace = [
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "100000000",
        "-e",
        f"trace={CALLS},{UNSEEN}",
        "-o",
        str(trace),
    ]
    subprocess.run([*strace, *command], check=True, cwd=cwd, capture_output=True, timeout=120)
    return list(calls(trace.read_text("ascii").splitlines()))


def calls(lines: Sequence[str]) -> Iterator[Done]:
    """Calls that other threads interrupted in the trace are put together again."""
    begun: dict[str, tuple[int, str]] = {}
    for at, line in enumerate(lines):
        found = LINE.match(line)
        if not found:
            continue
        process, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            begun[process] = (at, rest.removesuffix("<unfinished ...>").rstrip())
        elif rest.startswith("<... "):
            start, first = begun.pop(process, (at, ""))
            yield from understood(start, at, first + rest.partition("resumed>")[2])
        else:
            yield from understood(at, at, rest)


def understood(start: int, end: int, text: str) -> Iterator[Done]:
    found = CALL.match(text)
    if not found or int(found[3]) < 0:
        return
    name, given, result, opened = found.groups()
    if name in UNSEEN.split(","):
        raise AssertionError(f"the model does not know what {name} does")
    quoted = [unhexed(one) for one in QUOTED.findall(given)]
    handle = HANDLE.match(given)
    place = unhexed(handle[2]).decode("utf-8", "replace") if handle else ""
    if name in ("openat", "creat"):
        path = unhexed((opened or "<>")[1:-1]).decode()
        yield Done(start, end, "open", (path,), handle=int(result), flags=given)
    elif name in ("write", "pwrite64"):
        offset = int(given.rsplit(", ", 1)[1]) if name == "pwrite64" else -1
        data = quoted[0][: int(result)] if quoted else b""
        yield Done(start, end, "write", (place,), data, offset, int(handle[1]) if handle else -1)
    elif name == "ftruncate":
        yield Done(start, end, "truncate", (place,), number=int(given.rsplit(", ", 1)[1]))
    elif name in ("fsync", "fdatasync"):
        yield Done(start, end, "sync", (place,))
    elif name == "close":
        yield Done(start, end, "close", (place,), handle=int(handle[1]) if handle else -1)
    else:
        yield Done(
            start, end, name.removesuffix("2").removesuffix("at"), tuple(one.decode() for one in quoted)
        )


def unhexed(text: str) -> bytes:
    return bytes.fromhex("".join(HEX.findall(text)))
