"""What goes into the matcher and comes out of it: options, the answer's tables, the report of the bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from huikuan.core.refusals import DataError
from huikuan.engines.schemas import AMOUNT

Lang = Literal["en", "zh"]
Decision = Literal["auto", "propose", "none"]

KINDS = ("items", "part_payment", "on_account", "overpayment", "duplicate", "not_customer", "outgoing")
"""What an explanation says a line is. ``items``: it pays items in full (less deductions)."""

DEDUCTIONS = ("early_payment_discount", "bank_charge", "short_payment", "exchange", "overpayment")

MATCHES = pa.schema(
    [
        ("line_id", pa.string()),
        ("rank", pa.int32()),
        ("decision", pa.string()),
        ("confidence", pa.float64()),
        ("customer_id", pa.string()),
        ("item_id", pa.string()),
        ("applied", AMOUNT),
        ("deduction_reason", pa.string()),
        ("deduction_amount", AMOUNT),
        ("unapplied", AMOUNT),
        ("ambiguous", pa.int32()),
        ("reason", pa.string()),
    ]
)
"""One row per line, rank and item. ``applied`` of an explanation's rows and its ``unapplied`` (on its first row, zero
on the others) add up to the line; a credit memo's ``applied`` is negative. What an item is reduced by is ``applied``
plus its ``deduction_amount``."""

EXPLANATIONS = pa.schema(
    [
        ("line_id", pa.string()),
        ("rank", pa.int32()),
        ("kind", pa.string()),
        ("pattern", pa.string()),
        ("confidence", pa.float64()),
        ("score", pa.float64()),
        ("back", pa.int8()),
    ]
)
"""One row per explanation: what it says the line is (``KINDS``) and the pattern of evidence it was judged by. ``back``:
of the first, its degree of doubt in the order of the bar (``match_posting.back_of``)."""

EVIDENCE = pa.schema(
    [
        ("line_id", pa.string()),
        ("rank", pa.int32()),
        ("kind", pa.string()),
        ("field", pa.string()),
        ("start", pa.int32()),
        ("stop", pa.int32()),
        ("recognised", pa.string()),
        ("weight", pa.float64()),
    ]
)
"""What an explanation rests on: characters ``start`` to ``stop`` of the line's ``field`` read as ``recognised`` (a
document number, a customer). ``kind``: number, order, contract, structured, range, list, truncated, mangled, account,
name, alias, period, words. Weights are log-odds, comparable within a line."""

LEARNED = pa.schema(
    [
        ("kind", pa.string()),
        ("key", pa.string()),
        ("customer_id", pa.string()),
        ("count", pa.int64()),
        ("detail", pa.string()),
    ]
)
"""What was learned: ``account`` and ``alias`` (key → customer; an empty customer: not a customer's money), ``word``
(of texts that are not customers' money), ``habit`` (per customer: how it pays)."""


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """``ranks_max``: explanations kept per line. ``applied``: ``cash`` (what of the line's money goes to an item),
    ``gross`` (with its deduction) or as the history does it. ``certainty``: the probability with which the bar's
    promise holds. ``money_cap``: major units up to which a line counts in the promise by money (``None``: the largest
    that can be promised). ``auto_amount_max``: by currency, major units; larger lines never post themselves, and none
    in a currency that is not named there. ``processes``: ``None`` for as many as pay. ``audit_share``: of automatic
    postings, drawn to be asked back."""

    ranks_max: int = 5
    applied: Literal["history", "cash", "gross"] = "history"
    certainty: float = 0.95
    money_cap: Decimal | None = None
    auto_amount_max: Mapping[str, Decimal] | None = None
    processes: int | None = None
    audit_share: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class BarReport:
    """The bar above which lines post themselves, and what it rests on.

    ``threshold``: the least confidence where the text names every item and the amount fits to the cent, ``None`` where
    nothing may post itself; ``threshold_others``: of other lines, ``threshold_doubted``: of those of a kind of doubt
    the past answers (``vouched``). ``lines``: confirmed past lines replayed; ``above``: those over the threshold,
    ``errors`` wrong ones of them, ``bound``: the share of wrong ones stays under it with ``certainty``. ``money_*``:
    the same by money, each line counted up to ``money_cap`` (major units of ``money_currency``). ``lines_missing``: how
    many more confirmed lines without an error would set a bar. ``drift``: how many times as often as before the latest
    part of the history went wrong (1 as before), ``drift_p`` how likely that is by chance. ``reason``: a code for why
    there is no bar (no_history, no_settled_items, too_few, too_many_errors, drift). ``surest_wrong``: past lines that
    would have been sure and wrong, the surest first: what the history says (``customer_id``, ``items``) and what would
    have been said (``said_customer_id``, ``said_items``, ``said_reason`` of a deduction), so that a mistake of the
    history can be mended. ``vouched``: kinds of doubt that hold a line back no more from this confidence on, because
    those of the history were right every time.
    """

    max_error: float = 0.001
    certainty: float = 0.95
    threshold: float | None = None
    lines: int = 0
    above: int = 0
    errors: int = 0
    bound: float | None = None
    share: float = 0.0
    money_cap: str | None = None
    money_currency: str | None = None
    money_errors: str | None = None
    money_above: str | None = None
    money_bound: float | None = None
    lines_missing: int = 0
    drift: float | None = None
    drift_p: float | None = None
    reason: str = "no_history"
    audited: int = 0
    audit_errors: int = 0
    surest_wrong: list[dict[str, Any]] = field(default_factory=list)
    vouched: dict[str, float] = field(default_factory=dict)
    threshold_others: float | None = None
    threshold_doubted: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values; ``from_json`` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BarReport:
        return cls(**{name: value for name, value in values.items() if name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class MatchAnswer:
    """``matches`` (``MATCHES``), ``explanations`` (``EXPLANATIONS``), ``evidence`` (``EVIDENCE``), ``learned``
    (``LEARNED``) as Arrow tables; ``bar``; ``model``: a ``MatchModel`` that matches further lines without replaying the
    history; ``counts`` of lines by decision; ``warnings`` about what was given; ``other_reasons``: by line and rank, in
    the second language that was asked for."""

    matches: Any
    explanations: Any
    evidence: Any
    learned: Any
    bar: BarReport
    model: Any
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[DataError] = field(default_factory=list)
    other_reasons: dict[tuple[str, int], str] = field(default_factory=dict)
