"""Random and written histories, as plain facts for the reference and as Arrow tables for the engine."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from huikuan.core.ageing import AgeingApplication, AgeingHistory, AgeingItem, AgeingQuestion, AgeingReceipt

AMOUNT = pa.decimal128(18, 4)
INSTANT = pa.timestamp("us", tz="UTC")
DAY = date(2026, 3, 1)

ITEM_COLUMNS = {
    "item_id": pa.string(),
    "customer_id": pa.string(),
    "region": pa.string(),
    "currency": pa.string(),
    "amount": AMOUNT,
    "posting_date": pa.date32(),
    "document_date": pa.date32(),
    "due_date": pa.date32(),
    "effective_date": pa.date32(),
    "recorded_at": INSTANT,
    "settled_date": pa.date32(),
    "open_amount": AMOUNT,
}
APPLICATION_COLUMNS = {
    "item_id": pa.string(),
    "amount": AMOUNT,
    "posting_date": pa.date32(),
    "effective_date": pa.date32(),
    "recorded_at": INSTANT,
    "receipt_id": pa.string(),
}
RECEIPT_COLUMNS = {
    "receipt_id": pa.string(),
    "customer_id": pa.string(),
    "currency": pa.string(),
    "amount": AMOUNT,
    "posting_date": pa.date32(),
    "effective_date": pa.date32(),
    "recorded_at": INSTANT,
}


def table(facts: list[Any], columns: dict[str, Any]) -> pa.Table:
    """Facts of the reference → the table the engine reads."""
    rows = [{**asdict(fact), **getattr(fact, "columns", {})} for fact in facts]
    return pa.table({name: pa.array([row.get(name) for row in rows], type=kind) for name, kind in columns.items()})


def tables(history: AgeingHistory) -> Any:
    return {
        "items": table(list(history.items), ITEM_COLUMNS),
        "applications": table(list(history.applications), APPLICATION_COLUMNS),
        "receipts": None if history.receipts is None else table(list(history.receipts), RECEIPT_COLUMNS),
    }


days = st.integers(0, 12).map(lambda n: DAY + timedelta(days=n))
instants = st.integers(0, 12 * 24).map(lambda hours: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours))
amounts = st.one_of(
    st.integers(-3, 3).map(lambda n: Decimal(n * 100)),
    st.integers(-(10**7), 10**7).map(lambda n: Decimal(n).scaleb(-4)),
)
currencies = st.sampled_from(["CNY", "USD", "KWD"])
customers = st.sampled_from(["C1", "C2", "王"])


def maybe(strategy: Any) -> Any:
    return st.none() | strategy


@st.composite
def histories(draw: Any, *, own_history: bool = True) -> AgeingHistory:
    """Any history: applications before their items, over-applied items, unknown items and receipts included."""
    items = [
        AgeingItem(
            item_id=f"I{n}",
            currency=draw(currencies),
            amount=draw(amounts.filter(bool)),
            posting_date=draw(days),
            document_date=draw(days),
            recorded_at=draw(instants),
            due_date=draw(maybe(days)),
            effective_date=draw(maybe(days)),
            settled_date=draw(maybe(days)) if own_history else None,
            open_amount=draw(maybe(amounts)) if own_history else None,
            columns={"customer_id": draw(customers), "region": draw(maybe(st.sampled_from(["north", "south"])))},
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    receipts = [
        AgeingReceipt(
            receipt_id=f"R{n}",
            currency="CNY",
            amount=draw(amounts.filter(bool)),
            posting_date=draw(days),
            recorded_at=draw(instants),
            effective_date=draw(maybe(days)),
            columns={"customer_id": draw(customers)},
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    targets = st.sampled_from([*(item.item_id for item in items), "unknown"])
    currency_of = {item.item_id: item.currency for item in items}
    applications = []
    for _ in range(draw(st.integers(0, 8))):
        item_id = draw(targets)
        payable = currency_of.get(item_id, "CNY") == "CNY"
        names = st.sampled_from([*(receipt.receipt_id for receipt in receipts), "unknown"])
        applications.append(
            AgeingApplication(
                item_id=item_id,
                amount=draw(amounts.filter(bool)),
                posting_date=draw(days),
                recorded_at=draw(instants),
                effective_date=draw(maybe(days)),
                receipt_id=draw(maybe(names)) if payable else None,
            )
        )
    return AgeingHistory(items, applications, draw(st.sampled_from([receipts, None])))


@st.composite
def questions(draw: Any) -> AgeingQuestion:
    bounds = draw(st.lists(st.integers(1, 12), max_size=4, unique=True).map(sorted))
    return AgeingQuestion(
        as_of=draw(days),
        known_on=draw(maybe(instants)),
        by=draw(st.sampled_from([("customer_id",), ("customer_id", "region"), ("region",), ()])),
        buckets=(0, *bounds),
        bucket_by=draw(st.sampled_from(["due", "document"])),
        basis=draw(st.sampled_from(["posting", "effective"])),
        snapshot_date=draw(maybe(days)),
    )
