"""The settings as frozen dataclasses; each field carries its own sentence, which is also its line in the reference page."""

# ruff: noqa: RUF009 - `setting` only makes a field; every default in it is immutable
from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any

from infra.settings import values
from infra.settings.values import ImapWire, Language, Listen, Read, SmtpWire

__all__ = ["Bot", "Form", "ImapWire", "Listen", "Mailbox", "Settings", "SmtpWire"]


def setting(says: str, read: Read, default: Any = MISSING, *, shown: str = "") -> Any:
    """A field with what it means, how it is read, and how its default is shown in the reference."""
    return field(default=default, metadata={"says": says, "read": read, "shown": shown})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """What the bot may do by itself."""

    acknowledge: bool = setting("Acknowledge complaints by letter.", values.truth, True)
    max_letters_per_day: int = setting(
        "Automatic letters to one address within 24 hours, at most.", values.number(0, 20, whole=True), 3
    )
    max_letters_per_hour: int = setting(
        "Automatic letters to everybody together within an hour, at most.",
        values.number(0, 1_000_000, whole=True),
        1000,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One mailbox that customers write to."""

    name: str = setting("Its short name; part of the record, so never change it.", values.name)
    address: str = setting("The address customers write to.", values.address)
    display_name: str = setting("The name shown beside the address.", values.text, "")
    imap: ImapWire | None = setting(
        "Where letters are fetched: `imaps://user@host:993/INBOX`. Without it letters only come in by `amends ingest`.",
        values.imap,
        None,
    )
    smtp: SmtpWire | None = setting(
        "Where letters are handed over: `smtp+starttls://user@host:587` or `smtps://user@host:465`; "
        "`smtp://` only on this machine. Without it nothing can be sent from this mailbox.",
        values.smtp,
        None,
    )
    password_file: Path | None = setting(
        "An owner-only file with the password on its first line.", values.existing_file, None
    )
    password_env: str = setting("Or the environment variable that holds the password.", values.text, "")
    ca_file: Path | None = setting(
        "Certificates to trust instead of the system's (PEM), for a server of your own.",
        values.existing_file,
        None,
    )
    insecure: bool = setting("Allow unencrypted lines to other machines. Don't.", values.truth, False)
    trusted_authserv_ids: tuple[str, ...] = setting(
        "The authserv-id that your own receiving server writes into Authentication-Results; "
        "without it no sender counts as proven.",
        values.texts,
        (),
    )
    plus_addressing: bool = setting("Letters to `name+anything@` arrive here too.", values.truth, False)
    signature: str = setting("Text below every reply.", values.text, "")
    undo_seconds: float = setting("How long a sent reply can be taken back.", values.number(0, 300), 10.0)
    poll_seconds: float = setting(
        "How often the mailbox is looked at even when the server announces nothing.",
        values.number(1, 3600),
        60.0,
    )
    quiet_hours_alert: float = setting(
        "Warn when no letter came for so many hours; 0 never warns.", values.number(0, 8760), 24.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One web form."""

    name: str = setting(
        "Its short name; part of the record and of its address, so never change it.", values.name
    )
    mailbox: str = setting("The mailbox that answers.", values.name)
    title: str = setting("Heading of the hosted page.", values.text, "Write to us")
    title_zh: str = setting("The same in Chinese.", values.text, "给我们留言")
    allowed_origins: tuple[str, ...] = setting(
        "Sites that may embed the form; the hosted page is always allowed.", values.origins, ()
    )
    max_file_mb: float = setting("The size of one file in MB, at most.", values.number(0, 50), 10.0)
    max_files: int = setting("Files per message, at most.", values.number(0, 20, whole=True), 5)
    rate_per_hour: int = setting(
        "Messages from one e-mail address per hour, at most; six times as many from one network address.",
        values.number(1, 10000, whole=True),
        10,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    data: Path = setting("The data folder, on a local disk.", values.path, shown="./amends-data")
    database_url: str = setting(
        "The record in PostgreSQL instead of the data folder: `postgresql://user@host:5432/database`; "
        "the password comes from `~/.pgpass` or `PGPASSFILE`.",
        values.database,
        "",
        shown="the data folder",
    )
    nats_url: str = setting(
        "NATS with JetStream, between the processes on one database: `nats://host:4222`. Without it they hear of each other "
        "from PostgreSQL.",
        values.bus,
        "",
        shown="none",
    )
    nats_monitor_url: str = setting(
        "NATS' monitoring port, where `sync_interval: always` is checked at the start: `http://host:8222`.",
        values.web_address,
        "",
        shown="not checked",
    )
    vault: Path | None = setting(
        "The folder of letters and files. Several processes on one database share it.",
        values.path,
        None,
        shown="`vault` in the data folder",
    )
    workspace: str = setting(
        "The name of this workspace; sealed into every event, so never change it.", values.name, "amends"
    )
    listen: Listen = setting(
        "Where the desk and the forms are served; put a TLS proxy in front of it.",
        values.listen,
        Listen(host="127.0.0.1", port=8025),
        shown="127.0.0.1:8025",
    )
    public_url: str = setting(
        "The address that browsers use.", values.web_address, "", shown="http:// and `listen`"
    )
    master_key_file: Path = setting(
        "The master key, outside the data folder. Keep a copy of it.",
        values.path,
        shown="~/.config/amends/`workspace`.key",
    )
    metrics_token_file: Path | None = setting(
        "An owner-only file with a token on its first line; whoever shows it as a bearer token may read `/metrics`. "
        "Without it there is no such page.",
        values.existing_file,
        None,
    )
    traces_url: str = setting(
        "An OpenTelemetry collector that takes OTLP over HTTP: `http://host:4318`. Needs the extra `traces`.",
        values.web_address,
        "",
        shown="none",
    )
    default_language: Language = setting(
        "For letters whose language can't be told: `en` or `zh`.", values.language, "en"
    )
    bot: Bot = Bot()
    mailboxes: tuple[Mailbox, ...] = ()
    forms: tuple[Form, ...] = ()

    def mailbox(self, name: str) -> Mailbox | None:
        """The mailbox of that name."""
        return next((one for one in self.mailboxes if one.name == name), None)

    def form(self, name: str) -> Form | None:
        """The form of that name."""
        return next((one for one in self.forms if one.name == name), None)

    @property
    def address(self) -> str:
        """`public_url`, or what `listen` amounts to."""
        host = f"[{self.listen.host}]" if ":" in self.listen.host else self.listen.host
        return self.public_url or f"http://{host}:{self.listen.port}"
