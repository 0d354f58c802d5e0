"""Short payments by the interface: a key does what it names, and no more."""

from __future__ import annotations

import pytest

from huikuan.queries.ids import short_payment_id_text
from huikuan.services.short_payments import open_short_payment
from huikuan.store.models import ShortPayment
from tests.api.calling import Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM, open_on
from tests.web.test_workbench import Bench

pytestmark = pytest.mark.practice("E7", "K2")


@pytest.mark.parametrize("outcome", ["write_off", "credit_memo"])
def test_a_key_that_only_sees_to_cases_accepts_none(ledger_db: LedgerDb, outcome: str) -> None:
    bench = Bench()
    case = short_payment_id_text(open_short_payment(bench.entity, bench.items[0], 5_00, **SYSTEM))
    accept = {"decision": "accept", "outcome": outcome, "note": "agreed"}
    narrow = Program(make_key("cfo", ["ledger.see", "short_payment.handle"]))
    assert problem_of(narrow.post(f"short-payments/{case}/decision", accept))["code"] == "right.missing"
    assert (open_on(bench.items[0]), ShortPayment.objects.get().state) == (100_00, "open")
    given = Program(make_key("cfo", ["ledger.see", "short_payment.handle", "adjustment.post"]))
    assert given.post(f"short-payments/{case}/decision", accept).status_code == 200
    assert ShortPayment.objects.get().state == "accepted"
