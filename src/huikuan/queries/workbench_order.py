"""The workbench's list: which lines it holds, in which order, and which line comes after the one just handled.

A line that was decided about in part stays in the list. Whoever goes on from line to line meets first what nobody has
begun: below them on the page, then to the end of the list and from the top; then what was begun, what has waited
longest first; last what somebody else has before them. So every line is met once before any is met again, whatever
becomes of the order meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from huikuan.queries.bank_lines import MatchLine, OpenLine, open_line_ids, open_lines_briefly
from huikuan.queries.listing import Page
from huikuan.queries.workbench import Asides, BenchLine, asides_of, bench_lines, last_decisions
from huikuan.store.models import MatchProposal

SHOWS = ("open", "asked", "parked")
"""Which lines: to be decided about, waiting for a colleague's answer, put aside."""
SORTS = ("confidence", "amount", "date", "payer")


@dataclass(frozen=True, slots=True)
class Wish:
    """How the list is asked for."""

    show: str = "open"
    search: str = ""
    sort: str = "-confidence"
    page: int = 1
    size: int = 50
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """Numbers of lines in the order of their list. ``begun``: of those left in part, the decision that left them;
    ``claimed``: those somebody else has before them; ``gone``: the one just handled, which marks its old place."""

    numbers: tuple[int, ...]
    begun: Mapping[int, int] = field(default_factory=dict)
    claimed: frozenset[int] = frozenset()
    gone: int | None = None

    def after(self, line_id: int | None, shown: Sequence[int] = ()) -> list[int]:
        """The other lines as they come after one of the list; of none, from the top. ``shown``: what a person sees
        below it, which comes in that order, though it may have another by now."""
        at = self.numbers.index(line_id) if line_id in self.numbers else -1
        others = dict.fromkeys((*shown, *self.numbers[at + 1 :], *self.numbers[: max(at, 0)]))
        listed = set(self.numbers) - {line_id}
        return sorted(
            (one for one in others if one in listed), key=lambda one: (one in self.claimed, self.begun.get(one, 0))
        )

    def beside(self, line_id: int, by: int) -> int | None:
        """The line so many places further down (up, where it is negative), at most the last or the first. None where
        the list does not hold the line."""
        if line_id not in self.numbers:
            return None
        at = self.numbers.index(line_id) + by
        return self.numbers[min(max(at, 0), len(self.numbers) - 1)]

    def page_of(self, line_id: int, size: int) -> int:
        """The page on which a line of the list stands, from 1."""
        return self.numbers.index(line_id) // size + 1


@dataclass(frozen=True, slots=True)
class Following:
    """What comes after a line that was handled. ``line_id``: None at the end; ``stays``: the line handled is still in
    the list; ``begun``: how many lines were left in part, where nothing else is left."""

    line_id: int | None
    stays: bool
    begun: int


def _order(entity_id: int, wish: Wish, asides: Asides, handled: MatchLine | None = None) -> Order:
    """The lines of an entity the wish asks for, in order. ``handled`` stands in it as it was, though it may be gone."""
    last = last_decisions(entity_id)
    lines = [one for one in open_lines_briefly(entity_id) if one.line_id not in last or last[one.line_id].leaves_minor]
    lines = [one for one in lines if _is_in_place(one.line_id, asides, wish.show)]
    if wish.search:
        said = {row.line.line_id for row in bench_lines([one.line_id for one in lines], asides) if _is_said(row, wish)}
        lines = [one for one in lines if one.line_id in said]
    confidence = _confidences(entity_id, handled)
    lines = [one for one in lines if confidence.get(one.line_id, 0.0) >= wish.least]
    gone = None
    if handled is not None:
        others = [one for one in lines if one.line_id != handled.line_id]
        gone = handled.line_id if len(others) == len(lines) else None
        lines = others
        lines.append(OpenLine(handled.line_id, handled.value_date, handled.open_minor, handled.payer_name))
        lines.sort(key=lambda one: (one.value_date, one.line_id))
    keys: dict[str, Callable[[OpenLine], Any]] = {
        "confidence": lambda one: confidence.get(one.line_id, 0.0),
        "amount": lambda one: one.open_minor,
        "date": lambda one: one.value_date,
        "payer": lambda one: one.payer_name,
    }
    lines.sort(key=keys[wish.sort.removeprefix("-")], reverse=wish.sort.startswith("-"))
    # An answer is what somebody waits for.
    lines.sort(key=lambda one: one.line_id not in asides.answered)
    begun = {
        number: one.id
        for number, one in last.items()
        if one.leaves_minor and not (number in asides.answered and asides.answered[number] > one.at)
    }
    return Order(tuple(one.line_id for one in lines), begun, frozenset(asides.claims), gone)


