"""How many times a page asks the database: bounds that hold whatever stands in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huikuan.queries import duplicates
from huikuan.queries.asking import asking, current, once
from huikuan.queries.cache import answers
from huikuan.queries.directory import database_key
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import frame_at
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.items import post_items
from huikuan.services.sealing import seal
from huikuan.store.models import Customer, CustomerAccount, OpenItem, Receipt, RoleGrant, User
from huikuan.store.public_ids import public_id
from tests.web.world import START, World, _invoice, build_world, signed_in

pytestmark = pytest.mark.practice("K1")


def number_of(key: str) -> int:
    return int(CustomerAccount.objects.get(refs__external_id=key).customer_id)


def _pages() -> dict[str, int]:
    """Addresses with the most queries each may make."""
    customer = f"/customers/{public_id('cus', number_of('0001'))}/"
    item, receipt = OpenItem.objects.order_by("id")[0], Receipt.objects.order_by("id")[0]
    return {
        "/": 19,
        "/customers/": 10,
        "/customers/?q=hualian": 12,
        customer: 18,
        f"{customer}?t_page=1": 26,
        "/receivables/items/": 11,
        "/receivables/items/?state=overdue&sort=-open": 11,
        f"/receivables/items/{public_id('itm', item.pk)}/": 13,
        f"/receivables/receipts/{public_id('rcp', receipt.pk)}/": 16,
        "/receivables/ageing/": 9,
        "/search/?part=suggest&q=hua": 13,
        "/cash/": 11,
        "/receivables/journal/": 13,
        "/receivables/imports/": 10,
    }


def test_no_page_asks_more_often_than_its_bound(ledger_db: object) -> None:
    world = build_world()
    clerk = signed_in("clerk")
    first = _counts(clerk)
    assert {path: count for path, (count, most) in first.items() if count > most} == {}
    _grow(world)
    # Not one more for more rows, or more colleagues.
    assert {path: count for path, (count, _) in _counts(clerk).items() if count > first[path][0] + 1} == {}


def _counts(client: object) -> dict[str, tuple[int, int]]:
    found = {}
    for path, most in _pages().items():
        headers = {"HX-Request": "true"} if "suggest" in path else {}
        client.get(path, headers=headers)  # type: ignore[attr-defined]
        with CaptureQueriesContext(connection) as caught:
            answer = client.get(path, headers=headers)  # type: ignore[attr-defined]
        found[path] = (len(caught), most)
        assert answer.status_code == 200, path
    return found


def _grow(world: World) -> None:
    for number in range(6):
        user = User.objects.create_user(f"user{number}", f"user{number}@example.com", "x")
        RoleGrant.objects.create(user=user, entity_id=world.cn, role="collector", granted_at=START)
    named = [NewCustomer(f"M{number}", f"More {number} Ltd", country="GB") for number in range(8)]
    accounts = add_customers(world.cn, named, source="erp", actor_id=None, now=START)
    mine = CustomerAccount.objects.get(refs__external_id="0001")
    day = START.date()
    bills = [_invoice(number, f"M-{number}", day, 10_00) for number in accounts.values()]
    bills += [_invoice(mine.pk, f"H-{number}", day, 10_00) for number in range(8)]
    post_items(world.cn, bills, actor_id=None, now=START)
    seal(now=START + timedelta(days=30))


def test_a_request_looks_once_and_a_question_inside_another_has_its_own_relations(sqlite_db: object) -> None:
    world = build_world()
    frame = frame_at(now=datetime.now(UTC), entity_ids=(world.cn,))
    with asking():
        with asking(), read_facts(frame) as facts:
            first = facts.snapshot
            facts.give("mine_alone", facts.table("SELECT 1 AS one"))
            with read_facts(frame) as inner:
                assert inner.snapshot.con is not first.con and inner.snapshot.cache_key == first.cache_key
        with read_facts(frame) as facts:
            assert facts.snapshot is first
        known = []
        assert once("k", lambda: known.append(1) or 7) == once("k", lambda: known.append(1) or 8) == 7
        assert len(known) == 1
    assert current() is None
    with read_facts(frame) as facts:
        assert facts.snapshot is not first
    assert once("k", lambda: 8) == 8


def test_a_posting_is_seen_by_the_next_request(ledger_db: object) -> None:
    """The short look finds what a thorough one finds: before sealing, after it, and when the sealer ran meanwhile."""
    world = build_world()
    account = CustomerAccount.objects.get(refs__external_id="0001")

    def items() -> int:
        with asking(), read_facts(frame_at(now=datetime.now(UTC), entity_ids=(world.cn,))) as facts:
            return int(facts.rows("SELECT count(*) AS n FROM items")[0]["n"])

    before = items()
    for number in range(3):
        day = START.date()
        post_items(world.cn, [_invoice(account.pk, f"N-{number}", day, 5_00)], actor_id=None, now=START)
        assert items() == before + number + 1
        if number:
            seal(now=START + timedelta(days=40 + number))
        assert items() == before + number + 1


def test_among_many_customers_the_pairs_found_before_are_shown_until_the_scheduler_has_looked(
    sqlite_db: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build_world()
    numbers = [number_of(key) for key in ("0001", "0002")]
    assert duplicates.keep_found() is None  # of so few, the page itself tells
    monkeypatch.setattr(duplicates, "AT_ONCE_MAX", 1)
    assert not duplicates._pairs()
    Customer.objects.filter(id__in=numbers).update(registration_number="91310115MA1K00000X")
    add_customers(world.cn, [NewCustomer("Z", "Zet Ltd")], source="erp", actor_id=None, now=START)
    assert not duplicates._pairs()
    assert (duplicates.keep_found(), duplicates.keep_found()) == (1, None)
    answers.clear()  # another process reads what this one kept
    monkeypatch.setattr(duplicates, "find_pairs", None)
    assert [(pair.first, pair.second) for pair in duplicates._pairs()] == [tuple(sorted(numbers))]
    kept = duplicates._file()
    kept.write_text(kept.read_text().replace(str(database_key()[0]), "elsewhere"))
    assert duplicates._found_before() is None
