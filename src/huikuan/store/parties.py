"""Who is who: legal entities and users on our side, customers and their accounts per entity on theirs."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class Entity(models.Model):
    """A legal entity of ours. Its books are kept in ``currency``; its business dates are days in ``timezone``."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    timezone = models.CharField(max_length=60, default="UTC")
    country = models.CharField(max_length=2, blank=True)
    tax_id = models.CharField(max_length=60, blank=True, db_default="", help_text="VAT or taxpayer number")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class User(AbstractUser):
    """A person of ours who signs in. ``language`` empty means the browser's."""

    language = models.CharField(max_length=10, blank=True)
    theme = models.CharField(max_length=10, blank=True)


class Source(models.Model):
    """A system that external ids come from: an ERP, a shop, files handed in by a person."""

    code = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.code


class Customer(models.Model):
    """A customer, known to the whole group. Terms and limits stand on its account with each entity."""

    name = models.CharField(max_length=300, db_index=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    registration_number = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=10, blank=True)
    segment = models.CharField(max_length=60, blank=True)
    industry = models.CharField(max_length=60, blank=True, db_default="")
    region = models.CharField(max_length=60, blank=True, db_default="")
    address = models.CharField(max_length=300, blank=True, db_default="")
    distance_km = models.PositiveIntegerField(null=True, blank=True, help_text="by road, from us")
    currency = models.CharField(max_length=3, blank=True, db_default="", help_text="in which it usually pays")
    tax_number = models.CharField(max_length=40, blank=True, db_default="")
    invoice_title = models.CharField(max_length=300, blank=True, db_default="")
    invoice_address = models.CharField(max_length=300, blank=True, db_default="")
    invoice_bank = models.CharField(max_length=200, blank=True, db_default="", help_text="bank and account on invoices")
    invoice_mail = models.CharField(max_length=254, blank=True, db_default="")
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", help_text="found to be this one"
    )
    search_text = models.TextField(blank=True, help_text="lower-case names, aliases and pinyin, for search")

    def __str__(self) -> str:
        return self.name


class CustomerAlias(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=300)
    is_former = models.BooleanField(default=False, db_default=False, help_text="a legal name it had once")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "name"], name="alias_once")]


class CustomerPayerAccount(models.Model):
    """A bank account this customer is known to pay from."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="payer_accounts")
    number = models.CharField(max_length=64)
    holder = models.CharField(max_length=300, blank=True, db_default="", help_text="whose it is, where not its own")
    bank = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "number"], name="payer_account_once")]


class CustomerAccount(models.Model):
    """A customer's account with one entity: terms, limit, the rep who owns it and the collector who works it.

    ``origin``: while a duplicate is merged into ``customer``, the customer the account came with.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="accounts")
    terms_days = models.PositiveIntegerField(null=True, blank=True)
    credit_limit_minor = models.BigIntegerField(null=True, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts_owned")
    collector = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    origin = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts_given")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "entity"], name="account_once", condition=models.Q(origin__isnull=True)
            )
        ]


class CustomerRef(models.Model):
    """How an outside system calls a customer account: (source, entity, external_id), as text and unnormalised."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    external_id = models.CharField(max_length=120)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="refs")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "entity", "external_id"], name="customer_ref_identity")
        ]
