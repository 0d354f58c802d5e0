"""What an explanation is called on the workbench; and what a clerk does where there is none."""

from __future__ import annotations

import re

import pytest

from huikuan.core.rights import Role
from huikuan.services.matching import run_matching
from huikuan.store.models import LineDecision, MatchProposal, RoleGrant, User
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.bank_files import Row
from tests.services.desk import SYSTEM, money_of
from tests.services.ledger import NOW
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


def test_money_of_which_nobody_is_known_is_kept_for_the_customer_a_clerk_names(ledger_db: LedgerDb) -> None:
    bench = Bench()
    bench.desk.books.item(60_00, customer="C2", document_number="INV-9")
    lines = bench.desk.lines(
        Row("777.77", ref="N1", name="Unheard-of Ltd", text="payment"), Row("12.00", ref="N2", name="Who Ltd", text="x")
    )
    run_matching(bench.entity, **SYSTEM)
    ann, c2 = signed_in("ann"), public_id("cus", 2)
    pages = [f"/cash/workbench/lines/{public_id('bln', number)}/edit/" for number in lines]
    blank = ann.get(pages[0], headers=HX).content.decode()
    assert 'name="who"' in blank, "what is looked for takes it along"
    assert "INV-9" in text_of(ann.get(f"{pages[0]}?add={c2}", headers=HX))
    refused = ann.post(pages[0], {"who": "", "rest": "on_account", "key": "a"}, headers=HX)
    assert refused.status_code == 400 and "There is nothing to apply." in text_of(refused)
    both = ann.post(pages[0], {"who": [c2, public_id("cus", 1)], "rest": "on_account", "key": "b"}, headers=HX)
    assert both.status_code == 400, "whose, of the two?"
    stays = ann.post(pages[0], {"who": c2, "rest": "open", "key": "c"}, headers=HX)
    assert stays.status_code == 400 and not LineDecision.objects.exists()
    ann.post(pages[0], {"who": c2, "rest": "on_account", "key": "d"}, headers=HX)
    assert money_of(lines[0]) == (0, 0, 777_77)
    ann.post(pages[1], {"who": c2, "rest": "unapplied", "key": "e"}, headers=HX)
    assert money_of(lines[1]) == (0, 12_00, 0)
    nobody = ann.post(pages[1], {"who": "cus_0000000000000", "rest": "on_account", "key": "f"}, headers=HX)
    assert nobody.status_code in (400, 409)


def test_who_is_asked_is_first_who_works_there_and_never_oneself(ledger_db: LedgerDb) -> None:
    bench = Bench()
    looker = User.objects.create_user("aaron", "aaron@example.com", "x", first_name="Aaron")
    RoleGrant.objects.create(user=looker, entity_id=bench.entity, role=Role.AUDITOR.value, granted_at=NOW)
    page = signed_in("ann").get(bench.url(0), headers=HX).content.decode()
    named = re.findall(r"<option value=\"\d+\">([^<]+)</option>", page[page.index('name="asked"') :])
    assert named[:4] == ["Bob", "Cfo", "Rep", "Aaron"]
