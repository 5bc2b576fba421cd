"""From rows of the views to the shapes of the API: what a shape does not name is not told."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from hub.web.told import FileInfo, MessageEntry, NoteEntry, ReplyEntry, SystemEntry

ENTRIES: Mapping[str, type[BaseModel]] = {
    "message": MessageEntry,
    "reply": ReplyEntry,
    "note": NoteEntry,
    "system": SystemEntry,
}


def only(shape: type[BaseModel], row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `row` that `shape` names."""
    return {name: row[name] for name in _names(shape) if name in row}


def entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of a thread; its files with where they are found."""
    shown = only(ENTRIES[row["kind"]], row)
    if "files" in shown:
        shown["files"] = [file(row["id"], one) for one in row["files"]]
    if row["kind"] == "system":
        shown["detail"] = {name: str(value) for name, value in row["detail"].items()}
    return shown


def file(message: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return only(FileInfo, {**row, "url": f"/api/v1/messages/{message}/files/{row['index']}"})


@lru_cache(maxsize=100)
def _names(shape: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in shape.model_fields.items())
