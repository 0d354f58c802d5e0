"""Approvals by amount: the ladders, the requests, the decisions on them, and who stands in for whom."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from huikuan.store.ledger import JournalEntry
from huikuan.store.parties import CustomerAccount, Entity, User


class ApprovalRule(models.Model):
    """One step of the ladder of a kind of deed in an entity: ``role`` decides from ``from_minor`` (books' currency)."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="approval_rules")
    kind = models.CharField(max_length=20)
    number = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20)
    from_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "kind", "number"], name="approval_rule_once")]


class ApprovalRequest(models.Model):
    """A deed that waits for its decisions. ``steps`` is the ladder as it stood when it was asked: a list of
    [number, role, from_minor]; ``facts`` is what is needed to carry it out and, where it closed by itself, what did so
    (``lapsed``); ``entry`` what came of it."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    base_minor = models.BigIntegerField()
    reason = models.CharField(max_length=400)
    facts = models.JSONField()
    steps = models.JSONField()
    state = models.CharField(max_length=10, default="open", db_index=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "kind", "subject"], condition=Q(state="open"), name="approval_open_once"
            )
        ]


class ApprovalDecision(models.Model):
    """A step decided; rows are only ever added. ``on_behalf_of``: whose deputy decided."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField()
    approved = models.BooleanField()
    note = models.CharField(max_length=400, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="approval_decided_once")]


class Absence(models.Model):
    """While ``user`` is away (both days included), ``deputy`` decides what ``user`` may decide."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    deputy = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="absence_in_order")]
