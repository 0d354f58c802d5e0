"""The cash room in the browser: found, recorded, identified, applied, kept, sent back, bounced; once, and by whom."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client

from huikuan.services.reversals import reverse_entry
from huikuan.store.models import (
    CustomerAccount,
    JournalEntry,
    OpenItem,
    OpenItemBalance,
    Receipt,
    ReceiptBalance,
    RoleGrant,
    User,
)
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_pages import text_of
from tests.web.test_tables import body_of
from tests.web.world import START, World, build_world, signed_in

DAY = "2026-03-20"


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def field(response: Any, name: str) -> str:
    """What a field of the form holds."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', response.content.decode())
    assert found, name
    return unescape(found[1])


def item_id(number: str) -> str:
    return public_id("itm", OpenItem.objects.get(document_number=number).id)


def open_of(number: str) -> int:
    return OpenItemBalance.objects.get(item__document_number=number).open_minor


def record(client: Client, **fields: str) -> Any:
    """Opens the form, fills it in, sends it."""
    form = client.get("/cash/new/")
    given = {
        "key": field(form, "key"),
        "entity_code": "CN01",
        "amount": "1,000.50",
        "currency": "CNY",
        "value_date": DAY,
        "reference": "BANK-9",
        **fields,
    }
    return client.post("/cash/new/", given)


def newest() -> Receipt:
    return Receipt.objects.latest("id")


def receipt_path(receipt: Receipt, action: str = "") -> str:
    return f"/receivables/receipts/{public_id('rcp', receipt.id)}/{action}"


def money_of(receipt: Receipt) -> tuple[int, int, int]:
    balance = ReceiptBalance.objects.get(receipt=receipt)
    return balance.unidentified_minor, balance.unapplied_minor, balance.on_account_minor


def applied_form(client: Client, receipt: Receipt, amounts: dict[str, str], **fields: str) -> dict[str, str]:
    """The apply form as a person leaves it."""
    form = client.get(receipt_path(receipt, "apply/"))
    named = {f"amount-{item_id(number)}": text for number, text in amounts.items()}
    return {"key": field(form, "key"), "from": "unapplied", "on": DAY, **named, **fields}


# -- the list ----------------------------------------------------------------------------------------------------------
def test_the_list_shows_what_is_left_and_honours_the_day(world: World) -> None:
    client = signed_in("clerk")
    shown = text_of(client.get("/cash/"))
    assert "BK20260305" in shown
    assert "150.00" in shown
    assert "北京华联商贸有限公司" in shown
    assert "Unapplied 1" in shown
    then = text_of(client.get("/cash/?as_of=2026-03-09"))
    assert "600.00" in then
    assert "No receipt matches" in text_of(client.get("/cash/?state=all&as_of=2026-03-01"))
    known = text_of(client.get("/cash/?state=all&as_of=2026-03-31&known_on=2026-03-06"))
    assert "600.00" in known
    assert "150.00" not in known


def test_the_list_is_searched_filtered_and_totalled(world: World) -> None:
    client = signed_in("boss")
    assert record(client, who="").status_code == 302
    assert record(client, who="", reference="BANK-10", payer_name="Mr Unknown", amount="20").status_code == 302
    unknown = text_of(client.get("/cash/?state=unidentified"))
    assert "BANK-9" in unknown
    assert "BK20260305" not in unknown
    assert "2 receipts" in unknown
    assert "1,020.50" in unknown
    for text in ("bank-10", "unknown", "20.00"):
        shown = text_of(client.get("/cash/", {"q": text, "state": "all"}))
        assert "BANK-10" in shown, text
        assert "BANK-9 " not in shown, text
    for text in ("华联", "hualian", "0001"):
        assert "BK20260305" in text_of(client.get("/cash/", {"q": text, "state": "all"})), text
    assert "No receipt matches" in text_of(client.get("/cash/?state=on_account"))
    assert "No receipt matches" in text_of(client.get("/cash/?state=all&q=%25"))
    rows = text_of(client.get("/cash/?state=all&sort=amount"))
    assert rows.index("BANK-10") < rows.index("BK20260305") < rows.index("BANK-9")


def test_receipts_of_other_entities_are_not_there(world: World) -> None:
    shown = text_of(signed_in("auditor").get("/cash/?state=all"))
    assert "BK20260305" not in shown
    assert "Record a receipt" not in shown


