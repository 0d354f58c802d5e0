"""What is said of an explanation is true of it: as an alternative, of a name that only resembles, of a rival."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from huikuan.engines.match_types import MatchOptions
from tests.engines.matching import DAY, customer, item, line, run

pytestmark = pytest.mark.practice("E3")

HUALIAN = "上海华联贸易有限公司"
CUSTOMERS = [customer("C1", HUALIAN), customer("C2", "Müller & Söhne Werkzeuge GmbH")]
ALL = MatchOptions(ranks_max=9)


def reasons(answer: Any, line_id: str = "L1") -> list[str]:
    """One for each explanation, the likeliest first."""
    found = {row["rank"]: row["reason"] for row in answer.matches.to_pylist() if row["line_id"] == line_id}
    return [found[rank] for rank in sorted(found)]


def test_beside_what_explains_the_amount_money_is_only_kept_on_account() -> None:
    items = [item("R1", "C1", "90.00"), item("R2", "C1", "700.00")]
    explained = reasons(run([line("L1", "90.00", "", HUALIAN)], items, CUSTOMERS, options=ALL))
    assert explained[0].startswith("R1, not named in the text; amount exact")
    assert f"{HUALIAN}: kept on account" in explained
    unexplained = reasons(run([line("L1", "91.37", "", HUALIAN)], [], CUSTOMERS, options=ALL))
    assert unexplained[0] == f"{HUALIAN}: nothing open explains the amount, it stays on account"
    chinese = reasons(run([line("L1", "90.00", "", HUALIAN)], items, CUSTOMERS, options=ALL, lang="zh"))
    assert f"{HUALIAN}：记作预收" in chinese


@pytest.mark.parametrize(
    ("payer", "said"),
    [
        ("SHANGHAI HUALIAN MAOYI YOUXIAN GONGSI", "payer's name is the customer's in pinyin"),
        ("SHANGHAI HUALIAN MA", "payer's name is the beginning of the customer's in pinyin"),
        ("SHANGHAI HUALAN MAOYI CO LTD", "payer's name resembles the customer's in pinyin"),
    ],
)
def test_a_name_in_latin_letters_is_told_from_one_that_resembles(payer: str, said: str) -> None:
    found = reasons(run([line("L1", "90.00", "", payer)], [item("R1", "C1", "90.00")], CUSTOMERS))
    assert found[0] == f"R1, not named in the text; amount exact; {said}"


def test_of_items_of_several_customers_the_name_is_that_of_one() -> None:
    group = [customer("C1", HUALIAN), customer("C3", "杭州西湖纺织厂", parent_id="C1")]
    items = [item("R1", "C1", "90.00"), item("R3", "C3", "10.50")]
    (said, *_) = reasons(run([line("L1", "100.50", "", HUALIAN)], items, group))
    assert said.endswith(f"; amounts add up to 100.50 exactly; payer's name is that of {HUALIAN}")


def test_the_other_combination_is_named() -> None:
    items = [item("R1", "C1", "500.00"), item("R2", "C1", "500.00"), item("R3", "C1", "70.00")]
    answer = run([line("L1", "500.00", "", HUALIAN)], items, CUSTOMERS)
    assert reasons(answer)[0].endswith("; one other combination fits: R2")
    assert reasons(run([line("L1", "500.00", "", HUALIAN)], items, CUSTOMERS, lang="zh"))[0].endswith(
        "；另有 1 种组合同样吻合：R2"
    )
    more = [*items, item("R4", "C1", "500.00")]
    assert reasons(run([line("L1", "500.00", "", HUALIAN)], more, CUSTOMERS))[0].endswith(
        "; 2 other combinations fit, such as R2"
    )


def test_of_a_set_named_in_part_the_other_half_is_told() -> None:
    items = [item("INV90001", "C2", "60.00"), *(item(f"INV9{at}000", "C2", "500.00") for at in (2, 3))]
    found = reasons(run([line("L1", "560.00", "INV90001 etc", "Müller & Söhne Werkzeuge GmbH")], items, CUSTOMERS))
    assert found[0].startswith("INV90001 and INV92000, of which the text names 1; ")
    assert found[0].endswith("; one other combination fits: INV90001 + INV93000")


def test_a_number_in_another_currency_is_mentioned() -> None:
    items = [item("INV10023", "C1", "20000.00"), item("R2", "C1", "5.00", currency="USD")]
    lines = [line("L1", "20000.00", "INV10023", HUALIAN, currency="USD")]
    assert reasons(run(lines, items, CUSTOMERS))[0] == (
        f"{HUALIAN}: nothing open explains the amount, it stays on account; INV10023 named in the text, but in CNY"
    )
    assert reasons(run(lines, items, CUSTOMERS, lang="zh"))[0].endswith("；附言写明的 INV10023 为 CNY，币种不同")


def test_what_is_missing_of_each_item_is_told_with_its_number() -> None:
    terms = {"discount_percent": "2.0"}
    items = [
        item("INV90001", "C2", "1000.00", discount_date=DAY + timedelta(days=20), **terms),
        item("INV90002", "C2", "500.00", discount_date=DAY + timedelta(days=10), **terms),
    ]
    lines = [line("L1", "1470.00", "INV90001 INV90002", "Müller & Söhne Werkzeuge GmbH")]
    said = reasons(run(lines, items, CUSTOMERS))[0]
    assert "; less an early-payment discount of 20.00 (INV90001); 10.00 short (INV90002); taken 8 days after" in said


def test_cents_left_away_are_no_charge_in_words() -> None:
    lines = [line("L1", "90.00", "INV90001 抹零", HUALIAN)]
    assert "; rounded down by 0.29; " in reasons(run(lines, [item("INV90001", "C1", "90.29")], CUSTOMERS))[0]


def test_no_money_is_not_money_going_out() -> None:
    assert reasons(run([line("L1", "0.00", "fee", HUALIAN)], [], CUSTOMERS)) == ["No money: the amount is zero"]
    assert reasons(run([line("L1", "-1.00", "fee", HUALIAN)], [], CUSTOMERS)) == ["Money going out"]
