"""Saved views of ageing, and the lists a customer's page leads to."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from huikuan.queries.views import views_of
from huikuan.store.models import AuditEvent, User
from tests.databases import LedgerDb
from tests.web.world import World, build_world, signed_in

MARCH = "as_of=2026-03-31"
PAGE = f"/receivables/ageing/?{MARCH}"
pytestmark = pytest.mark.practice("J3")


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


@pytest.fixture
def both(ledger_db: LedgerDb) -> World:
    return build_world()


def chosen(response: Any) -> tuple[str, str]:
    """What ageing is grouped by and its bucket limits, as its form shows them."""
    text = response.content.decode()
    form = re.search(r'name="by">(.*?)</select>.*name="buckets" value="([^"]*)"', text, re.DOTALL)
    assert form
    picked = re.search(r'value="(\w+)" selected', form[1])
    return (picked[1] if picked else "", form[2])


def links(response: Any, start: str) -> list[str]:
    return [
        unescape(href) for href in re.findall(r'href="([^"]*)"', response.content.decode()) if href.startswith(start)
    ]


def save(client: Any, asked: str, **more: str) -> Any:
    return client.post(f"/tables/ageing/views/?{MARCH}", {"deed": "save", "name": "By kind", "asked": asked, **more})


def test_a_view_of_ageing_is_saved_shared_and_opens_first(both: World) -> None:
    boss, clerk = signed_in("boss"), signed_in("clerk")
    asked = "by=kind\nbuckets=0,45\nbucket_by=document\nbasis=posting\nas_of=2020-01-01\nentity=DE01\ncurrency=CNY"
    answer = save(boss, asked, usual="yes", shared="yes")
    assert answer.status_code == 302
    kept = {"by": "kind", "buckets": "0,45", "bucket_by": "document", "currency": "CNY"}  # whose books, which day: no
    (view,) = views_of(User.objects.get(username="clerk").pk, "ageing")
    assert (view.name, view.asked, view.is_mine) == ("By kind", kept, False)
    opened = boss.get(answer["Location"])
    assert chosen(opened) == ("kind", "0,45")
    assert "Currency: CNY ×" in opened.content.decode()
    assert chosen(boss.get(PAGE)) == ("kind", "0,45")  # it opens first
    assert chosen(boss.get(f"{PAGE}&view=-")) == ("customer", "0,30,60,90")
    assert chosen(boss.get(f"{PAGE}&by=region")) == ("region", "0,30,60,90")  # the address says something else
    assert chosen(clerk.get(PAGE)) == ("customer", "0,30,60,90")
    assert chosen(clerk.get(f"{PAGE}&view={view.id}")) == ("kind", "0,45")
    clerk.post("/tables/ageing/views/", {"deed": "delete", "view": str(view.id)})  # not theirs
    clerk.post("/tables/ageing/views/", {"deed": "usual", "view": str(view.id)})
    assert chosen(clerk.get(PAGE)) == ("kind", "0,45")
    clerk.post("/tables/ageing/views/", {"deed": "standard", "view": str(view.id)})
    assert chosen(clerk.get(PAGE)) == ("customer", "0,30,60,90")
    boss.post("/tables/ageing/views/", {"deed": "delete", "view": str(view.id)})
    assert chosen(boss.get(PAGE)) == ("customer", "0,30,60,90")
    codes = list(AuditEvent.objects.filter(code__startswith="view.").order_by("id").values_list("code", flat=True))
    assert codes == ["view.saved", "view.deleted"]


def test_a_view_that_opens_first_is_what_is_exported_and_can_be_left(world: World) -> None:
    boss = signed_in("boss")
    save(boss, "by=kind\ncurrency=CNY", usual="yes")
    page = boss.get(PAGE)
    assert "By kind *" not in page.content.decode()
    (export,) = links(page, "/receivables/ageing.xlsx")
    assert "by=kind" in export and "currency=CNY" in export
    assert boss.get(export)["Content-Disposition"] == 'attachment; filename="ageing-kind-2026-03-31.xlsx"'
    # The form sends every field of itself, those that are as they come among them: that alone is no other view.
    same = "by=kind&bucket_by=due&basis=posting&buckets=0,30,60,90&currency=CNY"
    (number,) = [view.id for view in views_of(User.objects.get(username="boss").pk, "ageing")]
    assert "By kind *" not in boss.get(f"{PAGE}&{same}&of={number}").content.decode()
    (without,) = {href for href in links(page, "?") + links(page, "/receivables/ageing/?") if "by=kind" in href
                  and "currency" not in href and "sort" not in href}  # fmt: skip
    left = boss.get(f"/receivables/ageing/{without}" if without.startswith("?") else without)
    assert "Currency: CNY ×" not in left.content.decode()
    assert "By kind *" in left.content.decode()
    assert chosen(boss.get(f"{PAGE}&{same.replace('kind', 'customer', 1)}&of=-")) == ("customer", "0,30,60,90")


def test_ageing_has_views_only(world: World) -> None:
    boss = signed_in("boss")
    assert boss.get("/tables/ageing/filters/").status_code == 404
    assert boss.get("/tables/ageing/export.csv").status_code == 404
    said = boss.post("/tables/ageing/views/", {"deed": "save", "name": "", "next": PAGE}, follow=True)
    assert "Give the view a name." in said.content.decode()


def test_a_customer_leads_to_the_lists_of_all_its_items_and_receipts(world: World) -> None:
    boss = signed_in("boss")
    save(boss, "by=kind", usual="yes")
    boss.post("/tables/items/views/", {"deed": "save", "name": "None", "asked": "kind=fee", "usual": "yes"})
    ageing = boss.get(f"{PAGE}&by=customer")
    (customer, *_more) = links(ageing, "/customers/cus_")
    page = boss.get(customer)
    for words, row in (("All items of this customer", "itm_"), ("All receipts of this customer", "rcp_")):
        link = re.search(rf'<a href="([^"]*)"[^>]*>{words}</a>', page.content.decode())
        assert link, words
        listed = boss.get(unescape(link[1]))
        asked = unescape(customer).split("?")[0] + f"?{MARCH}&state=all"
        shown = {href.split("?")[0] for href in links(boss.get(asked), "/receivables/") if row in href}
        assert shown == {href.split("?")[0] for href in links(listed, "/receivables/") if row in href} != set(), words
