"""Receipts that a line of a bank statement may be, or may have taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.banking import LineKind, Tie
from huikuan.store.models import BankLine, CustomerAccount, Posting, Receipt, ReceiptBalance
from huikuan.store.public_ids import public_id


@dataclass(frozen=True, slots=True)
class Candidate:
    """A receipt a line may be, or may have taken back."""

    id: int
    public_id: str
    reference: str
    value_date: date
    amount_minor: int
    currency: str
    payer_name: str
    customer_name: str


@dataclass(frozen=True, slots=True)
class PartRefund:
    """A payment of which a part was given back: ``lines`` times ``amount_minor``, and so often as there are
    ``entry_public_ids`` it is booked as a refund. ``free_in``: where the receipt has so much that is not applied, as
    the form of refunds names it, empty where it has not; ``key``: another one whenever something was booked or taken
    back."""

    payment: Candidate
    amount_minor: int
    lines: int
    entry_public_ids: list[str]
    free_in: str
    key: str


def part_refunds(line: BankLine, kept_minor: int) -> list[PartRefund]:
    """For a payment out by which a wallet gave back a part: the payments of the same order or reference there.
    ``kept_minor``: what of its fee came back, as it was booked."""
    told, minor = _told(line), -(line.amount_minor + kept_minor)
    if line.kind != LineKind.PAYMENT.value or not line.is_return or not told:
        return []
    found = Receipt.objects.filter(
        _refers(told, "bank_lines__line__"),
        bank_lines__line__account_id=line.account_id,
        amount_minor__gt=minor,
        value_date__lte=line.value_date,
        balance__is_current=True,
        entry__reversed_by__isnull=True,
    )
    alike = BankLine.objects.filter(_refers(told), account_id=line.account_id, kind=line.kind, is_return=True)
    lines = alike.filter(amount_minor=line.amount_minor).count()
    parts = []
    for payment in _as_candidates(found.distinct().order_by("-value_date", "-id")[:10]):
        legs = Posting.objects.filter(receipt_id=payment.id, amount_minor=minor, entry__kind=EntryKind.REFUND.value)
        refunds = list(legs.order_by("entry_id").values_list("entry_id", "entry__reversed_by"))
        standing = [public_id("ent", number) for number, reversal in refunds if reversal is None]
        key = f"{payment.public_id}-{minor}-{len(refunds)}-{len(standing)}"
        parts.append(PartRefund(payment, minor, lines, standing, _free_in(payment.id, minor), key))
    return parts


def _free_in(receipt_id: int, minor: int) -> str:
    balance = ReceiptBalance.objects.get(receipt_id=receipt_id)
    buckets = {
        LedgerAccount.UNAPPLIED: balance.unapplied_minor,
        LedgerAccount.SUSPENSE: balance.unidentified_minor,
        LedgerAccount.ADVANCES: balance.on_account_minor,
    }
    return next((account.value for account, free in buckets.items() if free >= minor), "")


def _told(line: BankLine) -> list[str]:
    """The references by which a line names a payment."""
    return [one for one in (line.end_to_end_id, line.bank_reference) if one and one.upper() != "NOTPROVIDED"]


def _refers(told: Sequence[str], at: str = "") -> Q:
    """Lines (``at``: the way to them) that name a payment by one of these references."""
    return Q(**{f"{at}end_to_end_id__in": told}) | Q(**{f"{at}bank_reference__in": told})


def candidates_of(line: BankLine, kept_minor: int) -> list[Candidate]:
    """For money in: receipts of no line with the same amount and day. For money taken back: the receipt whose line has
    the same reference of the payer or of the bank, in the same account if there is one, else those of the same amount
    in the ninety days before.
    ``kept_minor``: what a wallet kept of it."""
    paid = line.amount_minor + kept_minor
    standing = Receipt.objects.filter(
        entity_id=line.entity_id, currency=line.currency, balance__is_current=True, entry__reversed_by__isnull=True
    )
    if line.kind == LineKind.RECEIPT.value:
        found = standing.filter(value_date=line.value_date, amount_minor=paid)
        found = found.exclude(bank_lines__tie__in=[Tie.POSTED.value, Tie.LINKED.value])
        return _as_candidates(found.order_by("id")[:10])
    # A payment for several customers is several receipts: the line says how much it was.
    whole = Q(amount_minor=-paid) | Q(bank_lines__line__amount_minor=-paid)
    whole |= Q(bank_lines__line__amount_minor=-paid - F("bank_lines__line__fee__amount_minor"))
    back = standing.filter(whole, value_date__lte=line.value_date).distinct()
    told = _told(line)
    if told:
        named = _refers(told, "bank_lines__line__")
        here = Q(bank_lines__line__account_id=line.account_id)
        for wanted in (named & here, named):
            if exact := _as_candidates(back.filter(wanted).distinct().order_by("-value_date", "-id")[:10]):
                return exact
    since = date.fromordinal(line.value_date.toordinal() - 90)
    return _as_candidates(back.filter(value_date__gte=since).order_by("-value_date", "-id")[:10])


def _as_candidates(found: QuerySet[Receipt]) -> list[Candidate]:
    rows = found.select_related("party", "balance")
    listed = list(rows)
    owners = {one.balance.account_id for one in listed}
    names = dict(
        CustomerAccount.objects.filter(id__in=[one for one in owners if one is not None]).values_list(
            "id", "customer__name"
        )
    )
    return [
        Candidate(
            id=one.pk,
            public_id=public_id("rcp", one.pk),
            reference=one.reference or one.external_id,
            value_date=one.value_date,
            amount_minor=one.amount_minor,
            currency=one.currency,
            payer_name=getattr(getattr(one, "party", None), "payer_name", ""),
            customer_name=names.get(one.balance.account_id or 0, ""),
        )
        for one in listed
    ]
