"""Passwords are read when they are needed, so that a new one counts without a restart; they are never part of the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping

from infra.settings.model import Mailbox


class PasswordProblem(Exception):
    """The password of a mailbox can't be had; the message says what to do."""


def password_of(mailbox: Mailbox, environ: Mapping[str, str] = os.environ) -> str:
    """The password, or empty when the mailbox names none. Raises `PasswordProblem`."""
    if mailbox.password_file is not None:
        return _from_file(mailbox)
    if not mailbox.password_env:
        return ""
    if password := environ.get(mailbox.password_env):
        return password
    raise PasswordProblem(
        f"Mailbox {mailbox.name}: password_env names {mailbox.password_env}, which is not set. "
        "Set it for the hub's process, or use password_file."
    )


def _from_file(mailbox: Mailbox) -> str:
    file = mailbox.password_file
    assert file is not None  # noqa: S101 - for the type checker
    try:
        mode, text = file.stat().st_mode & 0o777, file.read_text("utf-8")
    except (OSError, UnicodeError) as broken:
        raise PasswordProblem(
            f"Mailbox {mailbox.name}: password_file {file} can't be read. Mend it."
        ) from broken
    if mode & 0o077:
        raise PasswordProblem(
            f"Mailbox {mailbox.name}: password_file {file} can be read by others (mode {mode:04o}). "
            f"Run: chmod 600 '{file}'"
        )
    if not (password := text.splitlines()[0].strip() if text.strip() else ""):
        raise PasswordProblem(
            f"Mailbox {mailbox.name}: password_file {file} is empty. Put the password on its first line."
        )
    return password
