"""How a customer pays, as people entered it: it goes before what is learned from payments."""

from __future__ import annotations

from django.db import models

from huikuan.store.customer_file import Contact
from huikuan.store.parties import Customer


class PaymentHabit(models.Model):
    """One row per customer of whom somebody knows something. ``run_days``: days of the month (31 the last) and
    ``run_weekdays``: weekdays (Monday 0) on which it pays, as numbers parted by commas; days are working days."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, primary_key=True, related_name="habit")
    budget_needed = models.BooleanField(null=True)
    invoice_needs = models.CharField(max_length=500, blank=True)
    closing_day = models.PositiveSmallIntegerField(null=True)
    run_days = models.CharField(max_length=40, blank=True)
    run_weekdays = models.CharField(max_length=20, blank=True)
    moves_before = models.BooleanField(default=False)
    transfer_days = models.PositiveSmallIntegerField(null=True)
    changed_at = models.DateTimeField()


class PaymentHabitStep(models.Model):
    """One signature on the customer's side, in order: how many working days it takes and who holds it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payment_steps")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    working_days = models.PositiveSmallIntegerField()
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "number"], name="payment_step_once")]
