"""What a reading worker answered, and why it did not: nothing it says is trusted before it is decoded."""

from __future__ import annotations

import msgspec

from hub.domain.letters import Incoming, Unreadable

_incoming = msgspec.msgpack.Decoder(Incoming).decode


def understood(answer: bytes) -> Incoming | str:
    """The letter, or the reader's reason why not. Anything else is no answer, and its worker not to be trusted."""
    if answer[:1] == b"U":
        return answer[1:].decode("utf-8", "replace")[:500]
    try:
        incoming: Incoming = _incoming(memoryview(answer)[1:])
        return incoming
    except (msgspec.DecodeError, ValueError) as wrong:
        raise Unreadable(f"the reading worker gave no proper answer: {str(wrong)[:200]}") from None


def reason(code: int, error: Exception) -> str:
    """Why a worker is gone, for people."""
    if isinstance(error, ValueError):
        return str(error)
    known = {
        -9: "killed",
        -24: "more CPU time than a letter may use",
        -11: "crashed",
        -6: "aborted",
        3: "out of memory",
    }
    return known.get(code, f"exit {code}, {type(error).__name__}")
