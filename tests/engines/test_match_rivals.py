"""Nothing posts itself beside which something else fits as well: each class of doubt by an example."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from huikuan.engines.match import Knowledge, MatchModel
from huikuan.engines.match_bar import Outcome, set_bar
from huikuan.engines.match_learn import EVERYBODY
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_types import BarReport
from tests.engines.matching import DAY, customer, first, item, line, paid, run

pytestmark = pytest.mark.practice("E3")

NAME = "Oakfield Pumps Ltd"
CUSTOMERS = [customer("C1", NAME, payer_accounts="GB1")]


def said(lines: list[dict[str, Any]], items: list[dict[str, Any]], knowledge: Knowledge | None = None) -> Any:
    """The answer, were there no bar."""
    bar = BarReport(threshold=0.0, reason="")
    return run(lines, items, CUSTOMERS, model=MatchModel(knowledge or Knowledge(), prior_calibration(), bar))


def told(amount: str, items: list[dict[str, Any]], text: str = "", knowledge: Knowledge | None = None) -> Any:
    return first(said([line("L1", amount, text, NAME)], items, knowledge), "L1")[0]


def dated(item_id: str, amount: str, day: date, days: int = 30, **more: Any) -> dict[str, Any]:
    return item(item_id, "C1", amount, document_date=day, due_date=day + timedelta(days=days), **more)


def test_everything_due_is_no_surer_than_one_item_of_the_same_amount() -> None:
    due = [dated("INV6001", "155.09", DAY, 5), dated("INV6002", "553.17", DAY, 6)]
    assert told("708.26", due)["decision"] == "auto"
    row = told("708.26", [*due, dated("INV6003", "708.26", DAY)])
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)


def test_two_runs_of_neighbours_that_come_to_the_same_are_both_meant() -> None:
    amounts = ["326.55", "956.76", "59.88", "266.67"]
    items = [dated(f"INV600{at}", amount, DAY + timedelta(days=at)) for at, amount in enumerate(amounts)]
    row = told("1283.31", items)
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)
    assert told("1283.31", items[:3])["decision"] == "auto"


def test_an_item_less_its_discount_and_another_of_that_amount_are_both_meant() -> None:
    allowed = dated("INV6001", "1000.50", DAY, discount_percent="2", discount_date=date(2026, 3, 30))
    other = dated("INV6002", "980.49", DAY)
    assert told("980.49", [allowed])["decision"] == "auto"
    row = told("980.49", [allowed, other])
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)


def test_of_two_equal_debts_the_older_one_is_meant_as_well_though_its_discount_is_past() -> None:
    known, prompt = Knowledge(), Knowledge()
    known.habits = {"C1": {"lines": 9, "discount": 9}}
    prompt.habits = {"C1": {"lines": 10, "discount": 10}}
    old, new = (
        dated(f"INV600{at}", "350.00", day, discount_percent="2", discount_date=day + timedelta(days=25))
        for at, day in enumerate((DAY - timedelta(days=31), DAY))
    )
    assert told("343.00", [new], knowledge=known)["decision"] == "auto"
    other = {**old, "amount": "351.00", "open_amount": "351.00"}
    assert told("343.00", [other, new], knowledge=known)["decision"] == "auto"
    agreed = [{**one, "contract_number": "SVC-2024-163"} for one in (old, new)]
    for items, text in (([old, new], ""), (agreed, "Vertrag SVC-2024-163")):
        row = told("343.00", items, text, known)
        assert (row["decision"], row["ambiguous"] > 0) == ("propose", True), text
        assert told("343.00", items, text, prompt)["item_id"] == "INV6001"
    assert told("343.00", [old, new], "", prompt)["decision"] == "auto"
    assert told("343.00", agreed, "INV6001", known)["decision"] == "auto"


def test_two_pairs_that_come_to_the_same_are_short_of_the_same_charge() -> None:
    amounts = ("7140.00", "1428.00", "7140.00", "1428.00", "612.40")
    days = (date(2026, 1, 20), date(2026, 2, 4), date(2026, 3, 2), date(2026, 3, 3), date(2026, 2, 20))
    items = [dated(f"INV600{at}", amount, days[at]) for at, amount in enumerate(amounts)]
    known = Knowledge()
    known.habits = {"C1": {"lines": 9, "charge": 6, "charge:150000": 6}, EVERYBODY: {"lines": 90, "charge:150000": 40}}
    row = told("8553.00", items, "Settlement", known)
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)
    row = told("8553.00", items[2:], "Settlement", known)
    assert (row["decision"], row["ambiguous"]) == ("auto", 0)
    # One item that is not due yet, and two that are.
    known.habits[EVERYBODY]["charge:160000"] = known.habits["C1"]["charge:160000"] = 40
    for whole, paying, is_clear in (("8568.00", "8553.00", False), ("8569.00", "8553.00", True)):
        row = told(paying, [*items[:2], dated("INV6009", whole, days[3])], "", known)
        assert (row["item_id"], row["ambiguous"] == 0) == ("INV6009", is_clear)


def test_a_month_that_is_named_is_stronger_than_one_item_by_chance() -> None:
    january = [dated("INV6001", "229.08", date(2026, 1, 9)), dated("INV6002", "229.09", date(2026, 1, 20))]
    row = told("458.17", [*january, dated("INV6003", "458.17", date(2026, 2, 3))], "Statement January 2026")
    assert row["item_id"] != "INV6003" or row["decision"] == "propose"


def test_what_an_unsure_earlier_line_may_have_paid_posts_nothing_later() -> None:
    """Two equal items, two payments without a word: which pays which is not known for the second one either."""
    items = [dated("INV6001", "880.40", DAY), dated("INV6002", "880.40", DAY)]
    lines = [line("L1", "880.40", "", NAME), line("L2", "880.40", "", NAME, booking_date=date(2026, 4, 20))]
    answer = said(lines, items)
    assert [first(answer, name)[0]["decision"] for name in ("L1", "L2")] == ["propose", "propose"]
    assert {*paid(answer, "L1"), *paid(answer, "L2")} == {"INV6001", "INV6002"}


def test_of_equal_monthly_sums_the_first_payment_takes_the_oldest_whatever_the_order_of_the_file() -> None:
    months = [date(2026, month, 1) for month in (1, 2, 3, 4)]
    items = [dated(f"INV60{month.month:02}", "865.00", month) for month in months]
    lines = [line(f"L{day.month}", "865.00", "service", NAME, booking_date=day.replace(day=14)) for day in months]
    for some in (lines, lines[::-1]):
        answer = said(some, items[::-1])
        assert [paid(answer, f"L{at}") for at in (1, 2, 3, 4)] == [{f"INV60{at:02}": "865"} for at in (1, 2, 3, 4)]


def test_a_number_that_is_paid_holds_back_another_item_of_its_amount() -> None:
    settled = dated("90013312", "443.40", DAY, settled_date=date(2026, 3, 10))
    other = dated("90013492", "443.40", DAY)
    assert told("443.40", [settled, other])["decision"] == "auto"
    assert told("443.40", [settled, other], "INV# 13312 443.40")["decision"] == "propose"


def test_a_stranger_pays_nothing_by_its_amount_alone() -> None:
    row = first(said([line("L1", "913.47", "", "Delacourt SA")], [dated("INV6001", "913.47", DAY)]), "L1")[0]
    assert (row["item_id"], row["decision"]) == ("INV6001", "propose")


def test_a_late_discount_ends_the_item_of_a_payer_with_whom_it_always_has() -> None:
    late = [dated("INV6001", "1000.00", DAY, discount_percent="2", discount_date=date(2026, 3, 15))]
    passed, refused = Knowledge(), Knowledge()
    passed.habits = {"C1": {"lines": 4, "late_closed": 4}, EVERYBODY: {"lines": 40, "late_open": 20}}
    refused.habits = {"C1": {"lines": 4, "late_open": 4}, EVERYBODY: {"lines": 40, "late_closed": 20}}
    assert told("980.00", late, "INV6001", passed)["deduction_reason"] == "early_payment_discount"
    assert told("980.00", late, "INV6001", refused)["deduction_reason"] == "short_payment"


def test_a_round_sum_is_told_as_part_of_what_is_oldest_and_posts_nothing() -> None:
    items = [dated("INV6001", "2303.04", DAY - timedelta(days=60)), dated("INV6002", "4374.73", DAY)]
    known = Knowledge()
    known.habits = {"C1": {"lines": 6, "part": 6, "oldest": 6}, EVERYBODY: {"lines": 300, "part": 12, "oldest": 8}}
    answer = said([line("L1", "5000.00", "", NAME)], items, known)
    assert paid(answer, "L1") == {"INV6001": "2303.04", "INV6002": "2696.96"}
    assert first(answer, "L1")[0]["decision"] == "propose"


def test_which_of_two_items_of_the_same_days_and_amount_gets_the_part_nobody_knows() -> None:
    known = Knowledge()
    known.habits = {"C1": {"lines": 9, "part": 9, "oldest": 9}, EVERYBODY: {"lines": 300, "part": 12, "oldest": 12}}
    older = dated("INV6001", "190.24", DAY - timedelta(days=60))
    for days, ambiguous in ((0, 1), (1, 0)):
        twins = [dated("INV6002", "387.39", DAY), dated("INV6003", "387.39", DAY + timedelta(days=days))]
        answer = said([line("L1", "500.00", "", NAME)], [older, *twins], known)
        oldest = [row for row in answer.matches.to_pylist() if row["item_id"] == "INV6002"]
        assert [row["ambiguous"] for row in oldest] == [ambiguous]


def test_one_wrong_line_among_the_surest_does_not_end_the_bar() -> None:
    past = [Outcome(1 - at / 100_000, at != 40) for at in range(8000)]
    bar = set_bar(past, 0.001, 0.95, currency=None)
    assert bar.threshold is not None
    assert (bar.errors, bar.above) == (1, 8000)
    many = [Outcome(1 - at / 100_000, at % 300 != 40) for at in range(8000)]
    assert set_bar(many, 0.001, 0.95, currency=None).threshold is None


def test_an_invoice_and_its_full_credit_may_be_meant_beside_an_unnamed_item() -> None:
    items = [dated("INV6001", "1154.54", DAY), dated("INV6002", "13566.00", DAY), dated("INV6003", "3593.20", DAY)]
    credit = dated("CN9", "-13566.00", DAY)
    assert told("1154.54", items)["decision"] == "auto"
    row = told("1154.54", [*items, credit])
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)
    assert told("1154.54", [*items, credit], "INV6001")["decision"] == "auto"


def test_a_number_however_short_of_what_was_paid_with_this_very_amount_holds_back_another_item() -> None:
    """In a book of so many four-digit numbers one of them is hit easily."""
    settled = dated("5809", "443.40", DAY, settled_date=date(2026, 3, 10))
    crowd = [item(str(number), "C9", "70.00") for number in range(4000, 5600)]
    items = [*crowd, settled, dated("6613", "443.40", DAY), dated("6614", "512.30", DAY)]
    assert told("512.30", items, "Faktura 5809")["decision"] == "auto"
    assert told("443.40", items, "Faktura 5809")["decision"] == "propose"


def test_many_items_that_an_unsure_line_may_have_paid_do_not_hold_back_one_of_exactly_the_amount() -> None:
    """Nobody knows what 4,000.00 paid; but who pays 913.47 afterwards has not paid that before."""
    amounts = ["513.20", "913.47", "1208.11", "977.30", "1340.85", "644.09"]
    items = [dated(f"INV600{at}", amount, DAY + timedelta(days=at)) for at, amount in enumerate(amounts)]
    later = date(2026, 4, 20)
    answer = said([line("L1", "4000.00", "", NAME), line("L2", "913.47", "", NAME, booking_date=later)], items)
    assert [first(answer, name)[0]["decision"] for name in ("L1", "L2")] == ["propose", "auto"]
    answer = said([line("L1", "4000.00", "", NAME), line("L2", "1426.67", "", NAME, booking_date=later)], items)
    assert [first(answer, name)[0]["decision"] for name in ("L1", "L2")] == ["propose", "propose"]


def mixed(knowledge: Knowledge) -> tuple[str, list[str]]:
    """What is decided of two items paid less their discounts, one late and one in time, and the reason of each."""
    late = dated("INV6001", "1035.35", DAY, discount_percent="2", discount_date=DAY - timedelta(days=2))
    timely = dated("INV6002", "449.50", DAY, discount_percent="2", discount_date=DAY)
    rows = first(
        said([line("L1", "1455.15", "INV6001, INV6002", NAME, booking_date=DAY)], [late, timely], knowledge), "L1"
    )
    return rows[0]["decision"], [row["deduction_reason"] for row in rows]


def test_of_two_discounts_each_counts_by_its_own_days_unless_the_past_has_left_both_open() -> None:
    each, whole = Knowledge(), Knowledge()
    each.habits = {EVERYBODY: {"lines": 40, "mixed_each": 4, "mixed_whole": 1}}
    whole.habits = {EVERYBODY: {"lines": 40, "mixed_each": 1, "mixed_whole": 4}}
    assert mixed(Knowledge()) == ("propose", ["short_payment", "early_payment_discount"])
    assert mixed(each) == ("auto", ["short_payment", "early_payment_discount"])
    assert mixed(whole) == ("auto", ["short_payment", "short_payment"])


def test_every_number_of_a_text_less_a_credit_memo_is_surer_than_the_few_that_fit_without_the_rest() -> None:
    items = [
        item("0090080471", "C1", "1428.00"),
        item("0090080779", "C1", "1260.57"),
        item("0090081061", "C1", "44.62"),
        item("0016012657", "C1", "-1260.57"),
    ]
    text = "RG 90080471 90080779 90081061"
    answer = run([line("L1", "1472.62", text, NAME)], items, CUSTOMERS)
    assert len(paid(answer, "L1")) == 4
    # Another credit memo would be no reason to take in what is not paid.
    other = [*items[:3], item("0016012657", "C1", "-1100.00")]
    answer = run([line("L1", "1472.62", text, NAME)], other, CUSTOMERS)
    assert paid(answer, "L1").keys() == {"0090080471", "0090081061"}


def test_what_cancels_out_within_a_contract_may_be_meant_or_not() -> None:
    items = [
        item("SI1", "C1", "8136.00", contract_number="XS20250910-10"),
        item("SI2", "C1", "391.54", contract_number="XS20250910-10"),
        item("SI3", "C1", "500.00", contract_number="XS20250910-10"),
        item("CM3", "C1", "-500.00", contract_number="XS20250910-10"),
    ]
    answer = run([line("L1", "8527.54", "合同XS20250910-10", NAME)], items, CUSTOMERS)
    assert first(answer, "L1")[0]["ambiguous"] == 1
    answer = run([line("L1", "8527.54", "合同XS20250910-10", NAME)], items[:2], CUSTOMERS)
    assert first(answer, "L1")[0]["ambiguous"] == 0


def test_another_name_of_a_customer_that_begins_the_names_of_others_is_not_surely_theirs() -> None:
    items = [item("SI1", "C1", "2171.29"), item("SI2", "C2", "2171.29"), item("SI3", "C1", "880.40")]
    people = [
        customer("C1", "江苏富源商贸经营部", aliases="江苏富源"),
        customer("C2", "江苏富源农产品有限公司"),
        customer("C3", "江苏富源装饰工程股份有限公司"),
    ]
    answer = run([line("L1", "2171.29", "货款", "江苏富源"), line("L2", "880.40", "货款", "江苏富源")], items, people)
    assert paid(answer, "L1").keys() == {"SI1"} and first(answer, "L1")[0]["ambiguous"] == 1
    assert paid(answer, "L2").keys() == {"SI3"} and first(answer, "L2")[0]["ambiguous"] == 0
    # The first name of a customer is its own, whoever's begins alike.
    people[0] = customer("C1", "江苏富源")
    answer = run([line("L1", "2171.29", "货款", "江苏富源")], items, people)
    assert first(answer, "L1")[0]["ambiguous"] == 0
