"""Shops and platforms: what they sold, what they paid out, which payout covers which sales, what people said of what
differs. Files, sales, payouts and explanations are only ever added."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huikuan.core.payout_differences import DifferenceKind, Reason
from huikuan.core.payouts import How, SalesPosting, ShopKind
from huikuan.store.bank import BankAccount, BankLine
from huikuan.store.ledger import OpenItem
from huikuan.store.matching import LineDecision
from huikuan.store.parties import CustomerAccount, Entity, User


class Shop(models.Model):
    """A shop on a platform, a wallet that collects, or a store's till. ``account``: who owes what it sold.

    ``payer_names``: parts of the payer's name or of the text by which its payouts are known, one a line.
    ``bank_account``: where they come to; any of the entity without one. ``settle_days``: T+n. ``returns_fee``: of a
    refund the fee is given back.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="shops")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="shops")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    settle_days = models.PositiveSmallIntegerField()
    in_working_days = models.BooleanField(default=False)
    posting = models.CharField(max_length=8)
    returns_fee = models.BooleanField(default=True)
    payer_names = models.TextField(blank=True)
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, null=True, related_name="+")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="shop_once"),
            models.CheckConstraint(condition=Q(kind__in=[one.value for one in ShopKind]), name="shop_kind_known"),
            models.CheckConstraint(
                condition=Q(posting__in=[one.value for one in SalesPosting]), name="shop_posting_known"
            ),
        ]


class ShopFee(models.Model):
    """The fee agreed for a way of payment; an empty one stands for every other. ``rate_bp``: 1 is 0.01 %."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="fees")
    pay_method = models.CharField(max_length=60, blank=True)
    rate_bp = models.PositiveIntegerField()
    fixed_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "pay_method"], name="shop_fee_once")]


class ShopFile(models.Model):
    """A file that brought something new. ``is_details``: of what was paid out, not of sales."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="files")
    is_details = models.BooleanField()
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows_total = models.PositiveIntegerField()
    rows_new = models.PositiveIntegerField()
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)


class ShopDay(models.Model):
    """What a file added to a day of a shop, of one pool (what is paid out together). ``fee_minor``: what the platform
    keeps, by the file or as agreed; ``over_minor``: of it, above what is agreed. ``item``: what it was posted as."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="days", db_index=False)
    file = models.ForeignKey(ShopFile, on_delete=models.PROTECT, related_name="days")
    day = models.DateField()
    due = models.DateField()
    pool = models.CharField(max_length=60, blank=True)
    orders = models.PositiveIntegerField()
    sales_minor = models.BigIntegerField()
    refunds_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    over_minor = models.BigIntegerField()
    counted_minor = models.BigIntegerField(null=True)
    responsible = models.CharField(max_length=120, blank=True)
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "day", "pool", "file"], name="shop_day_once")]


class ShopSale(models.Model):
    """An order, a refund (negative) or a till's total. ``agreed_minor``: the fee agreed when it came in; null where
    nothing was. ``fee_minor``: what the file says of it. ``fingerprint``: its identity within the shop."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="sales", db_index=False)
    unit = models.ForeignKey(ShopDay, on_delete=models.PROTECT, related_name="sales")
    row = models.PositiveIntegerField()
    day = models.DateField()
    order_number = models.CharField(max_length=120, blank=True)
    pay_method = models.CharField(max_length=60, blank=True)
    gross_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(null=True)
    agreed_minor = models.BigIntegerField(null=True)
    counted_minor = models.BigIntegerField(null=True)
    responsible = models.CharField(max_length=120, blank=True)
    fingerprint = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "fingerprint"], name="shop_sale_identity")]
        indexes = [models.Index(fields=["shop", "order_number"], name="shop_sale_by_order")]


class ShopDetail(models.Model):
    """A row of the platform's own list of what it paid out. ``charge_minor``: kept without belonging to an order;
    ``payout_key``: which payout it is part of, by the platform's number or its day."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="details", db_index=False)
    file = models.ForeignKey(ShopFile, on_delete=models.PROTECT, related_name="details")
    row = models.PositiveIntegerField()
    day = models.DateField(null=True)
    paid_out_on = models.DateField(null=True)
    payout_key = models.CharField(max_length=120)
    order_number = models.CharField(max_length=120, blank=True)
    gross_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(null=True)
    charge_minor = models.BigIntegerField()
    fingerprint = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "fingerprint"], name="shop_detail_identity")]
        indexes = [models.Index(fields=["shop", "payout_key"], name="shop_detail_by_payout")]


class Payout(models.Model):
    """A bank line of a platform and the sales it covers. It stands as long as ``decision``, what was posted for the
    line, is not taken back. ``short_minor`` came too little, ``rest_minor`` too much; ``charges_minor`` was kept
    without belonging to an order, ``unknown_minor`` paid for orders that are not among the sales."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="payouts")
    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="payouts")
    decision = models.OneToOneField(LineDecision, on_delete=models.PROTECT, related_name="payout")
    day = models.DateField()
    how = models.CharField(max_length=8)
    others = models.PositiveIntegerField(default=0)
    payout_key = models.CharField(max_length=120, blank=True)
    paid_minor = models.BigIntegerField()
    booked_minor = models.BigIntegerField()
    short_minor = models.BigIntegerField()
    rest_minor = models.BigIntegerField()
    charges_minor = models.BigIntegerField()
    unknown_minor = models.BigIntegerField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(how__in=[one.value for one in How]), name="payout_how_known"),
        ]


class PayoutPart(models.Model):
    """What a payout covers of a day: ``gross = money + booked + left``; ``booked_minor`` is the fee, ``left_minor``
    stays open in the ledger."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="parts")
    unit = models.ForeignKey(ShopDay, on_delete=models.PROTECT, related_name="parts")
    gross_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    booked_minor = models.BigIntegerField()
    money_minor = models.BigIntegerField()
    left_minor = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payout", "unit"], name="payout_part_once")]


class ShopExplanation(models.Model):
    """What a person said of a difference. It holds for this amount: another one is open again."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="explanations", db_index=False)
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=140)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=16)
    note = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[one.value for one in DifferenceKind]), name="shop_explanation_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=[one.value for one in Reason]), name="shop_explanation_reason_known"
            ),
        ]
        indexes = [models.Index(fields=["shop", "kind", "key"], name="shop_explanation_by_key")]
