"""Cash application: bank lines, open items, customers and confirmed history → ranked explanations with calibrated
probabilities, and a bar over which lines may post themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.refusals import DataError, DataWarning
from huikuan.engines.match_answer import Writer, decide, held_back, learned_table
from huikuan.engines.match_bar import LEAST, Outcome, set_bar
from huikuan.engines.match_book import Book
from huikuan.engines.match_claims import Claim, claims_of
from huikuan.engines.match_forks import run_apart, unwatched
from huikuan.engines.match_history import Past, open_today, read_past
from huikuan.engines.match_joint import Judged
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_lines import Line, read_lines
from huikuan.engines.match_model import FOLDS, MatchModel, confidence_of, cross_fit, fit_calibration, parts_of
from huikuan.engines.match_payers import Directory
from huikuan.engines.match_posting import back_of, holds_of, is_named, vouched_by
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_replay import Replayed, blocks_of, learn_all, replay
from huikuan.engines.match_run import run_lines
from huikuan.engines.match_score import prior_weights
from huikuan.engines.match_types import BarReport, Lang, MatchAnswer, MatchOptions
from huikuan.engines.match_warnings import past_warnings
from huikuan.engines.schemas import arrow_schema

__all__ = ["BarReport", "Knowledge", "MatchAnswer", "MatchModel", "MatchOptions", "fit_model", "match", "match_ready"]

Progress = Callable[[str, int, int], None]
FITTED_MIN = 60
"""Replayed lines from which on the history's own probabilities are learned."""
DOUBTED, WRONG_MAX = 0.9, 50
"""How sure a wrong past line must have been to be listed, and how many are."""
KNOWN_MIN = 0.5
"""Share of the items paid by the history that must be given, so that the past can be replayed."""


def match(
    lines: Any,
    items: Any,
    customers: Any,
    history: Any = None,
    *,
    max_error: float = 0.001,
    lang: Lang = "en",
    also: Lang | None = None,
    as_of: date | None = None,
    options: MatchOptions | None = None,
    model: MatchModel | None = None,
    progress: Progress | None = None,
) -> MatchAnswer:
    """Proposes for every line what it pays.

    Tables are checked ones (``files.read_table`` or ``files.normalise`` of kinds lines, items, customers, history).
    ``history``: confirmed past lines; it teaches, and where the items it paid are among ``items`` it sets the bar, so
    that with 95 % probability at most ``max_error`` of what posts itself is wrong. ``model``: of an earlier run,
    instead of a history. ``also``: a second language for the reasons. ``as_of``: what is dated later is not known. The
    answer does not depend on the order of any table.
    """
    options = options or MatchOptions()
    if as_of is not None:
        items, history = _until(items, "document_date", as_of), _until(history, "booking_date", as_of)
    with unwatched():
        book = Book(items, customers)
        directory = Directory(book)
        past = read_past(history, book) if history is not None and history.num_rows else None
        warnings: list[DataError] = []
        if model is None:
            model = _fit(book, directory, past, max_error, options, progress)
            warnings = _warn(past, model.bar) or (past_warnings(past, history, book) if past else [])
        rows = read_lines(lines)
        warnings += _warn_uncapped(rows, options)
        opened = open_today(book, past)
        told = (lambda done, total: progress("match", done, total)) if progress else None
        weights, processes = prior_weights(), options.processes
        judged = run_lines(book, directory, model.knowledge, opened, rows, weights, processes=processes, progress=told)
        writer = Writer(book, options, lang, model.is_gross, opened, also)
        return _answer(judged, model, options, writer, warnings, says_held=True)


