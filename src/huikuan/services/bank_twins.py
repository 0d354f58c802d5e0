"""Lines that may be receipts recorded before: the same amount on the same day, typed by hand or out of another file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from django.db.models import Q

from huikuan.core.banking import LineKind, Tie
from huikuan.services.bank_fitting import FittedLine
from huikuan.store.models import BankLineReceipt, Receipt

_PART = 500


def receipts_alike(
    entity_id: int, currency: str, wanted: Iterable[tuple[date, int]]
) -> dict[tuple[date, int], list[int]]:
    """Receipts of no bank line that stand, by value date and amount, of those asked for; the oldest first."""
    pairs = set(wanted)
    found = _free_receipts(entity_id, currency, {day for day, _ in pairs}, {minor for _, minor in pairs})
    return {pair: group for pair, group in found.items() if pair in pairs}


def _free_receipts(
    entity_id: int, currency: str, days: set[date], amounts: set[int]
) -> dict[tuple[date, int], list[int]]:
    """Receipts of no bank line of these days; of these amounts only where they are few enough to be asked for."""
    listed = sorted(days)
    found: dict[tuple[date, int], list[int]] = defaultdict(list)
    for start in range(0, len(listed), _PART):
        rows = Receipt.objects.filter(
            entity_id=entity_id,
            currency=currency,
            value_date__in=listed[start : start + _PART],
            balance__is_current=True,
        ).exclude(source__code="bank")
        if len(amounts) <= _PART:
            rows = rows.filter(amount_minor__in=amounts)
        rows = rows.filter(entry__reversed_by__isnull=True).order_by("id")
        for number, day, minor in rows.values_list("id", "value_date", "amount_minor").iterator():
            found[day, minor].append(number)
    return _without_line(found)


def _without_line(found: dict[tuple[date, int], list[int]]) -> dict[tuple[date, int], list[int]]:
    numbers = sorted(number for group in found.values() for number in group)
    tied: set[int] = set()
    for start in range(0, len(numbers), _PART):
        rows = BankLineReceipt.objects.filter(~Q(tie=Tie.BOUNCED.value), receipt_id__in=numbers[start : start + _PART])
        tied |= set(rows.values_list("receipt_id", flat=True))
    free = {pair: [number for number in group if number not in tied] for pair, group in found.items()}
    return {pair: group for pair, group in free.items() if group}


def find_twins(entity_id: int, currency: str, lines: Callable[[], Iterable[FittedLine]]) -> set[int]:
    """The ordinals of the lines that wait for a person to say whether they are receipts recorded before: as many of a
    day and amount as there are such receipts. ``lines`` gives the lines, which may be many, each time it is called."""
    days: set[date] = set()
    amounts: set[int] = set()
    for one in lines():
        days.add(one.value_date)
        if len(amounts) <= _PART:
            amounts.add(one.gross_minor)
    left = {pair: len(group) for pair, group in _free_receipts(entity_id, currency, days, amounts).items()}
    waiting: set[int] = set()
    for one in lines() if left else ():
        pair = (one.value_date, one.gross_minor)
        if left.get(pair):
            left[pair] -= 1
            waiting.add(one.line.ordinal)
    return waiting


def find_refunds(account_id: int, lines: Callable[[], Iterable[FittedLine]]) -> set[int]:
    """Amounts that a wallet refunded and that are those of whole payments: such a refund may have taken one back. A
    refund of a part is a payment to somebody."""
    wanted = {-one.gross_minor for one in lines() if one.kind is LineKind.RETURN}
    if not wanted:
        return set()
    found = {one.gross_minor for one in lines() if one.kind is LineKind.RECEIPT} & wanted
    listed = sorted(wanted - found)
    for start in range(0, len(listed), _PART):
        ties = BankLineReceipt.objects.filter(~Q(tie=Tie.BOUNCED.value), line__account_id=account_id)
        ties = ties.filter(receipt__amount_minor__in=listed[start : start + _PART])
        found |= set(ties.values_list("receipt__amount_minor", flat=True))
    return found
