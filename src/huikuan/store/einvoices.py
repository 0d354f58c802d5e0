"""E-invoices: what they say of net and tax, beside the items they brought in. Their files are documents.

Names stand on the customer and in the file, not here: these rows are never changed.
"""

from __future__ import annotations

from django.db import models

from huikuan.store.ledger import OpenItem
from huikuan.store.parties import Entity, User


class EInvoice(models.Model):
    """One electronic invoice and the item that stands for it. Amounts are signed as the item's: credits negative.

    ``payable_minor`` is what the item was posted with: the total less what was paid before. ``preceding_number`` names
    the invoice this one corrects.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    item = models.OneToOneField(OpenItem, on_delete=models.PROTECT, related_name="einvoice")
    source_format = models.CharField(max_length=10)
    profile = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=120)
    issue_date = models.DateField()
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    prepaid_minor = models.BigIntegerField()
    payable_minor = models.BigIntegerField()
    seller_tax_id = models.CharField(max_length=60, blank=True)
    buyer_tax_id = models.CharField(max_length=60, blank=True)
    preceding_number = models.CharField(max_length=120, blank=True)
    file_sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False)

    class Meta:
        indexes = [
            models.Index(fields=["entity", "number"], name="einvoice_number"),
            models.Index(
                fields=["entity", "preceding_number"],
                name="einvoice_preceding",
                condition=~models.Q(preceding_number=""),
            ),
        ]


class EInvoiceTax(models.Model):
    """Net and tax of one VAT category and rate. ``rate_bp``: hundredths of a percent; null where there is no rate."""

    einvoice = models.ForeignKey(EInvoice, on_delete=models.PROTECT, related_name="taxes")
    category = models.CharField(max_length=4, blank=True)
    rate_bp = models.PositiveIntegerField(null=True)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()


class EInvoiceUpload(models.Model):
    """Files handed in and shown, not posted yet. ``files``: a list of name and SHA-256."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    files = models.JSONField()
    posted_at = models.DateTimeField(null=True)
