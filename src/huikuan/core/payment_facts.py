"""What people know of how a customer pays, entered by hand; it goes before what is learned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from huikuan.core.refusals import Refusal

STEPS_MAX = 12
STEP_DAYS_MAX = 60
TRANSFER_DAYS_MAX = 30
RUN_DAYS_MAX = 10
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class PaymentStep:
    """A signature on the customer's side: what it is called, how many working days it takes, who holds it."""

    name: str
    working_days: int
    contact_id: int | None = None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """``run_days`` are days of the month (31: the last), ``run_weekdays`` weekdays (Monday 0) on which it pays; a day
    off moves to the next working day or, with ``moves_before``, to the last one before. ``closing_day``: its books
    close on that day of the month, 扎账日. ``transfer_days``: working days until its money is here."""

    budget_needed: bool | None = None
    invoice_needs: str = ""
    closing_day: int | None = None
    run_days: tuple[int, ...] = ()
    run_weekdays: tuple[int, ...] = ()
    moves_before: bool = False
    transfer_days: int | None = None
    steps: tuple[PaymentStep, ...] = ()

    @property
    def approval_days(self) -> int:
        """Working days that all signatures take together."""
        return sum(step.working_days for step in self.steps)

    @property
    def entered(self) -> bool:
        return self != PaymentFacts()


def parse_month_day(text: str) -> int | None:
    """A day of the month, 1 to 31; nothing is ``None``. Refuses ``habits.bad_day``."""
    if not text.strip():
        return None
    return _day(text.strip())


def parse_run_days(text: str) -> tuple[int, ...]:
    """``10, 25`` or ``10、25日``: days of the month, in order, each once. Refuses ``habits.bad_day`` and
    ``habits.too_many_days``."""
    days = {_day(part) for part in re.split(r"[\s,;，、；]+", text.strip()) if part}
    if len(days) > RUN_DAYS_MAX:
        raise Refusal("habits.too_many_days", "A customer pays on at most {most} days of a month.", most=RUN_DAYS_MAX)
    return tuple(sorted(days))


def _day(text: str) -> int:
    plain = text.removesuffix("日").removesuffix("号").removesuffix(".")
    if plain.isascii() and plain.isdigit() and len(plain) <= 2 and 1 <= int(plain) <= 31:
        return int(plain)
    raise Refusal(
        "habits.bad_day", "{text!r} is no day of the month: give 1 to 31 (31 is the last day).", text=text[:20]
    )


def parse_weekdays(codes: Iterable[str]) -> tuple[int, ...]:
    """``mon`` … ``sun`` as numbers from 0. Refuses ``habits.bad_weekday``."""
    given = {code.strip().lower() for code in codes if code.strip()}
    if unknown := given - set(WEEKDAYS):
        raise Refusal("habits.bad_weekday", "{text!r} is no weekday: give mon to sun.", text=min(unknown)[:20])
    return tuple(number for number, code in enumerate(WEEKDAYS) if code in given)


def parse_count(text: str, most: int) -> int | None:
    """A number of working days; nothing is ``None``. Refuses ``habits.bad_count``."""
    plain = text.strip()
    if not plain:
        return None
    if plain.isascii() and plain.isdigit() and len(plain) <= 4 and int(plain) <= most:
        return int(plain)
    raise Refusal(
        "habits.bad_count", "{text!r} is no number of working days from 0 to {most}.", text=plain[:20], most=most
    )


def check_steps(steps: Iterable[PaymentStep]) -> tuple[PaymentStep, ...]:
    """Refuses ``habits.step_without_name`` and ``habits.too_many_steps``."""
    kept = tuple(steps)
    if len(kept) > STEPS_MAX:
        raise Refusal("habits.too_many_steps", "An approval has at most {most} steps.", most=STEPS_MAX)
    if any(not step.name for step in kept):
        raise Refusal("habits.step_without_name", "Each step of the approval has a name.")
    return kept
