"""A wallet gives back a part of a payment: its line names the payment, and one click books the refund, once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from huikuan.core.accounts import EntryKind
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.reversals import reverse_entry
from huikuan.services.verifying import verify
from huikuan.store.models import BankLine, JournalEntry, Receipt
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_pages import text_of
from tests.web.world import START, World, build_world, signed_in

pytestmark = pytest.mark.practice("E1")
WHO: dict[str, Any] = {"actor_id": None, "now": START}
ORDERS = (
    "交易时间,公众账号ID,商户号,微信订单号,商户订单号,用户标识,交易类型,交易状态,货币种类,应结订单金额,微信退款单号,退款金额,商品名称,手续费,费率\n"
    "`2026-03-09 11:00:00,`wx1,`1500,`4200002,`SO-10,`u2,`JSAPI,`SUCCESS,`CNY,`500.00,`0,`0.00,`茶具,`3.00,`0.60%\n"
    "`2026-03-10 10:00:00,`wx1,`1500,`4200002,`SO-10,`u2,`JSAPI,`REFUND,`CNY,`0.00,`501,`100.00,`茶具,`-0.60,`0.60%\n"
    "`2026-03-10 12:00:00,`wx1,`1500,`4200002,`SO-10,`u2,`JSAPI,`REFUND,`CNY,`0.00,`502,`100.00,`茶壶,`-0.60,`0.60%\n"
)


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    """A payment of 500.00 in the wallet's bill, and twice 100.00 of it given back."""
    made = build_world()
    account = add_account(made.cn, NewAccount("Till WeChat", "1500", kind="wechat", currency="CNY"), **WHO)
    work_upload(keep_upload([BankFile("wechat.csv", ORDERS.encode())], account_id=account, **WHO), **WHO)
    return made


def page_of(line: BankLine) -> str:
    return f"/cash/statements/lines/{public_id('bln', line.pk)}/"


def form_of(client: Client, line: BankLine) -> tuple[str, dict[str, str]]:
    """Where the button of the line's page leads, and what its form holds."""
    body = client.get(page_of(line)).content.decode()
    form = re.search(r'<form method="post" action="([^"]*/refund/)[^>]*>(.*?)</form>', body, re.S)
    assert form is not None, "the page offers the refund"
    return form[1], dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[2]))


def refunds() -> int:
    return JournalEntry.objects.filter(kind=EntryKind.REFUND.value, reversed_by=None).count()


def test_each_refund_of_a_part_is_booked_by_a_click_and_once(world: World) -> None:
    boss = signed_in("boss")
    first, second = BankLine.objects.filter(is_return=True).order_by("id")
    path, form = form_of(boss, second)
    assert "2 × 100.00" in text_of(boss.get(page_of(second)))
    assert "100.00 CNY refunded." in text_of(boss.post(path, form, follow=True))
    boss.post(path, form)
    receipt = Receipt.objects.get(bank_lines__line__amount_minor__gt=0)
    assert (refunds(), receipt.balance.unidentified_minor) == (1, 400_00)
    path, form = form_of(boss, first)
    boss.post(path, form)
    assert refunds() == 2
    for line in (first, second):
        page = text_of(boss.get(page_of(line)))
        assert "Refund booked" in page and "Book the refund" not in page
    # Taken back, it can be booked anew.
    entry = JournalEntry.objects.filter(kind=EntryKind.REFUND.value).order_by("-id")[0]
    reverse_entry(world.cn, entry.pk, on=second.value_date, **WHO)
    path, form = form_of(boss, second)
    boss.post(path, form)
    assert (refunds(), verify().ok) == (2, True)


def test_what_is_applied_is_not_given_back(world: World) -> None:
    boss, line = signed_in("boss"), BankLine.objects.filter(is_return=True).order_by("id")[0]
    payment = public_id("rcp", Receipt.objects.get(bank_lines__line__amount_minor__gt=0).pk)
    form = {"key": "r", "amount": "450", "from": "suspense", "on": "2026-03-10", "memo": "other"}
    boss.post(f"/receivables/receipts/{payment}/refund/", form)
    assert "Its money is applied: take so much of it back first." in text_of(boss.get(page_of(line)))
    entry = JournalEntry.objects.get(kind=EntryKind.REFUND.value)
    reverse_entry(world.cn, entry.pk, on=line.value_date, **WHO)
    assert "Book the refund" in text_of(boss.get(page_of(line)))
