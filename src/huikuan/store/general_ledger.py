"""What goes from the subledger to the general ledger: how accounts are called there, what was exported when; and what a
person ticked off before closing a month."""

from __future__ import annotations

from django.db import models

from huikuan.store.parties import Entity, Source, User


class GlSettings(models.Model):
    """How an entity's vouchers are made: format, grouping, words, and what the format asks for (``options``)."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, primary_key=True, related_name="gl_settings")
    format = models.CharField(max_length=12)
    grouping = models.CharField(max_length=8)
    language = models.CharField(max_length=2)
    reference = models.CharField(max_length=10)
    customer_source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+")
    options = models.JSONField(default=dict)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")


class GlAccount(models.Model):
    """A ledger account of ours in one currency (empty: any other) and the account it is in the general ledger."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="gl_accounts")
    ledger_account = models.CharField(max_length=24)
    currency = models.CharField(max_length=3, blank=True)
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120, blank=True)
    dimensions = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "ledger_account", "currency"], name="gl_account_once")]


class GlExport(models.Model):
    """One file of vouchers: the sealed entries of an entity's month numbered above ``from_seq`` up to ``to_seq``.

    ``recipe`` is everything but the entries that the bytes follow from. Rows are only ever added.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="gl_exports")
    month = models.DateField()
    format = models.CharField(max_length=12)
    number = models.PositiveIntegerField()
    from_seq = models.BigIntegerField()
    to_seq = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    first_voucher = models.PositiveIntegerField()
    vouchers = models.PositiveIntegerField()
    debit_base_minor = models.BigIntegerField()
    totals = models.JSONField()
    recipe = models.JSONField()
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "month", "format", "number"], name="gl_export_once"),
            models.CheckConstraint(condition=models.Q(to_seq__gt=models.F("from_seq")), name="gl_export_range"),
        ]


class ClosingMark(models.Model):
    """A person ticked a point of a month's closing list, or took the tick back. The last one counts; all stay."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="closing_marks")
    month = models.DateField()
    point = models.CharField(max_length=40)
    is_done = models.BooleanField()
    note = models.CharField(max_length=300, blank=True)
    marked_at = models.DateTimeField()
    marked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["entity", "month"], name="closing_mark_month")]
