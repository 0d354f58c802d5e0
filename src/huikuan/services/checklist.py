"""The list before a month is closed: what the books say of themselves, and what people ticked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from huikuan.core.closing import COMPUTED_POINTS, MANUAL_POINTS, UNAPPLIED_DAYS, Point
from huikuan.core.periods import month_end, month_of, next_month
from huikuan.core.refusals import Refusal
from huikuan.queries.control import control_accounts
from huikuan.queries.frame import frame_at
from huikuan.queries.general_ledger import entries_above, gl_choices, reconcile, unmapped
from huikuan.services.books import load_rates
from huikuan.services.revaluation import open_foreign
from huikuan.store.models import (
    ClosingMark,
    Entity,
    ExchangeRate,
    GoLiveProof,
    ImportBatch,
    JournalEntry,
    ReceiptBalance,
    SealHead,
    SourceSettlement,
)


def month_points(entity_id: int, month: date, *, now: datetime) -> list[Point]:
    """Every point of a month's list, computed ones first."""
    books = _Month(entity_id, month_of(month), now)
    return [getattr(books, code)() for code in COMPUTED_POINTS] + manual_points(entity_id, month)


def manual_points(entity_id: int, month: date) -> list[Point]:
    """The points people tick, each as it was last marked."""
    last: dict[str, ClosingMark] = {}
    marks = ClosingMark.objects.filter(entity_id=entity_id, month=month_of(month)).select_related("marked_by")
    for mark in marks.order_by("id"):
        last[mark.point] = mark
    return [_manual(code, last.get(code)) for code in MANUAL_POINTS]


def _manual(code: str, mark: ClosingMark | None) -> Point:
    if mark is None:
        return Point(code, False, is_manual=True)
    who: Any = mark.marked_by
    name = (who.get_full_name() or who.get_username()) if who else ""
    return Point(code, mark.is_done, is_manual=True, marked_at=mark.marked_at, marked_by=name, note=mark.note)


class _Month:
    """The computed points, one method each, named as the point."""

    def __init__(self, entity_id: int, month: date, now: datetime) -> None:
        self.entity_id = entity_id
        self.month = month
        self.last_day = month_end(month)
        self.now = now
        self.base = Entity.objects.values_list("currency", flat=True).get(id=entity_id)

    def sealed(self) -> Point:
        head = SealHead.objects.filter(id=1).first()
        left = entries_above(self.entity_id, self.month, head.last_seq if head else 0)
        return Point("sealed", not left, left)

    def control_accounts(self) -> Point:
        frame = frame_at(now=self.now, entity_ids=(self.entity_id,), as_of=self.last_day)
        rows = [row for row in control_accounts(frame) if row.difference_minor]
        names = tuple(f"{row.ledger_account} {row.currency}" for row in rows)
        return Point("control_accounts", not rows, len(rows), names)

    def _receipts(self, **more: Any) -> int:
        return ReceiptBalance.objects.filter(
            receipt__entity_id=self.entity_id, is_current=True, receipt__posting_date__lte=self.last_day, **more
        ).count()

    def unidentified(self) -> Point:
        count = self._receipts(unidentified_minor__gt=0)
        return Point("unidentified", not count, count)

    def unapplied(self) -> Point:
        since = self.last_day - timedelta(days=UNAPPLIED_DAYS)
        count = self._receipts(unapplied_minor__gt=0, receipt__value_date__lte=since)
        return Point("unapplied", not count, count)

    def settlements(self) -> Point:
        count = SourceSettlement.objects.filter(
            item__entity_id=self.entity_id, state=SourceSettlement.State.PROPOSED, settled_on__lte=self.last_day
        ).count()
        return Point("settlements", not count, count)

    def imports(self) -> Point:
        waiting = (ImportBatch.State.STAGED, ImportBatch.State.PUBLISHING)
        mine = ImportBatch.objects.filter(state__in=waiting, created_at__lt=self.now)
        count = mine.filter(entity_id__in=[self.entity_id]).count() + mine.filter(entity_id__isnull=True).count()
        return Point("imports", not count, count)

    def _foreign(self) -> list[tuple[str, int, int]]:
        return [row for row in open_foreign(self.entity_id, self.base, self.last_day) if row[1] or row[2]]

    def rates(self) -> Point:
        """A rate of the month itself for each currency something is open in."""
        missing = []
        for currency, amount, _book in self._foreign():
            known = ExchangeRate.objects.filter(
                currency=currency, base=self.base, valid_from__gte=self.month, valid_from__lt=next_month(self.month)
            )
            if amount and not known.exists():
                missing.append(currency)
        return Point("rates", not missing, len(missing), tuple(missing))

    def revaluation(self) -> Point:
        rates, left = load_rates(self.base), []
        for currency, amount, book in self._foreign():
            try:
                if rates.to_base(amount, currency, self.last_day) != book:
                    left.append(currency)
            except Refusal:
                left.append(currency)
        return Point("revaluation", not left, len(left), tuple(left))

    def _is_empty(self) -> bool:
        """Nothing counts from the month, and so the general ledger gets nothing of it."""
        days = (self.month, self.last_day)
        return not JournalEntry.objects.filter(entity_id=self.entity_id, posting_date__range=days).exists()

    def gl_accounts(self) -> Point:
        left = unmapped(self.entity_id)
        names = tuple(f"{account} {currency}" for account, currency in left)
        return Point("gl_accounts", not left, len(left), names, is_idle=not left and self._is_empty())

    def gl_export(self) -> Point:
        """Every entry of the month is in an export, and the exports add up to what was posted."""
        live = GoLiveProof.objects.filter(entity_id=self.entity_id).first()
        if live is not None and self.month < live.cut_over:
            return Point("gl_export", True, is_idle=True)
        result = reconcile(self.entity_id, self.month, gl_choices(self.entity_id).format)
        is_done = result.is_equal and not result.waiting
        return Point("gl_export", is_done, result.waiting, is_idle=is_done and self._is_empty())
