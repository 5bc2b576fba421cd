"""Where everything stands in a data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Files:
    """Where everything stands in a data folder."""

    data: Path
    elsewhere: Path | None = None
    """The vault, where it is not in the data folder."""

    @property
    def log(self) -> Path:
        return self.data / "log.sqlite"

    @property
    def keys(self) -> Path:
        return self.data / "keys.sqlite"

    @property
    def desk(self) -> Path:
        return self.data / "desk.sqlite"

    @property
    def views(self) -> Path:
        return self.data / "views.sqlite"

    @property
    def paused(self) -> Path:
        """There while sending waits for a word after a restore."""
        return self.data / "sending-paused"

    @property
    def vault(self) -> Path:
        return self.elsewhere or self.data / "vault"
