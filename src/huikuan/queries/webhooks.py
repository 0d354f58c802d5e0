"""Webhook endpoints and the log of what they were sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from huikuan.queries.listing import PAGE_SIZE_MAX, Page
from huikuan.store.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint. ``state``: active, failing, paused or disabled (``disabled_reason``: gone, failing, secret).
    ``waiting``: deliveries still to be made."""

    id: int
    entity_id: int
    entity_code: str
    entity_name: str
    url: str
    description: str
    event_types: tuple[str, ...]
    state: str
    disabled_reason: str
    failing_since: datetime | None
    waiting: int
    delivered: int
    last_at: datetime | None
    created_at: datetime


def endpoint_rows(entity_ids: Iterable[int]) -> list[EndpointRow]:
    """The endpoints of these entities, by entity; the caller asks who may see them."""
    found = WebhookEndpoint.objects.filter(entity_id__in=list(entity_ids), deleted_at=None).select_related("entity")
    counted = found.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state="pending")),
        delivered=Count("deliveries", filter=Q(deliveries__state="delivered")),
        last_at=Max("deliveries__event__created_at"),
    )
    return [_row(row) for row in counted.order_by("entity__code", "id")]


def endpoint_row(endpoint_id: int, entity_ids: Iterable[int]) -> EndpointRow | None:
    return next((row for row in endpoint_rows(entity_ids) if row.id == endpoint_id), None)


def _row(row: WebhookEndpoint) -> EndpointRow:
    state = "active" if row.is_active else "disabled" if row.disabled_reason else "paused"
    if row.is_active and row.failing_since is not None:
        state = "failing"
    return EndpointRow(
        id=row.pk,
        entity_id=row.entity_id,
        entity_code=row.entity.code,
        entity_name=row.entity.name,
        url=row.url,
        description=row.description,
        event_types=tuple(row.event_types),
        state=state,
        disabled_reason="" if row.is_active else row.disabled_reason,
        failing_since=row.failing_since,
        waiting=row.waiting,  # type: ignore[attr-defined]
        delivered=row.delivered,  # type: ignore[attr-defined]
        last_at=row.last_at,  # type: ignore[attr-defined]
        created_at=row.created_at,
    )


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try: an answer's ``status``, or the ``error`` there was instead."""

    at: datetime
    status: int | None
    duration_ms: int
    error: str
    excerpt: str

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """An event on its way to an endpoint, with its latest tries. ``state``: pending, delivered, given_up."""

    id: int
    message_id: str
    type: str
    subject: str
    created_at: datetime
    state: str
    tries: int
    next_at: datetime | None
    attempts: tuple[AttemptRow, ...]


def delivery_page(endpoint_id: int, *, state: str = "", page: int = 1, size: int = 50) -> Page[DeliveryRow]:
    """What an endpoint was sent, the newest first."""
    found = WebhookDelivery.objects.filter(endpoint_id=endpoint_id).select_related("event")
    if state:
        found = found.filter(state=state)
    size = min(max(size, 1), PAGE_SIZE_MAX)
    start = (max(page, 1) - 1) * size
    rows = list(found.order_by("-id")[start : start + size])
    attempts: dict[int, list[AttemptRow]] = {row.pk: [] for row in rows}
    for one in WebhookAttempt.objects.filter(delivery_id__in=list(attempts)).order_by("-id"):
        attempts[one.delivery_id].append(AttemptRow(one.at, one.status, one.duration_ms, one.error, one.excerpt))
    return Page([_delivery(row, tuple(attempts[row.pk])) for row in rows], found.count(), page, size)


def _delivery(row: WebhookDelivery, attempts: tuple[AttemptRow, ...]) -> DeliveryRow:
    return DeliveryRow(
        id=row.pk,
        message_id=row.event.message_id,
        type=row.event.type,
        subject=row.event.subject,
        created_at=row.event.created_at,
        state=row.state,
        tries=row.tries,
        next_at=row.next_at if row.state == "pending" else None,
        attempts=attempts[:10],
    )
