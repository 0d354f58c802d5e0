"""Lines that may be receipts recorded before: the same amount on the same day, typed by hand or out of another file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Q

from huikuan.core.banking import Tie
from huikuan.services.bank_fitting import FittedLine
from huikuan.store.models import BankLineReceipt, Receipt

_PART = 500


def receipts_alike(
    entity_id: int, currency: str, wanted: Iterable[tuple[date, int]]
) -> dict[tuple[date, int], list[int]]:
    """Receipts of no bank line that stand, by value date and amount, of those asked for; the oldest first."""
    pairs = set(wanted)
    days = sorted({day for day, _ in pairs})
    found: dict[tuple[date, int], list[int]] = defaultdict(list)
    for start in range(0, len(days), _PART):
        rows = Receipt.objects.filter(
            entity_id=entity_id, currency=currency, value_date__in=days[start : start + _PART], balance__is_current=True
        ).exclude(source__code="bank")
        if len(pairs) <= _PART:
            rows = rows.filter(amount_minor__in={minor for _, minor in pairs})
        rows = rows.filter(entry__reversed_by__isnull=True).order_by("id")
        for number, day, minor in rows.values_list("id", "value_date", "amount_minor"):
            if (day, minor) in pairs:
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


def find_twins(entity_id: int, currency: str, lines: Sequence[FittedLine]) -> set[int]:
    """The ordinals of the lines that wait for a person to say whether they are receipts recorded before: as many of a
    day and amount as there are such receipts."""
    alike = receipts_alike(entity_id, currency, ((one.value_date, one.minor) for one in lines))
    left = {pair: len(group) for pair, group in alike.items()}
    waiting = set()
    for one in lines:
        pair = (one.value_date, one.minor)
        if left.get(pair):
            left[pair] -= 1
            waiting.add(one.line.ordinal)
    return waiting
