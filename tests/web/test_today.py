"""What waits, said on Today; what was noted of a collection by direct debit, in words."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.services.cash_slips import NewCash, hand_in_cash, take_cash
from huikuan.store.models import OpenItem, User
from huikuan.web.debit_words import event_note
from tests.databases import LedgerDb
from tests.web.test_pages import text_of
from tests.web.test_workbench import Bench
from tests.web.world import START, build_world, signed_in

pytestmark = pytest.mark.practice("E1")
TAKEN = date(2026, 3, 6)


def test_cash_not_handed_in_on_its_day_is_said(ledger_db: LedgerDb) -> None:
    world = build_world()
    account = OpenItem.objects.get(id=world.item).account
    cash = NewCash(account_id=account.pk, amount_minor=100, currency="CNY", payer="Li", purpose="goods", reason="other")
    slip = take_cash(account.entity_id, cash, on=TAKEN, actor_id=None, now=START)
    boss, says = signed_in("boss"), "The cash of 1 receipt was not handed in on its day"
    assert says in text_of(boss.get("/"))
    assert says not in text_of(boss.get("/?as_of=2026-03-10"))
    hand_in_cash(slip, on=TAKEN, place="cashier", actor_id=None, now=START)
    assert says not in text_of(boss.get("/"))


@pytest.mark.practice("E4")
def test_lines_that_wait_on_the_workbench_are_said_to_who_decides_them(ledger_db: LedgerDb) -> None:
    bench = Bench()
    ann, rep = signed_in("ann"), signed_in("rep")
    waits = "bank lines of E1 wait on the workbench"
    assert f"4 {waits}" in text_of(ann.get("/")) and waits not in text_of(rep.get("/"))
    assert waits not in text_of(ann.get("/?as_of=2026-03-10"))
    bench.accept(ann, 0)
    asked = {"deed": "ask", "asked": User.objects.get(username="rep").pk, "question": "Whose?"}
    ann.post(bench.url(1, "aside/"), asked)
    assert f"2 {waits}" in text_of(ann.get("/")), "one is done, one is asked about"
    ann.post(bench.url(2, "aside/"), {"deed": "park", "reason": "waits"})
    assert "1 bank line of E1 waits on the workbench" in text_of(ann.get("/"))
    bench.accept(ann, 3)
    assert "on the workbench" not in text_of(ann.get("/"))


def test_what_a_bank_was_asked_and_said_is_no_code() -> None:
    assert event_note("recall", "CUST") == "the customer is not to be charged"
    assert event_note("recall", "DUPL 3") == "sent twice · 3 payments"
    assert event_note("recall_kept", "NOAS") == "the customer did not answer (NOAS)"
    assert event_note("settled", "1") == "1 payment"
    assert event_note("notified", "by mail") == "by mail"
