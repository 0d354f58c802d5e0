"""Evidence for and against an explanation as numbers, and their weighted sum."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA

from huikuan.engines.match_book import UNIT
from huikuan.engines.match_context import Context
from huikuan.engines.match_explanation import Explanation
from huikuan.engines.match_fit import WRITTEN, is_prepaid
from huikuan.engines.match_learn import EVERYBODY, Knowledge
from huikuan.engines.match_lines import State
from huikuan.engines.match_references import Mention
from huikuan.engines.match_weights import WEIGHTS

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
    *("named_sum", "rest_round", "round_exact", "advance_account", "advance_items", "charge_own", "charge_new"),
    *("charge_crooked", "credit_words", "credit_words_missed", "discount_words", "part_words", "part_words_whole"),
    *("paid_before", "swaps", "many_customers", "luck", "known_open", "cut_whole", "cut_written"),
    *("nobody_share", "nobody_words", "nobody_payer", "duplicate", "paid_account", "has_mentions_account"),
)
"""What each number of ``features_of`` means, in its order."""
RARE = 0.02
"""A habit rarer than this among all customers counts as this rare: once by chance is not yet a way."""
LOOSE = 0.4
"""How much of a word for payment in advance those are that are said of the oldest items as well (on account)."""
MISREAD_MIN = 5
"""A number shorter than this is not taken for another one that was misread."""
MISTYPED_MIN = 6
"""Digits of a number, the same where the other one is open too: shorter ones have too many neighbours."""
PLACE = {name: at for at, name in enumerate(NAMES)}


def prior_weights() -> Any:
    """The weights before any history, in the order of ``NAMES``."""
    return np.asarray([WEIGHTS.get(name, 0.0) for name in NAMES])


_ADVANCE = re.compile(
    r"预付|预收|定金|订金|押金|ANZAHLUNG|VORAUS|VORKASSE|AKONTO|ARRHES|[AÀ] VALOIR|DOWN ?PAYMENT|PREPAY|ADVANCE|DEPOSIT"
    r"|ON ACCOUNT|ACOMPTE|[AÀ][ -]CONTO|ACCONTO|ANTICIP"
)
CREDIT_WORDS = re.compile(r"红字|红票|冲抵|抵扣|退货|CREDIT|GUTSCHRIFT|AVOIR|LESS CN|NET OF CN|\bCN\b")
_DISCOUNT = re.compile(r"SKONTO|DISC(?:OUNT|\.|\b)|ESCOMPTE|SCONTO|折扣|折让")
_PART = re.compile(
    r"PART(?:IAL|IEL|\b)|TEILZAHL|TEILBETRAG|部分|首付|首期|尾款|分期|进度款|[一二三四五]期款|INSTAL|ACOMPTE|RATE\b"
)
_PERCENT = re.compile(r"\d{1,2}\s?%")


class Told:
    """What holds for every explanation of a line: ``listed``: open items that the text names; ``mentions``: those of
    different meaning, each with what is open of it; how round its amount is; how believable its likeliest payer is;
    what its words speak of. ``payers``: by customers how far the payer points to them, once worked out."""

    __slots__ = (
        *("best", "context", "is_advance", "is_credit", "is_discount", "is_part", "listed", "mentions", "payers"),
        "roundness",
    )

    def __init__(self, context: Context) -> None:
        text = context.upper
        self.context = context
        self.listed = context.listed()
        different: dict[tuple[int, ...], tuple[Mention, list[int]]] = {}
        for at, mention in enumerate(context.found.mentions):
            different.setdefault(tuple(mention.items[:6]), (mention, context.open_of[at]))
        self.mentions = list(different.values())
        self.payers: dict[int | frozenset[int], dict[int, float]] = {}
        self.roundness = _roundness(context.line.amount)
        self.best = max([payer.strength for payer in context.payers], default=0.0)
        self.is_advance = bool(text) and _ADVANCE.search(text) is not None
        self.is_credit = bool(text) and CREDIT_WORDS.search(text) is not None
        self.is_discount = bool(text) and _DISCOUNT.search(text) is not None
        self.is_part = bool(text) and (
            _PART.search(text) is not None or (not self.is_discount and _PERCENT.search(text) is not None)
        )


class Scorer:
    """Turns explanations into features against one state of the items and of knowledge."""

    def __init__(self, state: State, knowledge: Knowledge) -> None:
        self.state, self.knowledge = state, knowledge
        self._habits: dict[tuple[int, str], float] = {}
        self._shares: dict[str, float] = {}
        self._told: Told | None = None

    def features_of(self, context: Context, made: Explanation) -> array[float]:
        """The numbers of ``NAMES`` for one explanation."""
        values = array("d", bytes(8 * len(NAMES)))
        told = self._told
        if told is None or told.context is not context:
            told = self._told = Told(context)
        covered, missed_open, missed_paid, soft_only, order = self._mentions(told, made)
        how = made.fit.how
        named = covered > 0
        place = PLACE
        values[place["named_" + how if named else "bare_" + how]] = 1.0
        values[place["rarity"]] = min(covered, 12.0)
        values[place["missed_open"]] = min(missed_open, 8.0)
        values[place["missed_paid"]] = min(missed_paid, 8.0)
        values[place["soft_only"]] = float(named and soft_only)
        values[place["order"]] = float(named and order)
        if named:
            unnamed = self._unnamed(told, made) / len(made.items)
            values[place["complete"]] = float(unnamed == 0 and missed_open == 0)
            values[place["unnamed_items"]] = unnamed
        self._payer(told, made, values)
        if made.items:
            self._set(context, made, values)
        elif made.kind in ("not_customer", "outgoing"):
            share, count, words = context.nobody
            values[place["nobody_share"]] = share * min(math.log1p(count), 3.0) / 1.5
            values[place["nobody_words"]] = max(min(words, 12.0), -8.0)
            values[place["nobody_payer"]] = context.payers[0].strength if context.payers else 0.0
        else:
            values[place["duplicate"]] = float(made.kind == "duplicate")
            values[place["paid_account"]] = float(made.kind == "duplicate" and missed_open == 0)
            values[place["has_mentions_account"]] = float(bool(context.named))
        self._words(told, made, values, named)
        values[place["round"]] = told.roundness * (1.0 if how in ("part", "account", "over") else 0.0)
        habit = "oldest" if made.shape == "oldest" and how in ("part", "short") else how
        values[place["habit"]] = self._habit(made.customer, habit)
        return values

    def _unnamed(self, told: Told, made: Explanation) -> int:
        """Items that no number names; a credit memo that undoes a named item is as good as named with it."""
        loose = [one for one in made.items if one not in told.listed]
        if loose and made.shape == "credits":
            opened = self.state.open_now
            undone = {-opened[one] for one in made.items if one in told.listed}
            loose = [one for one in loose if opened[one] not in undone]
        return len(loose)

    def _words(self, told: Told, made: Explanation, values: array[float], named: bool) -> None:
        """What the text says besides numbers, and whether the explanation agrees."""
        place, fit, context = PLACE, made.fit, told.context
        if made.items and not named and fit.how in ("exact", "charge", "exchange", "short"):
            values[place["round_exact"]] = told.roundness
        if not named and made.items and made.shape in ("sum", "subset", "period", "global", "single"):
            sets = math.lgamma(made.pool_size + 1) - math.lgamma(len(made.items) + 1)
            sets -= math.lgamma(max(made.pool_size - len(made.items), 0) + 1)
            values[place["luck"]] = min(max(sets - math.log(max(context.line.amount / 100, 1.0)), -12.0), 4.0)
        if fit.how in ("charge", "short"):
            values[place["known_open"]] = min(math.log1p(fit.known_open), 3.0) * (1.0 if fit.how == "short" else -1.0)
        values[place["cut_written"]] = float(fit.how in ("short", "part") and fit.known >= WRITTEN)
        if fit.how in ("charge", "exchange"):
            values[place["cut_whole"]] = float(sum(fit.deducted) % UNIT == 0)
        if named and made.shape in ("sum", "credits"):
            values[place["named_sum"]] = 1.0
            rest = sum(share for item, share in zip(made.items, fit.applied, strict=True) if item not in told.listed)
            values[place["rest_round"]] = _roundness(abs(rest)) if made.shape == "sum" else 0.0
        if fit.how == "charge":
            values[place["charge_own"]] = min(math.log1p(fit.known // 3), 2.5)
            values[place["charge_new"]] = float(fit.known < 1)
            values[place["charge_crooked"]] = float(fit.known < 3 and sum(fit.deducted) % (UNIT // 2) != 0)
        if context.found.paid and any(item in context.found.paid for item in made.items):
            values[place["paid_before"]] = 1.0
        if told.is_advance:
            plain = 1.0 if is_prepaid(context.line) else LOOSE
            values[place["advance_account" if made.kind in ("on_account", "duplicate") else "advance_items"]] = plain
        if made.items and told.is_credit:
            nets = min(fit.applied) < 0
            values[place["credit_words" if nets else "credit_words_missed"]] = 1.0
        if told.is_discount and "discount" in fit.how:
            values[place["discount_words"]] = 1.0
        if made.items and told.is_part:
            values[place["part_words" if fit.how in ("part", "short") else "part_words_whole"]] = 1.0

    def _mentions(self, told: Told, made: Explanation) -> tuple[float, float, float, bool, bool]:
        if not told.mentions:
            return 0.0, 0.0, 0.0, True, True
        items = set(made.items)
        covered = missed_open = missed_paid = 0.0
        soft_only = order = True
        for mention, opened in told.mentions:
            if not items.isdisjoint(opened):
                covered += mention.rarity
                soft_only &= mention.kind in ("truncated", "mangled")
                order &= mention.is_collective
            elif opened:
                # What looks like a date is one; a number behind a blank is a number all the same.
                is_other = (mention.doubtful and mention.kind != "list") or self._is_mistyped(told, mention, made)
                missed_open += 0.0 if is_other else mention.rarity
            elif not self._is_misread(told.context, mention, made):
                missed_paid += mention.rarity
        return covered, missed_open, missed_paid, soft_only, order

    def _is_misread(self, context: Context, mention: Mention, made: Explanation) -> bool:
        """The number is by chance a stranger's paid one: it differs in one place from that of an item paid here."""
        book = self.state.book
        if any(book.customer_of[item] in context.strength for item in mention.items[:20]):
            return False
        token = mention.token
        return any(
            OSA.distance(token, number, score_cutoff=1) <= 1
            for item in made.items
            for number in (book.numbers[item], book.cores[item])
            if len(number) >= MISREAD_MIN
        )

    def _is_mistyped(self, told: Told, mention: Mention, made: Explanation) -> bool:
        """What is paid to the cent, and not named otherwise, has a number that differs in one place from the one that
        is written: this is by chance that of something else."""
        token, book = mention.token, self.state.book
        if made.fit.how not in ("exact", "discount") or sum(char.isdigit() for char in token) < MISTYPED_MIN:
            return False
        numbers = [
            number
            for item in made.items
            if item not in told.listed
            for number in (book.orders_of(item) if mention.is_collective else (book.numbers[item], book.cores[item]))
        ]
        return any(len(one) == len(token) and OSA.distance(token, one, score_cutoff=1) <= 1 for one in numbers)

    def _payer(self, told: Told, made: Explanation, values: array[float]) -> None:
        of, items = self.state.book.customer_of, made.items
        key = made.customer if not items else of[items[0]] if len(items) == 1 else frozenset([of[one] for one in items])
        held = told.payers.get(key)
        if held is None:
            owners = key if isinstance(key, frozenset) else frozenset((key,))
            held = told.payers[key] = _payer_values(told, owners)
        for place, value in held.items():
            values[place] = value

    def _set(self, context: Context, made: Explanation, values: array[float]) -> None:
        place, line, book = PLACE, context.line, self.state.book
        values[place["others"]] = min(math.log1p(made.others), 6.0)
        values[place["items"]] = math.log(len(made.items))
        values[place["structured"]] = float(made.shape in STRUCTURED)
        values[place["period"]] = float(made.shape == "period")
        values[place["sum"]] = float(made.shape in ("sum", "subset"))
        values[place["swaps"]] = float(made.swaps > 0)
        values[place["global"]] = float(made.shape == "global")
        values[place["credits"]] = float(min(made.fit.applied) < 0)
        values[place["pool"]] = 0.0 if values[place["rarity"]] else math.log1p(made.pool_size)
        due = [book.due[one] for one in made.items]
        values[place["late"]] = min(max(0, line.day - min(due)) / 60, 6.0)
        values[place["undue"]] = min(max(max(due) - line.day, 0) / 30, 4.0)
        values[place["early"]] = float(max([book.opens[one] for one in made.items]) > line.day)
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
            name = self.state.book.customer_ids[customer]
            count, lines = self._counts(name, how)
            if how not in self._shares:
                every, all_lines = self._counts(EVERYBODY, how)
                self._shares[how] = max((every + 1) / (all_lines + len(HOWS)), RARE)
            share = self._shares[how]
            held = self._habits[key] = math.log((count + 4 * share) / (lines + 4) / share)
        return held

    def _counts(self, who: str, how: str) -> tuple[int, int]:
        """How often somebody did so, of how many lines."""
        words = ("late_closed", "late_open") if how == "late_discount" else (how,)
        return sum(self.knowledge.habit(who, word)[0] for word in words), self.knowledge.habit(who, how)[1]


def _payer_values(told: Told, owners: frozenset[int]) -> dict[int, float]:
    """How far the payer points to the customers whose items are paid, by the places of the numbers."""
    if -1 in owners:
        return {}
    place, context = PLACE, told.context
    known = [context.strength[owner] for owner in owners if owner in context.strength]
    own = max([payer.strength for payer in known], default=0.0)
    values = {place["strength"]: own, place["rival"]: max(told.best - own, 0.0)}
    if known:
        values[place["count"]] = min(math.log1p(max([payer.count for payer in known])), 3.0)
        values[place["group"]] = float({payer.kind for payer in known} == {"group"})
    else:
        values[place["stranger"]] = 1.0
        values[place["strangers_name"]] = float(bool(context.line.name or context.line.account))
    values[place["many_customers"]] = float(len(owners) > 1)
    return values


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
    features = np.frombuffer(b"".join([one.features for one in explanations]))
    scores = features.reshape(len(explanations), -1) @ weights
    for one, score in zip(explanations, scores.tolist(), strict=True):
        one.score = score
    return sorted(explanations, key=lambda one: (-round(one.score, 6), one.kind, one.items, one.customer))
