"""What single lines are explained by: one case per way people pay."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.engines.matching import customer, first, item, line, paid, run

pytestmark = pytest.mark.practice("E3")

CUSTOMERS = [
    customer("C1", "上海华联贸易有限公司", payer_accounts="6222 0000 1111"),
    customer("C2", "Müller & Söhne Werkzeuge GmbH", aliases="MSW"),
    customer("C3", "Northgate Trading Ltd", parent_id="C4"),
    customer("C4", "Northgate Holding Ltd"),
]
HUALIAN = "上海华联贸易有限公司"
ITEMS = [
    item("INV10023", "C1", "20000.00"),
    item("INV10024", "C1", "5097.98"),
    item("INV10027", "C1", "300.10"),
    item("INV10028", "C1", "410.20"),
    item("INV10029", "C1", "520.30"),
    item("CN-77", "C1", "-100.00"),
    item("2026-0007", "C2", "1000.00", discount_date=date(2026, 3, 25), discount_percent="2"),
    item("2026-0008", "C2", "750.00"),
    item("A-5001", "C3", "480.00", po_number="PO-99123"),
    item("A-5002", "C4", "615.00", contract_number="HT-2026-118"),
]
EXACT: list[tuple[str, str, str, str, dict[str, str]]] = [
    ("a number", "20000.00", "INV10023", "", {"INV10023": "20000"}),
    ("a range", "1230.60", "INV 10027-29", HUALIAN, {"INV10027": "300.1", "INV10028": "410.2", "INV10029": "520.3"}),
    ("a shortened list", "25097.98", "INV 10023, 24", HUALIAN, {"INV10023": "20000", "INV10024": "5097.98"}),
    ("Chinese, a list", "25097.98", "货款 发票号10023、10024", HUALIAN, {"INV10023": "20000", "INV10024": "5097.98"}),
    ("full width", "20000.00", "ＩＮＶ１００２３", "", {"INV10023": "20000"}),
    ("glued", "25097.98", "INV10023INV10024", "", {"INV10023": "20000", "INV10024": "5097.98"}),
    ("letters for digits", "20000.00", "1NV1OO23", HUALIAN, {"INV10023": "20000"}),
    ("broken by a line's end", "20000.00", "payment INV100\n23 thanks", "", {"INV10023": "20000"}),
    ("leading zeros", "20000.00", "0000010023", HUALIAN, {"INV10023": "20000"}),
    ("the prefix dropped", "5097.98", "10024", HUALIAN, {"INV10024": "5097.98"}),
    ("less a credit memo", "19900.00", "INV10023 less CN-77", HUALIAN, {"INV10023": "20000", "CN-77": "-100"}),
    ("a discount in its days", "980.00", "2026-0007 abzgl. 2% Skonto", "Mueller u. Soehne", {"2026-0007": "980"}),
    ("an order", "480.00", "PO 99123", "", {"A-5001": "480"}),
    ("a contract", "615.00", "合同 HT2026-118", "", {"A-5002": "615"}),
    ("the group pays", "480.00", "A-5001", "Northgate Holding Ltd", {"A-5001": "480"}),
    ("pinyin", "410.20", "", "SHANGHAI HUALIAN MAOYI YOUXIAN GONGSI", {"INV10028": "410.2"}),
    ("a name cut off", "750.00", "", "MÜLLER & SÖHNE WERKZ", {"2026-0008": "750"}),
    ("a part", "400.00", "INV10023 part payment", HUALIAN, {"INV10023": "400"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "text", "payer", "wanted"), [one[1:] for one in EXACT], ids=[one[0] for one in EXACT]
)
def test_a_line_is_read(amount: str, text: str, payer: str, wanted: dict[str, str]) -> None:
    answer = run([line("L1", amount, text, payer)], ITEMS, CUSTOMERS)
    assert paid(answer, "L1") == wanted


def test_a_deduction_is_told_and_the_sums_hold() -> None:
    answer = run([line("L1", "980.00", "2026-0007", "Müller & Söhne Werkzeuge GmbH")], ITEMS, CUSTOMERS)
    (row,) = first(answer, "L1")
    assert (row["deduction_reason"], str(row["deduction_amount"])) == ("early_payment_discount", "20.0000")
    assert row["applied"] + row["unapplied"] == 980


def test_a_discount_after_its_days_leaves_the_rest_open() -> None:
    late = line("L1", "980.00", "2026-0007", "Müller & Söhne Werkzeuge GmbH", booking_date=date(2026, 4, 9))
    (row,) = first(run([late], ITEMS, CUSTOMERS), "L1")
    assert row["deduction_reason"] == "short_payment"
    assert "15 days after its last day" in row["reason"]


def test_what_is_over_stays_on_account() -> None:
    (row,) = first(run([line("L1", "800.00", "2026-0008", "MSW")], ITEMS, CUSTOMERS), "L1")
    assert (row["item_id"], row["applied"], row["unapplied"]) == ("2026-0008", 750, 50)
    assert row["deduction_reason"] == "overpayment"


def test_the_same_payment_again_stays_on_account() -> None:
    lines = [line("L1", "20000.00", "INV10023", HUALIAN), line("L2", "20000.00", "INV10023", HUALIAN)]
    answer = run(lines, ITEMS, CUSTOMERS)
    assert paid(answer, "L1") == {"INV10023": "20000"}
    (row,) = first(answer, "L2")
    assert (row["item_id"], row["customer_id"], row["unapplied"]) == (None, "C1", 20000)
    assert "same payment again" in row["reason"]


def test_what_was_paid_in_part_before_in_the_run_is_taken_into_account() -> None:
    lines = [
        line("L1", "8000.00", "INV10023 part", HUALIAN, booking_date=date(2026, 3, 10)),
        line("L2", "12000.00", "INV10023 rest", HUALIAN, booking_date=date(2026, 3, 20)),
    ]
    answer = run(lines, ITEMS, CUSTOMERS)
    assert paid(answer, "L1") == {"INV10023": "8000"}
    assert paid(answer, "L2") == {"INV10023": "12000"}


def test_equal_items_without_a_word_are_ambiguous() -> None:
    items = [item(f"E{at}", "C2", "500.00") for at in range(3)]
    (row,) = first(run([line("L1", "500.00", "", "Müller & Söhne Werkzeuge GmbH")], items, CUSTOMERS), "L1")
    assert row["ambiguous"] == 2
    assert row["decision"] == "propose"


def test_the_worked_example_of_ambiguity() -> None:
    items = [item(f"E-10{at}", "C2", f"{at}00.00") for at in range(1, 6)]
    silent = first(run([line("L1", "600.00", "", "MSW")], items, CUSTOMERS), "L1")
    assert silent[0]["ambiguous"] == 2
    named = first(run([line("L1", "600.00", "E-102 E-104", "MSW")], items, CUSTOMERS), "L1")
    assert {(row["item_id"], row["ambiguous"]) for row in named} == {("E-102", 0), ("E-104", 0)}


def test_a_month_named_decides_between_equal_items() -> None:
    items = [
        item(f"R{month}", "C1", "2600.00", document_date=date(2026, month, 3), due_date=date(2026, month, 28))
        for month in (1, 2, 3)
    ]
    answer = run([line("L1", "2600.00", "2月份货款", HUALIAN)], items, CUSTOMERS)
    assert paid(answer, "L1") == {"R2": "2600"}


def test_currencies_are_never_mixed() -> None:
    answer = run([line("L1", "20000.00", "INV10023", HUALIAN, currency="USD")], ITEMS, CUSTOMERS)
    assert paid(answer, "L1") == {}


def test_an_entity_pays_only_its_own_items() -> None:
    items = [item("X1", "C1", "90.00", entity="A"), item("X2", "C1", "90.00", entity="B")]
    answer = run([line("L1", "90.00", "", HUALIAN, entity="B")], items, CUSTOMERS)
    assert paid(answer, "L1") == {"X2": "90"}
    assert first(answer, "L1")[0]["ambiguous"] == 0


def test_settled_items_are_no_candidates_and_open_amounts_count() -> None:
    items = [
        item("S1", "C1", "90.00", settled_date=date(2026, 3, 15)),
        item("S2", "C1", "900.00", open_amount="90.00"),
    ]
    assert paid(run([line("L1", "90.00", "", HUALIAN)], items, CUSTOMERS), "L1") == {"S2": "90"}


def test_the_text_may_say_what_was_paid_before() -> None:
    text = "INV10024, previously paid INV10023"
    assert paid(run([line("L1", "5097.98", text, HUALIAN)], ITEMS, CUSTOMERS), "L1") == {"INV10024": "5097.98"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_reasons_are_in_the_language_asked_for(lang: Any) -> None:
    answer = run([line("L1", "25097.98", "INV 10023, 24", HUALIAN)], ITEMS, CUSTOMERS, lang=lang)
    reason = first(answer, "L1")[0]["reason"]
    wanted = {
        "en": "INV10023 and INV10024 named in the text; amounts add up to 25,097.98 exactly; "
        "payer's name is the customer's",
        "zh": "附言写明 INV10023、INV10024；合计恰为 25,097.98；户名与客户名称一致",
    }
    assert reason == wanted[lang]


def test_evidence_points_into_the_original_text() -> None:
    answer = run([line("L1", "20000.00", "㈱ ＩＮＶ１００２３", HUALIAN)], ITEMS, CUSTOMERS)
    row = next(row for row in answer.evidence.to_pylist() if row["kind"] == "number")
    assert "㈱ ＩＮＶ１００２３"[row["start"] : row["stop"]] == "ＩＮＶ１００２３"


def test_money_that_goes_out_is_not_matched() -> None:
    (row,) = first(run([line("L1", "-500.00", "refund", HUALIAN)], ITEMS, CUSTOMERS), "L1")
    assert (row["item_id"], row["reason"]) == (None, "Money going out")


def test_nothing_at_all_is_an_answer() -> None:
    (row,) = first(run([line("L1", "12.34", "", "Nobody Known")], [], []), "L1")
    assert row["decision"] == "none"
