"""The pages over a real ledger: every amount ties, every click leads on, nobody sees what is not theirs."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import openpyxl
import pytest
from django.test import Client

from huikuan.store.models import User
from tests.databases import LedgerDb
from tests.web.world import World, build_world, signed_in

MARCH = "as_of=2026-03-31"


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def text_of(response: Any) -> str:
    """What a reader sees, in one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def links(response: Any) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="(/[^"#]*)', response.content.decode())]


def link_to(response: Any, start: str) -> str:
    return next(href for href in links(response) if href.startswith(start))


@pytest.mark.practice("D1", "J1")
def test_today_says_what_is_owed_per_currency(world: World) -> None:
    shown = text_of(signed_in("boss").get(f"/?{MARCH}"))
    assert "What was owed on 31 Mar 2026" in shown
    # 1,000.00 + 2,500.50 + 300.00 - 40.00 - 600.00 received (150.00 of it unapplied)
    assert "3,160.50" in shown
    assert "77.00" in shown
    assert "Acme <b>Components</b> Ltd" in shown


def test_the_same_in_chinese(world: World) -> None:
    shown = text_of(signed_in("boss", "zh-hans").get(f"/?{MARCH}"))
    assert "2026-03-31 的应收" in shown
    assert "应收合计" in shown
    assert "-150.00" in shown


@pytest.mark.practice("J1")
def test_from_ageing_down_to_the_entry(world: World) -> None:
    client = signed_in("boss")
    ageing = client.get(f"/receivables/ageing/?{MARCH}&entity=CN01")
    assert "Ageing as of 31 Mar 2026" in text_of(ageing)
    customer = client.get(link_to(ageing, "/customers/cus_"))
    assert MARCH in link_to(customer, "/receivables/items/itm_")
    items = client.get(f"/receivables/items/?{MARCH}&q=INV-1")
    life = client.get(link_to(items, "/receivables/items/itm_"))
    shown = text_of(life)
    for word in (
        "Item booked",
        "Application",
        "Reversal",
        "wrong invoice",
        "BK20260305",
        "Bo Song",
        "(600.00)",
        "550.00",
    ):
        assert word in shown, word
    entry = text_of(client.get(link_to(life, "/receivables/entries/ent_")))
    for word in ("Debit", "Credit", "Trade receivables", "Sales", "1,000.00", "Hash of this entry"):
        assert word in entry, word


def test_moments_are_shown_on_the_clock_of_the_browser(world: World) -> None:
    client = signed_in("boss")
    life = client.get(link_to(client.get("/receivables/items/?q=INV-1"), "/receivables/items/itm_"))
    path = link_to(life, "/receivables/entries/ent_")
    client.cookies["zone"] = "Asia/Shanghai"
    assert "UTC+8" in text_of(client.get(path))
    client.cookies["zone"] = "no zone at all"
    shown = text_of(client.get(path))
    assert " UTC" in shown
    assert "UTC+" not in shown


@pytest.mark.practice("D3")
def test_as_of_and_known_on_are_carried_and_change_the_answer(world: World) -> None:
    client = signed_in("boss")
    late = client.get("/receivables/items/?q=INV-1&as_of=2026-03-31")
    early = client.get("/receivables/items/?q=INV-1&as_of=2026-03-31&known_on=2026-03-06")
    assert "550.00" in text_of(late)
    assert "400.00" in text_of(early)
    assert "As it was known on 6 Mar 2026" in text_of(early)
    ours = [href for href in links(early) if href.startswith(("/customers/", "/receivables/items/itm_"))]
    assert ours
    assert all("known_on=2026-03-06" in href and "as_of=2026-03-31" in href for href in ours)


def test_before_anything_was_booked_nothing_is_there(world: World) -> None:
    client = signed_in("boss")
    assert "Nothing is owed here yet" in text_of(client.get("/?as_of=2020-01-01"))
    assert "Nothing was owed on this day" in text_of(client.get("/receivables/ageing/?as_of=2020-01-01"))


