"""A small company to match money for: builds checked tables from a few words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from huikuan.engines.files import normalise
from huikuan.engines.match import MatchAnswer, match
from huikuan.engines.schemas import arrow_schema

DAY = date(2026, 3, 2)


def item(item_id: str, customer: str, amount: str, **more: Any) -> dict[str, Any]:
    """An open invoice of 2 March 2026, due in thirty days; negative amounts are credit memos."""
    kind = "credit_memo" if amount.startswith("-") else "invoice"
    row = {"item_id": item_id, "customer_id": customer, "amount": amount, "kind": kind, "document_date": DAY}
    return {**row, "due_date": DAY + timedelta(days=30), "document_number": item_id, "currency": "CNY", **more}


def line(line_id: str, amount: str, text: str = "", payer: str = "", **more: Any) -> dict[str, Any]:
    """Money that came on 20 March 2026."""
    row = {"line_id": line_id, "booking_date": date(2026, 3, 20), "amount": amount, "currency": "CNY"}
    return {**row, "remittance_text": text, "payer_name": payer, **more}


def customer(customer_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer_id, "name": name, **more}


def table(kind: str, rows: list[dict[str, Any]]) -> Any:
    """Rows → a checked table."""
    if not rows:
        return arrow_schema(kind).empty_table()
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    for name, values in columns.items():
        if name in ("amount", "applied", "open_amount", "discount_percent"):
            columns[name] = [None if value is None else Decimal(value) for value in values]
    return normalise(pa.table(columns), kind).table


def run(
    lines: list[dict[str, Any]],
    items: list[dict[str, Any]],
    customers: list[dict[str, Any]],
    history: list[dict[str, Any]] | None = None,
    **more: Any,
) -> MatchAnswer:
    """Matches what the rows say."""
    past = table("history", history) if history is not None else None
    return match(table("lines", lines), table("items", items), table("customers", customers), past, **more)


def first(answer: MatchAnswer, line_id: str) -> list[dict[str, Any]]:
    """The rows of a line's best explanation."""
    return [row for row in answer.matches.to_pylist() if row["line_id"] == line_id and row["rank"] == 1]


def paid(answer: MatchAnswer, line_id: str) -> dict[str, str]:
    """What the best explanation applies: item → amount."""
    return {
        row["item_id"]: format(row["applied"].normalize(), "f")
        for row in first(answer, line_id)
        if row["item_id"] is not None
    }


def past_line(line_id: str, day: date, amount: str, pays: str, who: str, **more: Any) -> dict[str, Any]:
    """A confirmed line that paid one item."""
    told = {"item_id": pays or None, "customer_id": who or None, "applied": amount if pays else None}
    return {**line(line_id, amount, **more), "booking_date": day, **told}
