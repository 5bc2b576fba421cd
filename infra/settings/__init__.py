"""What an operator may set: `amends.toml` and `AMENDS_*`, checked at start-up with errors that say what to do."""

from infra.settings.model import Bot, Form, ImapWire, Listen, Mailbox, Settings, SmtpWire
from infra.settings.passwords import metrics_token_of, password_of
from infra.settings.reading import ConfigurationError, load_settings, parse_settings
from infra.settings.reference import settings_reference

__all__ = [
    "Bot",
    "ConfigurationError",
    "Form",
    "ImapWire",
    "Listen",
    "Mailbox",
    "Settings",
    "SmtpWire",
    "load_settings",
    "metrics_token_of",
    "parse_settings",
    "password_of",
    "settings_reference",
]
