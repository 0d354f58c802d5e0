"""Going live: the day from which the books are kept here, what the old general ledger says on the eve, the proof."""

from __future__ import annotations

from django.db import models

from huikuan.store.parties import Entity, User


class GoLive(models.Model):
    """An entity on its way: ``cut_over`` is the first day kept here, the first of a month."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, primary_key=True, related_name="go_live")
    cut_over = models.DateField()
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class OpeningBalance(models.Model):
    """What the old general ledger says a control account stands at on the eve of the cut-over; debit positive."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="opening_balances")
    ledger_account = models.CharField(max_length=24)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    typed_at = models.DateTimeField()
    typed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "ledger_account", "currency"], name="opening_balance_once")
        ]


class GoLiveProof(models.Model):
    """The certificate: both sides of every control account, equal, and the sealed chain they were read from."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, related_name="go_live_proof")
    cut_over = models.DateField()
    balances = models.JSONField()
    items = models.PositiveIntegerField()
    receipts = models.PositiveIntegerField()
    head_seq = models.BigIntegerField()
    head_hash = models.CharField(max_length=64)
    live_at = models.DateTimeField()
    live_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
