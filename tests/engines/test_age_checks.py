"""What the engine reports, what it refuses, and that it answers over the ledger's mirror as over files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huikuan.core.refusals import BadData, Refusal
from huikuan.engines.age import (
    AgeOptions,
    age,
    age_answer,
    age_relations,
    open_items,
)
from huikuan.engines.age_forms import to_places, widen
from huikuan.engines.age_relations import describe_facts, run_bridge, run_open_items
from tests.engines.ageing_histories import APPLICATION_COLUMNS, ITEM_COLUMNS, RECEIPT_COLUMNS

pytestmark = pytest.mark.practice("D3", "D1")

AS_OF = date(2026, 3, 31)


def rows(columns: dict[str, Any], *given: dict[str, Any], **every: Any) -> pa.Table:
    lines = [{**every, **row} for row in given]
    names = dict.fromkeys(name for line in lines for name in line)
    return pa.table(
        {name: pa.array([line.get(name) for line in lines], columns.get(name, pa.string())) for name in names}
    )


def items(*given: dict[str, Any], **every: Any) -> pa.Table:
    base = {"customer_id": "C1", "currency": "CNY", "document_date": date(2026, 3, 1), "due_date": date(2026, 3, 1)}
    return rows(ITEM_COLUMNS, *given, **{**base, **every})


def applications(*given: dict[str, Any], **every: Any) -> pa.Table:
    return rows(
        {**APPLICATION_COLUMNS, "currency": pa.string()}, *given, **{"posting_date": date(2026, 3, 10), **every}
    )


def receipts(*given: dict[str, Any], **every: Any) -> pa.Table:
    base = {"customer_id": "C1", "currency": "CNY", "posting_date": date(2026, 3, 10)}
    return rows(RECEIPT_COLUMNS, *given, **{**base, **every})


def owe(item_id: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"item_id": item_id, "amount": Decimal(amount), **more}


def warned(*tables: Any, **asked: Any) -> dict[str, str]:
    answer = age_answer(*tables, **{"as_of": AS_OF, **asked})
    return {warning.code: warning.reason for warning in answer.warnings}


def test_over_applied_items_are_shown_and_reported() -> None:
    tables = items(owe("A", "100"), owe("B", "-50")), applications(owe("A", "130"), owe("B", "-60"))
    answer = age_answer(*tables, as_of=AS_OF)
    assert answer.table.column("open_amount").to_pylist() == [Decimal(-20)]
    assert answer.table.column("items").to_pylist() == [2]
    reason = "items applied by more than they amount to, which show with the opposite sign (2): A, ..."
    assert warned(*tables) == {"ageing.over_applied": reason}


def test_applications_before_their_item_are_reported_even_while_the_item_is_to_come() -> None:
    tables = items(owe("A", "100", document_date=date(2026, 4, 5))), applications(owe("A", "100"))
    days = "A (2026-03-10 before 2026-04-05)"
    expected = f"applications dated before their item, which count from the item's day (1): {days}"
    for as_of in (AS_OF, date(2026, 4, 30)):
        assert warned(*tables, as_of=as_of) == {"ageing.application_before_item": expected}
    assert warned(*tables, as_of=date(2026, 3, 9)) == {}


def test_settlement_before_the_item_is_reported() -> None:
    early = items(owe("A", "100", settled_date=date(2026, 2, 1)))
    assert list(warned(early)) == ["ageing.settled_before_item"]
    assert age(early, as_of=AS_OF).num_rows == 0


def test_unknown_items_and_receipts_are_reported() -> None:
    tables = (
        items(owe("A", "100")),
        applications(owe("Z", "5", receipt_id="R9")),
        receipts({"receipt_id": "R1", "amount": Decimal(5)}),
    )
    assert set(warned(*tables)) == {"ageing.unknown_item", "ageing.unknown_receipt"}


def test_receipts_over_used_or_used_before_they_came_are_reported() -> None:
    owed, used = items(owe("A", "100")), applications(owe("A", "30", receipt_id="R1"))
    assert list(warned(owed, used, receipts({"receipt_id": "R1", "amount": Decimal(20)}))) == [
        "ageing.receipt_over_used"
    ]
    later = receipts({"receipt_id": "R1", "amount": Decimal(30), "posting_date": date(2026, 3, 20)})
    assert list(warned(owed, used, later)) == ["ageing.application_before_receipt"]
    given_back = receipts({"receipt_id": "R1", "amount": Decimal(-30)})
    assert warned(owed, None, given_back) == {}


def test_currencies_that_do_not_fit_are_refused_all_at_once() -> None:
    owed = items(owe("A", "1"), owe("B", "1", currency="USD"))
    with pytest.raises(BadData) as refused:
        age(
            owed, applications(owe("A", "1"), owe("B", "1"), owe("A", "1", currency="USD"), currency="EUR"), as_of=AS_OF
        )
    assert refused.value.total == 3
    assert {error.code for error in refused.value.errors} == {"ageing.currency_mismatch"}
    with pytest.raises(BadData) as refused:
        age(
            owed,
            applications(owe("B", "1", receipt_id="R")),
            receipts({"receipt_id": "R", "amount": Decimal(1)}),
            as_of=AS_OF,
        )
    assert str(refused.value.errors[0]) == (
        "applications:currency: an application in USD cannot count against receipt R in CNY"
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t.drop_columns(["amount"]), "ageing.missing_column"),
        (lambda t: t.set_column(1, "amount", pa.array([1.5])), "ageing.column_type"),
        (lambda t: t.set_column(1, "amount", pa.array([None], ITEM_COLUMNS["amount"])), "ageing.missing_value"),
        (lambda t: t.set_column(1, "amount", pa.array([Decimal("0.00001")])), "ageing.column_type"),
        (lambda t: t.set_column(4, "document_date", pa.array(["2026-03-01"])), "ageing.column_type"),
        (lambda t: t.set_column(4, "document_date", pa.array([None], pa.date32())), "ageing.missing_value"),
    ],
)
def test_tables_that_cannot_be_aged_exactly_are_refused(change: Any, code: str) -> None:
    table = items(owe("A", "100")).select(["item_id", "amount", "customer_id", "currency", "document_date"])
    assert age(table, as_of=AS_OF).num_rows == 1
    with pytest.raises(Refusal) as refused:
        age(change(table), as_of=AS_OF)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"by": ("colour",)}, "ageing.unknown_column"),
        ({"by": ("items",)}, "ageing.bad_by"),
        ({"buckets": (0, 30, 30)}, "ageing.bad_buckets"),
        ({"basis": "cash"}, "ageing.bad_choice"),
        ({"known_on": datetime(2026, 3, 1)}, "ageing.bad_known_on"),  # noqa: DTZ001 - the point of the test
    ],
)
def test_questions_that_make_no_sense_are_refused(asked: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        age(items(owe("A", "100")), **{"as_of": AS_OF, **asked})
    assert refused.value.code == code


def test_names_and_texts_are_quoted() -> None:
    odd = items(owe("A'; DROP TABLE x; --", "100", **{'a "strange" name': "o'clock"}))
    table = age(odd, as_of=AS_OF, by=('a "strange" name', "item_id"))
    assert table.to_pylist()[0]['a "strange" name'] == "o'clock"


def test_a_bare_date_of_known_on_is_its_end_in_utc() -> None:
    table = items(owe("A", "100", recorded_at=datetime(2026, 3, 5, 23, 59, tzinfo=UTC)))
    assert age(table, as_of=AS_OF, known_on=date(2026, 3, 5)).num_rows == 1
    assert age(table, as_of=AS_OF, known_on=date(2026, 3, 4)).num_rows == 0


def test_amounts_are_exact_beyond_floats() -> None:
    table = items(owe("A", "99999999999999.9999"), owe("B", "0.0001"), owe("C", "99999999999999.9999"))
    assert age(table, as_of=AS_OF).column("open_amount").to_pylist() == [Decimal("199999999999999.9999")]


def test_wide_and_with_the_places_of_the_currencies() -> None:
    long = age(items(owe("A", "60"), owe("B", "-10", due_date=AS_OF), owe("C", "7", currency="JPY")), as_of=AS_OF)
    assert to_places(long).column("open_amount").to_pylist() == [Decimal("-10.00"), Decimal("60.00"), Decimal("7.00")]
    assert to_places(long.slice(2)).column("open_amount").type == pa.decimal128(38, 0)
    wide = widen(to_places(long), ("customer_id",), (0, 30, 60, 90)).to_pylist()
    assert [(row["currency"], row["not_due"], row["1-30"], row[">90"], row["total"], row["items"]) for row in wide] == [
        ("CNY", Decimal(-10), Decimal(60), Decimal(0), Decimal(50), 2),
        ("JPY", Decimal(0), Decimal(7), Decimal(0), Decimal(7), 1),
    ]


def test_parquet_files_are_aged_where_they_lie(tmp_path: Path) -> None:
    tables = items(owe("A", "100"), owe("B", "70", settled_date=date(2026, 3, 2))), applications(owe("A", "30"))
    for name, table in zip(("items", "applications"), tables, strict=True):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    paths = tmp_path / "items.parquet", tmp_path / "applications.parquet"
    assert age(*paths, as_of=AS_OF) == age(*tables, as_of=AS_OF)
    assert open_items(*paths, as_of=AS_OF).to_pylist() == [
        {
            "item_id": "A",
            "customer_id": "C1",
            "currency": "CNY",
            "amount": Decimal(100),
            "open_amount": Decimal(70),
            "days_past_due": 30,
            "bucket": "1-30",
        }
    ]


@pytest.fixture
def ledger() -> duckdb.DuckDBPyConnection:
    """Relations as the ledger's mirror has them: integer keys, minor units, a sealed sequence instead of instants."""
    con = duckdb.connect()
    con.execute(
        """
        CREATE TABLE item AS SELECT * FROM (VALUES
            (1, 1::BIGINT, 10::BIGINT, 'CNY', 10000::BIGINT, DATE '2026-03-01', DATE '2026-02-27', DATE '2026-03-15'),
            (2, 2, 11, 'JPY', 700, DATE '2026-03-05', DATE '2026-03-05', DATE '2026-04-30'))
            t(ledger_seq, item_id, customer, currency, amount, posting_date, effective_date, due_date);
        CREATE TABLE applied AS SELECT * FROM (VALUES
            (3, 1::BIGINT, 4000::BIGINT, DATE '2026-03-20', DATE '2026-03-10'),
            (5, 1, -4000, DATE '2026-03-25', DATE '2026-03-25'))
            t(ledger_seq, item_id, amount, posting_date, effective_date);
        CREATE TABLE cash AS SELECT * FROM (VALUES
            (3, 7::BIGINT, 10::BIGINT, 'CNY', 5000::BIGINT, DATE '2026-03-20'),
            (3, 7, 10, 'CNY', -4000, DATE '2026-03-20'))
            t(ledger_seq, receipt_id, customer, currency, amount, posting_date);
        """
    ).fetchall()
    return con


