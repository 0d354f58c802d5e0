"""The best day to ask, with the days worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from huikuan.core.asking_day import find_asking_day
from huikuan.core.habits import Habits, Payment, find_habits
from huikuan.core.payment_facts import (
    PaymentFacts,
    PaymentStep,
    check_steps,
    parse_count,
    parse_month_day,
    parse_run_days,
    parse_weekdays,
)
from huikuan.core.refusals import Refusal
from huikuan.core.working_days import Weekdays, month_day, roll
from huikuan.engines.working_days import working_days_of

CALENDAR = Weekdays()
AS_OF = date(2026, 5, 11)
NOTHING = find_habits([], [], AS_OF, CALENDAR)
STEPS = (PaymentStep("部门经理", 1), PaymentStep("财务总监", 2))


def learned(number: int) -> Habits:
    days = [roll(month_day(2025 + n // 12, n % 12 + 1, number), CALENDAR) for n in range(16)]
    return find_habits([], [Payment(n, day, 1, "CNY") for n, day in enumerate(days)], AS_OF, CALENDAR)


@pytest.mark.practice("A3")
def test_the_worked_example() -> None:
    """Pays on the 25th, a Monday; three working days before it is Wednesday the 20th."""
    found = find_asking_day(PaymentFacts(run_days=(25,), steps=STEPS), NOTHING, AS_OF, date(2026, 5, 15), CALENDAR)
    assert found is not None
    assert (found.by, found.run.day, found.source) == (date(2026, 5, 20), date(2026, 5, 25), "entered")
    assert not found.run.moved


def test_a_run_that_cannot_be_reached_any_more_is_the_next() -> None:
    facts = PaymentFacts(run_days=(25,), steps=STEPS)
    found = find_asking_day(facts, NOTHING, date(2026, 5, 21), date(2026, 5, 1), CALENDAR)
    assert found is not None
    assert found.is_past_due
    assert found.run.day == date(2026, 6, 25)
    # The last day on which it is still reached.
    found = find_asking_day(facts, NOTHING, date(2026, 5, 20), date(2026, 5, 1), CALENDAR)
    assert found is not None
    assert (found.by, found.run.day) == (date(2026, 5, 20), date(2026, 5, 25))


def test_what_is_learned_serves_until_somebody_knows_better() -> None:
    found = find_asking_day(PaymentFacts(), learned(25), AS_OF, None, CALENDAR)
    assert found is not None
    assert (found.source, found.run.named.day) == ("learned", 25)
    found = find_asking_day(PaymentFacts(run_days=(10,)), learned(25), AS_OF, None, CALENDAR)
    assert found is not None
    assert (found.source, found.run.named.day) == ("entered", 10)


def test_who_pays_about_a_day_is_asked_before_the_first_of_them() -> None:
    """About the 10th and 25th, two days either side: due on 5 June it pays from Monday the 8th on, and the manager and
    the CFO take three working days. Due on the 11th it is the days about the 25th: Tuesday the 23rd."""
    numbers = [(month_day(2025 + n // 12, n % 12 + 1, day), day) for n in range(16) for day in (10, 25)]
    days = [roll(named + timedelta(days=(named.month * 7 + day) % 5 - 2), CALENDAR) for named, day in numbers]
    habits = find_habits([], [Payment(n, day, 1, "CNY") for n, day in enumerate(days)], AS_OF, CALENDAR)
    assert [(one.number, one.around) for one in habits.month_days.month_days] == [(10, 2), (25, 2)]
    facts = PaymentFacts(steps=STEPS)
    found = find_asking_day(facts, habits, AS_OF, date(2026, 6, 5), CALENDAR)
    assert found is not None
    assert (found.by, found.run.day, found.run.moved) == (date(2026, 6, 3), date(2026, 6, 8), False)
    # Due on the 10th itself: from then on.
    found = find_asking_day(facts, habits, AS_OF, date(2026, 6, 10), CALENDAR)
    assert found is not None
    assert found.run.day == date(2026, 6, 10)
    found = find_asking_day(facts, habits, AS_OF, date(2026, 6, 11), CALENDAR)
    assert found is not None
    assert (found.by, found.run.day) == (date(2026, 6, 18), date(2026, 6, 23))


def test_the_closing_day_comes_first() -> None:
    """Books close on the 18th for the run on the 25th: what comes on the 19th is paid a month later."""
    facts = PaymentFacts(run_days=(25,), closing_day=18, steps=STEPS)
    found = find_asking_day(facts, NOTHING, AS_OF, date(2026, 5, 15), CALENDAR)
    assert found is not None
    assert (found.by, found.closing) == (date(2026, 5, 18), date(2026, 5, 18))
    found = find_asking_day(facts, NOTHING, date(2026, 5, 19), date(2026, 5, 15), CALENDAR)
    assert found is not None
    assert (found.by, found.run.day) == (date(2026, 6, 18), date(2026, 6, 25))


def test_holidays_move_it() -> None:
    """2026: China's National Day holiday is 1 to 7 October, and Saturday 10 October is worked."""
    china = working_days_of("CN")
    facts = PaymentFacts(run_days=(3,), steps=STEPS, transfer_days=1)
    found = find_asking_day(facts, NOTHING, date(2026, 9, 14), date(2026, 9, 30), china)
    assert found is not None
    assert (found.run.named, found.run.day) == (date(2026, 10, 3), date(2026, 10, 8))
    # Three working days before 8 October: 30, 29, 28 September.
    assert found.by == date(2026, 9, 28)
    assert found.arrives == date(2026, 10, 9)
    before = find_asking_day(replace(facts, moves_before=True), NOTHING, date(2026, 9, 14), date(2026, 9, 29), china)
    assert before is not None
    assert before.run.day == date(2026, 9, 30)
    assert china.is_working(date(2026, 10, 10))