# -- recording ---------------------------------------------------------------------------------------------------------
def test_a_receipt_is_recorded_and_leads_to_applying_it(world: World) -> None:
    client = signed_in("clerk")
    response = record(client, who="0001", payer_name="华联", remittance_text="INV-2")
    receipt = newest()
    assert response["Location"] == receipt_path(receipt, "apply/")
    assert (receipt.amount_minor, receipt.currency, receipt.value_date) == (1_000_50, "CNY", date(2026, 3, 20))
    assert money_of(receipt) == (0, 1_000_50, 0)
    shown = text_of(client.get(response["Location"]))
    assert "Recorded 1,000.50 CNY from 北京华联商贸有限公司." in shown
    assert "INV-2" in shown


def test_what_the_bank_gave_no_reference_for_is_found_by_its_number(world: World) -> None:
    client = signed_in("clerk")
    assert record(client, who="0001", reference="").status_code == 302
    number = newest().external_id
    assert re.fullmatch(r"RC-\d{4}-000001", number)
    assert number in text_of(client.get(receipt_path(newest())))
    assert number in text_of(client.get("/cash/", {"q": number.lower(), "state": "all"}))
    exported = client.get("/tables/cash/export.csv", {"q": number, "state": "all", "cols": "external_id"})
    assert number in body_of(exported).decode("utf-8-sig")


def test_the_same_form_sent_twice_posts_once(world: World) -> None:
    client = signed_in("clerk")
    form = client.get("/cash/new/")
    given = {
        "key": field(form, "key"),
        "entity_code": "CN01",
        "amount": "5",
        "currency": "CNY",
        "value_date": DAY,
        "reference": "TWICE",
        "who": "0001",
    }
    before = Receipt.objects.count()
    first, second = client.post("/cash/new/", given), client.post("/cash/new/", given)
    assert first["Location"] == second["Location"]
    assert Receipt.objects.count() == before + 1
    changed = client.post("/cash/new/", {**given, "amount": "6"})
    assert changed.status_code == 409
    assert "posted before with other figures" in text_of(changed)
    assert field(changed, "key") != given["key"]
    assert Receipt.objects.count() == before + 1


def test_what_is_wrong_is_said_in_place_and_nothing_is_retyped(world: World) -> None:
    client = signed_in("clerk")
    before = Receipt.objects.count()
    tomorrow = "2199-01-01"
    for fields, words in (
        ({"amount": "abc"}, "is not an amount"),
        ({"amount": "-5"}, "must be more than nothing"),
        ({"amount": "1.234"}, "more decimal places"),
        ({"amount": "1,23"}, "is not an amount"),
        ({"currency": "XXX"}, "not an ISO 4217 currency"),
        ({"currency": "USD"}, "no rate for USD"),
        ({"value_date": tomorrow}, "lies in the future"),
        ({"value_date": "soon"}, "is not a date"),
        ({"who": "nobody at all"}, "No customer of this legal entity matches"),
        ({"entity_code": ""}, ""),
    ):
        response = record(client, reference="KEPT-1", **fields)
        if not words:
            assert response.status_code == 302  # the clerk's only entity
            continue
        assert response.status_code == 400, fields
        assert words in text_of(response), fields
        assert field(response, "reference") == "KEPT-1"
    assert Receipt.objects.count() == before + 1


def test_several_customers_that_fit_are_offered(world: World) -> None:
    client = signed_in("clerk")
    response = record(client, who="00")
    assert response.status_code == 400
    assert "Several customers match 00: choose one." in text_of(response)
    chosen = re.search(r'name="customer" value="(cus_\w+)"[^>]*> 北京', response.content.decode())
    assert chosen
    done = record(client, who="00", customer=chosen[1])
    assert done.status_code == 302
    assert (
        ReceiptBalance.objects.get(receipt=newest()).account_id
        == OpenItem.objects.get(document_number="INV-1").account_id
    )
    suggested = text_of(client.get("/cash/customers/?customer_entity=CN01&who=acme"))
    assert "Acme <b>Components</b> Ltd" in suggested
    assert "No customer" in text_of(client.get("/cash/customers/?customer_entity=CN01&who=zzz"))
    assert "Nordic" not in text_of(client.get("/cash/customers/?customer_entity=DE01&who=nordic"))


