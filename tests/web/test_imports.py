"""Files through the browser's forms: checked, mended, posted; snapshots reviewed; nobody posts where they may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.databases import LedgerDb
from tests.web.test_pages import link_to, text_of
from tests.web.world import World, build_world, signed_in

HEAD = "item_id,customer_id,document_date,due_date,amount,currency\n"
GOOD = "A-1,0001,2026-03-01,2026-03-31,10.00,CNY\nA-2,0002,2026-03-01,2026-03-31,20.00,CNY\n"
BAD = "A-3,0001,2026-03-01,2026-02-31,oops,CNY\n"


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def hand_in(client: Client, text: str, **options: str) -> Any:
    file = SimpleUploadedFile("march.csv", text.encode())
    form = {"kind": "items", "feed": "incremental", "entity_code": "CN01", "source": "erp", "file": file, **options}
    return client.post("/receivables/imports/new/", form)


def test_every_fault_is_told_and_nothing_is_posted(world: World) -> None:
    client = signed_in("clerk")
    address = hand_in(client, HEAD + GOOD + BAD)["Location"]
    shown = client.get(address)
    assert "oops" in text_of(shown)
    assert "2026-02-31" in text_of(shown)
    assert "Post the 2 good rows" in text_of(shown)
    refused = client.post(f"{address}post/")
    assert refused.status_code == 400
    assert "nothing was written" in text_of(refused)
    assert "No item matches" in text_of(client.get("/receivables/items/?q=A-1"))
    marked = client.get(link_to(shown, f"{address}annotated"))
    assert b"oops" in b"".join(marked.streaming_content)  # type: ignore[attr-defined]
    client.cookies["django_language"] = "zh-hans"
    assert "不是金额，应写作 1234.56" in text_of(client.get(address))


def test_good_rows_alone_when_asked_for(world: World) -> None:
    client = signed_in("clerk")
    address = hand_in(client, HEAD + GOOD + BAD)["Location"]
    client.post(f"{address}post/", {"good_rows_only": "yes"})
    assert "Posted 2 rows." in text_of(client.get(address))
    assert "A-1" in text_of(client.get("/receivables/items/?q=A-1"))
    assert "A-3" not in text_of(client.get("/receivables/items/?state=all"))


def test_a_form_without_a_file_keeps_its_choices(world: World) -> None:
    response = signed_in("clerk").post("/receivables/imports/new/", {"kind": "receipts", "feed": "incremental"})
    assert response.status_code == 400
    assert "Choose a file first" in text_of(response)
    assert 'value="receipts" checked' in response.content.decode()


def test_a_checked_file_can_be_given_up(world: World) -> None:
    client = signed_in("clerk")
    address = hand_in(client, HEAD + GOOD)["Location"]
    client.post(f"{address}discard/")
    assert "march.csv" not in text_of(client.get("/receivables/imports/"))


def test_what_is_no_table_is_a_fault_and_not_a_crash(world: World) -> None:
    client = signed_in("clerk")
    for junk in (b"", b"\x00\x01\x02" * 50, "客户,金额\n甲,1\n".encode()):
        file = SimpleUploadedFile("junk.csv", junk)
        form = {"kind": "items", "feed": "incremental", "entity_code": "CN01", "file": file}
        response = client.post("/receivables/imports/new/", form, follow=True)
        assert response.status_code in (200, 400)
        assert "Post" not in text_of(response).replace("Posting", "").replace("Posted", "")


def test_who_may_only_read_cannot_hand_in_or_post(world: World) -> None:
    clerk, auditor = signed_in("clerk"), signed_in("auditor")
    address = hand_in(clerk, HEAD + GOOD)["Location"]
    assert auditor.get(address).status_code == 404
    assert auditor.get("/receivables/imports/new/").status_code == 403
    assert hand_in(auditor, HEAD + GOOD, entity_code="DE01").status_code == 403
    assert auditor.post(f"{address}post/").status_code == 403
    assert auditor.post("/receivables/settlements/decide/", {"all": "yes"}).status_code == 403
    assert auditor.get("/settings/entities/new/").status_code == 403
    assert hand_in(clerk, HEAD + GOOD, entity_code="DE01").status_code == 404


def test_what_a_snapshot_leaves_out_is_reviewed_by_a_person(world: World) -> None:
    client = signed_in("clerk")
    first = hand_in(client, HEAD + GOOD, source="snap")["Location"]
    client.post(f"{first}post/")
    second = hand_in(client, HEAD + GOOD.splitlines(keepends=True)[0], source="snap", feed="snapshot")["Location"]
    client.post(f"{second}post/")
    assert "1 item left out of a snapshot waits for review" in text_of(client.get("/receivables/imports/"))
    review = client.get("/receivables/settlements/")
    assert "A-2" in text_of(review)
    assert "20.00" in text_of(client.get("/receivables/items/?q=A-2"))
    assert "Tick the settlements first" in text_of(
        client.post("/receivables/settlements/decide/", {"decision": "post"})
    )
    done = client.post("/receivables/settlements/decide/", {"decision": "post", "all": "yes"}, follow=True)
    assert "Posted 1 settlement." in text_of(done)
    assert "No item matches" in text_of(client.get("/receivables/items/?q=A-2"))
    life = client.get(link_to(client.get("/receivables/items/?q=A-2&state=all"), "/receivables/items/itm_"))
    assert "Settled in source system" in text_of(life)


def test_an_administrator_opens_the_books_of_another_entity(world: World) -> None:
    client = signed_in("boss")
    form = {"code": "US01", "name": "Example Inc", "currency": "usd", "timezone": "America/Chicago", "country": "us"}
    assert "The books of Example Inc are open." in text_of(client.post("/settings/entities/new/", form, follow=True))
    again = client.post("/settings/entities/new/", form)
    assert again.status_code == 400
    assert "entity US01 exists" in text_of(again)
    assert "is not an ISO 4217 currency" in text_of(
        client.post("/settings/entities/new/", {**form, "code": "X", "currency": "XXX"})
    )
