"""Habits: found when they are there, not found in luck, the same in whatever order facts come, nothing from later."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core.chance import binomial_tail, spread_tail
from huikuan.core.habits import Habits, PaidDocument, Part, Payment, find_habits
from huikuan.core.habits_days import find_month_days, find_weekdays
from huikuan.core.working_days import Weekdays, add_working_days, month_day, months_between, roll

CALENDAR = Weekdays()
AS_OF = date(2026, 6, 30)
FIRST = date(2024, 8, 1)


def history(days: list[date], *, terms: int = 30, amount: int = 1_000_00, held_bp: int = 0) -> Habits:
    """One document per payment, due on its day."""
    documents, payments = [], []
    for number, day in enumerate(days):
        held = amount * held_bp // 10_000
        part = Part(number, day, amount - held)
        made = day - timedelta(days=terms)
        documents.append(PaidDocument(number, made, day, "CNY", amount, held, (part,)))
        payments.append(Payment(number, day, amount - held, "CNY", "A" if number % 4 else "B"))
    return find_habits(documents, payments, AS_OF, CALENDAR)


def monthly(number: int, *, noise: float = 0.0, seed: int = 0, first: date = FIRST, last: date = AS_OF) -> list[date]:
    rng = random.Random(seed)
    found: list[date] = []
    for year, month in months_between(first, last):
        day = roll(month_day(year, month, number), CALENDAR, before=number >= 28)
        if noise and len(found) % round(1 / noise) == 1:
            day = roll(day + timedelta(days=rng.choice([-9, -7, -6, 6, 7, 9])), CALENDAR)
        found.append(day)
    return [day for day in found if day <= last]


def random_days(seed: int, count: int) -> list[date]:
    rng = random.Random(seed)
    working = [day for n in range(690) if CALENDAR.is_working(day := FIRST + timedelta(days=n))]
    return rng.sample(working, count)


# -- found when it is there ------------------------------------------------------------------------------------------
@pytest.mark.practice("A3")
@given(number=st.integers(1, 31), noise=st.sampled_from([0.0, 0.1, 1 / 3]), seed=st.integers(0, 50))
@settings(max_examples=60, deadline=None)
def test_a_planted_day_of_the_month_is_found(number: int, noise: float, seed: int) -> None:
    days = monthly(number, noise=noise, seed=seed)
    found = find_month_days(days, CALENDAR)
    assert found.found, days
    assert len(found.kept) >= len(days) / 2
    # The day itself, or one that means the same: no month tells the 30th from its last day by half a dozen payments.
    nearest = min(abs(one.number - number) for one in found.month_days)
    assert nearest <= 1


@pytest.mark.practice("A3")
@pytest.mark.parametrize("weekday", range(5))
def test_a_planted_weekday_is_found(weekday: int) -> None:
    start = FIRST - timedelta(days=FIRST.weekday()) + timedelta(days=weekday)
    days = [start + timedelta(days=14 * n + (1 if n % 6 == 5 else 0)) for n in range(20)]
    found = find_weekdays(days, CALENDAR)
    assert weekday in [one.weekday for one in found.weekdays]
    assert found.chance < 0.01


def test_two_days_of_the_month_are_both_found() -> None:
    found = find_month_days([*monthly(10, noise=0.1), *monthly(25, noise=0.1, seed=3)], CALENDAR)
    assert [one.number for one in found.month_days] == [10, 25]


def about(numbers: list[int], months: int, seed: int) -> set[date]:
    """Payments up to two days off the days named, weekends moved on."""
    rng = random.Random(seed)
    return {
        roll(month_day(year, month, number) + timedelta(days=rng.randint(-2, 2)), CALENDAR)
        for year, month in list(months_between(FIRST, AS_OF))[:months]
        for number in numbers
    }


@pytest.mark.practice("A3")
@pytest.mark.parametrize("seed", range(12))
def test_two_days_are_found_of_who_pays_about_them(seed: int) -> None:
    found = find_month_days(about([10, 25], 12, seed), CALENDAR)
    assert len(found.month_days) == 2
    for one, number in zip(found.month_days, [10, 25], strict=True):
        assert abs(one.number - number) <= 2
        assert one.hits >= 6
    assert found.chance <= 0.01


@pytest.mark.parametrize("seed", range(6))
def test_two_days_are_found_of_who_pays_on_either(seed: int) -> None:
    """One payment a month, now on the 5th and now on the 20th: neither of them alone is half of all."""
    rng = random.Random(seed)
    months = list(months_between(FIRST, AS_OF))[:18]
    days = [roll(month_day(*month, rng.choice([5, 20])), CALENDAR) for month in months]
    assert [one.number for one in find_month_days(days, CALENDAR).month_days] == [5, 20]


def test_one_day_is_not_made_two_by_what_misses_it() -> None:
    for seed in range(12):
        found = find_month_days([*monthly(25), *random_days(seed, 6)], CALENDAR)
        assert [one.number for one in found.month_days] == [25]


def test_a_day_that_was_given_up_is_no_habit_any_more() -> None:
    changed = date(2025, 10, 31)
    days = [*monthly(10, last=changed), *monthly(25, first=changed + timedelta(days=1))]
    assert [one.number for one in find_month_days(days, CALENDAR).month_days] in ([25], [])
    assert 10 not in [one.number for one in find_month_days(days, CALENDAR).month_days]


# -- not found in luck -----------------------------------------------------------------------------------------------
@pytest.mark.practice("A3")
def test_random_payers_get_no_pattern() -> None:
    """Each question may be wrong for one customer in a hundred; 300 customers, and three standard errors above."""
    wrong = [0, 0, 0]
    for seed in range(300):
        days = random_days(seed, [4, 6, 12, 24, 48, 120][seed % 6])
        wrong[0] += find_month_days(days, CALENDAR).found
        wrong[1] += find_weekdays(days, CALENDAR).found
        wrong[2] += history(days).cycle.kind in ("weekly", "monthly", "quarterly") and len(days) < 30
    assert wrong[0] <= 8
    assert wrong[1] <= 8
    assert wrong[2] <= 12


def test_chance_is_as_counted_by_hand() -> None:
    assert binomial_tail(2, 3, 0.5) == pytest.approx(0.5)
    assert binomial_tail(0, 3, 0.2) == 1.0
    assert binomial_tail(4, 3, 0.2) == 0.0
    # Three marks on three months, the outer two taken: the third falls on the middle one once in three times.
    assert spread_tail(3, 3, 0) == pytest.approx(1 / 3)
    assert 1 / spread_tail(12, 12, 0) == pytest.approx(17_062.8, abs=0.1)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_payments_say_nothing(count: int) -> None:
    found = history(monthly(25)[:count])
    assert found.month_days.few
    assert not found.month_days.found
    assert found.cycle.kind == ""
    assert found.lateness.median is None or count == 3


# -- how late --------------------------------------------------------------------------------------------------------
def _late(days: list[int], waiting: list[int] = []) -> Habits:  # noqa: B006
    due = [AS_OF - timedelta(days=100 + n) for n in range(len(days))]
    documents = [
        PaidDocument(n, day - timedelta(days=30), day, "CNY", 100, 0, (Part(n, day + timedelta(days=late), 100),))
        for n, (day, late) in enumerate(zip(due, days, strict=True))
    ]
    for n, late in enumerate(waiting):
        day = AS_OF - timedelta(days=late)
        documents.append(PaidDocument(900 + n, day - timedelta(days=30), day, "CNY", 100, 100))
    return find_habits(documents, [], AS_OF, CALENDAR)


@pytest.mark.practice("A3")
def test_lateness_by_quartiles() -> None:
    found = _late([4, 5, 6, 6, 7, 8, 20]).lateness
    assert (found.documents, found.waiting) == (7, 0)
    assert found.p25 in (5, 6)
    assert found.median == 6
    assert found.p75 in (7, 8)


def test_what_is_still_open_counts_as_at_least_so_late() -> None:
    plain, with_open = _late([2, 3, 4, 5, 6]).lateness, _late([2, 3, 4, 5, 6], [60] * 8).lateness
    assert plain.median == 4
    assert with_open.waiting == 8
    assert with_open.median is None or with_open.median > 4
    # What is due tomorrow says nothing yet.
    assert _late([2, 3, 4, 5, 6], [-10] * 8).lateness == plain


def test_a_customer_who_has_become_later_is_told_so() -> None:
    documents = []
    for n in range(40):
        due = date(2025, 2, 1) + timedelta(days=12 * n)
        paid = due + timedelta(days=3 if due < date(2025, 12, 1) else 15)
        documents.append(PaidDocument(n, due - timedelta(days=30), due, "CNY", 1, 0, (Part(n, paid, 1),)))
    found = find_habits(documents, [], AS_OF, CALENDAR).lateness
    assert (found.earlier, found.recent, found.trend) == (3, 15, "later")


# -- cycles, payers, deductions --------------------------------------------------------------------------------------
def test_cycles() -> None:
    assert history(monthly(25)).cycle.kind == "monthly"
    quarters = [day for day in monthly(15) if day.month % 3 == 1]
    assert history(quarters).cycle.kind == "quarterly"
    weekly = [FIRST + timedelta(days=7 * n) for n in range(40)]
    assert history(weekly).cycle.kind == "weekly"
    assert history(monthly(25), terms=30).cycle.months_after == 1


def test_purchases_have_a_rhythm() -> None:
    found = history([FIRST + timedelta(days=14 * n) for n in range(20)]).purchases
    assert (found.p25, found.median, found.p75, found.gaps) == (14, 14, 14, 19)


def test_payers_and_deductions() -> None:
    found = history(monthly(25), held_bp=200)
    assert [(one.name, one.payments) for one in found.payers] == [("A", 17), ("B", 6)]
    assert (found.deduction.bp, found.deduction.hits) == (200, 23)
    assert not history(monthly(25)).deduction.found
    fixed = [
        PaidDocument(n, day, day, "CNY", 1_000_00 + 7_13 * n, 0, (Part(n, day, 1_000_00 + 7_13 * n - 15_00),))
        for n, day in enumerate(monthly(5))
    ]
    one = find_habits(fixed, [], AS_OF, CALENDAR).deduction
    assert (one.fixed_minor, one.currency, one.bp) == (15_00, "CNY", None)


# -- order and time --------------------------------------------------------------------------------------------------
@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_facts_does_not_matter(rng: random.Random) -> None:
    days = monthly(25, noise=1 / 3)
    documents = [
        PaidDocument(n, day - timedelta(days=40), day, "CNY", 5, 0, (Part(n, day, 5),)) for n, day in enumerate(days)
    ]
    payments = [Payment(n, day, 5, "CNY", "AB"[n % 2]) for n, day in enumerate(days)]
    first = find_habits(documents, payments, AS_OF, CALENDAR)
    rng.shuffle(documents)
    rng.shuffle(payments)
    assert find_habits(documents, payments, AS_OF, CALENDAR) == first


@pytest.mark.practice("A3")
def test_nothing_from_after_the_day_leaks_in() -> None:
    days = monthly(25)
    as_of = date(2025, 12, 31)

    def asked(upto: list[date]) -> Habits:
        payments = [Payment(n, day, 5, "CNY", "A") for n, day in enumerate(upto)]
        documents = [PaidDocument(n, day, day, "CNY", 5, 5) for n, day in enumerate(upto)]
        return find_habits(documents, payments, as_of, CALENDAR)

    assert asked(days) == asked([day for day in days if day <= as_of])


# -- working days ----------------------------------------------------------------------------------------------------
def test_working_days() -> None:
    monday = date(2026, 5, 25)
    assert add_working_days(monday, -3, CALENDAR) == date(2026, 5, 20)
    assert add_working_days(date(2026, 5, 23), 0, CALENDAR) == monday
    assert roll(date(2026, 5, 31), CALENDAR, before=True) == date(2026, 5, 29)
    assert month_day(2026, 2, 31) == date(2026, 2, 28)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 40))
@settings(deadline=None)
def test_working_days_there_and_back(day: date, count: int) -> None:
    start = roll(day, CALENDAR)
    assert add_working_days(add_working_days(start, count, CALENDAR), -count, CALENDAR) == start
