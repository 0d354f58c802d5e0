"""The best day to ask for money: the last on which a customer can still bring it into its next payment run.

All pure. What people entered goes before what was learned; every step of the reasoning is given with its figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from huikuan.core.habits import Habits
from huikuan.core.payment_facts import PaymentFacts
from huikuan.core.working_days import ONE_DAY, WorkingDays, add_working_days, month_day, months_between, roll

_LOOKED_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Run:
    """A day on which the customer pays: ``named`` by the habit or the entry, ``day`` after days off have moved it.

    ``around``: it pays so many days on either side of the day named, and ``day`` is the first of them from then on.
    """

    named: date
    day: date
    around: int = 0

    @property
    def moved(self) -> bool:
        return not self.around and self.named != self.day


@dataclass(frozen=True, slots=True)
class AskingDay:
    """Ask ``by`` this day. ``run``: the day the customer then pays; ``source`` says where that comes from: entered,
    learned, or due (no payment days are known, and it pays when the money is due). ``arrives``: the money is here.

    ``due``: what is asked for is due then, ``None`` where nothing is owed. ``approval_days``: working days that the
    customer's approval takes; ``closing``: its books close on that day, and what came later waits a month.
    ``usual_days_late``: what it usually does, learned.
    """

    by: date
    run: Run
    source: str
    arrives: date
    due: date | None
    is_past_due: bool
    approval_days: int
    closing: date | None = None
    transfer_days: int = 0
    usual_days_late: int | None = None


def find_asking_day(
    facts: PaymentFacts, habits: Habits, as_of: date, due: date | None, calendar: WorkingDays
) -> AskingDay | None:
    """The day by which to ask for what is ``due``; ``None`` where neither payment days nor steps are known.

    The run is the first on or after the due date, or, past due, the first that approval can still reach.
    """
    lead = facts.approval_days
    reached = add_working_days(as_of, lead, calendar) if lead else as_of
    target = max(due or reached, reached)
    source = _source(facts, habits)
    if not source and not (lead and due):
        return None
    for run in _runs(facts, habits, source, target, calendar):
        by = add_working_days(run.day, -lead, calendar) if lead else run.day
        closing = _closing(facts, run.day)
        if closing is not None:
            by = min(by, roll(closing, calendar, before=True))
        if by < as_of:
            # On a day off one is still as early as on the working day before it.
            if reached > run.day or (closing is not None and closing < as_of):
                continue
            by = as_of
        days = facts.transfer_days or 0
        return AskingDay(
            by=by,
            run=run,
            source=source or "due",
            arrives=add_working_days(run.day, days, calendar) if days else run.day,
            due=due,
            is_past_due=due is not None and due < as_of,
            approval_days=lead,
            closing=closing,
            transfer_days=days,
            usual_days_late=habits.lateness.median,
        )
    return None


def _source(facts: PaymentFacts, habits: Habits) -> str:
    if facts.run_days or facts.run_weekdays:
        return "entered"
    return "learned" if habits.month_days.found or habits.weekdays.found else ""


def _runs(facts: PaymentFacts, habits: Habits, source: str, target: date, calendar: WorkingDays) -> Iterator[Run]:
    """Payment days from ``target`` on, in order. Of a window around a day, the second half is too late to count on."""
    if not source:
        yield Run(target, roll(target, calendar))
        return
    if source == "entered":
        numbers = [(number, facts.moves_before, 0) for number in facts.run_days]
        weekdays = set(facts.run_weekdays)
    else:
        numbers = [(one.number, one.before, one.around) for one in habits.month_days.month_days]
        weekdays = set() if numbers else {one.weekday for one in habits.weekdays.weekdays}
    found: dict[date, Run] = {}
    before = facts.moves_before if source == "entered" else False
    for year, month in months_between(target - 40 * ONE_DAY, target + _LOOKED_AHEAD):
        for number, back, around in numbers:
            named = month_day(year, month, number)
            start = max(named - around * ONE_DAY, min(target, named))
            run = Run(named, roll(start, calendar, before=back and (not around or start > target)), around)
            found.setdefault(run.day, run)
    day = target - 10 * ONE_DAY
    while weekdays and day <= target + _LOOKED_AHEAD:
        if day.weekday() in weekdays:
            run = Run(day, roll(day, calendar, before=before))
            found.setdefault(run.day, run)
        day += ONE_DAY
    yield from (found[day] for day in sorted(found) if day >= target)


def _closing(facts: PaymentFacts, run: date) -> date | None:
    """The last day on which the books close before the run."""
    if facts.closing_day is None:
        return None
    closings = [month_day(year, month, facts.closing_day) for year, month in months_between(run - 31 * ONE_DAY, run)]
    return max((day for day in closings if day <= run), default=None)
