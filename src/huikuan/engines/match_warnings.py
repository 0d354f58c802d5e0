"""What is odd about a history: lines that contradict themselves or the other files, with the row where each stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from huikuan.core.refusals import DataError, DataWarning
from huikuan.engines.match_book import Book
from huikuan.engines.match_history import Past

ROWS_SHOWN = 5
_CONTRARY = {
    "sign": "line {line} applies money to an item of the other sign",
    "item": "line {line} applies more to an item than the item's amount",
    "items": "line {line} and others together apply more to an item than the item's amount",
    "line": "line {line} applies far more than its own amount",
}


def past_warnings(past: Past, history: Any, book: Book) -> list[DataError]:
    """Rows of a history that contradict the rest; such lines do not count in the bar, and neither do those that pay
    items which are not given."""
    found: list[DataError] = [
        DataWarning(
            "history",
            row,
            "applied",
            _CONTRARY[truth.contrary].format(line=line.line_id) + "; it does not count in the bar",
            "match.contrary_line",
        )
        for row, line, truth in sorted(zip(past.rows, past.lines, past.truths, strict=True), key=lambda one: one[0])
        if truth.contrary
    ]
    places, customers = book.item_place, book.customer_place
    found += _unknown(history, "item_id", lambda one: one not in places, "match.unknown_item")
    found += _unknown(history, "customer_id", lambda one: one not in customers, "match.unknown_customer")
    return found


def _unknown(history: Any, column: str, is_unknown: Callable[[str], bool], code: str) -> list[DataError]:
    """One warning for all rows of a column that name what no other file has."""
    rows = [at for at, one in enumerate(history.column(column).to_pylist(), 2) if one and is_unknown(one)]
    if not rows:
        return []
    more = f" and {len(rows) - ROWS_SHOWN:,} more" if len(rows) > ROWS_SHOWN else ""
    what = "items that are not among the items" if column == "item_id" else "customers that no other file names"
    reason = f"rows name {what}: {', '.join(map(str, rows[:ROWS_SHOWN]))}{more}"
    return [DataWarning("history", rows[0], column, reason, code)]
