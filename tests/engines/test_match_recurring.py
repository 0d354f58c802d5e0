"""What comes again every month: months that the text names, equal sums of one contract, discounts taken late."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from huikuan.engines.match import Knowledge, MatchModel
from huikuan.engines.match_learn import EVERYBODY
from huikuan.engines.match_payers import name_key
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_types import BarReport
from tests.engines.matching import customer, first, item, line, paid, run

pytestmark = pytest.mark.practice("E3")

NAME = "Oakfield Pumps Ltd"
CUSTOMERS = [customer("C1", NAME, payer_accounts="GB1"), customer("C2", "Brightwater Foods plc")]
MONTHS = [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]


def said(
    lines: list[dict[str, Any]], items: list[dict[str, Any]], knowledge: Knowledge | None = None, vouched: str = ""
) -> Any:
    """The answer, were there no bar. ``vouched``: a kind of doubt that the past answers."""
    bar = BarReport(threshold=0.0, reason="", vouched={vouched: 0.9} if vouched else {})
    return run(lines, items, CUSTOMERS, model=MatchModel(knowledge or Knowledge(), prior_calibration(), bar))


def billed(number: str, amount: str, day: date, **more: Any) -> dict[str, Any]:
    return item(number, "C1", amount, document_date=day, due_date=day + timedelta(days=30), **more)


def rents() -> list[dict[str, Any]]:
    """Two equal bills in each of three months."""
    return [
        billed(f"INV{at}{kind}", amount, day)
        for at, day in enumerate(MONTHS)
        for kind, amount in (("001", "350.00"), ("002", "799.50"))
    ]


@pytest.mark.parametrize(
    "text", ["Statement January 2026", "SOA 01/26", "对账单 01/26", "1月份货款", "Rechnungen 01/2026"]
)
def test_equal_sets_of_other_months_are_no_rivals_of_the_month_that_is_named(text: str) -> None:
    answer = said([line("L1", "1149.50", text, NAME)], rents())
    assert paid(answer, "L1").keys() == {"INV1001", "INV1002"}
    row = first(answer, "L1")[0]
    assert (row["ambiguous"], row["decision"]) == (0, "auto")
    assert first(said([line("L1", "1149.50", "settlement", NAME)], rents()), "L1")[0]["decision"] == "propose"


def test_whole_hundreds_of_the_month_that_is_named_are_meant_for_it() -> None:
    known = Knowledge()
    known.habits = {"C1": {"lines": 40, "part": 1}}
    items = [billed("INV1", "913.47", MONTHS[0]), billed("INV2", "700.00", MONTHS[1])]
    named, bare = ([line("L1", "700.00", text, NAME)] for text in ("January 2026 invoices", "settlement"))
    assert first(said(named, items, known), "L1")[0]["decision"] == "auto"
    assert first(said(bare, items, known), "L1")[0]["decision"] == "propose"


def test_the_next_of_equal_sums_of_one_contract_is_no_payment_of_the_first_again() -> None:
    items = [billed(f"INV{at}", "2142.75", day, contract_number="HT-2025-382") for at, day in enumerate(MONTHS)]
    days = [date(2026, 3, 4), date(2026, 4, 6)]
    lines = [line(f"L{at}", "2142.75", "HT-2025-382", NAME, booking_date=day) for at, day in enumerate(days)]
    answer = said(lines, items)
    assert [paid(answer, one["line_id"]) for one in lines] == [{"INV0": "2142.75"}, {"INV1": "2142.75"}]


def test_who_takes_discounts_late_may_mean_the_older_of_two_equal_items() -> None:
    day = date(2026, 3, 18)
    more = {"discount_percent": "3"}
    old = billed("INV1", "171.99", date(2026, 2, 16), discount_date=date(2026, 2, 26), **more)
    new = billed("INV2", "171.99", date(2026, 3, 16), discount_date=date(2026, 3, 26), **more)
    prompt, late = Knowledge(), Knowledge()
    prompt.habits = {"C1": {"lines": 10, "discount": 10}}
    late.habits = {"C1": {"lines": 4, "discount": 4, "late_closed": 3}}
    paying = [line("L1", "166.83", "Voucher 77", NAME, booking_date=day)]
    assert first(said(paying, [old, new], prompt), "L1")[0]["decision"] == "auto"
    for known in (late, Knowledge()):
        row = first(said(paying, [old, new], known), "L1")[0]
        assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)


def test_a_day_and_a_time_in_a_long_number_are_no_number_of_a_document() -> None:
    """``2026/03201`` is no part of ``20260320175411``, the payer's own reference of 20 March, 17:54:11."""
    items = [billed("2026/03201", "15.00", MONTHS[1]), billed("2026/01733", "926.10", MONTHS[1])]
    for reference, named in (("20260320175411", False), ("7788202603201", True)):
        answer = said([line("L1", "926.10", "", NAME, end_to_end_id=reference)], items)
        assert paid(answer, "L1").keys() == {"2026/01733"}
        assert first(answer, "L1")[0]["decision"] == ("propose" if named else "auto")