def test_the_ledgers_relations(ledger: duckdb.DuckDBPyConnection) -> None:
    names = {"items": "item", "applications": "(SELECT * FROM applied)", "receipts": "cash"}
    options = AgeOptions(as_of=AS_OF, known_seq=3, by=("customer",))
    table = age_relations(ledger, **names, options=options)
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        (10, "CNY", "1-30", 6000, 1),
        (10, "CNY", "unapplied", -1000, 1),
        (11, "JPY", "not_due", 700, 1),
    ]
    assert table.schema.field("open_minor").type == pa.int64()
    later = age_relations(ledger, **names, options=AgeOptions(as_of=AS_OF, known_seq=5, by=()))
    assert later.column("open_minor").to_pylist() == [10000, -1000, 700]


def test_the_ledgers_drill_down_and_bridge(ledger: duckdb.DuckDBPyConnection) -> None:
    options = AgeOptions(as_of=date(2026, 3, 12), by=(), basis="effective")
    facts = describe_facts(ledger, options, "item", "applied", "cash")
    drilled = run_open_items(ledger, facts, options, ["due_date"])
    assert drilled.select(["item_id", "due_date", "open_minor", "days_past_due"]).to_pylist()[0] == {
        "item_id": 1,
        "due_date": date(2026, 3, 15),
        "open_minor": 6000,
        "days_past_due": -3,
    }
    bridge = run_bridge(ledger, facts, options)
    assert [tuple(row.values()) for row in bridge.to_pylist()] == [
        ("CNY", "posting_total", 10000, 1),
        ("CNY", "applications_earlier", -4000, 1),
        ("CNY", "effective_total", 6000, 1),
        ("JPY", "posting_total", 700, 1),
        ("JPY", "effective_total", 700, 1),
    ]
