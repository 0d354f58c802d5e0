"""Lists, single objects, standpoints, tables."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from huikuan.store.models import AuditEvent
from tests.api.calling import Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.web.world import World, build_world

pytestmark = pytest.mark.practice("K2")


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


@pytest.fixture
def boss(world: World) -> Program:
    return Program(make_key("boss"))


def test_entities_with_their_rights(boss: Program) -> None:
    rows = boss.json("entities")["rows"]
    assert [row["code"] for row in rows] == ["CN01", "DE01"]
    assert "item.post" in rows[0]["rights"]
    assert boss.json("entities/DE01")["currency"] == "EUR"
    assert problem_of(boss.get("entities/XX"))["status"] == 404


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_slices_hold_every_row_once(boss: Program, limit: int) -> None:
    for address, count in (("items", 5), ("customers", 3), ("journal", 9), ("receipts", 1), ("applications", 2)):
        rows = boss.all_rows(address, limit)
        assert len(rows) == count, address
        assert len({row["id"] for row in rows}) == count, address


def test_items_are_narrowed_and_hold_as_of_a_day(boss: Program) -> None:
    first = boss.json("items?document_number=INV-1")["rows"][0]
    assert first["amount"] == "1000.00" and first["open_amount"] == "550.00" and first["customer_number"] == "0001"
    assert boss.json("items?document_number=INV-1&as_of=2026-03-06")["rows"][0]["open_amount"] == "400.00"
    assert boss.json("items?document_number=INV-1&as_of=2026-01-01")["rows"] == []
    before = boss.json("items?document_number=INV-1&as_of=2026-03-06&known_on=2026-03-03")["rows"]
    assert before == [] or before[0]["open_amount"] == "1000.00"
    assert [row["external_id"] for row in boss.json("items?entity=DE01")["rows"]] == ["DE-1"]
    assert [row["external_id"] for row in boss.json("items?kind=credit_memo")["rows"]] == ["CM-1"]
    assert len(boss.json(f"items?customer={first['customer']}")["rows"]) == 2
    assert boss.json("items?customer=cus_0000000000000")["rows"] == []
    assert len(boss.json("items?state=open&source=manual")["rows"]) == 5
    assert boss.json("items?source=nowhere")["rows"] == []
    assert len(boss.json("items?due_from=2026-03-01&due_to=2026-03-31")["rows"]) == 3
    assert len(boss.json("items?state=overdue&as_of=2026-03-01")["rows"]) == 2


def test_an_object_says_when_it_is_the_same(boss: Program) -> None:
    first = boss.json("items?document_number=INV-1")["rows"][0]
    read = boss.get(f"items/{first['id']}")
    assert json.loads(read.content) == first
    again = boss.get(f"items/{first['id']}", **{"if-none-match": read["ETag"]})
    assert again.status_code == 304 and not again.content
    assert boss.get(f"items/{first['id']}", **{"if-none-match": '"other"'}).status_code == 200
    assert boss.get(f"items/{first['id']}?as_of=2026-03-06", **{"if-none-match": read["ETag"]}).status_code == 200
    assert problem_of(boss.get(f"items/{first['id']}?as_of=2026-01-01"))["status"] == 404


def test_the_life_of_an_item_and_its_entries(boss: Program) -> None:
    item = boss.json("items?document_number=INV-1")["rows"][0]["id"]
    life = boss.all_rows(f"items/{item}/life")
    assert [row["kind"] for row in life] == ["item", "application", "reversal", "application"]
    assert life[1]["is_reversed"] and life[2]["reverses"] == life[1]["id"]
    entry = boss.json(f"journal/{life[1]['id']}")
    assert entry == life[1]
    assert sum(Decimal(leg["base_amount"]) for leg in entry["postings"]) == 0
    applied = boss.json(f"applications?item={item}")["rows"]
    assert [row["is_reversed"] for row in applied] == [True, False]
    assert boss.json(f"applications?receipt={entry['postings'][0]['receipt'] or entry['postings'][1]['receipt']}")[
        "rows"
    ]


def test_the_journal_is_a_feed(boss: Program) -> None:
    page = boss.json("journal?limit=500")
    assert [row["ledger_seq"] for row in page["rows"]] == list(range(1, 10)) and not page["more"]
    after = boss.json(f"journal?limit=500&cursor={page['next']}")
    assert after["rows"] == [] and after["next"] == page["next"]
    reversals = boss.json("journal?kind=reversal")["rows"]
    assert len(reversals) == 1 and reversals[0]["memo"] == "wrong invoice"
    assert boss.json("journal?posting_from=2026-03-01&kind=item")["rows"] == []


def test_receipts_as_of_a_day(boss: Program) -> None:
    (money,) = boss.json("receipts")["rows"]
    assert money["state"] == "partly_applied" and money["unapplied"] == "150.00" and money["applied"] == "450.00"
    assert boss.json(f"receipts/{money['id']}?as_of=2026-03-09")["state"] == "unapplied"
    assert len(boss.json("receipts?state=todo&reference=BK20260305&currency=CNY")["rows"]) == 1
    assert boss.json("receipts?value_from=2026-03-06")["rows"] == []


def test_customers_and_what_they_owe(boss: Program) -> None:
    (found,) = boss.json("customers?external_id=0001")["rows"]
    assert found["name"] == "北京华联商贸有限公司" and found["aliases"] == ["华联"]
    assert found["accounts"][0]["refs"] == [{"source": "erp", "external_id": "0001"}]
    (balance,) = boss.json(f"customers/{found['id']}/balances")["rows"]
    assert balance["currency"] == "CNY" and balance["open"] == "2900.50"
    assert problem_of(boss.get("customers/cus_0000000000000"))["status"] == 404


def test_the_ageing_in_every_form(boss: Program) -> None:
    asked = "ageing?as_of=2026-03-31&entity=CN01"
    answer = boss.json(asked)
    total = answer["totals"][0]["total"]
    assert sum(Decimal(row["total"]) for row in answer["rows"]) == Decimal(total) == Decimal("3160.50")
    assert answer["provisional"] is False
    arrow = boss.get(asked, accept="application/vnd.apache.arrow.stream")
    table = pa.ipc.open_stream(arrow.content).read_all()
    assert sum(table["total"].to_pylist()) == Decimal(total)
    parquet = pyarrow.parquet.read_table(io.BytesIO(boss.get(asked, accept="application/vnd.apache.parquet").content))
    assert parquet.equals(table)
    text = boss.get(asked, accept="text/csv")
    assert text["Content-Type"] == "text/csv"
    assert pyarrow.csv.read_csv(io.BytesIO(text.content)).num_rows == table.num_rows
    assert problem_of(boss.get(asked, accept="image/png"))["status"] == 406
    assert AuditEvent.objects.filter(code="ledger.exported").count() == 3
    by_kind = boss.json("ageing?by=kind&buckets=0,30&as_of=2026-03-31")
    assert {row["key"] for row in by_kind["rows"]} >= {"invoice", "credit_memo"}
    assert len(by_kind["columns"]) == 4
    one = boss.json(f"{asked}&limit=1")
    two = boss.json(f"{asked}&limit=1&cursor={one['next']}")
    assert one["rows"][0]["key"] != two["rows"][0]["key"] and not two["more"]


def test_the_audit_trail(boss: Program) -> None:
    rows = boss.all_rows("audit", 3)
    assert {"entity.add", "entry.reverse", "api_key.added"} <= {row["code"] for row in rows}
    reversals = boss.json("audit?code=entry.")["rows"]
    assert reversals[0]["subject"].startswith("entry:ent_")
    assert not [row for row in boss.json("audit?entity=DE01")["rows"] if row["entity"] != "DE01"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("items?limit=0", 422, "api.invalid"),
        ("items?curency=CNY", 422, "api.unknown_parameter"),
        ("entities/CN01?x=1", 422, "api.unknown_parameter"),
        ("items?as_of=2026-02-30", 422, "api.invalid"),
        ("items?cursor=zzz", 422, "cursor.unknown"),
        ("items?entity=NO", 404, "entity.unknown"),
        ("items/xx", 422, "api.invalid"),
        ("journal/ent_0000000000000", 404, "api.not_found"),
        ("nothing/here", 404, "api.not_found"),
        ("ageing?buckets=60,30", 422, "ageing.bad_buckets"),
        ("documents?of=imp_0000000000000", 422, "document.no_target"),
        ("imports/imp_0000000000000", 404, "api.not_found"),
    ],
)
def test_what_is_asked_wrongly(boss: Program, address: str, status: int, code: str) -> None:
    found = problem_of(boss.get(address))
    assert (found["status"], found["code"]) == (status, code)


def test_a_cursor_is_good_for_its_question_only(boss: Program) -> None:
    cursor = boss.json("items?limit=1")["next"]
    assert problem_of(boss.get(f"items?limit=1&state=open&cursor={cursor}"))["code"] == "cursor.unknown"
    assert problem_of(boss.get(f"receipts?cursor={cursor}"))["code"] == "cursor.unknown"
    assert boss.json(f"items?limit=3&cursor={cursor}")["rows"]


def test_methods_and_forms(boss: Program) -> None:
    found = boss.send("DELETE", "items", {})
    assert problem_of(found)["status"] == 405 and set(found["Allow"].split(", ")) == {"GET", "POST"}
    assert problem_of(boss.get("items", accept="text/html"))["status"] == 406
