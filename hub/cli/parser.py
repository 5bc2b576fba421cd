"""Every command with its help; each subject registers its own."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from hub.cli import admin, bench, care, demo, examining, letters, migrating, records, serving

DESCRIPTION = "Amends hears every customer on every channel, keeps every word, and puts things right."


def parser() -> ArgumentParser:
    """The whole command line."""
    root = ArgumentParser(prog="amends", description=DESCRIPTION)
    root.add_argument(
        "--config", type=Path, help="the settings file (default: AMENDS_CONFIG, else ./amends.toml)"
    )
    root.add_argument("--log-json", action="store_true", help="log as JSON lines")
    root.add_argument(
        "--log-level",
        default="WARNING",
        choices=["DEBUG", "INFO", "WARNING", "ERROR"],
        metavar="LOG_LEVEL",
        help="DEBUG, INFO, WARNING (default) or ERROR",
    )
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for subject in (demo, serving, admin, letters, records, care, examining, migrating, bench):
        subject.register(commands)
    return root
