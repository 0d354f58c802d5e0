"""One explanation of a line, and how a set found twice is kept once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from huikuan.engines.match_fit import Fit
from huikuan.engines.match_packed import packed

AMBIGUOUS = 0.5
"""From so many expected other sets on an explanation counts as ambiguous."""


@packed
@dataclass(slots=True)
class Explanation:
    """One explanation. ``items`` are places in the book, ``shape`` how the set came about (named, single, all, due,
    month, oldest, sum, credits, global, none), ``others`` how many other sets fit as well, ``rival`` one of them where
    it is no explanation of its own (nothing is decided by it), ``pool_size`` how many items were to choose from (of
    money on account: that it might pay instead). ``is_shaky``: it rests on a guess, such as about an earlier line;
    ``is_way``: its customer has always paid so; ``is_counted``: the text says how many documents are paid, and so many
    they are; ``doubt``: of what nothing written points to, a kind that the past may answer: ``month`` (the text names a
    month, and not that of the items), ``round`` (a round sum may be meant for what is oldest); ``features``: the
    numbers of ``NAMES`` as an array of doubles, nothing before they are worked out."""

    kind: str
    customer: int
    items: tuple[int, ...]
    fit: Fit
    shape: str
    others: float = 0.0
    pool_size: int = 0
    swaps: int = 0
    is_shaky: bool = False
    is_way: bool = False
    is_counted: bool = False
    doubt: str = ""
    features: Any = ()
    score: float = 0.0
    confidence: float = 0.0
    duplicate_of: str = ""
    rival: tuple[int, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        return (self.kind, self.customer if not self.items else -1, self.items, self.fit.over > 0, self.fit.reasons)


Found = dict[tuple[object, ...], Explanation]
"""Explanations by what makes them one and the same."""


def trim(made: Explanation) -> Explanation:
    """Without the items that get nothing."""
    fit = made.fit
    kept = [at for at in range(len(made.items)) if fit.applied[at] or fit.deducted[at]]
    if len(kept) < len(made.items):
        made.items = tuple(made.items[at] for at in kept)
        fit.applied = tuple(fit.applied[at] for at in kept)
        fit.deducted = tuple(fit.deducted[at] for at in kept)
        fit.reasons = tuple(fit.reasons[at] for at in kept) if fit.reasons else ()
    return made


def keep(found: Found, made: Iterable[Explanation]) -> None:
    """Takes in what is new; the same set found in a better way keeps the better way."""
    for one in made:
        key = one.key
        held = found.get(key)
        if held is None or RANK[one.shape] < RANK[held.shape]:
            found[key] = one


WHOLE = ("exact", "discount", "late_discount", "habit_discount", "charge", "exchange")
"""Fits that end every item of their set."""
PLAIN = ("named", "single", "all", "due", "period", "credits")
RANK = {
    shape: at
    for at, shape in enumerate("named credits subset period group single all due month oldest sum global none".split())
}
