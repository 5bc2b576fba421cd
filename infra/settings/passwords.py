"""Passwords are read when they are needed, so that a new one counts without a restart; they are never part of the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from infra.settings.model import Mailbox, Settings


class PasswordProblem(Exception):
    """A secret can't be had; the message says what to do."""


def password_of(mailbox: Mailbox, environ: Mapping[str, str] = os.environ) -> str:
    """The password, or empty when the mailbox names none. Raises `PasswordProblem`."""
    if mailbox.password_file is not None:
        return first_line(mailbox.password_file, f"Mailbox {mailbox.name}: password_file")
    if not mailbox.password_env:
        return ""
    if password := environ.get(mailbox.password_env):
        return password
    raise PasswordProblem(
        f"Mailbox {mailbox.name}: password_env names {mailbox.password_env}, which is not set. "
        "Set it for the hub's process, or use password_file."
    )


def metrics_token_of(settings: Settings) -> str:
    """The token that Prometheus shows, or empty when no file is named. Raises `PasswordProblem`."""
    file = settings.metrics_token_file
    return "" if file is None else first_line(file, "metrics_token_file")


def first_line(file: Path, named: str) -> str:
    """The secret on the first line of an owner-only file. `named`: the setting, for the message of a `PasswordProblem`."""
    try:
        mode, text = file.stat().st_mode & 0o777, file.read_text("utf-8")
    except (OSError, UnicodeError) as broken:
        raise PasswordProblem(f"{named} {file} can't be read. Mend it.") from broken
    if mode & 0o077:
        raise PasswordProblem(
            f"{named} {file} can be read by others (mode {mode:04o}). Run: chmod 600 '{file}'"
        )
    if not (secret := text.splitlines()[0].strip() if text.strip() else ""):
        raise PasswordProblem(f"{named} {file} is empty. Put the secret on its first line.")
    return secret
