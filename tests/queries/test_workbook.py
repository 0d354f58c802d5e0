"""The ageing as a workbook: the screen's figures, exact, in a file in which nothing runs."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from huikuan.core.accounts import ItemKind
from huikuan.queries.ageing import ageing_export, ageing_page
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.items import NewItem, post_items
from tests.queries.conftest import MARCH, Shop

pytestmark = pytest.mark.practice("J1")


def read(data: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def table_of(rows: list[list[Any]], first: str) -> list[list[Any]]:
    start = next(place for place, row in enumerate(rows) if row[0] == first)
    return rows[start:]


def test_the_workbook_is_the_screen(shop: Shop) -> None:
    rows = read(ageing_export(shop.frame(), language="en"))
    assert rows[0][0] == "Ageing as of 2026-03-31"
    table = table_of(rows, "Customer")
    assert table[0][1:] == [
        "Currency",
        "Not due",
        "1-30 days",
        "31-60 days",
        "61-90 days",
        ">90 days",
        "Unapplied",
        "Total",
        "Items",
    ]
    page = ageing_page(shop.frame())
    assert [row[0] for row in table[1:]] == [row.label for row in page.rows.rows] + ["Total"] * 3
    first = table[1]
    assert [None if cell is None else Decimal(str(cell)) for cell in first[2:9]] == [
        Decimal("25097.98"),
        Decimal("500"),
        None,
        Decimal("450"),
        None,
        Decimal("-200"),
        Decimal("25847.98"),
    ]
    assert first[9] == 3
    totals = {row[1]: row[8] for row in table if row[0] == "Total"}
    assert totals == {"CNY": 25847.98, "EUR": 400, "USD": 800}


def test_the_workbook_in_chinese_and_of_a_question(shop: Shop) -> None:
    rows = read(
        ageing_export(
            shop.frame(as_of=date(2026, 2, 28), known_on=date(2026, 2, 28), entity=shop.cn),
            by="region",
            buckets=(0, 15),
            bucket_by="document",
            basis="effective",
            currency="CNY",
            language="zh-hans",
        )
    )
    text = " ".join(str(cell) for row in rows for cell in row if cell is not None)
    assert "华东销售有限公司 (CN)" in text
    assert "2026-02-28" in text
    assert "east" in text
    assert "Customer" not in text


def test_cells_that_look_like_formulas_stay_text(shop: Shop) -> None:
    who: dict[str, Any] = {"actor_id": None, "now": MARCH}
    name = '=HYPERLINK("http://example.com","x")'
    account = add_customers(shop.cn, [NewCustomer("F1", name)], source="erp", **who)["F1"]
    large = 12_345_678_901_234_567
    new = [
        NewItem(account, "F1-1", date(2026, 3, 1), date(2026, 3, 1), "CNY", large),
        NewItem(account, "F1-2", date(2026, 3, 1), date(2026, 3, 1), "CNY", -1, kind=ItemKind.CREDIT_MEMO),
    ]
    post_items(shop.cn, new, **who)
    book = openpyxl.load_workbook(io.BytesIO(ageing_export(shop.frame(), search="hyperlink")))
    cells = [cell for row in book.active.iter_rows() for cell in row]  # type: ignore[union-attr]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(cell.value == name for cell in cells)
    # More digits than a spreadsheet's numbers hold: written as text, none lost.
    assert any(cell.value == "123456789012345.66" for cell in cells)


def test_an_empty_ageing_is_an_empty_table(shop: Shop) -> None:
    rows = read(ageing_export(shop.frame(as_of=date(2020, 1, 1)), language="en"))
    assert table_of(rows, "Customer")[1:] == []