def test_a_date_that_is_none_is_said_and_the_page_stays(world: World) -> None:
    client = signed_in("boss")
    for bad in ("as_of=tomorrow", "as_of=1812-01-01", "known_on=2026-99-01", "known_on=2026-03-01T99:00"):
        response = client.get(f"/customers/?{bad}")
        assert response.status_code == 200, bad
        assert 'role="alert"' in response.content.decode(), bad
        assert "北京华联商贸有限公司" in response.content.decode(), bad


@pytest.mark.practice("J1")
def test_ageing_totals_and_export_are_the_same_figures(world: World) -> None:
    client = signed_in("boss")
    page = client.get(f"/receivables/ageing/?{MARCH}&entity=CN01")
    assert "3,160.50" in text_of(page)
    sheet = client.get(link_to(page, "/receivables/ageing.xlsx"))
    assert sheet["Content-Disposition"] == 'attachment; filename="ageing-customer-2026-03-31.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(sheet.content))
    values = [cell for row in book.active.iter_rows(values_only=True) for cell in row]
    assert 3160.5 in values
    assert any("华联" in str(value) for value in values)


def test_ageing_by_anything(world: World) -> None:
    client = signed_in("boss")
    for by in ("entity", "currency", "region", "product", "sales_rep", "kind", "contract_number"):
        how = f"by={by}&bucket_by=document&basis=effective&buckets=0,45&sort=-1-45"
        response = client.get(f"/receivables/ageing/?{MARCH}&{how}")
        assert response.status_code == 200, by
        assert "3,160.50" in text_of(response), by
        assert "Total by effective date" in text_of(response), by


def test_buckets_that_are_none_are_refused_in_words(world: World) -> None:
    response = signed_in("boss").get("/receivables/ageing/?buckets=30,0")
    assert response.status_code == 400
    assert "Bucket limits must rise" in text_of(response)


@pytest.mark.practice("A1")
def test_customers_are_found_by_name_alias_number_and_pinyin(world: World) -> None:
    client = signed_in("boss")
    for q in ("华联", "0001", "hualian", "北京"):
        assert "北京华联商贸有限公司" in text_of(client.get("/customers/", {"q": q})), q
    assert "No customer matches “nobody”" in text_of(client.get("/customers/?q=nobody"))


def test_one_thing_found_is_opened_and_many_are_listed(world: World) -> None:
    client = signed_in("boss")
    assert client.get("/search/?q=INV-2").headers["Location"].startswith("/receivables/items/itm_")
    shown = text_of(client.get("/search/?q=INV"))
    assert "INV-1" in shown
    assert "INV-3" in shown
    suggested = client.get("/search/?q=华联&part=suggest")
    assert "<html" not in suggested.content.decode()
    assert "北京华联商贸有限公司" in text_of(suggested)


def test_items_in_every_order_and_state(world: World) -> None:
    client = signed_in("boss")
    for sort in ("document_number", "customer", "-document_date", "due_date", "-amount", "open", "-days_past_due", "x"):
        for state in ("open", "overdue", "all"):
            response = client.get(f"/receivables/items/?{MARCH}&sort={sort}&state={state}&size=25")
            assert response.status_code == 200
            assert "INV-3" in text_of(response)


def test_names_from_outside_are_text_and_never_markup(world: World) -> None:
    client = signed_in("boss")
    for path in ("/", "/customers/", "/receivables/items/", "/receivables/ageing/", "/search/?q=Acme&part=suggest"):
        assert "<b>Components" not in client.get(path).content.decode(), path


