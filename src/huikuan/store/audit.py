"""Who did what, when; answers kept under idempotency keys; what this installation is."""

from __future__ import annotations

from django.db import models

from huikuan.store.parties import Entity, User


class AuditEvent(models.Model):
    """One thing a person or the system did. ``code`` is dotted (``import.published``); rows are only ever added."""

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    code = models.CharField(max_length=60)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, null=True)
    subject = models.CharField(max_length=60, blank=True)
    data = models.JSONField(default=dict)


class IdempotencyKey(models.Model):
    """The answer given to a request: the same key with the same body gives it again, with another body a conflict."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    actor_key = models.BigIntegerField(default=0, help_text="user id, 0 for the system")
    operation = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    request_hash = models.CharField(max_length=64)
    answer = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "actor_key", "operation", "key"], name="idempotency_once")
        ]


class Installation(models.Model):
    """Facts of this installation, written once: the key of its public ids, the version that made it."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.TextField()
