"""Ageing worked by hand: the rules of the reference, one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from huikuan.core import ageing
from huikuan.core.ageing import AgeingApplication, AgeingHistory, AgeingItem, AgeingQuestion, AgeingReceipt
from huikuan.core.refusals import Refusal

pytestmark = pytest.mark.practice("D3")


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def item(item_id: str, amount: str, posted: str, due: str, **more: Any) -> AgeingItem:
    return AgeingItem(
        item_id=item_id,
        currency=more.pop("currency", "CNY"),
        amount=Decimal(amount),
        posting_date=day(posted),
        document_date=more.pop("document_date", day(posted)),
        recorded_at=more.pop("recorded_at", ageing.start_of_day(day(posted))),
        due_date=day(due),
        columns={"customer_id": more.pop("customer", "C1")},
        **more,
    )


def applied(item_id: str, amount: str, posted: str, **more: Any) -> AgeingApplication:
    recorded_at = more.pop("recorded_at", ageing.start_of_day(day(posted)))
    return AgeingApplication(
        item_id=item_id, amount=Decimal(amount), posting_date=day(posted), recorded_at=recorded_at, **more
    )


def received(receipt_id: str, amount: str, posted: str, **more: Any) -> AgeingReceipt:
    return AgeingReceipt(
        receipt_id=receipt_id,
        currency="CNY",
        amount=Decimal(amount),
        posting_date=day(posted),
        recorded_at=ageing.start_of_day(day(posted)),
        columns={"customer_id": "C1"},
        **more,
    )


def aged(history: AgeingHistory, as_of: str, **more: Any) -> dict[str, tuple[str, int]]:
    """Bucket → (open, items), for histories of one customer and currency."""
    rows = ageing.age(history, AgeingQuestion(as_of=day(as_of), **more))
    assert len({(row.group, row.currency) for row in rows}) <= 1
    return {row.bucket: (str(row.open_amount), row.items) for row in rows}


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-5, "not_due"),
        (0, "not_due"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (90, "61-90"),
        (91, ">90"),
    ],
)
def test_bucket_edges(days: int, bucket: str) -> None:
    assert ageing.bucket_of(days, ageing.BUCKETS) == bucket


def test_bucket_lists() -> None:
    assert ageing.parse_buckets("0,30,60") == (0, 30, 60)
    assert ageing.parse_buckets("30, 60") == (0, 30, 60)
    assert ageing.bucket_labels((0,)) == ["not_due", ">0"]
    for text in ("", "a", "30,30", "60,30", "-1,30", "0,30,1.5", "0,999999999"):
        with pytest.raises(Refusal) as refused:
            ageing.parse_buckets(text)
        assert refused.value.code == "ageing.bad_buckets"


def test_known_on_is_an_instant_or_the_end_of_a_day() -> None:
    assert ageing.parse_known_on("2026-03-31") == datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert ageing.parse_known_on("2026-03-31", ZoneInfo("Asia/Shanghai")).astimezone(UTC).hour == 15
    assert ageing.parse_known_on("2026-03-31T18:00:00+08:00") == datetime(
        2026, 3, 31, 18, tzinfo=timezone(timedelta(hours=8))
    )
    for text in ("2026-03-31T18:00:00", "yesterday", "2026-02-30", ""):
        with pytest.raises(Refusal) as refused:
            ageing.parse_known_on(text)
        assert refused.value.code == "ageing.bad_known_on"


WORKED = AgeingHistory(
    [
        item("INV-1", "1000.00", "01-05", "02-04"),
        item("INV-2", "500.00", "02-10", "03-12"),
        item("CM-1", "-80.00", "02-20", "02-20"),
    ],
    [
        applied("INV-1", "400.00", "02-25", receipt_id="R-1"),
        applied("INV-1", "600.00", "04-02", receipt_id="R-2", effective_date=day("03-30")),
        applied("INV-2", "80.00", "03-20"),
        applied("CM-1", "-80.00", "03-20"),
    ],
    [received("R-1", "450.00", "02-25"), received("R-2", "600.00", "04-02", effective_date=day("03-30"))],
)
"""The worked example of docs/design/ageing.md."""


def test_worked_example() -> None:
    assert aged(WORKED, "02-28") == {
        "not_due": ("500.00", 1),
        "1-30": ("520.00", 2),
        "unapplied": ("-50.00", 1),
    }
    assert aged(WORKED, "03-31") == {"31-60": ("600.00", 1), "1-30": ("420.00", 1), "unapplied": ("-50.00", 1)}
    assert aged(WORKED, "04-30") == {"31-60": ("420.00", 1), "unapplied": ("-50.00", 1)}
    assert aged(WORKED, "01-04") == {}
    assert aged(WORKED, "03-31", basis="effective") == {"1-30": ("420.00", 1), "unapplied": ("-50.00", 1)}
    bridge = [(line.line, str(line.amount)) for line in ageing.bridge(WORKED, AgeingQuestion(as_of=day("03-31")))]
    assert bridge == [
        ("posting_total", "970.00"),
        ("applications_earlier", "-600.00"),
        ("effective_total", "370.00"),
    ]
    known = {"known_on": ageing.end_of_day(day("04-01"))}
    assert aged(WORKED, "04-02", **known)["31-60"] == ("600.00", 1)
    assert "31-60" not in aged(WORKED, "04-02", known_on=ageing.end_of_day(day("04-02")))


def test_paid_later_is_still_open_before() -> None:
    """The invoice that was paid in April is in the ageing of March: what other ledgers drop."""
    assert aged(WORKED, "04-01")["31-60"] == ("600.00", 1)
    assert "61-90" not in aged(WORKED, "05-05")


def test_bucket_by_document_date() -> None:
    assert aged(WORKED, "03-31", bucket_by="document") == {
        "61-90": ("600.00", 1),
        "31-60": ("420.00", 1),
        "unapplied": ("-50.00", 1),
    }


def test_an_application_before_its_item_counts_from_the_items_day() -> None:
    history = AgeingHistory(
        [item("A", "100", "03-10", "03-10")],
        [applied("A", "100", "03-01", receipt_id="R")],
        [received("R", "100", "03-01")],
    )
    assert aged(history, "03-05") == {"unapplied": ("-100", 1)}
    assert aged(history, "03-10") == {}


def test_a_reversal_has_its_own_day() -> None:
    history = AgeingHistory(
        [item("A", "100", "03-01", "03-01")], [applied("A", "100", "03-05"), applied("A", "-100", "03-20")]
    )
    assert aged(history, "03-10") == {}
    assert aged(history, "03-20") == {"1-30": ("100", 1)}


def test_known_on_hides_what_was_recorded_later() -> None:
    late = datetime(2026, 3, 20, 9, tzinfo=UTC)
    history = AgeingHistory([item("A", "100", "03-01", "03-01")], [applied("A", "100", "03-05", recorded_at=late)])
    assert aged(history, "03-31") == {}
    assert aged(history, "03-31", known_on=late) == {}
    assert aged(history, "03-31", known_on=late - timedelta(microseconds=1)) == {"1-30": ("100", 1)}


def test_settled_date_and_open_amount_stand_in_for_applications() -> None:
    settled = item("A", "100", "03-01", "03-01", settled_date=day("03-10"), open_amount=Decimal(7))
    stated = item("B", "100", "03-01", "03-01", open_amount=Decimal(30))
    both = AgeingHistory([settled, stated])
    assert aged(both, "03-20", snapshot_date=day("03-20")) == {"1-30": ("30", 1)}
    assert aged(AgeingHistory([settled]), "03-09") == {"1-30": ("100", 1)}
    assert aged(AgeingHistory([settled]), "03-10") == {}
    told = AgeingHistory([settled, stated], [applied("A", "1", "03-02"), applied("B", "1", "03-02")])
    assert aged(told, "03-20") == {"1-30": ("198", 2)}


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"as_of": day("03-20")}, "ageing.snapshot_date_missing"),
        ({"as_of": day("03-19"), "snapshot_date": day("03-20")}, "ageing.before_snapshot"),
        (
            {"as_of": day("03-21"), "snapshot_date": day("03-20"), "known_on": datetime(2026, 3, 19, tzinfo=UTC)},
            "ageing.known_before_snapshot",
        ),
    ],
)
def test_open_amounts_hold_for_their_snapshot_only(question: dict[str, Any], code: str) -> None:
    history = AgeingHistory([item("B", "100", "03-01", "03-01", open_amount=Decimal(30))])
    with pytest.raises(Refusal) as refused:
        ageing.age(history, AgeingQuestion(**question))
    assert refused.value.code == code
    told = replace(history, applications=[applied("B", "1", "03-02")])
    ageing.age(told, AgeingQuestion(**question))


def test_the_bridge_adds_up() -> None:
    history = AgeingHistory(
        [
            item("A", "1000", "04-01", "04-30", effective_date=day("03-30")),
            item("B", "300", "03-01", "03-31"),
        ],
        [applied("B", "200", "04-01", effective_date=day("03-31"), receipt_id="R")],
        [received("R", "250", "04-01", effective_date=day("03-31"))],
    )
    lines = {
        line.line: (int(line.amount), line.records)
        for line in ageing.bridge(history, AgeingQuestion(as_of=day("03-31")))
    }
    assert lines == {
        "posting_total": (300, 1),
        "items_earlier": (1000, 1),
        "applications_earlier": (-200, 1),
        "unapplied": (-50, 1),
        "effective_total": (1050, 3),
    }
    assert sum(amount for name, (amount, _) in lines.items() if name != "effective_total") == 1050


def test_currencies_never_mix() -> None:
    history = AgeingHistory([item("A", "1", "03-01", "03-01"), item("B", "2", "03-01", "03-01", currency="USD")])
    rows = ageing.age(history, AgeingQuestion(as_of=day("03-01")))
    assert ageing.totals(rows) == {"CNY": Decimal(1), "USD": Decimal(2)}
