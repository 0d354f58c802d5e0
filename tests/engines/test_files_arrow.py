"""Tables given by a program: Arrow, Polars and pandas frames are checked and completed as files are."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huikuan.core.refusals import BadData, Refusal
from huikuan.engines.files import Limits, iter_chunks, normalise, read_table, to_arrow
from huikuan.engines.schemas import arrow_schema

ROWS: dict[str, list[Any]] = {
    "item_id": ["1", "2"],
    "customer_id": ["C", "D"],
    "document_date": [date(2026, 1, 5), date(2026, 1, 6)],
    "due_date": [date(2026, 2, 5), date(2026, 2, 6)],
    "currency": ["CNY", "JPY"],
    "amount": [12.5, 7.0],
}


def pandas_frame() -> Any:
    frame = pd.DataFrame(ROWS)
    frame["document_date"] = pd.to_datetime(frame["document_date"])
    return frame


@pytest.mark.parametrize(
    "frame",
    [pa.table(ROWS), pa.table(ROWS).to_batches()[0], pa.table(ROWS).to_reader(), pl.DataFrame(ROWS), pandas_frame(),
     pl.DataFrame(ROWS).lazy(), pl.DataFrame(ROWS).with_columns(pl.col("currency").cast(pl.Categorical))],
    ids=["table", "batch", "reader", "polars", "pandas", "lazy", "categories"],
)  # fmt: skip
def test_frames_of_every_make(frame: Any) -> None:
    table = normalise(frame, "items").table
    assert table.schema == arrow_schema("items")
    assert table["amount"].to_pylist() == [Decimal("12.5"), Decimal(7)]
    assert table["document_date"].to_pylist() == ROWS["document_date"]
    assert table["posting_date"].to_pylist() == ROWS["document_date"]


def test_what_is_no_table() -> None:
    for thing in (5, "x", None, [1, 2], {"a": 1}):
        with pytest.raises(Refusal, match="not a table"):
            to_arrow(thing)


def test_a_complete_table_comes_back_the_same() -> None:
    table = normalise(pa.table(ROWS), "items").table
    assert normalise(table, "items").table == table


def test_faults_name_rows_as_if_the_headings_were_row_one() -> None:
    bad = {**ROWS, "amount": [Decimal("1.5"), Decimal("1.5")], "item_id": ["1", "1"]}
    with pytest.raises(BadData) as refusal:
        normalise(pa.table(bad), "items", name="frame")
    assert [(error.file, error.row, error.code) for error in refusal.value.errors] == [
        ("frame", 2, "key.duplicate"), ("frame", 3, "key.duplicate"), ("frame", 3, "money.too_precise"),
    ]  # fmt: skip


def test_nulls_and_odd_types() -> None:
    with pytest.raises(BadData) as refusal:
        normalise(pa.table({**ROWS, "customer_id": pa.nulls(2)}), "items")
    assert [error.code for error in refusal.value.errors] == ["cell.missing", "cell.missing"]
    with pytest.raises(BadData) as refusal:
        normalise(pa.table({**ROWS, "amount": [[1], [2]]}), "items")
    assert refusal.value.errors[0].code == "column.type"
    with pytest.raises(BadData) as refusal:
        normalise(pa.table({**ROWS, "amount": [True, False]}), "items")
    assert {error.code for error in refusal.value.errors} == {"money.unparseable"}


def test_numbers_as_identifiers() -> None:
    table = normalise(pa.table({**ROWS, "item_id": [7, 8], "customer_id": [7.0, 8.0]}), "items").table
    assert table["item_id"].to_pylist() == ["7", "8"]
    assert table["customer_id"].to_pylist() == ["7", "8"]


def test_an_empty_table() -> None:
    result = normalise(pa.table(ROWS).slice(0, 0), "items")
    assert (result.rows, result.table.schema) == (0, arrow_schema("items"))
    assert [warning.code for warning in result.warnings] == ["file.no_rows"]


def test_parquet_streams(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({**{name: values[:1] * 500 for name, values in ROWS.items()}, "item_id": list(range(500))})
    pq.write_table(table, path, row_group_size=77)
    chunks = list(iter_chunks(path, "items", chunk_rows=100))
    assert sum(chunk.table.num_rows for chunk in chunks) == 500
    assert [number for chunk in chunks for number in chunk.rows.to_pylist()] == list(range(2, 502))
    with pytest.raises(BadData) as refusal:
        read_table(path, "items", limits=Limits(parquet_unpacked=100))
    assert refusal.value.errors[0].code == "file.too_large"


def test_parquet_with_naive_times(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({**ROWS, "recorded_at": [datetime(2026, 1, 5, 1), None]}), path)  # noqa: DTZ001
    with pytest.raises(BadData) as refusal:
        read_table(path, "items")
    assert [(error.row, error.code) for error in refusal.value.errors] == [(2, "instant.no_offset")]
