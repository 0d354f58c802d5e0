"""Files of customers: registration numbers are checked, groups have one head, duplicates stay what they were merged."""

from __future__ import annotations

from datetime import datetime

import pytest

from huikuan.core.refusals import Refusal
from huikuan.core.registration import make_unified_code
from huikuan.queries.customer_file import customer_file
from huikuan.queries.frame import frame_at
from huikuan.queries.timeline import timeline
from huikuan.services.merging import merge_customers
from huikuan.store.models import Customer
from huikuan.store.public_ids import public_id
from tests.services.importing import ITEMS, bring, codes, entity, preview

pytestmark = [pytest.mark.usefixtures("ledger_db"), pytest.mark.practice("A1", "D10")]

GOOD = make_unified_code("310115", "YX123456")
WRONG = GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")


def test_a_wrong_check_character_is_a_fault_and_another_kind_of_number_a_warning(now: datetime) -> None:
    entity(now)
    head = "customer_id,name,registration_number,country\n"
    rows = f"C1,A,{GOOD},CN\nC2,B,{WRONG},CN\nC3,C,310115000012345,CN\nC4,D,HRB 4711,DE\nC5,E,{WRONG},\n"
    found = preview(now, head + rows, "customers")
    assert codes(found) == [
        (3, "registration_number", "registration.bad_check"),
        (6, "registration_number", "registration.bad_check"),
    ]
    assert f"by the other characters it would be {GOOD[-1]}" in found.errors[0].reason
    assert [(one.row, one.code, one.value) for one in found.warnings] == [
        (4, "registration.unusual", "310115000012345")
    ]


def test_a_group_that_bites_its_tail_is_refused(now: datetime) -> None:
    entity(now)
    head = "customer_id,name,parent_id\n"
    bring(now, head + "C1,A,\nC2,B,C1\nC3,C,C2\n", "customers")
    with pytest.raises(Refusal) as caught:
        bring(now, head + "C1,A,C3\n", "customers")
    assert caught.value.code == "customer.parent_cycle"
    assert Customer.objects.get(name="A").parent_id is None


def test_a_merged_duplicate_is_compared_with_itself(now: datetime) -> None:
    entity(now)
    text = "customer_id,name,country\nC1,Alpha,CN\nC2,Alpha Ltd,CN\n"
    bring(now, text, "customers")
    one, two = Customer.objects.order_by("id")
    merge_customers(two.id, one.id, reason="same", actor_id=None, now=now)
    assert preview(now, text, "customers").changes["unchanged"] == 2
    bring(now, text.replace("Alpha Ltd", "Alpha Limited"), "customers")
    assert [row.name for row in Customer.objects.order_by("id")] == ["Alpha", "Alpha Limited"]


@pytest.mark.practice("A4")
def test_an_import_that_touched_a_customer_is_in_its_timeline(now: datetime) -> None:
    entity_id = entity(now)
    bring(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\n")
    bring(now, ITEMS + "I2,C2,B,2026-01-05,2026-02-05,CNY,50.00\n")
    frame = frame_at(now=now, entity_ids=(entity_id,))
    for name in ("A", "B"):
        file = customer_file(frame, public_id("cus", Customer.objects.get(name=name).id))
        assert file is not None
        shown = timeline(frame, file).rows
        assert [(event.kind, event.code) for event in shown if event.kind == "items"] == [("items", "item")]
        assert len([event for event in timeline(frame, file, kind="imports").rows if event.code == "items"]) >= 1
