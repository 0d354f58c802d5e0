"""One run: lines against what is open, with what is known; the same for today's lines and for the replay of the past.

Lines of one group of customers are taken day by day: what a sure line paid is not open for the next day's any more.
Groups do not see one another's payments, so a run may be cut into any number of processes and gives the same answer; a
last pass over all lines sees to it that no item is paid twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from huikuan.engines.match_book import UNIT, Book
from huikuan.engines.match_context import Context, Gatherer
from huikuan.engines.match_explain import Explainer
from huikuan.engines.match_explanation import AMBIGUOUS, Explanation
from huikuan.engines.match_fit import SHORT
from huikuan.engines.match_forks import run_apart
from huikuan.engines.match_joint import Judged, settle
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_lines import Line, State
from huikuan.engines.match_model import Calibration, probability, traits_of
from huikuan.engines.match_named import is_told
from huikuan.engines.match_payers import Directory
from huikuan.engines.match_posting import MANY
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_score import PLACE, Scorer, rank
from huikuan.engines.match_sums import cancels

SURE = 0.93
"""From this probability on (before any history of the company's own) what a line pays is taken as paid."""
SURE_PART = 0.98
"""The same for what leaves something open."""
SETTLING = ("exact", "discount", "charge", "habit_discount")
NEAR = 3.0
"""Explanations of an unsure line so far behind the first one may be what it paid."""
AGAIN_MAX = 12
"""So many lines of a day at most are looked at again, because another of the day comes before them."""
NO_GROUP = -1


def run_lines(
    book: Book,
    directory: Directory,
    knowledge: Knowledge,
    open_now: list[int],
    lines: Sequence[Line],
    weights: Any,
    *,
    processes: int | None = 1,
    progress: Callable[[int, int], None] | None = None,
    whole: bool = False,
    closes: list[int] | None = None,
) -> list[Judged]:
    """Explains, ranks and settles ``lines``; the answers come in the canonical order of the lines. ``whole``: with the
    evidence of every explanation, not only of the first. ``closes``: per item the last day on which it is open."""
    state = State(book, open_now, closes)
    work = _Work(state, directory, knowledge, weights, progress, len(lines))
    ordered = sorted(lines, key=lambda one: one.order)
    groups = work.group(ordered)
    lighten = list if whole else _lighten
    pieces = run_apart(lambda first, stop: lighten(work.run(groups[first:stop])), len(groups), len(ordered), processes)
    judged = sorted((one for piece in pieces for one in piece), key=lambda one: one.line.order)
    settle(judged, state)
    for one in judged:
        if one.ranked and not one.ranked[0].features:
            one.ranked[0].features = work.scorer.features_of(one.context, one.ranked[0])
    return judged


def _lighten(judged: list[Judged]) -> list[Judged]:
    """Without the evidence that the last pass seldom needs and can work out again: most of what a process would have to
    hand over. Kept is that of the first explanation, and of the one that a duplicate of it would stay on account by."""
    for one in judged:
        for made in one.ranked[1:]:
            if made.items or made.customer != one.ranked[0].customer:
                made.features = ()
    return judged


class _Work:
    """What all groups share: the state, knowledge, and the tools over them."""

    def __init__(
        self,
        state: State,
        directory: Directory,
        knowledge: Knowledge,
        weights: Any,
        progress: Callable[[int, int], None] | None,
        total: int,
    ) -> None:
        self.state, self.weights, self.progress, self.total = state, weights, progress, total
        self.gatherer = Gatherer(state, directory, knowledge)
        self.explainer = Explainer(state, knowledge)
        self.scorer = Scorer(state, knowledge)
        self.calibration: Calibration = prior_calibration()
        self.done = 0
        self.guessed: dict[int, int] = {}
        """Items taken by lines that do not name them, with what was open before."""
        self.touched: set[int] = set()
        """Items that an unsure line of the group may have paid."""
        self.swept: set[int] = set()
        """Items that it may have paid among many: by chance, or as far as the money went."""
        self.strangers: dict[int, int] = {}
        """Amounts of lines that point to no customer, with the first day of each."""
        self.followed: set[int] = set()
        """Items that an unsure line paid in the way in which its customer always has."""
        self.short: set[int] = set()
        """Items of lines that were short: which of them is, is a guess."""

    def group(self, lines: Sequence[Line]) -> list[tuple[int, list[Line]]]:
        """Lines by the group of customers that their payer points to, or the text, where another pays for them; those
        that point to none each by itself."""
        family_of = self.state.book.family_of
        held: dict[int, list[Line]] = {}
        alone: list[tuple[int, list[Line]]] = []
        for line in lines:
            payers = self.gatherer.who(line)
            if payers:
                held.setdefault(family_of[payers[0].customer], []).append(line)
            else:
                alone.append((NO_GROUP, [line]))
                self.strangers.setdefault(line.amount, line.day)
        return [*sorted(held.items()), *alone]

    def run(self, groups: Sequence[tuple[int, list[Line]]]) -> list[Judged]:
        """The groups one after another; each leaves the state as it found it."""
        answers: list[Judged] = []
        for _, lines in groups:
            taken: list[tuple[int, int]] = []
            days = [list(day) for _, day in groupby(lines, key=lambda line: line.day)]
            several = set[int]()
            self.guessed.clear()
            self.touched.clear()
            self.swept.clear()
            self.followed.clear()
            self.short.clear()
            while days:
                judged, later = _one_by_one([self.explain(context) for context in self._gather(days.pop(0))])
                if len(judged) > 1:
                    settle(judged, self.state)
                answers += judged
                if later:
                    days.insert(0, [one.line for one in later])
                    self.done -= len(later)
                if days:
                    taken += self._take(judged)
                several |= {one.ranked[0].customer for one in later}
                for one in judged:
                    # Which of two on one day came first nobody can tell; what they pay together is sure.
                    one.ranked[0].is_shaky |= _is_way(one) and one.ranked[0].customer in several
                several = several if later else set()
            for item, before in reversed(taken):
                self.state.set_open(item, before)
        return answers

    def explain(self, context: Context) -> Judged:
        """One line by itself: what would explain it, ranked."""
        line, made = context.line, self.explainer.explain(context)
        for one in made:
            one.features = self.scorer.features_of(context, one)
        self.done += 1
        if self.progress and self.done % 500 == 0:
            self.progress(self.done, self.total)
        ranked = rank(made, self.weights)
        if self.touched or self.swept or self.followed:
            ranked[0].is_shaky |= self._is_shaky(context, ranked[0])
        if self.strangers and ranked[0].is_way:
            # Somebody unknown may have paid one of them before: its very amount.
            amounts = map(self.state.open_now.__getitem__, ranked[0].items)
            ranked[0].is_shaky |= any(self.strangers.get(amount, line.day) < line.day for amount in amounts)
        return Judged(line, context, ranked)

    def _is_shaky(self, context: Context, best: Explanation) -> bool:
        """It pays what no number names, and an earlier line may have paid that, or may have left open what comes to
        nothing beside it. One item of exactly an amount that is not round was hardly paid among many before. What the
        text says is paid in advance pays nothing that is open."""
        line = context.line
        if best.features[PLACE["rarity"]] and (not best.features[PLACE["order"]] or is_told(context, best.items)):
            return bool(self.short) and not self.short.isdisjoint(set(best.items) - context.listed())
        if best.features[PLACE["advance_account"]] == 1.0:
            return False
        of, opened = self.state.book.customer_of, self.state.open_now
        plain = len(best.items) == 1 and best.fit.how == "exact" and line.amount % (100 * UNIT)
        touched = self.touched if plain else self.touched | self.swept
        if not (best.is_way and best.items):
            touched = touched | self.followed
        beside = [opened[item] for item in touched if of[item] == best.customer]
        if not best.items:
            # What the text names was paid with this very amount, whatever else is open.
            return best.kind != "duplicate" and bool(beside)
        return not touched.isdisjoint(best.items) or cancels(beside)

    def _gather(self, lines: Sequence[Line]) -> list[Context]:
        """What the lines of a day reveal. What was only guessed to be paid and is named now is given back first;
        ``settle`` decides between the lines."""
        guessed, contexts = len(self.guessed), []
        for line in lines:
            context = self.gatherer.gather(line)
            contexts.append(context)
            for mention in context.found.mentions if self.guessed else ():
                for item in mention.items:
                    if item in self.guessed:
                        self.state.set_open(item, self.guessed.pop(item))
        return contexts if len(self.guessed) == guessed else [self.gatherer.gather(line) for line in lines]

    def _take(self, judged: Sequence[Judged]) -> list[tuple[int, int]]:
        """Reduces what sure lines pay; returns what was open before, to be put back."""
        undo = []
        some = [one for one in judged if one.ranked]
        sure = probability(self.calibration.odds(traits_of(some)))
        for one, chance in zip(some, sure.tolist(), strict=True):
            best = one.ranked[0]
            is_plain = best.fit.how in SETTLING and (best.shape != "sum" or best.features[PLACE["rarity"]] > 0)
            is_sure = chance >= (SURE if is_plain else SURE_PART) and best.others < AMBIGUOUS
            is_sure = is_sure and not (best.is_shaky or best.doubt)
            if not is_sure and _is_way(one) and not best.is_shaky:
                self.followed.update(best.items)
            elif not is_sure:
                for made in one.ranked:
                    if made.score >= best.score - NEAR:
                        many = len(made.items) >= MANY and made.shape in ("sum", "subset", "oldest")
                        (self.swept if many else self.touched).update(made.items)
            if not is_sure and not _is_way(one):
                continue
            if SHORT in best.fit.reasons:
                # What it leaves open is contested: not what comes next by age.
                self.touched.update(best.items)
                self.short.update(best.items)
            # Which one of several is short is a guess, though all are named.
            is_guess = best.fit.reasons.count(SHORT) == 1 and len(best.items) > 1
            for item, taken in zip(best.items, best.fit.taken(), strict=True):
                before = self.state.open_now[item]
                left = before - taken
                undo.append((item, before))
                if best.features[PLACE["rarity"]] and not (is_guess and not left):
                    self.guessed.pop(item, None)
                else:
                    self.guessed.setdefault(item, before)
                self.state.set_open(item, left if left * before > 0 else 0)
        return undo


def _one_by_one(judged: list[Judged]) -> tuple[list[Judged], list[Judged]]:
    """Of a day the lines to decide now, and those to look at again after them: of who pays the oldest first as far as
    the money goes, one line after another, for the next goes on where the last one ended."""
    now, later, seen = list[Judged](), list[Judged](), set[int]()
    for one in judged:
        is_way = _is_way(one) and bool(one.ranked[0].items)
        (later if is_way and one.ranked[0].customer in seen else now).append(one)
        if is_way:
            seen.add(one.ranked[0].customer)
    return (now, later) if len(later) <= AGAIN_MAX else (judged, [])


def _is_way(one: Judged) -> bool:
    """The customer pays its oldest items as far as the money goes, as it always has. What follows from it is not sure
    (``touched``), but likelier than that nothing was paid; also where the last of them has an equal beside it."""
    return one.ranked[0].is_way
