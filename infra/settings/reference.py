"""The reference page of the settings, made from the dataclasses so that it can't fall behind."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from infra.settings.model import Bot, Form, Mailbox, Settings

HEAD = """# Settings

Amends reads `amends.toml` in the folder it is started in, or the file named in `AMENDS_CONFIG`. Settings at the top
and under `[bot]` may also come from the environment, which wins. Relative paths start from the file's folder.
Every problem is told at start-up, with the setting, what was found and what to write instead. Passwords never stand
in this file. (This page is made from the code: `python -m infra.settings`.)
"""

PARTS: tuple[tuple[str, str, type], ...] = (
    ("At the top", "AMENDS_", Settings),
    ("`[bot]`", "AMENDS_BOT_", Bot),
    ("`[[mailbox]]`, one for each", "", Mailbox),
    ("`[[form]]`, one for each", "", Form),
)

EXAMPLE = """
## Example

```toml
workspace = "shop"
public_url = "https://desk.shop.example"

[[mailbox]]
name = "support"
address = "support@shop.example"
display_name = "The Shop"
imap = "imaps://support@mail.shop.example:993/INBOX"
smtp = "smtp+starttls://support@mail.shop.example:587"
password_file = "/etc/amends/support.password"
trusted_authserv_ids = ["mx.shop.example"]

[[form]]
name = "contact"
mailbox = "support"
allowed_origins = ["https://www.shop.example"]
```
"""


def settings_reference() -> str:
    """The whole page, in Markdown."""
    return HEAD + "".join(_part(*part) for part in PARTS) + EXAMPLE


def _part(title: str, prefix: str, cls: type) -> str:
    columns = ("Setting", *(("Variable",) if prefix else ()), "Default", "Meaning")
    rows = [_row(field, prefix) for field in fields(cls) if "says" in field.metadata]
    lines = [columns, tuple("---" for _ in columns), *rows]
    return f"\n## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _row(field: Field[Any], prefix: str) -> tuple[str, ...]:
    variable = (f"`{prefix}{field.name.upper()}`",) if prefix else ()
    return (f"`{field.name}`", *variable, _default(field), field.metadata["says"])


def _default(field: Field[Any]) -> str:
    if shown := field.metadata["shown"]:
        return str(shown)
    if field.default is MISSING:
        return "must be set"
    if field.default in ("", None, ()):
        return "none"
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
