"""Shops and platforms: daily sales become items, payouts settle them with the fee split out, what differs is listed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from huikuan.core.accounts import LedgerAccount
from huikuan.core.payout_differences import Reason
from huikuan.core.payouts import FeeRule, How, SalesPosting, ShopKind
from huikuan.core.refusals import BadData, Conflict, Refusal
from huikuan.services.line_undoing import undo_decision
from huikuan.services.payout_differences import explain_difference
from huikuan.services.payouts import settle_payout, undo_payout
from huikuan.services.rights import Forbidden
from huikuan.services.verifying import verify
from huikuan.store.models import BankLineReceipt, Entity, OpenItem, PayoutPart, RoleGrant, ShopSale, User
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM, balances, money_of
from tests.services.ledger import NOW, sum_of
from tests.services.shops import Stall

DAYS = ["T1,2026-03-01,100.00", "T2,2026-03-01,60.00", "T3,2026-03-02,200.00", "T4,2026-03-03,80.00"]

pytestmark = pytest.mark.practice("E6")


def test_a_day_becomes_one_item_and_its_payout_settles_it(ledger_db: LedgerDb) -> None:
    """160.00 sold, 8.00 kept, 152.00 on the bank: the item of the day is closed, the fee stands against payables."""
    stall = Stall.open()
    told = stall.sales(*DAYS, "T5,2026-03-03,-30.00")
    assert (told.rows_new, told.days, told.items) == (5, 3, 3)
    assert stall.open_items() == {
        f"S{stall.shop_id}-20260301": 160_00,
        f"S{stall.shop_id}-20260302": 200_00,
        f"S{stall.shop_id}-20260303": 50_00,
    }
    due = OpenItem.objects.values_list("due_date", flat=True).get(document_number=f"S{stall.shop_id}-20260301")
    assert due == date(2026, 3, 3)
    (line,) = stall.bank(("2026-03-03", "152.00"))
    (result,) = stall.match()
    assert (result.line_id, result.how) == (line, How.ON_TIME)
    payout = stall.payout()
    assert (payout.paid_minor, payout.booked_minor, payout.short_minor, payout.rest_minor) == (152_00, 8_00, 0, 0)
    assert f"S{stall.shop_id}-20260301" not in stall.open_items()
    assert sum_of(LedgerAccount.PAYABLES)[0] == 8_00
    assert sum_of(LedgerAccount.BANK)[0] == 152_00
    assert money_of(line) == (0, 0, 0)
    assert verify().ok


def test_several_days_are_paid_at_once(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS)
    stall.bank(("2026-03-04", "342.00"))  # 152.00 + 190.00
    (result,) = stall.match()
    assert result.how == How.ON_TIME
    assert PayoutPart.objects.count() == 2
    assert list(stall.open_items().values()) == [80_00]


def test_the_same_file_adds_nothing_twice_and_an_overlapping_one_what_is_new(sqlite_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS)
    again = stall.sales(*DAYS)
    assert (again.file_id, again.rows_new, again.rows_known) == (None, 0, 4)
    more = stall.sales(*DAYS[2:], "T6,2026-03-03,40.00")
    assert (more.rows_new, more.rows_known, more.items) == (1, 2, 1)
    assert ShopSale.objects.count() == 5
    assert stall.open_items()[f"S{stall.shop_id}-20260303-2"] == 40_00
    # Two equal rows of one order are two.
    twice = stall.sales("T7,2026-03-03,5.00", "T7,2026-03-03,5.00")
    assert twice.rows_new == 2
    # A second refund of the same amount on another day is another refund.
    assert stall.sales("T3,2026-03-04,-10.00").rows_new == 1
    assert stall.sales("T3,2026-03-05,-10.00", "T3,2026-03-04,-10.00").rows_new == 1


def test_the_fee_of_an_order_is_judged_with_that_of_its_refund(sqlite_db: LedgerDb) -> None:
    stall = Stall.open()
    # 5 % of 300.00 less 5 % of the 20.00 sent back is 14.00: what the platform tells in one figure is as agreed.
    head = "Order ID,Order date,Amount,Refund,Fee"
    stall.sales("A1,2026-03-01,300.00,20.00,14.00", "A2,2026-03-01,100.00,0,5.00", head=head)
    assert stall.differences("2026-03-02") == []
    stall.sales("A3,2026-03-01,200.00,20.00,9.50", head=head)
    assert stall.differences("2026-03-02") == [("fee_above", "2026-03-01", 50)]


def test_an_order_of_another_amount_is_refused_with_its_row(sqlite_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS)
    with pytest.raises(BadData) as refused:
        stall.sales("T9,2026-03-02,1.00", "T1,2026-03-01,90.00")
    (error,) = refused.value.errors
    assert (error.code, error.row) == ("shop_file.changed", 3)
    assert ShopSale.objects.count() == 4


def test_what_is_late_is_listed_until_a_person_says_why_or_a_payout_comes(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS)
    assert stall.differences("2026-03-03") == []  # due today
    assert stall.differences("2026-03-04") == [("not_paid", "2026-03-01", 152_00)]
    late = stall.difference("2026-03-04", "not_paid")
    given = {"reason": Reason.CLAIMED, "note": "asked the platform", "on": date(2026, 3, 4), **SYSTEM}
    explain_difference(stall.shop_id, late.kind, late.key, late.amount_minor, **given)
    assert stall.differences("2026-03-04") == []
    with pytest.raises(Conflict, match="gone"):
        explain_difference(stall.shop_id, late.kind, late.key, late.amount_minor, **given)
    stall.bank(("2026-03-05", "342.00"))
    stall.match()
    assert stall.differences("2026-03-05") == []


def test_paid_less_is_settled_by_a_person_and_accepted_as_a_fee(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS[:2])
    (line,) = stall.bank(("2026-03-03", "150.00"))
    (result,) = stall.match()
    assert (result.payout_id, result.why) == (None, "no_sales")
    assert ("unknown_payout", "2026-03-03", -150_00) in stall.differences("2026-03-03")
    settle_payout(stall.shop_id, line, [stall.unit("2026-03-01")], **SYSTEM)
    assert stall.differences("2026-03-03") == [("paid_less", "2026-03-03", 2_00)]
    assert list(stall.open_items().values()) == [2_00]
    less = stall.difference("2026-03-03", "paid_less")
    explain_difference(
        stall.shop_id,
        less.kind,
        less.key,
        2_00,
        reason=Reason.FEE_ACCEPTED,
        note="n" * 300,
        on=date(2026, 3, 4),
        **SYSTEM,
    )
    assert stall.open_items() == {}
    assert stall.differences("2026-03-04") == []
    assert sum_of(LedgerAccount.PAYABLES)[0] == 10_00
    assert verify().ok


def test_a_fee_accepted_does_not_hide_the_agreed_one_when_the_payout_is_taken_back(ledger_db: LedgerDb) -> None:
    """160.00 sold, 8.00 agreed, 2.00 more accepted: 158.00 is open again, and the 150.00 are those less 8.00."""
    stall = Stall.open()
    stall.sales(*DAYS[:2])
    (line,) = stall.bank(("2026-03-03", "150.00"))
    settle_payout(stall.shop_id, line, [stall.unit("2026-03-01")], **SYSTEM)
    less = stall.difference("2026-03-03", "paid_less")
    said = {"reason": Reason.FEE_ACCEPTED, "note": "", "on": date(2026, 3, 4)}
    explain_difference(stall.shop_id, less.kind, less.key, 2_00, **said, **SYSTEM)
    undo_payout(stall.payout().pk, **SYSTEM)
    assert list(stall.open_items().values()) == [158_00]
    assert stall.differences("2026-03-04")[-1] == ("not_paid", "2026-03-01", 150_00)
    (result,) = stall.match()
    assert result.how == How.ON_TIME
    payout = stall.payout()
    assert (payout.booked_minor, payout.short_minor, payout.rest_minor) == (8_00, 0, 0)
    assert (stall.open_items(), stall.differences("2026-03-06")) == ({}, [])
    assert sum_of(LedgerAccount.PAYABLES)[0] == 10_00
    assert verify().ok


def test_a_list_that_kept_more_is_settled_again_after_the_fee_was_accepted(ledger_db: LedgerDb) -> None:
    """The list keeps 13.00 of 160.00; 8.00 are agreed, 5.00 accepted, the payout is taken back and found again."""
    stall = Stall.open()
    stall.sales(*DAYS[:2])
    stall.details("P1,2026-03-03,T1,Order,100.00,10.00,90.00", "P1,2026-03-03,T2,Order,60.00,3.00,57.00")
    stall.bank(("2026-03-03", "147.00"))
    assert stall.match()[0].how == How.DETAILS
    above = stall.difference("2026-03-03", "fee_above")
    said = {"reason": Reason.FEE_ACCEPTED, "note": "", "on": date(2026, 3, 4)}
    explain_difference(stall.shop_id, above.kind, above.key, 5_00, **said, **SYSTEM)
    undo_payout(stall.payout().pk, **SYSTEM)
    assert list(stall.open_items().values()) == [155_00]
    assert stall.match()[0].how == How.DETAILS
    assert (stall.payout().booked_minor, stall.payout().short_minor) == (8_00, 0)
    assert (stall.open_items(), stall.differences("2026-03-06")) == ({}, [])
    assert sum_of(LedgerAccount.PAYABLES)[0] == 13_00
    assert verify().ok


def test_of_a_day_paid_in_part_by_other_money_no_fee_is_guessed(sqlite_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS[:2])
    books = stall.counter.books
    books.apply(books.receipt(60_00), (OpenItem.objects.get().pk, 60_00))
    (line,) = stall.bank(("2026-03-03", "100.00"))
    settle_payout(stall.shop_id, line, [stall.unit("2026-03-01")], **SYSTEM)
    assert (stall.payout().booked_minor, stall.open_items()) == (0, {})


def test_paid_more_stays_with_the_platform(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS[:2])
    (line,) = stall.bank(("2026-03-03", "155.00"))
    settle_payout(stall.shop_id, line, [stall.unit("2026-03-01")], **SYSTEM)
    assert stall.differences("2026-03-03") == [("paid_more", "2026-03-03", -3_00)]
    assert money_of(line) == (0, 3_00, 0)
    assert stall.open_items() == {}


def test_a_payout_is_taken_back_as_it_was(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS)
    stall.bank(("2026-03-03", "152.00"))
    before = balances()
    stall.match()
    undo_payout(stall.payout().pk, **SYSTEM)
    assert balances() == before
    assert sum_of(LedgerAccount.PAYABLES)[0] == 0
    assert stall.differences("2026-03-04")[-1] == ("not_paid", "2026-03-01", 152_00)
    # It can be settled again, and be taken back on the workbench as well.
    assert stall.match()[0].payout_id
    undo_decision(stall.counter.books.entity_id, stall.payout().decision_id, **SYSTEM)
    assert balances() == before
    with pytest.raises(Conflict):
        undo_payout(stall.payout().pk, **SYSTEM)
    assert verify().ok


def test_the_platforms_own_list_settles_order_by_order(ledger_db: LedgerDb) -> None:
    """Its list has one order of the first day and one of the second; the fee of one is above what was agreed, 1.50 was
    kept for advertising, and one order is not ours."""
    stall = Stall.open()
    stall.sales(*DAYS, "T3,2026-03-02,-20.00")
    told = stall.details(
        "S-77,2026-03-04,T1,Order,100.00,-5.00,95.00",
        "S-77,2026-03-04,T3,Order,200.00,-12.00,188.00",
        "S-77,2026-03-04,T3,Refund,-20.00,1.00,-19.00",
        "S-77,2026-03-04,X9,Order,10.00,-0.50,9.50",
        "S-77,2026-03-04,X8,Refund,-4.00,0.00,-4.00",
        "S-77,2026-03-04,,Advertising,-1.50,,-1.50",
    )
    assert told.is_details
    assert told.rows_new == 6
    (line,) = stall.bank(("2026-03-05", "268.00"))
    (result,) = stall.match()
    assert result.how == How.DETAILS
    payout = stall.payout()
    assert (payout.charges_minor, payout.unknown_minor) == (1_50, 5_50)
    # Of the sales 264.00 was due to come; 268.00 came: 5.50 of orders that are not ours, less the advertising.
    assert (payout.paid_minor, payout.rest_minor, payout.short_minor) == (268_00, 4_00, 0)
    assert stall.differences("2026-03-04") == [
        ("unknown_refund", "2026-03-04", 4_00),
        ("unknown_order", "2026-03-04", -9_50),
        ("fee_above", "2026-03-02", 2_00),
        ("not_paid", "2026-03-01", 57_00),
    ]
    assert ("charge", "2026-03-05", 1_50) in stall.differences("2026-03-05")
    assert stall.open_items()[f"S{stall.shop_id}-20260301"] == 60_00
    assert stall.open_items()[f"S{stall.shop_id}-20260302"] == 2_00
    assert money_of(line) == (0, 4_00, 0)
    assert verify().ok
    # What is left of the first day comes by itself, its fee with it.
    stall.bank(("2026-03-06", "57.00"))
    (rest,) = stall.match()
    assert rest.payout_id
    assert f"S{stall.shop_id}-20260301" not in stall.open_items()
    # A later file knows the orders: nothing is left to explain about them.
    stall.sales("X9,2026-03-02,10.00", "X8,2026-03-02,-4.00")
    assert not [one for one in stall.differences("2026-03-06") if one[0].startswith("unknown")]


def test_a_fee_above_the_rate_stays_open(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales("T1,2026-03-01,100.00,6.00", head="Order ID,Order date,Amount,Commission")
    assert stall.differences("2026-03-01") == [("fee_above", "2026-03-01", 1_00)]
    stall.bank(("2026-03-03", "94.00"))
    assert stall.match()[0].how == How.ON_TIME
    assert stall.payout().booked_minor == 5_00
    assert list(stall.open_items().values()) == [1_00]
    assert stall.differences("2026-03-04") == [("fee_above", "2026-03-01", 1_00)]


def test_days_of_refunds_go_against_sales(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS[:2], "T1,2026-03-02,-100.00")
    assert stall.open_items()[f"S{stall.shop_id}-20260302"] == -100_00
    stall.bank(("2026-03-04", "57.00"))  # 152.00 less 95.00: the fee of the refund is given back
    assert stall.match()[0].how == How.ON_TIME
    assert stall.open_items() == {}
    assert sum_of(LedgerAccount.PAYABLES)[0] == 3_00
    assert verify().ok


def test_what_adds_up_in_several_ways_waits_for_a_person(sqlite_db: LedgerDb) -> None:
    stall = Stall.open(settle_days=0)
    stall.sales("A,2026-03-01,100.00", "B,2026-03-02,100.00", "C,2026-03-03,40.00")
    stall.bank(("2026-03-04", "95.00"))
    assert stall.match()[0].why == "several"
    stall.bank(("2026-03-05", "133.00"))  # B and C: the last days due
    assert [one.how for one in stall.match()] == [How.ON_TIME, How.ON_TIME] or stall.payout().how == How.ON_TIME


def test_sales_that_another_system_posted_are_matched_by_their_number(ledger_db: LedgerDb) -> None:
    stall = Stall.open(posting=SalesPosting.BOOKED)
    books = stall.counter.books
    first = books.item(100_00, document_number="T1", on=date(2026, 3, 1))
    books.item(60_00, document_number="T2", on=date(2026, 3, 1))
    told = stall.sales(*DAYS[:2], "T8,2026-03-01,10.00")
    assert told.items == 0
    stall.bank(("2026-03-03", "161.50"))
    assert stall.match()[0].why == "payout.no_item"
    assert ("no_item", "2026-03-01", 10_00) in stall.differences("2026-03-03")
    books.item(10_00, document_number="T8", on=date(2026, 3, 1))
    assert stall.match()[0].how == How.ON_TIME
    assert stall.open_items() == {}
    assert OpenItem.objects.get(id=first).balance.open_minor == 0
    assert sum_of(LedgerAccount.PAYABLES)[0] == 8_50
    assert verify().ok


def test_a_tills_totals_and_what_was_in_it(ledger_db: LedgerDb) -> None:
    stall = Stall.open(kind=ShopKind.TILL, name="High Street", fees=(FeeRule("Card", 100), FeeRule("Cash", 0)))
    head = "营业日期,支付方式,销售金额,实点金额,收银员"
    told = stall.sales("2026-03-01,Cash,120.00,118.00,王芳", "2026-03-01,Card,300.00,,王芳", head=head)
    assert told.items == 2
    assert stall.differences("2026-03-01") == [("cash_short", "2026-03-01", 2_00)]
    assert stall.difference("2026-03-01", "cash_short").responsible == "王芳"
    stall.bank(("2026-03-03", "297.00"))
    assert stall.match()[0].how == How.ON_TIME
    assert list(stall.open_items().values()) == [120_00]
    assert stall.sales("2026-03-01,Cash,120.00,118.00,王芳", head=head).rows_new == 0
    with pytest.raises(BadData, match="fault"):
        stall.sales("2026-03-01,Cash,125.00,118.00,王芳", head=head)


def test_who_may(sqlite_db: LedgerDb) -> None:
    stall = Stall.open()
    rep = User.objects.create(username="rep")
    RoleGrant.objects.create(
        user=rep, entity_id=stall.counter.books.entity_id, role="auditor", reach="all", granted_at=NOW
    )
    with pytest.raises(Forbidden):
        stall.sales(*DAYS, actor_id=rep.pk)
    with pytest.raises(Forbidden):
        settle_payout(stall.shop_id, 1, [1], actor_id=rep.pk, now=SYSTEM["now"])


def test_refusals(sqlite_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS, "T1,2026-03-04,-500.00")
    (line,) = stall.bank(("2026-03-09", "1.00"))
    with pytest.raises(Refusal) as nothing:
        settle_payout(stall.shop_id, line, [], **SYSTEM)
    assert nothing.value.code == "payout.nothing"
    with pytest.raises(Refusal) as exceed:
        settle_payout(stall.shop_id, line, [stall.unit("2026-03-04")], **SYSTEM)
    assert exceed.value.code == "payout.refunds_exceed"
    with pytest.raises(Refusal) as gone:
        settle_payout(stall.shop_id, 0, [stall.unit("2026-03-01")], **SYSTEM)
    assert gone.value.code == "payout.no_line"
    with pytest.raises(Refusal) as unknown:
        undo_payout(0, **SYSTEM)
    assert unknown.value.code == "payout.unknown"
    late = stall.difference("2026-03-09", "not_paid")
    for reason, code in ((Reason.OTHER, "payout.say_why"), (Reason.BORNE, "payout.say_why")):
        with pytest.raises(Refusal) as why:
            explain_difference(
                stall.shop_id, late.kind, late.key, 1, reason=reason, note=" ", on=date(2026, 3, 9), **SYSTEM
            )
        assert why.value.code == code
    assert BankLineReceipt.objects.count() == 1


def test_a_chinese_morning_is_no_future(sqlite_db: LedgerDb) -> None:
    stall = Stall.open()
    Entity.objects.update(timezone="Asia/Shanghai")
    morning = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert stall.sales("A1,2026-03-03,10.00", now=morning).rows_new == 1
    with pytest.raises(BadData) as refusal:
        stall.sales("A2,2026-03-04,10.00", now=morning)
    assert [fault.code for fault in refusal.value.errors] == ["shop_file.day_ahead"]


def test_long_ways_of_payment_that_begin_alike_stay_two(sqlite_db: LedgerDb) -> None:
    stall = Stall.open(kind=ShopKind.TILL)
    ways = ("credit card of the first bank, debit", "credit card of the first bank, credit")
    rows = [f"2026-03-01,{way.replace(',', ';')},10.00" for way in ways]
    stall.sales(*rows, head="Date,Payment method,Amount")
    assert len(stall.open_items()) == 2
