"""What a bill or cheque that ended without money says of what it was to settle."""

from __future__ import annotations

import pytest

from huikuan.store.models import Note
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_cash import open_of
from tests.web.test_notes import step, take
from tests.web.test_pages import text_of
from tests.web.world import World, build_world, signed_in

pytestmark = pytest.mark.practice("E1")


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


@pytest.mark.parametrize("settles", ["at_once", "at_maturity"])
def test_a_bounced_cheque_says_what_is_open(world: World, settles: str) -> None:
    boss = signed_in("boss")
    take(boss, kind="cheque", maturity_date="2026-03-29", settles=settles)
    note = Note.objects.get()
    done = text_of(step(boss, note, "dishonoured", memo="no funds"))
    assert open_of("INV-2") == 2_500_50
    assert "What it was to settle" in done and "INV-2" in done
    assert "It bounced. 2,000.00 CNY of it is open." in done
    assert "What it covers" not in done


def test_what_was_paid_otherwise_is_not_open(world: World) -> None:
    boss = signed_in("boss")
    take(boss)
    first = Note.objects.get()
    step(boss, first, "returned", memo="wrong date")
    take(boss, number="5313002", amount="1,900.00")
    number = public_id("bil", first.pk)
    done = text_of(boss.get(f"/cash/bills/{number}/"))
    assert "It was given back. 600.50 CNY of it is open." in done
    take(boss, number="5313003", amount="600.50")
    assert open_of("INV-2") == 0
    assert "Nothing of it is open" in text_of(boss.get(f"/cash/bills/{number}/"))
