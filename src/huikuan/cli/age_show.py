"""An ageing for the eyes (aligned columns, one table per currency) and for machines (JSON)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from huikuan.cli.language import MORE, WARNING, fault_line, language_here, say
from huikuan.core.ageing import BRIDGE_LINES, UNAPPLIED, bucket_labels
from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import DataError

BRIDGE_WORDS = {
    BRIDGE_LINES[0]: "Total on the posting basis",
    BRIDGE_LINES[1]: "Items that happened by the day and were posted after it",
    BRIDGE_LINES[2]: "Items posted by the day that happened after it",
    BRIDGE_LINES[3]: "Applications that happened by the day and were posted after it",
    BRIDGE_LINES[4]: "Applications posted by the day that happened after it",
    BRIDGE_LINES[5]: "Unapplied cash",
    BRIDGE_LINES[6]: "Total on the effective basis",
}


def format_amount(amount: Decimal, currency: str) -> str:
    """``1234.5, CNY`` → ``1,234.50``: thousands separators, the currency's places, more only where they are needed."""
    places = max(EXPONENTS.get(currency, 0), -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{places}f}"


def plain_amount(amount: Decimal, currency: str) -> str:
    return format_amount(amount, currency).replace(",", "")


def width_of(text: str) -> int:
    """Columns a text takes on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def align(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Rows of cells → lines; the first ``left`` columns are flush left, the others right."""
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - width_of(cell))
            cells.append(cell + space if place < left else space + cell)
        lines.append("  ".join(cells).rstrip())
    return lines


def show_ageing(table: Any, by: Sequence[str], buckets: Sequence[int]) -> Iterable[str]:
    """A long ageing as one aligned table per currency, buckets across, with totals and the number of open items."""
    by = [name for name in by if name != "currency"]
    found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for row in table.to_pylist():
        group = tuple(row[name] for name in by)
        cells = found.setdefault(row["currency"], {}).setdefault(group, {"items": 0})
        cells[row["bucket"]] = row["open_amount"]
        # Receipts are no items: the pages and the totals for machines count as here.
        cells["items"] += 0 if row["bucket"] == UNAPPLIED else row["items"]
    if not found:
        yield "Nothing is open."
    for currency in sorted(found):
        groups = found[currency]
        used = any(UNAPPLIED in cells for cells in groups.values())
        labels = [*bucket_labels(buckets), *([UNAPPLIED] if used else [])]
        lines = [[*by, *labels, "total", "items"]]
        lines += [[*map(_text, group), *_cells(cells, labels, currency)] for group, cells in groups.items()]
        if by:
            together: dict[str, Any] = {
                label: sum((cells[label] for cells in groups.values() if label in cells), Decimal(0))
                for label in [*labels, "items"]
            }
            lines.append(["total", *[""] * (len(by) - 1), *_cells(together, labels, currency)])
        shown = align(lines, len(by))
        rule = "-" * max(map(width_of, shown))
        yield from ("", currency, shown[0], rule)
        yield from ((*shown[1:-1], rule, shown[-1]) if by else shown[1:])


def _text(value: object) -> str:
    return "" if value is None else "".join(c if c.isprintable() else " " for c in str(value))


def _cells(cells: dict[str, Any], labels: Sequence[str], currency: str) -> list[str]:
    shown = [format_amount(cells[label], currency) if cells.get(label) else "-" for label in labels]
    total = sum((cells[label] for label in labels if label in cells), Decimal(0))
    return [*shown, format_amount(total, currency), f"{int(cells['items']):,}"]


def show_bridge(bridge: Any) -> Iterable[str]:
    """The walk from the posting to the effective basis, per currency."""
    rows = bridge.to_pylist()
    for currency in dict.fromkeys(row["currency"] for row in rows):
        lines = [["", currency, "records"]]
        lines += [
            [BRIDGE_WORDS[row["line"]], format_amount(row["amount"], currency), f"{row['records']:,}"]
            for row in rows
            if row["currency"] == currency
        ]
        yield from ("", *align(lines, 1))


def totals_of(table: Any) -> list[dict[str, Any]]:
    """Per currency of a long ageing: the total, what of it is unapplied cash, and the number of open items."""
    found: dict[str, dict[str, Any]] = {}
    for row in table.select(["currency", "bucket", "open_amount", "items"]).to_pylist():
        total = found.setdefault(
            row["currency"], {"currency": row["currency"], "total": Decimal(0), "unapplied": Decimal(0), "items": 0}
        )
        total["total"] += row["open_amount"]
        if row["bucket"] == UNAPPLIED:
            total["unapplied"] += row["open_amount"]
        else:
            total["items"] += row["items"]
    return [found[currency] for currency in sorted(found)]


def plain_rows(table: Any) -> list[dict[str, Any]]:
    """Rows for JSON: amounts as exact strings with the currency's places, dates and others as text."""
    return [{name: _plain(value, row) for name, value in row.items()} for row in table.to_pylist()]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value, row) for name, value in row.items()}


def _plain(value: Any, row: dict[str, Any]) -> Any:
    if isinstance(value, Decimal):
        return plain_amount(value, row["currency"])
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def show_warnings(warnings: Sequence[DataError], most: int = 20) -> Iterable[str]:
    lang = language_here()
    head = say(WARNING, lang)
    for warning in warnings[:most]:
        yield f"{head}: {fault_line(warning, lang)}"
    if len(warnings) > most:
        yield f"{head}: {say(MORE, lang, n=len(warnings) - most)}"
