"""SEPA direct debits: who collects, mandates, runs with their payments, and what happened to each. What a payment is
for and what happened to it is only ever added."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huikuan.core.direct_debits import BANK_DAYS, NOTICE_DAYS, PaymentState, RunState, Scheme, Use
from huikuan.store.bank import BankAccount, BankLine
from huikuan.store.ledger import OpenItem, Receipt
from huikuan.store.matching import LineDecision
from huikuan.store.parties import CustomerAccount, Entity, User


class DebitCreditor(models.Model):
    """What an entity collects as: its creditor identifier, the account the money comes to, and how many days before
    the collection customers are told (calendar days) and the bank is handed the file (TARGET days)."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, primary_key=True, related_name="debit_creditor")
    creditor_id = models.CharField(max_length=35)
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    bic = models.CharField(max_length=11, blank=True)
    notice_days = models.PositiveSmallIntegerField(default=NOTICE_DAYS)
    bank_days = models.PositiveSmallIntegerField(default=BANK_DAYS)


class DebitMandate(models.Model):
    """A customer's leave to collect. ``payer_name`` and ``payer_iban``: whose account it is. ``document_id``: the
    signed paper among the customer's documents. ``blocked_reason``: the ISO code of the return that blocked it."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="debit_mandates")
    reference = models.CharField(max_length=35)
    scheme = models.CharField(max_length=4, default=Scheme.CORE.value)
    use = models.CharField(max_length=10, default=Use.RECURRENT.value)
    payer_name = models.CharField(max_length=200)
    payer_iban = models.CharField(max_length=34)
    payer_bic = models.CharField(max_length=11, blank=True)
    signed_on = models.DateField()
    document_id = models.BigIntegerField(null=True)
    is_ending = models.BooleanField(default=False, help_text="its next collection is the last one")
    blocked_at = models.DateTimeField(null=True)
    blocked_reason = models.CharField(max_length=4, blank=True)
    revoked_on = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "reference"], name="debit_mandate_once")]
        indexes = [models.Index(fields=["account"], name="debit_mandate_account")]


class DebitMandateVersion(models.Model):
    """A mandate as it was until it was amended."""

    mandate = models.ForeignKey(DebitMandate, on_delete=models.PROTECT, related_name="versions")
    reference = models.CharField(max_length=35)
    payer_name = models.CharField(max_length=200)
    payer_iban = models.CharField(max_length=34)
    payer_bic = models.CharField(max_length=11, blank=True)
    document_id = models.BigIntegerField(null=True)
    amended_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class DebitRun(models.Model):
    """Collections for one day. What stands in the file besides the payments (creditor, account) is kept as it was when
    the run was proposed, so the file can be made again and has the same ``sha256``."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=20)
    state = models.CharField(max_length=10, default=RunState.PROPOSED.value)
    bundle = models.CharField(max_length=8)
    due_by = models.DateField(help_text="items due by this day")
    due_on = models.DateField(help_text="the day of the collection")
    notice_on = models.DateField(help_text="the last day on which customers are told")
    file_on = models.DateField(help_text="the last day on which the file is handed to the bank")
    creditor_id = models.CharField(max_length=35)
    creditor_name = models.CharField(max_length=200)
    creditor_iban = models.CharField(max_length=34)
    creditor_bic = models.CharField(max_length=11, blank=True)
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    notified_on = models.DateField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    sent_on = models.DateField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "number"], name="debit_run_once"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in RunState]), name="debit_run_state_known"
            ),
        ]


class DebitRecall(models.Model):
    """The bank is asked not to collect payments of a run that it has already. ``reason``: an ISO code."""

    run = models.ForeignKey(DebitRun, on_delete=models.PROTECT, related_name="recalls")
    number = models.CharField(max_length=35)
    reason = models.CharField(max_length=4)
    asked_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="debit_recall_once")]


class DebitPayment(models.Model):
    """One payment of a run. ``batch``: the payment information it stands in in the file. ``receipt`` and ``decision``:
    the money it came as, and what applied it. ``return_line``: the bank's line that took it back.

    The mandate stands as it was when the run was approved (before that: proposed), so the file can be made again;
    ``original_reference``, ``original_creditor_id`` and ``is_new_account`` say what the file tells as amended since the
    bank heard of the mandate last. ``recall_answer``: the bank's reason for not taking it back."""

    run = models.ForeignKey(DebitRun, on_delete=models.PROTECT, related_name="payments")
    mandate = models.ForeignKey(DebitMandate, on_delete=models.PROTECT, related_name="payments")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    ordinal = models.PositiveIntegerField()
    end_to_end_id = models.CharField(max_length=35)
    batch = models.CharField(max_length=35, blank=True)
    sequence = models.CharField(max_length=4)
    amount_minor = models.BigIntegerField()
    mandate_reference = models.CharField(max_length=35, blank=True, default="")
    payer_name = models.CharField(max_length=200, blank=True, default="")
    payer_iban = models.CharField(max_length=34, blank=True, default="")
    payer_bic = models.CharField(max_length=11, blank=True, default="")
    original_reference = models.CharField(max_length=35, blank=True, default="")
    original_creditor_id = models.CharField(max_length=35, blank=True, default="")
    is_new_account = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default=PaymentState.PLANNED.value)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, related_name="debit_payments")
    decision = models.ForeignKey(LineDecision, on_delete=models.PROTECT, null=True, related_name="debit_payments")
    return_line = models.ForeignKey(BankLine, on_delete=models.PROTECT, null=True, related_name="+")
    returned_on = models.DateField(null=True)
    return_reason = models.CharField(max_length=120, blank=True)
    charges_minor = models.BigIntegerField(default=0)
    recall = models.ForeignKey(DebitRecall, on_delete=models.PROTECT, null=True, related_name="payments")
    recall_answer = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "ordinal"], name="debit_payment_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="debit_payment_positive"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in PaymentState]), name="debit_payment_state_known"
            ),
        ]
        indexes = [models.Index(fields=["end_to_end_id"], name="debit_payment_end_to_end")]


class DebitPaymentItem(models.Model):
    """Of an item so much is asked for by a payment; below zero: by so much a credit makes it smaller."""

    payment = models.ForeignKey(DebitPayment, on_delete=models.PROTECT, related_name="items")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="debits")
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "item"], name="debit_item_once"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="debit_item_some"),
        ]


class DebitEvent(models.Model):
    """What happened to a run, or to one payment of it."""

    run = models.ForeignKey(DebitRun, on_delete=models.PROTECT, related_name="events")
    payment = models.ForeignKey(DebitPayment, on_delete=models.PROTECT, null=True, related_name="events")
    code = models.CharField(max_length=12)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
