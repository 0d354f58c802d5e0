"""All lines together: no item is paid beyond what is open of it, however many lines want it."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from huikuan.engines.match_context import Context
from huikuan.engines.match_explanation import AMBIGUOUS, Explanation
from huikuan.engines.match_fit import Fit
from huikuan.engines.match_lines import Line, State
from huikuan.engines.match_packed import packed
from huikuan.engines.match_score import PLACE

DOUBTFUL = 6.0
"""No explanation beside which others fit as well is more urgent than a score of this."""
TIE = 0.5
"""Scores closer than this are taken as equal: then the earlier line wins."""


@packed
@dataclass(slots=True)
class Judged:
    """A line with its explanations, the best first. ``lost``: how many better ones other lines took; ``rivals``: lines
    that wanted an item of the chosen one."""

    line: Line
    context: Context
    ranked: list[Explanation]
    lost: int = 0
    rivals: int = 0
    confidence: float = 0.0


def settle(judged: Sequence[Judged], state: State) -> None:
    """Gives each line its best explanation that is left, surest lines first; changes the order of ``ranked``.

    Lines come in their canonical order. A line whose explanation is taken is tried again with its next one. So an
    item's applications never exceed what is open of it, and the answer depends on the lines' content alone.
    """
    wanted: dict[int, int] = {}
    for one in judged:
        for item in one.ranked[0].items if one.ranked else ():
            wanted[item] = wanted.get(item, 0) + 1
    contested = {item for item, count in wanted.items() if count > 1}
    used: dict[int, int] = {}
    winners: dict[int, int] = {}
    heap = []
    for at, one in enumerate(judged):
        if one.ranked:
            one.rivals = max((wanted[item] - 1 for item in one.ranked[0].items), default=0)
            heap.append((_urgency(one, 0), at, 0))
    heapq.heapify(heap)
    while heap:
        _, at, choice = heapq.heappop(heap)
        one = judged[at]
        made = one.ranked[choice]
        if _is_free(made, used, state):
            _use(made, used)
            # Of several that pay parts of an item the last one left nothing for the next.
            winners.update(dict.fromkeys(made.items, at))
            if choice:
                one.ranked.insert(0, one.ranked.pop(choice))
            continue
        place = None if choice or _has_equal(one, used, state) else _twin(one, winners, judged)
        if place is not None and judged[place].line.day > one.line.day and _may_mean_else(one, judged[place]):
            place = None
        if place is not None and judged[place].line.day > one.line.day:
            # The first payment pays, the later one is the same again.
            at, place, one = place, at, judged[place]
            winners.update(dict.fromkeys(made.items, place))
        one.lost += 1
        if not choice and place is None:
            _contest(one, made, winners, judged)
        if place is not None:
            twin = judged[place]
            # Of two on one day nobody can tell which pays.
            twin.ranked[0].is_shaky |= twin.line.day == one.line.day
            is_open = _is_unsure(twin) or _leaves_room(twin, one, state)
            one.ranked = _as_duplicate(one, twin)
            one.ranked[0].is_shaky |= is_open
            heapq.heappush(heap, (_urgency(one, 0), at, 0))
        elif choice + 1 < len(one.ranked):
            heapq.heappush(heap, (_urgency(one, choice + 1), at, choice + 1))
    _clear_rivals(judged, contested)


def _is_unsure(one: Judged) -> bool:
    """What it pays first rests on a guess, or other sets fit as well."""
    first = one.ranked[0]
    return first.is_shaky or first.others >= AMBIGUOUS


def _contest(one: Judged, made: Explanation, winners: dict[int, int], judged: Sequence[Judged]) -> None:
    """What an earlier line would have paid to the cent is doubtful of a later one that does not name it."""
    for item in made.items if made.fit.how == "exact" and made.shape != "global" else ():
        place = winners.get(item)
        other = judged[place] if place is not None else None
        if other is not None and other.line.day >= one.line.day and not _names(other):
            other.ranked[0].is_shaky = True


def _may_mean_else(one: Judged, later: Judged) -> bool:
    """The one may be meant for something else, so the later payment did not come twice: it is not sure, or names
    nothing where the later one names what it pays."""
    return _is_unsure(one) or _names(later) > 0 == _names(one)


def _names(one: Judged) -> float:
    """How rare the numbers are that name what it pays first."""
    features = one.ranked[0].features
    return float(features[PLACE["rarity"]]) if features else 0.0


def _leaves_room(twin: Judged, one: Judged, state: State) -> bool:
    """What the one paid by itself leaves as much open as the other pays: it may be the next part."""
    used: dict[int, int] = {}
    _use(twin.ranked[0], used)
    return _is_free(one.ranked[0], used, state)


def _clear_rivals(judged: Sequence[Judged], contested: set[int]) -> None:
    for one in judged:
        if one.ranked and not one.lost and not any(item in contested for item in one.ranked[0].items):
            one.rivals = 0


def _urgency(one: Judged, choice: int) -> tuple[float, ...]:
    """Surer explanations first, by steps, so that two alike are decided by day. So are all where other sets fit as
    well: of equal monthly sums the first payment takes the oldest, for what came later it cannot have paid."""
    made = one.ranked[choice]
    score = made.score if made.others < AMBIGUOUS else min(made.score, DOUBTFUL)
    return (-(score // TIE), one.line.day)


def _is_free(made: Explanation, used: dict[int, int], state: State) -> bool:
    for item, taken in zip(made.items, made.fit.taken(), strict=True):
        if abs(used.get(item, 0) + taken) > abs(state.open_now[item]):
            return False
    return True


def _use(made: Explanation, used: dict[int, int]) -> None:
    for item, taken in zip(made.items, made.fit.taken(), strict=True):
        used[item] = used.get(item, 0) + taken


def _has_equal(one: Judged, used: dict[int, int], state: State) -> bool:
    """Another item of the very amount is free that the text points to as well: the next of equal monthly sums."""
    first, listed = one.ranked[0], one.context.listed()
    return any(
        made.fit.how == "exact" and len(made.items) == 1 and made.items[0] in listed and _is_free(made, used, state)
        for made in one.ranked[1:]
        if made.customer == first.customer
    )


def _twin(one: Judged, winners: dict[int, int], judged: Sequence[Judged]) -> int | None:
    """The place of the line that pays the same with the same amount by the same payer."""
    for item in one.ranked[0].items:
        place = winners.get(item)
        other = judged[place] if place is not None else None
        if (
            other is not None
            and other.line.amount == one.line.amount
            and (other.line.payer_key == one.line.payer_key or other.line.account == one.line.account)
            and other.ranked[0].items == one.ranked[0].items
            and bool(one.context.found.mentions)
        ):
            return place
    return None


def _as_duplicate(one: Judged, twin: Judged) -> list[Explanation]:
    """The line is the same payment again: first of its explanations is that it stays on account."""
    first = one.ranked[0]
    fit = Fit("account", (), (), (), one.line.amount)
    made = Explanation("duplicate", first.customer, (), fit, "none", duplicate_of=twin.line.line_id)
    made.score = first.score
    # Who names an order only may pay something else of it.
    made.is_shaky = not first.features or not first.features[PLACE["rarity"]] or bool(first.features[PLACE["order"]])
    rest = [other for other in one.ranked if not (other.kind == "on_account" and other.customer == first.customer)]
    made.features = next(
        (other.features for other in one.ranked if not other.items and other.customer == first.customer),
        array("d", bytes(8 * len(first.features))),
    )
    return [made, *rest[1:], first]
