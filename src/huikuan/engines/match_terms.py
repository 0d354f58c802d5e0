"""What is known of what payers leave out: charges, discounts in time and late, shares kept back, small rates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from huikuan.engines.match_book import UNIT
from huikuan.engines.match_learn import EVERYBODY, Knowledge

PASSED_MIN = 5
"""Late discounts that must have been let pass, and three times as often as not, before the next one is."""
OWN_PASSED_MIN = 2
"""Late discounts of a payer from which on they tell what becomes of its next one."""
ALIKE_MIN = 3
"""Different small sums that a payer must have left out before it is expected to leave out others."""
STEPS = (10_000 * UNIT, 5_000 * UNIT, 1_000 * UNIT, 500 * UNIT, 100 * UNIT)
"""Round sums in whose multiples people pay their oldest items."""
RATE_MAX = 0.012
"""A difference of rates is at most this share."""


@dataclass(slots=True)
class Terms:
    """What is known about deductions of one payer: how many times each charge and each percentage was seen; how often
    a late discount was let pass, and how often not; and of ``mixed`` lines, with one discount in time and one late, how
    often each was taken by itself, and how often all stayed open. ``step``: of which round sum all that it paid to its
    oldest items were multiples, 0 of none."""

    charges: dict[int, int] = field(default_factory=dict)
    percents: dict[int, int] = field(default_factory=dict)
    charges_all: dict[int, int] = field(default_factory=dict)
    late: tuple[int, int] = (0, 0)
    own_late: tuple[int, int] = (0, 0)
    mixed: tuple[int, int] = (0, 0)
    kept: dict[int, int] = field(default_factory=dict)
    parts: dict[int, int] = field(default_factory=dict)
    exchanges: int = 0
    shorts: int = 0
    step: int = 0
    open_all: dict[int, int] = field(default_factory=dict)

    def known_charge(self, charge: int) -> int:
        """How well a charge is known; the payer's own counts three times."""
        return self.charges.get(charge, 0) * 3 + self.charges_all.get(charge, 0)

    def alike(self, diff: int, amount: int, whole: int) -> int:
        """How many different small sums this payer has left out, each ending its items, in the way in which it leaves
        out this one: to pay whole units or tens, or as rates have it, a small share of the whole."""
        step = next((step for step in (UNIT, 10 * UNIT) if diff < step and amount % step == 0), 0)
        if diff <= 0 or not (step or diff <= whole * RATE_MAX):
            return 0
        # Who drops the cents does not leave out sixteen for that.
        is_near = self.exchanges or any(one * 2 >= diff for one in self.charges)
        rates = len(self.charges) + self.exchanges if is_near else 0
        count = sum(one < step for one in self.charges) if step else rates
        return count if count >= ALIKE_MIN and count >= 3 * self.shorts else 0

    def lets_pass(self) -> bool:
        """A late discount ends the item: it has with this payer, or with all of whom nothing else is known."""
        passed, refused = self.own_late
        if passed + refused >= OWN_PASSED_MIN:
            return passed >= 3 * refused
        passed, refused = self.late
        return passed >= max(PASSED_MIN, 3 * refused)

    def keeps_late(self) -> bool:
        """A late discount stays open: it has with this payer, or with all of whom nothing else is known."""
        return self.own_late[1] >= OWN_PASSED_MIN or self.late[1] >= max(PASSED_MIN, 3 * self.late[0])


def step_of(amount: int) -> int:
    """The largest of the ``STEPS`` of which an amount is a multiple, 0 of none."""
    return next((step for step in STEPS if amount % step == 0), 0)


def terms_of_all(knowledge: Knowledge) -> Terms:
    """Everybody's deductions as learned."""
    return Terms(
        charges_all=_counts(knowledge.habits_like(EVERYBODY, "charge:")),
        late=(knowledge.habit(EVERYBODY, "late_closed")[0], knowledge.habit(EVERYBODY, "late_open")[0]),
        mixed=(knowledge.habit(EVERYBODY, "mixed_each")[0], knowledge.habit(EVERYBODY, "mixed_whole")[0]),
        open_all=_counts(knowledge.habits_like(EVERYBODY, "open:")),
    )


def terms_of(knowledge: Knowledge, customer: str, everybody: Terms) -> Terms:
    """A customer's deductions as learned, with everybody's."""
    passed, refused = knowledge.habit(customer, "late_closed")[0], knowledge.habit(customer, "late_open")[0]
    return replace(
        everybody,
        own_late=(passed, refused),
        charges=_counts(knowledge.habits_like(customer, "charge:")),
        percents=_counts(knowledge.habits_like(customer, "percent:")),
        kept=_counts(knowledge.habits_like(customer, "kept:")),
        parts=_counts(knowledge.habits_like(customer, "share:")),
        exchanges=knowledge.habit(customer, "exchange")[0],
        shorts=knowledge.habit(customer, "short")[0],
        step=min(_counts(knowledge.habits_like(customer, "step:")), default=0),
    )


def _counts(habits: dict[str, int]) -> dict[int, int]:
    return {int(name.rpartition(":")[2]): count for name, count in habits.items()}
