"""Tables: the columns, filters and views a person chose, and files that hold exactly what is filtered."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import openpyxl
import pytest

from huikuan.core.refusals import Refusal
from huikuan.queries.views import views_of
from huikuan.services.views import VIEWS_MAX, delete_view, save_view, set_usual
from huikuan.store.models import AuditEvent, User
from tests.databases import LedgerDb
from tests.web.world import START, World, build_world, signed_in

MARCH = "as_of=2026-03-31"
pytestmark = pytest.mark.practice("J3")


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


@pytest.fixture
def both(ledger_db: LedgerDb) -> World:
    return build_world()


def headings(response: Any) -> list[str]:
    found = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", response.content.decode(), flags=re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in found]


def first_cells(response: Any) -> list[str]:
    """As a desk shows them."""
    found = re.findall(r'<th scope="row"[^>]*>(.*?)</th>', response.content.decode(), flags=re.DOTALL)
    shown = [re.sub(r'<small class="[^"]*phone-only">.*?</small>', "", text) for text in found]
    return [unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in shown]


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def sheet_of(response: Any) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(body_of(response)))
    return [list(row) for row in book.active.iter_rows(values_only=True)]


def table_of(lines: list[list[Any]], first: str) -> list[list[Any]]:
    """The part of a sheet from its headings on."""
    return lines[next(place for place, line in enumerate(lines) if line[0] == first) :]


def test_columns_are_chosen_and_ordered(world: World) -> None:
    browser = signed_in("boss")
    usual = headings(browser.get(f"/receivables/items/?{MARCH}"))
    assert usual[:2] == ["Document", "Customer"]
    assert "Region" not in usual
    chosen = browser.get(f"/receivables/items/?{MARCH}&col=region&col=open&col=nonsense&col=open&col=due_date")
    assert headings(chosen) == ["Document", "Region", "Open", "Due date"]
    assert "cols=region%2Copen%2Cnonsense" in chosen.content.decode()  # links carry the choice on


def test_an_amount_tells_its_currency_where_no_column_does(world: World) -> None:
    browser = signed_in("boss")
    without = browser.get(f"/receivables/items/?{MARCH}&cols=amount").content.decode()
    assert '<small class="dim"> CNY</small></td>' in without and '<small class="dim"> CNY</small></th>' in without
    assert (
        '<small class="dim"> ' not in browser.get(f"/receivables/items/?{MARCH}&cols=amount,currency").content.decode()
    )


def test_the_file_is_what_is_filtered(both: World) -> None:
    browser = signed_in("boss")
    asked = f"{MARCH}&entity=CN01&kind=invoice&amount_from=300&sort=-amount&cols=customer,amount,open,currency"
    page = browser.get(f"/receivables/items/?{asked}")
    lines = sheet_of(browser.get(f"/tables/items/export.xlsx?{asked}"))
    said = {line[0]: line[1] for line in lines[:12]}
    assert said["Legal entity"] == "上海示例有限公司 (CN01)"
    assert said["As of"] == "2026-03-31"
    assert said["Filters"] == "Kind: Invoice; Amount from: 300"
    assert said["Order"].startswith("Amount, descending. In order of the value in CNY.")
    assert said["Rows"] == "3"
    assert said["Exported"].endswith("Bo Song")
    table = table_of(lines, "Document")
    assert table[0][:5] == ["Document", "Customer", "Amount", "Open", "Currency"]
    assert [row[0] for row in table[1:4]] == first_cells(page)[:3] == ["INV-2", "INV-1", "INV-3"]
    assert table[1][2] == 2500.5
    assert table[4][0] == "Total"
    assert table[4][2] == 3800.5
    event = AuditEvent.objects.get(code="ledger.exported")
    assert (event.subject, event.data["rows"], event.data["form"]) == ("table:items", 3, "xlsx")
    assert event.data["filters"] == ["amount_from", "kind"]


def test_a_csv_is_the_bare_table_and_runs_nothing(world: World) -> None:
    from huikuan.store.models import Customer

    Customer.objects.filter(name__startswith="Acme").update(name='=HYPERLINK("http://evil")')
    data = body_of(signed_in("boss").get(f"/tables/customers/export.csv?{MARCH}&entity=CN01&sort=name"))
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0][0] == "Customer"
    by_name = {row[0]: row for row in rows[1:]}
    assert '\'=HYPERLINK("http://evil")' in by_name
    assert by_name["北京华联商贸有限公司"][rows[0].index("Owed")] == "2900.50"
    workbook = body_of(signed_in("boss").get(f"/tables/customers/export.xlsx?{MARCH}&entity=CN01"))
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(workbook)).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if isinstance(cell.value, str)} == {"s"}


@pytest.mark.parametrize("key", ["customers", "items", "cash", "journal", "settlements", "imports"])
def test_every_table_has_its_file_in_both_languages(world: World, key: str) -> None:
    for language in ("en", "zh-hans"):
        for form in ("xlsx", "csv"):
            answer = signed_in("boss", language).get(f"/tables/{key}/export.{form}?state=all")
            assert answer.status_code == 200
            assert body_of(answer)


def test_ticked_rows_alone(world: World) -> None:
    browser = signed_in("boss")
    page = browser.get(f"/receivables/items/?{MARCH}&entity=CN01").content.decode()
    picked = re.findall(r'name="id" value="(itm_\w+)"', page)[:2]
    lines = sheet_of(browser.post(f"/tables/items/export.xlsx?{MARCH}&entity=CN01", {"id": picked}))
    assert {line[0]: line[1] for line in lines[:12]}["Rows"] == "2"
    assert browser.post(f"/tables/items/export.xlsx?{MARCH}", {}).status_code == 400
    assert browser.post("/tables/journal/export.xlsx", {"id": "x"}).status_code == 404
    assert browser.get("/tables/nonsense/export.xlsx").status_code == 404


def test_a_past_day_gives_the_file_of_that_day(world: World) -> None:
    now = sheet_of(signed_in("boss").get(f"/tables/items/export.xlsx?{MARCH}&entity=CN01&q=INV-1"))
    then = sheet_of(signed_in("boss").get("/tables/items/export.xlsx?as_of=2026-03-04&entity=CN01&q=INV-1"))
    opened = [table_of(lines, "Document")[1] for lines in (now, then)]
    place = table_of(now, "Document")[0].index("Open")
    assert [row[place] for row in opened] == [550, 1000]


def test_a_customers_items_and_receipts_have_files(world: World) -> None:
    browser = signed_in("boss")
    page = browser.get(f"/customers/?{MARCH}&entity=CN01&q=bjhl").content.decode()
    customer = re.search(r"/customers/(cus_\w+)/", page)[1]  # type: ignore[index]
    for key, first in (("items", "INV-1"), ("cash", "BK20260305")):
        address = f"/tables/{key}/export.csv?{MARCH}&customer={customer}&state=all"
        rows = list(csv.reader(io.StringIO(body_of(browser.get(address)).decode("utf-8-sig"))))
        assert first in {row[0] for row in rows[1:]}
        other = body_of(browser.get(address.replace(customer, "cus_nobody"))).decode("utf-8-sig")
        assert len(other.splitlines()) == 1


# -- filters -----------------------------------------------------------------------------------------------------------
def test_filters_are_chips_and_offered_with_their_values(world: World) -> None:
    browser = signed_in("boss")
    shown = browser.get(f"/receivables/items/?{MARCH}&kind=credit_memo&due_to=2026-03-31")
    text = unescape(shown.content.decode())
    assert "Kind: Credit memo ×" in text
    assert "Due to: 31 Mar 2026 ×" in text
    assert first_cells(shown)[0] == "CM-1"
    fields = unescape(browser.get(f"/tables/items/filters/?{MARCH}&kind=credit_memo").content.decode())
    assert '<option value="credit_memo" selected>Credit memo</option>' in fields
    assert 'name="currency"' in fields


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/receivables/items/?amount_from=lots", "lots is not an amount; write it as 1,234.50"),
        ("/receivables/items/?due_from=soon", "soon is not a date; write it as 2026-03-31"),
        ("/receivables/journal/?month=March", "March is not a month; write it as 2026-03"),
    ],
)
def test_what_cannot_be_read_is_refused(world: World, address: str, said: str) -> None:
    answer = signed_in("boss").get(address)
    assert answer.status_code == 400
    assert said in unescape(answer.content.decode())


def test_the_journal_is_narrowed(both: World) -> None:
    browser = signed_in("boss")

    def kinds(query: str) -> list[str]:
        lines = body_of(browser.get(f"/tables/journal/export.csv?{MARCH}&{query}")).decode("utf-8-sig")
        return [row["Kind"] for row in csv.DictReader(io.StringIO(lines))]

    assert len(kinds("")) == 9
    assert kinds("kind=reversal") == ["Reversal"]
    assert sorted(kinds("account=bank")) == ["Receipt"]
    assert len(kinds("month=2026-03")) == 4  # a receipt, two applications, a reversal
    assert kinds("actor=clerk") == []
    assert kinds("late=yes") == []
    assert len(kinds("actor=boss")) == 9


# -- saved views -------------------------------------------------------------------------------------------------------
def test_a_view_is_saved_shared_and_opens_first(both: World) -> None:
    boss = signed_in("boss")
    asked = "kind=invoice\nsort=-amount\ncols=amount,open\nnonsense=1"
    save = {"deed": "save", "name": " Large  invoices ", "asked": asked, "usual": "yes", "shared": "yes"}
    answer = boss.post(f"/tables/items/views/?{MARCH}", save)
    assert answer.status_code == 302
    opened = boss.get(answer["Location"])
    assert headings(opened) == ["Document", "Amount", "Open"]
    assert "Large invoices" in opened.content.decode()
    assert headings(boss.get(f"/receivables/items/?{MARCH}")) == ["Document", "Amount", "Open"]  # it opens first
    assert "Customer" in headings(boss.get(f"/receivables/items/?{MARCH}&view=-"))
    assert "Customer" in headings(boss.get(f"/receivables/items/?{MARCH}&state=all"))  # the address says something else
    (view,) = views_of(User.objects.get(username="clerk").pk, "items")
    assert (view.name, view.is_mine, view.asked) == (
        "Large invoices",
        False,
        {"kind": "invoice", "sort": "-amount", "cols": "amount,open"},
    )
    clerk = signed_in("clerk")
    assert headings(clerk.get(f"/receivables/items/?{MARCH}&view={view.id}")) == ["Document", "Amount", "Open"]
    assert "Customer" in headings(clerk.get(f"/receivables/items/?{MARCH}"))
    clerk.post("/tables/items/views/", {"deed": "delete", "view": str(view.id)})
    assert views_of(User.objects.get(username="clerk").pk, "items")  # not theirs to delete
    clerk.post("/tables/items/views/", {"deed": "usual", "view": str(view.id)})
    assert headings(clerk.get(f"/receivables/items/?{MARCH}")) == ["Document", "Amount", "Open"]
    clerk.post("/tables/items/views/", {"deed": "standard", "view": str(view.id)})
    assert "Customer" in headings(clerk.get(f"/receivables/items/?{MARCH}"))
    boss.post("/tables/items/views/", {"deed": "delete", "view": str(view.id)})
    assert not views_of(User.objects.get(username="boss").pk, "items")


def test_a_changed_view_says_so_and_stays_until_it_is_left(world: World) -> None:
    boss = signed_in("boss")
    save = {"deed": "save", "name": "Invoices", "asked": "kind=invoice", "usual": "yes"}
    boss.post("/tables/items/views/", save)
    page = boss.get(f"/receivables/items/?{MARCH}").content.decode()
    chip = unescape(re.search(r'href="([^"]*)"[^>]*>Kind: Invoice ×', page)[1])  # type: ignore[index]
    assert "of=" in chip
    without = boss.get(chip).content.decode()
    assert "Kind: Invoice ×" not in without
    assert "Invoices *" in without


def test_views_refuse(world: World) -> None:
    boss, clerk = (User.objects.get(username=name).pk for name in ("boss", "clerk"))
    given: dict[str, Any] = {"is_shared": False, "is_usual": False, "actor_id": boss, "now": START}
    with pytest.raises(Refusal, match=r"Give the view a name\."):
        save_view("items", "  ", {}, **given)
    with pytest.raises(Refusal, match=r"A view's name has at most 60 characters\."):
        save_view("items", "x" * 61, {}, **given)
    mine = save_view("items", "mine", {"kind": "invoice"}, **given)
    assert save_view("items", "mine", {}, **given) == mine
    for deed in (
        lambda: delete_view(mine, actor_id=clerk, now=START),
        lambda: set_usual("items", mine, actor_id=clerk),
        lambda: set_usual("cash", mine, actor_id=boss),
    ):
        with pytest.raises(Refusal, match=r"There is no such view of yours\."):
            deed()
    for number in range(VIEWS_MAX - 1):
        save_view("items", f"view {number}", {}, **given)
    with pytest.raises(Refusal, match=r"You have 50 views of this table: delete one first\."):
        save_view("items", "one more", {}, **given)
    said = signed_in("boss").post("/tables/items/views/", {"deed": "save", "name": "", "next": "/"}, follow=True)
    assert "Give the view a name." in said.content.decode()


# -- order -------------------------------------------------------------------------------------------------------------
def test_the_page_says_how_amounts_are_put_in_order(world: World) -> None:
    browser = signed_in("boss")
    one = browser.get(f"/customers/?{MARCH}&entity=CN01").content.decode()
    assert "In order of the value in CNY." in one
    both = browser.get(f"/customers/?{MARCH}").content.decode()
    assert "In order of the currency, then the amount" in both
    assert "In order of" not in browser.get(f"/customers/?{MARCH}&sort=name").content.decode()


# -- search ------------------------------------------------------------------------------------------------------------
@pytest.mark.practice("J3", "A1")
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("bjhl", ["北京华联商贸有限公司"]),
        ("0002", ["Acme"]),
        ("PO-77", ["INV-2"]),
        ("2,500.50", ["INV-2"]),
        ("BK20260305", ["BK20260305"]),
        ("600.00", ["BK20260305"]),
        ("nothing of the kind", ["Nothing matches"]),
    ],
)
def test_one_field_finds(world: World, typed: str, found: list[str]) -> None:
    browser = signed_in("boss")
    answer = unescape(browser.get("/search/", {"q": typed, "part": "suggest"}).content.decode())
    for text in found:
        assert text in answer
    whole = browser.get("/search/", {"q": typed}, follow=True)
    assert whole.status_code == 200


def test_the_palette_goes_where_the_person_may(world: World) -> None:
    boss = unescape(signed_in("boss").get("/palette/").content.decode())
    assert 'data-param="entity" data-value="CN01"' in boss
    assert "Record a receipt" in boss
    assert "Last month end" in boss
    auditor = signed_in("auditor").get("/palette/").content.decode()
    assert "CN01" not in auditor