def match_ready(
    lines: Any,
    book: Book,
    directory: Directory,
    model: MatchModel,
    *,
    lang: Lang = "en",
    also: Lang | None = None,
    options: MatchOptions | None = None,
) -> tuple[MatchAnswer, dict[str, Claim]]:
    """``match`` with a model against a book that is ready and the directory of its customers, of which neither is
    changed; and what each line wants (``match_claims``)."""
    options = options or MatchOptions()
    with unwatched():
        rows, opened = read_lines(lines), open_today(book, None)
        judged = run_lines(book, directory, model.knowledge, opened, rows, prior_weights(), processes=options.processes)
        writer = Writer(book, options, lang, model.is_gross, opened, also)
        return _answer(judged, model, options, writer, [], says_held=False), claims_of(judged, book)


def _answer(
    judged: list[Judged],
    model: MatchModel,
    options: MatchOptions,
    writer: Writer,
    warnings: list[DataError],
    *,
    says_held: bool,
) -> MatchAnswer:
    """``says_held``: reasons say what holds a line over the bar back; the workbench says it beside them."""
    model.judge(judged)
    counts: Counter[str] = Counter()
    unsure: set[int] = set()
    judged = sorted(judged, key=lambda one: (one.line.day, one.line.line_id))
    for one, hold in zip(judged, holds_of(one.ranked for one in judged), strict=True):
        decision = decide(one, hold, model.bar, options, unsure)
        if decision != "auto" and one.ranked and (one.ranked[0].is_way or not is_named(one.ranked[0])):
            unsure.add(one.ranked[0].customer)
        counts[decision] += 1
        held = held_back(one, hold, decision, model.bar) if says_held else ""
        writer.add(one, decision, back_of(one.ranked[0], hold) if one.ranked else None, held)
    return MatchAnswer(
        *writer.tables(),
        learned_table(model.knowledge),
        model.bar,
        model,
        dict(sorted(counts.items())),
        warnings,
        writer.other_reasons,
    )


def fit_model(
    items: Any,
    customers: Any,
    history: Any,
    *,
    max_error: float = 0.001,
    options: MatchOptions | None = None,
    progress: Progress | None = None,
) -> MatchModel:
    """What a history teaches: knowledge, probabilities, the bar. Match with ``match(..., model=...)``."""
    with unwatched():
        book = Book(items, customers)
        past = read_past(history, book) if history is not None and history.num_rows else None
        return _fit(book, Directory(book), past, max_error, options or MatchOptions(), progress)


def _until(table: Any, column: str, day: date) -> Any:
    if table is None:
        return None
    return table.filter(pc.less_equal(table.column(column), pa.scalar(day, pa.date32())))


def _fit(
    book: Book,
    directory: Directory,
    past: Past | None,
    max_error: float,
    options: MatchOptions,
    progress: Progress | None,
) -> MatchModel:
    prior = prior_calibration()
    bar = BarReport(max_error, options.certainty)
    if past is None:
        return MatchModel(Knowledge(), prior, replace(bar, reason="no_history"))
    if past.known_share < KNOWN_MIN:
        bar = replace(bar, lines=len(past), reason="no_settled_items")
        return MatchModel(learn_all(book, past), prior, bar, past.is_gross)
    replayed, knowledge = _replay_apart(book, directory, past, options, progress)
    traits = np.asarray([one.traits for one in replayed])
    right = np.asarray([one.right == 0 for one in replayed], dtype=np.float64)
    calibration, odds = prior, prior.odds(traits) if len(replayed) else np.zeros(0)
    if len(replayed) >= FITTED_MIN:
        odds = cross_fit(traits, right, prior)
        calibration = fit_calibration(traits, right, prior)
    bar = _bar(replayed, confidence_of(odds).tolist(), max_error, options)
    return MatchModel(knowledge, calibration, bar, past.is_gross)


