"""What is kept and what changed since give together what the whole ledger gives, whatever page is asked for."""

from __future__ import annotations

import random
from datetime import timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from huikuan.queries import ahead, cash, groups, items, layers, timeline
from huikuan.queries import facts as kept_facts
from huikuan.queries.ageing import GROUPS, ageing_page
from huikuan.queries.cache import answers
from huikuan.queries.cash import cash_page
from huikuan.queries.customer_file import customer_file
from huikuan.queries.customers import CustomerFilters, customer_items, customer_page
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import frame_at
from huikuan.queries.home import home
from huikuan.queries.items import item_page
from huikuan.queries.journal import journal_page
from huikuan.queries.open_rows import BOOK_VALUE, OPEN_ITEMS
from huikuan.queries.patches import with_book_value
from huikuan.services.sealing import seal
from tests.databases import LedgerDb
from tests.queries.histories import World, frames_of, live, open_world, read_plain

pytestmark = pytest.mark.practice("J1", "K1")

ROW = ("ledger_seq", "entry_id", "line", "ledger_account", "account_id", "item_id", "receipt_id", "amount_minor")


def test_pages_one_by_one_are_the_whole_list(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is cut from kept first rows, the whole list is put in order anew: both must say the same."""
    monkeypatch.setattr(kept_facts, "NEXT_FLOOR", 40)
    monkeypatch.setattr(layers, "PREFIX", 4)
    monkeypatch.setattr(layers, "PREFIX_MAX", 64)
    world = open_world(8)
    live(world, 10)
    check_pages(world)
    live(world, 3, seal_every=2)
    check_pages(world)


def check_pages(world: World) -> None:
    plain = read_plain()
    for frame in frames_of(world, 2):
        for sort in ("due_date", "-open", "document_number"):
            whole = item_page(frame, sort=sort, size=1000)
            pages = [item_page(frame, sort=sort, size=3, page=number) for number in (1, 2, 3)]
            assert [row for page in pages for row in page.rows] == whole.rows[:9]
            assert all(page.totals == whole.totals and page.total == whole.total for page in pages)
        people = customer_page(frame, sort="-open", size=1000)
        assert [row for n in (1, 2) for row in customer_page(frame, size=2, page=n).rows] == people.rows[:4]
        owed = plain.owed(frame)
        for by in ("customer", "entity", "currency", "region"):
            page = ageing_page(frame, by=by, size=1000)
            assert {code: total.total_minor for code, total in page.totals.items() if total.total_minor} == owed
            assert ageing_page(frame, by=by, size=2).rows.rows == page.rows.rows[:2]


def test_sealing_changes_no_answer(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are kept by what is committed: when it is sealed and the next floor is laid, nothing counts twice."""
    monkeypatch.setattr(kept_facts, "NEXT_FLOOR", 5)
    world = open_world(11)
    live(world, 4, seal_every=1)
    told_now(world)
    live(world, 6, seal_every=100)
    before = told_now(world)
    seal(now=world.now)
    assert told_now(world) == before


def test_the_next_floor_is_laid_beside_the_questions(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a thread lays floors, questions go on with the one there is until all the next stand."""
    monkeypatch.setattr(kept_facts, "NEXT_FLOOR", 5)
    monkeypatch.setattr(ahead, "is_left", lambda entries: True)
    world = open_world(13)
    live(world, 4, seal_every=1)
    told_now(world)
    first = floor_of(world)
    live(world, 6, seal_every=1)
    before = told_now(world)
    assert floor_of(world) == first
    with ahead.laying():
        assert told_now(world) == before
        assert floor_of(world) == first
    assert floor_of(world) > first
    live(world, 2, seal_every=100)
    after = told_now(world)
    seal(now=world.now)
    answers.clear()
    assert told_now(world) == after


def floor_of(world: World) -> int:
    with read_facts(frame_at(now=world.now, entity_ids=tuple(world.entities))) as facts:
        floor = answers.get(("floor", facts.snapshot.ledger, OPEN_ITEMS.name))
    assert floor is not None
    return int(floor.known_seq)


def told_now(world: World) -> list[object]:
    frame = frame_at(now=world.now, entity_ids=tuple(world.entities))
    journal, ageing, shown = journal_page(frame), ageing_page(frame), home(frame)
    rows = [ageing.totals, ageing.rows.rows, ageing.compare, customer_page(frame), item_page(frame), cash_page(frame)]
    return [journal.totals, journal.total, *rows, shown.totals, shown.buckets, shown.history]


def test_few_rows_in_arrow_and_statements_say_the_same(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed is added up and put in order in Arrow; a floor laid over it asks the same in SQL."""
    world = open_world(12)
    live(world, 8, seal_every=2)
    told_wide(world)
    live(world, 8, seal_every=3)
    in_arrow = told_wide(world)
    seal(now=world.now)
    answers.clear()
    monkeypatch.setattr(layers, "FEW", -1)
    monkeypatch.setattr(groups, "GROUPS_MAX", -1)
    monkeypatch.setattr(timeline, "FEW_LEGS", -1)
    monkeypatch.setattr(items, "_find_near", lambda *_: None)
    monkeypatch.setattr(cash, "_find_few", lambda *_: None)
    assert told_wide(world) == in_arrow


def told_wide(world: World) -> list[object]:
    today = frame_at(now=world.now, entity_ids=tuple(world.entities))
    last_month = frame_at(now=world.now, entity_ids=tuple(world.entities), as_of=today.as_of - timedelta(days=20))
    found: list[object] = []
    for frame in (today, last_month):
        shown = home(frame)
        found += [shown.totals, shown.buckets, shown.history, shown.top_overdue]
        for by in GROUPS:
            for basis in ("posting", "effective"):
                page = ageing_page(frame, by=by, basis=basis)
                found += [page.rows, page.totals, page.compare]
        found += [ageing_page(frame, currency="USD").rows, ageing_page(frame, search="a").rows]
        for filters in (CustomerFilters(), CustomerFilters(overdue=True, currency="EUR"), CustomerFilters("a")):
            found += [customer_page(frame, filters=filters, sort=sort) for sort in ("-open", "days_past_due", "name")]
        for state in ("open", "overdue"):
            found += [item_page(frame, state=state, sort=sort) for sort in ("due_date", "-open", "document_number")]
        for state in ("todo", "unidentified", "unapplied", "on_account"):
            found += [cash.cash_page(frame, state=state, sort=sort) for sort in ("-value_date", "amount")]
        for row in customer_page(frame).rows[:4]:
            file = customer_file(frame, row.public_id)
            assert file is not None
            found += [timeline.timeline(frame, file, kind=kind) for kind in ("", "cash")]
            found += [customer_items(frame, row.public_id, state=state) for state in ("open", "overdue")]
    return found


def test_rows_found_by_an_index_are_those_of_the_journal(ledger_db: LedgerDb) -> None:
    world = open_world(9)
    live(world, 8, seal_every=3)
    for frame in frames_of(world, 3):
        with read_facts(frame) as facts:
            for column in ("entry_id", "item_id", "receipt_id", "account_id"):
                numbers = [row["n"] for row in facts.rows(f"SELECT DISTINCT {column} AS n FROM journal LIMIT 7")]
                numbers = [number for number in numbers if number is not None]
                listed = ", ".join(map(str, numbers))
                expected = facts.table(f"SELECT * FROM journal WHERE {column} IN ({listed})").to_pylist()
                assert told(facts.naming("journal", column, numbers).to_pylist()) == told(expected)
            items = facts.table("SELECT * FROM items LIMIT 5").to_pylist()
            found = facts.naming("items", "item_id", [row["item_id"] for row in items]).to_pylist()
            assert sorted(found, key=lambda row: row["item_id"]) == sorted(items, key=lambda row: row["item_id"])


def told(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return sorted((tuple(row[name] for name in ROW) for row in rows), key=repr)


def test_the_book_value_is_the_same_row_by_row_and_in_sql() -> None:
    chance = random.Random(4)
    rows = []
    for _ in range(400):
        amount = chance.choice((-1, 1)) * chance.randint(1, 10**15)
        base = chance.choice((amount, amount * 7 // 5, amount // 3 or amount))
        rows.append((amount, base, chance.choice((amount, chance.randint(-(10**15), 10**15)))))
    columns = zip(("amount_minor", "amount_base", "open_minor"), zip(*rows, strict=True), strict=True)
    table = pa.table({name: pa.array(values, pa.int64()) for name, values in columns})
    con = duckdb.connect()
    con.register("rows", table)
    expected = con.execute(f"SELECT {BOOK_VALUE} FROM rows").fetchall()
    assert with_book_value(table)["open_base"].to_pylist() == [value for (value,) in expected]


def test_an_index_finds_every_row_with_one_of_the_numbers() -> None:
    values = np.random.default_rng(2).integers(0, 50, 1_000)
    index = layers.Index.of(pa.chunked_array([pa.array(values)]))
    for wanted in ([], [3], [0, 7, 49], [60], list(range(50))):
        assert sorted(index.positions(np.asarray(wanted, np.int64))) == list(np.flatnonzero(np.isin(values, wanted)))
