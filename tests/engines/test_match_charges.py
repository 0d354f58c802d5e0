"""What is missing is told as what it is: a bank's charge, exchange, a credit memo, a discount."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from huikuan.engines.match import Knowledge, MatchModel
from huikuan.engines.match_learn import EVERYBODY
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_types import BarReport
from tests.engines.matching import customer, first, item, line, run

pytestmark = pytest.mark.practice("E3")

NAME = "Oakfield Pumps Ltd"
CUSTOMERS = [customer("C1", NAME, payer_accounts="GB1")]


def told(amount: str, text: str, items: list[dict[str, Any]], charge: str = "") -> dict[str, tuple[str, str, str]]:
    """Per item what it gets, what is missing and why. ``charge``: one that was confirmed twenty times, in units."""
    knowledge = Knowledge()
    knowledge.habits = {EVERYBODY: {"lines": 100, f"charge:{charge}": 20}} if charge else {}
    model = MatchModel(knowledge, prior_calibration(), BarReport(threshold=0.0, reason=""))
    answer = run([line("L1", amount, text, NAME, currency="EUR", payer_account="GB1")], items, CUSTOMERS, model=model)
    return {
        row["item_id"]: (f"{row['applied']:.2f}", row["deduction_reason"] or "", f"{row['deduction_amount'] or 0:.2f}")
        for row in first(answer, "L1")
    }


def bill(item_id: str, amount: str, **more: Any) -> dict[str, Any]:
    return item(item_id, "C1", amount, currency="EUR", **more)


def test_a_charge_that_the_payment_order_states_is_the_banks() -> None:
    assert told("985.00", "INV6001 /CHGS/EUR15.00", [bill("INV6001", "1000.00")]) == {
        "INV6001": ("985.00", "bank_charge", "15.00")
    }


def test_words_of_a_charge_are_read_across_the_end_of_a_banks_line() -> None:
    assert told("975.00", "INV6001 LESS BANK CHARG\nES 25.00", [bill("INV6001", "1000.00")]) == {
        "INV6001": ("975.00", "bank_charge", "25.00")
    }


def test_a_rate_that_the_payment_order_states_tells_a_difference_of_exchange() -> None:
    assert told("995.03", "INV6001 /OCMT/PLN4230.00/EXCH/0.2352", [bill("INV6001", "1000.00")]) == {
        "INV6001": ("995.03", "exchange", "4.97")
    }


@pytest.mark.parametrize("text", ["INV6001", "INV6001 less bank charges", "contract V10938/4"])
def test_an_open_credit_memo_and_a_well_known_charge_are_no_odd_charge(text: str) -> None:
    items = [bill("INV6001", "4042.36", contract_number="V10938/4"), bill("CM7224", "-58.73")]
    assert told("3971.63", text, items, charge="120000") == {
        "INV6001": ("4030.36", "bank_charge", "12.00"),
        "CM7224": ("-58.73", "", "0.00"),
    }


def test_an_open_credit_memo_and_a_stated_charge_are_no_odd_charge() -> None:
    items = [bill("INV6001", "1082.96"), bill("CM7073", "-9.93")]
    assert told("1062.53", "INV6001 /CHGS/EUR10.50", items)["INV6001"] == ("1072.46", "bank_charge", "10.50")


@pytest.mark.parametrize("text", ["INV6001, INV6002", "order 4500003505"])
def test_a_difference_that_is_an_open_credit_memo_to_the_cent_is_that_credit_memo(text: str) -> None:
    order = {"po_number": "4500003505"}
    items = [bill("INV6001", "6306.50", **order), bill("INV6002", "14377.33", **order), bill("CM7264", "-193.51")]
    assert told("20490.32", text, items) == {
        "INV6001": ("6306.50", "", "0.00"),
        "INV6002": ("14377.33", "", "0.00"),
        "CM7264": ("-193.51", "", "0.00"),
    }


def test_words_of_a_named_credit_memo_say_nothing_of_what_else_is_missing() -> None:
    items = [bill("INV6001", "441.29"), bill("CM7066", "-137.17")]
    assert told("299.12", "INV6001 abzgl. CM7066", items, charge="50000")["INV6001"] == (
        "436.29",
        "bank_charge",
        "5.00",
    )


def test_a_discount_that_was_rounded_the_other_way_is_a_discount() -> None:
    allowed = [bill("INV6001", "1759.25", discount_percent="2", discount_date=date(2026, 3, 30))]
    assert told("1724.07", "INV6001", allowed) == {"INV6001": ("1724.07", "early_payment_discount", "35.18")}


def test_the_word_of_a_discount_is_read_across_the_end_of_a_banks_line() -> None:
    allowed = [bill("INV6001", "1000.00", discount_percent="2", discount_date=date(2026, 3, 30))]
    assert told("980.00", "INV6001 abzgl. 2% Sko\nnto", allowed) == {
        "INV6001": ("980.00", "early_payment_discount", "20.00")
    }


def test_a_discount_nobody_offered_and_the_payer_never_took_does_not_post_itself() -> None:
    never, often = Knowledge(), Knowledge()
    often.habits = {"C1": {"lines": 9, "percent:20000": 6}}
    decided = []
    for knowledge in (never, often):
        model = MatchModel(knowledge, prior_calibration(), BarReport(threshold=0.0, reason=""))
        answer = run(
            [line("L1", "9500.40", "INV6001", NAME, currency="EUR")],
            [bill("INV6001", "9694.29")],
            CUSTOMERS,
            model=model,
        )
        decided.append([first(answer, "L1")[0][name] for name in ("deduction_reason", "decision")])
    assert decided == [["early_payment_discount", "propose"], ["early_payment_discount", "auto"]]


def test_who_drops_the_cents_takes_no_charge_of_sixteen() -> None:
    knowledge = Knowledge()
    own = {"lines": 12, "charge": 6, **{f"charge:{cents}00": 1 for cents in (31, 55, 82, 14, 98, 43)}}
    knowledge.habits = {"C1": own, EVERYBODY: {"lines": 900}}
    model = MatchModel(knowledge, prior_calibration(), BarReport(threshold=0.0, reason=""))
    items = [item("INV6001", "C1", "29081.00"), item("CM7224", "C1", "-15.40")]
    answer = run([line("L1", "29065.00", "货款", NAME, payer_account="GB1")], items, CUSTOMERS, model=model)
    assert first(answer, "L1")[0]["decision"] == "propose"
    items = [item("I1", "C1", "28999.43")]
    answer = run([line("L1", "28999.00", "", NAME, payer_account="GB1")], items, CUSTOMERS, model=model)
    assert first(answer, "L1")[0]["decision"] == "auto"


def test_an_open_credit_memo_may_be_most_of_what_nothing_explains() -> None:
    items = [bill("INV6001", "1100.00"), bill("CM7224", "-25.68")]
    knowledge = Knowledge()
    knowledge.habits = {EVERYBODY: {"lines": 100, "charge:311900": 1}}
    bar = BarReport(threshold=0.0, reason="", vouched={"charge.named": 0.0, "odd_charge.named": 0.0})
    model = MatchModel(knowledge, prior_calibration(), bar)
    paying = [line("L1", "1068.81", "INV6001", NAME, currency="EUR", payer_account="GB1")]
    for given, decision in ((items, "propose"), (items[:1], "auto")):
        assert first(run(paying, given, CUSTOMERS, model=model), "L1")[0]["decision"] == decision


def charged(own: dict[str, int], everybody: dict[str, int], currency: str) -> str:
    """What becomes of fifty missing of a named item, were there no bar."""
    knowledge = Knowledge()
    knowledge.habits = {"C1": {"lines": 12, **own}, EVERYBODY: {"lines": 900, **everybody}}
    model = MatchModel(knowledge, prior_calibration(), BarReport(threshold=0.0, reason=""))
    paying = line("L1", "18530.00", "INV6001", NAME, currency=currency, payer_account="GB1")
    items = [item("INV6001", "C1", "18580.00", currency=currency)]
    return str(first(run([paying], items, CUSTOMERS, model=model), "L1")[0]["decision"])


def test_a_round_sum_that_banks_charge_and_some_leave_open_is_asked_about() -> None:
    known, own = {"charge:500000": 150}, {"charge": 3, "charge:500000": 3}
    assert charged({}, known, "EUR") == "auto"
    assert charged({}, {**known, "open:500000": 2}, "EUR") == "propose"
    assert charged(own, {**known, "open:500000": 2}, "EUR") == "auto"
    # Who pays at home, and never left it out before, may as well keep something back.
    assert charged({}, known, "CNY") == "propose"
    assert charged(own, known, "CNY") == "auto"
