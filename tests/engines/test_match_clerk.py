"""What a careful clerk reads between the lines: months but one, counts of documents, last digits, what came twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from huikuan.engines.match import Knowledge, MatchModel
from huikuan.engines.match_book import NEVER, Book
from huikuan.engines.match_cuts import count_of, is_first
from huikuan.engines.match_history import Ledger, read_past
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_types import BarReport
from tests.engines.matching import DAY, customer, first, item, line, paid, past_line, run, table

pytestmark = pytest.mark.practice("E3")

NAME = "Oakfield Pumps Ltd"
CUSTOMERS = [customer("C1", NAME, payer_accounts="GB1")]


def said(lines: list[dict[str, Any]], items: list[dict[str, Any]]) -> Any:
    """The answer, were there no bar."""
    bar = BarReport(threshold=0.0, reason="")
    return run(lines, items, CUSTOMERS, model=MatchModel(Knowledge(), prior_calibration(), bar))


def test_all_of_a_named_month_but_one_comes_before_some_of_it() -> None:
    amounts = ["100.10", "200.20", "400.40", "801.80", "1602.60", "3105.10", "900.90"]
    items = [item(f"INV60{at:02}", "C1", amount) for at, amount in enumerate(amounts)]
    answer = said([line("L1", "6210.20", "3月货款", NAME)], items)
    assert set(paid(answer, "L1")) == {f"INV60{at:02}" for at in range(6)}


def test_an_item_not_due_yet_is_no_surer_than_the_oldest_that_are_due() -> None:
    late = [
        item(f"INV600{at}", "C1", amount, document_date=DAY - timedelta(days=40), due_date=DAY + timedelta(days=at))
        for at, amount in ((1, "1300.00"), (2, "2900.00"))
    ]
    early = item("INV6009", "C1", "4200.00", due_date=date(2026, 6, 1))
    other = item("INV6010", "C1", "77.31", due_date=date(2026, 6, 2))
    row = first(said([line("L1", "4200.00", "", NAME)], [*late, early, other]), "L1")[0]
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)


def test_a_whole_thousand_is_no_surer_than_two_older_items_in_its_place() -> None:
    days = [DAY + timedelta(days=at) for at in range(5)]
    amounts = ["5000.00", "4000.00", "6083.21", "9000.00", "70.07"]
    items = [
        item(f"INV600{at}", "C1", amount, document_date=day, due_date=day + timedelta(days=10))
        for at, (amount, day) in enumerate(zip(amounts, days, strict=True))
    ]
    row = first(said([line("L1", "15083.21", "", NAME)], items), "L1")[0]
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)
    assert first(said([line("L1", "15083.21", "", NAME)], items[1:]), "L1")[0]["decision"] == "auto"


def test_of_what_contracts_name_more_items_are_meant_as_well_as_fewer() -> None:
    amounts = ["2500.00", "7000.00", "4000.00", "9500.00"]
    items = [
        item(f"INV600{at}", "C1", amount, contract_number=f"SC261372{at // 2}") for at, amount in enumerate(amounts)
    ]
    row = first(said([line("L1", "13500.00", "CONTRACT SC2613720,SC2613721", NAME)], items), "L1")[0]
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("FW22234等5张发票", 5),
        ("货款共三笔", 3),
        ("10023 + 4 more", 5),
        ("3 invoices", 3),
        ("FW22234", 0),
        ("2026年5月货款", 0),
    ],
)
def test_a_text_says_how_many_documents_are_paid(text: str, count: int) -> None:
    assert count_of(text) == count


def test_another_number_of_documents_than_the_text_says_does_not_post_itself() -> None:
    items = [item(f"INV600{at}", "C1", amount) for at, amount in enumerate(["500.31", "300.20", "77.77"], 1)]
    two, three = "INV6001等2张发票", "INV6001等3张发票"
    assert first(said([line("L1", "800.51", two, NAME)], items), "L1")[0]["decision"] == "auto"
    assert first(said([line("L1", "800.51", three, NAME)], items), "L1")[0]["decision"] == "propose"


def test_a_first_part_is_not_paid_of_what_was_paid_in_part() -> None:
    assert is_first("FW22234首付款") and not is_first("FW22234尾款")
    half = item("INV6001", "C1", "1000.00", open_amount="500.00")
    assert first(said([line("L1", "500.00", "INV6001 首付款", NAME)], [half]), "L1")[0]["decision"] == "propose"
    assert first(said([line("L1", "500.00", "INV6001", NAME)], [half]), "L1")[0]["decision"] == "auto"


def test_last_digits_of_something_paid_do_not_mean_what_is_open_in_the_same_amount() -> None:
    paid_one = item("INV60300", "C1", "1600.00", settled_date=DAY, open_amount="0.00")
    open_one = item("INV60516", "C1", "1600.00")
    row = first(said([line("L1", "1600.00", "尾号0300", NAME)], [paid_one, open_one]), "L1")[0]
    assert row["decision"] == "propose"
    assert paid(said([line("L1", "1600.00", "尾号0516", NAME)], [paid_one, open_one]), "L1") == {"INV60516": "1600"}


def test_who_names_an_item_does_not_pay_again_what_an_earlier_line_only_guessed() -> None:
    items = [item("INV6001", "C1", "300.00"), item("INV6002", "C1", "260.35")]
    early = line("L1", "300.00", "INV6009", NAME)
    later = line("L2", "300.00", "INV6001", NAME, booking_date=date(2026, 3, 25))
    assert paid(said([early, later], items), "L2") == {"INV6001": "300"}


def test_what_was_left_of_an_item_and_settled_otherwise_is_not_open_in_the_replay() -> None:
    settled = {"document_date": DAY, "settled_date": DAY + timedelta(days=20)}
    rows = [item(f"INV600{at}", "C1", "950.00" if at == 1 else "900.00", **settled) for at in range(4)]
    days = [DAY + timedelta(days=at) for at in (2, 20, 20)]
    past = [
        past_line("P1", days[0], "400.00", "INV6001", "C1", payer=NAME),
        past_line("P2", days[1], "900.00", "INV6002", "C1", payer=NAME),
        past_line("P3", days[2], "700.00", "", "C1", payer=NAME),
    ]
    book = Book(table("items", rows), table("customers", CUSTOMERS))
    last = {
        book.item_ids[at]: day for at, day in enumerate(Ledger(book, read_past(table("history", past), book)).closes)
    }
    end = (days[1] - date(1970, 1, 1)).days
    assert last["INV6001"] == end - 1, "550.00 were left, which no line paid"
    assert last["INV6002"] == NEVER, "a line paid all of it"
    assert last["INV6000"] == end, "a line of that day has its amount: the past may be mistyped"
    assert Ledger(book, read_past(table("history", past[:1]), book)).closes[book.item_place["INV6003"]] == end - 1


def test_who_is_paid_for_stands_behind_the_word_for_it() -> None:
    owner = [customer("C1", NAME), customer("C2", "无锡金达精密机械有限公司"), customer("C3", "苏州德华贸易有限公司")]
    items = [item("INV6001", "C2", "8800.31"), item("INV6002", "C3", "100.00")]
    answer = run([line("L1", "8800.31", "代付无锡金达", "苏州德华贸易有限公司")], items, owner)
    assert paid(answer, "L1") == {"INV6001": "8800.31"}
