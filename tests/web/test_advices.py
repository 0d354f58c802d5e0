"""The list of remittance advices: a table like the others; and a folder for them, chosen on the page."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.remittances import keep_advices
from huikuan.store.models import WatchedFolder
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.bank_files import IBAN, Row, camt053
from tests.services.test_remittances import mail
from tests.web.test_pages import text_of
from tests.web.test_tables import body_of, first_cells, headings, sheet_of, table_of
from tests.web.world import START, World, build_world, signed_in

pytestmark = pytest.mark.practice("E5")
PAGE = "/cash/advices/"
SYSTEM: dict[str, Any] = {"actor_id": None, "now": START}


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    """Three advices over 350.50 each: that of Alpha has its line, those of Beta and Gamma have none."""
    made = build_world()
    add_account(made.de, NewAccount("Main", IBAN, currency="EUR"), **SYSTEM)
    keep_advices(made.de, mail(), "alpha.eml", **SYSTEM)
    for payer, day in (("Beta SA", "Wed, 11 Mar"), ("Gamma Ltd", "Thu, 12 Mar")):
        keep_advices(made.de, mail(payer=payer, day=f"{day} 2026 09:00:00 +0000"), f"{payer}.eml", **SYSTEM)
    upload = keep_upload([BankFile("a.xml", camt053([Row("350.50", ref="B1", name="Alpha GmbH")]))], **SYSTEM)
    work_upload(upload, **SYSTEM)
    return made


def test_advices_are_narrowed_ordered_and_chosen(world: World) -> None:
    browser = signed_in("boss")
    shown = browser.get(PAGE)
    assert first_cells(shown)[:3] == ["Gamma Ltd", "Beta SA", "Alpha GmbH"]
    assert "Without a line 2" in shown.content.decode()
    assert first_cells(browser.get(f"{PAGE}?state=open"))[:2] == ["Gamma Ltd", "Beta SA"]
    linked = browser.get(f"{PAGE}?state=linked")
    assert first_cells(linked)[0] == "Alpha GmbH"
    assert "/cash/statements/lines/bln_" in linked.content.decode()
    assert first_cells(browser.get(f"{PAGE}?sort=payer"))[0] == "Alpha GmbH"
    assert first_cells(browser.get(f"{PAGE}?since=2026-03-11&until=2026-03-11"))[0] == "Beta SA"
    assert first_cells(browser.get(f"{PAGE}?q=GAMMA"))[0] == "Gamma Ltd"
    assert "No advice matches" in browser.get(f"{PAGE}?q=nobody").content.decode()
    assert headings(browser.get(f"{PAGE}?col=reference&col=amount")) == ["Payer", "Reference", "Amount"]


def test_the_file_is_what_is_filtered(world: World) -> None:
    browser = signed_in("boss")
    sheet = table_of(sheet_of(browser.get("/tables/advices/export.xlsx?state=open")), "Payer")
    assert [row[0] for row in sheet[1:3]] == ["Gamma Ltd", "Beta SA"]
    assert sheet[3][sheet[0].index("Amount")] == 701
    text = body_of(browser.get("/tables/advices/export.csv")).decode("utf-8-sig")
    rows = {row["Payer"]: row for row in csv.DictReader(io.StringIO(text))}
    assert (rows["Alpha GmbH"]["Amount"], rows["Alpha GmbH"]["Bank line"]) == ("350.50", "found")
    assert rows["Beta SA"]["Bank line"] == "not yet"
    # Somebody who sees nothing of this legal entity finds none.
    other = signed_in("clerk").get("/tables/advices/export.csv")
    assert other.status_code == 403 or len(body_of(other).decode("utf-8-sig").splitlines()) == 1


def test_a_view_of_advices_is_saved(world: World) -> None:
    browser = signed_in("boss")
    save = {"deed": "save", "name": "To find", "asked": "state=open\ncols=amount", "usual": "yes"}
    assert browser.post("/tables/advices/views/", save).status_code == 302
    opened = browser.get(PAGE)
    assert headings(opened) == ["Payer", "Amount"]
    assert first_cells(opened)[:2] == ["Gamma Ltd", "Beta SA"]


@pytest.mark.parametrize("kind", ["remittances", "bank_statements"])
def test_a_folder_is_watched_for_what_was_chosen(world: World, tmp_path: Path, kind: str) -> None:
    (tmp_path / "mails").mkdir()
    with override_settings(WATCH_DIRS=[tmp_path]):
        browser = signed_in("boss")
        assert f'value="{kind}"' in browser.get("/settings/schedule/").content.decode()
        given = {"folder": "mails", "kind": kind, "feed": "incremental", "entity_code": "DE01"}
        assert browser.post("/settings/schedule/folders/", given).status_code == 302
    assert WatchedFolder.objects.get().kind == kind


def test_a_total_that_is_not_the_sum_of_the_documents_is_told(world: World) -> None:
    rows = b"Document,Amount paid,Currency\nINV-1,100.00,EUR\nINV-2,50.00,EUR\nTotal,160.00,\n"
    (number,) = keep_advices(world.de, rows, "odd.csv", **SYSTEM).advice_ids
    page = text_of(signed_in("boss").get(f"{PAGE}{public_id('rem', number)}/"))
    assert "The documents add up to 150.00 EUR, the payer's total says 160.00 EUR." in page
