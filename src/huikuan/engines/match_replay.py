"""The past replayed: block by block, with what was open and what was known at each block's start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from huikuan.engines.match_bar import LEAST
from huikuan.engines.match_book import Book
from huikuan.engines.match_history import Ledger, Past, Truth, confirmed, is_right
from huikuan.engines.match_joint import Judged
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_model import traits_of
from huikuan.engines.match_payers import Directory
from huikuan.engines.match_posting import NEVER, back_of, holds_of, least_sure
from huikuan.engines.match_run import run_lines

BLOCKS = 12


@dataclass(slots=True)
class Replayed:
    """A past line as the matcher would have judged it. ``right``: which of its explanations, in their order, is what it
    turned out to be (-1: none). ``hold``: what besides the bar holds it back; ``back``: its degree of doubt;
    ``least``: the confidence it needs anyhow. ``dispute``: of one that may post itself and was wrong, what was said and
    what it was."""

    line_id: str
    traits: list[float]
    right: int
    hold: str
    back: int
    amount: int
    currency: str
    judged: Judged | None = None
    dispute: dict[str, Any] | None = None
    least: float = LEAST


def blocks_of(count: int) -> list[tuple[int, int]]:
    """Stretches of the past: short ones first, while little is known."""
    if count < 40:
        return [(0, count)] if count else []
    edges = sorted({0, count, *(round(count * part / BLOCKS) for part in range(BLOCKS))} | {count // 40})
    return list(pairwise(edges))


def replay(
    book: Book,
    directory: Directory,
    past: Past,
    weights: Any,
    *,
    first: int = 0,
    stop: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    keep: bool = False,
) -> list[Replayed]:
    """Judges the blocks ``first`` to ``stop`` with what was known before each. Lines whose items are not among the
    items given cannot be judged, nor can those that contradict themselves: both are left out. ``keep``: the
    explanations too."""
    knowledge, ledger = Knowledge(), Ledger(book, past)
    answers: list[Replayed] = []
    for number, (start, end) in enumerate(blocks_of(len(past))[:stop]):
        if number >= first:
            opened = ledger.open_on(past.lines[start].day)
            judged = run_lines(
                book, directory, knowledge, opened, past.lines[start:end], weights, whole=keep, closes=ledger.closes
            )
            truths = {past.lines[at].line_id: past.truths[at] for at in range(start, end)}
            judged = sorted(judged, key=lambda one: (one.line.day, one.line.line_id))
            holds = holds_of(one.ranked for one in judged)
            told = [
                (one, hold)
                for one, hold in zip(judged, holds, strict=True)
                if one.ranked and _tells(truths[one.line.line_id])
            ]
            traits = traits_of([one for one, _ in told]).tolist() if told else ()
            for (one, hold), row in zip(told, traits, strict=True):
                answers.append(_replayed(one, row, truths[one.line.line_id], hold, book, keep))
            if progress:
                progress(end, len(past))
        _learn(knowledge, ledger, past, start, end)
    return answers


def _tells(truth: Truth) -> bool:
    return not truth.unknown and not truth.contrary


def _replayed(one: Judged, traits: list[float], truth: Truth, hold: str, book: Book, keep: bool) -> Replayed:
    line = one.line
    right = place_of_truth(one, truth, book)
    best = one.ranked[0]
    dispute = _dispute(one, truth, book) if hold != NEVER and right else None
    return Replayed(
        line.line_id,
        traits,
        right,
        hold,
        back_of(best, hold),
        line.amount,
        line.currency,
        one if keep else None,
        dispute,
        least_sure(best),
    )


def _dispute(one: Judged, truth: Truth, book: Book) -> dict[str, Any]:
    best = one.ranked[0]
    return {
        "line_id": one.line.line_id,
        "customer_id": truth.customer,
        "items": [book.item_ids[item] for item in truth.applied],
        "said_customer_id": book.customer_ids[best.customer] if best.customer >= 0 else None,
        "said_items": [book.item_ids[item] for item in best.items],
        "said_reason": "overpayment" if best.items and best.fit.over else ", ".join(best.fit.cuts()) or None,
    }


def learn_all(book: Book, past: Past) -> Knowledge:
    """What the whole past teaches."""
    knowledge, ledger = Knowledge(), Ledger(book, past)
    _learn(knowledge, ledger, past, 0, len(past))
    return knowledge


def _learn(knowledge: Knowledge, ledger: Ledger, past: Past, start: int, end: int) -> None:
    for at in range(start, end):
        knowledge.learn(confirmed(past.lines[at], past.truths[at], ledger.book, ledger.left))
        ledger.advance(at + 1)


def place_of_truth(judged: Judged, truth: Truth, book: Book) -> int:
    """Where among the explanations of a line the right one stands, or -1."""
    for place, made in enumerate(judged.ranked):
        if is_right(judged.line, truth, made, book):
            return place
    return -1
