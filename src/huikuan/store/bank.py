"""Bank accounts of ours, the statements that came in for them, and their lines.

Statements and lines are facts and never change; names and texts stand in ``BankLineText`` and can be erased. Money in
is a receipt of the ledger; ``BankLineReceipt`` says which line is which receipt.
"""

from __future__ import annotations

from django.db import models

from huikuan.core.banking import AccountKind, LineKind, Tie
from huikuan.store.ledger import JournalEntry, Receipt
from huikuan.store.parties import Entity, User


class BankAccount(models.Model):
    """An account of an entity of ours. ``number`` is plain (``core.banking.plain_number``): an IBAN, an account number,
    the name of a wallet; empty for a till."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="bank_accounts")
    kind = models.CharField(max_length=10, default=AccountKind.BANK.value)
    name = models.CharField(max_length=120)
    number = models.CharField(max_length=64, blank=True)
    bank = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "number", "currency"], condition=~models.Q(number=""), name="bank_account_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in AccountKind]), name="bank_account_kind_known"
            ),
        ]


class BankAccountAlias(models.Model):
    """Another number under which files name the account: a person said once that it is this one."""

    account = models.ForeignKey(BankAccount, on_delete=models.CASCADE, related_name="aliases")
    number = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "number"], name="bank_account_alias_once")]


class BankStatement(models.Model):
    """One statement of an account out of a file. ``place``: which one in its file, from nought. Balances are null where
    the file names none. ``lines_new`` of its ``lines_total`` lines came with it, the others were known.

    ``override_reason``: why it was taken although its balances do not tie.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements", db_index=False)
    format = models.CharField(max_length=20)
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64, db_index=True)
    file_bytes = models.BigIntegerField()
    place = models.PositiveIntegerField(default=0)
    number = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3)
    from_date = models.DateField(null=True)
    to_date = models.DateField(null=True)
    opening_minor = models.BigIntegerField(null=True)
    closing_minor = models.BigIntegerField(null=True)
    lines_total = models.PositiveIntegerField()
    lines_new = models.PositiveIntegerField()
    in_minor = models.BigIntegerField()
    out_minor = models.BigIntegerField()
    override_reason = models.CharField(max_length=300, blank=True)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)

    class Meta:
        indexes = [models.Index(fields=["account", "to_date", "id"], name="bank_statement_by_account")]


class BankLine(models.Model):
    """One line, in the statement it was first seen in. ``amount_minor``: credits positive. ``row`` and ``element``:
    where it stands in the file. ``fingerprint`` is its identity in the account.

    ``charges_minor``: what the bank kept of the payment before it credited the rest; ``fee_minor``: a wallet's own fee;
    ``balance_minor``: the account's balance after it, where the file says so.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+", db_index=False)
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines", db_index=False)
    ordinal = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    element = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=10)
    booking_date = models.DateField()
    value_date = models.DateField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    bank_reference = models.CharField(max_length=120, blank=True)
    end_to_end_id = models.CharField(max_length=120, blank=True)
    mandate_id = models.CharField(max_length=120, blank=True)
    structured_reference = models.CharField(max_length=120, blank=True)
    transaction_code = models.CharField(max_length=40, blank=True)
    is_return = models.BooleanField(default=False)
    return_reason = models.CharField(max_length=120, blank=True)
    batch_id = models.CharField(max_length=120, blank=True)
    charges_minor = models.BigIntegerField(null=True)
    fee_minor = models.BigIntegerField(null=True)
    balance_minor = models.BigIntegerField(null=True)
    fingerprint = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "fingerprint"], name="bank_line_identity"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in LineKind]), name="bank_line_kind_known"
            ),
        ]
        indexes = [
            models.Index(fields=["statement", "ordinal"], name="bank_line_by_statement"),
            models.Index(fields=["entity", "value_date", "id"], name="bank_line_by_day"),
            models.Index(fields=["account", "booking_date", "id"], name="bank_line_by_booking"),
            models.Index(
                fields=["account", "end_to_end_id"], name="bank_line_end_to_end", condition=~models.Q(end_to_end_id="")
            ),
        ]


class BankLineText(models.Model):
    """Who paid and what the bank's text said: personal data, erasable. For money in, the receipt's party says the same
    (``ReceiptParty``); erasing erases both."""

    line = models.OneToOneField(BankLine, on_delete=models.PROTECT, primary_key=True, related_name="text")
    payer_name = models.CharField(max_length=300, blank=True)
    payer_account = models.CharField(max_length=64, blank=True)
    payer_bank = models.CharField(max_length=120, blank=True)
    ultimate_party = models.CharField(max_length=300, blank=True)
    remittance_text = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True)


class BankLineReceipt(models.Model):
    """Which receipt a line is. ``tie``: see ``core.banking.Tie``. Money in has one row; none while a person has yet to
    say whether it is a receipt recorded before."""

    line = models.OneToOneField(BankLine, on_delete=models.PROTECT, primary_key=True, related_name="tie")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="bank_lines")
    tie = models.CharField(max_length=8)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["receipt"], condition=~models.Q(tie=Tie.BOUNCED.value), name="bank_line_receipt_once"
            )
        ]


class BankLineFee(models.Model):
    """What a wallet kept, as a line tells it, and the entry it was booked by. Of a payment it came off before the rest
    arrived (the receipt is the line's amount and this); a fee that is a line of its own is that line. Given back:
    negative."""

    line = models.OneToOneField(BankLine, on_delete=models.PROTECT, primary_key=True, related_name="fee")
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()


class BankUpload(models.Model):
    """Files handed in. ``files``: name, SHA-256 and size of each; ``said``: what a person decided about them;
    ``outcomes``: what became of each. ``task_id``: the background task that works on it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        WORKING = "working"
        DONE = "done"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    files = models.JSONField()
    said = models.JSONField(default=dict)
    outcomes = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    task_id = models.UUIDField(null=True)
    finished_at = models.DateTimeField(null=True)


class RemittanceAdvice(models.Model):
    """What a payer wrote about a payment: which documents it is for. ``line``: the line it is about, once found.
    ``payer_name`` is erasable; the file is kept by its hash."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, null=True, related_name="advices")
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    file_bytes = models.BigIntegerField()
    place = models.PositiveIntegerField(default=0)
    payer_name = models.CharField(max_length=300, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    dated = models.DateField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    total_minor = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    linked_at = models.DateTimeField(null=True)
    linked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "file_sha256", "place"], name="remittance_advice_once")
        ]
        indexes = [
            models.Index(
                fields=["entity", "total_minor"], name="remittance_advice_open", condition=models.Q(line__isnull=True)
            )
        ]


class RemittanceAdviceRow(models.Model):
    """One document that an advice names. ``amount_minor``: what is paid for it; ``deduction_minor``: what the payer
    kept."""

    advice = models.ForeignKey(RemittanceAdvice, on_delete=models.CASCADE, related_name="rows")
    ordinal = models.PositiveIntegerField()
    document_number = models.CharField(max_length=120)
    amount_minor = models.BigIntegerField(null=True)
    deduction_minor = models.BigIntegerField(null=True)
    note = models.CharField(max_length=300, blank=True)
