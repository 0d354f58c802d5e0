"""What the ways of payers tell: shares of an item, whom a group's payer pays for, who bears another's name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from huikuan.engines.match import Knowledge, MatchModel
from huikuan.engines.match_book import UNIT
from huikuan.engines.match_learn import ConfirmedLine
from huikuan.engines.match_model import Calibration
from huikuan.engines.match_payers import name_key
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_types import BarReport
from tests.engines.matching import DAY, customer, first, item, line, paid, past_line, run

pytestmark = pytest.mark.practice("E3")

NAME = "无锡锦鼎光电有限公司"
CUSTOMERS = [customer("C1", NAME, payer_accounts="4405001")]


def sure() -> Calibration:
    """Probabilities that are always high: what holds a line back is something else."""
    made = prior_calibration()
    made.coefficients[-1] += 12
    return made


def said(
    lines: list[dict[str, Any]],
    items: list[dict[str, Any]],
    customers: list[dict[str, Any]] | None = None,
    habits: tuple[str, ...] = (),
    times: int = 5,
    text: str = "",
) -> Any:
    """The answer, were there no bar, when C1 has paid so many times with these habits."""
    knowledge = Knowledge()
    for _ in range(times if habits else 0):
        knowledge.learn(ConfirmedLine("4405001", name_key(NAME), text, ("C1",), ("lines", *habits)))
    bar = BarReport(threshold=0.0, reason="", vouched={"part.bare": 0.0, "part.named": 0.0, "oldest.bare": 0.0})
    return run(lines, items, customers or CUSTOMERS, model=MatchModel(knowledge, sure(), bar))


def aged(numbers: list[str], amounts: list[str], **more: Any) -> list[dict[str, Any]]:
    """Items of C1, each due four days after the one before."""
    days = [DAY - timedelta(days=60) + timedelta(days=4 * at) for at in range(len(amounts))]
    return [
        item(number, "C1", amount, document_date=day, due_date=day + timedelta(days=30), **more)
        for number, amount, day in zip(numbers, amounts, days, strict=True)
    ]


NUMBERS = ["26442000000131870001", "26442000000132231074", "26442000000133005518", "26442000000134117236"]


def test_one_item_is_no_surer_than_older_neighbours_that_come_to_the_same() -> None:
    items = aged(NUMBERS, ["311.40", "1182.64", "591.32", "1773.96"])
    row = first(said([line("L1", "1773.96", "转账", NAME)], items), "L1")[0]
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)
    row = first(said([line("L1", "1773.96", "转账", NAME)], [items[0], items[1], items[3]]), "L1")[0]
    assert (row["item_id"], row["decision"]) == (NUMBERS[3], "auto")


def test_who_pays_several_at_once_may_mean_any_older_ones() -> None:
    items = aged(NUMBERS, ["1182.64", "311.40", "591.32", "1773.96"])
    lines = [line("L1", "1773.96", "转账", NAME)]
    assert first(said(lines, items, habits=("single", "exact")), "L1")[0]["ambiguous"] == 0
    assert first(said(lines, items, habits=("several", "exact")), "L1")[0]["ambiguous"] > 0


@pytest.mark.parametrize(("missing", "why"), [("71.82", "short_payment"), ("15.00", "bank_charge")])
def test_a_share_that_is_missing_at_home_is_kept_back_and_no_charge(missing: str, why: str) -> None:
    amount = {"71.82": "2322.43", "15.00": "2379.25"}[missing]
    row = first(said([line("L1", amount, f"货款 发票号码：{NUMBERS[0]}", NAME)], aged(NUMBERS[:1], ["2394.25"])), "L1")[
        0
    ]
    assert (row["deduction_reason"], format(row["deduction_amount"], ".2f")) == (why, missing)


def test_who_has_paid_halves_pays_a_half_again() -> None:
    items = aged(NUMBERS, ["4580.10", "1839.84", "7004.13", "512.96"], contract_number="HY24A6901")
    lines = [line("L1", "919.92", "合同号：HY24A6901", NAME)]
    assert paid(said(lines, items, habits=("single", "part", "share:500000")), "L1") == {NUMBERS[1]: "919.92"}
    assert NUMBERS[1] not in paid(said(lines, items, habits=("single", "exact")), "L1")


def test_who_pays_halves_may_mean_a_half_where_the_whole_of_another_is_as_much() -> None:
    items = aged(NUMBERS[:3], ["4580.10", "55071.00", "27535.50"], contract_number="HT-2025-8593")
    row = first(said([line("L1", "27535.50", "HT-2025-8593 采购款", NAME)], items, habits=("share:500000",)), "L1")[0]
    assert (row["decision"], row["ambiguous"] > 0) == ("propose", True)


def test_a_percentage_glued_to_a_number_is_none_of_its_digits() -> None:
    items = aged(NUMBERS, ["4580.10", "1839.84", "7004.13", "512.96"])
    assert paid(said([line("L1", "919.92", "付发票3223107450%", NAME)], items), "L1") == {NUMBERS[1]: "919.92"}


GROUP = [
    customer("C1", "徐州市盛益市政工程有限公司", payer_accounts="4405001"),
    customer("C2", "徐州市盛益市政工程有限公司湖州分公司", parent_id="C1"),
    customer("C3", "徐州市盛益市政工程有限公司贵阳分公司", parent_id="C1"),
]


@pytest.mark.parametrize(("text", "who"), [("湖州分公司付货款", "C2"), ("货款 贵阳分公司", "C3"), ("付货款", "C1")])
def test_a_group_pays_for_the_member_that_the_text_names(text: str, who: str) -> None:
    items = [
        item(f"I{owner}{at}", owner, amount)
        for owner in ("C1", "C2", "C3")
        for at, amount in enumerate(("57300.00", "11250.75"))
    ]
    answer = said([line("L1", "57300.00", text, GROUP[0]["name"], payer_account="4405001")], items, GROUP)
    assert paid(answer, "L1") == {f"I{who}0": "57300"}


def test_a_person_of_the_same_name_with_another_account_is_not_the_payer_for_sure() -> None:
    customers = [customer("C1", "烟台荣明贸易行", aliases="胡敏")]
    items = aged(NUMBERS[:2], ["2000.00", "19483.00"])
    knowledge = Knowledge()
    for _ in range(10):
        knowledge.learn(ConfirmedLine("6222001", name_key("胡敏"), "货款", ("C1",), ("lines", "part", "oldest")))
    bar = BarReport(threshold=0.0, reason="", vouched={"oldest.bare": 0.0})
    model = MatchModel(knowledge, sure(), bar)
    for account, decision in (("6222001", "auto"), ("6217999", "propose")):
        lines = [line("L1", "1500.00", "货款", "胡敏", payer_account=account)]
        assert first(run(lines, items, customers, model=model), "L1")[0]["decision"] == decision


def test_what_another_pays_on_behalf_of_a_customer_is_paid_before_what_it_pays_next() -> None:
    items = aged(NUMBERS, ["3000.00", "3000.00", "8000.00", "9000.00"])
    lines = [
        line("L1", "5000.00", "代无锡锦鼎光电付货款", "常州凯捷物资有限公司", booking_date=date(2026, 3, 12)),
        line("L2", "4000.00", "货款", NAME),
    ]
    answer = said(lines, items, habits=("part", "oldest"))
    assert paid(answer, "L1") == {NUMBERS[0]: "3000", NUMBERS[1]: "2000"}
    assert paid(answer, "L2") == {NUMBERS[1]: "1000", NUMBERS[2]: "3000"}


@pytest.mark.parametrize("text", ["合同HT2024793 预付40%", "I2 40% deposit", "I2 进度款 40%"])
def test_the_share_that_a_text_tells_is_paid_of_the_item_it_is_a_share_of(text: str) -> None:
    amounts = ["1978.87", "8593.42", "1622.28", "3437.37"]
    items = aged(["I1", "I2", "I3", "I4"], amounts, contract_number="HT2024793")
    answer = said([line("L1", "3437.37", text, NAME)], items[:3])
    row = first(answer, "L1")[0]
    assert (paid(answer, "L1"), row["decision"], row["deduction_reason"]) == ({"I2": "3437.37"}, "auto", None)
    # Some of it was paid before: it is a share of the whole.
    rest = [items[0], items[1] | {"open_amount": "5156.05"}]
    assert paid(said([line("L1", "3437.37", text, NAME)], rest), "L1") == {"I2": "3437.37"}


def test_a_share_of_one_item_that_the_text_tells_is_surer_than_the_oldest_that_come_to_it() -> None:
    items = aged(["I1", "I2", "I3"], ["76.84", "50000.00", "50906.00"])
    answer = said([line("L1", "48360.70", "采购款 95%", NAME)], items, habits=("part", "oldest"))
    assert paid(answer, "L1") == {"I3": "48360.7"}


def test_many_of_all_that_a_contract_covers_may_come_to_the_amount_by_chance() -> None:
    amounts = ["9619.60", "2885.88", "2404.90", "2885.88", "961.96", "7004.13"]
    numbers = [f"2644200000013{at:07}" for at in range(6)]
    items = aged(numbers, amounts, contract_number="HY24X8416")
    row = first(said([line("L1", "9138.62", "合同号：HY24X8416", NAME)], items), "L1")[0]
    assert row["decision"] == "propose"
    kept = said([line("L1", "9138.62", "合同号：HY24X8416", NAME)], items, habits=("short", "kept:50000"))
    assert paid(kept, "L1") == {numbers[0]: "9138.62"}


def test_money_over_beside_a_number_that_was_cut_off_is_for_something_else() -> None:
    items = aged(NUMBERS[:2], ["109081.13", "47712.34"])
    for cut, decision in (("26442000", "propose"), ("", "auto")):
        text = f"用途:货款{NUMBERS[0]} {cut} 附言:"
        bar = BarReport(threshold=0.0, reason="", vouched={"over.named": 0.0})
        model = MatchModel(Knowledge(), sure(), bar)
        answer = run([line("L1", "139300.00", text, NAME)], items, CUSTOMERS, model=model)
        assert first(answer, "L1")[0]["decision"] == decision


def test_a_customer_written_without_its_town_is_known_by_a_platforms_text() -> None:
    customers = [customer("C1", "哈尔滨市南山区嘉益经营部"), customer("C2", "太原市高新区鑫信五金店")]
    items = [item("I1", "C1", "4112.35"), item("I2", "C2", "4112.35")]
    lines = [line("L1", "4112.35", "用途:南山区嘉益经营部 货款", "支付宝（中国）网络技术有限公司")]
    assert paid(said(lines, items, customers), "L1") == {"I1": "4112.35"}


def test_after_a_line_that_names_nothing_and_waits_the_payers_way_waits_too() -> None:
    items = aged(NUMBERS[:3], ["14000.00", "26000.00", "6000.00"])
    lines = [
        line("L1", "6000.00", "往来款", NAME, booking_date=date(2026, 3, 12)),
        line("L2", "9000.00", "货款", NAME),
    ]
    answer = said(lines, items, habits=("part", "oldest"))
    assert [first(answer, one)[0]["decision"] for one in ("L1", "L2")] == ["propose", "propose"]
    assert first(said(lines[1:], items, habits=("part", "oldest")), "L2")[0]["decision"] == "auto"


def test_what_goes_on_from_the_oldest_that_nobody_has_confirmed_is_a_doubt_of_its_own() -> None:
    items = aged(NUMBERS, ["3111.40", "11821.64", "5913.32", "17739.96"])
    lines = [
        line("L1", "9000.00", "货款", NAME, booking_date=date(2026, 3, 12)),
        line("L2", "8000.00", "货款", NAME, booking_date=date(2026, 3, 13)),
    ]
    answer = said(lines, items, habits=("part", "oldest"))
    assert [first(answer, one)[0]["decision"] for one in ("L1", "L2")] == ["auto", "propose"]
    bar = answer.model.bar
    bar = replace(bar, vouched={**bar.vouched, "oldest_on.bare": 0.0})
    answer = run(lines, items, CUSTOMERS, model=replace(answer.model, bar=bar))
    assert [first(answer, one)[0]["decision"] for one in ("L1", "L2")] == ["auto", "auto"]


def test_sums_that_come_about_by_chance_do_not_lead_a_payer_off_its_way() -> None:
    thousands = [11, 4, 5, 3, 12, 23, 3, 22, 3, 4, 5, 3]
    numbers = [f"2631200000034{at:07}" for at in range(len(thousands))]
    items = aged(numbers, [f"{one}000.00" for one in thousands])
    lines = [line("L1", "40000.00", "转账", NAME)]
    assert set(paid(said(lines, items, habits=("part", "oldest")), "L1")) == set(numbers[:6])
    assert set(paid(said(lines, items, habits=("part", "short")), "L1")) != set(numbers[:6])


def test_a_payer_is_followed_past_the_last_of_two_equal_items() -> None:
    items = aged(NUMBERS, ["600.00", "8400.00", "8400.00", "7100.00"])
    for one in items[1:3]:
        one["document_date"], one["due_date"] = items[1]["document_date"], items[1]["due_date"]
    lines = [
        line("L1", "8000.00", "货款", NAME, booking_date=date(2026, 3, 12)),
        line("L2", "4000.00", "货款", NAME),
    ]
    answer = said(lines, items, habits=("part", "oldest"))
    assert paid(answer, "L1") == {NUMBERS[0]: "600", NUMBERS[1]: "7400"}
    assert paid(answer, "L2") == {NUMBERS[1]: "1000", NUMBERS[2]: "3000"}
    assert {first(answer, one)[0]["decision"] for one in ("L1", "L2")} == {"propose"}


@pytest.mark.parametrize(
    ("amount", "decision"), [("20000.00", "auto"), ("13000.00", "auto"), ("3300.00", "propose"), ("9640.00", "propose")]
)
def test_a_sum_less_round_than_any_the_payer_ever_paid_its_oldest_with_is_meant_for_something(
    amount: str, decision: str
) -> None:
    items = aged(NUMBERS, ["8210.40", "16110.00", "9915.25", "12008.10"])
    answer = said([line("L1", amount, "货款", NAME)], items, habits=("part", "oldest", f"step:{10_000 * UNIT}"))
    assert first(answer, "L1")[0]["decision"] == decision


def test_the_past_tells_in_what_round_sums_a_payer_pays_its_oldest() -> None:
    items = aged(NUMBERS, ["8210.40", "16110.00", "9915.25", "12008.10"])
    past = [
        past_line(f"H{at}", date(2026, 3, 4 + at), amount, NUMBERS[0], "C1")
        for at, amount in enumerate(("5500.00", "2000.00"))
    ]
    answer = run([line("L1", "100.00", "货款", NAME)], items, CUSTOMERS, past)
    assert {f"step:{500 * UNIT}", f"step:{1000 * UNIT}"} <= set(answer.model.knowledge.habits["C1"])


def test_of_two_on_one_day_the_second_goes_on_where_the_first_ended_and_neither_posts_itself() -> None:
    items = aged(NUMBERS, ["8210.40", "16110.00", "9915.25", "12008.10"])
    lines = [line("L1", "10000.00", "货款", NAME), line("L2", "13500.00", "货款", NAME)]
    lines.append(line("L3", "5000.00", "货款", NAME, booking_date=date(2026, 3, 26)))
    answer = said(lines, items, habits=("part", "oldest"))
    both = [paid(answer, one) for one in ("L1", "L2")]
    assert {key: sum(float(one.get(key, 0)) for one in both) for key in NUMBERS[:2]} == {
        NUMBERS[0]: 8210.4,
        NUMBERS[1]: 15289.6,
    }
    assert {first(answer, one)[0]["decision"] for one in ("L1", "L2")} == {"propose"}
    assert paid(answer, "L3") == {NUMBERS[1]: "820.4", NUMBERS[2]: "4179.6"}


def test_who_has_paid_its_oldest_twice_is_followed_but_posts_nothing() -> None:
    items = aged(NUMBERS, ["8210.40", "16110.00", "9915.25", "12008.10"])
    lines = [
        line("L1", "20000.00", "货款", NAME),
        line("L2", "8000.00", "货款", NAME, booking_date=date(2026, 3, 26)),
    ]
    answer = said(lines, items, habits=("part", "oldest"), times=2)
    assert paid(answer, "L2") == {NUMBERS[1]: "4320.4", NUMBERS[2]: "3679.6"}
    assert {first(answer, one)[0]["decision"] for one in ("L1", "L2")} == {"propose"}


def test_what_somebody_unknown_may_have_paid_before_is_not_sure_to_be_the_oldest() -> None:
    items = aged(NUMBERS, ["8210.40", "16110.00", "9915.25", "12008.10"])
    lines = [line("L2", "20000.00", "货款", NAME, booking_date=date(2026, 3, 26))]
    assert first(said(lines, items, habits=("part", "oldest")), "L2")[0]["decision"] == "auto"
    lines.append(line("L1", "8210.40", "", "顾晓东", payer_account="6230991"))
    assert first(said(lines, items, habits=("part", "oldest")), "L2")[0]["decision"] == "propose"


def test_what_is_contested_is_left_out_of_what_is_paid_as_a_whole() -> None:
    items = aged(NUMBERS, ["4112.35", "931.40", "2870.15", "655.20"])
    items[1]["disputed"] = True
    lines = [line("L1", "7637.70", "货款", NAME, booking_date=date(2026, 4, 20))]
    assert set(paid(said(lines, items), "L1")) == {NUMBERS[0], NUMBERS[2], NUMBERS[3]}
    assert first(said(lines, items), "L1")[0]["decision"] == "auto"


def test_what_is_contested_is_not_paid_as_simply_as_two_items_that_are_not() -> None:
    items = aged(NUMBERS, ["62000.00", "37000.00", "1250.40", "25000.00"])
    lines = [line("L1", "62000.00", "货款", NAME)]
    assert first(said(lines, items), "L1")[0]["ambiguous"] == 0
    items[0]["disputed"] = True
    assert first(said(lines, items), "L1")[0]["ambiguous"] > 0


@pytest.mark.parametrize(("text", "decision"), [("acompte Lefevre Automatismes", "propose"), ("acompte", "auto")])
def test_money_of_one_with_the_name_of_another_in_the_text_does_not_go_on_account_by_itself(
    text: str, decision: str
) -> None:
    people = [
        customer("C1", "Roussel Électronique SAS", payer_accounts="FR1234567"),
        customer("C2", "Lefèvre Automatismes"),
    ]
    bar = BarReport(threshold=0.0, reason="")
    model = MatchModel(Knowledge(), sure(), bar)
    answer = run([line("L1", "20000.00", text, payer_account="FR1234567")], [], people, model=model)
    assert first(answer, "L1")[0]["decision"] == decision


def many_paid_for(times: int) -> tuple[list[dict[str, Any]], Knowledge]:
    """A parent and five members of its group, for each of which its account has paid so many times."""
    members = [customer(f"C{at}", f"{name}机械有限公司", parent_id="C1") for at, name in enumerate(MEMBERS, 2)]
    knowledge = Knowledge()
    for _ in range(40):
        knowledge.learn(ConfirmedLine("4405001", name_key(NAME), "货款", ("C1",), ("lines", "single", "exact")))
    for one in members:
        for _ in range(times):
            owner = (one["customer_id"],)
            knowledge.learn(ConfirmedLine("4405001", name_key(NAME), "货款", owner, ("lines", "single", "exact")))
    return [*CUSTOMERS, *members], knowledge


MEMBERS = ("合肥诚创", "洛阳捷科", "温州恒锐", "青岛金瑞", "台州恒辉")


@pytest.mark.parametrize(("times", "decision"), [(5, "auto"), (1, "propose")])
def test_one_of_many_for_whom_an_account_has_paid_several_times_is_no_strangers(times: int, decision: str) -> None:
    customers, knowledge = many_paid_for(times)
    items = [item("26442000000134117236", "C5", "12968.58"), item("26442000000134117555", "C1", "731.40")]
    model = MatchModel(knowledge, sure(), BarReport(threshold=0.0, reason=""))
    answer = run([line("L1", "12968.58", "货款", NAME, payer_account="4405001")], items, customers, model=model)
    assert paid(answer, "L1") == {"26442000000134117236": "12968.58"}
    assert first(answer, "L1")[0]["decision"] == decision


def test_last_digits_are_looked_for_among_all_that_an_account_has_paid_for() -> None:
    customers, knowledge = many_paid_for(5)
    for one in customers[1:]:
        one["parent_id"] = None
    items = [item("26442000000134112347", "C6", "12968.58"), item("26442000000131117555", "C6", "12968.58")]
    items[1]["due_date"] = date(2026, 3, 10)
    model = MatchModel(knowledge, sure(), BarReport(threshold=0.0, reason=""))
    lines = [line("L1", "12968.58", "付发票尾号2347款", NAME, payer_account="4405001")]
    answer = run(lines, items, customers, model=model)
    assert paid(answer, "L1") == {"26442000000134112347": "12968.58"}
    assert first(answer, "L1")[0]["ambiguous"] == 0


def test_a_payment_again_of_what_its_number_names_does_not_hang_on_what_else_the_text_says_or_is_open() -> None:
    items = aged(NUMBERS[:3], ["7134.72", "6940.10", "2100.00"])
    items[0] |= {"open_amount": "0.00", "settled_date": date(2026, 3, 4)}
    lines = [
        line("L1", "3000.00", "", NAME, booking_date=date(2026, 3, 12)),
        line("L2", "7134.72", f"发票{NUMBERS[0]} 付款单FK20250324667", NAME),
    ]
    answer = said(lines, items)
    assert paid(answer, "L2") == {}
    assert [first(answer, one)[0]["decision"] for one in ("L1", "L2")] == ["propose", "auto"]
