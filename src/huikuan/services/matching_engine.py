"""The matcher of ``engines.match`` at work on the books of an entity: the same code as on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from huikuan.core.accounts import EntryKind
from huikuan.core.matching import Explanation, Leg, Span
from huikuan.core.money import exponent_of
from huikuan.engines.match import Knowledge, MatchModel, fit_model, match_ready
from huikuan.engines.match_book import Book, smallest_unit
from huikuan.engines.match_claims import Claim
from huikuan.engines.match_grown import place_of
from huikuan.engines.match_lines import read_lines
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_types import BarReport, MatchOptions
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.matching_book import Ready, ready_book
from huikuan.queries.matching_tables import all_items_table, customers_table, history_table, lines_table
from huikuan.services.matching_learning import knowledge_about, replace_knowledge
from huikuan.services.matching_policy import Policy, policy_of
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import JournalEntry, LineDecision, MatchingModel

SHOWN = 5
"""Explanations kept per line."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the matcher says of one line: ``auto``, ``propose`` or ``none``, with its explanations."""

    decision: str
    explanations: tuple[Explanation, ...]


@dataclass(slots=True)
class WorkedOut:
    """Explanations by line. ``still``: what was open on the items they name when they were worked out, minor units;
    ``claims``: what each line wants, by its number as the engine writes it."""

    answers: dict[int, Answer] = field(default_factory=dict)
    bar: BarReport = field(default_factory=BarReport)
    still: dict[int, int] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)


def options_of(policy: Policy) -> MatchOptions:
    """The policy's largest amount is not among them: it is in the books' currency, of which the matcher knows
    nothing."""
    return MatchOptions(ranks_max=SHOWN, applied="cash", audit_share=policy.audit_bp / 10_000, processes=1)


@dataclass(frozen=True, slots=True)
class Basis:
    """What lines are worked out with: what is open, who the customers are, what was learned and fitted."""

    ready: Ready
    model: MatchModel
    options: MatchOptions


def basis_of(entity_id: int, known: Knowledge, *, today: date) -> Basis:
    """Everything that is open now, with what is known."""
    return Basis(ready_book(entity_id, today=today), model_of(entity_id, known), options_of(policy_of(entity_id)))


def work_out(entity_id: int, lines: Sequence[MatchLine], *, today: date, basis: Basis | None = None) -> WorkedOut:
    """Explanations for lines, without a ``basis`` against everything that is open now, with everything learned so
    far."""
    if not lines:
        return WorkedOut(bar=bar_of(entity_id))
    table = lines_table(lines)
    basis = basis or basis_of(entity_id, knowledge_about(entity_id, read_lines(table)), today=today)
    book, directory = basis.ready.book, basis.ready.directory
    answer, claims = match_ready(table, book, directory, basis.model, lang="en", also="zh", options=basis.options)
    found = _answers(answer, answer.other_reasons, lines)
    return WorkedOut(found, answer.bar, _still(book, found.values()), claims)


def _still(book: Book, answers: Iterable[Answer]) -> dict[int, int]:
    """What the book had open of the items that are named."""
    named = {leg.item_id: leg.account_id for answer in answers for made in answer.explanations for leg in made.legs}
    found = {}
    for item_id, account_id in named.items():
        at = place_of(book, str(account_id), str(item_id))
        if at is not None:
            found[item_id] = int(book.open_amounts[at]) // smallest_unit(book.currencies[at])
    return found


def model_of(entity_id: int, known: Knowledge) -> MatchModel:
    """Calibration and bar as last fitted, with what is known."""
    row = MatchingModel.objects.filter(entity_id=entity_id).first()
    if row is None:
        return MatchModel(known, prior_calibration(), BarReport(max_error=policy_of(entity_id).max_error))
    return replace(MatchModel.from_json({**row.model, "bar": row.bar, "knowledge": []}), knowledge=known)


def bar_of(entity_id: int) -> BarReport:
    """The bar as it stands; without one where nothing was fitted yet."""
    held = MatchingModel.objects.filter(entity_id=entity_id).values_list("bar", flat=True).first()
    return BarReport() if held is None else BarReport.from_json(held)


