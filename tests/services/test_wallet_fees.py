"""What a wallet keeps of a payment: the receipt is what the customer paid, the fee is booked, both together are what
the bill says. The numbers are those of docs/design/wallet-fees.md."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.banking import LineKind
from huikuan.core.refusals import Refusal
from huikuan.queries.bank_candidates import candidates_of
from huikuan.services import bank_accounts, bank_ties, remittances
from huikuan.services.bank_accounts import NewAccount
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_outcomes import Outcome
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.verifying import verify
from huikuan.store.models import (
    BankAccount,
    BankLine,
    BankLineFee,
    BankLineReceipt,
    JournalEntry,
    OpenItemBalance,
    Posting,
    Receipt,
    RemittanceAdvice,
)
from tests.databases import LedgerDb
from tests.services.ledger import NOW, Ledger

pytestmark = pytest.mark.practice("E2")

SYSTEM: dict[str, Any] = {"actor_id": None, "now": NOW}
DAY = date(2026, 5, 3)
BACK = date(2026, 5, 4)
PAID = datetime(2026, 5, 3, 12, tzinfo=UTC)

ORDERS = (
    "交易时间,公众账号ID,商户号,微信订单号,商户订单号,用户标识,交易类型,交易状态,货币种类,应结订单金额,微信退款单号,退款金额,商品名称,手续费,费率\n"
    "`2026-05-03 10:00:00,`wx1,`1500,`4200001,`SO-9,`u1,`JSAPI,`SUCCESS,`CNY,`1000.00,`0,`0.00,`茶叶,`6.00,`0.60%\n"
    "`2026-05-03 11:00:00,`wx1,`1500,`4200002,`SO-10,`u2,`JSAPI,`SUCCESS,`CNY,`500.00,`0,`0.00,`茶具,`3.00,`0.60%\n"
    "`2026-05-04 09:00:00,`wx1,`1500,`4200001,`SO-9,`u1,`JSAPI,`REFUND,`CNY,`0.00,`500,`1000.00,`茶叶,`-6.00,`0.60%\n"
    "`2026-05-04 10:00:00,`wx1,`1500,`4200002,`SO-10,`u2,`JSAPI,`REFUND,`CNY,`0.00,`501,`100.00,`茶具,`-0.60,`0.60%\n"
)
"""A merchant's bill of orders: the fee stands beside the amount, given back with a refund."""

FUNDS = (
    "#支付宝账务明细查询\n#账号：[20880000000000000156]\n"
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注\n"
    "2026050100001\t,B1\t,SO-9\t,茶叶\t,2026-05-03 10:00:00,a@example.com,1000.00,0.00,1100.00,支付宝,在线支付,\n"
    "2026050100002\t,B1\t,SO-9\t,茶叶\t,2026-05-03 10:00:01,,0.00,-6.00,1094.00,支付宝,收费,手续费\n"
    "2026050400001\t,B1\t,SO-9\t,茶叶\t,2026-05-04 09:00:00,a@example.com,0.00,-1000.00,94.00,支付宝,交易退款,\n"
    "2026050400002\t,B1\t,SO-9\t,茶叶\t,2026-05-04 09:00:01,,6.00,0.00,100.00,支付宝,退费,手续费退还\n"
)
"""A bill of the wallet's money: the fee is a line of its own."""


class Wallet:
    """Books in CNY with a wallet."""

    def __init__(self) -> None:
        self.books = Ledger("CNY")
        for name, number, kind in (("Till WeChat", "1500", "wechat"), ("Alipay", "20880000000000000156", "alipay")):
            bank_accounts.add_account(self.books.entity_id, NewAccount(name, number, kind=kind), **SYSTEM)

    def bring(self, text: str, name: str) -> Outcome:
        wallet = BankAccount.objects.get(kind=name)
        upload = keep_upload([BankFile(f"{name}.csv", text.encode())], account_id=wallet.pk, **SYSTEM)
        (outcome,) = work_upload(upload, **SYSTEM)
        return outcome

    @property
    def booked(self) -> dict[str, int]:
        """What stands on the wallet and as fees."""
        rows = Posting.objects.filter(entry__entity_id=self.books.entity_id).values_list(
            "ledger_account", "amount_minor"
        )
        wanted = (LedgerAccount.BANK.value, LedgerAccount.PAYABLES.value)
        return {name: sum(minor for account, minor in rows if account == name) for name in wanted}


@pytest.fixture
def wallet(ledger_db: LedgerDb) -> Wallet:
    return Wallet()


def test_a_fee_beside_the_amount_settles_the_item_in_full(wallet: Wallet) -> None:
    item = wallet.books.item(100_000, on=DAY)
    outcome = wallet.bring(ORDERS, "wechat")
    assert (outcome.state, outcome.lines_new, outcome.posted, outcome.fees) == ("imported", 4, 2, 4)
    assert list(BankLine.objects.order_by("ordinal").values_list("amount_minor", "kind")) == [
        (99_400, LineKind.RECEIPT),
        (49_700, LineKind.RECEIPT),
        (-99_400, LineKind.RETURN),
        (-9_940, LineKind.PAYMENT),
    ]
    assert list(BankLineFee.objects.order_by("line_id").values_list("amount_minor", flat=True)) == [600, 300, -600, -60]
    # 1,000.00 + 500.00 came, fees of 6.00 + 3.00 - 6.00 - 0.60 were kept; refunds are not booked by themselves.
    assert wallet.booked == {"bank": 150_000 - 240, "payables": 240}
    receipt = Receipt.objects.get(bank_lines__line__amount_minor=99_400)
    assert receipt.amount_minor == 100_000
    wallet.books.identify(receipt.pk, on=DAY)
    wallet.books.apply(receipt.pk, (item, 100_000), on=DAY)
    assert OpenItemBalance.objects.get(item_id=item).open_minor == 0
    assert all(check.ok for check in verify().checks)


