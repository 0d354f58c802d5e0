"""When a session was last used, noted now and then: a page that only reads must not wait for whoever writes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from allauth.usersessions.middleware import UserSessionsMiddleware
from django.http import HttpRequest, HttpResponseBase

NOTE_SECONDS = 300.0
_KEPT = 10_000


class SessionActivityMiddleware:
    """allauth's middleware once in five minutes per session and process. SQLite has one writer: noted at every request,
    every page would wait while a large file is being posted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.noting = UserSessionsMiddleware(get_response)
        self._noted: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.session.session_key or ""
        handle = self.noting if key and self._is_due(key) else self.get_response
        response: HttpResponseBase = handle(request)
        return response

    def _is_due(self, key: str) -> bool:
        now = time.monotonic()
        with self._lock:
            if now - self._noted.get(key, -NOTE_SECONDS) < NOTE_SECONDS:
                return False
            self._noted[key] = now
            while len(self._noted) > _KEPT:
                self._noted.popitem(last=False)
        return True
