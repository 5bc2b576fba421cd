"""Data keys wrapped by a master key that lives outside the data folder (record rules 17, 24)."""

from infra.keys.cache import KeyCache
from infra.keys.keyfile import KeyFile, KeyState
from infra.keys.lookup import LookupSecrets
from infra.keys.master import MasterKey, MasterKeyProblem, default_path, open_master
from infra.keys.memory import MemoryKeys
from infra.keys.opening import interrupted, open_keys, rotate

__all__ = [
    "KeyCache",
    "KeyFile",
    "KeyState",
    "LookupSecrets",
    "MasterKey",
    "MasterKeyProblem",
    "MemoryKeys",
    "default_path",
    "interrupted",
    "open_keys",
    "open_master",
    "rotate",
]
