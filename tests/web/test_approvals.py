"""A deed that must be approved, from the form that is refused to the entry that is posted, as people meet it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from huikuan.core.approvals import ApprovalKind
from huikuan.core.rights import Role
from huikuan.services.approvals import set_ladder
from huikuan.store.models import (
    Absence,
    ApprovalRequest,
    ApprovalRule,
    JournalEntry,
    Note,
    OpenItemBalance,
    Receipt,
    RoleGrant,
    User,
)
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_notes import step, take
from tests.web.test_pages import text_of
from tests.web.world import START, World, build_world, signed_in

pytestmark = pytest.mark.practice("K1")
PEOPLE = {"cora": "collector", "cesar": "cfo", "rita": "ar_clerk", "manu": "sales_manager"}


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    """Write-offs need the sales manager from 100.00 and the CFO from 500.00; refunds the CFO from 50.00."""
    made = build_world()
    for name, role in PEOPLE.items():
        user = User.objects.create_user(name, first_name=name.title())
        RoleGrant.objects.create(user=user, entity_id=made.cn, role=role, granted_at=START)
    steps = [(Role.SALES_MANAGER, 100_00), (Role.CFO, 500_00)]
    set_ladder(made.cn, ApprovalKind.WRITE_OFF, steps, actor_id=None, now=START)
    set_ladder(made.cn, ApprovalKind.REFUND, [(Role.CFO, 50_00)], actor_id=None, now=START)
    return made


def write_off(client: Client, item: int, amount: str, **more: str) -> Any:
    given = {"key": f"k{amount}", "amount": amount, "on": "2026-03-20", "memo": "insolvent", **more}
    return client.post(f"/receivables/items/{public_id('itm', item)}/settle/?kind=write_off", given)


def page_of(request: ApprovalRequest) -> str:
    return f"/approvals/{request.pk}/"


def asked() -> ApprovalRequest:
    return ApprovalRequest.objects.latest("id")


def decide(client: Client, what: str, note: str = "") -> Any:
    return client.post(f"{page_of(asked())}decide/", {"decision": what, "note": note}, follow=True)


def open_of(item: int) -> int:
    return OpenItemBalance.objects.get(item_id=item).open_minor


def test_refused_sent_decided_twice_posted(world: World) -> None:
    cora, manu, cesar = signed_in("cora"), signed_in("manu"), signed_in("cesar")
    before, entries = open_of(world.item), JournalEntry.objects.count()
    refused = write_off(cora, world.item, "520")
    assert refused.status_code == 409
    assert "must be approved first, by: Sales manager" in text_of(refused)
    assert 'name="ask"' in refused.content.decode() and 'value="insolvent"' in refused.content.decode()
    sent = write_off(cora, world.item, "520", ask="yes")
    assert sent["Location"].startswith(page_of(asked()))
    shown = text_of(cora.get(page_of(asked())))
    assert "Sent for approval." in shown and "520.00 CNY" in shown and "Withdraw the request" in shown
    waits, path = "A request for approval waits for its decision", f"/receivables/items/{public_id('itm', world.item)}/"
    assert waits in text_of(cora.get(path))
    again = write_off(cora, world.item, "520", ask="yes")
    assert "is waiting for a decision already" in text_of(again)
    assert JournalEntry.objects.count() == entries
    assert "1 request waits for your decision" in text_of(manu.get("/"))
    assert "waits for: Sales manager" in text_of(manu.get("/approvals/"))
    assert "INV-1" not in text_of(cesar.get("/approvals/")), "not his turn yet"
    early = cesar.post(f"{page_of(asked())}decide/", {"decision": "approve"})
    assert early.status_code == 403
    assert "The next step waits for its decision." in text_of(decide(manu, "approve"))
    assert open_of(world.item) == before
    done = text_of(decide(cesar, "approve", "agreed"))
    assert waits not in text_of(cora.get(path))
    assert "Approved and posted." in done and "agreed" in done and "See the entry" in done
    assert open_of(world.item) == before - 520_00
    entry = JournalEntry.objects.latest("id")
    assert (entry.kind, entry.actor.username, entry.memo) == ("write_off", "cora", "insolvent")
    late = cesar.post(f"{page_of(asked())}decide/", {"decision": "approve"})
    assert "has been decided, withdrawn or closed already" in text_of(late)
    assert "approved" in text_of(cora.get("/approvals/?which=asked"))


def test_what_nobody_may_do(world: World) -> None:
    cora, manu = signed_in("cora"), signed_in("manu")
    assert write_off(cora, world.item, "99.99").status_code == 302, "small amounts need nobody"
    write_off(cora, world.item, "150", ask="yes")
    own = cora.post(f"{page_of(asked())}decide/", {"decision": "approve"})
    assert own.status_code == 400 and "nobody decides a request of his or her own" in text_of(own)
    mute = manu.post(f"{page_of(asked())}decide/", {"decision": "reject"})
    assert mute.status_code == 400 and "say why it is rejected" in text_of(mute)
    in_chinese = signed_in("manu", "zh-hans").post(f"{page_of(asked())}decide/", {"decision": "reject"})
    assert "say why" not in text_of(in_chinese)
    assert manu.post(f"{page_of(asked())}decide/", {"decision": "shred"}).status_code == 404
    assert signed_in("auditor").get(page_of(asked())).status_code == 404, "another entity's"
    rejected = text_of(decide(manu, "reject", "they still pay"))
    assert "Rejected." in rejected and "they still pay" in rejected
    write_off(cora, world.item, "151", ask="yes")
    assert "The request is withdrawn." in text_of(decide(cora, "withdraw"))


def test_a_refund_is_approved(world: World) -> None:
    rita, cesar = signed_in("rita"), signed_in("cesar")
    path = f"/receivables/receipts/{public_id('rcp', Receipt.objects.get().pk)}/refund/"
    given = {"key": "r1", "amount": "60", "from": "unapplied", "on": "2026-03-20", "memo": ""}
    refused = rita.post(path, given)
    assert refused.status_code == 409 and "by: CFO" in text_of(refused)
    silent = rita.post(path, {**given, "ask": "yes"})
    assert silent.status_code == 409 and "say why: who decides reads it" in text_of(silent)
    assert rita.post(path, {**given, "ask": "yes", "memo": "paid twice"}).status_code == 302
    assert "A request for approval waits" in text_of(rita.get(path.removesuffix("refund/")))
    assert "Approved and posted." in text_of(decide(cesar, "approve"))
    assert JournalEntry.objects.latest("id").kind == "refund"


def test_who_decides_reads_the_terms(world: World) -> None:
    """Of a bill sold its bank, rate, interest and recourse; of a refund that it goes to somebody else."""
    set_ladder(world.cn, ApprovalKind.NOTE_DISCOUNT, [(Role.SALES_MANAGER, 0)], actor_id=None, now=START)
    take(signed_in("boss"))
    cesar, note = signed_in("cesar"), Note.objects.get()
    form = {"party": "River Bank", "rate": "1.8", "interest": "9", "fee": "2", "memo": "cash is short", "ask": "yes"}
    assert step(cesar, note, "discounted", "negotiate", **form).status_code == 200
    bill = f"/cash/bills/{public_id('bil', note.pk)}/"
    assert "A request for approval waits for its decision" in text_of(cesar.get(bill))
    page = text_of(cesar.get(page_of(asked())))
    assert "Which bank River Bank Rate, percent a year 1.8" in page
    assert "Interest kept 9.00 CNY The bank's fee 2.00 CNY Recourse with recourse" in page
    path = f"/receivables/receipts/{public_id('rcp', Receipt.objects.order_by('id')[0].pk)}/refund-other/"
    given = {"key": "r9", "amount": "60", "from": "unapplied", "on": "2026-03-20", "memo": "to the heirs", "ask": "yes"}
    assert cesar.post(path, given).status_code == 302
    assert "Payee somebody else than who paid" in text_of(cesar.get(page_of(asked())))


def test_a_request_whose_bill_was_paid_meanwhile_says_so_and_waits_for_nobody(world: World) -> None:
    set_ladder(world.cn, ApprovalKind.NOTE_DISCOUNT, [(Role.SALES_MANAGER, 0)], actor_id=None, now=START)
    boss, manu = signed_in("boss"), signed_in("manu")
    take(boss)
    note = Note.objects.get()
    form = {"party": "River Bank", "rate": "1.8", "memo": "cash is short", "ask": "yes"}
    assert step(signed_in("cesar"), note, "discounted", "negotiate", **form).status_code == 200
    assert "River Bank" in text_of(manu.get(page_of(asked())))
    assert step(boss, note, "presented").status_code == 200
    page = text_of(manu.get(page_of(asked())))
    assert "closed by itself" in page and "was presented for payment meanwhile: nothing is left to decide." in page
    assert "Your decision" not in page and "waiting" not in page
    assert "Nothing waits for you" in text_of(manu.get("/approvals/"))
    assert "A request for approval waits" not in text_of(boss.get(f"/cash/bills/{public_id('bil', note.pk)}/"))
    late = manu.post(f"{page_of(asked())}decide/", {"decision": "approve"})
    assert late.status_code == 400 and "decided, withdrawn or closed already" in text_of(late)


def test_a_deputy_decides_while_somebody_is_away(world: World) -> None:
    cora, manu, rita = signed_in("cora"), signed_in("manu"), signed_in("rita")
    deputy = User.objects.get(username="rita").pk
    given = {"first": "2026-01-01", "last": "2099-12-31", "deputy": str(deputy)}
    wrong = manu.post("/settings/absences/", {**given, "last": "2025-01-01"})
    assert wrong.status_code == 400 and "the last day lies before the first" in text_of(wrong)
    nobody = manu.post("/settings/absences/", {**given, "deputy": "999"})
    assert nobody.status_code == 400 and "no such person who could stand in" in text_of(nobody)
    no_day = manu.post("/settings/absences/", {**given, "first": ""})
    assert no_day.status_code == 400 and "give the first and the last day" in text_of(no_day)
    assert "Rita" in text_of(manu.post("/settings/absences/", given, follow=True))
    write_off(cora, world.item, "150", ask="yes")
    done = text_of(decide(rita, "approve"))
    assert "Approved and posted." in done and "for Manu" in done
    ended = manu.post("/settings/absences/", {"end": str(Absence.objects.get().pk)}, follow=True)
    assert "Taken back." in text_of(ended) and not Absence.objects.exists()


def test_the_ladder_is_set_by_who_makes_policy(world: World) -> None:
    cesar = signed_in("cesar")
    page, form = "/settings/approvals/", {"book": "CN01", "kind": "offset"}
    assert signed_in("cora").get(page).status_code == 403
    saved = cesar.post(page, {**form, "role": ["collector", "cfo", ""], "from": ["", "10,000", ""]}, follow=True)
    assert "Requests under way keep the steps they were asked under." in text_of(saved)
    rows = ApprovalRule.objects.filter(kind="offset").order_by("number").values_list("role", "from_minor")
    assert list(rows) == [("collector", 0), ("cfo", 10_000_00)]
    falling = cesar.post(page, {**form, "role": ["collector", "cfo"], "from": ["100", "50"]})
    assert falling.status_code == 400 and "may not ask for less" in text_of(falling)
    assert cesar.post(page, {**form, "book": "DE01"}).status_code == 404


def test_a_step_whose_role_nobody_holds_is_said(world: World) -> None:
    """Nobody signs in as manager of the sales team any more: the page says that its step waits for a superuser."""
    page = text_of(signed_in("boss").get("/settings/approvals/"))
    assert "only a superuser can decide" not in page
    User.objects.filter(username="manu").update(is_active=False)
    page = text_of(signed_in("boss").get("/settings/approvals/"))
    assert "is sales manager: what waits for that step, only a superuser can decide." in page.replace("Sales", "sales")
