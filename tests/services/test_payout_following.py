"""Payouts settle by themselves when the bank's statement comes in, as far as they are certain."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from huikuan.core.payouts import FeeRule, ShopKind
from huikuan.services import payout_following
from huikuan.services.bank_import import AFTER_IMPORT, call_after_import
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.debit_settling import settle_debits
from huikuan.services.matching import match_after_import
from huikuan.services.payouts import match_payout, undo_payout
from huikuan.services.shop_files import import_shop_file
from huikuan.services.shops import NewShop, add_shop
from huikuan.services.verifying import verify
from huikuan.store.models import Payout, Shop
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM, balances, money_of
from tests.services.shops import PAYER, Stall

DAYS = ["T1,2026-03-01,100.00", "T2,2026-03-01,60.00", "T3,2026-03-02,200.00", "T4,2026-03-03,80.00"]

pytestmark = pytest.mark.practice("E6")


def second_shop(stall: Stall, *rows: str, name: str = "Second", **more: Any) -> int:
    """Another shop on the same platform, with its sales."""
    entity = stall.counter.books.entity_id
    account = add_customers(entity, [NewCustomer("C2", "Second platform")], source="erp", **SYSTEM)["C2"]
    usual: dict[str, Any] = {"kind": ShopKind.MARKETPLACE, "settle_days": 2, "payer_names": (PAYER,)}
    new = NewShop(account, name, currency="EUR", fees=(FeeRule("", 500),), **{**usual, **more})
    number = add_shop(entity, new, **SYSTEM)
    import_shop_file(number, f"{name}.csv", "\n".join(["Order ID,Order date,Amount", *rows, ""]).encode(), **SYSTEM)
    return number


def test_hooks_run_after_direct_debits_and_before_the_matcher() -> None:
    places = [AFTER_IMPORT.index(one) for one in (settle_debits, payout_following.settle_payouts, match_after_import)]
    assert places == sorted(places)


def test_payouts_settle_as_the_statement_comes_in(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS)
    day, odd, rest = stall.bank(
        ("2026-03-03", "152.00"), ("2026-03-04", "1.23"), ("2026-03-05", "266.00"), follows=True
    )
    assert set(Payout.objects.values_list("line_id", "paid_minor")) == {(day, 152_00), (rest, 266_00)}
    assert set(Payout.objects.values_list("actor_id", flat=True)) == {None}
    assert stall.open_items() == {}
    assert [one.line_id for one in stall.match()] == [odd]
    before = balances()
    call_after_import(stall.counter.books.entity_id, [day, odd, rest], **SYSTEM)
    assert (balances(), Payout.objects.count()) == (before, 2)
    assert verify().ok


def test_what_a_person_took_back_is_left_to_the_person(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS)
    stall.bank(("2026-03-03", "152.00"), follows=True)
    undo_payout(stall.payout().pk, **SYSTEM)
    (line,) = stall.bank(("2026-03-04", "190.00"), follows=True)
    assert stall.payout().line_id == line
    assert Payout.objects.count() == 2


def test_money_two_shops_could_be_paid_by_waits_for_a_person(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS[:2])
    second = second_shop(stall, "U1,2026-03-01,160.00", "U2,2026-03-02,10.00")
    both, theirs = stall.bank(("2026-03-03", "152.00"), ("2026-03-04", "9.50"), follows=True)
    assert list(Payout.objects.values_list("line_id", "shop_id")) == [(theirs, second)]
    assert money_of(both)[0] == 152_00


def test_a_shop_that_fails_hinders_nobody(
    ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stall = Stall.open()
    stall.sales(*DAYS[:2])
    second = second_shop(stall, "U2,2026-03-01,10.00")

    def fail(shop: Shop, *rest: Any, **more: Any) -> Any:
        if shop.pk == stall.shop_id:
            raise RuntimeError("broken")
        return match_payout(shop, *rest, **more)

    monkeypatch.setattr(payout_following, "match_payout", fail)
    with caplog.at_level(logging.ERROR, "huikuan.bank"):
        stall.bank(("2026-03-03", "152.00"), ("2026-03-03", "9.50"), follows=True)
    assert list(Payout.objects.values_list("shop_id", "paid_minor")) == [(second, 9_50)]
    assert f"shop {stall.shop_id}" in caplog.text


def test_a_shut_shop_and_a_shop_without_names_settle_nothing(sqlite_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales(*DAYS[:2])
    Shop.objects.filter(id=stall.shop_id).update(is_active=False)
    second_shop(stall, "U2,2026-03-01,160.00", payer_names=())
    stall.bank(("2026-03-03", "152.00"), follows=True)
    assert not Payout.objects.exists()
