"""Notes (acceptance bills, promissory notes, cheques, certificates): what is written on them, their steps, what they
cover; and what each entity has decided about channels of payment. Notes, steps and covers are only ever added."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huikuan.core.notes import Settles
from huikuan.store.ledger import JournalEntry, OpenItem, Receipt
from huikuan.store.parties import CustomerAccount, Entity, User


class Note(models.Model):
    """A note as it was taken, or a part of one that was split (``parent``). Where it settled at once, ``item`` is what
    stands on the ledger's notes, and ``receipt`` what the customer got for it."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    item = models.OneToOneField(OpenItem, on_delete=models.PROTECT, null=True, related_name="note")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, related_name="notes")
    kind = models.CharField(max_length=12)
    number = models.CharField(max_length=60)
    range_first = models.BigIntegerField(null=True)
    range_last = models.BigIntegerField(null=True)
    drawer = models.CharField(max_length=200, blank=True)
    acceptor = models.CharField(max_length=200)
    acceptor_class = models.CharField(max_length=16)
    guarantor = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    issue_date = models.DateField()
    maturity_date = models.DateField()
    settles = models.CharField(max_length=12)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="note_amount_positive")]
        indexes = [
            models.Index(fields=["entity", "maturity_date"], name="note_maturity"),
            models.Index(fields=["number"], name="note_number"),
        ]


class NoteEvent(models.Model):
    """A step of a note. ``on`` is when it happened, ``counts_from`` the day from which it counts in the books.
    ``undoes``: the step this one takes back. A step whose ``entry`` was reversed counts as taken back too."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="events")
    ordinal = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=12)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    on = models.DateField()
    counts_from = models.DateField()
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, null=True, related_name="+")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, related_name="+")
    party = models.CharField(max_length=200, blank=True, help_text="the bank, or to whom it was endorsed")
    with_recourse = models.BooleanField(default=False)
    rate_percent = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    days = models.PositiveSmallIntegerField(null=True)
    interest_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)
    memo = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "ordinal"], name="note_event_once")]
        indexes = [models.Index(fields=["entry"], name="note_event_entry", condition=Q(entry__isnull=False))]


class NoteCover(models.Model):
    """Of an item so much is covered by a note that settles at maturity."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="covers")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="covers")
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["note", "item"], name="note_cover_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="note_cover_positive"),
        ]


class ChannelPolicy(models.Model):
    """What an entity has decided: when notes and cheques settle, from which sum cash is escorted (books' currency;
    none: never), and what kind of payment references its documents have."""

    entity = models.OneToOneField(Entity, on_delete=models.CASCADE, primary_key=True, related_name="channel_policy")
    notes_settle = models.CharField(max_length=12, default=Settles.AT_ONCE.value)
    cheques_settle = models.CharField(max_length=12, default=Settles.AT_MATURITY.value)
    escort_from_minor = models.BigIntegerField(null=True)
    reference_scheme = models.CharField(max_length=4, blank=True, db_default="", default="")


class ReceiptChannel(models.Model):
    """By which channel a receipt came, where it is known; rows are only ever added."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, primary_key=True, related_name="channel_row")
    channel = models.CharField(max_length=16)


class CashSlip(models.Model):
    """A numbered receipt for cash (收款收据): numbers run without gaps per entity and year. Never changed: what happens
    to the money afterwards is the handing-in."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="cash_slip")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, null=True, related_name="+")
    payer = models.CharField(max_length=200)
    purpose = models.CharField(max_length=200)
    reason = models.CharField(max_length=300, help_text="why it was cash and no transfer")
    collected_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    received_on = models.DateField()
    due_on = models.DateField(help_text="the day on which the money must be handed in")
    escort = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "year", "number"], name="cash_slip_once")]


class CashHandIn(models.Model):
    """The cash of a slip was handed in: to the cashier or the bank. Once; never changed."""

    slip = models.OneToOneField(CashSlip, on_delete=models.PROTECT, primary_key=True, related_name="hand_in")
    on = models.DateField()
    place = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class PaymentMandate(models.Model):
    """A paper by which somebody else pays for a customer (委托付款书), with the days it is good for."""

    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="mandates")
    payer_name = models.CharField(max_length=200)
    payer_account = models.CharField(max_length=64, blank=True)
    is_private = models.BooleanField(default=False, help_text="the payer's account is a person's")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    document_id = models.BigIntegerField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["account"], name="mandate_account")]
