"""What happened, waiting to be told to others: events, who wants to hear them, each delivery and each try of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huikuan.store.parties import Entity, User


class WebhookEndpoint(models.Model):
    """An address that is told of events of one entity. ``event_types``: those it wants; empty for every type.

    The secret is encrypted; ``former_secret`` still signs until ``former_until``. ``failing_since``: the first of an
    unbroken row of failures.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    event_types = models.JSONField(default=list)
    secret = models.TextField()
    former_secret = models.TextField(blank=True)
    former_until = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=20, blank=True)
    deleted_at = models.DateTimeField(null=True)


class OutboxEvent(models.Model):
    """One thing that happened, written in the transaction that made it happen. No personal data."""

    id = models.BigAutoField(primary_key=True)
    message_id = models.CharField(max_length=40, unique=True)
    type = models.CharField(max_length=40)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    subject = models.CharField(max_length=40, blank=True)
    payload = models.JSONField()
    created_at = models.DateTimeField(db_index=True)


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint. A worker that takes it holds ``lease`` until ``leased_until``."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up"

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    tries = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(help_text="of the first try of this round")
    next_at = models.DateTimeField()
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once")]
        indexes = [models.Index(fields=["next_at"], name="delivery_due", condition=Q(state="pending"))]


class WebhookAttempt(models.Model):
    """One try: what the other side answered (``status``), or why there was no answer (``error``)."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField()
    error = models.CharField(max_length=200, blank=True)
    excerpt = models.CharField(max_length=500, blank=True)
