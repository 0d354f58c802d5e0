"""Other forms of an ageing: turned wide, in major units, with the places its currencies have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.money import EXPONENTS
from huikuan.engines.age_inputs import open_duckdb
from huikuan.engines.age_options import AgeOptions
from huikuan.engines.age_sql import wide_sql

EXACT = pa.decimal128(38, 4)


def to_major(table: Any, column: str = "open_minor", renamed: str = "open_amount") -> Any:
    """A table of minor units → exact major units (decimal128(38, 4)), by each row's ``currency``."""
    currencies = table.column("currency").unique().to_pylist()
    places = pa.array([Decimal(1).scaleb(-EXPONENTS[currency]) for currency in currencies], pa.decimal128(6, 4))
    factor = places.take(pc.index_in(table.column("currency").combine_chunks(), pa.array(currencies, pa.string())))
    minor = table.column(column).combine_chunks().cast(pa.decimal128(19, 0))
    major = pc.multiply(minor, factor).cast(EXACT)
    return table.set_column(table.schema.get_field_index(column), renamed, major)


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
