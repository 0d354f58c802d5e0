"""What a text names: money over it, months and credit memos, orders of one document, deposits, mistyped numbers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from huikuan.engines import match_posting
from huikuan.engines.match_cuts import cut_of, is_converted, says_more
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_model import MatchModel
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_text import periods_of
from huikuan.engines.match_types import BarReport
from tests.engines.matching import customer, first, item, line, paid, run

pytestmark = pytest.mark.practice("E8")

PUMPS = customer("C1", "Brinkmann Pumpen GmbH", payer_accounts="DE1")
STRANGER = customer("C2", "Osterfeld Logistik GmbH", payer_accounts="DE2")
BAR = BarReport(threshold=0.0, reason="")
SEEN = {"over.named": 0.0, "exchange.named": 0.0}


def said(lines: list[dict[str, Any]], items: list[dict[str, Any]], **vouched: float) -> dict[str, dict[str, Any]]:
    """The first row of what is said of each line, were there no bar."""
    model = MatchModel(
        Knowledge(), prior_calibration(), BarReport(threshold=0.0, reason="", vouched={**SEEN, **vouched})
    )
    answer = run(lines, items, [PUMPS, STRANGER], model=model)
    return {one["line_id"]: first(answer, one["line_id"])[0] for one in lines}


@pytest.fixture(autouse=True)
def however_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_posting, "least_sure", lambda _best: 0.0)


def paying(amount: str, text: str, **more: Any) -> dict[str, Any]:
    return line("L1", amount, text, PUMPS["name"], payer_account="DE1", **more)


def test_a_little_over_what_is_named_is_told_once() -> None:
    items = [item("RG-250711", "C1", "1988.25")]
    answer = run([paying("2000.00", "Rechnung RG-250711")], items, [PUMPS])
    rows = [row for row in answer.matches.to_pylist() if row["item_id"] == "RG-250711"]
    assert [(row["rank"], row["deduction_reason"], str(row["unapplied"])) for row in rows] == [
        (1, "overpayment", "11.7500")
    ]
    assert said([paying("2000.00", "Rechnung RG-250711")], items)["L1"]["decision"] == "auto"


@pytest.mark.parametrize(
    "text", ["Rechnung RG-250711 u.a.", "Rechnung RG-250711 etc.", "RG-250711等", "Rechnung RG-250711 RG-250799"]
)
def test_money_over_waits_where_more_is_paid_than_could_be_read(text: str) -> None:
    items = [item("RG-250711", "C1", "1988.25"), item("RG-250880", "C1", "300.00")]
    row = said([paying("2100.00", text)], items)["L1"]
    assert (row["item_id"], row["decision"]) == ("RG-250711", "propose")


def test_what_is_named_and_a_part_of_something_else_is_no_rival_of_money_over() -> None:
    items = [item("RG-250711", "C1", "1988.25"), item("RG-250880", "C1", "300.00")]
    answer = run([paying("2100.00", "Rechnung RG-250711")], items, [PUMPS])
    sets = {
        row["rank"]: [one["item_id"] for one in answer.matches.to_pylist() if one["rank"] == row["rank"]]
        for row in answer.matches.to_pylist()
    }
    assert sets[1] == ["RG-250711"]
    assert ["RG-250711", "RG-250880"] not in sets.values()


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("règlement facture 4711 moins frais", "charge"),
        ("factuur 4711 minus kosten", "charge"),
        ("invoice 4711 less charges", "charge"),
        ("facture 4711 moins litige", "claim"),
        ("invoice 4711 less claim", "claim"),
        ("invoice 4711 less freight", "claim"),
    ],
)
def test_less_charges_is_no_claim(text: str, cut: str) -> None:
    assert cut_of(text) == cut


@pytest.mark.parametrize(
    ("text", "converted"),
    [
        ("4711 ORIG GBP RATE 1.1333", True),
        ("invoice 4711 GBP 1744.70", True),
        ("Rg. 4711 Kurs 0,9541", True),
        ("invoice 4711 EUR 1744.70", False),
        ("interest rate 1.5", False),
        ("1. Rate", False),
    ],
)
def test_another_currency_or_a_rate_tells_a_difference_of_exchange(text: str, converted: bool) -> None:
    assert is_converted(text, "EUR") is converted


def test_a_difference_beside_an_amount_in_another_currency_is_one_of_exchange() -> None:
    items = [item("RG-250711", "C1", "2050.00", currency="EUR")]
    row = said([paying("2043.18", "invoice RG-250711 GBP 1736.70", currency="EUR")], items)["L1"]
    assert (row["deduction_reason"], row["decision"]) == ("exchange", "auto")


@pytest.mark.parametrize(
    ("text", "more"), [("4711 etc", True), ("4711等", True), ("4711等3张", False), ("Etcheverry", False), ("", False)]
)
def test_a_list_without_an_end(text: str, more: bool) -> None:
    assert says_more(text) is more


def test_a_deposit_of_a_share_is_a_kind_of_doubt_unless_something_open_has_that_share() -> None:
    told = paying("600.00", "Anzahlung 30% Auftrag 7716")
    items = [item("RG-250711", "C1", "9100.00")]
    assert said([told], items)["L1"]["decision"] == "propose"
    assert said([told], items, deposit=0.0)["L1"]["decision"] == "auto"
    assert said([told], [item("RG-250711", "C1", "2000.00")], deposit=0.0)["L1"]["item_id"] == "RG-250711"


def test_an_order_of_one_document_names_it_after_an_unsure_line_as_well() -> None:
    items = [
        item("RG-250711", "C1", "880.40", po_number="PO456711"),
        item("RG-250712", "C1", "880.40", po_number="PO456712"),
        item("RG-250713", "C1", "880.40", contract_number="RV-2026-88"),
        item("RG-250714", "C1", "91.00", contract_number="RV-2026-88"),
    ]
    unsure = line("L0", "880.40", "", PUMPS["name"], payer_account="DE1", booking_date=date(2026, 3, 18))
    rows = said([unsure, paying("880.40", "Bestellung PO456712")], items)
    assert rows["L0"]["decision"] == "propose"
    assert (rows["L1"]["item_id"], rows["L1"]["decision"]) == ("RG-250712", "auto")
    # A contract has more than one document, and the unsure line may have paid this one.
    assert said([unsure, paying("880.40", "Vertrag RV-2026-88")], items)["L1"]["decision"] == "propose"


def dated(number: str, amount: str, month: int, day: int = 7) -> dict[str, Any]:
    return item(number, "C1", amount, document_date=date(2026, month, day), due_date=date(2026, 6, 30))


def test_a_month_less_a_credit_memo_of_another() -> None:
    items = [dated(f"RG-26010{at}", f"{at}19.{at}7", 1) for at in range(1, 7)]
    items += [dated("RG-260208", "77.10", 2), dated("GS-260209", "-58.33", 2), dated("GS-260210", "-12.08", 2)]
    items += [dated(f"RG-2603{at}", f"{at}.11", 3) for at in range(10, 40)]
    owed = sum(float(one["amount"]) for one in items[:6])
    answer = run([paying(f"{owed - 58.33:.2f}", "Abrechnung 01/2026")], items, [PUMPS])
    assert paid(answer, "L1").keys() == {*(f"RG-26010{at}" for at in range(1, 7)), "GS-260209"}
    assert first(answer, "L1")[0]["ambiguous"] == 0


def test_two_months_named_are_paid_together() -> None:
    items = [dated(f"RG-2601{at}", f"{at}19.{at}7", 1) for at in range(1, 6)]
    items += [dated(f"RG-2602{at}", f"{at}4.0{at}", 2) for at in range(1, 6)]
    items += [dated(f"RG-2603{at}", f"{at}8.4{at}", 3, 1) for at in range(1, 6)]
    owed = sum(float(one["amount"]) for one in items[:10])
    answer = run([paying(f"{owed:.2f}", "1、2月货款")], items, [PUMPS])
    assert paid(answer, "L1").keys() == {one["item_id"] for one in items[:10]}
    assert first(answer, "L1")[0]["ambiguous"] == 0


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("4、5月货款", [(2026, 4), (2026, 5)]),
        ("2025年4、5月货款", [(2025, 4), (2025, 5)]),
        ("4-6月份", [(2026, 4), (2026, 5), (2026, 6)]),
        ("11-1月货款", [(2025, 11), (2025, 12), (2026, 1)]),
        ("12、1月货款", [(2025, 12), (2026, 1)]),
        ("发票100,5月", [(2026, 5)]),
        ("5月货款", [(2026, 5)]),
    ],
)
def test_months_in_lists_and_ranges(text: str, months: list[tuple[int, int]]) -> None:
    assert [one[:2] for one in periods_of(text, date(2026, 7, 3))] == months


def test_a_mistyped_number_that_is_by_chance_something_else_is_no_doubt() -> None:
    items = [item("RG-250711", "C1", "880.40"), item("RG-250171", "C1", "91.05"), item("RG-250933", "C1", "417.77")]
    row = said([paying("880.40", "Rechnung RG-250171")], items)["L1"]
    assert row["item_id"] == "RG-250711" or row["decision"] == "propose"
    row = said([paying("880.40", "Rechnung RG-250771")], [*items, item("RG-250771", "C1", "33.08")])["L1"]
    assert (row["item_id"], row["decision"]) == ("RG-250711", "auto")
    row = said([paying("880.40", "Rechnung RG-250933")], items)["L1"]
    assert row["decision"] == "propose"


def test_bare_digits_with_right_check_digits_are_hardly_a_reference() -> None:
    bare = "260320008325"  # A day and a counter of the bank; by chance its last two digits check the others.
    assert int(bare[:10]) % 97 == int(bare[10:])
    items = [item("RG-20008", "C1", "33.08"), item("RG-25711", "C1", "880.40")]
    row = said([paying("880.40", "Überweisung", end_to_end_id=bare)], items)["L1"]
    assert (row["item_id"], row["decision"]) == ("RG-25711", "auto")


def test_a_number_one_off_from_others_that_are_named_is_no_slip_of_the_pen() -> None:
    items = [item(f"9001241{at}", "C1", amount) for at, amount in ((4, "99.00"), (5, "1800.00"), (6, "15.00"))]
    items.append(item("90012694", "C1", "11133.11"))
    model = MatchModel(Knowledge(), prior_calibration(), BarReport(threshold=0.0, reason=""))
    told = paying("13032.11", "90012415,90012694,90012416,90012414")
    answer = run([told], items, [PUMPS], model=model)
    # Three of the four come to the amount; the fourth is as much as may be missing of all.
    assert [row["back"] for row in answer.explanations.to_pylist() if row["rank"] == 1] != [0]


def test_of_two_contracts_older_items_less_a_late_discount_are_meant_as_well() -> None:
    def under(number: str, contract: str, amount: str, day: date) -> dict[str, Any]:
        more = {
            "contract_number": contract,
            "document_date": day,
            "due_date": date(2026, 5, 1),
            "discount_percent": "2",
        }
        return item(number, "C1", amount, **more, discount_date=date.fromordinal(day.toordinal() + 10))

    newer, older = date(2026, 3, 14), date(2026, 1, 14)
    items = [under("RG-260101", "K-2026-396", "1200.00", older), under("RG-260102", "FW-2026-961", "2400.00", older)]
    items += [under("RG-260301", "K-2026-396", "1200.00", newer), under("RG-260302", "FW-2026-961", "2400.00", newer)]
    row = said([paying("3528.00", "contract no. K-2026-396/FW-2026-961")], items)["L1"]
    assert (row["ambiguous"], row["decision"]) == (1, "propose")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "over the bar, yet held back: a little more than owed (the text names what is paid)"),
        ("zh", "已过自动入账线，仍待人工确认：比应收略多（附言写明单据）"),
    ],
)
def test_the_reason_says_what_holds_a_line_back_that_is_over_the_bar(lang: Any, words: str) -> None:
    items = [item("RG-250711", "C1", "1988.25"), item("RG-250933", "C1", "417.77")]
    model = MatchModel(Knowledge(), prior_calibration(), BAR)
    lines = [paying("2000.00", "Rechnung RG-250711"), {**paying("417.77", "RG-250933"), "line_id": "L2"}]
    answer = run(lines, items, [PUMPS], model=model, lang=lang)
    assert words in first(answer, "L1")[0]["reason"]
    assert first(answer, "L2")[0]["decision"] == "auto"
    assert words[:6].lower() not in first(answer, "L2")[0]["reason"].lower()
    vouched = MatchModel(Knowledge(), prior_calibration(), BarReport(threshold=0.0, reason="", vouched=SEEN))
    assert words not in first(run(lines, items, [PUMPS], model=vouched, lang=lang), "L1")[0]["reason"]


def test_a_contract_behind_its_label_is_told_as_it_is_written() -> None:
    items = [item("RG-250711", "C1", "880.40", contract_number="K-2025-347")]
    answer = run([paying("880.40", "contract no. K-2025-347")], items, [PUMPS])
    assert first(answer, "L1")[0]["reason"].startswith("Order or contract K-2025-347 named in the text: RG-250711")


def test_of_two_months_named_some_items_that_come_to_a_round_sum_are_not_the_months() -> None:
    items = [dated(f"RG-26010{at}", amount, 1) for at, amount in enumerate(("310.40", "177.15", "94.08", "61.33"))]
    items += [dated(f"RG-26020{at}", amount, 2) for at, amount in enumerate(("212.45", "300.00", "18.76", "47.90"))]
    answer = run([paying("1000.00", "1-2月结算")], items, [PUMPS])
    assert "month named in the text" not in first(answer, "L1")[0]["reason"]