def is_past_unread(entity_id: int) -> bool:
    """Money was applied before, and no bar was fitted to it yet: the next run does so."""
    if MatchingModel.objects.filter(entity_id=entity_id).exists():
        return False
    applied = JournalEntry.objects.filter(entity_id=entity_id, kind=EntryKind.APPLICATION.value)
    return applied.exists()


def fit_entity(entity_id: int, *, now: datetime) -> BarReport:
    """Fits calibration and bar to the confirmed past of an entity, and learns it anew. May take minutes for a long
    past."""
    policy = policy_of(entity_id)
    unconfirmed = _unconfirmed(entity_id)
    history = history_table(entity_id, without=unconfirmed.__contains__)
    model = fit_model(
        all_items_table(entity_id),
        customers_table(entity_id),
        history,
        max_error=policy.max_error,
        options=options_of(policy),
    )

    def work() -> None:
        replace_knowledge(entity_id, model.knowledge, now=now)
        kept = {name: value for name, value in model.to_json().items() if name not in ("knowledge", "bar")}
        MatchingModel.objects.update_or_create(
            entity_id=entity_id,
            defaults={"model": kept, "bar": model.bar.to_json(), "lines": model.bar.lines, "fitted_at": now},
        )

    run_in_transaction(work)
    return model.bar


def _unconfirmed(entity_id: int) -> set[int]:
    """Receipts that the matcher posted and of which no audit has said that it was right."""
    found = LineDecision.objects.filter(entity_id=entity_id, is_automatic=True, undone_by__isnull=True)
    found = found.exclude(audit__outcome="right")
    return set(found.values_list("line__tie__receipt_id", flat=True))


# -- reading the answer ----------------------------------------------------------------------------------------------
def _answers(answer: Any, chinese: dict[tuple[str, int], str], lines: Iterable[MatchLine]) -> dict[int, Answer]:
    currencies = {str(line.line_id): line.currency for line in lines}
    told = {(row["line_id"], row["rank"]): (row["kind"], row["back"]) for row in answer.explanations.to_pylist()}
    spans: dict[tuple[str, int], list[Span]] = {}
    for row in answer.evidence.to_pylist():
        if row["start"] is None or row["stop"] is None or row["stop"] <= row["start"]:
            continue
        spans.setdefault((row["line_id"], row["rank"]), []).append(
            Span(row["field"], row["start"], row["stop"], row["kind"], row["recognised"] or "")
        )
    grouped: dict[str, dict[int, list[dict[str, Any]]]] = {}
    for row in answer.matches.to_pylist():
        grouped.setdefault(row["line_id"], {}).setdefault(row["rank"], []).append(row)
    found = {}
    for line_id, by_rank in grouped.items():
        made = []
        for rank, rows in sorted(by_rank.items()):
            place = (line_id, rank)
            made.append(
                _explanation(
                    rows, told.get(place, ("", None)), chinese.get(place, ""), spans.get(place, []), currencies[line_id]
                )
            )
        decision = by_rank[min(by_rank)][0]["decision"]
        found[int(line_id)] = Answer(decision, tuple(made))
    return found


def _explanation(
    rows: list[dict[str, Any]], told: tuple[str, int | None], chinese: str, spans: list[Span], currency: str
) -> Explanation:
    first, (kind, back) = rows[0], told
    account = _account(first["customer_id"])
    legs = tuple(
        Leg(
            item_id=int(row["item_id"]),
            account_id=_account(row["customer_id"]) or account or 0,
            minor=_minor(row["applied"], currency),
            deduction_minor=_minor(row["deduction_amount"], currency) if row["deduction_reason"] else 0,
            deduction_reason=row["deduction_reason"] or "",
        )
        for row in rows
        if row["item_id"] and row["applied"]
    )
    return Explanation(
        rank=first["rank"],
        kind=kind,
        confidence=float(first["confidence"] or 0.0),
        account_id=account,
        legs=legs,
        unapplied_minor=sum(_minor(row["unapplied"], currency) for row in rows),
        ambiguous=int(first["ambiguous"] or 0),
        reason={"en": first["reason"] or "", "zh": chinese},
        spans=tuple(sorted(spans, key=lambda span: (span.field, span.start))),
        back=back,
    )


def _account(text: str | None) -> int | None:
    return int(text) if text else None


def _minor(value: Decimal | None, currency: str) -> int:
    return 0 if value is None else int(value.scaleb(exponent_of(currency)).to_integral_value())
