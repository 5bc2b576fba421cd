"""The `amends` command."""

from __future__ import annotations

from hub.cli.main import main

__all__ = ["main"]