def test_a_payment_that_looks_like_another_needs_a_tick(world: World) -> None:
    client = signed_in("clerk")
    assert record(client, who="0001").status_code == 302
    again = record(client, who="0001", reference="BANK-11")
    assert again.status_code == 400
    assert "BANK-9 has the same amount and value date" in text_of(again)
    assert record(client, who="0001", reference="BANK-11", another="yes").status_code == 302


# -- identify ----------------------------------------------------------------------------------------------------------
def test_unknown_money_is_identified_once(world: World) -> None:
    client = signed_in("clerk")
    record(client, who="")
    receipt = newest()
    assert money_of(receipt) == (1_000_50, 0, 0)
    assert "Identify the payer" in text_of(client.get(receipt_path(receipt)))
    path = receipt_path(receipt, "identify/")
    given = {"key": field(client.get(path), "key"), "on": DAY, "who": "华联"}
    missing = client.post(path, {**given, "who": ""})
    assert missing.status_code == 400
    assert "Say whose money it is" in text_of(missing)
    first, second = client.post(path, given), client.post(path, given)
    assert first["Location"] == second["Location"] == receipt_path(receipt, "apply/")
    assert money_of(receipt) == (0, 1_000_50, 0)
    assert "This is money of 北京华联商贸有限公司." in text_of(client.get(first["Location"]))
    assert "Nothing of this receipt is unidentified" in text_of(client.get(path))


# -- apply -------------------------------------------------------------------------------------------------------------
def test_amounts_are_applied_once_and_the_words_say_so(world: World) -> None:
    client = signed_in("clerk")
    record(client, who="0001")
    receipt = newest()
    given = applied_form(client, receipt, {"INV-1": "550.00", "INV-2": "４００"})
    first = client.post(receipt_path(receipt, "apply/"), given)
    entries = JournalEntry.objects.count()
    second = client.post(receipt_path(receipt, "apply/"), given)
    assert first["Location"] == second["Location"] == receipt_path(receipt)
    assert JournalEntry.objects.count() == entries
    assert (open_of("INV-1"), open_of("INV-2")) == (0, 2_100_50)
    assert money_of(receipt) == (0, 50_50, 0)
    shown = client.get(first["Location"])
    assert "Applied to 2 items, 950.00 CNY in all." in text_of(shown)
    assert "See the entry" in text_of(shown)


def test_the_words_in_chinese(world: World) -> None:
    client = signed_in("clerk", "zh-hans")
    record(client, who="0001")
    receipt = newest()
    given = applied_form(client, receipt, {"INV-1": "550.00", "INV-2": "400"})
    done = client.post(receipt_path(receipt, "apply/"), given, follow=True)
    assert "已核销 2 笔，共 950.00 CNY" in text_of(done)
    over = client.post(receipt_path(receipt, "apply/"), applied_form(client, receipt, {"INV-2": "99"}))
    assert over.status_code == 400
    assert "99.00 CNY" in text_of(over)


def test_a_refusal_shows_the_form_with_what_was_typed(world: World) -> None:
    client = signed_in("clerk")
    record(client, who="0001")
    receipt = newest()
    before = JournalEntry.objects.count()
    for amounts, words in (
        ({"INV-1": "550.01"}, "550.01 CNY is more than the 550.00 CNY still open on the item"),
        ({"INV-1": "550", "INV-2": "450.51"}, "1,000.51 CNY is more than the 1,000.50 CNY left of the receipt"),
        ({"INV-1": "-1"}, "an applied amount must be positive"),
        ({"INV-1": "five"}, "is not an amount"),
        ({"INV-1": " "}, "Give an amount beside at least one item"),
    ):
        response = client.post(receipt_path(receipt, "apply/"), applied_form(client, receipt, amounts, on=DAY))
        assert response.status_code == 400, amounts
        assert words in text_of(response), amounts
        assert field(response, f"amount-{item_id('INV-1')}") == amounts["INV-1"].strip()
        assert field(response, "on") == DAY
    early = client.post(receipt_path(receipt, "apply/"), applied_form(client, receipt, {"INV-1": "1"}, on="2026-03-19"))
    assert "On 2026-03-19 it was not there yet: it came on 2026-03-20." in text_of(early)
    kept = client.post(receipt_path(receipt, "park/"), {"key": "k", "amount": "1", "on": "2026-03-19"})
    assert "it came on 2026-03-20" in text_of(kept)
    assert JournalEntry.objects.count() == before


