"""How one form is set up, and what a visitor gets back. Plain values."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.letters import Address

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSettings:
    """One form. `name` stands in its addresses (/forms/NAME); `inbox` is the mailbox that answers from it.

    `allowed_origins`: pages that may embed it, as "https://shop.example", without a path.
    `rate_per_hour`: submissions per e-mail address; six times as many per network address.
    """

    name: str
    account: str
    inbox: Address
    title_en: str = "Write to us"
    title_zh: str = "联系我们"
    allowed_origins: tuple[str, ...] = ()
    max_file_mb: float = 10
    max_files: int = 5
    rate_per_hour: int = 10

    @property
    def max_file_bytes(self) -> int:
        return int(self.max_file_mb * MEGABYTE)

    @property
    def max_body_bytes(self) -> int:
        """A whole request: every file, as base64 at worst, and the fields."""
        return self.max_file_bytes * self.max_files * 4 // 3 + MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the visitor may quote later. A hint, never a credential."""

    number: str
