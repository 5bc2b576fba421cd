"""The master key's file: owner-only, outside the data folder, made once with a loud note on keeping a copy."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.db import sync_folder
from infra.files import write_synced

HEADER = "amends master key v1"
NOTE = """
  A new master key was made: {path}

  KEEP A COPY OF THIS FILE, apart from the data folder and its backups.
  Without it no letter can ever be read again; with it and the data folder everything can.
"""


class MasterKeyProblem(Exception):
    """The master key can't be used as it is; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """32 random bytes that wrap data keys, and the file they came from."""

    secret: bytes = field(repr=False)
    path: Path
    _cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_cipher", AESGCM(self.secret))

    @property
    def name(self) -> str:
        """A short public name, to tell two master keys apart."""
        return hashlib.sha256(b"amends master key name" + self.secret).hexdigest()[:12]

    def wrap(self, key_id: str, key: bytes) -> bytes:
        """60 bytes: iv ‖ AES-256-GCM(key), bound to its id."""
        iv = secrets.token_bytes(12)
        return iv + self._cipher.encrypt(iv, key, _bound_to(key_id))

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes | None:
        """The 32-byte key, or None when another master key wrapped it."""
        try:
            return self._cipher.decrypt(wrapped[:12], wrapped[12:], _bound_to(key_id))
        except InvalidTag:
            return None


def default_path(workspace: str, environ: Mapping[str, str] = os.environ) -> Path:
    """`AMENDS_MASTER_KEY_FILE`, else `~/.config/amends/<workspace>.key`. Raises `MasterKeyProblem` without a usable home."""
    if named := environ.get("AMENDS_MASTER_KEY_FILE"):
        return Path(named).expanduser().absolute()
    home = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else "")
    if not home.startswith("/"):
        raise MasterKeyProblem(
            "There is no home folder to keep the master key in (HOME is not set). "
            "Set AMENDS_MASTER_KEY_FILE to a path outside the data folder."
        )
    return Path(home) / "amends" / f"{workspace}.key"


def open_master(path: Path, *, data: Path, expected: bool, tell: Callable[[str], object]) -> MasterKey:
    """Read the master key, or make it when nothing was sealed yet (`expected` False). Raises `MasterKeyProblem`."""
    if path.absolute().is_relative_to(data.absolute()):
        raise MasterKeyProblem(
            f"The master key {path} lies inside the data folder {data}: whoever copies the folder could read everything. "
            "Set AMENDS_MASTER_KEY_FILE to a path outside of it."
        )
    if path.exists():
        return read_master(path)
    if expected:
        raise MasterKeyProblem(
            f"The master key {path} is missing, and the data in {data} is sealed with it. "
            "Put your copy of it there (mode 0600), or name its place in AMENDS_MASTER_KEY_FILE."
        )
    made = make_master(path)
    tell(NOTE.format(path=path))
    return made


def read_master(path: Path) -> MasterKey:
    """Raises `MasterKeyProblem` unless the file is whole and readable by its owner alone."""
    try:
        mode, text = path.stat().st_mode & 0o777, path.read_text("ascii")
    except (OSError, UnicodeError) as broken:
        raise MasterKeyProblem(
            f"The master key {path} can't be read ({broken}). Put your copy of it there."
        ) from broken
    if mode & 0o077:
        raise MasterKeyProblem(
            f"The master key {path} can be read by others (mode {mode:04o}). Run: chmod 600 '{path}'"
        )
    header, _, encoded = text.strip().partition("\n")
    secret = _decoded(encoded) if header == HEADER else b""
    if len(secret) != 32:
        raise MasterKeyProblem(f"The file {path} is not a whole master key. Put your copy of it there.")
    return MasterKey(secret=secret, path=path)


def make_master(path: Path) -> MasterKey:
    """A new random key in a new file, whole and synced, or no file. Raises `MasterKeyProblem` when it can't be written."""
    master = MasterKey(secret=secrets.token_bytes(32), path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(path, f"{HEADER}\n{base64.b64encode(master.secret).decode()}\n".encode())
    except OSError as refused:
        raise MasterKeyProblem(
            f"The master key can't be written to {path} ({refused.strerror}). "
            "Set AMENDS_MASTER_KEY_FILE to a path outside the data folder that the hub may write."
        ) from refused
    return master


def _write_new(path: Path, content: bytes) -> None:
    """Beside it first: half a key, left by a kill, would stop every later start. A link never replaces a file."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        write_synced(beside, content)
        os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return b""


def _bound_to(key_id: str) -> bytes:
    return b"amends data key v1\0" + key_id.encode()
