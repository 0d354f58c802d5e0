"""Other forms of an ageing: turned wide, and with the places its currencies have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from huikuan.core.money import EXPONENTS
from huikuan.engines.age_inputs import open_duckdb
from huikuan.engines.age_options import AgeOptions
from huikuan.engines.age_sql import wide_sql


def to_places(table: Any) -> Any:
    """Exact decimals with no more places than the table's currencies have (four where one is not known)."""
    currencies = table.column("currency").unique().to_pylist()
    places = max((EXPONENTS.get(currency, 4) for currency in currencies), default=2)
    for index, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type) and field.type.scale > places:
            try:
                exact = table.column(index).cast(pa.decimal128(38, places))
            except pa.ArrowInvalid:
                continue  # amounts finer than their currency: shown as they are
            table = table.set_column(index, field.name, exact)
    return table


def widen(table: Any, by: Sequence[str], buckets: Sequence[int]) -> Any:
    """The long form turned: one row per group and currency, sorted, a column per bucket (zero where empty),
    ``unapplied``, ``total`` and ``items``."""
    options = AgeOptions(as_of=date.max, by=by, buckets=buckets)
    amount = table.schema.field("open_amount").type
    with open_duckdb() as con:
        con.register("aged_long", table)
        sql = wide_sql("aged_long", options, "open_amount", f"DECIMAL({amount.precision},{amount.scale})")
        return con.sql(sql).to_arrow_table()
