"""Documents on the pages: added where they belong, shown without running, withdrawn; by whom and by whom not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from huikuan.queries.documents import PREFIXES
from huikuan.services.documents import add_document
from huikuan.store.models import CustomerAccount, Document
from huikuan.store.public_ids import public_id
from tests.web.world import World, build_world, signed_in, visitor

pytestmark = [pytest.mark.practice("C7")]
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


def make_pdf(pages: int = 2) -> bytes:
    """A PDF of empty pages, written here."""
    kids = " ".join(f"{number + 3} 0 R" for number in range(pages))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {pages}>>"]
    objects += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>"] * pages
    out, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj{text}endobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF"
    )
    return out + tail.encode()


@pytest.fixture
def world(sqlite_db: object) -> World:
    return build_world()


def upload(data: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def add(world: World, data: bytes, name: str, *, user: int | None = None) -> str:
    number = add_document(
        data, name, evidence_type="delivery_note", links=[("item", world.item)], actor_id=user, now=NOW
    )
    return public_id("doc", number)


def test_added_on_an_item_and_seen_on_the_customers_page(world: World) -> None:
    clerk, item = signed_in("clerk"), public_id("itm", world.item)
    form = {"evidence_type": "acceptance", "dated": "2026-03-05", "note": "stamped"}
    answer = clerk.post(
        f"/documents/add/item/{item}/", {**form, "files": [upload(make_pdf(), "验收单.pdf"), upload(b"hello", "n.txt")]}
    )
    assert answer.status_code == 302 and answer.headers["Location"].endswith(f"/receivables/items/{item}/#documents")
    assert Document.objects.count() == 2
    page = clerk.get(f"/receivables/items/{item}/").content.decode()
    assert "验收单.pdf" in page and "Acceptance certificate" in page
    customer = public_id("cus", CustomerAccount.objects.get(refs__external_id="0001").customer_id)
    assert "验收单.pdf" in clerk.get(f"/customers/{customer}/").content.decode()


@pytest.mark.parametrize("kind", ["customer", "receipt", "entry"])
def test_added_on_other_pages(world: World, kind: str) -> None:
    from huikuan.store.models import Receipt

    numbers = {
        "customer": public_id("cus", CustomerAccount.objects.get(refs__external_id="0001").customer_id),
        "receipt": public_id("rcp", Receipt.objects.get().id),
        "entry": public_id(PREFIXES["entry"], world.application),
    }
    clerk = signed_in("clerk")
    assert clerk.get(f"/documents/add/{kind}/{numbers[kind]}/").status_code == 200
    form = {"evidence_type": "letter", "files": [upload(b"hello", "n.txt")]}
    answer = clerk.post(f"/documents/add/{kind}/{numbers[kind]}/", form)
    assert answer.status_code == 302
    assert "n.txt" in clerk.get(answer.headers["Location"]).content.decode()


def test_refusals_are_told_in_the_form(world: World) -> None:
    clerk, item = signed_in("clerk"), public_id("itm", world.item)
    answer = clerk.post(f"/documents/add/item/{item}/", {"evidence_type": "letter"})
    assert answer.status_code == 400 and "Choose a file first" in answer.content.decode()
    form = {"evidence_type": "letter", "files": [upload(b"MZ\x90\x00\x00", "a.pdf")]}
    answer = clerk.post(f"/documents/add/item/{item}/", form)
    assert answer.status_code == 400 and "This kind of file is not taken" in answer.content.decode()
    many = {"evidence_type": "letter", "files": [upload(b"hello", f"{n}.txt") for n in range(21)]}
    assert "At most 20 files" in clerk.post(f"/documents/add/item/{item}/", many).content.decode()
    assert Document.objects.count() == 0


def test_what_others_made_never_runs(world: World) -> None:
    text = add(world, b"a < b & c <i>no page</i>", "a.txt")
    clerk = signed_in("clerk")
    page = clerk.get(f"/documents/{text}/").content.decode()
    assert "a &lt; b &amp; c &lt;i&gt;" in page
    answer = clerk.get(f"/documents/{text}/file")
    assert answer.content == b"a < b & c <i>no page</i>"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.txt"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert clerk.get(f"/documents/{text}/image").status_code == 404
    assert clerk.get(f"/documents/{text}/pages/1.png").status_code == 404


def test_a_pdf_is_shown_as_pictures_of_its_pages(world: World) -> None:
    pdf = add(world, make_pdf(2), "a.pdf")
    clerk = signed_in("clerk")
    page = clerk.get(f"/documents/{pdf}/").content.decode()
    assert page.count("/pages/") == 2
    answer = clerk.get(f"/documents/{pdf}/pages/2.png")
    assert answer.headers["Content-Type"] == "image/png" and answer.content.startswith(b"\x89PNG")
    assert "There is no page 3" in clerk.get(f"/documents/{pdf}/pages/3.png").content.decode()
    broken = add(world, b"%PDF-1.4 nothing behind", "b.pdf")
    assert "damaged or asks for a password" in clerk.get(f"/documents/{broken}/").content.decode()


def test_seen_and_changed_only_by_who_may(world: World) -> None:
    number, item = add(world, b"secret", "a.txt"), public_id("itm", world.item)
    for path in (
        f"/documents/{number}/",
        f"/documents/{number}/file",
        f"/documents/{number}/withdraw/",
        f"/documents/add/item/{item}/",
    ):
        assert visitor().get(path).status_code == 302
        # The auditor sees another entity only.
        assert signed_in("auditor").get(path).status_code == 404, path
    from huikuan.services.documents import add_document as keep

    boss = signed_in("boss")
    assert boss.get(f"/documents/{number}/").status_code == 200
    de = CustomerAccount.objects.get(refs__external_id="9")
    theirs = public_id(
        "doc", keep(b"x", "x.txt", evidence_type="other", links=[("account", de.id)], actor_id=None, now=NOW)
    )
    auditor = signed_in("auditor")
    assert auditor.get(f"/documents/{theirs}/").status_code == 200
    assert auditor.get(f"/documents/{theirs}/withdraw/").status_code == 403
    assert auditor.get(f"/documents/add/customer/{public_id('cus', de.customer_id)}/").status_code == 403


def test_withdrawn_with_a_reason(world: World) -> None:
    number = add(world, b"x", "x.txt")
    clerk = signed_in("clerk")
    answer = clerk.post(f"/documents/{number}/withdraw/", {"reason": "", "key": "k"})
    assert answer.status_code == 400 and "Say why" in answer.content.decode()
    assert clerk.post(f"/documents/{number}/withdraw/", {"reason": "wrong page", "key": "k"}).status_code == 302
    page = clerk.get(f"/documents/{number}/").content.decode()
    assert "wrong page" in page and "/withdraw/" not in page
    assert "withdrawn already" in clerk.get(f"/documents/{number}/withdraw/").content.decode()
