"""What machines ask: does the server answer, can it work, how does it do."""

from __future__ import annotations

import hmac
from collections import Counter

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from huikuan import __version__
from huikuan.config.requests import BUCKETS, METER
from huikuan.queries.health import figures, readiness

PLAIN = {"Cache-Control": "no-store"}
_LOCAL = frozenset({"127.0.0.1", "::1"})


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Says that the server answers; the supervisor waits for it."""
    return HttpResponse("ok", content_type="text/plain", headers=PLAIN)


@login_not_required
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 where everything is there that work needs, 503 with what is missing where not."""
    checks = readiness(timezone.now())
    good = all(check.ok for check in checks)
    told = {check.name: "ok" if check.ok else check.detail for check in checks}
    return JsonResponse({"ready": good, "checks": told}, status=200 if good else 503, headers=PLAIN)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' text format, for this machine and for who has the token."""
    if not _may_ask(request):
        return HttpResponse("give the token as Authorization: Bearer ...", status=403, content_type="text/plain")
    text = "".join([*_of_requests(), *_of_database()])
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8", headers=PLAIN)


def _may_ask(request: HttpRequest) -> bool:
    if token := settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    # Behind a proxy everybody comes from this machine.
    return request.META.get("REMOTE_ADDR") in _LOCAL and "X-Forwarded-For" not in request.headers


def _of_requests() -> list[str]:
    counts, seconds = METER.all()
    lines = ["# TYPE huikuan_requests_total counter\n"]
    spread: dict[str, Counter[str]] = {}
    for key, n in sorted(counts.items()):
        what, view, *rest = key.split("|")
        if what == "requests":
            labels = f'view="{view}",method="{rest[0]}",status="{rest[1]}"'
            lines.append(f"huikuan_requests_total{{{labels}}} {n}\n")
        else:
            spread.setdefault(view, Counter())[rest[0]] += n
    lines.append("# TYPE huikuan_request_seconds histogram\n")
    for view, buckets in spread.items():
        below = 0
        for bound in (*map(str, BUCKETS), "+Inf"):
            below += buckets[bound]
            lines.append(f'huikuan_request_seconds_bucket{{view="{view}",le="{bound}"}} {below}\n')
        lines.append(f'huikuan_request_seconds_sum{{view="{view}"}} {seconds[view]:.6f}\n')
        lines.append(f'huikuan_request_seconds_count{{view="{view}"}} {below}\n')
    return lines


def _of_database() -> list[str]:
    found = figures()
    entries = found.entries_sealed + found.entries_unsealed
    return [
        f'# TYPE huikuan_build_info gauge\nhuikuan_build_info{{version="{__version__}"}} 1\n',
        f"# TYPE huikuan_entries_total counter\nhuikuan_entries_total {entries}\n",
        f"# TYPE huikuan_entries_unsealed gauge\nhuikuan_entries_unsealed {found.entries_unsealed}\n",
        f"# TYPE huikuan_outbox_held gauge\nhuikuan_outbox_held {int(found.outbox_held)}\n",
        "# TYPE huikuan_tasks gauge\n",
        *(
            f'huikuan_tasks{{state="{state.lower()}"}} {found.tasks.get(state, 0)}\n'
            for state in ("READY", "RUNNING", "FAILED", "SUCCESSFUL")
        ),
        "# TYPE huikuan_job_last_success_timestamp_seconds gauge\n",
        *(
            f'huikuan_job_last_success_timestamp_seconds{{job="{name}"}} {at:.3f}\n'
            for name, (at, _) in found.jobs.items()
            if at is not None
        ),
        "# TYPE huikuan_job_failures gauge\n",
        *(f'huikuan_job_failures{{job="{name}"}} {failures}\n' for name, (_, failures) in found.jobs.items()),
    ]
