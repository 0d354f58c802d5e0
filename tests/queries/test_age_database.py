"""``huikuan age`` on the database: groups, entities, exact decimals, the bridge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from huikuan.core.refusals import Refusal
from huikuan.queries.ageing import age_database
from huikuan.queries.control import control_accounts
from tests.queries.conftest import Shop

pytestmark = pytest.mark.practice("J1", "D3")
LAST = date(2026, 3, 31)


def test_by_the_sources_numbers(shop: Shop) -> None:
    answer = age_database(as_of=LAST, by=("customer_id", "customer"))
    assert answer.table.schema.field("open_amount").type == pa.decimal128(38, 4)
    assert answer.provisional
    rows = {(row["customer_id"], row["bucket"]): (row["open_amount"], row["items"]) for row in answer.table.to_pylist()}
    assert rows == {
        ("M1", "not_due"): (Decimal("25097.98"), 1),
        ("M1", "1-30"): (Decimal("500"), 1),
        ("M1", "61-90"): (Decimal("450"), 1),
        ("M1", "unapplied"): (Decimal("-200"), 1),
        ("A1", "31-60"): (Decimal("800"), 1),
        ("D1", "31-60"): (Decimal("400"), 1),
    }


def test_by_facts_of_the_item_and_for_one_entity(shop: Shop) -> None:
    answer = age_database(as_of=LAST, by=("entity", "region"), entity="CN", buckets=(0, 365))
    found = {(row["entity"], row["region"], row["currency"], row["bucket"]) for row in answer.table.to_pylist()}
    assert found == {
        ("CN", "east", "CNY", "not_due"),
        ("CN", "east", "CNY", "1-365"),
        ("CN", "north", "CNY", "1-365"),
        ("CN", None, "USD", "1-365"),
        ("CN", None, "CNY", "unapplied"),
    }, "an item without a region and money, which has none, are one group"
    for asked, code in (({"entity": "XX"}, "entity.unknown"), ({"by": ("phone",)}, "ageing.unknown_column")):
        with pytest.raises(Refusal) as refused:
            age_database(as_of=LAST, **asked)
        assert refused.value.code == code


def test_as_known_at_an_instant(shop: Shop) -> None:
    sealed = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    known = age_database(as_of=LAST, known_on=sealed)
    before = age_database(as_of=LAST, known_on=sealed - timedelta(microseconds=1))
    assert not known.provisional
    assert known.known_seq == 6
    assert (before.table.num_rows, before.known_seq) == (0, 0)
    assert sum(row["items"] for row in known.table.to_pylist()) == 6


def test_control_accounts_stand_beside_their_open_rows(shop: Shop) -> None:
    rows = {(row.entity_code, row.ledger_account, row.currency): row for row in control_accounts(shop.frame())}
    assert {key: row.posted_minor for key, row in rows.items()} == {
        ("CN", "trade", "CNY"): 45_000 + 50_000 + 25_097_98,
        ("CN", "trade", "USD"): 80_000,
        ("CN", "unapplied", "CNY"): -20_000,
        ("CN", "suspense", "CNY"): -7_700,
        ("DE", "trade", "EUR"): 40_000,
    }
    assert all(row.difference_minor == 0 for row in rows.values())
