"""One run: lines against what is open, with what is known; the same for today's lines and for the replay of the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from huikuan.engines.match_book import Book
from huikuan.engines.match_context import Gatherer
from huikuan.engines.match_explain import Explainer
from huikuan.engines.match_forks import run_apart
from huikuan.engines.match_joint import Judged, settle
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_lines import Line, State
from huikuan.engines.match_payers import Directory
from huikuan.engines.match_score import Scorer, rank


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
) -> list[Judged]:
    """Explains, ranks and settles ``lines``; the answers come in the canonical order of the lines."""
    state = State(book, open_now)
    ordered = sorted(lines, key=lambda one: one.order)

    def part(first: int, stop: int) -> list[Judged]:
        return explain_lines(state, directory, knowledge, ordered[first:stop], weights, progress)

    pieces = run_apart(part, len(ordered), len(ordered), processes)
    judged = [one for piece in pieces for one in piece]
    settle(judged, state)
    return judged


def explain_lines(
    state: State,
    directory: Directory,
    knowledge: Knowledge,
    lines: Sequence[Line],
    weights: Any,
    progress: Callable[[int, int], None] | None = None,
) -> list[Judged]:
    """Each line by itself: what it reveals, what would explain it, ranked."""
    gatherer, explainer = Gatherer(state, directory, knowledge), Explainer(state, knowledge)
    scorer = Scorer(state, knowledge)
    judged = []
    for at, line in enumerate(lines):
        context = gatherer.gather(line)
        made = explainer.explain(context)
        for one in made:
            one.features = scorer.features_of(context, one)
        judged.append(Judged(line, context, rank(made, weights)))
        if progress and at % 500 == 499:
            progress(at + 1, len(lines))
    return judged
