"""Arguments in, exit code out: 0 done, 1 refused or not found, 2 wrong usage or settings, 75 try again later (ingest)."""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import Coroutine, Sequence
from typing import Any

from hub.app.ports import LogStopped
from hub.cli.letters import TRY_AGAIN
from hub.cli.parser import parser
from hub.domain.errors import Refusal
from infra.control import ControlRefused
from infra.db import UnsafeStore
from infra.keys.master import MasterKeyProblem
from infra.lock import HubRunning
from infra.settings import ConfigurationError
from infra.telemetry import start_logging

WRONG_SETTINGS = (ConfigurationError, MasterKeyProblem, UnsafeStore)
REFUSED = (ControlRefused, HubRunning, LogStopped, LookupError, ValueError, OSError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what goes wrong is one sentence on standard error."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        asked = parser().parse_args(words)
    except SystemExit as left:
        # A letter piped in by a mistyped command must not come back to its sender.
        return TRY_AGAIN if left.code and "ingest" in words else int(left.code or 0)
    asked.blotter = start_logging(form="json" if asked.log_json else "plain", level=asked.log_level)
    try:
        return _run(asked)
    except WRONG_SETTINGS as wrong:
        return _say(str(wrong), 2)
    except Refusal as refusal:
        return _say(refusal.sentence, 1)
    except BrokenPipeError:  # `amends export … | head`: whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except REFUSED as refused:
        return _say(str(refused), 1)
    except KeyboardInterrupt:
        return 130


def _run(asked: Namespace) -> int:
    answer: int | Coroutine[Any, Any, int] = asked.run(asked)
    return answer if isinstance(answer, int) else asyncio.run(answer)


def _say(sentence: str, code: int) -> int:
    print(f"amends: {sentence}", file=sys.stderr)
    return code
