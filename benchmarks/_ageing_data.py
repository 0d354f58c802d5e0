"""Items with 1.6 applications each, deterministic, in no order: the worst case for an ageing as of the past."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BLOCK = 500_000
FIRST_DAY = np.datetime64("2023-07-01")
DAYS = 1095
AMOUNT = pa.decimal128(18, 4)


def make_files(folder: Path, rows: int) -> tuple[Path, Path]:
    """``items-N.parquet`` and ``applications-N.parquet`` in ``folder``, made block by block, kept if there."""
    items, applications = folder / f"items-{rows}.parquet", folder / f"applications-{rows}.parquet"
    if items.exists() and applications.exists():
        return items, applications
    made = items.with_suffix(".part"), applications.with_suffix(".part")
    writers: list[pq.ParquetWriter] = []
    for start in range(0, rows, BLOCK):
        tables = _block(start, min(BLOCK, rows - start), rows)
        writers = writers or [pq.ParquetWriter(path, part.schema) for path, part in zip(made, tables, strict=True)]
        for writer, part in zip(writers, tables, strict=True):
            writer.write_table(part)
    for writer, path, target in zip(writers, made, (items, applications), strict=True):
        writer.close()
        path.rename(target)
    return items, applications


def _block(start: int, count: int, rows: int) -> tuple[pa.Table, pa.Table]:
    chance = np.random.default_rng([20261121, start])
    number = np.arange(start, start + count)
    chance.shuffle(number)
    posted = chance.integers(0, DAYS, count)
    due = posted + chance.choice([0, 30, 60, 90], count, p=[0.05, 0.5, 0.3, 0.15])
    cents = np.maximum(100, np.exp(chance.normal(13, 1.5, count)).astype(np.int64))
    cents = np.where(chance.random(count) < 0.04, -(cents // 5) - 1, cents)
    currency = chance.choice(["CNY", "USD", "EUR"], count, p=[0.8, 0.12, 0.08])
    customer = chance.integers(0, max(10, rows // 50), count)
    kind = np.where(cents < 0, "credit_memo", "invoice")
    names = _names("INV-", number, 9)
    items = pa.table(
        {
            "item_id": names,
            "kind": pa.array(kind),
            "customer_id": _names("C", customer, 7),
            "document_date": _days(posted),
            "due_date": _days(due),
            "posting_date": _days(posted),
            "recorded_at": _instants(posted),
            "currency": pa.array(currency),
            "amount": _amounts(cents),
        }
    )
    times = chance.choice([0, 1, 2, 3, 4], count, p=[0.15, 0.35, 0.3, 0.15, 0.05])
    item = chance.permutation(np.repeat(np.arange(count), times))
    paid = due[item] - 10 + np.maximum(1, chance.gamma(2, 20, len(item)).astype(np.int64))
    paid = np.maximum(paid, posted[item])
    applications = pa.table(
        {
            "application_id": _names("A", np.arange(len(item)) + start * 4, 10),
            "item_id": names.take(pa.array(item)),
            "amount": _amounts(_shares(cents, times, item)),
            "currency": pa.array(currency[item]),
            "effective_date": _days(paid),
            "posting_date": _days(paid),
            "recorded_at": _instants(paid),
        }
    )
    return items, applications


def _shares(cents: Any, times: Any, item: Any) -> Any:
    """An even part of the item per application, in whole cents towards zero: nothing is over-applied."""
    return np.sign(cents[item]) * (np.abs(cents[item]) // times[item])


def _names(prefix: str, numbers: Any, width: int) -> Any:
    padded = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, padded, "")


def _days(offsets: Any) -> Any:
    return pa.array((FIRST_DAY + offsets).astype("datetime64[D]"))


def _instants(offsets: Any) -> Any:
    return pa.array((FIRST_DAY + offsets).astype("datetime64[us]"), pa.timestamp("us", tz="UTC"))


def _amounts(cents: Any) -> Any:
    """Integers of cents → decimal128(18, 4), by writing its 128-bit words."""
    words = np.empty((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents * 100
    words[:, 1] = np.where(cents < 0, -1, 0)
    return pa.Array.from_buffers(AMOUNT, len(cents), [None, pa.py_buffer(words.tobytes())])
