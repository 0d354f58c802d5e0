"""Numbers of money typed in by hand: rising by entity and year, each once, whoever types at the same time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from huikuan.core.refusals import Refusal
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.store.models import Entity, Receipt, ReceiptCounter
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger

pytestmark = pytest.mark.practice("E1")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def typed(ledger: Ledger, *, external_id: str = "", source: str = "manual", now: datetime = NOW, minor: int = 5) -> str:
    money = NewReceipt(external_id, DAY, "CNY", minor, ledger.accounts["C1"])
    [number] = post_receipts(ledger.entity_id, [money], actor_id=None, now=now, source=source)
    return Receipt.objects.get(id=number).external_id


def test_numbers_rise_and_start_anew_with_the_year(ledger: Ledger) -> None:
    assert [typed(ledger), typed(ledger)] == ["RC-2026-000001", "RC-2026-000002"]
    assert typed(ledger, external_id="BANK-1") == "BANK-1", "what has a number keeps it"
    Entity.objects.filter(id=ledger.entity_id).update(timezone="Asia/Shanghai")
    silvester = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    assert typed(ledger, now=silvester) == "RC-2027-000001", "in Shanghai it is the next year"
    assert typed(ledger) == "RC-2026-000003"


def test_a_number_somebody_used_is_left_out_and_a_refused_posting_takes_none(ledger: Ledger) -> None:
    assert typed(ledger, external_id="RC-2026-000001") == "RC-2026-000001"
    with pytest.raises(Refusal):
        typed(ledger, minor=-5)
    assert not ReceiptCounter.objects.exists()
    assert typed(ledger) == "RC-2026-000002"
    assert typed(ledger, source="api") == "RC-2026-000003"


def test_people_who_type_at_the_same_time_get_different_numbers(ledger: Ledger) -> None:
    found: list[str] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        try:
            barrier.wait(timeout=600)
            found.extend(typed(ledger) for _ in range(3))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"RC-2026-{number:06d}" for number in range(1, 13)]
