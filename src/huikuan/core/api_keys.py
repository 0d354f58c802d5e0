"""The text of an API key: ``hk_`` + a prefix that finds it + a secret of which only the hash is kept."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

PREFIX_SIZE, SECRET_SIZE = 10, 40
_KEY = re.compile(r"hk_([0-9a-z]{10})_([0-9A-Za-z]{40})")
_LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"
_BOTH = _LOWER + _LOWER[10:].upper()


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key taken apart."""

    prefix: str
    secret: str

    @property
    def text(self) -> str:
        return f"hk_{self.prefix}_{self.secret}"

    @property
    def secret_sha256(self) -> str:
        """The secret has over 230 bits of chance in it, so a plain hash is as hard to turn back as a slow one."""
        return sha256(self.secret.encode()).hexdigest()

    def matches(self, secret_sha256: str) -> bool:
        """Compares in constant time."""
        return hmac.compare_digest(self.secret_sha256, secret_sha256)


def key_of(chance: bytes) -> KeyText:
    """The key that ``chance`` (at least 50 random bytes) stands for."""
    digits = [byte % 36 for byte in chance[:PREFIX_SIZE]]
    rest = int.from_bytes(chance[PREFIX_SIZE:], "big")
    secret = []
    for _ in range(SECRET_SIZE):
        rest, digit = divmod(rest, len(_BOTH))
        secret.append(_BOTH[digit])
    return KeyText("".join(_LOWER[digit] for digit in digits), "".join(secret))


def read_key(text: str) -> KeyText | None:
    """A key as it came in a header; ``None`` where the text is none."""
    found = _KEY.fullmatch(text)
    return KeyText(found[1], found[2]) if found else None
