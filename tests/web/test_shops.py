"""Shops and platforms in the browser: set up, a file handed in, money settled, a difference explained, taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.store.models import Payout, RoleGrant, Shop, ShopExplanation, User
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.bank_files import Row, camt053
from tests.web.world import START, build_world, signed_in

pytestmark = pytest.mark.practice("E6")
SYSTEM: dict[str, Any] = {"actor_id": None, "now": START}
TODAY = "Differences with shops and platforms"
NUMBER = "6222000012345678"
SALES = "订单编号,付款时间,买家实付金额\nT1,2026-02-20,100.00\nT2,2026-02-20,60.00\nT3,2026-02-21,200.00\n"


@pytest.fixture
def boss(ledger_db: LedgerDb) -> Client:
    world = build_world()
    add_customers(world.cn, [NewCustomer("TM", "Tmall Platform")], source="erp", **SYSTEM)
    add_account(world.cn, NewAccount("Main", NUMBER, currency="CNY"), **SYSTEM)
    rows = [
        Row("152.00", day="2026-02-22", ref="P1", name="Tmall Pay"),
        Row("180.00", day="2026-02-23", ref="P2", name="Tmall Pay"),
    ]
    days = {"first": "2026-02-22", "last": "2026-02-23"}
    upload = keep_upload([BankFile("b.xml", camt053(rows, iban=NUMBER, currency="CNY", **days))], **SYSTEM)
    work_upload(upload, **SYSTEM)
    return signed_in("boss")


FORM = {
    "entity_code": "CN01", "who": "Tmall", "name": "Tmall store", "kind": "marketplace", "currency": "CNY",
    "settle_days": "2", "posting": "summary", "payer_names": "Tmall Pay; 天猫", "returns_fee": "yes",
    "method_0": "", "rate_0": "5 %", "fixed_0": "",
}  # fmt: skip


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:2000]
    return str(response.content.decode())


def _lists(boss: Client, home: str) -> None:
    """Both tables: narrowed, added up, taken away as a file."""
    assert "No shop matches." in text_of(boss.get("/cash/shops/?state=shut"))
    assert f'href="{home}"' in text_of(boss.get("/cash/shops/?q=tmall&state=active&kind=marketplace&currency=cny"))
    listed = text_of(boss.get("/cash/payouts/"))
    assert "Standing 2" in listed and "332.00" in listed and "2 payouts" in listed
    assert "1 payout<" in text_of(boss.get("/cash/payouts/?how=chosen&since=2026-02-23"))
    for key in ("shops", "payouts"):
        file: Any = boss.get(f"/tables/{key}/export.csv")
        sheet = b"".join(file.streaming_content).decode("utf-8-sig")
        assert "Tmall store" in sheet
    assert sheet.count("\n") == 3, "a heading and two payouts"


def test_from_setting_up_to_taking_back(boss: Client) -> None:
    assert "No shop yet" in text_of(boss.get("/cash/shops/"))
    assert "hundred" not in text_of(boss.post("/cash/shops/new/", {**FORM, "rate_0": "5.555"}), 400)
    assert boss.post("/cash/shops/new/", {**FORM, "currency": ""}).status_code == 302
    shop = Shop.objects.get()
    assert shop.currency == "CNY"
    assert (shop.payer_names, shop.fees.get().rate_bp) == ("Tmall Pay\n天猫", 500)
    home = f"/cash/shops/{public_id('sho', shop.pk)}/"
    assert "No sales yet" in text_of(boss.get(home))

    bad = SimpleUploadedFile("bad.csv", b"Order ID,Order date,Amount\nA,2026-02-20,x\n")
    assert "Row 2" in text_of(boss.post(f"{home}file/", {"files": bad}), 400)
    sales = SimpleUploadedFile("sales.csv", SALES.encode("gb18030"))
    assert boss.post(f"{home}file/", {"files": sales}).status_code == 302
    payout = Payout.objects.get()
    assert (payout.paid_minor, payout.booked_minor) == (152_00, 8_00)
    shown = text_of(boss.get(home))
    assert "1 payout settled." in shown and "Money that fits no sales" in shown
    assert "Sold and not paid out" in shown
    assert "T1" in text_of(boss.get(f"{home}days/2026-02-20/"))
    assert boss.get(f"{home}days/2020-01-01/").status_code == 404

    # Today says so to everybody who sees the shop's customer.
    today = text_of(boss.get("/"))
    assert TODAY in today and f'href="{home}"' in today
    rep = User.objects.create_user("rep", "rep@example.com")
    RoleGrant.objects.create(user=rep, entity_id=shop.entity_id, role="sales_rep", reach="own", granted_at=START)
    assert TODAY not in text_of(signed_in("rep").get("/"))
    shop.account.owner_id = rep.pk
    shop.account.save(update_fields=["owner"])
    assert TODAY in text_of(signed_in("rep").get("/"))

    # 180.00 came for 190.00: a person takes it, and 10.00 are explained.
    start = shown.index("/settle/")
    line = shown[start:].split("/")[2]
    form = text_of(boss.get(f"{home}settle/{line}/"))
    assert "No days add up to it." in form and "checked" in form
    unit = form[form.index('name="unit" value="') :].split('"')[3]
    answer = boss.post(f"{home}settle/{line}/", {"unit": unit, "key": "once"})
    assert answer.status_code == 302
    assert "10.00" in text_of(boss.get(answer["Location"]))
    shown = text_of(boss.get(home))
    assert "Paid out less than expected" in shown
    about = str(Payout.objects.order_by("-id")[:1].get().pk)
    address = f"{home}explain/?kind=paid_less&about={about}"
    assert "The platform owes it and was told" in text_of(boss.get(address))
    told = {"kind": "paid_less", "about": about, "amount": "1000", "reason": "claimed", "note": "asked", "key": "k"}
    assert boss.post(f"{home}explain/", {**told, "reason": "other", "note": ""}).status_code == 400
    assert boss.post(f"{home}explain/", told).status_code == 302
    assert ShopExplanation.objects.get().note == "asked"
    assert "Nothing differs." in text_of(boss.get(home))
    assert TODAY not in text_of(boss.get("/"))
    assert "gone or was explained" in text_of(boss.get(address))

    _lists(boss, home)

    back = f"/cash/payouts/{public_id('pay', payout.pk)}/"
    assert "S1-20260220" in text_of(boss.get(back)).replace(f"S{shop.pk}-", "S1-")
    assert boss.post(f"{back}undo/").status_code == 302
    assert "It was taken back" in text_of(boss.get(back))
    assert back in text_of(boss.get("/cash/payouts/?which=undone"))
    assert back not in text_of(boss.get("/cash/payouts/"))
    assert boss.post(f"{home}match/").status_code == 302
    assert Payout.objects.count() == 3


def test_what_is_agreed_is_changed(boss: Client) -> None:
    boss.post("/cash/shops/new/", FORM)
    shop = Shop.objects.get()
    home = f"/cash/shops/{public_id('sho', shop.pk)}/"
    assert 'value="5"' in text_of(boss.get(f"{home}edit/"))
    changed = {**FORM, "settle_days": "3", "rate_0": "4.5", "method_1": "花呗", "rate_1": "5", "fixed_1": "0.10"}
    assert boss.post(f"{home}edit/", {**changed, "is_active": "yes"}).status_code == 302
    shop.refresh_from_db()
    assert shop.settle_days == 3
    assert sorted(shop.fees.values_list("pay_method", "rate_bp", "fixed_minor")) == [("", 450, 0), ("花呗", 500, 10)]
    assert boss.post(f"{home}edit/", {**changed, "settle_days": "many"}).status_code == 400
    assert boss.post(f"{home}edit/", changed).status_code == 302  # not in use any more
    assert "Hand in a file" not in text_of(boss.get(home))
