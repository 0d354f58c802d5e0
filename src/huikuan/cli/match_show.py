"""Matches for the eyes and for machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from huikuan.cli.age_show import align, format_amount

_WHY_NOT = {
    "no_history": "Nothing posts itself: there is no history to prove a bar on.",
    "no_settled_items": "Nothing posts itself: the items the history paid are not among the items, so the past cannot "
    "be replayed.",
    "too_few": "Nothing posts itself yet: about {missing:,} more confirmed lines are missing to prove the bar.",
    "too_many_errors": "Nothing posts itself: {errors:,} of the {above:,} surest past lines would have been wrong; "
    "about {missing:,} more confirmed lines without such are missing.",
    "drift": "Nothing posts itself: the latest part of the history goes wrong more often than before. About "
    "{missing:,} confirmed lines since then are missing.",
    "audit": "Nothing posts itself: the audit found sure lines wrong.",
}


def show_lines(matches: Any, lines: Any, most: int) -> Iterable[str]:
    """The first explanation of each line: decision, probability, line, amount, what it pays, why."""
    amounts = {row["line_id"]: row for row in lines.select(["line_id", "amount", "currency"]).to_pylist()}
    first: dict[str, list[dict[str, Any]]] = {}
    for row in matches.to_pylist():
        if row["rank"] == 1:
            first.setdefault(row["line_id"], []).append(row)
    if not first:
        return
    shown = [["line", "amount", "decision", "sure", "customer", "why"]]
    for line_id, rows in list(first.items())[:most]:
        line, row = amounts[line_id], rows[0]
        amount = format_amount(line["amount"], line["currency"])
        shown.append(
            [line_id, amount, row["decision"], _sure(row["confidence"]), row["customer_id"] or "-", row["reason"]]
        )
    aligned = _aligned(shown)
    yield from aligned
    if len(first) > most:
        yield f"... and {len(first) - most:,} more lines (write them with -o)"


def _sure(confidence: float) -> str:
    """A probability; nothing is quite sure."""
    return "> 99.9%" if confidence > 0.9995 else f"{confidence:.1%}"


def _aligned(rows: list[list[str]]) -> list[str]:
    """Amounts and probabilities right, the rest left."""
    left = align([[row[0]] for row in rows], 1)
    numbers = align([[row[1]] for row in rows], 0)
    decisions = align([[row[2]] for row in rows], 1)
    sure = align([[row[3]] for row in rows], 0)
    rest = align([row[4:] for row in rows], 2)
    return [
        f"{_pad(one, left)}  {_pad_left(two, numbers)}  {_pad(three, decisions)}  {_pad_left(four, sure)}  {five}"
        for one, two, three, four, five in zip(left, numbers, decisions, sure, rest, strict=True)
    ]


def _pad(text: str, column: list[str]) -> str:
    return text.ljust(max(map(len, column)))


def _pad_left(text: str, column: list[str]) -> str:
    return text.rjust(max(map(len, column)))


def show_counts(counts: dict[str, int]) -> Iterable[str]:
    """How many lines post themselves, are proposed, or have nothing."""
    total = sum(counts.values())
    auto, propose = counts.get("auto", 0), counts.get("propose", 0)
    share = f" ({auto / total:.1%})" if total else ""
    none = counts.get("none", 0)
    yield f"{total:,} lines: {auto:,} post themselves{share}, {propose:,} proposed, {none:,} without a proposal"


def show_bar(bar: Any) -> Iterable[str]:
    """The bar and what it rests on, in words."""
    if bar.threshold is None:
        yield _WHY_NOT.get(bar.reason, _WHY_NOT["no_history"]).format(
            missing=bar.lines_missing, errors=bar.errors, above=bar.above
        )
        return
    yield (
        f"Bar: {bar.threshold:.2%} sure. Of {bar.lines:,} past lines {bar.above:,} were over it and {bar.errors:,} of "
        f"them wrong: with {bar.certainty:.0%} probability under {bar.bound:.3%} (asked: {bar.max_error:.3%})."
    )
    if bar.money_cap is not None:
        yield (
            f"By money, each line counted up to {_number(bar.money_cap)} {bar.money_currency}: "
            f"{_number(bar.money_errors)} of {_number(bar.money_above)} wrong, under {bar.money_bound:.3%}."
        )
    else:
        yield "By money nothing is proved: too few lines or a wrong one too large."


def _number(text: str) -> str:
    return f"{float(text):,.2f}"


def machine_bar(bar: Any) -> dict[str, Any]:
    """The bar as plain values."""
    told: dict[str, Any] = bar.to_json()
    return told


def plain_matches(matches: Any) -> list[dict[str, Any]]:
    """Rows with amounts as exact strings."""
    rows = matches.to_pylist()
    for row in rows:
        for name in ("applied", "deduction_amount", "unapplied"):
            value = row[name]
            row[name] = None if value is None else format(value.normalize(), "f")
    return list(rows)
