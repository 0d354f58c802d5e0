"""Shops and platforms: set up, with the fees agreed with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from huikuan.core.money import exponent_of
from huikuan.core.payouts import BP, FeeRule, SalesPosting, ShopKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.auditing import record
from huikuan.services.items import check_accounts
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import BankAccount, Shop, ShopFee

SETTLE_DAYS_MAX = 90
SHOP_NAME_MAX = 120


@dataclass(frozen=True, slots=True)
class NewShop:
    """A shop as it is set up. ``account_id``: who owes what it sells (the platform, as a customer of ours).

    ``settle_days``: T+n, by the calendar or ``in_working_days`` of the entity's country. ``returns_fee``: of a refund
    the platform gives its fee back. ``payer_names``: parts of the payer's name or text that mark its payouts.
    """

    account_id: int
    name: str
    kind: ShopKind
    currency: str
    settle_days: int
    in_working_days: bool = False
    posting: SalesPosting = SalesPosting.SUMMARY
    returns_fee: bool = True
    payer_names: tuple[str, ...] = ()
    bank_account_id: int | None = None
    fees: tuple[FeeRule, ...] = ()
    is_active: bool = True


def add_shop(entity_id: int, new: NewShop, *, actor_id: int | None, now: datetime) -> int:
    """Sets up a shop; gives its number. Refuses ``shop.no_name``, ``shop.exists``, ``shop.bad_days``, ``shop.bad_fee``,
    ``shop.bank_account``, ``account.unknown`` and ``right.missing``."""

    def work() -> int:
        demand(actor_id, Right.MANAGE_POLICY, entity_id=entity_id)
        values = _checked(entity_id, new)
        if Shop.objects.filter(entity_id=entity_id, name=values["name"]).exists():
            raise Refusal("shop.exists", "There is a shop {name} already.", name=values["name"])
        shop = Shop.objects.create(entity_id=entity_id, created_at=now, created_by_id=actor_id, **values)
        _keep_fees(shop, new)
        _tell("shop.added", shop, new, actor_id, now)
        return int(shop.pk)

    return run_in_transaction(work)


def change_shop(shop_id: int, new: NewShop, *, actor_id: int | None, now: datetime) -> None:
    """Changes what is agreed, for sales that come in from now on. Refuses what ``add_shop`` refuses, ``shop.unknown``,
    and ``shop.in_use``: customer and currency of a shop that has sales stay."""

    def work() -> None:
        shop = lock_shop(shop_id)
        demand(actor_id, Right.MANAGE_POLICY, entity_id=shop.entity_id)
        values = _checked(shop.entity_id, new)
        others = Shop.objects.filter(entity_id=shop.entity_id, name=values["name"]).exclude(id=shop_id)
        if others.exists():
            raise Refusal("shop.exists", "There is a shop {name} already.", name=values["name"])
        moved = (shop.account_id, shop.currency) != (new.account_id, values["currency"])
        if moved and shop.files.exists():
            raise Refusal("shop.in_use", "The shop has sales: its customer and its currency stay. Set up another shop.")
        Shop.objects.filter(id=shop_id).update(**values)
        ShopFee.objects.filter(shop_id=shop_id).delete()
        _keep_fees(shop, new)
        _tell("shop.changed", shop, new, actor_id, now)

    run_in_transaction(work)


def lock_shop(shop_id: int) -> Shop:
    """Refuses ``shop.unknown``."""
    shop = Shop.objects.select_for_update(of=("self",)).select_related("entity").filter(id=shop_id).first()
    if shop is None:
        raise Refusal("shop.unknown", "There is no such shop.")
    return shop


def _checked(entity_id: int, new: NewShop) -> dict[str, Any]:
    name = " ".join(new.name.split())
    if not name:
        raise Refusal("shop.no_name", "Give the shop a name.")
    check_text("name", name, SHOP_NAME_MAX)
    exponent_of(new.currency)
    check_accounts(entity_id, {new.account_id})
    if not 0 <= new.settle_days <= SETTLE_DAYS_MAX:
        raise Refusal("shop.bad_days", "Payouts come between 0 and {most} days after the sale.", most=SETTLE_DAYS_MAX)
    methods = [rule.pay_method.strip().casefold() for rule in new.fees]
    if any(not 0 <= rule.rate_bp <= BP or rule.fixed_minor < 0 for rule in new.fees) or len(set(methods)) < len(
        methods
    ):
        raise Refusal("shop.bad_fee", "A fee lies between 0 and 100 %, and each way of payment has one.")
    if new.bank_account_id is not None:
        bank = BankAccount.objects.filter(id=new.bank_account_id, entity_id=entity_id, currency=new.currency)
        if not bank.exists():
            raise Refusal("shop.bank_account", "The bank account is not this entity's, or in another currency.")
    names = [" ".join(one.split()) for one in new.payer_names]
    for one in names:
        check_text("payer_names", one, NAME_MAX)
    return {
        "account_id": new.account_id,
        "name": name,
        "kind": new.kind.value,
        "currency": new.currency,
        "settle_days": new.settle_days,
        "in_working_days": new.in_working_days,
        "posting": new.posting.value,
        "returns_fee": new.returns_fee,
        "payer_names": "\n".join(dict.fromkeys(one for one in names if one)),
        "bank_account_id": new.bank_account_id,
        "is_active": new.is_active,
    }


def _keep_fees(shop: Shop, new: NewShop) -> None:
    ShopFee.objects.bulk_create(
        ShopFee(shop=shop, pay_method=one.pay_method.strip()[:60], rate_bp=one.rate_bp, fixed_minor=one.fixed_minor)
        for one in new.fees
    )


def _tell(code: str, shop: Shop, new: NewShop, actor_id: int | None, now: datetime) -> None:
    record(
        code,
        now=now,
        actor_id=actor_id,
        entity_id=shop.entity_id,
        subject=f"shop:{shop.pk}",
        days=new.settle_days,
        fees=[f"{one.pay_method or '*'} {one.rate_bp}+{one.fixed_minor}" for one in new.fees],
    )
