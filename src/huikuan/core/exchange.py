"""Exchange rates: dated decimals with a source, and the conversion of minor units between currencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from huikuan.core.money import check_size, exponent_of, round_half_up
from huikuan.core.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of ``currency`` is worth ``rate`` units of ``base`` from ``valid_from`` until the next rate."""

    currency: str
    base: str
    valid_from: date
    rate: Decimal
    source: str = ""


@dataclass(frozen=True)
class RateTable:
    """Rates of one base currency, newest last per currency. ``rate_on`` refuses ``exchange.no_rate``."""

    base: str
    rates: Mapping[str, Sequence[Rate]]

    def rate_on(self, currency: str, day: date) -> Decimal:
        if currency == self.base:
            return Decimal(1)
        found: Rate | None = None
        for rate in self.rates.get(currency, ()):
            if rate.valid_from > day:
                break
            found = rate
        if found is None:
            raise Refusal(
                "exchange.no_rate",
                "no rate for {currency} in {base} on {day}: add one first",
                currency=currency,
                base=self.base,
                day=day.isoformat(),
            )
        return found.rate

    def to_base(self, minor: int, currency: str, day: date) -> int:
        """Minor units of ``currency`` → minor units of the base currency at the rate of ``day``, half up."""
        if currency == self.base:
            return minor
        return check_size(convert(minor, currency, self.base, self.rate_on(currency, day)), self.base)


def convert(minor: int, currency: str, base: str, rate: Decimal) -> int:
    """``minor`` × ``rate``, moved between the two currencies' minor units, rounded half up.

    ``convert(100_00, "USD", "JPY", Decimal("150.5"))`` → ``15050`` (yen have no minor unit).
    """
    scaled = Fraction(minor) * Fraction(rate) * Fraction(10) ** (exponent_of(base) - exponent_of(currency))
    return round_half_up(scaled)


def convert_across(minor: int, currency: str, to: str, table: RateTable, day: date) -> int:
    """Minor units of ``currency`` → of ``to`` by way of the table's base, rounded half up once, at the end.

    With 1 EUR = 7.80 CNY and 1 USD = 7.20 CNY, ``100.00 EUR`` → ``108.33 USD``. Refuses ``exchange.no_rate``.
    """
    rate = Fraction(table.rate_on(currency, day)) / Fraction(table.rate_on(to, day))
    return check_size(round_half_up(minor * rate * Fraction(10) ** (exponent_of(to) - exponent_of(currency))), to)