def test_items_of_another_customer_or_entity_are_refused(world: World) -> None:
    client = signed_in("boss")
    record(client, who="0001")
    receipt = newest()
    other = client.post(receipt_path(receipt, "apply/"), applied_form(client, receipt, {"INV-3": "1"}))
    assert other.status_code == 400
    assert "not there any more" in text_of(other) and "300" not in text_of(other)
    foreign = client.post(receipt_path(receipt, "apply/"), applied_form(client, receipt, {"DE-1": "1"}))
    assert foreign.status_code == 400
    assert "not there any more" in text_of(foreign)


def test_orders_are_worked_out_on_the_server(world: World) -> None:
    client = signed_in("clerk")
    record(client, who="0001")
    receipt = newest()
    path, htmx = receipt_path(receipt, "spread/"), {"hx-request": "true"}
    oldest = client.post(path, {"fill": "oldest_first", "from": "unapplied"}, headers=htmx)
    assert field(oldest, f"amount-{item_id('INV-1')}") == "550.00"
    assert field(oldest, f"amount-{item_id('INV-2')}") == "450.50"
    assert "nothing left over" in text_of(oldest)
    shares = client.post(path, {"fill": "pro_rata", "from": "unapplied"}, headers=htmx)
    assert field(shares, f"amount-{item_id('INV-1')}") == "180.39"
    assert field(shares, f"amount-{item_id('INV-2')}") == "820.11"
    law = client.post(path, {"fill": "costs_interest_principal", "from": "unapplied"}, headers=htmx)
    assert field(law, f"amount-{item_id('INV-1')}") == "550.00"
    typed = client.post(path, {f"amount-{item_id('INV-1')}": "600"}, headers=htmx)
    assert "1 item, 600.00 CNY" in text_of(typed)
    assert "400.50 CNY left over" in text_of(typed)
    assert "More than the 550.00 CNY open" in text_of(typed)
    much = client.post(path, {f"amount-{item_id('INV-2')}": "1,200.00"}, headers=htmx)
    assert "199.50 CNY too much" in text_of(much)
    assert money_of(receipt) == (0, 1_000_50, 0)


def test_one_with_own_customers_keeps_the_form_of_money_nobody_knows(world: World) -> None:
    """Unknown money is for who looks after all customers; what was typed is not lost with the refusal."""
    user = User.objects.create_user("rita")
    RoleGrant.objects.create(user=user, entity_id=world.cn, role="ar_clerk", reach="own", granted_at=START)
    CustomerAccount.objects.filter(customer__name__contains="华联").update(owner=user)
    client, before = signed_in("rita"), Receipt.objects.count()
    kept = record(client, who="", payer_name="Mr Unknown")
    assert kept.status_code == 400 and Receipt.objects.count() == before
    assert "money of your own customers only" in text_of(kept)
    assert (field(kept, "amount"), field(kept, "payer_name")) == ("1,000.50", "Mr Unknown")
    client.cookies["django_language"] = "zh-hans"
    assert "您只能登记自己客户的款项" in text_of(record(client, who=""))
    client.cookies["django_language"] = "en"
    assert record(client, who="0001").status_code == 302 and Receipt.objects.count() == before + 1
    hidden = client.post(receipt_path(newest(), "apply/"), applied_form(client, newest(), {"INV-3": "999"}))
    assert "not there any more" in text_of(hidden) and "300.00" not in text_of(hidden)


def test_the_list_names_nobody_once_an_identification_is_taken_back(world: World) -> None:
    client = signed_in("boss")
    record(client, who="")
    given = {"key": "i", "who": "0001", "on": DAY}
    assert client.post(receipt_path(newest(), "identify/"), given).status_code == 302
    row = "/cash/?state=all&q=BANK-9"
    assert "北京华联商贸有限公司" in text_of(client.get(row))
    entry = JournalEntry.objects.get(kind="identify")
    reverse_entry(world.cn, entry.pk, on=date(2026, 3, 21), actor_id=None, now=datetime.now(UTC), memo="not theirs")
    shown = text_of(client.get(row))
    assert "BANK-9" in shown and "北京华联商贸有限公司" not in shown
