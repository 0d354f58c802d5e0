"""Items, entries, months and rates in the browser: each posts once, says what happened, and only for who may."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from huikuan.services.items import NewItem, post_items
from huikuan.store.models import (
    ExchangeRate,
    JournalEntry,
    OpenItem,
    OpenItemBalance,
    Period,
    Receipt,
    ReceiptBalance,
    RoleGrant,
    User,
)
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_cash import applied_form, field, item_id, open_of, receipt_path, record
from tests.web.test_pages import link_to, text_of
from tests.web.world import START, World, build_world, signed_in

DAY = "2026-03-20"


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def item_path(number: str, action: str = "") -> str:
    return f"/receivables/items/{item_id(number)}/{action}"


def settle(client: Client, number: str, kind: str, amount: str, **fields: str) -> Any:
    path = item_path(number, f"settle/?kind={kind}")
    return client.post(
        path, {"key": field(client.get(path), "key"), "amount": amount, "on": DAY, "memo": "why", **fields}
    )


def entry_path(entry: JournalEntry | int, action: str = "") -> str:
    number = entry if isinstance(entry, int) else entry.id
    return f"/receivables/entries/{public_id('ent', number)}/{action}"


# -- items -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("write_off", "250.50 CNY of INV-2 written off."),
        ("offset", "250.50 CNY of INV-2 offset."),
        ("assignment", "250.50 CNY of INV-2 assigned."),
    ],
)
def test_an_item_is_settled_without_money_once(world: World, kind: str, words: str) -> None:
    client = signed_in("clerk")
    path = item_path("INV-2", f"settle/?kind={kind}")
    assert path in client.get(item_path("INV-2")).content.decode()
    form = client.get(path)
    assert field(form, "amount") == "2,500.50"
    given = {"key": field(form, "key"), "amount": "250.50", "on": DAY, "memo": "  agreed  by\tphone "}
    first = client.post(path, given)
    entries = JournalEntry.objects.count()
    second = client.post(path, given)
    assert first["Location"] == second["Location"] == item_path("INV-2")
    assert JournalEntry.objects.count() == entries
    assert open_of("INV-2") == 2_250_00
    shown = text_of(client.get(item_path("INV-2")))
    assert words in shown
    assert "agreed by phone" in shown


def test_what_cannot_be_settled_is_said_in_place(world: World) -> None:
    client = signed_in("clerk")
    for amount, memo, words in (
        ("2,500.51", "x", "2,500.51 CNY is more than the 2,500.50 CNY still open on the item"),
        ("0", "x", "must be more than nothing"),
        ("", "x", "Give an amount"),
        ("1", " ", "Say why"),
    ):
        response = settle(client, "INV-2", "write_off", amount, memo=memo)
        assert response.status_code == 400, amount
        assert words in text_of(response), amount
    early = settle(client, "INV-2", "offset", "1", on="2026-02-19")
    assert "it came on 2026-02-20" in text_of(early)
    assert client.get(item_path("INV-2", "settle/?kind=gift")).status_code == 404
    assert client.get(item_path("INV-2", "credit/")).status_code == 400
    assert open_of("INV-2") == 2_500_50


def test_what_was_written_off_is_recovered(world: World) -> None:
    client = signed_in("clerk")
    assert settle(client, "INV-1", "write_off", "550").status_code == 302
    path = item_path("INV-1", "recover/")
    assert path in client.get(item_path("INV-1")).content.decode()
    form = client.get(path)
    assert "550.00 CNY is written off" in text_of(form)
    assert "BK20260305" in text_of(form)
    assert field(form, "amount") == "150.00"
    receipt = public_id("rcp", Receipt.objects.get(reference="BK20260305").id)
    given = {"key": field(form, "key"), "amount": "100", "on": DAY, "receipt": receipt}
    assert "Choose the receipt" in text_of(client.post(path, {**given, "receipt": ""}))
    for _ in range(2):
        done = client.post(path, given, follow=True)
        assert "100.00 CNY of INV-1 recovered." in text_of(done)
    assert ReceiptBalance.objects.get(receipt__reference="BK20260305").unapplied_minor == 50_00
    much = client.post(path, {**given, "key": "another", "amount": "60"})
    assert much.status_code == 400
    assert "60.00 CNY is not within the 50.00 CNY left of the receipt" in text_of(much)


def test_a_credit_is_applied_to_items(world: World) -> None:
    client = signed_in("clerk")
    path = item_path("CM-1", "credit/")
    assert path in client.get(item_path("CM-1")).content.decode()
    form = client.get(path)
    assert "40.00 CNY at hand" in text_of(form)
    spread = client.post(item_path("CM-1", "spread/"), {"fill": "oldest_first"}, headers={"hx-request": "true"})
    assert field(spread, f"amount-{item_id('INV-3')}") == "40.00"
    given = {"key": field(form, "key"), "on": DAY, f"amount-{item_id('INV-3')}": "40"}
    for _ in range(2):
        done = client.post(path, given, follow=True)
        assert "Applied to 1 item: 40.00 CNY." in text_of(done)
    assert (open_of("CM-1"), open_of("INV-3")) == (0, 260_00)


def test_early_payment_discount_is_offered_while_its_window_is_open(world: World) -> None:
    account = OpenItem.objects.get(document_number="INV-1").account_id
    new = NewItem(
        account_id=account,
        external_id="D-1",
        document_number="D-1",
        document_date=date(2026, 3, 15),
        due_date=date(2026, 4, 15),
        currency="CNY",
        amount_minor=1_000_00,
        discount_date=date(2026, 3, 25),
        discount_bp=200,
    )
    post_items(world.cn, [new], actor_id=None, now=START)
    client = signed_in("clerk")
    record(client, who="0001", amount="980")
    receipt = Receipt.objects.latest("id")
    form = client.get(receipt_path(receipt, "apply/"))
    assert "until 25 Mar 2026" in text_of(form)
    tick = {f"discount-{item_id('D-1')}": "yes"}
    alone = client.post(receipt_path(receipt, "apply/"), {**applied_form(client, receipt, {"INV-1": "1"}), **tick})
    assert "A discount needs an amount beside it" in text_of(alone)
    given = {**applied_form(client, receipt, {"D-1": "980"}), **tick}
    done = client.post(receipt_path(receipt, "apply/"), given, follow=True)
    assert "Applied to 1 item: 980.00 CNY. Early-payment discount: 20.00 CNY." in text_of(done)
    assert open_of("D-1") == 0


# -- entries -----------------------------------------------------------------------------------------------------------
def test_an_application_is_unapplied_from_its_line(world: World) -> None:
    client = signed_in("clerk")
    life = client.get(item_path("INV-1"))
    path = link_to(life, "/receivables/entries/ent_")
    undo = [href for href in _links(life) if href.endswith("/reverse/")]
    assert len(undo) == 1  # the other application was taken back before
    form = client.get(undo[0])
    assert "the money or credit is unapplied again" in text_of(form)
    given = {"key": field(form, "key"), "on": "2026-03-21", "memo": "wrong again"}
    early = client.post(undo[0], {**given, "on": "2026-03-01"})
    assert early.status_code == 400
    assert "not reversed before its own day" in text_of(early)
    assert field(early, "memo") == "wrong again"
    for _ in range(2):
        done = client.post(undo[0], given, follow=True)
        assert "Unapplied." in text_of(done)
    assert open_of("INV-1") == 1_000_00
    assert ReceiptBalance.objects.get(receipt__reference="BK20260305").unapplied_minor == 600_00
    assert "has been reversed already" in text_of(client.get(undo[0]))
    assert path


def _links(response: Any) -> list[str]:
    return [part.split('"')[0] for part in response.content.decode().split('href="')[1:]]


def test_an_item_is_taken_back_from_its_entry(world: World) -> None:
    client = signed_in("clerk")
    entry = OpenItem.objects.get(document_number="INV-1").entry
    path = entry_path(entry, "reverse/")
    assert path in client.get(entry_path(entry)).content.decode()
    form = client.get(path)
    assert "This entry stands on it and is reversed first" in text_of(form)
    done = client.post(path, {"key": field(form, "key"), "on": DAY, "memo": "billed twice"}, follow=True)
    assert "Reversed. 1 entry that stood on it was reversed first." in text_of(done)
    assert open_of("INV-1") == 0
    assert path not in client.get(entry_path(entry)).content.decode()
    reversal = JournalEntry.objects.get(reverses=entry)
    assert "/reverse/" not in client.get(entry_path(reversal)).content.decode()
    refused = client.post(entry_path(reversal, "reverse/"), {"key": "k", "on": DAY, "memo": "x"})
    assert "a reversal is not reversed" in text_of(refused)


def test_a_late_entry_says_from_when_it_counts(world: World) -> None:
    client = signed_in("boss")
    close = {"book": "CN01", "month": "2026-03", "state": "soft_closed"}
    assert client.post("/settings/periods/set/", close).status_code == 302
    RoleGrant.objects.filter(user__username="clerk", role="cfo").delete()
    colleague = signed_in("clerk")
    done = settle(colleague, "INV-2", "offset", "1")
    shown = text_of(colleague.get(done["Location"]))
    assert "The month of 20 Mar 2026 is closed, so it counts from 1 Apr 2026." in shown
    # Who may post into soft-closed months posts there, on the true day.
    done = settle(client, "INV-2", "offset", "2")
    assert "so it counts from" not in text_of(client.get(done["Location"]))
    assert JournalEntry.objects.latest("id").posting_date == date(2026, 3, 20)


# -- months and rates --------------------------------------------------------------------------------------------------
def test_months_are_closed_in_order_and_for_good(world: World) -> None:
    client = signed_in("boss")
    shown = text_of(client.get("/settings/periods/?months=all"))
    assert "上海示例有限公司" in shown
    assert "Nov 2025" in shown
    later = {"book": "CN01", "month": "2026-03", "reason": "first trial"}
    refused = client.post("/settings/periods/month/close/", later)
    assert refused.status_code == 400
    assert "close the earlier periods first" in text_of(refused)
    first = {"book": "CN01", "month": "2025-11", "state": "closed"}
    asked = client.post("/settings/periods/set/", first, follow=True)
    assert "This cannot be undone" in text_of(asked)
    assert client.post("/settings/periods/month/close/", first).status_code == 400, "points are open: say why"
    assert not Period.objects.exists()
    done = client.post("/settings/periods/month/close/", {**first, "reason": "first trial"}, follow=True)
    assert "Nov 2025 of 上海示例有限公司 is closed for good." in text_of(done)
    again = client.post("/settings/periods/set/", {**first, "state": "open"})
    assert "a closed period is not opened again" in text_of(again)
    assert client.post("/settings/periods/set/", {**first, "month": "2026-13"}).status_code == 400
    assert client.post("/settings/periods/set/", {**first, "state": "ajar"}).status_code == 404


def test_a_month_end_is_revalued_and_rates_are_added(world: World) -> None:
    client = signed_in("clerk")
    rate = {"rate_currency": "usd", "rate": "7.10", "base": "CNY", "valid_from": "2026-02-01", "source": "bank"}
    assert "1 USD = 7.1 CNY from 2026-02-01 on." in text_of(client.post("/settings/rates/", rate, follow=True))
    assert "This rate was known already." in text_of(client.post("/settings/rates/", rate, follow=True))
    for fields, words in (
        ({"rate": "8"}, "is 7.1"),
        ({"rate": "seven"}, "is not a rate"),
        ({"rate": "NaN"}, "is not a rate"),
        ({"rate": "-1"}, "a rate is a positive number"),
        ({"rate": "1.12345678901"}, "at most ten decimal places"),
        ({"rate_currency": "CNY"}, "a currency is worth one of itself"),
        ({"valid_from": ""}, "Say from which day"),
    ):
        refused = client.post("/settings/rates/", {**rate, **fields})
        assert refused.status_code == 400, fields
        assert words in text_of(refused), fields
        assert field(refused, "source") == "bank"
    client.post("/settings/rates/", {**rate, "rate": "7.30", "valid_from": "2026-03-31"})
    assert ExchangeRate.objects.count() == 2
    assert ExchangeRate.objects.latest("valid_from").rate == Decimal("7.3")
    account = OpenItem.objects.get(document_number="INV-1").account_id
    bill = NewItem(
        account_id=account,
        external_id="U-1",
        document_number="U-1",
        document_date=date(2026, 3, 1),
        due_date=date(2026, 4, 1),
        currency="USD",
        amount_minor=100_00,
    )
    post_items(world.cn, [bill], actor_id=None, now=START)
    form = {"book": "CN01", "month": "2026-03"}
    done = client.post("/settings/periods/revalue/", form, follow=True)
    assert "Mar 2026 revalued: 1 currency" in text_of(done)
    assert "Mar 2026: nothing to revalue." in text_of(client.post("/settings/periods/revalue/", form, follow=True))
    assert "7.3" in text_of(client.get("/settings/rates/?currency=USD"))


# -- rights ------------------------------------------------------------------------------------------------------------
def test_rights_are_asked_per_entity_and_action(world: World) -> None:
    auditor, clerk = signed_in("auditor"), signed_in("clerk")
    # The clerk may look at the German books, not post to them.
    RoleGrant.objects.create(
        user=User.objects.get(username="clerk"), entity_id=world.de, role="auditor", granted_at=START
    )
    paths = [
        item_path("DE-1", "settle/?kind=write_off"),
        item_path("DE-1", "recover/"),
        item_path("DE-1", "credit/"),
        entry_path(OpenItem.objects.get(document_number="DE-1").entry, "reverse/"),
    ]
    before = JournalEntry.objects.count()
    given = {"amount": "1", "memo": "x", "on": DAY, "key": "k"}
    for client in (auditor, clerk):
        page = client.get(item_path("DE-1"))
        assert page.status_code == 200
        assert "settle/" not in page.content.decode()
        for path in paths:
            assert client.get(path).status_code == 403, path
            assert client.post(path, given).status_code == 403, path
        for path in ("/settings/periods/set/", "/settings/periods/revalue/"):
            form = {"book": "DE01", "month": "2026-02", "state": "soft_closed"}
            assert client.post(path, form).status_code == 403, path
        rate = {"rate_currency": "USD", "rate": "1", "base": "EUR", "valid_from": "2026-01-01"}
        assert client.post("/settings/rates/", rate).status_code == 403
        assert "Soft-close" not in text_of(client.get("/settings/periods/?entity=DE01"))
    assert "Add the rate" not in text_of(auditor.get("/settings/rates/"))
    for path in (
        item_path("INV-2", "settle/?kind=write_off"),
        item_path("CM-1", "credit/"),
        entry_path(world.application, "reverse/"),
    ):
        assert auditor.get(path).status_code == 404, path
        assert auditor.post(path, given).status_code == 404, path
    assert (
        auditor.post("/settings/periods/set/", {"book": "CN01", "month": "2026-02", "state": "open"}).status_code == 403
    )
    assert JournalEntry.objects.count() == before
    assert not Period.objects.exists()
    assert OpenItemBalance.objects.get(item__document_number="INV-2").open_minor == 2_500_50


def test_another_day_only_looks(world: World) -> None:
    client = signed_in("boss")
    past = "as_of=2026-03-31"
    shown = client.get(f"{item_path('INV-2')}?{past}")
    assert "Go back to now to post" in text_of(shown)
    assert "settle/" not in shown.content.decode()
    assert "/reverse/" not in client.get(f"{item_path('INV-1')}?{past}").content.decode()
    for path in (f"{item_path('INV-2', 'settle/')}?kind=offset&{past}", f"{item_path('CM-1', 'credit/')}?{past}"):
        assert client.post(path, {"amount": "1", "memo": "x", "key": "k"}).status_code == 400
    form = {"book": "CN01", "month": "2026-03", "state": "soft_closed"}
    assert client.post(f"/settings/periods/set/?{past}", form).status_code == 400
    assert "Soft-close" not in text_of(client.get(f"/settings/periods/?{past}"))
    assert not Period.objects.exists()
