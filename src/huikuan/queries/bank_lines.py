"""Lines of bank statements as matching reads them: what the bank said, and what is left of the receipt each became."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from huikuan.core.banking import Tie
from huikuan.core.matching import Deed
from huikuan.store.models import (
    BankLineReceipt,
    LineDecision,
    ReceiptBalance,
    RemittanceAdvice,
    RemittanceAdviceRow,
)

_PART = 500
_COLUMNS = {
    "line_id": "line_id",
    "receipt_id": "receipt_id",
    "entity_id": "line__entity_id",
    "bank_account_id": "line__account_id",
    "statement_id": "line__statement_id",
    "booking_date": "line__booking_date",
    "value_date": "line__value_date",
    "amount_minor": "line__amount_minor",
    "currency": "line__currency",
    "bank_reference": "line__bank_reference",
    "end_to_end_id": "line__end_to_end_id",
    "mandate_id": "line__mandate_id",
    "structured_reference": "line__structured_reference",
    "transaction_code": "line__transaction_code",
    "charges_minor": "line__charges_minor",
    "payer_name": "line__text__payer_name",
    "payer_account": "line__text__payer_account",
    "payer_bank": "line__text__payer_bank",
    "ultimate_party": "line__text__ultimate_party",
    "remittance_text": "line__text__remittance_text",
    "account_id": "receipt__balance__account_id",
    "unidentified_minor": "receipt__balance__unidentified_minor",
    "unapplied_minor": "receipt__balance__unapplied_minor",
    "on_account_minor": "receipt__balance__on_account_minor",
}


@dataclass(frozen=True, slots=True)
class MatchLine:
    """A line of money in, with the receipt it is. ``account_id``: the customer account the receipt was identified as,
    if it was. ``unidentified_minor`` and ``unapplied_minor``: what is left to do; ``charges_minor``: what the bank kept
    of the payment before. Texts are empty where the bank gave none or they were erased."""

    line_id: int
    receipt_id: int
    entity_id: int
    bank_account_id: int
    statement_id: int
    booking_date: date
    value_date: date
    amount_minor: int
    currency: str
    bank_reference: str
    end_to_end_id: str
    mandate_id: str
    structured_reference: str
    transaction_code: str
    charges_minor: int | None
    payer_name: str
    payer_account: str
    payer_bank: str
    ultimate_party: str
    remittance_text: str
    account_id: int | None
    unidentified_minor: int
    unapplied_minor: int
    on_account_minor: int

    @property
    def open_minor(self) -> int:
        """What of it nobody has applied, parked or sent back yet."""
        return self.unidentified_minor + self.unapplied_minor


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """One document that an advice names; ``deduction_minor`` is what the payer kept of it."""

    document_number: str
    amount_minor: int | None
    deduction_minor: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a payer wrote about a payment."""

    id: int
    file_name: str
    payer_name: str
    reference: str
    dated: date | None
    currency: str
    total_minor: int | None
    rows: tuple[AdviceRow, ...]

    @property
    def other_sum_minor(self) -> int | None:
        """What the documents add up to, where the total is another; ``None`` too where one has no amount."""
        amounts = [one.amount_minor for one in self.rows if one.amount_minor is not None]
        total = sum(amounts)
        return total if len(amounts) == len(self.rows) and self.total_minor not in (None, total) else None


def open_lines(entity_id: int, *, bank_account_id: int | None = None) -> list[MatchLine]:
    """The lines of an entity of whose money something is in suspense or unapplied, the oldest first. They are read from
    the database as it is now and not locked."""
    found = _open(entity_id)
    if bank_account_id is not None:
        found = found.filter(line__account_id=bank_account_id)
    return _lines(found.order_by("line__value_date", "line_id"))


def open_line_ids(entity_id: int) -> QuerySet[BankLineReceipt, int]:
    """The numbers of ``open_lines``: a question that can stand within another."""
    return _open(entity_id).values_list("line_id", flat=True)


@dataclass(frozen=True, slots=True)
class OpenLine:
    """As much of an open line as a list is put in order by."""

    line_id: int
    value_date: date
    open_minor: int
    payer_name: str


