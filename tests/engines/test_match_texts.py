"""What the words of a text say, rule by rule: tails of numbers, shortened lists, names, money that is missing."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest

from huikuan.core.payment_reference import ReferenceScheme, payment_reference, printed_reference
from huikuan.engines import match_context
from huikuan.engines.match_context import soft_hits
from huikuan.engines.match_cuts import shares_in
from huikuan.engines.match_text import noise_of
from tests.engines.matching import customer, first, item, line, paid, past_line, run

PUMPS = customer("C1", "南宁新阳泵业有限公司")
STRANGER = customer("C2", "Osterfeld Logistik GmbH")


@pytest.mark.parametrize(
    "text",
    [
        "材料款票号后四位0092",
        "货款 票尾号00\n92",
        "尾号 009 2",
        "发票尾号００９２",
        "invoice ending in 0092",
        "Rechnung Endziffern 0092",
    ],
)
def test_the_last_digits_of_a_number_are_read_though_they_begin_with_zeros(text: str) -> None:
    items = [item("SI26060092", "C1", "800.00"), item("SI26050492", "C1", "800.00"), item("SI26051092", "C1", "800.00")]
    answer = run([line("L1", "800.00", text, PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1").keys() == {"SI26060092"}
    assert "SI26060092" in first(answer, "L1")[0]["reason"]
    assert first(answer, "L1")[0]["ambiguous"] == 0


def test_last_digits_that_look_like_a_year_are_digits_where_the_text_says_so() -> None:
    items = [item("SI26061944", "C1", "800.00"), item("SI26062031", "C1", "800.00"), item("SI26062033", "C1", "800.00")]
    answer = run([line("L1", "1600.00", "票尾号1944、2031", PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1").keys() == {"SI26061944", "SI26062031"}
    assert first(answer, "L1")[0]["ambiguous"] == 0


def test_a_list_of_last_digits_is_read_to_its_end() -> None:
    items = [item(f"SI2606{tail}", "C1", "800.00") for tail in ("0076", "0522", "0577", "0988")]
    answer = run([line("L1", "1600.00", "尾号0076、0522 材料款", PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1").keys() == {"SI26060076", "SI26060522"}


def test_digits_that_are_by_chance_what_a_stranger_was_billed_are_read_as_the_end_of_a_number_of_the_payer() -> None:
    items = [
        item("2000104599", "C1", "800.00"),
        item("2000104611", "C1", "800.00"),
        item("INV-2025-004599", "C2", "120.00"),
    ]
    answer = run([line("L1", "800.00", "INV NO. 04599", PUMPS["name"])], items, [PUMPS, STRANGER])
    assert paid(answer, "L1").keys() == {"2000104599"}


@pytest.mark.practice("E8")
@pytest.mark.parametrize("scheme", [ReferenceScheme.RF, ReferenceScheme.QR, ReferenceScheme.OGM])
@pytest.mark.parametrize("number", ["A96060", "RE-2026/04599", "2000104611"])
def test_a_payment_reference_names_its_document_whatever_else_is_said(scheme: ReferenceScheme, number: str) -> None:
    other = {"A96060": "A96061", "RE-2026/04599": "RE-2026/04598", "2000104611": "2000104612"}[number]
    items = [item(number, "C2", "800.00"), item(other, "C2", "800.00")]
    text = f"Zahlung {printed_reference(payment_reference(scheme, number))} vielen Dank"
    answer = run([line("L1", "800.00", text, STRANGER["name"])], items, [PUMPS, STRANGER])
    assert paid(answer, "L1").keys() == {number}
    assert first(answer, "L1")[0]["ambiguous"] == 0


def test_a_list_may_be_shortened_by_blanks_alone() -> None:
    items = [item(f"20001052{tail}", "C1", "800.00") for tail in ("15", "17", "63", "71")]
    answer = run([line("L1", "2400.00", "Inv No 2000105215 17 63", PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1").keys() == {"2000105215", "2000105217", "2000105263"}


def test_names_in_traditional_characters_are_the_same_names() -> None:
    answer = run(
        [line("L1", "800.00", "貨款 發票尾號0092", "台灣盛誠國際貿易有限公司")],
        [item("SI26060092", "C1", "800.00"), item("SI26070092", "C2", "800.00")],
        [customer("C1", "台湾盛诚国际贸易有限公司"), customer("C2", "台湾联盛国际贸易有限公司")],
    )
    assert paid(answer, "L1").keys() == {"SI26060092"}
    assert "payer's name is the customer's" in first(answer, "L1")[0]["reason"]


def test_a_customer_named_in_full_outranks_whoever_used_the_account_before() -> None:
    road, police = customer("C1", "郑州市市政工程管理处"), customer("C2", "郑州市公安局")
    centre = {"payer": "郑州市国库收付中心", "payer_account": "26737128509398127"}
    past = [past_line(f"P{day}", date(2026, 2, day), "500.00", f"OLD{day}", "C1", **centre) for day in range(1, 9)]
    items = [
        item("SI1", "C1", "900.00"),
        item("SI2", "C2", "4527.17"),
        *(item(f"OLD{day}", "C1", "500.00", open_amount="0") for day in range(1, 9)),
    ]
    answer = run([line("L1", "4527.17", "预算单位郑州市公安局 设备款", **centre)], items, [road, police], past)
    assert paid(answer, "L1").keys() == {"SI2"}
    assert first(answer, "L1")[0]["customer_id"] == "C2"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SI26060092 扣5%质保", "short_payment"),
        ("SI26060092 質保金暫扣", "short_payment"),
        ("SI26060092 less 5% retention", "short_payment"),
        ("SI26060092 扣质量罚款", "short_payment"),
        ("SI26060092 扣返利", "short_payment"),
        ("SI26060092 ./. Skonto", "early_payment_discount"),
    ],
)
def test_words_tell_what_kind_of_money_is_missing(text: str, reason: str) -> None:
    items = [item("SI26060092", "C1", "2000.00"), item("SI26060100", "C1", "740.00"), item("CM7", "C1", "-31.00")]
    answer = run([line("L1", "1900.00", text, PUMPS["name"])], items, [PUMPS])
    rows = first(answer, "L1")
    assert paid(answer, "L1") == {"SI26060092": "1900"}
    assert [row["deduction_reason"] for row in rows] == [reason]


def test_a_charge_that_the_text_tells_is_a_charge() -> None:
    answer = run(
        [line("L1", "1985.00", "转账 SI26060092 扣手续费", PUMPS["name"])],
        [item("SI26060092", "C1", "2000.00")],
        [PUMPS],
    )
    assert [row["deduction_reason"] for row in first(answer, "L1")] == ["bank_charge"]


def test_a_rebate_is_the_credit_memo_that_fits_to_the_cent() -> None:
    items = [item("SI26060092", "C1", "2000.00"), item("CM7", "C1", "-60.50"), item("CM8", "C1", "-11.00")]
    answer = run([line("L1", "1939.50", "货款 SI26060092 扣返利", PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1") == {"SI26060092": "2000", "CM7": "-60.5"}


def test_what_is_applied_has_the_sign_of_the_item_and_never_exceeds_what_is_open() -> None:
    items = [
        item(name, "C1", amount)
        for name, amount in (
            ("SI1", "2000.00"),
            ("SI2", "740.00"),
            ("SI3", "61.11"),
            ("CM7", "-31.00"),
            ("CM8", "-126.56"),
        )
    ]
    texts = ("SI1 扣质保金", "货款", "SI1 SI2", "SI2 扣返利", "less penalty SI1", "往来款")
    amounts = ("1900.00", "709.00", "2740.00", "613.44", "1842.44", "2643.55")
    lines = [
        line(f"L{at}", amount, text, PUMPS["name"])
        for at, (amount, text) in enumerate(zip(amounts, texts, strict=True))
    ]
    for one in lines:
        for row in run([one], items, [PUMPS]).matches.to_pylist():
            if row["item_id"]:
                owed = next(Decimal(held["amount"]) for held in items if held["item_id"] == row["item_id"])
                assert 0 < row["applied"] / owed <= 1, row


def test_a_penalty_is_less_money_and_not_an_old_credit_memo_with_an_odd_rest() -> None:
    items = [item("SI26060092", "C1", "5913.39"), item("CM7", "C1", "-193.68")]
    answer = run([line("L1", "5563.39", "货款扣罚款", PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1") == {"SI26060092": "5563.39"}
    assert [row["deduction_reason"] for row in first(answer, "L1")] == ["short_payment"]


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("货款 留质保金10%", (100_000,)),
        ("扣２％质保金", (20_000,)),
        ("less 7.5% retention", (75_000,)),
        ("付发票 FW22214 70%", ()),
        ("LESS 2% DISCOUNT", ()),
        ("质保金", ()),
    ],
)
def test_a_percentage_beside_words_of_money_held_back_is_what_is_held_back(text: str, shares: tuple[int, ...]) -> None:
    assert shares_in(text) == shares


@pytest.mark.parametrize("percent", [10, 20])
def test_the_item_of_which_a_written_percentage_is_missing_goes_before_any_other(percent: int) -> None:
    """4,807.20 of 48,071.97 is 10 %; nearer to the amount lies another item, of which 9.78 % would be missing."""
    paid_amount = f"{48071.97 * (100 - percent) / 100:.2f}"
    near = f"{float(paid_amount) / 0.9022:.2f}"
    items = [item("SI1", "C1", "48071.97"), item("SI2", "C1", near), item("SI3", "C1", "120.00")]
    answer = run([line("L1", paid_amount, f"货款 留质保金{percent}%", PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1").keys() == {"SI1"}
    assert [row["deduction_reason"] for row in first(answer, "L1")] == ["short_payment"]
    assert not first(answer, "L1")[0]["ambiguous"]


def test_a_share_that_the_text_says_is_kept_back_is_kept_back_of_each_item() -> None:
    items = [item("SI1", "C1", "2712.37"), item("SI2", "C1", "9461.09")]
    answer = run([line("L1", "11564.79", "付SI1 SI2 扣5%质保金 货款", PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1") == {"SI1": "2576.75", "SI2": "8988.04"}
    assert {one["deduction_amount"] for one in first(answer, "L1")} == {Decimal("135.62"), Decimal("473.05")}


@pytest.mark.parametrize(
    ("times", "text", "pays"), [(3, "货款", "SI1"), (3, "货款 扣质保金", "SI1"), (1, "货款", "SI2")]
)
def test_who_always_keeps_a_tenth_back_pays_the_item_of_which_a_tenth_is_missing(
    times: int, text: str, pays: str
) -> None:
    """28,170.00 is 31,300.00 less a tenth, and 28,200.00 less what a bank might have kept."""
    days = [date(2026, 2, day) for day in range(1, times + 1)]
    past = [past_line(f"P{day}", day, "1800.00", f"OLD{day}", "C1", payer=PUMPS["name"]) for day in days]
    held = [item(f"OLD{day}", "C1", "2000.00", document_date=date(2026, 1, 2)) for day in days]
    items = [item("SI1", "C1", "31300.00"), item("SI2", "C1", "28200.00"), *held]
    answer = run([line("L1", "28170.00", text, PUMPS["name"])], items, [PUMPS], past)
    assert paid(answer, "L1").keys() == {pays}
    if pays == "SI1":
        assert [row["deduction_reason"] for row in first(answer, "L1")] == ["short_payment"]


def test_who_keeps_a_share_back_takes_a_discount_that_is_offered() -> None:
    days = [date(2026, 2, day) for day in (1, 2, 3)]
    past = [past_line(f"P{day}", day, "1960.00", f"OLD{day}", "C1", payer=PUMPS["name"]) for day in days]
    held = [item(f"OLD{day}", "C1", "2000.00", document_date=date(2026, 1, 2)) for day in days]
    offered = item("SI1", "C1", "31300.00", discount_percent="2", discount_date=date(2026, 3, 30))
    answer = run([line("L1", "30674.00", "货款", PUMPS["name"])], [offered, *held], [PUMPS], past)
    assert [row["deduction_reason"] for row in first(answer, "L1")] == ["early_payment_discount"]


def test_a_text_full_of_numbers_of_strangers_is_read_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many numbers lead nowhere, so many of them are compared with what is open; one that leads somewhere
    stands at the end all the same."""
    asked: list[str] = []
    monkeypatch.setattr(match_context, "soft_hits", lambda *given: asked.append(given[2]) or soft_hits(*given))
    strangers = " ".join(f"{number * 7919 % 1_000_000:06d}" for number in range(1, 1001))
    items = [item(f"SI{2606_0000 + at}", "C1", "800.00") for at in range(100)]
    answer = run([line("L1", "800.00", f"{strangers} SI26060092", PUMPS["name"])], items, [PUMPS])
    assert paid(answer, "L1").keys() == {"SI26060092"}
    assert 0 < len(asked) < 5 * match_context.LOOSE_MAX


def test_a_text_of_one_long_number_is_read_in_time() -> None:
    started = time.process_time()
    for _ in range(5):
        noise_of("1,111" * 1600)
    assert time.process_time() - started < 3  # One second each, were every place a beginning of all the rest.
