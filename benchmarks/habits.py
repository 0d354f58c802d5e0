"""How often a payer of random days is said to have a habit, and how often a planted habit is found.

``python -m benchmarks.habits``: two thousand random payers on Chinese working days and as many on all days, planted
days kept four times in five, and payers up to two days off the 10th and the 25th.
"""

from __future__ import annotations

import random
import time
from datetime import date, timedelta

from huikuan.core.habits_days import find_month_days, find_weekdays
from huikuan.core.working_days import WorkingDays, month_day, months_between, roll
from huikuan.engines.working_days import working_days_of

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
COUNTS = (4, 6, 10, 16, 24, 48, 100)


def random_payers(count: int, calendar: WorkingDays, *, every_day: bool) -> tuple[int, int]:
    """Of ``count`` payers with random days, how many get a day of the month, and how many a weekday."""
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    possible = [day for day in days if every_day or calendar.is_working(day)]
    months = weeks = 0
    for seed in range(count):
        chosen = random.Random(seed).sample(possible, COUNTS[seed % len(COUNTS)])
        months += find_month_days(chosen, calendar).found
        weeks += find_weekdays(chosen, calendar).found
    return months, weeks


def planted_payers(count: int, calendar: WorkingDays, months: int) -> int:
    """Of ``count`` payers who keep one day of the month four times in five, for how many it is found."""
    found = 0
    for seed in range(count):
        rng = random.Random(seed)
        number, days = rng.randrange(1, 29), []
        for year, month in list(months_between(FIRST, LAST))[:months]:
            kept = rng.random() < 0.8
            days.append(roll(month_day(year, month, number if kept else rng.randrange(1, 29)), calendar))
        pattern = find_month_days(days, calendar)
        found += any(abs(one.number - number) <= 1 for one in pattern.month_days)
    return found


def payers_of_two_days(count: int, calendar: WorkingDays, months: int, *, kept: float) -> int:
    """Of ``count`` payers who pay up to two days off the 10th and the 25th (one in ``1 - kept`` on any day), for how
    many both days are found, no more than two days off."""
    found = 0
    for seed in range(count):
        rng, days = random.Random(seed), set()
        for year, month in list(months_between(FIRST, LAST))[:months]:
            for number in (10, 25):
                named = month_day(year, month, number) + timedelta(days=rng.randint(-2, 2))
                anyhow = month_day(year, month, rng.randrange(1, 29))
                days.add(roll(named if rng.random() < kept else anyhow, calendar))
        numbers = [one.number for one in find_month_days(days, calendar).month_days]
        found += all(any(abs(number - wanted) <= 2 for number in numbers) for wanted in (10, 25))
    return found


def main() -> None:
    calendar, count = working_days_of("CN"), 2_000
    started = time.process_time()
    for every_day, words in ((False, "on working days"), (True, "on all days")):
        months, weeks = random_payers(count, calendar, every_day=every_day)
        print(f"random {words}: {months / count:.2%} get a day of the month, {weeks / count:.2%} a weekday")
    took = (time.process_time() - started) / count / 2
    for months in (6, 12, 24):
        print(f"planted, {months} months: {planted_payers(500, calendar, months) / 500:.1%} found")
    for kept in (1.0, 0.8):
        rates = [payers_of_two_days(300, calendar, months, kept=kept) / 300 for months in (6, 12, 18, 24)]
        print(f"about the 10th and 25th, {kept:.0%} kept, 6, 12, 18, 24 months:", *(f"{rate:.1%}" for rate in rates))
    print(f"{took * 1000:.1f} ms of processor time a payer")


if __name__ == "__main__":
    main()
