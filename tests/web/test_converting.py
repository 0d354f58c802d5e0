"""Money in one currency on items in another, in the browser: proposed, shown with its difference, posted once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from huikuan.core.exchange import Rate, RateTable, convert_across
from huikuan.core.refusals import Refusal
from huikuan.services.items import NewItem, post_items
from huikuan.services.rates import add_rates
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.verifying import verify
from huikuan.store.models import CustomerAccount, JournalEntry, Posting, Receipt
from tests.databases import LedgerDb
from tests.web.test_cash import field, item_id, money_of, open_of, receipt_path
from tests.web.test_pages import text_of
from tests.web.world import START, World, build_world, signed_in

DAY = "2026-03-20"
JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    """Books in CNY. A dollar is 7.00, then 7.20 from March; a euro 7.80, then 7.92; yen have no rate since."""
    made = build_world()
    rates = [("USD", JANUARY, "7.00"), ("USD", MARCH, "7.20"), ("EUR", JANUARY, "7.80"), ("EUR", MARCH, "7.92")]
    add_rates([Rate(code, "CNY", day, Decimal(rate)) for code, day, rate in rates], actor_id=None, now=START)
    account = CustomerAccount.objects.get(refs__external_id="0001", entity_id=made.cn)
    january = date(2026, 1, 5)
    items = [
        NewItem(account.id, "EU-1", january, january + timedelta(days=30), "EUR", 1_000_00, document_number="EU-1"),
        NewItem(account.id, "EU-2", january, january + timedelta(days=60), "EUR", 50_00, document_number="EU-2"),
    ]
    post_items(made.cn, items, actor_id=None, now=START)
    money = NewReceipt("USD-1", date(2026, 3, 10), "USD", 550_00, account.id, reference="USD-1")
    post_receipts(made.cn, [money], actor_id=None, now=START)
    return made


def dollars() -> Receipt:
    return Receipt.objects.get(external_id="USD-1")


def form(client: Client, amounts: dict[str, str], paid: dict[str, str] | None = None, **fields: str) -> dict[str, str]:
    """The form as a person leaves it."""
    page = client.get(receipt_path(dollars(), "convert/"))
    named = {f"amount-{item_id(number)}": text for number, text in amounts.items()}
    named |= {f"paid-{item_id(number)}": text for number, text in (paid or {}).items()}
    return {"key": field(page, "key"), "from": "unapplied", "on": DAY, **named, **fields}


def check(client: Client, given: dict[str, str]) -> str:
    response = client.post(receipt_path(dollars(), "convert/check/"), given, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return text_of(response)


def post(client: Client, given: dict[str, str]) -> Any:
    return client.post(receipt_path(dollars(), "convert/"), given)


def test_one_rate_is_made_of_two() -> None:
    rates = {
        "EUR": [Rate("EUR", "CNY", JANUARY, Decimal("7.80"))],
        "USD": [Rate("USD", "CNY", JANUARY, Decimal("7.20"))],
        "JPY": [Rate("JPY", "CNY", JANUARY, Decimal("0.048"))],
    }
    table = RateTable("CNY", rates)
    assert convert_across(100_00, "EUR", "USD", table, JANUARY) == 108_33
    assert convert_across(100_00, "USD", "JPY", table, JANUARY) == 15_000
    assert convert_across(15_000, "JPY", "USD", table, JANUARY) == 100_00
    assert convert_across(100_00, "USD", "CNY", table, JANUARY) == 720_00
    with pytest.raises(Refusal) as refused:
        convert_across(1, "EUR", "GBP", table, JANUARY)
    assert refused.value.code == "exchange.no_rate"


@pytest.mark.practice("D2")
def test_the_rate_is_proposed_and_the_difference_shown_before_it_is_posted(world: World) -> None:
    client = signed_in("clerk")
    assert receipt_path(dollars(), "convert/") in client.get(receipt_path(dollars())).content.decode()
    page = client.get(receipt_path(dollars(), "convert/"))
    shown = text_of(page)
    assert "1,000.00 EUR 1.1" in shown and "550.00 CNY 0.138889" in shown
    assert 'data-text="500.00"' in page.content.decode(), "550 dollars pay 500 euros"
    # 400.00 EUR stood at 7.80 = 3,120.00; they take 440.00 USD, which stand at 7.20 = 3,168.00.
    given = form(client, {"EU-1": "400"})
    shown = check(client, given)
    assert "400.00 EUR for 440.00 USD" in shown
    assert "1 EUR = 1.1 USD" in shown
    assert "Exchange gain 48.00 CNY" in shown
    assert "110.00 USD left over" in shown
    entries = JournalEntry.objects.count()
    first, second = post(client, given), post(client, given)
    assert first["Location"] == second["Location"] == receipt_path(dollars())
    assert JournalEntry.objects.count() == entries + 1
    assert open_of("EU-1") == 600_00 and money_of(dollars()) == (0, 110_00, 0)
    words = text_of(client.get(receipt_path(dollars())))
    assert "Applied to 1 item: 400.00 EUR for 440.00 USD. Exchange gain: 48.00 CNY." in words
    legs = Posting.objects.filter(entry=JournalEntry.objects.latest("id"))
    assert legs.get(ledger_account="exchange_difference").base_minor == -48_00
    report = verify()
    assert report.ok, [(one.name, one.detail) for one in report.checks if not one.ok]


def test_what_was_agreed_goes_before_the_rate(world: World) -> None:
    client = signed_in("clerk")
    given = form(client, {"EU-1": "400", "EU-2": "50.00"}, {"EU-1": "420.00"})
    shown = check(client, given)
    # Money 420.00 + 55.00 = 475.00 USD at 7.20 = 3,420.00; items 450.00 EUR at 7.80 = 3,510.00.
    assert "2 items, 475.00 USD" in shown and "Exchange loss 90.00 CNY" in shown
    assert post(client, given).status_code == 302
    assert (open_of("EU-1"), open_of("EU-2"), money_of(dollars())[1]) == (600_00, 0, 75_00)
    words = text_of(client.get(receipt_path(dollars())))
    assert "Applied to 2 items: 450.00 EUR for 475.00 USD. Exchange loss: 90.00 CNY." in words


def test_what_was_offered_is_what_is_posted(world: World) -> None:
    client = signed_in("clerk")
    given = form(client, {"EU-2": "50.00"})
    response = client.post(receipt_path(dollars(), "convert/check/"), given, headers={"HX-Request": "true"})
    name = f"offer-{item_id('EU-2')}"
    offer = field(response, name)
    assert offer == "5000:5500"
    add_rates([Rate("EUR", "CNY", date(2026, 3, 5), Decimal("9"))], actor_id=None, now=START)
    stale = form(client, {"EU-2": "20.00"}) | {name: offer}
    assert "20.00 EUR for 25.00 USD" in check(client, stale), "an offer for another amount is none"
    assert post(client, given | {name: offer}).status_code == 302
    assert money_of(dollars())[1] == 495_00


@pytest.mark.parametrize(
    ("amounts", "paid", "words"),
    [
        ({"EU-1": "1000.01"}, {}, "1,000.01 EUR is more than the 1,000.00 EUR still open on the item"),
        ({"EU-1": "600"}, {}, "660.00 USD is more than the 550.00 USD left of the receipt"),
        ({"EU-1": "-5"}, {"EU-1": "1"}, "an applied amount must be positive"),
        ({"EU-1": "12.345"}, {}, "12.345"),
        ({"EU-1": "5"}, {"EU-1": "abc"}, "abc"),
        ({"EU-1": "5"}, {"EU-1": "0"}, "say how much of each"),
        ({}, {"EU-1": "5"}, "Say how much of the item it settles."),
        ({}, {}, "Give an amount beside at least one item."),
    ],
)
def test_what_cannot_be_is_said_in_the_form(
    world: World, amounts: dict[str, str], paid: dict[str, str], words: str
) -> None:
    client = signed_in("clerk")
    entries = JournalEntry.objects.count()
    given = form(client, amounts, paid)
    response = post(client, given)
    assert response.status_code == 400
    assert words in text_of(response)
    for text in (*amounts.values(), *paid.values()):
        assert f'value="{text}"' in response.content.decode()
    check(client, given)
    assert JournalEntry.objects.count() == entries


def test_without_a_rate_both_amounts_are_typed(world: World) -> None:
    client = signed_in("clerk")
    account = CustomerAccount.objects.get(refs__external_id="0001", entity_id=world.cn)
    add_rates([Rate("GBP", "CNY", date(2026, 3, 15), Decimal("9"))], actor_id=None, now=START)
    late = date(2026, 3, 16)
    pounds = NewItem(account.id, "GB-1", late, late, "GBP", 10_00, document_number="GB-1")
    post_items(world.cn, [pounds], actor_id=None, now=START)
    page = text_of(client.get(receipt_path(dollars(), "convert/")))
    assert "No rate for GBP and USD on" in page
    assert "no rate for GBP in CNY on 2026-03-10" in check(client, form(client, {"GB-1": "10"}))
    refused = post(client, form(client, {"GB-1": "10"}))
    assert refused.status_code == 400 and "no rate for GBP" in text_of(refused)
    assert post(client, form(client, {"GB-1": "10"}, {"GB-1": "12.50"})).status_code == 302
    assert open_of("GB-1") == 0


def test_in_chinese(world: World) -> None:
    client = signed_in("clerk", "zh-hans")
    given = form(client, {"EU-1": "400"})
    shown = text_of(client.get(receipt_path(dollars(), "convert/"))) + check(client, given)
    for word in ("核销到其他币种", "汇兑收益", "汇率"):
        assert word in shown, word
    assert post(client, given).status_code == 302
    assert "已核销" in text_of(client.get(receipt_path(dollars())))


def test_only_who_may_and_only_now(world: World) -> None:
    path = receipt_path(dollars(), "convert/")
    assert signed_in("auditor").get(path).status_code in (403, 404)
    past = signed_in("clerk").get(f"{path}?as_of=2026-03-12")
    assert past.status_code in (400, 409) or "another day" in text_of(past)


def test_nothing_in_other_currencies(world: World) -> None:
    client = signed_in("clerk")
    yuan = Receipt.objects.get(external_id="BK-1")
    assert receipt_path(yuan, "convert/") in client.get(receipt_path(yuan)).content.decode(), "euros are open"
    for number, amount in (("EU-1", 1_000_00), ("EU-2", 50_00)):
        assert open_of(number) == amount
    given = form(client, {"EU-2": "50"})
    assert post(client, given).status_code == 302
    account = CustomerAccount.objects.get(refs__external_id="0002", entity_id=world.cn)
    money = NewReceipt("USD-2", date(2026, 3, 10), "CNY", 5_00, account.id)
    post_receipts(world.cn, [money], actor_id=None, now=START)
    other = Receipt.objects.get(external_id="USD-2")
    assert receipt_path(other, "convert/") not in client.get(receipt_path(other)).content.decode()
    assert "Nothing is open in other currencies" in text_of(client.get(receipt_path(other, "convert/")))
