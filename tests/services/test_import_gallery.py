"""Bad files, each with what it is told: a clear error or a visible warning, and nothing half-written."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import pytest

from huikuan.core.refusals import BadData
from huikuan.services import imports
from huikuan.services.customers import add_entity
from huikuan.store.models import Customer, ImportBatch, JournalEntry, OpenItem
from tests.databases import LedgerDb

pytestmark = pytest.mark.practice("K7")

HEAD = "item_id,customer_id,customer_name,document_date,due_date,currency,amount\n"
GOOD = "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\n"


def _xlsx(cells: bytes, size: int = 0) -> bytes:
    """A workbook with one sheet holding ``cells`` (XML rows); ``size`` zero bytes of padding make a bomb."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
        book.writestr("xl/workbook.xml", b" " * size + b"<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>" + cells + b"</sheetData></worksheet>")
    return out.getvalue()


REFUSED: dict[str, tuple[str, bytes, str, int | None]] = {
    "not text": ("items.csv", b"\x00\x01\x02" * 500, "file.binary", None),
    "neither UTF-8 nor GB18030": ("items.csv", HEAD.encode() + b"\xff\xfe\xfd,C1\n", "file.encoding", None),
    "empty": ("items.csv", b"", "file.empty", None),
    "cut off inside a quote": ("items.csv", (HEAD + 'I1,C1,"A').encode(), "file.quote", None),
    "half a workbook": ("items.xlsx", _xlsx(b"")[:200], "file.broken", None),
    "a zip bomb": ("items.xlsx", _xlsx(b"", 400_000_000), "file.zip_bomb", None),
    "a picture called a workbook": ("items.xlsx", b"\x89PNG\r\n\x1a\n" * 50, "file.wrong_content", None),
    "an old workbook": ("items.xls", b"\xd0\xcf\x11\xe0" * 50, "file.unknown_type", None),
    "half a Parquet file": ("items.parquet", b"PAR1" + b"x" * 100, "file.wrong_content", None),
    "headings missing": ("items.csv", b"a,b\n1,2\n", "column.missing", None),
    "zero amount": ("items.csv", (HEAD + GOOD.replace("100.00", "0.00")).encode(), "item.zero_amount", 2),
    "negative invoice": ("items.csv", (HEAD + GOOD.replace("100.00", "-5.00")).encode(), "item.negative", 2),
    "unknown currency": ("items.csv", (HEAD + GOOD.replace("CNY", "XXQ")).encode(), "money.unknown_currency", 2),
    "too many decimals": ("items.csv", (HEAD + GOOD.replace("100.00", "10.0051")).encode(), "money.too_precise", 2),
    "before 1900": ("items.csv", (HEAD + GOOD.replace("2026-01-05", "1899-12-31")).encode(), "date.out_of_range", 2),
    "no such day": ("items.csv", (HEAD + GOOD.replace("2026-01-05", "2026-02-30")).encode(), "date.unparseable", 2),
    "the same number twice": ("items.csv", (HEAD + GOOD + GOOD).encode(), "key.duplicate", 2),
    "no customer": ("items.csv", (HEAD + GOOD.replace("C1,A", ",A")).encode(), "cell.missing", 2),
    "a formula as a number": ("items.csv", (HEAD + GOOD.replace("100.00", "=1+1")).encode(), "money.unparseable", 2),
    "no rate": ("items.csv", (HEAD + GOOD.replace("CNY", "USD")).encode(), "exchange.no_rate", 2),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_its_reason_and_nothing_written(case: str, sqlite_db: LedgerDb, now: datetime) -> None:
    add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    name, data, code, row = REFUSED[case]
    found = imports.preview_upload(actor_id=None, now=now, file_name=name, data=data, kind="items")
    assert code in [error.code for error in found.errors], [str(error) for error in found.errors]
    error = next(error for error in found.errors if error.code == code)
    assert error.file == name and error.reason and (row is None or error.row == row)
    with pytest.raises(BadData):
        imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert not (OpenItem.objects.exists() or Customer.objects.exists() or JournalEntry.objects.exists())
    assert ImportBatch.objects.get().state == "staged"


def test_due_before_document_date_is_a_warning(sqlite_db: LedgerDb, now: datetime) -> None:
    add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    data = (HEAD + GOOD.replace("2026-02-05", "2025-12-31")).encode()
    found = imports.preview_upload(actor_id=None, now=now, file_name="items.csv", data=data, kind="items")
    assert [warning.code for warning in found.warnings] == ["item.due_before_document"]
    assert imports.publish(batch_id=found.batch_id, actor_id=None, now=now).rows == 1


def test_texts_that_look_like_formulas_or_quotes_are_only_texts(sqlite_db: LedgerDb, now: datetime) -> None:
    add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    name = "=cmd|' /C calc'!A0"
    odd = "O'Brien; DROP TABLE store_openitem --"
    data = HEAD + f'I1,C1,"{name}",2026-01-05,2026-02-05,CNY,1.00\nI\'2,C\'2,"{odd}",2026-01-05,2026-02-05,CNY,1.00\n'
    found = imports.preview_upload(actor_id=None, now=now, file_name="it'ems.csv", data=data.encode(), kind="items")
    assert not found.errors_total
    imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert sorted(Customer.objects.values_list("name", flat=True)) == sorted([name, odd])
    again = imports.preview_upload(actor_id=None, now=now, file_name="it'ems.csv", data=data.encode(), kind="items")
    assert again.changes["unchanged"] == 2


def test_three_errors_among_many_rows_are_all_named(sqlite_db: LedgerDb, now: datetime) -> None:
    add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    count = 120_000
    lines = [f"I{number},C{number % 50},A,2026-01-05,2026-02-05,CNY,100.00\n" for number in range(count)]
    lines[7] = lines[7].replace("100.00", "x")
    lines[60_000] = lines[60_000].replace("2026-01-05", "never")
    lines[count - 1] = lines[9]
    data = (HEAD + "".join(lines)).encode()
    found = imports.preview_upload(actor_id=None, now=now, file_name="items.csv", data=data, kind="items")
    assert sorted((error.row, error.code) for error in found.errors) == [
        (9, "money.unparseable"),
        (11, "key.duplicate"),
        (60_002, "date.unparseable"),
        (count + 1, "key.duplicate"),
    ]
    assert (found.rows_total, found.rows_good) == (count, count - 4)
    assert not JournalEntry.objects.exists()