def test_what_a_number_names_of_another_customer_with_this_very_amount_may_be_meant() -> None:
    crowd = [item(f"2026/{number:05}-A", "C9", "70.00") for number in range(1000, 3800)]
    theirs, mine = item("2026/00455-A", "C2", "351.20"), billed("2026/03911-A", "351.20", MONTHS[1])
    answer = said([line("L1", "351.20", "Paiement 2026/00455", NAME, payer_account="GB1")], [*crowd, theirs, mine])
    assert first(answer, "L1")[0]["decision"] == "propose"
    assert "2026/00455-A" in answer.matches.column("item_id").to_pylist()


def test_several_numbers_that_were_paid_with_this_very_amount_hold_back_the_next_equal_set() -> None:
    settled = [{**one, "settled_date": date(2026, 2, 6)} for one in rents()[:2]]
    again = [line("L1", "1149.50", "INV0001, INV0002", NAME)]
    answer = said(again, [*settled, *rents()[2:4]], vouched="names_paid")
    assert first(answer, "L1")[0]["decision"] == "propose"


def test_a_line_that_names_an_open_item_it_does_not_pay_stands_behind_those_that_pay_all_they_name() -> None:
    items = [billed("11037", "136.92", MONTHS[1]), billed("11038", "15.00", MONTHS[1])]
    backs = {}
    for text in ("invoice no. 11037", "invoice no. 11037 11038 202"):
        answer = said([line("L1", "136.92", text, NAME)], items)
        backs[text] = [row["back"] for row in answer.explanations.to_pylist() if row["rank"] == 1]
    assert list(backs.values()) == [[0], [1]]


@pytest.mark.parametrize(
    ("charges", "paying", "decision"),
    [
        (("1100", "4500", "9300"), "913.00", "auto"),  # Cents, three times: whole units are its way.
        (("1100", "4500", "9300"), "880.00", "propose"),
        (("1100", "4500"), "913.00", "propose"),
        (("31000", "72000", "56000"), "910.00", "auto"),  # Units: whole tens are.
        (("1100", "42000", "150000"), "908.85", "auto"),  # All sizes, half a percent now: as rates have it.
    ],
)
def test_who_has_left_out_small_sums_in_one_way_leaves_out_others(
    charges: tuple[str, ...], paying: str, decision: str
) -> None:
    known = Knowledge()
    known.habits = {"C1": {"lines": 9, "charge": len(charges), **{f"charge:{one}": 1 for one in charges}}}
    items = [billed("INV1001", "913.47", MONTHS[0])]
    row = first(said([line("L1", paying, "INV1001", NAME, currency="EUR")], euros(items), known), "L1")[0]
    assert (row["decision"], row["deduction_reason"] is not None) == (decision, True)
    known.habits["C1"]["short"] = 2  # As often as not the rest was asked for.
    assert (
        first(said([line("L1", paying, "INV1001", NAME, currency="EUR")], euros(items), known), "L1")[0]["decision"]
        == "propose"
    )


def euros(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "currency": "EUR"} for one in items]


def test_of_what_a_contract_names_less_a_credit_memo_the_item_and_its_like_cancel_out() -> None:
    items = [billed(f"INV{at}", "799.00", day, contract_number="FW-2024-903") for at, day in enumerate(MONTHS[:2])]
    credit = billed("CN9", "-799.00", MONTHS[1])
    row = first(said([line("L1", "799.00", "FW-2024-903", NAME)], [*items, credit]), "L1")[0]
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)


def test_a_banks_structured_text_says_what_the_payer_wrote_and_nothing_else() -> None:
    """``?00GUTSCHRIFT`` is the bank's word for money that came in, no credit memo; ``?20`` to ``?29`` are one text."""
    text = "166?00GUTSCHRIFT?20INV-2026-001, INV-2026-00?21203, INV-20?2226-0304?32OAKFIELD PUMPS LTD"
    items = [billed(f"INV-2026-{number}", "500.00", MONTHS[0]) for number in ("001", "00203", "0304", "0977")]
    answer = said([line("L1", "1492.50", text, NAME)], [*items, billed("CN-7", "-7.50", MONTHS[1])])
    assert paid(answer, "L1").keys() >= {"INV-2026-001", "INV-2026-00203", "INV-2026-0304"}
    told = said([line("L1", "1500.00", text, NAME)], items)
    assert (paid(told, "L1").keys(), first(told, "L1")[0]["decision"]) == (
        {"INV-2026-001", "INV-2026-00203", "INV-2026-0304"},
        "auto",
    )
    places = {
        text[one["start"] : one["stop"]] for one in told.evidence.to_pylist() if one["field"] == "remittance_text"
    }
    assert {"INV-2026-001", "INV-2026-00?21203", "INV-20?2226-0304"} <= places


