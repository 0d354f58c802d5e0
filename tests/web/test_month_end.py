"""Closing, general ledger and going live in the browser: done once through, and refused where it must be."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

import pytest

from huikuan.core.closing import MANUAL_POINTS
from huikuan.store.models import ClosingMark, Entity, GlExport, GoLive, GoLiveProof, Period, RoleGrant, User
from tests.databases import LedgerDb
from tests.web.world import World, build_world, signed_in

pytestmark = pytest.mark.practice("D8", "K7")


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


def text_of(response: Any) -> str:
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(plain))


def test_a_month_is_worked_through_its_list_and_closed(world: World) -> None:
    boss = signed_in("boss")
    page = "/settings/periods/month/?book=CN01&month=2025-11"
    shown = text_of(boss.get(page))
    assert "Nov 2025 of 上海示例有限公司" in shown and "7 points open" in shown
    for point in MANUAL_POINTS:
        form = {"book": "CN01", "month": "2025-11", "point": point, "done": "yes"}
        assert boss.post("/settings/periods/month/mark/", form).status_code == 302
    assert ClosingMark.objects.filter(is_done=True).count() == len(MANUAL_POINTS)
    assert "2 points open" in text_of(boss.get(page))
    bad = boss.post("/settings/periods/month/mark/", {"book": "CN01", "month": "2025-11", "point": "sealed"})
    assert bad.status_code == 400
    closing = {"book": "CN01", "month": "2025-11"}
    refused = boss.post("/settings/periods/month/close/", closing)
    assert refused.status_code == 400 and "2 points of 2025-11 are open" in text_of(refused)
    done = boss.post("/settings/periods/month/close/", {**closing, "reason": "no general ledger yet"}, follow=True)
    assert "Nov 2025 of 上海示例有限公司 is closed for good." in text_of(done)
    assert Period.objects.get().state == "closed"
    assert "Close Nov 2025 for good" not in text_of(boss.get(page))
    assert boss.get("/settings/periods/month/?book=NONE").status_code == 404
    assert boss.get("/settings/periods/month/?book=CN01&month=2025-13").status_code == 404


def test_accounts_are_mapped_a_month_exported_and_equal(world: World) -> None:
    boss = signed_in("boss")
    assert "Say first how vouchers are made" in text_of(boss.get("/settings/gl/?book=CN01"))
    chart = boss.post("/settings/gl/accounts/", {"book": "CN01", "chart": "cn"}, follow=True)
    assert "22 accounts changed." in text_of(chart)
    rows = {"book": "CN01", "key": ["trade_"], "trade__code": "1122.01", "trade__dimensions": ["customer", "nonsense"]}
    more = {"new_account": "trade", "new_currency": "usd", "new_code": "1122.02"}
    assert "2 accounts changed." in text_of(boss.post("/settings/gl/accounts/", {**rows, **more}, follow=True))
    bad = boss.post("/settings/gl/accounts/", {"book": "CN01", "new_account": "trade", "new_code": "{x}"})
    assert bad.status_code == 400 and "is no account" in text_of(bad)
    how = {"book": "CN01", "format": "sap", "grouping": "entry", "language": "zh", "reference": "document"}
    missing = boss.post("/settings/gl/settings/", how)
    assert missing.status_code == 400 and "SAP needs Company code (BUKRS)" in text_of(missing)
    assert boss.post("/settings/gl/settings/", {**how, "sap_company_code": "1000"}).status_code == 302
    assert boss.post("/settings/gl/settings/", {**how, "format": "none"}).status_code == 400
    assert "1 entry is in no export yet" in text_of(boss.get("/settings/gl/?book=CN01&month=2026-01"))

    form = {"book": "CN01", "month": "2026-01", "format": "sap"}
    done = boss.post("/settings/gl/export/", form, follow=True)
    assert "Jan 2026 exported: 1 entry in 1 voucher." in text_of(done)
    assert "✓ equal" in text_of(done)
    made = GlExport.objects.get()
    file = boss.get(f"/settings/gl/files/{made.id}/")
    assert file["Content-Disposition"] == 'attachment; filename="gl-sap_CN01_2026-01_01.csv"'
    assert file["X-Content-Type-Options"] == "nosniff"
    assert "INV-1" in file.content.decode("utf-8-sig")
    again = boss.post("/settings/gl/export/", form, follow=True)
    assert "nothing new since the last export" in text_of(again)
    assert boss.get(f"/settings/gl/files/{made.id}/").content == file.content
    empty = boss.post("/settings/gl/export/", {**form, "month": "2024-01"})
    assert empty.status_code == 400 and "nothing counts from 2024-01" in text_of(empty)
    faulty = boss.post("/settings/gl/export/", {**form, "format": "datev"})
    assert faulty.status_code == 400 and "DATEV needs Consultant number (Beraternummer)" in text_of(faulty)
    assert boss.get("/settings/gl/files/999/").status_code == 404


def test_what_is_done_from_a_month_comes_back_to_it(world: World) -> None:
    boss = signed_in("boss")
    page = "/settings/periods/month/?book=DE01&month=2026-02"
    form = {"book": "DE01", "month": "2026-02", "from": "closing"}
    assert boss.post("/settings/periods/set/", {**form, "state": "soft_closed"})["Location"] == page
    assert boss.post("/settings/periods/revalue/", form)["Location"] == page
    assert (
        boss.post("/settings/periods/set/", {**form, "state": "open", "from": ""})["Location"] == "/settings/periods/"
    )
    links = re.findall(r'href="(/settings/gl/[^"]*)"', html.unescape(boss.get(page).content.decode()))
    assert links and all("book=DE01" in link and "month=2026-02" in link for link in links), links


def test_answers_to_every_format_are_kept_whichever_is_chosen(world: World) -> None:
    boss = signed_in("boss")
    how = {"book": "DE01", "format": "csv", "grouping": "entry", "language": "de", "reference": "document"}
    numbers = {"datev_consultant": "1001", "datev_mandate": "7"}
    assert "Nothing of this is saved yet" in text_of(boss.get("/settings/gl/setup/?book=DE01"))
    assert boss.post("/settings/gl/settings/", {**how, **numbers}).status_code == 302
    shown = boss.get("/settings/gl/setup/?book=DE01").content.decode()
    assert 'name="datev_mandate" value="7"' in shown and "Nothing of this is saved yet" not in shown
    boss.post("/settings/gl/accounts/", {"book": "DE01", "chart": "skr03"})
    form = {"book": "DE01", "month": "2026-02", "format": "datev"}
    assert "exported" in text_of(boss.post("/settings/gl/export/", form, follow=True))
    bad = boss.post("/settings/gl/settings/", {**how, "datev_mandate": "seven"})
    assert bad.status_code == 400 and "will not do" in text_of(bad)


def test_faults_of_a_format_are_listed_with_their_vouchers(world: World) -> None:
    boss = signed_in("boss", "zh-hans")
    boss.post("/settings/gl/accounts/", {"book": "DE01", "chart": "skr03"})
    change = {"book": "DE01", "key": ["sales_"], "sales__code": "82-00"}
    boss.post("/settings/gl/accounts/", change)
    how = {"book": "DE01", "format": "datev", "grouping": "entry", "language": "de", "reference": "document"}
    numbers = {"datev_consultant": "1001", "datev_mandate": "1"}
    assert boss.post("/settings/gl/settings/", {**how, **numbers}).status_code == 302
    refused = boss.post("/settings/gl/export/", {"book": "DE01", "month": "2026-02", "format": "datev"})
    assert refused.status_code == 400
    assert "82-00" in text_of(refused)


def test_an_entity_goes_live(world: World) -> None:
    boss = signed_in("boss")
    assert "not live" not in text_of(boss.get("/?entity=CN01"))
    page = "/settings/going-live/?book=CN01"
    assert "What the old general ledger says" in text_of(boss.get(page))
    assert boss.post("/settings/going-live/cut-over/", {"book": "CN01", "month": ""}).status_code == 400
    begun = boss.post("/settings/going-live/cut-over/", {"book": "CN01", "month": "2026-03"}, follow=True)
    assert "The books are kept here from 2026-03-01 on." in text_of(begun)
    assert "not live; the opening balances are not proved" in text_of(boss.get("/?entity=CN01"))
    assert GoLive.objects.get().cut_over == date(2026, 3, 1)

    table = {"book": "CN01", "table": "account,currency,amount\ntrade,CNY,1260.50\ncash,CNY,1"}
    bad = boss.post("/settings/going-live/balances/", table)
    assert bad.status_code == 400 and "Line 3" in text_of(bad)
    typed = {"book": "CN01", "account": ["trade", "notes"], "currency": ["CNY", "CNY"], "amount": ["1,260.50", ""]}
    shown = text_of(boss.post("/settings/going-live/balances/", typed, follow=True))
    assert "(2,500.00)" in shown, "typed 2,500.00 too little"
    early = boss.post("/settings/going-live/finish/", {"book": "CN01"})
    assert early.status_code == 400 and "differ from the old general ledger" in text_of(early)
    typed["amount"] = ["3760.50", ""]
    shown = text_of(boss.post("/settings/going-live/balances/", typed, follow=True))
    assert "✓ equal" in shown and "Go live with 上海示例有限公司" in shown
    live = boss.post("/settings/going-live/finish/", {"book": "CN01"}, follow=True)
    proof = GoLiveProof.objects.get()
    assert proof.head_hash in text_of(live) and "Certificate of opening balances" in text_of(live)
    assert "not live" not in text_of(boss.get("/?entity=CN01"))
    assert boss.post("/settings/going-live/finish/", {"book": "CN01"}).status_code == 400
    assert boss.get("/settings/going-live/certificate/?book=DE01").status_code == 404


def test_the_steps_lead_on_and_stay_with_the_entity_on_its_way(world: World) -> None:
    boss = signed_in("boss")
    first = boss.get("/settings/going-live/?book=DE01").content.decode()
    assert "/receivables/imports/new/?kind=customers&amp;entity_code=DE01" in first and 'href="#cut-over"' in first
    for code in ("CN01", "DE01"):
        boss.post("/settings/going-live/cut-over/", {"book": code, "month": "2026-03"})
        assert f'name="book" value="{code}"' in boss.get("/settings/going-live/").content.decode()
        assert 'href="#balances"' in boss.get("/settings/going-live/").content.decode()
        GoLive.objects.all().delete()
    form = {"code": "NEW", "name": "New Inc", "currency": "USD", "timezone": "UTC", "country": "US"}
    assert boss.post("/settings/entities/new/", form)["Location"] == "/settings/going-live/?book=NEW"


def test_who_sees_own_customers_only_is_told_so_and_not_led_where_he_may_not(world: World) -> None:
    user = User.objects.create_user("rep", "rep@example.com", "correct horse 12")
    book = Entity.objects.get(code="CN01")
    RoleGrant.objects.create(user=user, entity=book, role="sales_rep", reach="own", granted_at=user.date_joined)
    rep = signed_in("rep")
    assert "Your customers owe nothing" in text_of(rep.get("/"))
    assert "/settings/entities/new/" not in rep.get("/settings/going-live/").content.decode()


def test_who_may_not_sees_no_buttons_and_is_refused(world: World) -> None:
    auditor = signed_in("auditor")
    for page in ("/settings/periods/month/?book=DE01&month=2026-02", "/settings/gl/", "/settings/gl/setup/"):
        shown = auditor.get(page)
        assert shown.status_code == 200
        assert b">Save" not in shown.content and b">Export" not in shown.content and b">Tick" not in shown.content
    assert auditor.get("/settings/gl/?book=CN01").status_code == 404
    for path in ("periods/month/mark", "periods/month/close", "gl/export", "gl/settings", "gl/accounts"):
        assert auditor.post(f"/settings/{path}/", {"book": "DE01", "month": "2026-02"}).status_code == 403
    for path in ("cut-over", "balances", "finish"):
        assert auditor.post(f"/settings/going-live/{path}/", {"book": "DE01", "month": "2026-02"}).status_code == 403


def test_without_books_the_first_page_leads_to_the_steps(sqlite_db: LedgerDb) -> None:
    User.objects.create_superuser("root", "root@example.com", "correct horse 12")
    root = signed_in("root")
    assert b'href="/settings/going-live/"' in root.get("/").content
    steps = root.get("/settings/going-live/")
    assert "A legal entity" in text_of(steps) and b'href="/settings/entities/new/"' in steps.content
