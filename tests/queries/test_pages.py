"""What each page is told, on a ledger small enough to check by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from huikuan.core.refusals import Refusal
from huikuan.queries.ageing import ageing_page
from huikuan.queries.control import control_accounts
from huikuan.queries.customers import customer, customer_items, customer_page, customer_receipts
from huikuan.queries.frame import entities_of, resolve_frame
from huikuan.queries.home import home
from huikuan.queries.items import ItemFilters, item_page, item_whole
from huikuan.queries.lives import receipt_life
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.items import NewItem, post_items
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.store.models import RoleGrant, User
from tests.queries.conftest import MARCH, Shop

pytestmark = pytest.mark.practice("J1", "A1", "D1")


def numbers(page) -> list[str]:
    return [row.document_number for row in page.rows]


def test_customers_and_what_they_owe(shop: Shop) -> None:
    page = customer_page(shop.frame(), sort="name")
    rows = {(row.name, row.currency): row for row in page.rows}
    mine = rows["上海明远贸易有限公司", "CNY"]
    # 1 000.00 - 400.00 - 100.00 - 50.00, 500.00, 25 097.98, and 200.00 not applied
    assert mine.open_minor == 45_000 + 50_000 + 25_097_98 - 20_000
    assert mine.overdue_minor == 45_000 + 50_000
    assert mine.unapplied_minor == -20_000
    assert (mine.items, mine.days_past_due_max, mine.external_id, mine.country) == (3, 70, "M1", "CN")
    # The bounced payment is owed again.
    assert rows["Acme Components Ltd", "USD"].open_minor == 80_000
    assert [row.name[0] for row in page.rows] == ["A", "M", "上"]  # 上海 stands under shanghai
    assert page.totals["EUR"].open_minor == 40_000
    assert page.total == 3


def test_customers_are_found_by_name_pinyin_and_number(shop: Shop) -> None:
    expected = {
        "明远": 1,
        "shmy": 1,
        "shanghaiming": 1,
        "acme": 1,
        "ACME": 1,
        "D1": 1,
        "müller": 1,
        "nobody": 0,
        "%": 0,
        "": 3,
    }
    assert {text: customer_page(shop.frame(), search=text).total for text in expected} == expected


def test_one_customer(shop: Shop) -> None:
    row = customer_page(shop.frame(), search="明远").rows[0]
    found = customer(shop.frame(), row.public_id)
    assert found is not None
    assert (found.aliases, found.external_ids) == (["明远"], ["M1"])
    assert [account.entity_name for account in found.accounts] == ["华东销售有限公司"]
    assert [(cell.bucket, cell.open_minor) for cell in found.buckets] == [
        ("not_due", 25_097_98),
        ("1-30", 50_000),
        ("61-90", 45_000),
        ("unapplied", -20_000),
    ]
    assert found.balances[0].open_minor == row.open_minor
    open_items = customer_items(shop.frame(), row.public_id)
    assert open_items is not None
    assert numbers(open_items) == ["INV-M1-1", "INV-M1-2", "INV-M1-3"]
    every = customer_items(shop.frame(), row.public_id, state="all", sort="document_number")
    assert every is not None
    assert [(item.document_number, item.open_minor) for item in every.rows] == [
        ("INV-M1-1", 45_000),
        ("INV-M1-2", 50_000),
        ("INV-M1-3", 25_097_98),
        ("INV-M1-C", 0),
    ]
    money = customer_receipts(shop.frame(), row.public_id)
    assert money is not None
    assert [(r.reference, r.amount_minor, r.applied_minor, r.unapplied_minor, r.state) for r in money.rows] == [
        ("BK-1", 60_000, 40_000, 20_000, "partly_applied")
    ]


def test_a_receipt_before_its_day_is_not_refunded(shop: Shop) -> None:
    row = customer_page(shop.frame(), search="acme").rows[0]
    money = customer_receipts(shop.frame(), row.public_id)
    assert money is not None
    life = receipt_life(shop.frame(as_of=date(2026, 1, 1)), money.rows[0].public_id)
    assert life is not None
    assert (life.receipt.row.state, life.receipt.row.unapplied_minor) == ("expected", 0)


def test_receipts_that_bounced(shop: Shop) -> None:
    acme = customer_page(shop.frame(), search="acme").rows[0].public_id
    now = customer_receipts(shop.frame(), acme)
    before = customer_receipts(shop.frame(as_of=date(2026, 3, 5)), acme)
    assert now is not None
    assert before is not None
    assert [(row.state, row.applied_minor, row.unapplied_minor) for row in now.rows] == [("reversed", 0, 0)]
    assert [(row.state, row.applied_minor) for row in before.rows] == [("applied", 80_000)]


@pytest.mark.practice("D3")
def test_the_past_and_what_was_known_of_it(shop: Shop) -> None:
    def owed(frame) -> int:
        return customer_page(frame, search="明远").rows[0].open_minor

    everything = 100_000 + 50_000 + 25_097_98 - 10_000
    assert owed(shop.frame(as_of=date(2026, 2, 28))) == everything
    assert owed(shop.frame(as_of=date(2026, 1, 31))) == everything
    assert owed(shop.frame(as_of=date(2026, 1, 5))) == 100_000
    # As known at the end of February nothing of March was known, whatever day is asked for.
    assert owed(shop.frame(as_of=date(2026, 3, 31), known_on=date(2026, 2, 28))) == everything
    # The write-off is not sealed: as known at the end of March it is not there yet.
    sealed = shop.frame(known_on=date(2026, 3, 31))
    assert owed(sealed) == owed(shop.frame()) + 5_000
    assert customer_page(shop.frame(as_of=date(2025, 12, 31))).totals["CNY"].open_minor == 0


FOUND: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["INV-M1-1", "INV-A1-1", "INV-D1-1", "INV-M1-2", "INV-M1-3"]),
    ({"sort": "-due_date"}, ["INV-M1-3", "INV-M1-2", "INV-D1-1", "INV-A1-1", "INV-M1-1"]),
    ({"sort": "customer"}, ["INV-A1-1", "INV-D1-1", "INV-M1-1", "INV-M1-2", "INV-M1-3"]),
    ({"sort": "nonsense"}, ["INV-M1-1", "INV-A1-1", "INV-D1-1", "INV-M1-2", "INV-M1-3"]),
    ({"state": "overdue"}, ["INV-M1-1", "INV-A1-1", "INV-D1-1", "INV-M1-2"]),
    ({"bucket": "31-60"}, ["INV-A1-1", "INV-D1-1"]),
    ({"bucket": "not_due"}, ["INV-M1-3"]),
    ({"bucket": "unapplied"}, []),
    ({"currency": "EUR"}, ["INV-D1-1"]),
    ({"currency": "'"}, []),
    ({"search": "m1-2"}, ["INV-M1-2"]),
    ({"search": "PO-77"}, ["INV-M1-1"]),
    ({"search": "shmy"}, ["INV-M1-1", "INV-M1-2", "INV-M1-3"]),
    ({"search": "25,097.98"}, ["INV-M1-3"]),
    ({"search": "￥450.00"}, ["INV-M1-1"]),
    ({"search": "1000"}, ["INV-M1-1"]),
    ({"search": "100%"}, []),
    ({"search": "'; DROP TABLE items"}, []),
    ({"search": "M1-C", "state": "all"}, ["INV-M1-C"]),
    ({"customer": "cus_nobody"}, []),
]


def test_items_filtered_sorted_and_found(shop: Shop) -> None:
    for asked, found in FOUND:
        assert numbers(item_page(shop.frame(), **asked)) == found, asked


def test_pages_do_not_overlap_and_totals_cover_all(shop: Shop) -> None:
    whole = item_page(shop.frame(), sort="-open")
    pages = [item_page(shop.frame(), sort="-open", page=number, size=2) for number in (1, 2, 3, 4)]
    assert [number for page in pages for number in numbers(page)] == numbers(whole)
    assert {page.total for page in pages} == {5}
    assert {page.totals["CNY"].open_minor for page in pages} == {45_000 + 50_000 + 25_097_98}
    assert numbers(whole)[0] == "INV-M1-3"


def test_amounts_are_ordered_by_value_in_one_book_and_by_currency_over_several(shop: Shop) -> None:
    one_book = item_page(shop.frame(entity=shop.cn), sort="-open")
    assert [row.currency for row in one_book.rows][:2] == ["CNY", "USD"]  # USD 800.00 are worth more than CNY 500.00
    several = item_page(shop.frame(), sort="-open")
    assert [row.currency for row in several.rows] == ["CNY", "CNY", "CNY", "EUR", "USD"]
    assert [row.open_minor for row in several.rows][:3] == [25_097_98, 50_000, 45_000]


def test_items_narrowed_by_what_stands_on_them(shop: Shop) -> None:
    def found(**asked: Any) -> list[str]:
        page = item_page(shop.frame(), filters=ItemFilters(state="all", **asked), sort="document_number")
        assert [row.document_number for row in item_whole(shop.frame(), ItemFilters(state="all", **asked)).rows]
        return numbers(page)

    every = found()
    dues = sorted(row.due_date for row in item_page(shop.frame(), state="all").rows)
    assert set(found(due_from=dues[1])) | set(found(due_to=dues[0])) == set(every)
    assert found(kind="credit_memo") == ["INV-M1-C"]
    assert found(amount_from=Decimal("25097.98"), amount_to=Decimal("25097.981")) == ["INV-M1-3"]
    row = item_page(shop.frame(), state="all").rows[0]
    assert found(items=(row.public_id, "itm_nonsense")) == [row.document_number]


def test_ageing_by_anything(shop: Shop) -> None:
    page = ageing_page(shop.frame())
    assert page.columns == ["not_due", "1-30", "31-60", "61-90", ">90", "unapplied"]
    first = page.rows.rows[0]
    assert (first.label, first.currency) == ("上海明远贸易有限公司", "CNY")
    assert first.cells == {"not_due": 25_097_98, "1-30": 50_000, "61-90": 45_000, "unapplied": -20_000}
    assert (first.total_minor, first.items) == (25_097_98 + 75_000, 3)
    assert page.provisional
    assert page.compare is not None
    assert page.compare["CNY"].total_minor == 100_000 + 50_000 + 25_097_98 - 10_000
    assert page.bridge is None
    regions = ageing_page(shop.frame(), by="region", sort="label", currency="CNY")
    assert [(row.label, row.total_minor) for row in regions.rows.rows] == [
        ("", -20_000),
        ("east", 45_000 + 25_097_98),
        ("north", 50_000),
    ]
    for by in ("entity", "currency", "product", "sales_rep", "kind", "contract_number"):
        other = ageing_page(shop.frame(), by=by)
        assert {code: total.total_minor for code, total in other.totals.items()} == {
            code: total.total_minor for code, total in page.totals.items()
        }
    assert [row.label for row in ageing_page(shop.frame(), by="entity", sort="label", search="vertrieb").rows.rows] == [
        "Vertrieb GmbH"
    ]


def test_what_is_applied_before_its_items_day_counts_from_that_day(shop: Shop) -> None:
    who: dict[str, Any] = {"actor_id": None, "now": MARCH}
    account, tenth = shop.accounts["A1"], date(2026, 3, 10)
    item = post_items(shop.cn, [NewItem(account, "E1", tenth, tenth, "CNY", 10_000)], **who)[0]
    receipt = post_receipts(shop.cn, [NewReceipt("E1", date(2026, 3, 1), "CNY", 10_000, account)], **who)[0]
    apply_receipt(shop.cn, receipt, [Named(item, 10_000)], on=date(2026, 3, 5), **who)

    def owed(day: date) -> dict[str, int]:
        frame = shop.frame(as_of=day)
        assert all(row.difference_minor == 0 for row in control_accounts(frame))
        rows = [row for row in ageing_page(frame, search="acme").rows.rows if row.currency == "CNY"]
        return rows[0].cells if rows else {}

    assert owed(date(2026, 3, 1)) == {"unapplied": -10_000}
    assert owed(date(2026, 3, 7)) == {"unapplied": -10_000}
    assert owed(tenth) == {}


def test_ageing_refuses_what_it_cannot_do(shop: Shop) -> None:
    for asked, code in (
        ({"by": "phone"}, "ageing.unknown_column"),
        ({"buckets": (30, 10)}, "ageing.bad_buckets"),
        ({"bucket_by": "moon"}, "ageing.bad_choice"),
        ({"basis": "hope"}, "ageing.bad_choice"),
    ):
        with pytest.raises(Refusal) as refused:
            ageing_page(shop.frame(), **asked)
        assert refused.value.code == code


@pytest.mark.practice("K1")
def test_nobody_sees_what_is_not_theirs(shop: Shop) -> None:
    clerk = User.objects.create(username="clerk")
    RoleGrant.objects.create(user=clerk, entity_id=shop.de, role="auditor", granted_at=MARCH)
    assert [row.code for row in entities_of(clerk)] == ["DE"]
    assert resolve_frame(clerk, now=MARCH, entity="CN") is None
    frame = resolve_frame(clerk, now=MARCH)
    assert frame is not None
    assert frame.entity_ids == (shop.de,)
    assert customer_page(frame).total == 1
    assert numbers(item_page(frame, state="all")) == ["INV-D1-1"]
    assert numbers(item_page(frame, search="INV-M1")) == []
    assert set(ageing_page(frame).totals) == {"EUR"}
    hidden = customer_page(shop.frame(), search="明远").rows[0].public_id
    assert customer(frame, hidden) is None
    assert customer_items(frame, hidden) is None
    assert customer_receipts(frame, hidden) is None
    assert numbers(item_page(frame, customer=hidden)) == []
    nobody = resolve_frame(User.objects.create(username="nobody"), now=MARCH)
    assert nobody is not None
    assert customer_page(nobody).total == item_page(nobody).total == ageing_page(nobody).rows.total == 0


def test_ids_that_are_none(shop: Shop) -> None:
    for text in ("", "x", "cus_", "itm_0000000000000", "cus_zzzzzzzzzzzzz", "客户"):
        assert customer(shop.frame(), text) is None


def test_an_empty_ledger_has_empty_pages(sqlite_db) -> None:
    from huikuan.queries.frame import frame_at

    frame = frame_at(now=MARCH, entity_ids=())
    assert customer_page(frame).rows == item_page(frame, search="x").rows == ageing_page(frame).rows.rows == []
    assert ageing_page(frame, basis="effective", by="region").totals == {}


def test_home_says_what_is_owed_and_how_it_aged(shop: Shop) -> None:
    found = home(shop.frame())
    totals = {row.currency: row for row in found.totals}
    assert set(totals) == {"CNY", "EUR", "USD"}
    cny = totals["CNY"]
    assert (cny.open_minor, cny.unapplied_minor, cny.not_due_minor) == (25_097_98 + 75_000, -20_000, 25_097_98)
    assert (cny.overdue_minor, cny.items, cny.customers) == (95_000, 3, 1)
    assert [(row.name, row.currency) for row in found.top_overdue][:2] == [
        ("Acme Components Ltd", "USD"),  # USD 800.00 are worth more than CNY 950.00
        ("上海明远贸易有限公司", "CNY"),
    ]
    history = {(point.as_of, point.currency, point.bucket): point.open_minor for point in found.history}
    assert history[date(2026, 2, 28), "CNY", "31-60"] == 100_000 - 10_000
    assert history[date(2026, 1, 31), "CNY", "not_due"] == 50_000 + 25_097_98
    assert history[date(2026, 3, 31), "CNY", "unapplied"] == -20_000
    assert min(as_of for as_of, _, _ in history) == date(2026, 1, 31)
    assert found.recent_imports == []
    for day in {as_of for as_of, _, _ in history}:
        for code, total in ageing_page(shop.frame(as_of=day)).totals.items():
            parts = [minor for (as_of, currency, _), minor in history.items() if (as_of, currency) == (day, code)]
            assert sum(parts) == total.total_minor
