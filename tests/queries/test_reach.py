"""Whose customers a person sees: the parts add up to the whole, and nothing of another part is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

import pytest

from huikuan.queries import cash, customers, items, lives, receipts
from huikuan.queries.ageing import ageing_page
from huikuan.queries.control import control_accounts
from huikuan.queries.desk import entry_now, find_owners, item_now, receipt_now
from huikuan.queries.entries import entry
from huikuan.queries.frame import Frame, entities_of, resolve_frame
from huikuan.queries.grants import team_of
from huikuan.queries.home import home
from huikuan.services.receipts import NewReceipt, identify_receipt, post_receipts
from huikuan.services.reversals import reverse_entry
from huikuan.store.models import CustomerAccount, OpenItem, Receipt, RoleGrant, Team, User
from huikuan.store.public_ids import public_id
from tests.queries.conftest import MARCH, Shop

pytestmark = pytest.mark.practice("K1")
DAY = date(2026, 3, 20)
WHO: dict[str, Any] = {"actor_id": None, "now": MARCH}


def person(name: str, shop: Shop, role: str = "sales_rep", reach: str = "own") -> User:
    user = User.objects.create_user(name)
    for entity_id in (shop.cn, shop.de):
        RoleGrant.objects.create(user=user, entity_id=entity_id, role=role, reach=reach, granted_at=MARCH)
    return user


def give(shop: Shop, code: str, user: User | None, *, collector: bool = False) -> None:
    name = "collector" if collector else "owner"
    CustomerAccount.objects.filter(id=shop.accounts[code]).update(**{name: user})


def frame_of(user: User, **asked: Any) -> Frame:
    frame = resolve_frame(user, now=MARCH, **asked)
    assert frame is not None
    return frame


@pytest.fixture
def reps(shop: Shop) -> list[User]:
    """Two who own every account between them."""
    first, second = person("first", shop), person("second", shop)
    give(shop, "M1", first)
    give(shop, "A1", second)
    give(shop, "D1", first, collector=True)
    return [first, second]


def buckets(frame: Frame, **asked: Any) -> Counter[tuple[str, str]]:
    answer = ageing_page(frame, **asked)
    return Counter({(code, name): minor for code, t in answer.totals.items() for name, minor in t.cells.items()})


def compared(frame: Frame) -> Counter[tuple[str, str]]:
    found = ageing_page(frame).compare or {}
    return Counter({(code, name): minor for code, total in found.items() for name, minor in total.cells.items()})


def bridged(frame: Frame) -> Counter[tuple[str, str]]:
    found = ageing_page(frame, basis="effective").bridge or []
    return Counter({(step.currency, step.step): step.amount_minor for step in found})


def history(frame: Frame) -> Counter[tuple[str, str, str]]:
    return Counter({(str(p.as_of), p.currency, p.bucket): p.open_minor for p in home(frame).history})


def controls(frame: Frame) -> Counter[tuple[int, str, str]]:
    rows = control_accounts(frame)
    assert all(row.difference_minor == 0 for row in rows)
    named = [row for row in rows if row.ledger_account != "suspense"]
    return Counter({(row.entity_id, row.ledger_account, row.currency): row.posted_minor for row in named})


def listed(frame: Frame) -> Counter[str]:
    return Counter(row.document_number for row in items.item_page(frame, state="all", size=200).rows)


def money(frame: Frame) -> Counter[str]:
    rows = cash.cash_page(frame, state="all", size=200).rows
    return Counter(row.row.external_id for row in rows if row.customer_public_id)


def owing(frame: Frame) -> Counter[tuple[str, str]]:
    rows = customers.customer_page(frame, size=200).rows
    return Counter({(row.public_id, row.currency): row.open_minor for row in rows})


@pytest.mark.parametrize(
    "question",
    [
        buckets,
        lambda frame: buckets(frame, by="region"),
        lambda frame: buckets(frame, by="entity", basis="effective"),
        compared,
        bridged,
        history,
        controls,
        listed,
        money,
        owing,
    ],
)
@pytest.mark.parametrize("as_of", [None, date(2026, 2, 15)])
def test_the_parts_add_up_to_the_whole(
    shop: Shop, reps: list[User], question: Callable[[Frame], Counter[Any]], as_of: date | None
) -> None:
    whole = question(shop.frame(as_of=as_of))
    parts: Counter[Any] = Counter()
    for user in reps:
        # Each is asked twice and the whole in between: nobody is given what was kept for another.
        part = question(frame_of(user, as_of=as_of))
        assert question(shop.frame(as_of=as_of)) == whole
        assert question(frame_of(user, as_of=as_of)) == part
        parts.update(part)
    assert {key: n for key, n in parts.items() if n} == {key: n for key, n in whole.items() if n}


def test_what_is_not_in_reach_is_not_there(shop: Shop, reps: list[User]) -> None:
    second = frame_of(reps[1])
    theirs = CustomerAccount.objects.get(id=shop.accounts["M1"])
    customer, item = public_id("cus", theirs.customer_id), OpenItem.objects.get(id=shop.items["M1-1"])
    receipt = public_id("rcp", shop.receipts["R1"])
    assert customers.customer(second, customer) is None
    assert customers.customer_items(second, customer) is None
    assert lives.item_life(second, public_id("itm", item.id)) is None
    assert lives.receipt_life(second, receipt) is None
    assert entry(second, public_id("ent", item.entry_id)) is None
    assert item_now(second, public_id("itm", item.id), MARCH) is None
    assert receipt_now(second, receipt, MARCH) is None
    assert entry_now(second, public_id("ent", item.entry_id), MARCH) is None
    assert find_owners(second, shop.cn, "明远") == []
    assert items.item_page(second, search="PO-77").total == 0
    assert customers.customer_page(second, search="明远").total == 0
    first = frame_of(reps[0])
    assert lives.item_life(first, public_id("itm", item.id)) is not None
    assert receipt_now(first, receipt, MARCH) is not None


def test_money_nobody_knows_is_seen_by_who_sees_all(shop: Shop, reps: list[User]) -> None:
    new = NewReceipt("LOST", DAY, "CNY", 777, payer_name="Somebody")
    (number,) = post_receipts(shop.cn, [new], **WHO)
    text = public_id("rcp", number)

    def seen(frame: Frame) -> tuple[bool, bool, bool]:
        rows = cash.cash_page(frame, state="all", size=200).rows
        found = [row for row in rows if row.row.external_id == "LOST"]
        return bool(found), lives.receipt_life(frame, text) is not None, receipt_now(frame, text, MARCH) is not None

    every, none = (True, True, True), (False, False, False)
    first, second = (frame_of(user) for user in reps)
    assert (seen(shop.frame()), seen(first), seen(second)) == (every, none, none)
    identified = identify_receipt(shop.cn, number, shop.accounts["A1"], on=DAY, **WHO)
    assert (seen(first), seen(second)) == (none, every)
    # It was not theirs after all: the one who no longer has it sees it no more.
    reverse_entry(shop.cn, identified, on=DAY, **WHO)
    assert (seen(first), seen(second)) == (none, none)
    identify_receipt(shop.cn, number, shop.accounts["M1"], on=DAY, **WHO)
    assert (seen(shop.frame()), seen(first), seen(second)) == (every, every, none)
    theirs = CustomerAccount.objects.get(id=shop.accounts["A1"])
    page = customers.customer_receipts(second, public_id("cus", theirs.customer_id))
    assert page is not None
    assert [row.external_id for row in page.rows if row.external_id == "LOST"] == []


def test_a_team_and_the_collector(shop: Shop, reps: list[User]) -> None:
    manager, other = person("manager", shop, "sales_manager", "team"), person("other", shop)
    assert listed(frame_of(manager)) == Counter()
    team = Team.objects.create(name="Sales", manager=manager)
    team.members.set([reps[0]])
    assert listed(frame_of(manager)) == listed(frame_of(reps[0]))
    team.members.add(reps[1])
    assert listed(frame_of(manager)) == listed(shop.frame())
    assert team_of(reps[0].pk) == {manager.pk, reps[0].pk, reps[1].pk}
    # Another owner counts from the next question on, kept answers or not.
    give(shop, "M1", other)
    assert set(listed(frame_of(reps[0]))) == {"INV-D1-1"}, "collected from, not owned"
    assert {number[:6] for number in listed(frame_of(other))} == {"INV-M1"}


def test_one_right_may_reach_further_than_another(shop: Shop, reps: list[User]) -> None:
    RoleGrant.objects.create(user=reps[0], entity_id=shop.de, role="auditor", reach="all", granted_at=MARCH)
    frame = frame_of(reps[0])
    assert (frame.entity_ids, frame.whole_ids) == ((shop.cn, shop.de), (shop.de,))
    give(shop, "D1", None, collector=True)
    assert "INV-D1-1" in listed(frame_of(reps[0])), "all of DE by the second role"
    admin = person("admin", shop, "administrator", "all")
    assert entities_of(admin) == [], "who manages people sees no ledger"
    assert asdict(frame_of(admin))["entity_ids"] == ()
    reps[0].is_active = False
    reps[0].save()
    assert entities_of(reps[0]) == []
    assert Receipt.objects.exists()
    assert receipts.receipts_of_accounts(frame_of(reps[1]), [shop.accounts["M1"]]).total == 0
