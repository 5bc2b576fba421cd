"""The hub's side of a form, in memory."""

from collections import Counter
from dataclasses import dataclass, field
from hmac import digest

from channels.webform import Receipt
from channels.webform.wire import TryAgain


@dataclass
class Hub:
    """The hub's side of the form, in memory."""

    taken: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    moment: float = 1_800_000_000.0
    broken: bool = False

    async def accept(self, form, incoming, idempotency_key, raw, spam):
        if self.broken:
            raise TryAgain
        self.taken.setdefault(idempotency_key, (raw, spam))
        return Receipt(number=f"M-{list(self.taken).index(idempotency_key) + 1}")

    async def allow(self, key, limit, seconds):
        self.counted[key] += 1
        return self.counted[key] <= limit

    def keyed(self, purpose, *parts):
        return digest(b"secret", repr((purpose, parts)).encode(), "sha256")

    def derived(self, purpose, *parts):
        raise NotImplementedError