def test_weekdays_and_without_a_run() -> None:
    thursdays = find_asking_day(PaymentFacts(run_weekdays=(3,)), NOTHING, AS_OF, date(2026, 5, 15), CALENDAR)
    assert thursdays is not None
    assert thursdays.run.day == date(2026, 5, 21)
    due = find_asking_day(PaymentFacts(steps=STEPS), NOTHING, AS_OF, date(2026, 5, 29), CALENDAR)
    assert due is not None
    assert (due.source, due.by, due.run.day) == ("due", date(2026, 5, 26), date(2026, 5, 29))
    assert find_asking_day(PaymentFacts(), NOTHING, AS_OF, date(2026, 5, 29), CALENDAR) is None
    assert find_asking_day(PaymentFacts(steps=STEPS), NOTHING, AS_OF, None, CALENDAR) is None


def test_a_day_off_is_as_early_as_the_working_day_before_it() -> None:
    """Three working days before Wednesday 25 November is Friday the 20th; on Sunday the 22nd it is not too late."""
    facts, sunday = PaymentFacts(run_days=(25,), steps=STEPS), date(2026, 11, 22)
    found = find_asking_day(facts, NOTHING, sunday, None, CALENDAR)
    assert found is not None
    assert (found.by, found.run.day) == (sunday, date(2026, 11, 25))
    found = find_asking_day(facts, NOTHING, sunday + timedelta(days=1), None, CALENDAR)
    assert found is not None
    assert found.run.day == date(2026, 12, 25)


def test_the_day_is_never_gone_by() -> None:
    facts = PaymentFacts(run_days=(5, 20), closing_day=31, steps=STEPS, transfer_days=2)
    for n in range(400):
        today = AS_OF + timedelta(days=n)
        found = find_asking_day(facts, NOTHING, today, AS_OF, CALENDAR)
        assert found is not None
        assert today <= found.by <= found.run.day <= found.arrives


# -- reading what people type ----------------------------------------------------------------------------------------
def test_days_are_read_as_people_write_them() -> None:
    assert parse_run_days("25、10日，10") == (10, 25)
    assert parse_run_days("") == ()
    assert parse_month_day(" 31 ") == 31
    assert parse_weekdays(["fri", "", "MON"]) == (0, 4)
    assert parse_count("", 30) is None
    assert parse_count("3", 30) == 3


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("habits.bad_day", lambda: parse_run_days("10, 32")),
        ("habits.bad_day", lambda: parse_month_day("0")),
        ("habits.too_many_days", lambda: parse_run_days(" ".join(map(str, range(1, 12))))),
        ("habits.bad_weekday", lambda: parse_weekdays(["freitag"])),
        ("habits.bad_count", lambda: parse_count("-1", 30)),
        ("habits.bad_count", lambda: parse_count("31", 30)),
        ("habits.step_without_name", lambda: check_steps([PaymentStep("", 1)])),
        ("habits.too_many_steps", lambda: check_steps([PaymentStep("x", 1)] * 13)),
    ],
)
def test_refusals(code: str, ask: object) -> None:
    with pytest.raises(Refusal) as refused:
        ask()  # type: ignore[operator]
    assert refused.value.code == code