def _bar(replayed: list[Replayed], chances: list[float], max_error: float, options: MatchOptions) -> BarReport:
    """The bar on the replayed lines. By money in the commonest currency; amounts in others are taken at the ratio of
    the middle line of each, since a file has no rates."""
    if not replayed:
        return BarReport(max_error, options.certainty, reason="too_few", lines_missing=3000)
    currency = Counter(one.currency for one in replayed).most_common(1)[0][0]
    middles = {
        name: median(one.amount for one in replayed if one.currency == name)
        for name in {one.currency for one in replayed}
    }
    rates = {name: middles[currency] / middle if middle > 0 else 0.0 for name, middle in middles.items()}
    cap = None if options.money_cap is None else int(options.money_cap * 10_000)

    may = _may_post(replayed, chances)
    outcomes = [
        Outcome(chance, one.right == 0, max(round(one.amount * rates[one.currency]), 0), may_post, one.back)
        for one, chance, may_post in zip(replayed, chances, may, strict=True)
    ]
    bar = set_bar(outcomes, max_error, options.certainty, currency=currency, money_cap=cap)
    vouched = {} if bar.threshold is None else vouched_by(_held(replayed, chances), LEAST)
    return replace(bar, surest_wrong=_surest_wrong(replayed, chances, may), vouched=vouched)


def _held(replayed: list[Replayed], chances: list[float]) -> list[tuple[str, float, bool]]:
    return [(one.hold, chance, one.right == 0) for one, chance in zip(replayed, chances, strict=True)]


def _may_post(replayed: list[Replayed], chances: list[float]) -> list[bool]:
    """Which past lines only the bar kept from posting themselves. Whether a kind of doubt holds one back is told by the
    other parts of the past, as its confidence is."""
    held, parts = _held(replayed, chances), parts_of(len(replayed)).tolist()
    vouched = [
        vouched_by([one for one, part in zip(held, parts, strict=True) if part != own], LEAST) for own in range(FOLDS)
    ]
    return [
        chance >= one.least and (not hold or chance >= vouched[part].get(hold, 2.0))
        for one, (hold, chance, _), part in zip(replayed, held, parts, strict=True)
    ]


def _surest_wrong(replayed: list[Replayed], chances: list[float], may: list[bool]) -> list[dict[str, Any]]:
    """Past lines that would have been sure and wrong, the surest first."""
    found = [
        {**one.dispute, "confidence": round(chance, 6)}
        for one, chance, may_post in zip(replayed, chances, may, strict=True)
        if one.dispute is not None and chance >= DOUBTED and may_post
    ]
    return sorted(found, key=lambda one: (-one["confidence"], one["line_id"]))[:WRONG_MAX]


def _replay_apart(
    book: Book, directory: Directory, past: Past, options: MatchOptions, progress: Progress | None
) -> tuple[list[Replayed], Knowledge]:
    """The replay in as many processes as pay; each learns the past up to its own blocks."""
    count = len(blocks_of(len(past)))
    told = (lambda done, total: progress("replay", done, total)) if progress else None

    def part(first: int, stop: int) -> list[Replayed]:
        return replay(book, directory, past, prior_weights(), first=first, stop=stop, progress=told)

    pieces = run_apart(part, count, len(past), options.processes)
    return [one for piece in pieces for one in piece], learn_all(book, past)


def _warn(past: Past | None, bar: BarReport) -> list[DataError]:
    if past is not None and bar.reason == "no_settled_items":
        reason = (
            "the history teaches names and accounts but cannot set a bar: most of the items it paid are not among the "
            "items (give them too, with their settled_date)"
        )
        return [DataWarning("history", None, "item_id", reason, "match.no_settled_items")]
    return []


def _warn_uncapped(lines: list[Line], options: MatchOptions) -> list[DataError]:
    """Currencies of lines that the largest amounts do not name: no rate is known here, so nothing can be compared."""
    if options.auto_amount_max is None:
        return []
    unnamed = sorted({line.currency for line in lines} - set(options.auto_amount_max))
    if not unnamed:
        return []
    reason = f"no largest amount is given for {', '.join(unnamed)}: lines in it are proposed and never post themselves"
    return [DataWarning("lines", None, "currency", reason, "match.no_largest_amount")]


def empty_customers() -> Any:
    """A table of no customers."""
    return arrow_schema("customers").empty_table()


def lines_of(table: Any) -> list[Line]:
    """The rows of a checked table of lines."""
    return read_lines(table)
