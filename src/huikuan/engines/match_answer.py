"""Judged lines → the tables of the answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from huikuan.engines.match_bar import is_over
from huikuan.engines.match_book import UNIT, Book
from huikuan.engines.match_explanation import AMBIGUOUS, Explanation
from huikuan.engines.match_fit import SHORT
from huikuan.engines.match_joint import Judged
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_posting import back_of, least_sure, may_post
from huikuan.engines.match_references import FIELDS
from huikuan.engines.match_types import EVIDENCE, EXPLANATIONS, LEARNED, MATCHES, BarReport, MatchOptions
from huikuan.engines.match_words import Speaker
from huikuan.engines.schemas import AMOUNT

OTHERS_MAX = 2_000_000_000


def decimals(units: Sequence[int | None]) -> Any:
    """Units → exact decimals of four places."""
    return pa.array([None if one is None else Decimal(one).scaleb(-4) for one in units], AMOUNT)


def decide(judged: Judged, hold: str, bar: BarReport, options: MatchOptions, unsure: Collection[int] = ()) -> str:
    """``auto`` over the bar, never where other sets fit as well; ``none`` where nothing speaks for any customer.
    ``hold``: what besides the bar holds the first explanation back (``match_posting.hold_of``). ``unsure``: customers
    an earlier line of whom did not post itself and names nothing: what goes on from there in their way does not
    either."""
    if not judged.ranked:
        return "none"
    best = judged.ranked[0]
    follows = best.is_way and best.customer in unsure
    if (
        is_over(bar, judged.confidence, back_of(best, hold))
        and not follows
        and may_post(best, hold, judged.confidence, bar.vouched)
    ):
        if options.auto_amount_max is None:
            return "auto"
        largest = options.auto_amount_max.get(judged.line.currency)
        if largest is not None and judged.line.amount <= int(largest * UNIT):
            return "auto"
    share, _, words = judged.context.nobody
    unheard = best.kind == "not_customer" and share == 0 and words < 1
    return "none" if unheard or (best.kind == "outgoing" and judged.confidence < 0.3) else "propose"


def held_back(judged: Judged, hold: str, decision: str, bar: BarReport) -> str:
    """What besides the bar holds a line back that is over it: as ``match_posting.hold_of`` gives it; empty where other
    sets fit as well, which its reason tells."""
    if decision != "propose" or not hold or judged.ranked[0].others >= AMBIGUOUS:
        return ""
    best = judged.ranked[0]
    is_sure = is_over(bar, judged.confidence, back_of(best, hold)) and judged.confidence >= least_sure(best)
    return hold if is_sure else ""


class Writer:
    """Collects rows of the tables."""

    def __init__(
        self, book: Book, options: MatchOptions, lang: str, is_gross: bool, opened: Sequence[int], also: str | None
    ) -> None:
        self.book, self.options = book, options
        self.speaker = Speaker(book, "zh" if lang == "zh" else "en", opened)
        self.other_speaker = Speaker(book, "zh" if also == "zh" else "en", opened) if also else None
        self.other_reasons: dict[tuple[str, int], str] = {}
        self.is_gross = is_gross if options.applied == "history" else options.applied == "gross"
        self.matches: list[tuple[Any, ...]] = []
        self.explanations: list[tuple[Any, ...]] = []
        self.evidence: list[tuple[Any, ...]] = []

    def add(self, judged: Judged, decision: str, back: int | None, held: str = "") -> None:
        """One line with its explanations. ``back``: the first one's degree of doubt; ``held``: what holds it back
        (``held_back``)."""
        kept = [one for one in judged.ranked[: self.options.ranks_max] if one.confidence > 0.0005]
        for rank, made in enumerate(kept or judged.ranked[:1], 1):
            doubt = held if rank == 1 else ""
            reason = self.speaker.reason(judged, made, doubt)
            if self.other_speaker is not None:
                self.other_reasons[judged.line.line_id, rank] = self.other_speaker.reason(judged, made, doubt)
            told = decision if rank == 1 else ("propose" if decision == "auto" else decision)
            self._explanation(judged, rank, made, told, reason)
            pattern, told_back = f"{made.shape}/{made.fit.how}", back if rank == 1 else None
            self.explanations.append(
                (judged.line.line_id, rank, made.kind, pattern, made.confidence, made.score, told_back)
            )
            self._evidence(judged, rank, made)

    def _explanation(self, judged: Judged, rank: int, made: Explanation, decision: str, reason: str) -> None:
        fit, line_id = made.fit, judged.line.line_id
        others = 0 if made.others < AMBIGUOUS else min(max(round(made.others), 1), OTHERS_MAX)
        items: Sequence[int | None] = made.items or (None,)
        over = fit.over if made.kind != "not_customer" else 0
        rows = list(fit.rows()) if made.items else [(None, 0, "")]
        for at, (item, (share, cut, why)) in enumerate(zip(items, rows, strict=True)):
            owner = made.customer if item is None else self.book.customer_of[item]
            is_over = bool(fit.over and at == 0 and made.items)
            self.matches.append(
                (
                    *(line_id, rank, decision, made.confidence),
                    self.book.customer_ids[owner] if owner >= 0 else None,
                    None if item is None else self.book.item_ids[item],
                    share + cut if share is not None and self.is_gross and why != SHORT else share,
                    "overpayment" if is_over else why or None,
                    cut or (fit.over if is_over else None),
                    over if at == 0 else 0,
                    *(others, reason),
                )
            )

    def _evidence(self, judged: Judged, rank: int, made: Explanation) -> None:
        context, line_id = judged.context, judged.line.line_id
        items = set(made.items)
        for at, mention in enumerate(context.found.mentions):
            mine = [one for one in context.open_of[at] if one in items]
            if not mine:
                continue
            start, stop = context.found.texts[mention.field].original(mention.start, mention.stop)
            field, shown, weight = FIELDS[mention.field], self.book.shown[mine[0]], round(mention.rarity, 2)
            self.evidence.append((line_id, rank, mention.kind, field, start, stop, shown, weight))
        owners = {self.book.customer_of[item] for item in made.items} or {made.customer}
        for owner in sorted(owners):
            payer = context.strength.get(owner)
            if payer is not None:
                is_account = payer.kind in ("account", "listed")
                field = "payer_account" if is_account else "remittance_text" if payer.kind == "text" else "payer_name"
                stop = len(judged.line.account if is_account else judged.line.name) if payer.kind != "text" else 0
                shown = self.book.customer_ids[owner]
                self.evidence.append((line_id, rank, payer.kind, field, 0, stop, shown, round(4 * payer.strength, 2)))
        if made.shape == "period":
            for year, month, start, stop in context.periods:
                begin, end = context.found.texts[0].original(start, stop)
                self.evidence.append((line_id, rank, "period", FIELDS[0], begin, end, f"{year}-{month:02d}", 2.0))

    def tables(self) -> tuple[Any, Any, Any]:
        """The tables of matches, explanations and evidence."""
        return _table(self.matches, MATCHES), _table(self.explanations, EXPLANATIONS), _table(self.evidence, EVIDENCE)


def _table(rows: Sequence[tuple[Any, ...]], schema: Any) -> Any:
    """Rows in the order of a schema's columns; amounts are units."""
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [
        decimals(column) if field.type == AMOUNT else pa.array(column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)


def learned_table(knowledge: Knowledge) -> Any:
    """What was learned, as a table."""
    rows = [row for row in knowledge.to_rows() if row["kind"] != "total"]
    return pa.Table.from_pylist(rows, schema=LEARNED)
