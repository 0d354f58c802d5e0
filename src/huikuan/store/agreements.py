"""Settlement agreements: what was agreed, between whom, over which items, and what happened to it. The state of an
agreement follows its steps; everything else is only ever added."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from huikuan.store.documents import Document
from huikuan.store.ledger import JournalEntry, OpenItem
from huikuan.store.parties import Customer, CustomerAccount, Entity, User


class SettlementAgreement(models.Model):
    """An agreement by which debts end without money, kept with ``account``. ``amount_minor``: what our customers are
    released from; ``debt_minor``: the debts it is about, more than that where a thing does not cover them."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="agreements")
    kind = models.CharField(max_length=12)
    number = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    debt_minor = models.BigIntegerField()
    thing = models.CharField(max_length=300, blank=True)
    thing_kind = models.CharField(max_length=12, blank=True)
    place = models.CharField(max_length=200, blank=True)
    memo = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10)
    proposed_on = models.DateField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "signed", "posted", "done", "undone", "withdrawn"]),
                name="agreement_state_known",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="agreement_amount_positive"),
            models.UniqueConstraint(
                fields=["entity", "number"],
                condition=~Q(state__in=["undone", "withdrawn"]),
                name="agreement_number_once",
            ),
        ]
        indexes = [models.Index(fields=["account"], name="agreement_account")]


class AgreementParty(models.Model):
    """Who takes part: one of our entities, a customer, or somebody outside this ledger."""

    agreement = models.ForeignKey(SettlementAgreement, on_delete=models.PROTECT, related_name="parties")
    ordinal = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, null=True, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "ordinal"], name="agreement_party_once")]


class AgreementClaim(models.Model):
    """What one party owes another and, under the agreement, owes no more."""

    agreement = models.ForeignKey(SettlementAgreement, on_delete=models.PROTECT, related_name="claims")
    ordinal = models.PositiveSmallIntegerField()
    owed_by = models.ForeignKey(AgreementParty, on_delete=models.PROTECT, related_name="+", db_column="debtor_id")
    owed_to = models.ForeignKey(AgreementParty, on_delete=models.PROTECT, related_name="+", db_column="creditor_id")
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "ordinal"], name="agreement_claim_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="agreement_claim_positive"),
        ]


class AgreementLine(models.Model):
    """An item of ours under an agreement. ``amount_minor`` of it (with its sign) is settled, of the ``debt_minor`` that
    the agreement is about. ``claim``: the claim it belongs to."""

    agreement = models.ForeignKey(SettlementAgreement, on_delete=models.PROTECT, related_name="lines")
    claim = models.ForeignKey(AgreementClaim, on_delete=models.PROTECT, null=True, related_name="lines")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="agreement_lines")
    amount_minor = models.BigIntegerField()
    debt_minor = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "item"], name="agreement_line_once")]


class AgreementEvent(models.Model):
    """A step. ``document`` proves it; ``amount_minor`` is what a thing was valued at or invoiced with, ``text`` who
    valued it or the invoice's number."""

    agreement = models.ForeignKey(SettlementAgreement, on_delete=models.PROTECT, related_name="events")
    ordinal = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=10)
    party = models.ForeignKey(AgreementParty, on_delete=models.PROTECT, null=True, related_name="events")
    on = models.DateField()
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    amount_minor = models.BigIntegerField(null=True)
    tax_minor = models.BigIntegerField(null=True)
    text = models.CharField(max_length=200, blank=True)
    memo = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "ordinal"], name="agreement_event_once")]


class AgreementEntry(models.Model):
    """An entry that a step posted, in one of our entities."""

    event = models.ForeignKey(AgreementEvent, on_delete=models.PROTECT, related_name="entries")
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="agreement_entry")
