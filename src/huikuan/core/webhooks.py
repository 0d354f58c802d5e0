"""Telling others what happened: the signature (Standard Webhooks), when to try again, which addresses may be called."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from huikuan.core.refusals import Refusal


class EventType(StrEnum):
    """What others can be told of. The data of each is listed in docs/api.md."""

    ITEM_POSTED = "item.posted"
    RECEIPT_POSTED = "receipt.posted"
    APPLICATION_POSTED = "application.posted"
    ENTRY_POSTED = "entry.posted"
    """Any other entry: write-off, refund, offset, revaluation … Its kind is in the data."""
    ENTRY_REVERSED = "entry.reversed"
    CUSTOMER_CHANGED = "customer.changed"
    IMPORT_PUBLISHED = "import.published"
    PERIOD_CHANGED = "period.changed"
    PING = "ping"
    """Sent when a person asks for a test; never subscribed to."""


SUBSCRIBED = tuple(kind for kind in EventType if kind != EventType.PING)

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=12)
GIVE_UP_AFTER = timedelta(days=3)
"""A delivery is tried for so long."""
DISABLE_AFTER = timedelta(days=5)
"""An endpoint that has answered nothing but failures for so long is switched off."""
GONE = 410
"""By this answer an endpoint says that it wants no more."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, none itself


def secret_text(chance: bytes) -> str:
    """A secret as it is shown: ``whsec_`` and its bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(chance).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body`` under the secret's bytes."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, sha256).digest()).decode()


def wait_after(tries: int, chance: float) -> timedelta:
    """How long after try number ``tries`` the next one comes: 5 s, 20 s, 80 s … up to 12 hours, each made a fifth
    longer or shorter by ``chance`` (0 to 1), so that what failed together does not come back together."""
    factor: int = 4 ** min(tries - 1, 12)
    return min(FIRST_WAIT * factor, LONGEST_WAIT) * (0.8 + 0.4 * chance)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery after a try. ``next_at`` is ``None`` where there is no further try."""

    state: str
    next_at: datetime | None
    failing_since: datetime | None
    disable_reason: str = ""


def decide_after_try(
    *,
    status: int | None,
    tries: int,
    started_at: datetime,
    failing_since: datetime | None,
    now: datetime,
    chance: float,
) -> Verdict:
    """``status``: the answer, ``None`` where there was none. ``tries`` counts this one. Any 2xx is success."""
    if status is not None and 200 <= status < 300:
        return Verdict("delivered", None, None)
    since = failing_since or now
    reason = "gone" if status == GONE else "failing" if now - since >= DISABLE_AFTER else ""
    next_at = now + wait_after(tries, chance)
    if reason or next_at - started_at > GIVE_UP_AFTER:
        return Verdict("given_up", None, since, reason)
    return Verdict("pending", next_at, since)


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart."""

    scheme: str
    host: str
    port: int
    path: str


def read_url(url: str, *, allow_http: bool = False) -> Target:
    """Refuses ``webhook.bad_url``, ``webhook.not_https``, ``webhook.credentials``."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _bad(url) from None
    if not parts.hostname or parts.scheme not in ("https", "http") or not url.isascii() or not url.isprintable():
        raise _bad(url)
    if any(char in url for char in " \\<>\"'`{}|^"):
        raise _bad(url)
    if parts.scheme == "http" and not allow_http:
        raise Refusal("webhook.not_https", "The address must start with https://")
    if parts.username or parts.password:
        raise Refusal("webhook.credentials", "The address must not carry a name or password.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), path)


def _bad(url: str) -> Refusal:
    return Refusal("webhook.bad_url", "{url} is not an address that can be called", url=url[:100])


def is_public(address: str) -> bool:
    """Whether an IP address lies outside: not this machine, not a private network, not one a cloud keeps for itself."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        # An address of the old internet in the clothes of the new one is judged by what it carries.
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if int(found) >> 32 == 0x0064FF9B << 64:
            return is_public(str(IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)
