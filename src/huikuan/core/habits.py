"""How a customer usually pays, learned from what it paid: days, lateness, cycles, who pays, what is held back.

All pure, and independent of the order in which facts come. Nothing is said of too few payments, nor of a pattern that
chance would show as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from huikuan.core.chance import binomial_tail, spread_tail
from huikuan.core.habits_days import CHANCE_MAX, Pattern, find_month_days, find_weekdays
from huikuan.core.money import round_half_up
from huikuan.core.working_days import WorkingDays

LOOKED_BACK = timedelta(days=730)
"""Payments and documents before that are forgotten."""
HALF_LIFE_DAYS = 180
"""What happened so many days earlier counts half as much in a median."""
RECENT = timedelta(days=180)
DOCUMENTS_MIN = 3
COMPARED_MIN = 5
"""Documents on each side of a comparison of now with before."""
CYCLE_SHARE_MIN = 0.8
DEDUCTION_HITS_MIN = 3
DEDUCTION_BP_MAX = 1_500
"""A rest of more than so many hundredths of a percent is a part payment, not a deduction."""


@dataclass(frozen=True, slots=True)
class Part:
    """Money that came for a document: ``payment`` tells one payment from another."""

    payment: int
    paid_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PaidDocument:
    """A document as of the day of the question. ``amount_minor`` is its amount, ``open_minor`` what is still open."""

    key: int
    document_date: date
    due_date: date
    currency: str
    amount_minor: int
    open_minor: int
    parts: tuple[Part, ...] = ()

    @property
    def paid_minor(self) -> int:
        return sum(part.amount_minor for part in self.parts)

    @property
    def settled_on(self) -> date | None:
        """The day of the last money, where nothing is open any more."""
        return max((part.paid_on for part in self.parts), default=None) if not self.open_minor else None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment. ``payer``: who paid, as the caller tells payers apart; empty where the bank did not say."""

    key: int
    paid_on: date
    amount_minor: int
    currency: str
    payer: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Days from the due date to the money; negative is early. ``documents`` were paid, ``waiting`` more are open and
    past due, and count as at least as late as they are now. A quartile that lies among those is ``None``.

    ``recent`` and ``earlier``: the plain median of those paid in the last 180 days and before, where both are known.
    """

    documents: int
    waiting: int
    p25: int | None = None
    median: int | None = None
    p75: int | None = None
    recent: int | None = None
    earlier: int | None = None

    @property
    def trend(self) -> str:
        """later, earlier, or nothing where the medians differ by no more than two days or a third of the spread."""
        if self.recent is None or self.earlier is None or self.p25 is None or self.p75 is None:
            return ""
        least = max(3.0, (self.p75 - self.p25) / 3)
        change = self.recent - self.earlier
        return "" if abs(change) < least else "later" if change > 0 else "earlier"


@dataclass(frozen=True, slots=True)
class Cycle:
    """How often payments come. ``kind``: weekly, monthly, quarterly, by_document, or nothing.

    ``hits`` of ``spans`` weeks, months or quarters had a payment; by_document: of ``spans`` payments ``hits`` were for
    one document. ``months_after``: documents of a month are paid so many months later, ``lag_hits`` of
    ``lag_documents`` of them, where that is so for most.
    """

    kind: str = ""
    hits: int = 0
    spans: int = 0
    months_after: int | None = None
    lag_hits: int = 0
    lag_documents: int = 0


@dataclass(frozen=True, slots=True)
class Purchases:
    """Days between one day with documents and the next. ``since``: days since the last one."""

    gaps: int = 0
    p25: int | None = None
    median: int | None = None
    p75: int | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody money came from: ``payments`` of all, the latest on ``last``."""

    name: str
    payments: int
    last: date


@dataclass(frozen=True, slots=True)
class Deduction:
    """What is always held back: ``bp`` hundredths of a percent of a document, or ``fixed_minor`` of ``currency``;
    on ``hits`` of ``documents`` paid ones."""

    documents: int
    hits: int = 0
    bp: int | None = None
    fixed_minor: int | None = None
    currency: str = ""

    @property
    def found(self) -> bool:
        return self.bp is not None or self.fixed_minor is not None


@dataclass(frozen=True, slots=True)
class Habits:
    """Everything learned as of a day, from ``payments`` payments and ``documents`` documents since ``since``."""

    as_of: date
    since: date
    payments: int
    documents: int
    month_days: Pattern
    weekdays: Pattern
    lateness: Lateness
    from_document: Lateness
    cycle: Cycle
    purchases: Purchases
    payers: tuple[Payer, ...] = ()
    channels: tuple[tuple[str, int], ...] = ()
    deduction: Deduction = field(default_factory=lambda: Deduction(0))

    @property
    def known(self) -> bool:
        """Whether there was anything to learn from."""
        return self.lateness.documents >= DOCUMENTS_MIN or not self.month_days.few


