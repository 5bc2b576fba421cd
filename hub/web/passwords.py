"""Passwords as argon2id strings; the work is the same for a login that does not exist."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.app.ports import Credential, Credentials, Sessions
from hub.web.sockets import Sockets

SHORTEST: Final = 10
"""Characters, at least."""

LONGEST: Final = 1000
"""Characters, at most: hashing takes time."""

_HASHER: Final = PasswordHasher()


def hashed(password: str) -> str:
    """The argon2id string to keep. Blocks for about 50 ms."""
    return _HASHER.hash(password)


async def take_credential(
    credential: Credential, credentials: Credentials, sessions: Sessions, sockets: Sockets
) -> None:
    """It counts from now on; whoever signed in with the one before is out. What hangs on another process notices by itself."""
    await credentials.put(credential)
    await sessions.end_all(credential.agent)
    sockets.end_agent(credential.agent, "signed-out")


async def hash_of(password: str) -> str:
    """The argon2id string, made away from the event loop."""
    return await asyncio.to_thread(hashed, password)


def matches(secret_hash: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed. None: no such login; takes as long, and is never right."""
    try:
        _HASHER.verify(secret_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return secret_hash is not None


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash("nobody signs in with this")