def test_nobody_sees_another_entity(world: World) -> None:
    boss, auditor = signed_in("boss"), signed_in("auditor")
    customer = link_to(boss.get("/customers/?entity=CN01"), "/customers/cus_").partition("?")[0]
    item = link_to(boss.get("/receivables/items/?q=INV-1"), "/receivables/items/itm_").partition("?")[0]
    entry = link_to(boss.get(item), "/receivables/entries/ent_").partition("?")[0]
    for path in (customer, item, entry, "/?entity=CN01", "/receivables/ageing/?entity=CN01", "/customers/?entity=XX"):
        assert auditor.get(path).status_code == 404, path
    for path in ("/", "/customers/", "/receivables/items/", "/receivables/ageing/", "/search/?q=INV"):
        assert "INV-1" not in text_of(auditor.get(path)), path
        assert "华联" not in text_of(auditor.get(path)), path
    assert "Nordic Timber AB" in text_of(auditor.get("/customers/"))


def test_who_may_not_post_is_not_offered_imports(world: World) -> None:
    assert "/receivables/imports/new/" not in links(signed_in("auditor").get("/receivables/imports/"))
    assert "/receivables/imports/new/" in [href.partition("?")[0] for href in links(signed_in("clerk").get("/"))]


def test_the_drawer_gets_the_object_without_the_frame(world: World) -> None:
    client = signed_in("boss")
    item = link_to(client.get("/receivables/items/?q=INV-1"), "/receivables/items/itm_")
    drawer = client.get(item, headers={"HX-Request": "true", "HX-Target": "drawer-body"}).content.decode()
    assert "<html" not in drawer
    assert "Item booked" in drawer


def kind_of(path: str) -> str:
    """Addresses of one kind: the same page with as many parameters, whichever they are."""
    bare, _mark, query = path.partition("?")
    names = {part.partition("=")[0] for part in query.split("&")} - {"sort", "page"}
    return re.sub(r"_[0-9a-z]{13}", "_", bare) + "?" * len(names)


def pages(client: Client) -> Iterator[tuple[str, Any]]:
    """Every kind of page a person can reach by clicking from Today, each kind once."""
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop(0)
        if kind_of(path) in seen or "/accounts/" in path or "/static/" in path:
            continue
        seen.add(kind_of(path))
        response = client.get(path)
        yield path, response
        if response["Content-Type"].startswith("text/html"):
            waiting.extend(links(response))


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_link_is_dead_and_no_page_breaks_the_policy(world: World, language: str) -> None:
    for path, response in pages(signed_in("boss", language)):
        # On another day a form that posts is refused, in words.
        is_refused = response.status_code == 400 and "as_of=" in path and 'role="alert"' in response.content.decode()
        assert response.status_code in (200, 302) or is_refused, path
        assert "script-src 'self'" in response["Content-Security-Policy"], path
        if response["Content-Type"].startswith("text/html"):
            assert not re.search(r"\sstyle=", response.content.decode()), path


def test_settings_are_kept_with_the_person(world: World) -> None:
    client = signed_in("clerk")
    client.post("/settings/", {"language": "zh-hans", "theme": "dark", "density": "compact"})
    assert "设置已保存" in text_of(client.get("/settings/"))
    elsewhere = signed_in("clerk")
    del elsewhere.cookies["django_language"]
    page = elsewhere.get("/settings/")
    assert "设置" in text_of(page)
    assert 'data-theme="dark"' in page.content.decode()


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_before_there_is_anything_the_first_step_is_offered(ledger_db: LedgerDb) -> None:
    User.objects.create_superuser("boss", "boss@example.com", "correct horse 12")
    User.objects.create_user("clerk", "clerk@example.com", "correct horse 12")
    boss = signed_in("boss")
    assert "/settings/going-live/" in links(boss.get("/"))
    assert "/settings/entities/new/" in links(boss.get("/settings/going-live/"))
    client = signed_in("clerk")
    assert "Ask an administrator for access" in text_of(client.get("/"))
    for path in ("/customers/", "/receivables/items/", "/receivables/ageing/", "/receivables/imports/", "/search/?q=a"):
        assert client.get(path).status_code == 403, path
