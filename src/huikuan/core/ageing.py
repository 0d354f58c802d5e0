"""Ageing: what each customer owes on a day, by how long it is past due. The slow and obvious reference.

Every rule of ageing is written here once, plainly, over plain records; the columnar engine in ``engines`` must give
the same figures and is tested against this module on random histories. Nothing here is fast on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from huikuan.core.refusals import Refusal

NOT_DUE = "not_due"
UNAPPLIED = "unapplied"
BUCKETS = (0, 30, 60, 90)

Basis = Literal["posting", "effective"]
BucketBy = Literal["due", "document"]


def parse_buckets(text: str) -> tuple[int, ...]:
    """``"0,30,60,90"`` → upper bounds in days. Refuses ``ageing.bad_buckets``."""
    try:
        bounds = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise _bad_buckets(text) from None
    return check_buckets(bounds)


def check_buckets(bounds: Sequence[int]) -> tuple[int, ...]:
    """Whole days, rising, none negative. 0 is put in front where it is missing: what is not past due never mixes
    with what is. Refuses ``ageing.bad_buckets``."""
    rising = all(low < high for low, high in pairwise(bounds))
    if not bounds or bounds[0] < 0 or not rising or bounds[-1] > 100_000:
        raise _bad_buckets(",".join(map(str, bounds)))
    return tuple(bounds) if bounds[0] == 0 else (0, *bounds)


def _bad_buckets(text: str) -> Refusal:
    return Refusal(
        "ageing.bad_buckets", "{text!r} are not buckets: give rising whole days from 0, such as 0,30,60,90", text=text
    )


def bucket_labels(bounds: Sequence[int]) -> list[str]:
    """Labels in order: ``(0, 30, 60)`` → ``not_due``, ``1-30``, ``31-60``, ``>60``."""
    middle = [f"{low + 1}-{high}" for low, high in pairwise(bounds)]
    return [NOT_DUE, *middle, f">{bounds[-1]}"]


def bucket_of(days: int, bounds: Sequence[int]) -> str:
    """The bucket of an item so many days past due (or, by document date, so many days old)."""
    index = sum(days > bound for bound in bounds)
    return bucket_labels(bounds)[index]


def end_of_day(day: date, zone: tzinfo = UTC) -> datetime:
    """The last instant of a day in a zone: what a bare date means where an instant is asked for."""
    return datetime.combine(day, time.max, tzinfo=zone)


def start_of_day(day: date, zone: tzinfo = UTC) -> datetime:
    """The first instant of a day: when a fact without its own instant counts as recorded."""
    return datetime.combine(day, time.min, tzinfo=zone)


def parse_known_on(text: str, zone: tzinfo = UTC) -> datetime:
    """An ISO instant with its offset, or a date meaning the end of that day in ``zone``.

    Refuses ``ageing.bad_known_on``: an instant without an offset could mean 24 different moments.
    """
    instant: datetime | None
    try:
        if len(text) == 10:
            return end_of_day(date.fromisoformat(text), zone)
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Refusal(
            "ageing.bad_known_on",
            "{text!r} is not a date or an instant with an offset, such as 2026-03-31 or 2026-03-31T18:00:00+08:00",
            text=text,
        )
    return instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingItem:
    """An item as a file or the ledger states it. Amounts are exact and in one unit; credit memos are negative."""

    item_id: str
    currency: str
    amount: Decimal
    posting_date: date
    document_date: date
    recorded_at: datetime
    due_date: date | None = None
    effective_date: date | None = None
    settled_date: date | None = None
    open_amount: Decimal | None = None
    columns: Mapping[str, object] = field(default_factory=dict)

    def day(self, basis: Basis) -> date:
        """The day the item counts from. Without a day of its own it truly happened on its document date."""
        return self.posting_date if basis == "posting" else self.effective_date or self.document_date

    def days_past(self, as_of: date, bucket_by: BucketBy) -> int:
        """Days past due, or days since the document date. An item without a due date is due at once."""
        return (as_of - ((bucket_by == "due" and self.due_date) or self.document_date)).days


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingApplication:
    """Money or credit applied to an item. ``amount`` has the item's sign and reduces it; a reversal is a row of the
    opposite sign with its own dates."""

    item_id: str
    amount: Decimal
    posting_date: date
    recorded_at: datetime
    effective_date: date | None = None
    receipt_id: str | None = None

    def day(self, basis: Basis) -> date:
        return self.posting_date if basis == "posting" else self.effective_date or self.posting_date


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingReceipt:
    """Money received from a customer; what no application has used is unapplied."""

    receipt_id: str
    currency: str
    amount: Decimal
    posting_date: date
    recorded_at: datetime
    effective_date: date | None = None
    columns: Mapping[str, object] = field(default_factory=dict)

    def day(self, basis: Basis) -> date:
        return self.posting_date if basis == "posting" else self.effective_date or self.posting_date


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingQuestion:
    """What is asked: the state of day ``as_of``, from what was recorded by ``known_on`` (``None``: everything)."""

    as_of: date
    known_on: datetime | None = None
    by: tuple[str, ...] = ("customer_id",)
    buckets: tuple[int, ...] = BUCKETS
    bucket_by: BucketBy = "due"
    basis: Basis = "posting"
    snapshot_date: date | None = None

    def counts(self, day: date, recorded_at: datetime) -> bool:
        """A fact of this day, recorded then, is part of the answer."""
        return day <= self.as_of and (self.known_on is None or recorded_at <= self.known_on)


@dataclass(frozen=True, slots=True)
class AgeingHistory:
    """All facts there are, in any order. ``receipts`` is ``None`` where unapplied cash is not asked for."""

    items: Sequence[AgeingItem]
    applications: Sequence[AgeingApplication] = ()
    receipts: Sequence[AgeingReceipt] | None = None


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What one item still owes; ``days`` past due (or old, by document date) may be negative."""

    item: AgeingItem
    open: Decimal
    days: int
    bucket: str


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """One group, currency and bucket. ``items`` counts the open items (in ``unapplied``: the receipts with a rest)."""

    group: tuple[object, ...]
    currency: str
    bucket: str
    open_amount: Decimal
    items: int