def test_an_order_of_another_customer_is_no_order_of_the_payer() -> None:
    mine = [billed("2026/22112-A", "295.30", MONTHS[1]), billed("2026/22119-A", "113.05", MONTHS[1])]
    theirs = item("2026/07698-A", "C2", "61.00", po_number="22112", settled_date=date(2026, 3, 4))
    crowd = [item(f"2026/{number:05}-A", "C9", "70.00") for number in range(1000, 3800)]
    answer = said([line("L1", "295.30", "Invoice 22112", NAME)], [*crowd, *mine, theirs])
    row = first(answer, "L1")[0]
    assert (row["item_id"], row["decision"]) == ("2026/22112-A", "auto")
    assert "2026/22112-A named" in row["reason"] or "read as 2026/22112-A" in row["reason"]


def test_a_share_that_is_kept_back_is_kept_back_of_each_item() -> None:
    keeps = Knowledge()
    keeps.habits = {"C1": {"lines": 9, "kept:50000": 4}}
    items = [billed("INV1001", "33449.04", MONTHS[0]), billed("INV1002", "961.28", MONTHS[1])]
    answer = said([line("L1", "32689.81", "INV1001, INV1002", NAME)], items, keeps)
    assert paid(answer, "L1") == {"INV1001": "31776.59", "INV1002": "913.22"}


def test_discounts_of_some_of_the_named_items_are_found_by_what_is_missing() -> None:
    allowed = {"discount_percent": "3", "discount_date": date(2026, 3, 25)}
    items = [billed(f"INV100{at}", amount, MONTHS[1], **allowed) for at, amount in enumerate(("1440.00", "358.80"))]
    answer = said([line("L1", "1755.60", "INV1000, INV1001", NAME)], items)
    assert paid(answer, "L1") == {"INV1000": "1396.8", "INV1001": "358.8"}
    assert {row["deduction_reason"] for row in first(answer, "L1")} == {"early_payment_discount", None}


def test_who_takes_discounts_late_does_so_again() -> None:
    day = date(2026, 3, 18)
    late = billed("INV1001", "1200.00", MONTHS[1], discount_percent="2", discount_date=date(2026, 1, 11))
    known = Knowledge()
    known.habits = {
        "C1": {"lines": 30, "discount": 20, "late_closed": 20},
        EVERYBODY: {"lines": 300, "discount": 40, "late_closed": 20},
    }
    rows = said([line("L1", "1176.00", "INV1001", NAME, booking_date=day)], [late], known).explanations.to_pylist()
    told = {row["pattern"]: row["score"] for row in rows}
    assert max(told, key=lambda name: told[name]) == "named/late_discount"
    assert told["named/late_discount"] > told.get("named/short", 0.0) + 2


def test_a_credit_memo_of_another_month_is_set_off_against_the_month_that_is_named() -> None:
    items = [billed("INV1001", "144770.88", MONTHS[2]), billed("CN7", "-5000.00", MONTHS[1])]
    row = first(said([line("L1", "139770.88", "SOA 02/26", NAME)], items), "L1")[0]
    assert (row["ambiguous"], row["decision"]) == (0, "auto")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Weiß Werkzeuge AG", "Weiß Werkzeuge GmbH & Co. KG"), ("无锡盛达物流有限公司", "无锡盛达物流股份有限公司")],
)
def test_customers_that_differ_in_their_legal_form_are_not_taken_for_each_other(one: str, other: str) -> None:
    known = Knowledge()
    known.aliases = {name_key(one): {"C4": 8}}  # Learned of the other one: both are compared without their forms.
    customers = [customer("C3", one), customer("C4", other)]
    items = [item("INV3", "C3", "401.15"), item("INV4", "C4", "401.15")]
    model = MatchModel(known, prior_calibration(), BarReport(threshold=0.0, reason=""))
    for payer, meant in ((one, "INV3"), (one.upper(), "INV3"), (other, "INV4")):
        answer = run([line("L1", "401.15", "", payer)], items, customers, model=model)
        assert paid(answer, "L1").keys() == {meant}
