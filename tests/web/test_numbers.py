"""Numbers that forms and addresses send: what is none, or too long for a database, is nobody's and breaks nothing."""

from __future__ import annotations

import pytest

from huikuan.queries.ids import short_payment_id_text
from huikuan.services.short_payments import open_short_payment
from huikuan.store.models import RoleGrant, ShortPayment, User
from huikuan.web.frames import number_of
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM
from tests.services.ledger import NOW
from tests.web.test_workbench import Bench
from tests.web.world import signed_in

pytestmark = pytest.mark.practice("K2")
STRANGE = ("²", "٣", "9" * 18, "9" * 19, "9" * 5_000, "-1", "1e3", "")


def test_what_is_a_number() -> None:
    assert [number_of(text) for text in STRANGE] == [0, 0, 10**18 - 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("text", STRANGE)
def test_no_page_breaks_on_a_number(ledger_db: LedgerDb, text: str) -> None:
    bench = Bench()
    case = open_short_payment(bench.entity, bench.items[0], 5_00, **SYSTEM)
    admin = User.objects.create_superuser("boss", password="x")
    RoleGrant.objects.create(user=admin, entity_id=bench.entity, role="cfo", granted_at=NOW)
    client = signed_in("boss")
    owner = ShortPayment.objects.get().owner_id
    case_page = f"/cash/short-payments/{short_payment_id_text(case)}/change/"
    reason = {"reason": ShortPayment.objects.get().reason_code, "deadline": "2026-07-01"}
    asked = [
        client.get("/receivables/settlements/", {"batch": text}),
        client.post("/receivables/settlements/decide/", {"decision": "post", "id": text}),
        client.post("/settings/teams/new/", {"name": f"T{text[:5]}", "manager": text, "member": text}),
        client.post("/settings/absences/", {"end": text}),
        client.post(case_page, {**reason, "owner": text}),
        client.post("/tables/customers/views/", {"deed": "delete", "view": text}),
        client.get("/cash/workbench/many/", {"least": text}),
        client.post("/cash/workbench/learned/forget/", {"learned": text}),
        client.get("/cash/workbench/", {"page": text, "size": text}),
        client.get("/customers/assign/", {"whose": text}),
    ]
    assert [answer.status_code for answer in asked if answer.status_code >= 500] == []
    assert ShortPayment.objects.get().owner_id == owner


PAGES = (
    "/customers/",
    "/receivables/items/",
    "/cash/statements/lines/",
    "/cash/workbench/",
    "/cash/workbench/learned/",
    "/cash/short-payments/",
    "/cash/payouts/",
    "/search/",
    "/settings/audit/",
    "/settings/people/",
)
"""Pages that look for what was typed."""


@pytest.mark.parametrize("text", ["a\0b", "%", "_", "\\", "'", "9" * 400])
def test_no_page_breaks_on_a_text(ledger_db: LedgerDb, text: str) -> None:
    bench = Bench()
    User.objects.create_superuser("boss", password="x")
    client = signed_in("boss")
    status = 400 if "\0" in text else 200
    found = {(path, name): client.get(path, {name: text}).status_code for path in PAGES for name in ("q", "kind")}
    assert {place: code for place, code in found.items() if code != status} == {}
    for given in ({"deed": "accept", "key": text, "token": text}, {"deed": "unapplied", "customer": text}):
        assert client.post(bench.url(0, "decide/"), given).status_code < 500
