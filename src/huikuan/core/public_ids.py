"""Opaque ids for the outside: a keyed permutation of the inner number; nothing is stored, nothing is guessed in order.

Not a secret and not a right: every view still asks who may see the object.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ROUNDS = 4
_HALF = 0xFFFFFFFF


@lru_cache(maxsize=50_000)
def encode_id(prefix: str, number: int, key: bytes) -> str:
    """``("item", 7)`` → ``item_…`` with thirteen characters that only this installation can read back."""
    left, right = number >> 32, number & _HALF
    for step in range(_ROUNDS):
        left, right = right, left ^ _mix(prefix, right, step, key)
    value = left << 32 | right
    digits = [_ALPHABET[value >> shift & 31] for shift in range(60, -1, -5)]
    return f"{prefix}_{''.join(digits)}"


def decode_id(prefix: str, text: str, key: bytes) -> int | None:
    """The inner number, or ``None`` where the text is no id of this kind."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 13 or any(char not in _ALPHABET for char in tail):
        return None
    value = 0
    for char in tail:
        value = value << 5 | _ALPHABET.index(char)
    if value >> 64:
        return None
    left, right = value >> 32, value & _HALF
    for step in reversed(range(_ROUNDS)):
        left, right = right ^ _mix(prefix, left, step, key), left
    number = left << 32 | right
    return number if number < 1 << 63 else None


def _mix(prefix: str, half: int, step: int, key: bytes) -> int:
    data = f"{prefix}:{step}:{half}".encode()
    return int.from_bytes(blake2b(data, key=key, digest_size=4).digest(), "big")
