"""What an explanation is called on the workbench."""

from __future__ import annotations

import pytest

from huikuan.services.matching import run_matching
from huikuan.store.models import MatchProposal
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.bank_files import Row
from tests.services.desk import SYSTEM
from tests.web.test_workbench import HX, Bench, text_of
from tests.web.world import signed_in

pytestmark = pytest.mark.practice("E4")


def test_what_leaves_part_of_an_item_open_is_not_called_paid_in_full(ledger_db: LedgerDb) -> None:
    bench = Bench()
    bench.desk.books.item(500_00, document_number="INV-77001")
    [line] = bench.desk.lines(Row("491.00", ref="S1", name="Alpha GmbH", text="INV-77001 minus defects"))
    run_matching(bench.entity, **SYSTEM)
    made = [
        (one["kind"], leg["deduction_reason"])
        for one in MatchProposal.objects.get(line_id=line).explanations
        for leg in one["legs"]
    ]
    assert ("items", "short_payment") in made
    ann, page = signed_in("ann"), f"/cash/workbench/lines/{public_id('bln', line)}/"
    shown = text_of(ann.get(page, headers=HX))
    assert "Short payment" in shown and "stays open: 9.00" in shown
    assert "Pays in full" in text_of(ann.get(bench.url(0), headers=HX))
    assert "短付" in text_of(signed_in("ann", "zh-hans").get(page, headers=HX))
