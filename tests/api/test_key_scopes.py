"""What a key does not name is not done with it: neither what is asked for, nor what that brings with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from huikuan.core.rights import Right
from huikuan.queries.grants import EVERYTHING, NOTHING, Narrowing, granted_in, held_by, held_in, is_chief, narrowing
from huikuan.services.imports_lookup import postable_entities
from huikuan.services.rights import demand, demand_anywhere
from huikuan.store.models import LineDecision, Payout, User
from tests.api.calling import Program, make_key, problem_of
from tests.api.test_notes import BILL
from tests.api.test_shops import SALES, SHOP, hand_in
from tests.api.test_shops import world as shop_world  # noqa: F401
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.desk import money_of, open_on
from tests.web.test_workbench import Bench
from tests.web.world import World, build_world

pytestmark = pytest.mark.practice("K2")


@pytest.fixture
def bench(sqlite_db: LedgerDb) -> Bench:
    return Bench()


@pytest.fixture
def free() -> Iterator[None]:
    """Whatever key a test acts with is put down after it."""
    token = narrowing.set(None)
    yield
    narrowing.reset(token)


def test_a_line_is_decided_by_who_may_post_cash(bench: Bench) -> None:
    base = f"bank-lines/{bench.id(0)}"
    narrow = Program(make_key("ann", ["ledger.see", "match.decide"]))
    body = {"deed": "accept", "rank": 1, "token": narrow.json(f"{base}/proposals")["token"]}
    problem = problem_of(narrow.post(f"{base}/decisions", body))
    assert (problem["status"], problem["code"]) == (403, "right.missing")
    assert problem["detail"] == "The key, or its person's roles, do not allow this here: cash.post."
    assert (open_on(bench.items[0]), LineDecision.objects.count()) == (100_00, 0)
    given = Program(make_key("ann", ["ledger.see", "match.decide", "cash.post"]))
    made = given.posted(f"{base}/decisions", body)
    back = f"{base}/decisions/{made['decision']}/undo"
    assert problem_of(given.post(back, {}))["detail"].endswith("entry.reverse.")
    assert (open_on(bench.items[0]), money_of(bench.lines[0])) == (0, (0, 0, 0))
    reverses = Program(make_key("ann", ["ledger.see", "match.decide", "entry.reverse"]))
    reverses.posted(back, {})
    assert open_on(bench.items[0]) == 100_00


def test_a_payout_is_taken_back_by_who_may_decide_about_lines(shop_world: World) -> None:  # noqa: F811
    whole = Program(make_key("boss"))
    shop = whole.posted("shops", SHOP)["id"]
    hand_in(whole, f"shops/{shop}/files", SALES)
    assert whole.post(f"shops/{shop}/match", {}).status_code in (200, 201)
    payout = Payout.objects.get()
    [row] = whole.json(f"shops/{shop}/payouts")["rows"]
    scopes = ["ledger.see", "cash.post", "entry.reverse", "match.decide"]
    for left_out in ("match.decide", "entry.reverse"):
        narrow = Program(make_key("boss", [one for one in scopes if one != left_out]))
        problem = problem_of(narrow.post(f"payouts/{row['id']}/undo", {}))
        assert (problem["code"], problem["detail"].endswith(f"{left_out}.")) == ("right.missing", True)
        assert not LineDecision.objects.filter(undoes_id=payout.decision_id).exists()
    assert Program(make_key("boss", scopes)).post(f"payouts/{row['id']}/undo", {}).status_code in (200, 201)


def test_a_bill_is_taken_with_the_right_to_take_bills_alone(sqlite_db: LedgerDb) -> None:
    """What a deed brings with it under its own right asks for no other one."""
    build_world()
    narrow = Program(make_key("boss", ["ledger.see", "note.post"]))
    [note] = narrow.posted("notes", BILL)["notes"]
    assert narrow.posted(f"notes/{note['id']}/pay", {"on": "2026-06-09"})["notes"][0]["state"] == "paid"


def test_what_a_key_leaves_of_a_superuser(sqlite_db: LedgerDb, free: None) -> None:
    world = build_world()
    boss, other = (User.objects.get(username=name).pk for name in ("boss", "auditor"))
    assert (is_chief(boss), postable_entities(boss)) == (True, None)
    demand_anywhere(boss, Right.MANAGE_SYSTEM)
    before = held_by(other)
    narrowing.set(Narrowing(boss, frozenset({Right.IMPORT.value}), frozenset({world.de})))
    assert (is_chief(boss), postable_entities(boss)) == (False, {world.de})
    assert held_by(boss).keys() == {world.de}
    assert held_in(boss, world.de).rights == {Right.IMPORT}
    assert held_in(boss, world.cn) == NOTHING
    assert granted_in(boss, world.cn) == EVERYTHING
    assert held_by(other) == before
    demand(boss, Right.IMPORT, entity_id=world.de)
    told: list[dict[str, Any]] = [
        {"right": Right.IMPORT, "entity_id": world.cn},
        {"right": Right.POST_CASH, "entity_id": world.de},
    ]
    for ask in told:
        with refused("right.missing"):
            demand(boss, **ask)
    with refused("right.missing"):
        demand_anywhere(boss, Right.MANAGE_SYSTEM)
