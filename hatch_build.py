"""Puts the built desk into the wheel; where npm cannot be reached the wheel is made without it, and says so."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILDER = Path("hub/web/desk/build_desk.py")


class DeskHook(BuildHookInterface[Any]):
    """Runs before a wheel is packed. An editable install serves the checkout, where dev.py builds the desk."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        builder = load(Path(self.root) / BUILDER)
        try:
            self.app.display_info(f"desk: {builder.build()}")
        except builder.DeskNotBuilt as reason:
            self.app.display_warning(f"desk: not in this wheel: {reason}")


def load(path: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location("build_desk", path)
    if found is None or found.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
