"""The customer file: people and their part in a payment, notes, what was changed, and merges of duplicates.

Names and numbers of people can be erased: rows here are ordinary rows, and the audit trail names only fields.
"""

from __future__ import annotations

from django.db import models

from huikuan.store.parties import Customer, Entity, User


class Contact(models.Model):
    """A person at the customer. ``parts``: their parts in a payment, parted by commas; ``signs_step``: which signature
    is theirs. An erased contact keeps its number and parts and nothing that says who it was."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contacts")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120)
    parts = models.CharField(max_length=120, blank=True)
    signs_step = models.PositiveSmallIntegerField(null=True)
    title = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    mail = models.CharField(max_length=254, blank=True)
    wechat = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=10, blank=True)
    note = models.CharField(max_length=500, blank=True)
    do_not_contact = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)


class CustomerNote(models.Model):
    """What a person wrote down: a note, an observation, a call, a visit. ``happened_on`` is the day it was."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="notes")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="notes")
    kind = models.CharField(max_length=20)
    text = models.TextField()
    happened_on = models.DateField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)


class CustomerChange(models.Model):
    """One field changed. ``subject`` says of what (``customer``, ``account:7``, ``contact:3``, ``payer_account:2``);
    a contact's change keeps no values."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=40)
    field = models.CharField(max_length=40)
    before = models.CharField(max_length=500, blank=True)
    after = models.CharField(max_length=500, blank=True)


class CustomerMerge(models.Model):
    """``merged`` was found to be ``survivor``. ``accounts``: which accounts went over, each with the customer it came
    with before; undoing gives exactly these back."""

    merged = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    survivor = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges")
    reason = models.CharField(max_length=300)
    accounts = models.JSONField(default=list)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merged"], condition=models.Q(undone_at__isnull=True), name="customer_merged_once"
            )
        ]


class DistinctCustomers(models.Model):
    """A person has said that these two are not the same: they are proposed no more. ``first`` has the lower number."""

    first = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="distinct_customers_once")]
