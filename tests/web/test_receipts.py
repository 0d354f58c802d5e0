"""A receipt kept on account, sent back, bounced; and who may do what to a receipt, on which day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.store.models import JournalEntry, OpenItem, Receipt, User
from tests.databases import LedgerDb
from tests.web.test_cash import DAY, applied_form, field, money_of, newest, open_of, receipt_path, record
from tests.web.test_pages import text_of
from tests.web.world import World, build_world, signed_in


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


# -- keep, refund, bounce ----------------------------------------------------------------------------------------------
def test_money_is_kept_on_account_applied_from_there_and_refunded(world: World) -> None:
    client = signed_in("clerk")
    record(client, who="0001")
    receipt = newest()
    park = receipt_path(receipt, "park/")
    given = {"key": field(client.get(park), "key"), "amount": "600", "on": DAY}
    assert field(client.get(park), "amount") == "1,000.50"
    assert client.post(park, given).status_code == client.post(park, given).status_code == 302
    assert money_of(receipt) == (0, 400_50, 600_00)
    assert "On account 1" in text_of(client.get("/cash/?state=on_account"))
    more = client.post(park, {"key": "other", "amount": "400.51", "on": DAY})
    assert more.status_code == 400
    assert "400.51 CNY is not within the 400.50 CNY left of the receipt" in text_of(more)
    advance = {**applied_form(client, receipt, {"INV-1": "550"}), "from": "advances"}
    for _ in range(2):
        assert client.post(receipt_path(receipt, "apply/"), advance).status_code == 302
    assert money_of(receipt) == (0, 400_50, 50_00)
    refund = receipt_path(receipt, "refund/")
    given = {"key": field(client.get(refund), "key"), "amount": "50", "from": "advances", "on": DAY}
    for _ in range(2):
        done = client.post(refund, given, follow=True)
        assert "50.00 CNY refunded." in text_of(done)
    assert money_of(receipt) == (0, 400_50, 0)
    # It bounces only when what was sent back of it is taken back, which is one click away.
    blocked = client.get(receipt_path(receipt, "bounce/"))
    assert "something later stands on this entry" in text_of(blocked)
    way = re.search(r'href="(/receivables/entries/[^"]+)"[^>]*>Show the later entry', blocked.content.decode())
    assert way and "Refund" in text_of(client.get(way[1]))


def test_a_bounced_payment_opens_again_what_it_had_settled(world: World) -> None:
    client = signed_in("clerk")
    record(client, who="0001")
    receipt = newest()
    client.post(receipt_path(receipt, "apply/"), applied_form(client, receipt, {"INV-1": "550.00"}))
    path = receipt_path(receipt, "bounce/")
    form = client.get(path)
    assert "This entry stands on it and is reversed first" in text_of(form)
    given = {"key": field(form, "key"), "on": DAY, "memo": ""}
    assert "Say why" in text_of(client.post(path, given))
    given["memo"] = "账户余额不足"
    first, second = client.post(path, given), client.post(path, given)
    assert first.status_code == second.status_code == 302
    assert open_of("INV-1") == 550_00
    assert money_of(receipt) == (0, 0, 0)
    shown = text_of(client.get(receipt_path(receipt)))
    assert "The receipt of 1,000.50 CNY is taken back. 1 entry that stood on it was reversed first." in shown
    assert "账户余额不足" in shown
    assert "Bounced …" not in shown
    # It was another payment that bounced.
    assert "It stands after all …" in shown
    path = receipt_path(receipt, "reinstate/")
    form = client.get(path)
    assert "pays the same items as before" in text_of(form)
    given = {"key": field(form, "key"), "memo": ""}
    assert "Say why" in text_of(client.post(path, given))
    given["memo"] = "另一笔"
    first, second = client.post(path, given, follow=True), client.post(path, given)
    assert "The receipt of 1,000.50 CNY stands again." in text_of(first)
    assert (second.status_code, open_of("INV-1"), money_of(newest())) == (302, 0, (0, 450_50, 0))
    assert "It stands after all …" not in text_of(client.get(receipt_path(receipt)))
    assert "was posted anew already" in text_of(client.get(path))


# -- rights ------------------------------------------------------------------------------------------------------------
ACTIONS = ("identify/", "apply/", "park/", "refund/", "bounce/")


def test_who_may_not_post_sees_no_buttons_and_is_refused(world: World) -> None:
    boss, auditor, clerk = signed_in("boss"), signed_in("auditor"), signed_in("clerk")
    account = OpenItem.objects.get(document_number="DE-1").account_id
    ours = NewReceipt("DE-R", date(2026, 3, 1), "EUR", 10_00, account, reference="DE-R")
    now = datetime(2026, 3, 2, tzinfo=UTC)
    actor = User.objects.get(username="boss").pk
    (number,) = post_receipts(world.de, [ours], actor_id=actor, now=now)
    receipt = Receipt.objects.get(id=number)
    assert "Keep on account" in text_of(boss.get(receipt_path(receipt)))
    seen = auditor.get(receipt_path(receipt))
    assert seen.status_code == 200
    assert "Keep on account" not in text_of(seen)
    assert "DE-R" in text_of(auditor.get("/cash/?state=all"))
    before = JournalEntry.objects.count()
    for action in (*ACTIONS, "spread/"):
        assert auditor.post(receipt_path(receipt, action), {"amount": "1", "memo": "x"}).status_code == 403, action
        assert clerk.post(receipt_path(receipt, action), {"amount": "1", "memo": "x"}).status_code == 404, action
        if action != "spread/":
            assert auditor.get(receipt_path(receipt, action)).status_code == 403, action
            assert clerk.get(receipt_path(receipt, action)).status_code == 404, action
    assert auditor.get("/cash/new/").status_code == 403
    assert auditor.post("/cash/new/", {"amount": "1"}).status_code == 403
    assert clerk.post("/cash/new/", {"entity_code": "DE01", "amount": "1"}).status_code == 404
    assert JournalEntry.objects.count() == before


def test_on_another_day_the_buttons_say_why_they_do_nothing(world: World) -> None:
    client = signed_in("clerk")
    record(client, who="0001")
    receipt = newest()
    shown = client.get(f"{receipt_path(receipt)}?as_of=2026-03-31")
    assert "Go back to now to post" in text_of(shown)
    assert "park/" not in shown.content.decode()
    for action in ACTIONS:
        asked = client.post(f"{receipt_path(receipt, action)}?as_of=2026-03-31", {"amount": "1", "key": "k"})
        assert asked.status_code == 400, action
        assert "Go back to now to post" in text_of(asked), action
    assert client.get("/cash/new/?as_of=2026-03-31").status_code == 400
    assert money_of(receipt) == (0, 1_000_50, 0)
