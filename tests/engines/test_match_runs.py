"""Whole runs: nothing is paid twice, nothing depends on order or on processes, the bar is set on the past."""

from __future__ import annotations

import json
import pickle
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huikuan.core.refusals import BadData
from huikuan.engines.match import MatchModel, MatchOptions, match
from huikuan.engines.match_context import Context
from huikuan.engines.match_explanation import Explanation
from huikuan.engines.match_fit import Fit
from huikuan.engines.match_joint import Judged
from huikuan.engines.match_lines import Line
from huikuan.engines.match_payers import Payer
from huikuan.engines.match_references import Found, Mention
from huikuan.engines.match_text import Text
from huikuan.face import UnusualData
from tests.engines.matching import customer, first, item, line, paid, past_line, run, table

pytestmark = pytest.mark.practice("E3")

NAMES = ["Alder Works", "Birch Trading", "Cedar Foods", "华联食品有限公司", "东方电子有限公司"]
CUSTOMERS = [customer(f"C{at}", name) for at, name in enumerate(NAMES)]
START = date(2025, 1, 1)


def company(seed: int, past: int = 0) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Items, lines and history of customers who pay one or two items, with and without numbers."""
    chance = random.Random(seed)
    items, lines, history = [], [], []
    for at in range(60 + past):
        owner = chance.randrange(len(NAMES))
        day = START + timedelta(days=at // 12)
        amount = f"{chance.choice([chance.randrange(100, 9999), 500])}.{chance.randrange(100):02d}"
        own = item(f"INV{40000 + at}", f"C{owner}", amount, document_date=day, due_date=day + timedelta(days=30))
        pay_day = day + timedelta(days=chance.randrange(2, 12))
        text = chance.choice([f"invoice {40000 + at}", f"INV{40000 + at}", "", f"{40000 + at} thank you"])
        items.append(own)
        if at < past:
            own["settled_date"] = pay_day
            history.append(
                past_line(
                    f"H{at}",
                    pay_day,
                    amount,
                    own["item_id"],
                    f"C{owner}",
                    payer_name=NAMES[owner],
                    remittance_text=text,
                )
            )
        elif chance.random() < 0.8:
            again = chance.choice([1, 1, 1, 2])
            lines += [line(f"L{at}-{one}", amount, text, NAMES[owner], booking_date=pay_day) for one in range(again)]
    return items, lines, history  # fmt: skip


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_sums_hold_and_no_item_is_paid_twice(seed: int) -> None:
    items, lines, _ = company(seed)
    rows = run(lines, items, CUSTOMERS).matches.to_pylist()
    amounts = {one["line_id"]: Decimal(one["amount"]) for one in lines}
    owed = {one["item_id"]: Decimal(one["amount"]) for one in items}
    together: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        together[row["line_id"], row["rank"]] += (row["applied"] or 0) + row["unapplied"]
        if row["rank"] == 1 and row["item_id"]:
            closing = row["deduction_reason"] in ("early_payment_discount", "bank_charge", "exchange")
            taken[row["item_id"]] += row["applied"] + (row["deduction_amount"] if closing else 0)
    for (line_id, _), told in together.items():
        assert told in (amounts[line_id], 0)
    assert all(taken[name] <= owed[name] for name in taken)
    assert {row["line_id"] for row in rows} == set(amounts)


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_the_files_does_not_matter(seed: int) -> None:
    items, lines, history = company(seed, past=60)
    wanted = run(lines, items, CUSTOMERS, history)
    chance = random.Random(seed)
    for rows in (items, lines, history):
        chance.shuffle(rows)
    shuffled = run(lines, items, CUSTOMERS[::-1], history)
    assert shuffled.matches.equals(wanted.matches)
    assert shuffled.bar == wanted.bar


def test_two_processes_give_the_same_answer() -> None:
    items, lines, history = company(3, past=200)
    one = run(lines, items, CUSTOMERS, history, options=MatchOptions(processes=1))
    two = run(lines, items, CUSTOMERS, history, options=MatchOptions(processes=2))
    assert one.matches.equals(two.matches)
    assert one.bar == two.bar


def test_a_past_of_three_thousand_lines_sets_a_bar() -> None:
    items, lines, history = company(11, past=4200)
    answer = run(lines, items, CUSTOMERS, history)
    assert answer.bar.threshold is not None
    assert answer.bar.bound is not None and answer.bar.bound <= 0.001
    assert answer.bar.money_cap is not None
    assert answer.counts["auto"] > len(lines) // 3
    rows = [row for row in answer.matches.to_pylist() if row["decision"] == "auto"]
    assert all(row["ambiguous"] == 0 for row in rows)
    truth = {one["line_id"]: one["line_id"].partition("-")[0].replace("L", "INV4").replace("INV4", "") for one in lines}
    for row in rows:
        if row["item_id"]:
            assert row["item_id"] == f"INV{40000 + int(truth[row['line_id']])}"


def test_a_short_past_proposes_only_and_says_what_is_missing() -> None:
    items, lines, history = company(5, past=300)
    answer = run(lines, items, CUSTOMERS, history)
    assert answer.bar.threshold is None
    assert answer.bar.reason == "too_few"
    assert answer.bar.lines_missing > 2000
    assert "auto" not in answer.counts


def test_a_past_whose_items_are_missing_teaches_names_only() -> None:
    items, lines, history = company(5, past=300)
    items = [one for one in items if "settled_date" not in one]
    for row in history:
        row["payer_account"] = f"ACC-{row['customer_id']}"
    answer = run(lines, items, CUSTOMERS, history)
    assert answer.bar.reason == "no_settled_items"
    assert [warning.code for warning in answer.warnings] == ["match.no_settled_items"]
    learned = [row for row in answer.learned.to_pylist() if row["kind"] == "account"]
    assert {row["customer_id"] for row in learned} == {f"C{at}" for at in range(5)}


def test_an_account_is_learned_and_forgotten() -> None:
    items = [item("INV1", "C0", "100.00", settled_date=date(2026, 3, 5)), item("INV2", "C0", "250.00")]
    history = [past_line("H1", date(2026, 3, 5), "100.00", "INV1", "C0", payer_account="DE1", payer_name="Zz Holding")]
    today = [line("L1", "250.00", "", "Zz Holding", payer_account="DE1")]
    answer = run(today, items, CUSTOMERS, history)
    assert paid(answer, "L1") == {"INV2": "250"}
    assert "account known from one payment" in first(answer, "L1")[0]["reason"]
    model = MatchModel.from_json(json.loads(json.dumps(answer.model.to_json())))
    tables = (table("lines", today), table("items", items), table("customers", CUSTOMERS))
    assert match(*tables, model=model).matches.equals(answer.matches)
    model.knowledge.forget("account", "DE1")
    model.knowledge.forget("alias", "zzholding")
    assert "account known" not in first(match(*tables, model=model), "L1")[0]["reason"]


def test_money_that_never_was_a_customers_is_learned() -> None:
    days = [date(2026, 1, 1) + timedelta(days=at) for at in range(8)]
    history = [
        past_line(f"H{at}", day, "12.50", "", "", payer_name="Sparkasse", remittance_text="Zinsen")
        for at, day in enumerate(days)
    ]
    items = [item("INV2", "C0", "12.50")]
    (row,) = first(run([line("L1", "13.75", "Zinsen Quartal", "Sparkasse")], items, CUSTOMERS, history), "L1")
    assert row["customer_id"] is None
    assert "never was one (lines seen: 8)" in row["reason"]  # fmt: skip


def test_the_python_face() -> None:
    import pyarrow as pa

    import huikuan

    items = pa.table(
        {
            "item_id": ["A-100"],
            "customer_id": ["C0"],
            "document_date": ["2026-01-05"],
            "due_date": ["2026-02-05"],
            "amount": ["80.00"],
            "currency": ["EUR"],
        }
    )
    lines = pa.table(
        {"line_id": ["L1"], "booking_date": ["2026-01-20"], "amount": ["80.00"], "remittance_text": ["A-100"]}
    )
    answer = huikuan.match(lines, items)
    assert answer.column("item_id").to_pylist()[0] == "A-100"
    full = huikuan.match(lines, items, full=True)
    assert full.bar.reason == "no_history"
    with pytest.raises(BadData) as bad:
        huikuan.match(lines.drop_columns(["amount"]), items.drop_columns(["due_date"]))
    assert {(fault.file, fault.column) for fault in bad.value.errors} >= {("lines", "amount"), ("items", "due_date")}
    history = lines.append_column("customer_id", pa.array(["C0"])).append_column("item_id", pa.array(["gone"]))
    with pytest.warns(UnusualData, match="cannot set a bar"):
        huikuan.match(lines, items, history=history)  # fmt: skip


def test_what_processes_hand_over_is_what_it_was() -> None:
    found = Found(
        [Mention([1, 2], "number", 4.5, 0, 3, 8, "10023", True)], [("7", 0, 1, 2, False)], [Text("A", [0])], {3}
    )
    payer = Payer(4, 0.5, "name", 2)
    bill = Line("L1", 20_000, 100, "EUR", None, "Payer", "DE1", ("10023", "", ""))
    context = Context(bill, found, [payer], {4: payer}, (0.0, 1, 2.0), [(2026, 1, 0, 3)], "A", {0: [1]}, {4: [1]})
    fit = Fit("short", (90,), (10,), ("short_payment",), 1, 2.0, 3, 4)
    made = Explanation("items", 4, (1,), fit, "named", 1.0, 2, 3, [0.5], 4.0, 0.9, "L0")
    one = Judged(bill, context, [made], 1, 2, 0.7)
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert again.context.payers[0] is again.context.strength[4]


def test_what_is_named_is_paid_though_an_earlier_line_may_have_been_short_of_another() -> None:
    amounts = ("3052.25", "8791.32", "5120.77", "6604.18", "4410.90")
    items = [item(f"SI26{at:04}", "C1", amount) for at, amount in enumerate(amounts)]
    lines = [
        line("L1", "16135.85", "SI260000 SI260002 SI260003 SI260004", "华联", booking_date=date(2026, 3, 3)),
        line("L2", "11843.57", "SI260000、SI260001", "华联", booking_date=date(2026, 3, 20)),
    ]
    answer = run(lines, items, [customer("C1", "华联")])
    assert paid(answer, "L2") == {"SI260000": "3052.25", "SI260001": "8791.32"}


def test_a_history_that_contradicts_itself_is_told_with_its_rows_and_does_not_count_in_the_bar() -> None:
    items = [item(f"OLD{at}", "C1", "500.00", open_amount="0") for at in range(1, 6)]
    past = [
        past_line("P1", date(2026, 3, 3), "500.00", "OLD1", "C1"),
        past_line("P2", date(2026, 3, 4), "500.00", "OLD2", "C1") | {"applied": "900.00"},
        past_line("P3", date(2026, 3, 5), "500.00", "OLD3", "C1") | {"applied": "-500.00"},
        past_line("P4", date(2026, 3, 6), "100.00", "OLD4", "C1") | {"applied": "500.00"},
        past_line("P5", date(2026, 3, 7), "70.00", "GONE", "C9"),
        past_line("P6", date(2026, 3, 8), "300.00", "OLD5", "C1"),
        past_line("P7", date(2026, 3, 9), "500.00", "OLD5", "C1"),
    ]
    answer = run([line("L1", "10.00")], items, [customer("C1", "华联")], past)
    assert "line P6 and others together" in next(one.reason for one in answer.warnings if one.row == 7)
    told = {(one.row, one.code) for one in answer.warnings if one.file == "history"}
    assert told == {
        (3, "match.contrary_line"),
        (4, "match.contrary_line"),
        (5, "match.contrary_line"),
        (6, "match.unknown_item"),
        (6, "match.unknown_customer"),
        (7, "match.contrary_line"),
        (8, "match.contrary_line"),
    }
    assert answer.bar.lines == 1


def test_past_lines_that_would_have_been_sure_and_wrong_are_listed() -> None:
    names = customer("C1", "华联")
    days = [date(2026, 1, 1) + timedelta(days=at) for at in range(120)]
    items = [
        item(f"SI26{at:04}", "C1", f"{1000 + 7 * at}.31", document_date=day, settled_date=day + timedelta(days=9))
        for at, day in enumerate(days)
    ]
    past = [
        past_line(
            f"P{at}",
            day + timedelta(days=9),
            f"{1000 + 7 * at}.31",
            f"SI26{at:04}",
            "C1",
            text=f"SI26{at:04}",
            payer="华联",
        )
        for at, day in enumerate(days)
    ]
    past[100] |= {"item_id": "SI260101"}
    del past[101]
    bar = run([line("L1", "10.00")], items, [names], past).bar
    assert [(one["line_id"], one["items"], one["said_items"]) for one in bar.surest_wrong][:1] == [
        ("P100", ["SI260101"], ["SI260100"])
    ]
