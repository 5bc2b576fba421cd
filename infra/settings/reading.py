"""From `amends.toml` and the environment to `Settings`; every problem is told at once, with the setting, what was found and the way out."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, TypeVar

from infra.keys.master import MasterKeyProblem, default_path
from infra.settings.model import Bot, Form, Mailbox, Settings
from infra.settings.passwords import PasswordProblem, metrics_token_of, password_of
from infra.settings.values import Unfit, is_loopback

T = TypeVar("T")
Table = Mapping[str, object]

TABLES: Mapping[str, type] = {"bot": Bot, "mailbox": Mailbox, "form": Form}
SECRETS = frozenset({"password", "secret", "passwd", "token"})


class ConfigurationError(Exception):
    """One sentence per problem; nothing was started."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_settings(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """`file`, else `AMENDS_CONFIG`, else `./amends.toml` where there is one. Raises `ConfigurationError`."""
    named = file or (Path(environ["AMENDS_CONFIG"]) if environ.get("AMENDS_CONFIG") else None)
    found = named or Path("amends.toml")
    if named is None and not found.exists():
        return parse_settings({}, environ, Path.cwd())
    try:
        written = tomllib.loads(found.read_text("utf-8"))
    except (OSError, UnicodeError) as missing:
        raise ConfigurationError(
            [f"The settings file {found} can't be read ({missing}). Correct AMENDS_CONFIG."]
        ) from missing
    except tomllib.TOMLDecodeError as broken:
        raise ConfigurationError(
            [f"The settings file {found} is not TOML: {broken}. Mend that line."]
        ) from broken
    return parse_settings(written, environ, found.absolute().parent)


def parse_settings(written: Table, environ: Mapping[str, str], base: Path) -> Settings:
    """Settings from a parsed file; the environment wins. Raises `ConfigurationError` with every problem."""
    problems: list[str] = []
    top = {key: value for key, value in written.items() if key not in TABLES}
    bot = written.get("bot", {})
    settings = _filled(
        {
            **_read_table(
                Settings, "", top | _from_environment(Settings, "AMENDS_", environ), base, problems
            ),
            "bot": _one(Bot, "bot.", bot, _from_environment(Bot, "AMENDS_BOT_", environ), base, problems),
            "mailboxes": _many(Mailbox, "mailbox", written.get("mailbox", []), base, problems),
            "forms": _many(Form, "form", written.get("form", []), base, problems),
        },
        environ,
        problems,
    )
    problems += _misfits(settings, environ) if settings else []
    if problems or settings is None:
        raise ConfigurationError(problems)
    return settings


def _filled(found: dict[str, Any], environ: Mapping[str, str], problems: list[str]) -> Settings | None:
    if problems:
        return None
    found.setdefault("data", Path("amends-data").absolute())
    try:
        found.setdefault("master_key_file", None)
        found["master_key_file"] = found["master_key_file"] or default_path(
            found.get("workspace", "amends"), environ
        )
    except MasterKeyProblem as homeless:
        problems.append(str(homeless))
        return None
    return Settings(**found)


def _many(cls: type[T], key: str, found: object, base: Path, problems: list[str]) -> tuple[T, ...]:
    if not isinstance(found, list):
        problems.append(f"{key} is {found!r}: write it as [[{key}]].")
        return ()
    made = (
        _one(cls, f"{_called(key, n, table)}.", table, {}, base, problems) for n, table in enumerate(found, 1)
    )
    return tuple(one for one in made if one is not None)


def _one(cls: type[T], where: str, found: object, over: Table, base: Path, problems: list[str]) -> T | None:
    if not isinstance(found, dict):
        problems.append(f"{where.rstrip('.')} is {found!r}: write it as a table.")
        return None
    before = len(problems)
    values = _read_table(cls, where, {**found, **over}, base, problems)
    return cls(**values) if len(problems) == before else None


def _read_table(cls: type, where: str, found: Table, base: Path, problems: list[str]) -> dict[str, Any]:
    known = {field.name: field for field in fields(cls) if "read" in field.metadata}
    problems += [_unknown(where, key, known) for key in found if key not in known]
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in found:
            values |= _read_one(field, where, found[name], base, problems)
        elif field.default is MISSING and cls is not Settings:
            problems.append(f"{where}{name} is missing. {field.metadata['says']}")
    return values


def _read_one(
    field: Field[Any], where: str, found: object, base: Path, problems: list[str]
) -> dict[str, Any]:
    try:
        return {field.name: field.metadata["read"](found, base)}
    except Unfit as unfit:
        problems.append(f"{where}{field.name} is {_shown(found)}: {unfit}")
        return {}


def _unknown(where: str, key: str, known: Mapping[str, object]) -> str:
    if key in SECRETS:
        return f"{where}{key} must not stand in the settings. Put it into an owner-only file and name it in password_file."
    close = difflib.get_close_matches(key, known, n=1)
    return f"{where}{key} is no setting. " + (f"Did you mean {close[0]}?" if close else "Take it out.")


def _from_environment(cls: type, prefix: str, environ: Mapping[str, str]) -> dict[str, object]:
    names = {prefix + field.name.upper(): field.name for field in fields(cls) if "read" in field.metadata}
    return {name: environ[variable] for variable, name in names.items() if environ.get(variable)}


def _misfits(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """What no single setting shows."""
    problems = _unreadable_token(settings)
    if settings.nats_url and not settings.database_url:
        problems.append(
            "nats_url is set: only with database_url are there processes to hear of each other. Take it out."
        )
    if settings.vault and not settings.database_url:
        problems.append(
            f"vault is {str(settings.vault)!r}: only with database_url may it lie outside the data folder."
        )
    names = [one.name for one in settings.mailboxes]
    problems += _twice("mailbox", names) + _twice("form", [one.name for one in settings.forms])
    problems += _twice("mailbox address", [one.address.casefold() for one in settings.mailboxes])
    for form in settings.forms:
        if form.mailbox not in names:
            known = ", ".join(names) or "none"
            problems.append(
                f"form {form.name}.mailbox is {form.mailbox!r}: no mailbox has that name (there are: {known})."
            )
    return problems + [problem for one in settings.mailboxes for problem in _mailbox_misfits(one, environ)]


def _unreadable_token(settings: Settings) -> list[str]:
    try:
        metrics_token_of(settings)
    except PasswordProblem as problem:
        return [str(problem)]
    return []


def _mailbox_misfits(mailbox: Mailbox, environ: Mapping[str, str]) -> list[str]:
    problems = [
        f"mailbox {mailbox.name}.{key} is an unencrypted line to {host}: use {better}, or set insecure = true."
        for key, host, plain, better in _lines(mailbox)
        if plain and not is_loopback(host) and not mailbox.insecure
    ]
    if mailbox.password_file and mailbox.password_env:
        problems.append(f"mailbox {mailbox.name} has password_file and password_env: keep one of them.")
    try:
        password_of(mailbox, environ)
    except PasswordProblem as problem:
        problems.append(str(problem))
    return problems


def _lines(mailbox: Mailbox) -> list[tuple[str, str, bool, str]]:
    imap = [("imap", mailbox.imap.host, not mailbox.imap.tls, "imaps://")] if mailbox.imap else []
    smtp = mailbox.smtp
    return imap + ([("smtp", smtp.host, smtp.security == "none", "smtp+starttls://")] if smtp else [])


def _twice(what: str, names: list[str]) -> list[str]:
    return [
        f"Two have the {what} {name!r}: give each its own."
        for name in sorted({n for n in names if names.count(n) > 1})
    ]


def _called(key: str, number: int, table: object) -> str:
    name = table.get("name") if isinstance(table, dict) else None
    return f"{key} {name}" if isinstance(name, str) else f"{key} {number}"


def _shown(found: object) -> str:
    """What was found, without a password that may stand in an address."""
    text = repr(found)
    return text.split("://")[0] + "://…'" if "://" in text and ("@" in text or "?" in text) else text