def check_snapshot(question: AgeingQuestion, open_amount_used: bool) -> None:
    """Amounts stated as open on a snapshot day say nothing about the days before it.

    Refuses ``ageing.snapshot_date_missing``, ``ageing.before_snapshot`` (as of an earlier day) and
    ``ageing.known_before_snapshot`` (known on an earlier day), where such amounts are used at all.
    """
    if not open_amount_used:
        return
    if question.snapshot_date is None:
        raise Refusal(
            "ageing.snapshot_date_missing", "items state an open_amount: say on which day it was open (--snapshot-date)"
        )
    if question.as_of < question.snapshot_date:
        raise Refusal(
            "ageing.before_snapshot",
            "the open amounts are those of {snapshot_date}: nothing can be said as of {as_of}, before it",
            snapshot_date=question.snapshot_date,
            as_of=question.as_of,
        )
    if question.known_on is not None and question.known_on < start_of_day(question.snapshot_date):
        raise Refusal(
            "ageing.known_before_snapshot",
            "the open amounts are those of {snapshot_date}: they were not known on {known_on}, before it",
            snapshot_date=question.snapshot_date,
            known_on=question.known_on.isoformat(),
        )


def applied_parts(history: AgeingHistory, item: AgeingItem) -> list[AgeingApplication]:
    """What reduces an item, dated no earlier than the item: its applications; without any, its settlement."""
    parts = [part for part in history.applications if part.item_id == item.item_id]
    if not parts and item.settled_date is not None:
        settled = item.settled_date
        parts = [
            AgeingApplication(
                item_id=item.item_id, amount=item.amount, posting_date=settled, recorded_at=start_of_day(settled)
            )
        ]
    return parts


def original_amount(history: AgeingHistory, item: AgeingItem) -> Decimal:
    """What the item counts with: its amount, or its stated open amount where nothing else tells its history."""
    if item.open_amount is None or applied_parts(history, item):
        return item.amount
    return item.open_amount


def open_items(history: AgeingHistory, question: AgeingQuestion) -> list[OpenItem]:
    """Items that count and do not net to zero. An application counts only where its item does: dated before its
    item it counts from the item's day. Over-applied items are shown as they are."""
    check_snapshot(question, any(i.open_amount is not None and not applied_parts(history, i) for i in history.items))
    rows = []
    for item in history.items:
        if not question.counts(item.day(question.basis), item.recorded_at):
            continue
        applied = [
            part.amount
            for part in applied_parts(history, item)
            if question.counts(part.day(question.basis), part.recorded_at)
        ]
        rest = original_amount(history, item) - sum(applied, Decimal(0))
        if rest:
            days = item.days_past(question.as_of, question.bucket_by)
            rows.append(OpenItem(item, rest, days, bucket_of(days, question.buckets)))
    return rows


