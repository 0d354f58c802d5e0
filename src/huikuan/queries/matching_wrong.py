"""Past lines that the matcher would have been sure of and got wrong: what the books say of each, and what it would have
said. Often it is the past that is mistyped, and a few such lines are what holds the bar up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from huikuan.engines.match_types import BarReport
from huikuan.queries.workbench import account_names
from huikuan.store.models import BankLine, OpenItem, Receipt
from huikuan.store.public_ids import public_id

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Said:
    """Whose money it is, and for which documents; neither: nothing of a customer's."""

    customer: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrongLine:
    """``page``: the name of the page that shows it (receipt, bank_line); ``percent``: how sure it would have been."""

    page: str
    public_id: str
    day: date
    amount_minor: int
    currency: str
    books: Said
    matcher: Said
    percent: float

    @property
    def both(self) -> tuple[Said, Said]:
        return self.books, self.matcher


def surest_wrong(bar: BarReport) -> list[WrongLine]:
    """The surest of them first, at most ``SHOWN``; those that are there no more are left out."""
    told = bar.surest_wrong[:SHOWN]
    receipts = Receipt.objects.in_bulk(_numbers("r", told))
    lines = BankLine.objects.in_bulk(_numbers("l", told))
    accounts = {_number(one[name]) for one in told for name in ("customer_id", "said_customer_id")}
    names = account_names(accounts)
    items = {int(item) for one in told for name in ("items", "said_items") for item in one[name]}
    documents = dict(OpenItem.objects.filter(id__in=items).values_list("id", "document_number"))

    def said(account: str | None, paid: Iterable[str]) -> Said:
        known = tuple(documents[int(item)] for item in paid if int(item) in documents)
        return Said(names.get(_number(account) or 0, ""), known)

    found = []
    for one in told:
        number, is_receipt = int(one["line_id"][1:]), one["line_id"].startswith("r")
        row: Receipt | BankLine | None = receipts.get(number) if is_receipt else lines.get(number)
        if row is not None:
            found.append(
                WrongLine(
                    page="receipt" if is_receipt else "bank_line",
                    public_id=public_id("rcp" if is_receipt else "bln", number),
                    day=row.value_date,
                    amount_minor=row.amount_minor,
                    currency=row.currency,
                    books=said(one["customer_id"], one["items"]),
                    matcher=said(one["said_customer_id"], one["said_items"]),
                    percent=round(100 * one["confidence"], 1),
                )
            )
    return found


def _numbers(kind: str, told: Iterable[dict[str, Any]]) -> set[int]:
    return {int(one["line_id"][1:]) for one in told if one["line_id"].startswith(kind)}


def _number(text: str | None) -> int | None:
    return int(text) if text else None
