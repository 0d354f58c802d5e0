"""Accounts are counted once and then only those that came since, however transactions end."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction
from django.utils.timezone import now

from huikuan.queries import accounts_count
from huikuan.queries.accounts_count import count_accounts
from huikuan.queries.directory import database_key
from huikuan.store.models import Customer, CustomerAccount
from tests.databases import LedgerDb
from tests.web.world import build_world

pytestmark = pytest.mark.practice("K1")


def add(entity: int) -> None:
    owner = Customer.objects.create(name="one more")
    CustomerAccount.objects.create(customer=owner, entity_id=entity, created_at=now())


def settled() -> int:
    return accounts_count._settled[database_key()].last


def test_an_account_is_never_missed(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose transaction began before others and ends after them."""
    monkeypatch.setattr(accounts_count, "RECOUNT", 2)
    monkeypatch.setattr(accounts_count, "MARGIN", 0)
    world = build_world()

    def check() -> None:
        assert count_accounts(database_key())[:2] == (
            CustomerAccount.objects.count(),
            CustomerAccount.objects.order_by("-id").values_list("id", flat=True)[0],
        )

    for _ in range(3):
        check()
    before = settled()
    assert before > 0
    if connection.vendor == "sqlite":
        for _ in range(4):
            add(world.cn)
            check()
        assert settled() > before
        return
    inserted, let_go = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            add(world.cn)
            inserted.set()
            let_go.wait(600)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert inserted.wait(600)
    for _ in range(4):
        add(world.cn)
        check()
    assert settled() == before  # the one that still runs may yet come below the last number
    let_go.set()
    thread.join()
    for _ in range(3):
        check()
        add(world.cn)
    check()
    assert settled() > before