def open_lines_briefly(entity_id: int) -> list[OpenLine]:
    """``open_lines`` without what the bank said."""
    found = _open(entity_id).order_by("line__value_date", "line_id")
    rows = found.values_list(
        "line_id",
        "line__value_date",
        "receipt__balance__unidentified_minor",
        "receipt__balance__unapplied_minor",
        "line__text__payer_name",
    )
    return [OpenLine(number, day, one + other, name or "") for number, day, one, other, name in rows]


def lines_by_id(line_ids: Iterable[int]) -> dict[int, MatchLine]:
    """Those of these lines that are receipts, open or not."""
    wanted = sorted(set(line_ids))
    return {
        one.line_id: one
        for start in range(0, len(wanted), _PART)
        for one in _lines(_money_in().filter(line_id__in=wanted[start : start + _PART]))
    }


def advices_of(line_ids: Iterable[int]) -> dict[int, list[Advice]]:
    """The remittance advices linked to these lines, by line."""
    wanted = sorted(set(line_ids))
    advices: dict[int, list[Advice]] = {}
    for start in range(0, len(wanted), _PART):
        found = list(RemittanceAdvice.objects.filter(line_id__in=wanted[start : start + _PART]).order_by("id"))
        rows = advice_rows([one.pk for one in found])
        for one in found:
            if one.line_id is not None:
                advices.setdefault(one.line_id, []).append(advice_of(one, rows.get(one.pk, ())))
    return advices


def advice_rows(advice_ids: Sequence[int]) -> dict[int, tuple[AdviceRow, ...]]:
    """The rows of each of these advices, in its order."""
    found: dict[int, tuple[AdviceRow, ...]] = {}
    for row in RemittanceAdviceRow.objects.filter(advice_id__in=advice_ids).order_by("advice_id", "ordinal"):
        one = AdviceRow(row.document_number, row.amount_minor, row.deduction_minor, row.note)
        found[row.advice_id] = (*found.get(row.advice_id, ()), one)
    return found


def advice_of(one: RemittanceAdvice, rows: tuple[AdviceRow, ...]) -> Advice:
    return Advice(
        id=one.pk,
        file_name=one.file_name,
        payer_name=one.payer_name,
        reference=one.reference,
        dated=one.dated,
        currency=one.currency,
        total_minor=one.total_minor,
        rows=rows,
    )


def may_post_anew(line_id: int) -> bool:
    """Whether the receipt of a line was reversed by hand, and nothing but that: the bank took nothing back, and nobody
    decided about the line."""
    tie = _money_in().filter(line_id=line_id, receipt__entry__reversed_by__isnull=False).first()
    if tie is None or BankLineReceipt.objects.filter(receipt_id=tie.receipt_id, tie=Tie.BOUNCED.value).exists():
        return False
    made = LineDecision.objects.filter(line_id=line_id, undone_by__isnull=True)
    return not made.exclude(deed=Deed.UNDO.value).exists()


def _open(entity_id: int) -> QuerySet[BankLineReceipt]:
    # By the index of receipts of which anything is left: of years of lines few are open. The sum keeps SQLite, which
    # does not know how many they are, from going over all lines of the entity instead.
    left = ReceiptBalance.objects.exclude(unidentified_minor=0, unapplied_minor=0, on_account_minor=0)
    left = left.filter(Q(unidentified_minor__gt=0) | Q(unapplied_minor__gt=0))
    found = _money_in().filter(receipt_id__in=left.values("receipt_id"))
    return found.alias(of=F("line__entity_id") + 0).filter(of=entity_id)


def _money_in() -> QuerySet[BankLineReceipt]:
    return BankLineReceipt.objects.filter(tie__in=[Tie.POSTED.value, Tie.LINKED.value])


def _lines(found: QuerySet[BankLineReceipt]) -> list[MatchLine]:
    return [_line(dict(zip(_COLUMNS, values, strict=True))) for values in found.values_list(*_COLUMNS.values())]


def _line(values: dict[str, Any]) -> MatchLine:
    for name in ("payer_name", "payer_account", "payer_bank", "ultimate_party", "remittance_text"):
        values[name] = values[name] or ""
    return MatchLine(**values)
