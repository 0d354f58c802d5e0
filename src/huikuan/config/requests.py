"""Every request gets a number, is counted and timed, and, where logs are for machines, leaves one line: the view, never
the address, so no name that somebody searched for lands in a log."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

logger = logging.getLogger("huikuan.request")

request_id: ContextVar[str] = ContextVar("request_id", default="")
BUCKETS = (0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latency histogram, in seconds."""
FLUSH_SECONDS = 5.0
_GIVEN = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Meter:
    """What this process has served. Kept in a file of its own, too, so that one process can tell about all of them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()
        self._flushed = 0.0

    def note(self, view: str, method: str, status: int, seconds: float) -> None:
        bucket = next((str(bound) for bound in BUCKETS if seconds <= bound), "+Inf")
        with self._lock:
            self.counts[f"requests|{view}|{method}|{status}"] += 1
            self.counts[f"bucket|{view}|{bucket}"] += 1
            self.seconds[view] += seconds
            if time.monotonic() - self._flushed < FLUSH_SECONDS:
                return
            self._flushed = time.monotonic()
            data = json.dumps([self.counts, self.seconds])
        self._flush(data)

    def _flush(self, data: str) -> None:
        folder = metrics_folder()
        try:
            folder.mkdir(exist_ok=True)
            draft = folder / f".{os.getpid()}"
            draft.write_text(data)
            draft.replace(folder / f"{os.getpid()}.json")
        except OSError:
            logger.warning("figures of requests cannot be written")

    def all(self) -> tuple[Counter[str], dict[str, float]]:
        """Figures of this process and the last ones of the others."""
        with self._lock:
            counts, seconds = Counter(self.counts), self.seconds.copy()
        for path in metrics_folder().glob("*.json"):
            if path.stem != str(os.getpid()):
                try:
                    others, their_seconds = json.loads(path.read_text())
                except (OSError, ValueError):
                    continue
                counts.update(others)
                for view, more in their_seconds.items():
                    seconds[view] += more
        return counts, seconds


def metrics_folder() -> Path:
    return Path(settings.HUIKUAN_HOME) / "metrics"


METER = Meter()


class RequestMiddleware:
    """Outermost: what it times is what the person waits for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        number = given if _GIVEN.fullmatch(given) else uuid4().hex
        token = request_id.set(number)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            took = time.perf_counter() - began
            view = (request.resolver_match.view_name if request.resolver_match else "") or "other"
            method = request.method if request.method in ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE") else "other"
            METER.note(view, method, response.status_code, took)
            if settings.LOG_REQUESTS:
                told = {"view": view, "method": method, "status": response.status_code, "ms": round(took * 1000, 1)}
                logger.info("%s %s %s", method, view, response.status_code, extra={"told": told})
            response.headers["X-Request-ID"] = number
            return response
        finally:
            request_id.reset(token)


class JsonFormatter(logging.Formatter):
    """One JSON object a line. Of an error, its type and where it was, not its text: databases quote rows in theirs."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if number := request_id.get():
            line["request_id"] = number
        line.update(getattr(record, "told", {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = f"{record.exc_info[0].__module__}.{record.exc_info[0].__qualname__}"
            frames = traceback.extract_tb(record.exc_info[2])
            line["frames"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
        return json.dumps(line, ensure_ascii=False)