def find_habits(
    documents: Iterable[PaidDocument], payments: Iterable[Payment], as_of: date, calendar: WorkingDays
) -> Habits:
    """What is learned of a customer. Documents and payments after ``as_of`` are not looked at; ``open_minor`` and
    ``parts`` must be as of that day."""
    since = as_of - LOOKED_BACK
    known = sorted((one for one in payments if since < one.paid_on <= as_of), key=lambda one: (one.paid_on, one.key))
    kept = sorted((one for one in documents if one.document_date <= as_of), key=lambda one: one.key)
    fresh = [one for one in kept if one.document_date > since or (one.settled_on or as_of) > since]
    paid_on = {one.paid_on for one in known}
    return Habits(
        as_of=as_of,
        since=since,
        payments=len(known),
        documents=len(fresh),
        month_days=find_month_days(paid_on, calendar),
        weekdays=find_weekdays(paid_on, calendar),
        lateness=find_lateness(fresh, as_of, from_document=False),
        from_document=find_lateness(fresh, as_of, from_document=True),
        cycle=find_cycle(fresh, paid_on),
        purchases=find_purchases({one.document_date for one in fresh}, as_of),
        payers=find_payers(known),
        channels=tuple(Counter(one.channel for one in known if one.channel).most_common()),
        deduction=find_deduction(fresh),
    )


# -- how late --------------------------------------------------------------------------------------------------------
def find_lateness(documents: Sequence[PaidDocument], as_of: date, *, from_document: bool) -> Lateness:
    """Quartiles of the days to payment, from the due date or the document's, the recent weighing more.

    What is open and past due is not left out (the worst payers would look best): by the estimate of Kaplan and Meier it
    counts as paid some time after today.
    """
    rows: list[tuple[int, bool, float]] = []
    recent: list[int] = []
    earlier: list[int] = []
    waiting = 0
    for one in documents:
        start = one.document_date if from_document else one.due_date
        paid_on = one.settled_on
        if paid_on is not None and paid_on <= as_of:
            days = (paid_on - start).days
            rows.append((days, False, 0.5 ** ((as_of - paid_on).days / HALF_LIFE_DAYS)))
            (recent if paid_on > as_of - RECENT else earlier).append(days)
        elif one.open_minor and one.due_date < as_of:
            rows.append(((as_of - start).days, True, 1.0))
            waiting += 1
    paid = len(recent) + len(earlier)
    if paid < DOCUMENTS_MIN:
        return Lateness(paid, waiting)
    quarters = _quartiles(rows)
    compared = min(len(recent), len(earlier)) >= COMPARED_MIN
    return Lateness(
        paid,
        waiting,
        *quarters,
        recent=_median(recent) if compared else None,
        earlier=_median(earlier) if compared else None,
    )


def _quartiles(rows: Sequence[tuple[int, bool, float]]) -> tuple[int | None, int | None, int | None]:
    """Weighted Kaplan-Meier quartiles of (days, is it still waiting, weight)."""
    found: list[int | None] = []
    standing, at_risk = 1.0, sum(weight for _, _, weight in rows)
    events: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for days, waits, weight in sorted(rows):
        events[days][waits] += weight
    levels = [0.75, 0.5, 0.25]
    for days, (paid, waiting) in sorted(events.items()):
        if paid and at_risk > 0:
            standing *= max(1 - paid / at_risk, 0.0)
        at_risk -= paid + waiting
        while levels and standing <= levels[0] + 1e-9:
            found.append(days)
            levels.pop(0)
    found += [None] * len(levels)
    return found[0], found[1], found[2]


def _median(values: Sequence[int]) -> int:
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


# -- how often -------------------------------------------------------------------------------------------------------
def find_cycle(documents: Sequence[PaidDocument], paid_on: Iterable[date]) -> Cycle:
    """The rhythm of payments, where chance would not show it as well."""
    days = sorted(set(paid_on))
    lag = _lag(documents)
    for kind in (_quarterly(days), _spread(days, "weekly"), _spread(days, "monthly"), _by_document(documents)):
        if kind is not None:
            return Cycle(*kind, *lag)
    return Cycle("", 0, 0, *lag)


def _quarterly(days: Sequence[date]) -> tuple[str, int, int] | None:
    months = sorted({day.year * 12 + day.month for day in days})
    if len(months) < 4 or not months:
        return None
    phase, hits = max(Counter(month % 3 for month in months).items(), key=lambda one: (one[1], -one[0]))
    if hits < len(months) * CYCLE_SHARE_MIN or 3 * binomial_tail(hits, len(months), 1 / 3) > CHANCE_MAX:
        return None
    ours = [month for month in months if month % 3 == phase]
    return "quarterly", hits, (ours[-1] - ours[0]) // 3 + 1


