"""Ageing = open items = control accounts = customers' balances, for any day, as known on any day, to the cent."""

from __future__ import annotations

from collections import defaultdict

import pytest

from huikuan.core.ageing import UNAPPLIED, AgeingQuestion
from huikuan.core.ageing import age as age_plainly
from huikuan.queries import facts as kept_facts
from huikuan.queries.ageing import age_database, ageing_page, control_accounts
from huikuan.queries.cells import DUE
from huikuan.queries.customers import customer_page
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.history import totals_on
from huikuan.queries.items import item_page
from huikuan.services.sealing import seal
from tests.databases import LedgerDb
from tests.queries.histories import World, as_history, frames_of, live, minor_of, open_world, read_plain

pytestmark = pytest.mark.practice("J1", "D3")


@pytest.mark.parametrize(("seed", "next_floor"), [(1, 10), (2, 5_000)])
def test_every_page_adds_up_to_the_control_accounts(
    ledger_db: LedgerDb, seed: int, next_floor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_facts, "NEXT_FLOOR", next_floor)
    monkeypatch.setattr(kept_facts, "LAID_OVER_MAX", next_floor // 3)
    world = open_world(seed)
    live(world, 14)
    check_frames(world, 3)
    # Kept answers grow: more is posted, some of it sealed, and every figure is asked for again.
    live(world, 4, seal_every=2)
    check_frames(world, 2)
    seal(now=world.now)
    check_frames(world, 2)


def check_frames(world: World, count: int) -> None:
    plain = read_plain()
    for frame in frames_of(world, count):
        check_totals(plain, frame, world.rng.choice(("posting", "effective")))
        check_items(plain, frame)


def check_totals(plain, frame: Frame, basis: str) -> None:
    owed = plain.owed(frame, basis)
    page = ageing_page(frame, basis=basis, size=1000)
    assert {code: total.total_minor for code, total in page.totals.items() if total.total_minor} == owed
    for code, total in page.totals.items():
        assert sum(total.cells.values()) == total.total_minor
        rows = [row for row in page.rows.rows if row.currency == code]
        assert sum(row.total_minor for row in rows) == total.total_minor
        assert sum(row.items for row in rows) == total.items
    controls = control_accounts(frame, basis=basis)
    assert all(row.difference_minor == 0 for row in controls)
    posted = {
        (row.entity_id, row.ledger_account, row.currency): row.posted_minor for row in controls if row.posted_minor
    }
    assert posted == plain.control(frame, basis)
    with read_facts(frame, basis) as facts:
        sums: dict[str, int] = defaultdict(int)
        cells: dict[tuple[str, str], int] = {}
        for point in totals_on(facts, [frame.as_of], DUE):
            sums[point.currency] += point.open_minor
            cells[point.currency, point.bucket] = point.open_minor
    assert {code: total for code, total in sums.items() if total} == owed
    assert cells == {
        (code, label): minor for code, total in page.totals.items() for label, minor in total.cells.items() if minor
    }


def check_items(plain, frame: Frame) -> None:
    owed = plain.owed(frame)
    rows = customer_page(frame, size=1000)
    assert {code: total.open_minor for code, total in rows.totals.items() if total.open_minor} == owed
    items = item_page(frame, size=1000)
    open_items = plain.open_items(frame)
    assert items.total == len(open_items)
    assert sum(row.open_minor for row in items.rows) == sum(open_items.values())
    every = item_page(frame, state="all", size=1000)
    assert sum(total.open_minor for total in every.totals.values()) == sum(open_items.values())
    unapplied: dict[str, int] = defaultdict(int)
    for row in rows.rows:
        unapplied[row.currency] += row.unapplied_minor
    for code, total in items.totals.items():
        assert total.open_minor + unapplied[code] == owed.get(code, 0)


@pytest.mark.parametrize("seed", [3])
def test_ageing_of_the_database_is_the_reference(ledger_db: LedgerDb, seed: int) -> None:
    world = open_world(seed)
    live(world, 16)
    plain = read_plain()
    history = as_history(plain)
    for frame in frames_of(world, 5):
        entity = {world.entities[0]: "CN", world.entities[1]: "DE"}.get(frame.entity_id or 0)
        if entity:
            continue
        for basis, bucket_by, buckets in (("posting", "due", (0, 30, 60, 90)), ("effective", "document", (0, 15))):
            answer = age_database(
                as_of=frame.as_of, known_on=frame.known_on, basis=basis, bucket_by=bucket_by, buckets=buckets
            )
            question = AgeingQuestion(
                as_of=frame.as_of, known_on=frame.known_on, basis=basis, bucket_by=bucket_by, buckets=buckets
            )
            expected = {
                (row.group[0], row.currency, row.bucket): (minor_of(row.open_amount, row.currency), row.items)
                for row in age_plainly(history, question)
            }
            found = {
                (row["customer_id"], row["currency"], row["bucket"]): (
                    minor_of(row["open_amount"], row["currency"]),
                    row["items"],
                )
                for row in answer.table.to_pylist()
                if row["bucket"] != UNAPPLIED
            }
            assert found == expected
            total = sum(minor_of(row["open_amount"], row["currency"]) for row in answer.table.to_pylist())
            assert total == sum(plain.owed(frame, basis).values())
            if answer.bridge is not None:
                check_bridge(answer.bridge.to_pylist())


def check_bridge(rows: list[dict]) -> None:
    for currency in {row["currency"] for row in rows}:
        mine = [row for row in rows if row["currency"] == currency]
        assert mine[0]["line"] == "posting_total"
        assert mine[-1]["line"] == "effective_total"
        assert sum(row["amount"] for row in mine[:-1]) == mine[-1]["amount"]
