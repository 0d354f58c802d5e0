"""Webhook endpoints: who is told of what, the secret each is signed with, deliveries sent again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.core.webhooks import SUBSCRIBED, EventType, read_url, secret_text
from huikuan.services.auditing import record
from huikuan.services.outbox import NewEvent, write_events
from huikuan.services.rights import demand
from huikuan.services.secrets import hide, reveal
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Entity, OutboxEvent, WebhookDelivery, WebhookEndpoint

FORMER_SECRET_HOLDS = timedelta(hours=24)
KEPT = timedelta(days=90)
"""Events and the log of their deliveries are kept for so long."""

State = WebhookDelivery.State


def add_endpoint(
    entity_id: int,
    url: str,
    event_types: Sequence[str] = (),
    *,
    description: str = "",
    actor_id: int | None,
    now: datetime,
) -> tuple[int, str]:
    """Tells ``url`` of an entity's events from now on; gives the endpoint's id and its secret, shown this once.

    ``event_types`` empty means all. Refuses ``webhook.bad_url``, ``webhook.not_https``, ``webhook.credentials``,
    ``webhook.unknown_type``, ``right.missing``.
    """
    types = _checked(url, event_types, description)
    secret = secret_text(secrets.token_bytes(24))

    def work() -> int:
        demand(actor_id, Right.MANAGE_SYSTEM, entity_id=entity_id)
        if not Entity.objects.filter(id=entity_id).exists():
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)
        made = WebhookEndpoint.objects.create(
            entity_id=entity_id,
            url=url,
            description=description,
            event_types=types,
            secret=hide(secret),
            created_at=now,
            created_by_id=actor_id,
        )
        _record("webhook.added", made, actor_id, now, types=types)
        return int(made.pk)

    return run_in_transaction(work), secret


def change_endpoint(
    endpoint_id: int,
    *,
    url: str,
    event_types: Sequence[str],
    description: str,
    is_active: bool,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Refuses what ``add_endpoint`` refuses and ``webhook.unknown``. Switched on again, its failures are forgotten."""
    types = _checked(url, event_types, description)

    def work() -> None:
        found = _locked(endpoint_id, actor_id)
        if is_active and not found.is_active:
            found.failing_since = found.disabled_at = None
            found.disabled_reason = ""
        found.url, found.event_types, found.description, found.is_active = url, types, description, is_active
        found.save()
        _record("webhook.changed", found, actor_id, now, types=types, active=is_active)

    run_in_transaction(work)


def renew_secret(endpoint_id: int, *, actor_id: int | None, now: datetime) -> str:
    """Another secret, shown this once. The former one signs beside it for a day. Refuses ``webhook.unknown``."""
    secret = secret_text(secrets.token_bytes(24))

    def work() -> None:
        found = _locked(endpoint_id, actor_id)
        found.former_secret, found.former_until = found.secret, now + FORMER_SECRET_HOLDS
        found.secret = hide(secret)
        found.save()
        _record("webhook.secret_renewed", found, actor_id, now)

    run_in_transaction(work)
    return secret


def delete_endpoint(endpoint_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Tells it nothing more; its log stays until it is pruned. Refuses ``webhook.unknown``."""

    def work() -> None:
        found = _locked(endpoint_id, actor_id)
        found.is_active, found.deleted_at = False, now
        found.save()
        _record("webhook.deleted", found, actor_id, now)

    run_in_transaction(work)


def ping_endpoint(endpoint_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Sends it a ``ping``. Refuses ``webhook.unknown`` and ``webhook.paused``."""

    def work() -> None:
        found = _locked(endpoint_id, actor_id)
        _check_active(found)
        event = NewEvent(EventType.PING, "", {"entity": found.entity.code})
        write_events(found.entity_id, [(event, [found.pk])], now=now)
        _record("webhook.pinged", found, actor_id, now)

    run_in_transaction(work)


def replay_delivery(delivery_id: int, *, endpoint_id: int | None = None, actor_id: int | None, now: datetime) -> None:
    """Sends one event again, under the same message id. Refuses ``webhook.unknown_delivery`` (also for one that is
    another endpoint's than ``endpoint_id``), ``webhook.paused`` and ``webhook.under_way``."""

    def work() -> None:
        found = WebhookDelivery.objects.filter(id=delivery_id).first()
        if found is None or endpoint_id not in (None, found.endpoint_id):
            raise Refusal("webhook.unknown_delivery", "there is no such delivery")
        endpoint = _locked(found.endpoint_id, actor_id)
        _check_active(endpoint)
        if not _again(WebhookDelivery.objects.filter(id=delivery_id), now):
            raise Refusal("webhook.under_way", "This event is being sent already.")
        _record("webhook.replayed", endpoint, actor_id, now, deliveries=1)

    run_in_transaction(work)


def replay_since(endpoint_id: int, since: datetime, *, actor_id: int | None, now: datetime) -> int:
    """Sends everything since an instant again; gives their number. Refuses ``webhook.unknown``, ``webhook.paused``."""

    def work() -> int:
        endpoint = _locked(endpoint_id, actor_id)
        _check_active(endpoint)
        count = _again(WebhookDelivery.objects.filter(endpoint_id=endpoint_id, event__created_at__gte=since), now)
        _record("webhook.replayed", endpoint, actor_id, now, deliveries=count, since=since.isoformat())
        return count

    return run_in_transaction(work)


def prune(now: datetime) -> int:
    """Removes events older than ``KEPT`` that nobody waits for; gives their number."""
    old = OutboxEvent.objects.filter(created_at__lt=now - KEPT).exclude(
        deliveries__state=State.PENDING, deliveries__endpoint__is_active=True
    )
    return old.delete()[1].get("store.OutboxEvent", 0)


def secrets_of(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """What a message to it is signed with, the newest first."""
    found = [reveal(endpoint.secret)]
    if endpoint.former_secret and endpoint.former_until is not None and now < endpoint.former_until:
        found.append(reveal(endpoint.former_secret))
    return found


def _again(deliveries: object, now: datetime) -> int:
    changed = deliveries.exclude(state=State.PENDING).update(  # type: ignore[attr-defined]
        state=State.PENDING, tries=0, started_at=now, next_at=now, lease="", leased_until=None
    )
    return int(changed)


def _checked(url: str, event_types: Sequence[str], description: str) -> list[str]:
    check_text("url", url, 500)
    check_text("description", description, 120)
    read_url(url, allow_http=settings.ALLOW_HTTP_WEBHOOKS)
    known = {kind.value for kind in SUBSCRIBED}
    for name in event_types:
        if name not in known:
            raise Refusal("webhook.unknown_type", "{type} is not a type of event", type=name)
    return sorted(set(event_types))


def _locked(endpoint_id: int, actor_id: int | None) -> WebhookEndpoint:
    found = WebhookEndpoint.objects.select_for_update(of=("self",)).filter(id=endpoint_id, deleted_at=None).first()
    if found is None:
        raise Refusal("webhook.unknown", "there is no such webhook")
    demand(actor_id, Right.MANAGE_SYSTEM, entity_id=found.entity_id)
    return found


def _check_active(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        raise Refusal("webhook.paused", "This webhook is switched off.")


def _record(code: str, endpoint: WebhookEndpoint, actor_id: int | None, now: datetime, **data: object) -> None:
    record(code, now=now, actor_id=actor_id, entity_id=endpoint.entity_id, subject=f"webhook:{endpoint.pk}", **data)
