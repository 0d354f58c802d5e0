"""Shops of platforms in the world of the matrix of pages: their pages, and a shop with sales and a payout."""

from __future__ import annotations

from typing import Any

from huikuan.core.payouts import FeeRule, ShopKind
from huikuan.core.rights import Right
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.shop_files import import_shop_file
from huikuan.services.shops import NewShop, add_shop
from huikuan.store.models import CustomerAccount, Payout
from huikuan.store.public_ids import public_id
from tests.services.bank_files import IBAN, Row, camt053
from tests.web.world import START

SHOP_PAGES: dict[str, dict[str, Any]] = {
    "shops": {"right": Right.SEE_LEDGER},
    "shop_new": {"right": Right.MANAGE_POLICY, "methods": "GP", "whole": True},
    "shop": {"right": Right.SEE_LEDGER, "kind": "shop"},
    "shop_edit": {"right": Right.MANAGE_POLICY, "methods": "GP", "kind": "shop", "whole": True},
    "shop_file": {"right": Right.IMPORT, "methods": "GP", "kind": "shop"},
    "shop_match": {"right": Right.POST_CASH, "methods": "P", "kind": "shop"},
    "shop_explain": {"right": Right.HANDLE_SHORT_PAYMENT, "methods": "GP", "kind": "shop"},
    "shop_day": {"right": Right.SEE_LEDGER, "kind": "shop"},
    "shop_settle": {"right": Right.POST_CASH, "methods": "GP", "kind": "shop"},
    "payouts": {"right": Right.SEE_LEDGER},
    "payout": {"right": Right.SEE_LEDGER, "kind": "payout"},
    "payout_undo": {"right": Right.POST_CASH, "methods": "P", "kind": "payout"},
}


def shops_of(accounts: dict[str, CustomerAccount]) -> dict[tuple[str, str], str]:
    """A shop of each customer, and a payout of it, by whose they are."""
    made = {whose: _shop_of(account, whose) for whose, account in accounts.items()}
    return {(kind, whose): text for whose, of in made.items() for kind, text in of.items()}


def _shop_of(account: CustomerAccount, whose: str) -> dict[str, str]:
    """A shop whose customer this is, with a day that was paid out and one that was not."""
    who: dict[str, Any] = {"actor_id": None, "now": START}
    currency = account.entity.currency
    payer, fees = f"Bazaar {whose}", (FeeRule("", 500),)
    new = NewShop(account.pk, f"Shop {whose}", ShopKind.MARKETPLACE, currency, 1, payer_names=(payer,), fees=fees)
    shop = add_shop(account.entity_id, new, **who)
    data = f"Order ID,Order date,Amount\nO-{whose},2026-02-24,20.00\nP-{whose},2026-02-25,7.00\n".encode()
    import_shop_file(shop, "sales.csv", data, **who)
    iban = "6222000012345678" if currency == "CNY" else IBAN
    row = Row("19.00", day="2026-02-25", ref=f"S-{whose}", name=payer)
    days = {"first": "2026-02-25", "last": "2026-02-25", "opening": "500.00"}
    statement = camt053([row], iban=iban, currency=currency, number=f"S{account.pk}", **days)
    upload = keep_upload([BankFile(f"{whose}.xml", statement)], **who)
    work_upload(upload, **who)
    payout = Payout.objects.get(shop_id=shop)  # the day it covers is plain: it settled when the statement came
    return {"shop": public_id("sho", shop), "payout": public_id("pay", payout.pk)}
