"""The ledger: facts that are only ever added (items, receipts, entries, postings) and the balances kept beside them.

Rows of ``APPEND_ONLY`` tables are never changed or deleted; ``store.triggers`` makes the database itself refuse it.
Entries are written last, after their postings; the trigger on entries proves the balance.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from huikuan.core.accounts import Charge, EntryKind, ItemKind, LedgerAccount
from huikuan.core.periods import PeriodState
from huikuan.store.parties import CustomerAccount, Entity, Source, User


def _choices(enum: type[EntryKind] | type[ItemKind] | type[LedgerAccount] | type[PeriodState]) -> list[str]:
    return [member.value for member in enum]


class JournalEntry(models.Model):
    """A balanced entry. ``recorded_at`` is system time; a file's own instant is ``source_recorded_at``."""

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=20)
    effective_date = models.DateField()
    posting_date = models.DateField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, db_index=False, db_constraint=False)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, db_index=False, db_constraint=False)
    external_id = models.CharField(max_length=120, blank=True)
    source_recorded_at = models.DateTimeField(null=True)
    memo = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["posting_date"], name="entry_posting_date"),
            models.Index(
                fields=["source", "entity", "external_id"], name="entry_identity", condition=~Q(external_id="")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=_choices(EntryKind)), name="entry_kind_known"),
        ]


class OpenItem(models.Model):
    """What a customer owes (or, negative, is owed) as one document. A changed document is a new ``version``."""

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, db_index=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    external_id = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=12)
    charge = models.CharField(max_length=10, default=Charge.PRINCIPAL.value)
    ledger_account = models.CharField(max_length=24)
    document_number = models.CharField(max_length=120)
    po_number = models.CharField(max_length=120, blank=True)
    contract_number = models.CharField(max_length=120, blank=True)
    document_date = models.DateField()
    due_date = models.DateField()
    posting_date = models.DateField()
    effective_date = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    base_minor = models.BigIntegerField()
    discount_date = models.DateField(null=True)
    discount_bp = models.PositiveIntegerField(null=True, help_text="early-payment discount in hundredths of a percent")
    disputed = models.BooleanField(default=False)
    sales_rep = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=120, blank=True)
    product = models.CharField(max_length=120, blank=True)
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="items")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "source", "external_id", "version"], name="item_identity"),
            models.CheckConstraint(condition=Q(kind__in=_choices(ItemKind)), name="item_kind_known"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="item_amount_not_zero"),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="item_account"),
            models.Index(fields=["document_number"], name="item_document_number"),
        ]


class OpenItemBalance(models.Model):
    """What is still open on an item, written in the transaction that changes it; ``verify`` rebuilds and compares."""

    item = models.OneToOneField(OpenItem, on_delete=models.PROTECT, primary_key=True, related_name="balance")
    account_id = models.BigIntegerField()
    original_minor = models.BigIntegerField()
    open_minor = models.BigIntegerField()
    open_base_minor = models.BigIntegerField()
    is_current = models.BooleanField(default=True, help_text="false once a newer version of the document replaced it")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(original_minor__gt=0) & Q(open_minor__gte=0) & Q(open_minor__lte=F("original_minor")))
                | (Q(original_minor__lt=0) & Q(open_minor__lte=0) & Q(open_minor__gte=F("original_minor"))),
                name="item_balance_bounded",
            )
        ]
        indexes = [models.Index(fields=["account_id"], name="item_balance_open", condition=~Q(open_minor=0))]


class Receipt(models.Model):
    """Money received. ``account`` is null while nobody knows whose it is (suspense)."""

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, null=True, db_index=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    external_id = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField(default=1)
    reference = models.CharField(max_length=120, blank=True)
    value_date = models.DateField()
    posting_date = models.DateField()
    effective_date = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    base_minor = models.BigIntegerField()
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="receipts")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "source", "external_id", "version"], name="receipt_identity"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="receipt_amount_positive"),
        ]
        indexes = [models.Index(fields=["value_date", "amount_minor"], name="receipt_day_amount")]


class ReceiptCounter(models.Model):
    """The last number given in a year to money that was typed in by hand."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "year"], name="receipt_counter_once")]


class ReceiptParty(models.Model):
    """Who paid and what the bank's text said: personal data, kept out of the journal, erasable."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, primary_key=True, related_name="party")
    payer_name = models.CharField(max_length=300, blank=True)
    payer_account = models.CharField(max_length=64, blank=True)
    remittance_text = models.TextField(blank=True)


class ReceiptBalance(models.Model):
    """Where a receipt's money stands now; what is in none of the three buckets is applied, refunded or reversed."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, primary_key=True, related_name="balance")
    account_id = models.BigIntegerField(null=True)
    original_minor = models.BigIntegerField()
    unidentified_minor = models.BigIntegerField(default=0)
    unapplied_minor = models.BigIntegerField(default=0)
    on_account_minor = models.BigIntegerField(default=0)
    open_base_minor = models.BigIntegerField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(unidentified_minor__gte=0)
                & Q(unapplied_minor__gte=0)
                & Q(on_account_minor__gte=0)
                & Q(original_minor__gte=F("unidentified_minor") + F("unapplied_minor") + F("on_account_minor")),
                name="receipt_balance_bounded",
            )
        ]
        indexes = [
            models.Index(
                fields=["account_id"],
                name="receipt_balance_open",
                condition=~Q(unidentified_minor=0, unapplied_minor=0, on_account_minor=0),
            )
        ]


class Posting(models.Model):
    """One leg of an entry: debit positive. On control accounts it names its open row (item or receipt)."""

    pk = models.CompositePrimaryKey("entry_id", "line")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="postings", db_index=False)
    line = models.PositiveSmallIntegerField()
    ledger_account = models.CharField(max_length=24)
    account = models.ForeignKey(
        CustomerAccount, on_delete=models.PROTECT, null=True, db_index=False, db_constraint=False
    )
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, null=True, db_index=False)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, db_index=False)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    base_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ledger_account__in=_choices(LedgerAccount)), name="posting_account_known"
            ),
            models.CheckConstraint(
                condition=~Q(ledger_account__in=["trade", "notes"]) | Q(item__isnull=False),
                name="posting_names_open_row",
            ),
        ]
        indexes = [
            models.Index(fields=["item"], name="posting_item", condition=Q(item__isnull=False)),
            models.Index(fields=["receipt"], name="posting_receipt", condition=Q(receipt__isnull=False)),
            models.Index(fields=["account", "entry"], name="posting_account", condition=Q(account__isnull=False)),
        ]


class Period(models.Model):
    """A month of an entity that is not simply open. ``month`` is its first day."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    month = models.DateField()
    state = models.CharField(max_length=12)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "month"], name="period_once"),
            models.CheckConstraint(condition=Q(state__in=_choices(PeriodState)), name="period_state_known"),
        ]


class ExchangeRate(models.Model):
    """One unit of ``currency`` in ``base`` from ``valid_from`` on, with where the figure comes from."""

    currency = models.CharField(max_length=3)
    base = models.CharField(max_length=3)
    valid_from = models.DateField()
    rate = models.DecimalField(max_digits=24, decimal_places=10)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "base", "valid_from"], name="rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_positive"),
        ]
