"""Sealed parts are small and alike, so they are compressed with a dictionary that ships with the code.

A dictionary is never changed: a better one gets the next number, and old ones stay for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import zstandard

CURRENT: Final = 1
LEVEL: Final = 1
FEW: Final = 4
"""Fewer are compressed one by one: the one call costs more to set up."""
LARGEST: Final = 1 << 30


def squeeze(plain: bytes) -> bytes:
    """Number of the dictionary (1 byte), then a zstd frame."""
    return _PREFIX + _pressers().compress(plain)


def squeeze_all(plains: Sequence[bytes]) -> list[bytes]:
    """The same for many: from a few on by one call, which lets go of the interpreter lock once."""
    if len(plains) < FEW:
        return [squeeze(plain) for plain in plains]
    frames = _pressers().multi_compress_to_buffer(list(plains))
    return [_PREFIX + frames[nth].tobytes() for nth in range(len(frames))]


def unsqueeze(packed: bytes) -> bytes:
    """Raises on bytes that `squeeze` did not make."""
    return _unpressers(packed[0]).decompress(packed[1:], max_output_size=LARGEST)


_PREFIX: Final = bytes([CURRENT])
_local = threading.local()  # zstandard's objects are not for two threads at once


def _pressers() -> zstandard.ZstdCompressor:
    try:
        made: zstandard.ZstdCompressor = _local.presser
    except AttributeError:
        made = _local.presser = zstandard.ZstdCompressor(
            level=LEVEL, dict_data=_dictionary(CURRENT), write_dict_id=False, write_checksum=False
        )
    return made


def _unpressers(number: int) -> zstandard.ZstdDecompressor:
    made: dict[int, zstandard.ZstdDecompressor] = _local.__dict__.setdefault("unpressers", {})
    if number not in made:
        made[number] = zstandard.ZstdDecompressor(dict_data=_dictionary(number))
    return made[number]


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    data = zstandard.ZstdCompressionDict(
        files("infra.dictionaries").joinpath(f"v{number}.zdict").read_bytes()
    )
    data.precompute_compress(level=LEVEL)
    return data