def bench_page(
    entity_id: int,
    wish: Wish,
    *,
    user_id: int | None,
    now: datetime,
    line_id: int | None = None,
    by: int = 0,
) -> tuple[Page[BenchLine], str]:
    """A page of the lines that wait for a decision, in order, and which of them is to be opened (its opaque id; empty
    where there is none). ``line_id``: the page on which the line stands that is ``by`` places after this one; where the
    list does not hold it, the page of the wish."""
    asides = asides_of(entity_id, user_id, now)
    order = _order(entity_id, wish, asides)
    chosen = order.beside(line_id, by) if line_id is not None else None
    number = wish.page if chosen is None else order.page_of(chosen, wish.size)
    numbers = order.numbers[(number - 1) * wish.size : number * wish.size]
    if chosen is None:
        chosen = next((one for one in order.after(None) if one in numbers), None)
    rows = bench_lines(numbers, asides)
    opened = next((row.public_id for row in rows if row.line.line_id == chosen), "")
    return Page(rows=rows, total=len(order.numbers), page=number, size=wish.size, totals={}), opened


def bench_row(line_id: int, entity_id: int, *, user_id: int | None, now: datetime) -> BenchLine | None:
    """One line as the list shows it."""
    return next(iter(bench_lines([line_id], asides_of(entity_id, user_id, now))), None)


def following(
    entity_id: int,
    wish: Wish,
    handled: MatchLine,
    *,
    user_id: int | None,
    now: datetime,
    shown: Sequence[int] = (),
) -> Following:
    """What comes after a line that was just handled in the list the wish asks for. ``handled``: the line as it was
    before, which says where in the list it stood; ``shown``: the lines below it on the page. It comes again at once
    only where no other is left."""
    order = _order(entity_id, wish, asides_of(entity_id, user_id, now), handled)
    stays = order.gone is None
    ahead = order.after(handled.line_id, shown) + [handled.line_id] * stays
    begun = sum(one in order.begun for one in ahead) if ahead and ahead[0] in order.begun else 0
    return Following(ahead[0] if ahead else None, stays, begun)


def _is_in_place(line_id: int, asides: Asides, show: str) -> bool:
    """Whether a line belongs to what is shown: to do, asked or put aside."""
    parked = line_id in asides.parked
    asked = bool(asides.questions.get(line_id, ("", ""))[0])
    return {"parked": parked, "asked": asked and not parked}.get(show, not parked and not asked)


def _is_said(row: BenchLine, wish: Wish) -> bool:
    """Whether what is looked for stands in a line, its customer's name or its amount."""
    text = wish.search.casefold()
    said = f"{row.line.payer_name}\n{row.line.remittance_text}\n{row.customer}\n{row.line.open_minor}".casefold()
    plain = text.replace(",", "").replace(".", "")
    return text in said or (bool(plain) and plain in said)


def _confidences(entity_id: int, handled: MatchLine | None) -> dict[int, float]:
    """How sure the first explanation of each open line is, and of the one just handled."""
    found = MatchProposal.objects.filter(entity_id=entity_id, line_id__in=open_line_ids(entity_id))
    sure = {number: float(value) for number, value in found.values_list("line_id", "confidence")}
    if handled is not None and handled.line_id not in sure:
        own = MatchProposal.objects.filter(line_id=handled.line_id).values_list("confidence", flat=True).first()
        sure[handled.line_id] = float(own or 0)
    return sure