def test_a_refund_takes_the_whole_payment_back(wallet: Wallet) -> None:
    item = wallet.books.item(100_000, on=DAY)
    wallet.bring(ORDERS, "wechat")
    receipt = Receipt.objects.get(bank_lines__line__amount_minor=99_400)
    wallet.books.identify(receipt.pk, on=DAY)
    wallet.books.apply(receipt.pk, (item, 100_000), on=DAY)
    back = BankLine.objects.get(kind=LineKind.RETURN.value)
    bank_ties.bounce_receipt(back.pk, receipt.pk, **SYSTEM)
    assert OpenItemBalance.objects.get(item_id=item).open_minor == 100_000
    # 497.00 of the second payment, and 0.60 of its fee that came back with a refund of a part.
    assert wallet.booked == {"bank": 50_000 - 240, "payables": 240}
    assert all(check.ok for check in verify().checks)


def test_a_fee_that_is_a_line_of_its_own_is_booked_the_same_way(wallet: Wallet) -> None:
    outcome = wallet.bring(FUNDS, "alipay")
    assert (outcome.state, outcome.posted, outcome.fees) == ("imported", 1, 2)
    kinds = list(BankLine.objects.order_by("ordinal").values_list("kind", flat=True))
    assert kinds == [LineKind.RECEIPT, LineKind.FEE, LineKind.RETURN, LineKind.FEE]
    assert wallet.booked == {"bank": 100_000, "payables": 0}
    receipt = Receipt.objects.get()
    bank_ties.bounce_receipt(BankLine.objects.get(kind=LineKind.RETURN.value).pk, receipt.pk, **SYSTEM)
    assert wallet.booked == {"bank": 0, "payables": 0}
    assert all(check.ok for check in verify().checks)


def test_the_same_bill_again_books_no_fee_twice(wallet: Wallet) -> None:
    wallet.bring(ORDERS, "wechat")
    before = JournalEntry.objects.count()
    outcome = wallet.bring(ORDERS + "\n", "wechat")
    assert (outcome.state, outcome.lines_known, outcome.fees) == ("known", 4, 0)
    assert JournalEntry.objects.count() == before


def test_money_recorded_by_hand_is_found_by_what_was_paid(wallet: Wallet) -> None:
    receipt = wallet.books.receipt(100_000, customer=None, on=DAY)
    outcome = wallet.bring(ORDERS, "wechat")
    assert (outcome.posted, outcome.waiting, outcome.fees) == (1, 1, 4)
    line = BankLine.objects.get(amount_minor=99_400)
    other = wallet.books.receipt(99_400, customer=None, on=DAY)
    with pytest.raises(Refusal, match="differs from the line"):
        bank_ties.link_line(line.pk, other, **SYSTEM)
    bank_ties.link_line(line.pk, receipt, **SYSTEM)
    assert BankLineReceipt.objects.get(line_id=line.pk).receipt_id == receipt
    assert all(check.ok for check in verify().checks)


def test_a_receipt_reversed_by_hand_is_posted_anew_with_what_was_paid(wallet: Wallet) -> None:
    wallet.bring(ORDERS, "wechat")
    receipt = Receipt.objects.get(bank_lines__line__amount_minor=49_700)
    wallet.books.reverse(receipt.entry_id, on=BACK)
    line = BankLine.objects.get(amount_minor=49_700)
    again = bank_ties.post_line(line.pk, **SYSTEM)
    assert Receipt.objects.get(id=again).amount_minor == 50_000
    assert BankLineFee.objects.filter(line_id=line.pk).count() == 1
    assert all(check.ok for check in verify().checks)


def test_a_fee_is_an_offset_that_says_whose_it_is(wallet: Wallet) -> None:
    wallet.bring(FUNDS, "alipay")
    entry = JournalEntry.objects.filter(kind=EntryKind.OFFSET.value).order_by("id").first()
    assert entry is not None
    assert (entry.memo, entry.effective_date) == ("fee: Alipay", DAY)


def test_a_refund_finds_the_payment_of_its_own_wallet(wallet: Wallet) -> None:
    wallet.bring(ORDERS, "wechat")
    wallet.bring(FUNDS, "alipay")
    for line in BankLine.objects.filter(kind=LineKind.RETURN.value):
        fee = BankLineFee.objects.filter(line_id=line.pk).first()
        (found,) = candidates_of(line, fee.amount_minor if fee else 0)
        tie = BankLineReceipt.objects.select_related("line").get(receipt_id=found.id)
        assert (tie.line.account_id, found.amount_minor) == (line.account_id, 100_000)


@pytest.mark.parametrize("comes_first", [True, False])
def test_an_advice_tells_what_was_paid_before_the_fee(wallet: Wallet, comes_first: bool) -> None:
    """The customer writes 1,000.00; the wallet's line is 994.00."""
    advice = b"Document,Amount paid,Currency\nINV-1,600.00,CNY\nINV-2,400.00,CNY\nTotal,1000.00,\n"
    if not comes_first:
        wallet.bring(ORDERS, "wechat")
    remittances.keep_advices(wallet.books.entity_id, advice, "advice.csv", actor_id=None, now=PAID)
    if comes_first:
        wallet.bring(ORDERS, "wechat")
    kept = RemittanceAdvice.objects.select_related("line").get()
    assert kept.total_minor == 100_000
    assert kept.line is not None and kept.line.amount_minor == 99_400
