"""Sends what is due to the endpoints that want it, several at once, and writes down what each answered."""

from __future__ import annotations

import http.client
import logging
import random
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from django.conf import settings
from django.db import close_old_connections

from huikuan import __version__
from huikuan.core.refusals import Refusal
from huikuan.core.webhooks import read_url, sign
from huikuan.delivery.http import NotAllowed, post
from huikuan.services.deliveries import Answer, Parcel, is_due, settle, take

logger = logging.getLogger("huikuan.webhooks")

AT_ONCE = 8
TAKEN_AT_A_TIME = 16
"""Two rounds of tries at most, which end well before the lease does."""

Send = Callable[[Parcel, datetime], Answer]


def drain(*, send: Send | None = None, seconds: float = 20.0) -> dict[str, int]:
    """Sends until nothing is due or ``seconds`` have passed; counts the tries by the state they led to."""
    send = send or try_once
    counts: dict[str, int] = {}
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        while time.monotonic() < until:
            now = datetime.now(UTC)
            parcels = take(now, TAKEN_AT_A_TIME) if is_due(now) else []
            if not parcels:
                break
            # The threads only talk to the other side; the database is this thread's alone.
            answers = pool.map(send, parcels, [now] * len(parcels))
            for parcel, answer in zip(parcels, answers, strict=True):
                state = settle(parcel, answer, chance=random.random(), now=datetime.now(UTC))  # noqa: S311
                counts[state] = counts.get(state, 0) + 1
    return counts


def try_once(parcel: Parcel, now: datetime) -> Answer:
    """One try. Whatever goes wrong on the way is an answer too."""
    started = time.monotonic()
    stamp = int(now.timestamp())
    signatures = " ".join(sign(secret, parcel.message_id, stamp, parcel.body) for secret in parcel.secrets)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"huikuan/{__version__}",
        "webhook-id": parcel.message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signatures,
    }
    status, error, excerpt = None, "", ""
    try:
        target = read_url(parcel.url, allow_http=settings.ALLOW_HTTP_WEBHOOKS)
        reply = post(target, parcel.body, headers, allow_private=settings.ALLOW_PRIVATE_WEBHOOKS)
        status, excerpt = reply.status, _printable(reply.body)
    except Refusal as refusal:
        error = refusal.message
    except NotAllowed as reason:
        error = str(reason)
    except ssl.SSLError as reason:
        error = f"TLS: {reason.reason or reason}"
    except TimeoutError:
        error = "no answer in time"
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as reason:
        error = f"{type(reason).__name__}: {reason}"
    return Answer(status, int((time.monotonic() - started) * 1000), error, excerpt)


def _printable(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else " " for char in text)


class Courier:
    """Drains in a thread of its own, so that a slow endpoint keeps nothing else waiting."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def nudge(self) -> None:
        """Starts draining unless it is going on."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            # A daemon: a stop does not wait for the other side; what was under way is sent again after its lease.
            self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        close_old_connections()
        try:
            drain()
        except Exception:
            logger.exception("webhooks could not be sent; they are tried again")
        finally:
            close_old_connections()


courier = Courier()