def _spread(days: Sequence[date], kind: str) -> tuple[str, int, int] | None:
    """Whether payments come in nearly every week or month, and not more often than chance would need for that."""
    if len(days) < 4:
        return None
    numbers = [(day.toordinal() - 1) // 7 if kind == "weekly" else day.year * 12 + day.month for day in days]
    spans, with_some = numbers[-1] - numbers[0] + 1, len(set(numbers))
    if spans < 4 or with_some < spans * CYCLE_SHARE_MIN:
        return None
    chance = spread_tail(len(days), spans, spans - with_some)
    return (kind, with_some, spans) if chance <= CHANCE_MAX else None


def _by_document(documents: Sequence[PaidDocument]) -> tuple[str, int, int] | None:
    """Whether each payment is for one document, a steady time after its date."""
    of: dict[int, set[int]] = defaultdict(set)
    waits = []
    for one in documents:
        for part in one.parts:
            of[part.payment].add(one.key)
        if one.settled_on is not None:
            waits.append((one.settled_on - one.document_date).days)
    single = sum(len(keys) == 1 for keys in of.values())
    if len(of) < 6 or len(waits) < 6 or single < len(of) * CYCLE_SHARE_MIN:
        return None
    waits.sort()
    spread = waits[len(waits) * 3 // 4] - waits[len(waits) // 4]
    return ("by_document", single, len(of)) if spread <= 5 else None


def _lag(documents: Sequence[PaidDocument]) -> tuple[int | None, int, int]:
    """How many months after a document's month it is paid, where most are paid alike."""
    lags = [
        (paid.year - one.document_date.year) * 12 + paid.month - one.document_date.month
        for one in documents
        if (paid := one.settled_on) is not None
    ]
    if len(lags) < COMPARED_MIN:
        return None, 0, len(lags)
    lag, hits = max(Counter(lags).items(), key=lambda one: (one[1], -one[0]))
    return (lag, hits, len(lags)) if hits >= len(lags) * CYCLE_SHARE_MIN else (None, hits, len(lags))


def find_purchases(days: Iterable[date], as_of: date) -> Purchases:
    """The gaps between days with documents."""
    ordered = sorted(set(days))
    gaps = sorted((second - first).days for first, second in pairwise(ordered))
    since = (as_of - ordered[-1]).days if ordered else None
    if len(gaps) < COMPARED_MIN:
        return Purchases(len(gaps), since=since)
    middle, low, high = _median(gaps), gaps[len(gaps) // 4], gaps[len(gaps) * 3 // 4]
    return Purchases(len(gaps), low, middle, high, since)


# -- who, and how much of it -----------------------------------------------------------------------------------------
def find_payers(payments: Sequence[Payment]) -> tuple[Payer, ...]:
    """Who the money came from, the most frequent first."""
    days: dict[str, list[date]] = defaultdict(list)
    for one in payments:
        if one.payer:
            days[one.payer].append(one.paid_on)
    found = [Payer(name, len(of), max(of)) for name, of in days.items()]
    return tuple(sorted(found, key=lambda one: (-one.payments, -one.last.toordinal(), one.name)))


def find_deduction(documents: Sequence[PaidDocument]) -> Deduction:
    """A share, or an amount, that is held back of half of all paid documents at least, the same each time."""
    paid = [one for one in documents if one.parts]
    rates: Counter[int] = Counter()
    fixed: Counter[tuple[int, str]] = Counter()
    for one in paid:
        held = one.amount_minor - one.paid_minor
        if not 0 < held * 10_000 <= DEDUCTION_BP_MAX * one.amount_minor:
            continue
        fixed[(held, one.currency)] += 1
        bp = round_half_up(Fraction(held * 10_000, one.amount_minor))
        if abs(round_half_up(Fraction(one.amount_minor * bp, 10_000)) - held) <= 1:
            rates[bp] += 1
    need = max(DEDUCTION_HITS_MIN, (len(paid) + 1) // 2)
    by_rate = max(rates.items(), key=lambda one: (one[1], -one[0]), default=None)
    by_sum = max(fixed.items(), key=lambda one: (one[1], one[0]), default=None)
    if by_rate is not None and by_rate[1] >= need and (by_sum is None or by_rate[1] >= by_sum[1]):
        return Deduction(len(paid), by_rate[1], bp=by_rate[0])
    if by_sum is not None and by_sum[1] >= need:
        (minor, currency), hits = by_sum
        return Deduction(len(paid), hits, fixed_minor=minor, currency=currency)
    return Deduction(len(paid))
