"""Who switches the entity, or the day, on a page of something that is not in the new frame, gets the list instead."""

from __future__ import annotations

import pytest

from huikuan.store.models import JournalEntry, Note, OpenItem, Receipt
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_notes import take
from tests.web.test_pages import text_of
from tests.web.world import World, build_world, signed_in


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


def test_the_list_in_the_other_entity(world: World) -> None:
    boss = signed_in("boss")
    item = public_id("itm", OpenItem.objects.get(document_number="DE-1").pk)
    receipt = public_id("rcp", Receipt.objects.get().pk)
    entry = public_id("ent", JournalEntry.objects.filter(entity_id=world.cn).order_by("id")[0].pk)
    for path, code, shown in (
        (f"/receivables/items/{item}/", "CN01", "/receivables/items/?entity=CN01"),
        (f"/receivables/receipts/{receipt}/", "DE01", "/cash/?entity=DE01"),
        (f"/receivables/receipts/{receipt}/refund/", "DE01", "/cash/?entity=DE01"),
        (f"/receivables/entries/{entry}/", "DE01", "/receivables/journal/?entity=DE01"),
    ):
        assert boss.get(path).status_code == 200, path
        answer = boss.get(f"{path}?entity={code}")
        assert answer.status_code == 302 and answer.headers["Location"] == shown, path
    told = text_of(boss.get(f"/receivables/items/{item}/?entity=CN01", follow=True))
    assert "What you looked at is not 上海示例有限公司's." in told and "INV-2" in told


def test_the_list_of_a_day_before_it_was_there(world: World) -> None:
    boss = signed_in("boss")
    take(boss)
    bill = f"/cash/bills/{public_id('bil', Note.objects.get().pk)}/"
    assert boss.get(bill).status_code == 200
    answer = boss.get(f"{bill}?as_of=2026-01-31", follow=True)
    assert answer.redirect_chain == [("/cash/bills/?as_of=2026-01-31", 302)]
    assert "What you looked at was not there yet on that day." in text_of(answer)


def test_what_is_nowhere_or_not_for_this_person_is_not_found(world: World) -> None:
    boss, auditor = signed_in("boss"), signed_in("auditor")
    item = public_id("itm", world.item)
    assert boss.get("/receivables/items/itm_0000000000000/?entity=CN01").status_code == 404
    assert boss.get(f"/receivables/items/{item}/?entity=XX").status_code == 404
    assert auditor.get(f"/receivables/items/{item}/?entity=DE01").status_code == 404, "of an entity the person sees not"
    assert boss.get(f"/receivables/items/{item}/?entity=DE01", headers={"HX-Request": "true"}).status_code == 404
    assert boss.post(f"/receivables/items/{item}/settle/?kind=write_off&entity=DE01", {}).status_code == 404
