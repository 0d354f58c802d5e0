"""Customers' further accounts, their limits, and the exchange rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from huikuan.core.exchange import Rate
from huikuan.services.accounts import NewAccount, open_accounts, set_credit_limits
from huikuan.services.rates import add_rates
from huikuan.store.models import AuditEvent, CustomerAccount, ExchangeRate
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import Ledger

DAY = date(2026, 3, 1)


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


@pytest.mark.practice("A1")
def test_a_customer_of_two_entities(ledger: Ledger) -> None:
    other = Ledger(code="E2")
    mine = ledger.customer("C7")
    new = NewAccount(mine, "K-7", terms_days=45, credit_limit_minor=10_000)
    account = CustomerAccount.objects.get(
        id=open_accounts(other.entity_id, [new], source="manual", **ledger.common)["K-7"]
    )
    assert account.customer_id == CustomerAccount.objects.get(id=mine).customer_id
    assert (account.entity_id, account.terms_days, account.credit_limit_minor) == (other.entity_id, 45, 10_000)


def test_what_opening_accounts_refuses(ledger: Ledger) -> None:
    other = Ledger(code="E2")
    mine, second = ledger.accounts["C1"], ledger.customer("C2")

    def attempt(entity: int, *new: NewAccount) -> None:
        open_accounts(entity, new, source="manual", **ledger.common)

    for code, entity, new in (
        ("entity.unknown", 99, [NewAccount(mine, "K")]),
        ("account.unknown", other.entity_id, [NewAccount(10**6, "K")]),
        ("account.exists", ledger.entity_id, [NewAccount(mine, "K")]),
        ("account.other_customer", other.entity_id, [NewAccount(mine, "C1")]),
        ("account.other_customer", other.entity_id, [NewAccount(mine, "K"), NewAccount(second, "K")]),
    ):
        with refused(code):
            attempt(entity, *new)
    assert CustomerAccount.objects.filter(entity_id=other.entity_id).count() == 1


def test_limits(ledger: Ledger) -> None:
    mine = ledger.accounts["C1"]
    set_credit_limits(ledger.entity_id, {mine: 5_000}, **ledger.common)
    assert CustomerAccount.objects.get(id=mine).credit_limit_minor == 5_000
    set_credit_limits(ledger.entity_id, {mine: None}, **ledger.common)
    assert CustomerAccount.objects.get(id=mine).credit_limit_minor is None
    with refused("account.bad_limit"):
        set_credit_limits(ledger.entity_id, {mine: -1}, **ledger.common)
    with refused("account.unknown"):
        set_credit_limits(ledger.entity_id, {mine: 1, 10**6: 1}, **ledger.common)
    assert CustomerAccount.objects.get(id=mine).credit_limit_minor is None


@pytest.mark.practice("D7")
def test_rates_are_added_once(ledger: Ledger) -> None:
    rates = [Rate("USD", "CNY", DAY, Decimal("7.1357"), "bank"), Rate("JPY", "CNY", DAY, Decimal("0.0478"), "bank")]
    assert add_rates(rates, **ledger.common) == 2
    assert add_rates(rates, **ledger.common) == 0
    assert AuditEvent.objects.filter(code="rates.add").count() == 1
    for code, rate in (
        ("rate.exists", Rate("USD", "CNY", DAY, Decimal("7.2"))),
        ("rate.same_currency", Rate("CNY", "CNY", DAY, Decimal(1))),
        ("rate.not_positive", Rate("EUR", "CNY", DAY, Decimal(0))),
        ("rate.not_positive", Rate("EUR", "CNY", DAY, Decimal(10) ** 12)),
        ("money.unknown_currency", Rate("EUX", "CNY", DAY, Decimal(1))),
    ):
        with refused(code):
            add_rates([Rate("GBP", "CNY", DAY, Decimal(9)), rate], **ledger.common)
    assert ExchangeRate.objects.count() == 2


def test_a_rate_that_is_corrected_is_seen_by_the_next_posting(ledger: Ledger) -> None:
    """Two rates changed so that count, sum and newest day stay as they were: nothing kept may be trusted."""
    for currency, rate in (("USD", "7.10"), ("EUR", "7.80")):
        add_rates([Rate(currency, "CNY", DAY, Decimal(rate))], **ledger.common)
    assert ledger.open_of(ledger.item(100, "USD"))[1] == 710
    ExchangeRate.objects.filter(currency="USD").update(rate=Decimal("7.20"))
    ExchangeRate.objects.filter(currency="EUR").update(rate=Decimal("7.70"))
    assert ledger.open_of(ledger.item(100, "USD"))[1] == 720
    assert ledger.open_of(ledger.item(100, "EUR"))[1] == 770
