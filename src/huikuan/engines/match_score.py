"""Evidence for and against an explanation as numbers, and their weighted sum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from huikuan.engines.match_book import UNIT
from huikuan.engines.match_context import Context
from huikuan.engines.match_explain import Explanation
from huikuan.engines.match_learn import EVERYBODY, Knowledge
from huikuan.engines.match_lines import State

HOWS = (
    *("exact", "discount", "late_discount", "habit_discount", "charge", "exchange", "short", "part", "over"),
    *("account", "none"),
)
STRUCTURED = frozenset(["all", "due", "month", "oldest"])

NAMES: tuple[str, ...] = (
    *(f"named_{how}" for how in HOWS),
    *(f"bare_{how}" for how in HOWS),
    *("rarity", "complete", "unnamed_items", "missed_open", "missed_paid", "soft_only", "order"),
    *("strength", "count", "rival", "group", "stranger", "strangers_name"),
    *("others", "items", "structured", "period", "sum", "global", "credits", "pool"),
    *("late", "early", "undue", "round", "habit", "late_discount_days", "known_deduction", "deduction_size"),
    *("nobody_share", "nobody_words", "nobody_payer", "duplicate", "paid_account", "has_mentions_account"),
)
"""What each number of ``features_of`` means, in its order."""
PLACE = {name: at for at, name in enumerate(NAMES)}

PRIOR: dict[str, float] = {
    "named_exact": 6.0,
    "named_discount": 4.6,
    "named_late_discount": 3.6,
    "named_habit_discount": 3.2,
    "named_charge": 3.6,
    "named_exchange": 2.4,
    "named_short": 2.0,
    "named_part": 1.6,
    "named_over": 1.4,
    "bare_exact": 3.6,
    "bare_discount": 2.2,
    "bare_late_discount": 1.2,
    "bare_habit_discount": 0.2,
    "bare_charge": 0.4,
    "bare_exchange": -1.0,
    "bare_short": -2.2,
    "bare_part": -1.6,
    "bare_over": -1.2,
    "bare_account": -0.6,
    "bare_none": 0.0,
    "named_account": -0.6,
    "named_none": 0.0,
    "rarity": 0.45,
    "complete": 1.0,
    "unnamed_items": -1.6,
    "missed_open": -0.5,
    "missed_paid": -0.12,
    "soft_only": -0.8,
    "order": -0.3,
    "strength": 4.0,
    "count": 0.25,
    "rival": -2.5,
    "group": -0.2,
    "stranger": -1.2,
    "strangers_name": -1.0,
    "others": -1.2,
    "items": -0.35,
    "structured": 0.4,
    "period": 2.0,
    "sum": -1.0,
    "global": -0.8,
    "credits": 0.0,
    "pool": -0.3,
    "late": -0.25,
    "early": -2.0,
    "undue": -0.15,
    "round": 0.0,
    "habit": 0.5,
    "late_discount_days": -0.05,
    "known_deduction": 0.5,
    "deduction_size": -6.0,
    "nobody_share": 6.0,
    "nobody_words": 0.6,
    "nobody_payer": -4.0,
    "duplicate": 1.5,
    "paid_account": 2.0,
    "has_mentions_account": -0.8,
}


def prior_weights() -> Any:
    """The weights before any history, trained on generated companies that no figure in the documentation comes from."""
    return np.asarray([PRIOR.get(name, 0.0) for name in NAMES])


class Scorer:
    """Turns explanations into features against one state of the items and of knowledge."""

    def __init__(self, state: State, knowledge: Knowledge) -> None:
        self.state, self.knowledge = state, knowledge
        self._habits: dict[tuple[int, str], float] = {}

    def features_of(self, context: Context, made: Explanation) -> list[float]:
        """The numbers of ``NAMES`` for one explanation."""
        values = [0.0] * len(NAMES)
        covered, missed_open, missed_paid, soft_only, order = self._mentions(context, made)
        how = made.fit.how
        named = covered > 0
        values[(0 if named else len(HOWS)) + HOWS.index(how)] = 1.0
        place = PLACE
        values[place["rarity"]] = min(covered, 12.0)
        values[place["missed_open"]] = min(missed_open, 8.0)
        values[place["missed_paid"]] = min(missed_paid, 8.0)
        values[place["soft_only"]] = float(named and soft_only)
        values[place["order"]] = float(named and order)
        if named:
            unnamed = self._unnamed(context, made)
            values[place["complete"]] = float(unnamed == 0 and missed_open == 0)
            values[place["unnamed_items"]] = unnamed
        self._payer(context, made, values)
        if made.items:
            self._set(context, made, values)
        elif made.kind == "not_customer" or made.kind == "outgoing":
            share, count, words = context.nobody
            values[place["nobody_share"]] = share * min(math.log1p(count), 3.0) / 1.5
            values[place["nobody_words"]] = max(min(words, 12.0), -8.0)
            values[place["nobody_payer"]] = context.payers[0].strength if context.payers else 0.0
        else:
            values[place["duplicate"]] = float(made.kind == "duplicate")
            values[place["paid_account"]] = float(made.kind == "duplicate" and missed_open == 0)
            values[place["has_mentions_account"]] = float(bool(context.named))
        values[place["round"]] = _roundness(context.line.amount) * (1.0 if how in ("part", "account", "over") else 0.0)
        values[place["habit"]] = self._habit(made.customer, how)
        return values

    def _mentions(self, context: Context, made: Explanation) -> tuple[float, float, float, bool, bool]:
        items = set(made.items)
        covered = missed_open = missed_paid = 0.0
        soft_only = order = True
        seen: dict[tuple[int, ...], bool] = {}
        for at, mention in enumerate(context.found.mentions):
            key = tuple(mention.items[:6])
            if key in seen:
                continue
            seen[key] = True
            opened = context.open_of[at]
            if any(one in items for one in opened):
                covered += mention.rarity
                soft_only &= mention.kind in ("truncated", "mangled")
                order &= mention.kind in ("order", "contract")
            elif opened:
                missed_open += mention.rarity
            else:
                missed_paid += mention.rarity
        return covered, missed_open, missed_paid, soft_only, order

    def _unnamed(self, context: Context, made: Explanation) -> float:
        named = {one for opened in context.open_of.values() for one in opened}
        return sum(one not in named for one in made.items) / len(made.items)

    def _payer(self, context: Context, made: Explanation, values: list[float]) -> None:
        place = PLACE
        of = self.state.book.customer_of
        owners = {of[one] for one in made.items} or ({made.customer} if made.customer >= 0 else set())
        if not owners:
            return
        payers = [context.strength.get(owner) for owner in owners]
        known = [payer for payer in payers if payer is not None]
        own = max((payer.strength for payer in known), default=0.0)
        best = max((payer.strength for payer in context.payers), default=0.0)
        values[place["strength"]] = own
        values[place["count"]] = min(math.log1p(max((payer.count for payer in known), default=0)), 3.0)
        values[place["rival"]] = max(best - own, 0.0)
        values[place["group"]] = float(bool(known) and all(payer.kind == "group" for payer in known))
        values[place["stranger"]] = float(not known)
        values[place["strangers_name"]] = float(not known and bool(context.line.name or context.line.account))

    def _set(self, context: Context, made: Explanation, values: list[float]) -> None:
        place, line, book = PLACE, context.line, self.state.book
        values[place["others"]] = min(math.log1p(made.others), 6.0)
        values[place["items"]] = math.log(len(made.items))
        values[place["structured"]] = float(made.shape in STRUCTURED)
        values[place["period"]] = float(made.shape == "period")
        values[place["sum"]] = float(made.shape in ("sum", "subset"))
        values[place["global"]] = float(made.shape == "global")
        values[place["credits"]] = float(any(amount < 0 for amount in made.fit.applied))
        values[place["pool"]] = math.log1p(made.pool_size) if not values[place["rarity"]] else 0.0
        past = [line.day - book.due[one] for one in made.items]
        values[place["late"]] = min(max(max(past), 0) / 60, 6.0)
        values[place["undue"]] = min(max(-min(past), 0) / 30, 4.0)
        values[place["early"]] = float(any(book.opens[one] > line.day for one in made.items))
        cut = sum(made.fit.deducted)
        if cut:
            values[place["deduction_size"]] = cut / max(sum(made.fit.applied) + cut, 1)
            values[place["known_deduction"]] = min(math.log1p(made.fit.known), 3.0)
        values[place["late_discount_days"]] = float(min(made.fit.late_days, 60))

    def _habit(self, customer: int, how: str) -> float:
        """Log of how much more often this customer does so than all do."""
        if customer < 0:
            return 0.0
        key = (customer, how)
        held = self._habits.get(key)
        if held is None:
            count, lines = self.knowledge.habit(self.state.book.customer_ids[customer], how)
            every, all_lines = self.knowledge.habit(EVERYBODY, how)
            share = (every + 1) / (all_lines + len(HOWS))
            held = self._habits[key] = math.log((count + 4 * share) / (lines + 4) / share)
        return held


def _roundness(amount: int) -> float:
    """How round an amount is: 1 per zero before the point that it ends in, none with cents."""
    if amount % UNIT:
        return 0.0
    whole, zeros = amount // UNIT, 0
    while whole and whole % 10 == 0 and zeros < 5:
        whole //= 10
        zeros += 1
    return float(zeros)


def rank(explanations: Sequence[Explanation], weights: Any) -> list[Explanation]:
    """Scores and sorts, the best first; equal ones by content."""
    if not explanations:
        return []
    scores = np.asarray([one.features for one in explanations]) @ weights
    for one, score in zip(explanations, scores.tolist(), strict=True):
        one.score = score
    return sorted(explanations, key=lambda one: (-round(one.score, 6), one.kind, one.items, one.customer))
