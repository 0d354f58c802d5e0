"""Bills and cheques in the browser: each form posts once, says what happened, and keeps what was typed when refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from huikuan.services.channels import policy_of
from huikuan.store.models import Note, NoteEvent, OpenItem
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_cash import field, open_of
from tests.web.test_pages import text_of
from tests.web.world import World, build_world, signed_in

pytestmark = pytest.mark.practice("E1")
DAY = "2026-03-20"
BILL = {
    "entity_code": "CN01",
    "who": "0001",
    "kind": "acceptance",
    "number": "5313001",
    "amount": "2,000.00",
    "currency": "CNY",
    "issue_date": DAY,
    "maturity_date": "2026-06-18",
    "acceptor": "Some bank",
    "acceptor_class": "other_bank",
    "on": DAY,
    "for": "named",
    "numbers": "INV-2",
}


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def take(client: Client, **fields: str) -> Any:
    path = "/cash/bills/new/"
    return client.post(path, BILL | {"key": field(client.get(path), "key")} | fields, follow=True)


def step(client: Client, note: Note, what: str, name: str = "step", **fields: str) -> Any:
    path = f"/cash/bills/{public_id('bil', note.pk)}/{name}/?step={what}"
    return client.post(path, {"key": field(client.get(path), "key"), "on": DAY} | fields, follow=True)


def test_taken_discounted_dishonoured(world: World) -> None:
    boss = signed_in("boss")
    page = text_of(boss.get("/cash/bills/"))
    assert "No bill or cheque yet" in page
    assert "2,000.00 CNY" in text_of(take(boss))
    note = Note.objects.get()
    assert open_of("INV-2") == 500_50
    page = text_of(boss.get("/cash/bills/"))
    assert "By maturity" in page and "5313001" in page
    done = text_of(step(boss, note, "discounted", "negotiate", party="Bank", rate="1.8"))
    assert "1.8 % a year for 90 days" in done and "interest 9.00 CNY" in done
    refused = step(boss, note, "dishonoured", memo="")
    assert refused.status_code == 400
    done = text_of(step(boss, note, "dishonoured", memo="no funds"))
    assert "dishonoured" in done and "no funds" in done
    assert open_of("INV-2") == 2_500_50
    assert "5313001" in text_of(boss.get("/cash/bills/?which=dishonoured"))


def test_a_covered_item_says_so(world: World) -> None:
    boss = signed_in("boss")
    take(boss, settles="at_maturity")
    item = Note.objects.get().covers.get().item_id
    page = text_of(boss.get(f"/receivables/items/{public_id('itm', item)}/"))
    assert "2,000.00 CNY is covered by a bill that matures on 18 June 2026" in page.replace("18 Jun ", "18 June ")


def test_split_paid_and_taken_back(world: World) -> None:
    boss = signed_in("boss")
    take(boss, range_first="1", range_last="200,000")
    note = Note.objects.get()
    page = text_of(step(boss, note, "split", amounts="500; 1,500"))
    assert "Its parts" in page
    part = Note.objects.filter(parent=note).first()
    assert part is not None
    step(boss, part, "paid")
    path = f"/cash/bills/{public_id('bil', part.pk)}/undo/"
    key = field(boss.get(path), "key")
    assert boss.post(path, {"key": key, "on": DAY}).status_code == 400
    boss.post(path, {"key": key, "on": DAY, "memo": "wrong"})
    assert NoteEvent.objects.filter(undoes__isnull=False).count() == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"numbers": "INV-9"}, "owes nothing in this currency on INV-9"),
        ({"numbers": ""}, "Name the documents"),
        ({"who": ""}, "Say which customer gave it."),
        ({"range_first": "1"}, "the range of parts must hold 200000 parts"),
        ({"range_first": "x"}, "x is not the number of a part"),
        ({"maturity_date": ""}, "Give the day of issue"),
        ({"number": " "}, "a note has a number"),
        ({"entity_code": ""}, "Say which legal entity was given the bill."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_retyped(world: World, fields: dict[str, str], says: str) -> None:
    response = take(signed_in("boss"), **fields)
    assert response.status_code == 400
    assert says in text_of(response)
    assert "Some bank" in response.content.decode()
    assert not Note.objects.exists()


def test_forms_say_what_cannot_be_read(world: World) -> None:
    boss = signed_in("boss")
    take(boss)
    note = Note.objects.get()
    for fields, says in (
        ({"party": "Bank", "rate": "much"}, "much is not a rate"),
        ({"party": "Bank", "rate": "1", "days": "-1"}, "-1 is not a number of days"),
        ({"party": "", "rate": "1"}, "say to whom the note goes"),
    ):
        assert says in text_of(step(boss, note, "discounted", "negotiate", **fields))
    step(boss, note, "returned", memo="wrong")
    path = f"/cash/bills/{public_id('bil', note.pk)}/step/?step=paid"
    assert "This cannot be done" in text_of(boss.get(path))


def test_the_rules_for_bills_cheques_and_cash_are_saved(world: World) -> None:
    path = "/settings/channels/"
    given = {
        "entity_code": "CN01",
        "notes_settle": "at_maturity",
        "cheques_settle": "at_once",
        "escort_from": "50,000.00",
        "reference_scheme": "rf",
    }
    boss = signed_in("boss")
    assert boss.post(path, given).status_code == 302
    item = OpenItem.objects.get(document_number="INV-1")
    assert "RF47 INV1" in boss.get(f"/receivables/items/{public_id('itm', item.pk)}/").content.decode()
    assert "RF47 INV1" in boss.get("/receivables/items/?cols=document_number,payment_reference").content.decode()
    kept = policy_of(world.cn)
    assert (kept.notes_settle, kept.cheques_settle, kept.escort_from_minor) == ("at_maturity", "at_once", 50_000_00)
    assert "50,000.00" in boss.get(path).content.decode()
    for wrong in ("-1", "much"):
        assert boss.post(path, given | {"escort_from": wrong}).status_code == 400
    for unknown in ({"notes_settle": "never"}, {"reference_scheme": "giro"}):
        assert boss.post(path, given | unknown).status_code == 404
    assert policy_of(world.cn).escort_from_minor == 50_000_00
    boss.post(path, given | {"escort_from": ""})
    assert policy_of(world.cn).escort_from_minor is None
