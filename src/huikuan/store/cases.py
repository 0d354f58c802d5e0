"""Short payments as cases: what a customer held back, why, who sees to it and until when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huikuan.store.ledger import JournalEntry, OpenItem, Receipt
from huikuan.store.parties import CustomerAccount, Entity, User


class ShortPaymentReason(models.Model):
    """A reason an entity knows, whose role it falls to and within how many working days. ``name`` is empty for the
    reasons the product brings, whose words are translated."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="short_payment_reasons")
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=60, blank=True)
    owner_role = models.CharField(max_length=20)
    days = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "code"], name="short_payment_reason_once")]


class ShortPaymentPolicy(models.Model):
    """A rest of at most ``share_bp`` hundredths of a percent of an item that money was named for becomes a case by
    itself; 0 is never."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, primary_key=True, related_name="+")
    share_bp = models.PositiveIntegerField()


class ShortPayment(models.Model):
    """A case. ``amount_minor`` of the item is held back; ``entry`` is the application that left it, ``settling_entry``
    what took it off the books. An item has at most one case that is not closed."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="short_payments")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="short_payments")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, null=True, related_name="+")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, related_name="+")
    reason_code = models.CharField(max_length=30)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="short_payments")
    owner_role = models.CharField(max_length=20)
    opened_on = models.DateField()
    deadline = models.DateField()
    state = models.CharField(max_length=12)
    outcome = models.CharField(max_length=20, blank=True)
    settling_entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "accepted", "rejected", "paid", "withdrawn"]),
                name="short_payment_state_known",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="short_payment_positive"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state__in=["open", "rejected"]), name="short_payment_once"
            ),
        ]
        indexes = [models.Index(fields=["entity", "state", "deadline"], name="short_payment_due")]


class ShortPaymentEvent(models.Model):
    """What was done with a case. ``data``: what was decided (reason, owner, deadline, amount), as codes and numbers."""

    case = models.ForeignKey(ShortPayment, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=20)
    note = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)
