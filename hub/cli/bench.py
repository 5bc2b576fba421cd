"""`amends bench NAME`: measurements anyone can run from a source checkout."""

from __future__ import annotations

import importlib
from argparse import REMAINDER, Namespace
from typing import Any, Final

NAMES: Final = ("ingest", "append", "replay", "load-stream", "project", "bus", "bytes", "wait")


def register(commands: Any) -> None:
    bench = commands.add_parser("bench", help="measure something on this machine, as ratios within one run")
    bench.add_argument("name", choices=NAMES, help="what is measured")
    bench.add_argument("options", nargs=REMAINDER, help="of the measurement; --help tells")
    bench.set_defaults(run=run)


def run(asked: Namespace) -> int:
    """The measurements stand beside the product, in `bench/` of the source."""
    name = f"bench.{asked.name.replace('-', '_')}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name not in ("bench", name):
            raise
        raise LookupError("Measurements run from a source checkout: python3 dev.py bench") from None
    code: int | None = module.main(asked.options)
    return code or 0
