"""``huikuan.age`` in a notebook: any kind of table in, the same kind out."""

from __future__ import annotations

import warnings
from datetime import date
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import huikuan
from huikuan.core.refusals import BadData

pytestmark = pytest.mark.practice("D3")

AS_OF = date(2026, 3, 31)
ITEMS = {
    "item_id": ["INV-1", "INV-2"],
    "customer_id": ["C1", "C2"],
    "document_date": ["2026-01-05", "2026-03-01"],
    "due_date": ["2026-02-04", "2026-03-31"],
    "amount": ["1000.00", "12.30"],
}
APPLICATIONS = {"application_id": ["A"], "item_id": ["INV-1"], "amount": ["400.00"], "effective_date": ["2026-03-01"]}
EXPECTED = [
    {"customer_id": "C1", "currency": "CNY", "bucket": "31-60", "open_amount": Decimal(600), "items": 1},
    {"customer_id": "C2", "currency": "CNY", "bucket": "not_due", "open_amount": Decimal("12.30"), "items": 1},
]


@pytest.mark.parametrize("kind", [pa.table, pl.DataFrame, pd.DataFrame])
def test_the_answer_comes_in_the_kind_that_was_given(kind: type) -> None:
    answer = huikuan.age(kind(ITEMS), kind(APPLICATIONS), as_of=AS_OF, currency="CNY")
    assert isinstance(answer, type(kind(ITEMS)))
    rows = {pa.Table: "to_pylist", pl.DataFrame: "to_dicts"}.get(type(answer))
    found = getattr(answer, rows)() if rows else answer.to_dict("records")
    assert found == EXPECTED


def test_faults_are_all_raised_and_oddities_warned_of() -> None:
    wrong = {**ITEMS, "amount": ["much", "little"]}
    with pytest.raises(BadData) as refused:
        huikuan.age(pa.table(wrong), as_of=AS_OF, currency="CNY")
    assert refused.value.total == 2
    over = pa.table({**APPLICATIONS, "amount": ["1400.00"]})
    with pytest.warns(huikuan.UnusualData, match="opposite sign"):
        huikuan.age(pa.table(ITEMS), over, as_of=AS_OF, currency="CNY")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wide = huikuan.age(pa.table(ITEMS), as_of=AS_OF, currency="CNY", wide=True)
    assert wide.column("total").to_pylist() == [Decimal(1000), Decimal("12.30")]


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError):
        _ = huikuan.aging
