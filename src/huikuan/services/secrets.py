"""Secrets that must be read again (of webhooks, say), encrypted at rest with a key derived from the installation's."""

from __future__ import annotations

import base64
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from huikuan.core.refusals import Refusal


def hide(text: str) -> str:
    """The text encrypted; different each time."""
    return _box().encrypt(text.encode()).decode()


def reveal(hidden: str) -> str:
    """What was hidden. Refuses ``secret.unreadable`` where the installation's key is another one now."""
    try:
        return _box().decrypt(hidden.encode()).decode()
    except InvalidToken:
        raise Refusal(
            "secret.unreadable", "the secret was encrypted under another installation key: make a new one"
        ) from None


def _box() -> Fernet:
    # The installation's key has enough chance in it, so one hash with a purpose of its own is a derivation.
    key = sha256(b"huikuan:secrets:v1:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
