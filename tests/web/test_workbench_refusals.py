"""The workbench refuses what it cannot understand, and what may not be done."""

from __future__ import annotations

import pytest

from huikuan.store.models import LineDecision, LineParked
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.desk import balances
from tests.web.test_workbench import HX, Bench
from tests.web.world import signed_in

pytestmark = pytest.mark.practice("E4")


@pytest.fixture
def bench(ledger_db: LedgerDb) -> Bench:
    return Bench()


def test_what_is_not_understood_decides_nothing(bench: Bench) -> None:
    ann, before = signed_in("ann"), balances()
    for given, status in (
        ({"deed": "surprise", "rank": "1"}, 404),
        ({"deed": "accept", "rank": "first"}, 400),
        ({"deed": "accept", "rank": "99"}, 400),
        ({"deed": "unapplied", "rank": "1", "customer": "cus_of_nobody"}, 400),
        ({"deed": "on_account", "rank": "1", "customer": public_id("cus", 999_999)}, 400),
        ({"deed": "not_customer", "class": "surprise"}, 400),
    ):
        answer = ann.post(bench.url(0, "decide/"), {**given, "key": repr(given)[:60]}, headers=HX)
        assert answer.status_code == status, given
    assert ann.post(bench.url(0, "aside/"), {"deed": "surprise", "reason": "why"}, headers=HX).status_code == 404
    assert (balances(), LineDecision.objects.count(), LineParked.objects.count()) == (before, 0, 0)