def unapplied_receipts(history: AgeingHistory, question: AgeingQuestion) -> list[tuple[AgeingReceipt, Decimal]]:
    """Receipts that count, with what applications have not used of them, where that is not zero."""
    items = {item.item_id: item for item in history.items}
    rows = []
    for receipt in history.receipts or ():
        if not question.counts(receipt.day(question.basis), receipt.recorded_at):
            continue
        used = Decimal(0)
        for part in history.applications:
            item = items.get(part.item_id)
            if (
                part.receipt_id == receipt.receipt_id
                and question.counts(part.day(question.basis), part.recorded_at)
                and (item is None or question.counts(item.day(question.basis), item.recorded_at))
            ):
                used += part.amount
        if receipt.amount != used:
            rows.append((receipt, receipt.amount - used))
    return rows


def age(history: AgeingHistory, question: AgeingQuestion) -> list[AgeingRow]:
    """The ageing in long form, one row per group, currency and bucket in which something is open, in no promised
    order. Currencies never mix. Unapplied cash is negative, in its own bucket, under the receipt's own columns."""
    found: dict[tuple[tuple[object, ...], str, str], list[Decimal]] = {}
    for row in open_items(history, question):
        group = tuple(row.item.columns.get(name) for name in question.by)
        found.setdefault((group, row.item.currency, row.bucket), []).append(row.open)
    for receipt, rest in unapplied_receipts(history, question):
        group = tuple(receipt.columns.get(name) for name in question.by)
        found.setdefault((group, receipt.currency, UNAPPLIED), []).append(-rest)
    return [
        AgeingRow(group, currency, bucket, sum(amounts, Decimal(0)), len(amounts))
        for (group, currency, bucket), amounts in found.items()
    ]


def totals(rows: Iterable[AgeingRow]) -> dict[str, Decimal]:
    """Open total per currency."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.open_amount
    return sums


BRIDGE_LINES = (
    "posting_total",
    "items_earlier",
    "items_later",
    "applications_earlier",
    "applications_later",
    "unapplied",
    "effective_total",
)
"""The walk from the total on the posting basis to the total on the effective basis. ``earlier``: truly happened by the
day, posted only after it. ``later``: posted by the day, truly happened only after it. ``unapplied``: what unapplied
cash differs by. The first line plus all between gives the last."""


@dataclass(frozen=True, slots=True)
class BridgeLine:
    """One step of the bridge in one currency: its signed effect on the total and how many records make it up."""

    currency: str
    line: str
    amount: Decimal
    records: int


def bridge(history: AgeingHistory, question: AgeingQuestion) -> list[BridgeLine]:
    """Why the two bases differ, per currency, in the order of ``BRIDGE_LINES``; lines without records are left out,
    the two totals are always there."""
    posting, effective = replace(question, basis="posting"), replace(question, basis="effective")
    effects: dict[tuple[str, str], list[Decimal]] = {}

    def note(currency: str, name: str, amount: Decimal, before: bool, after: bool) -> None:
        if before != after:
            line = f"{name}_earlier" if after else f"{name}_later"
            effects.setdefault((currency, line), []).append(amount if after else -amount)

    for item in history.items:
        there = [ask.counts(item.day(ask.basis), item.recorded_at) for ask in (posting, effective)]
        note(item.currency, "items", original_amount(history, item), there[0], there[1])
        for part in applied_parts(history, item):
            counted = [
                known and ask.counts(part.day(ask.basis), part.recorded_at)
                for known, ask in zip(there, (posting, effective), strict=True)
            ]
            note(item.currency, "applications", -part.amount, counted[0], counted[1])
    rests = [
        {receipt.receipt_id: (receipt.currency, rest) for receipt, rest in unapplied_receipts(history, ask)}
        for ask in (posting, effective)
    ]
    for receipt_id in rests[0].keys() | rests[1].keys():
        before, after = (side.get(receipt_id, ("", Decimal(0))) for side in rests)
        if before[1] != after[1]:
            effects.setdefault((before[0] or after[0], "unapplied"), []).append(before[1] - after[1])
    for ask, line in ((posting, BRIDGE_LINES[0]), (effective, BRIDGE_LINES[-1])):
        for row in age(history, ask):
            effects.setdefault((row.currency, line), []).extend([Decimal(0)] * (row.items - 1) + [row.open_amount])
    currencies = sorted({currency for currency, _ in effects})
    return [
        BridgeLine(currency, line, sum(amounts, Decimal(0)), len(amounts))
        for currency in currencies
        for line in BRIDGE_LINES
        if (amounts := effects.get((currency, line), [])) or line in (BRIDGE_LINES[0], BRIDGE_LINES[-1])
    ]
