"""Money in one currency on items in another: what is open, what the rate table proposes, what difference it makes.

Answers from the balances that the services will decide on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal

from huikuan.core.accounts import LedgerAccount
from huikuan.core.applications import Fund, Line, fund_legs
from huikuan.core.exchange import Rate, RateTable, convert_across
from huikuan.core.refusals import Refusal
from huikuan.queries.applicable import Candidate, candidates, currencies_owed
from huikuan.queries.funds import fund_of
from huikuan.store.models import Entity, ExchangeRate, Posting, ReceiptBalance

_SIX_FIGURES = Context(prec=6)


@dataclass(frozen=True, slots=True)
class Quote:
    """What one unit of an item's currency is worth in the money's, from the rate table; for showing only."""

    rate: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A receipt's money on one account, the customer's items in other currencies, and the rates of a day."""

    fund: Fund
    day: date
    base: str
    rates: RateTable
    found: list[Candidate]
    quotes: Mapping[str, Quote]

    def money_for(self, minor: int, currency: str) -> int:
        """What ``minor`` of an item takes of the money at the table's rate. Refuses ``exchange.no_rate``."""
        return convert_across(minor, currency, self.fund.currency, self.rates, self.day)

    def covered(self, one: Candidate) -> int:
        """How much of an item the money at hand pays; 0 without a rate."""
        row = one.row
        if row.currency not in self.quotes:
            return 0
        most = convert_across(self.fund.available_minor, self.fund.currency, row.currency, self.rates, self.day)
        most = min(most, row.open_minor)
        # Rounding can have gone one unit too far, never more.
        return most - (self.money_for(most, row.currency) > self.fund.available_minor)

    def difference(self, lines: Iterable[tuple[Candidate, int, int]]) -> int:
        """The exchange difference these (item, minor, money) make, in minor units of the base; a gain is positive.

        Refuses what the application itself would refuse.
        """
        legs = fund_legs(self.fund, [Line(one.row, minor, paid_minor=paid) for one, minor, paid in lines])
        return _gain((leg.ledger_account.value, leg.base_minor) for leg in legs)


def _gain(legs: Iterable[tuple[str, int]]) -> int:
    return -sum(base for account, base in legs if account == LedgerAccount.EXCHANGE_DIFFERENCE.value)


def exchange_of(receipt_id: int, source: LedgerAccount) -> Exchange:
    """What the receipt's money on ``source`` can pay in other currencies, at the rates of its value date."""
    balance = ReceiptBalance.objects.select_related("receipt").get(receipt_id=receipt_id)
    receipt = balance.receipt
    fund = fund_of(receipt, balance, source)
    base = Entity.objects.values_list("currency", flat=True).get(id=receipt.entity_id)
    owed = [] if fund.account_id is None else currencies_owed(receipt.entity_id, fund.account_id)
    others = [currency for currency in owed if currency != fund.currency]
    found = [one for currency in others for one in candidates(receipt.entity_id, fund.account_id or 0, currency, None)]
    rates = _rates(base, [*others, fund.currency])
    quotes = {}
    for currency in others:
        try:
            rate = rates.rate_on(currency, receipt.value_date) / rates.rate_on(fund.currency, receipt.value_date)
        except Refusal:
            continue
        quotes[currency] = Quote(rate, f"{_SIX_FIGURES.plus(rate).normalize():f}")
    return Exchange(fund, receipt.value_date, base, rates, found, quotes)


def _rates(base: str, currencies: Sequence[str]) -> RateTable:
    rows: dict[str, list[Rate]] = defaultdict(list)
    for row in ExchangeRate.objects.filter(base=base, currency__in=currencies).order_by("valid_from"):
        rows[row.currency].append(Rate(row.currency, base, row.valid_from, row.rate, row.source))
    return RateTable(base, rows)


@dataclass(frozen=True, slots=True)
class Converted:
    """What an entry across currencies did: per item currency what was settled, what it took of the money, the gain."""

    items: int
    settled: list[tuple[str, int]]
    money: tuple[str, int]
    base: str
    gain_minor: int


def converted_by(entry_id: int) -> Converted:
    """Read from the entry, so that the same words come however often a form was sent."""
    legs = list(Posting.objects.filter(entry_id=entry_id).select_related("entry__entity"))
    settled: dict[str, int] = defaultdict(int)
    for leg in legs:
        if leg.item_id is not None:
            settled[leg.currency] -= leg.amount_minor
    money = [leg for leg in legs if leg.item_id is None and leg.receipt_id is not None]
    return Converted(
        items=len({leg.item_id for leg in legs if leg.item_id is not None}),
        settled=sorted(settled.items()),
        money=(money[0].currency, sum(leg.amount_minor for leg in money)),
        base=legs[0].entry.entity.currency,
        gain_minor=_gain((leg.ledger_account, leg.base_minor) for leg in legs),
    )
