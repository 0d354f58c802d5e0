"""Money in integer minor units. Exponents per ISO 4217, rounding half up, splits by largest remainder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from huikuan.core.refusals import Refusal

# ISO 4217 list one: active currencies whose minor unit is not 2, then those with 2.
_EXPONENTS_OTHER = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENT_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
    "CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
    "MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD "
    "SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD "
    "XCG YER ZAR ZMW ZWG"
)
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_EXPONENT_TWO.split(), 2),
    **{code: exponent for exponent, codes in _EXPONENTS_OTHER.items() for code in codes.split()},
}

MINOR_MAX = 10**17
"""No single amount reaches this many minor units: sums of a hundred of them still fit a 64-bit column."""

_AMOUNT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def exponent_of(currency: str) -> int:
    """Decimal places of a currency (ISO 4217). Refuses ``money.unknown_currency``."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise Refusal("money.unknown_currency", "{currency!r} is not an ISO 4217 currency", currency=currency) from None


def round_half_up(value: Fraction | Decimal) -> int:
    """Nearest integer, halves away from zero (commercial rounding)."""
    if isinstance(value, Decimal):
        return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    sign = -1 if value < 0 else 1
    doubled = abs(value) * 2
    return sign * int((doubled.numerator // doubled.denominator + 1) // 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: ``minor`` units (cents, fen, fils) of ``currency``."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent_of(self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise Refusal("money.currency_mismatch", "{a} and {b} do not add up", a=self.currency, b=other.currency)
        return other.minor

    @property
    def decimal(self) -> Decimal:
        return to_decimal(self.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"


def to_decimal(minor: int, currency: str) -> Decimal:
    """Minor units → exact major units with the currency's own number of places (``12345, CNY`` → ``123.45``)."""
    return Decimal(minor).scaleb(-exponent_of(currency))


MONEY_FIELDS = ("amount", "open", "available", "written_off", "given", "released", "valued")
"""Fields of refusals that hold minor units."""


def said_in_money(refusal: Refusal, template: str) -> str:
    """A refusal as the shell and programs are told it, by ``template`` in their language: minor units as an amount of
    the currency the refusal names, or as they stand where it names none."""
    code = str(refusal.params.get("currency", ""))
    params = {
        name: f"{to_decimal(value, code)} {code}"
        if code in EXPONENTS and name in MONEY_FIELDS and isinstance(value, int)
        else value
        for name, value in refusal.params.items()
    }
    return template.format(**params) if params else template


def parse_amount(text: str, currency: str) -> int:
    """A plain decimal string in major units → minor units, exactly.

    Refuses ``money.unparseable`` (anything but digits, one point, a sign), ``money.too_precise`` (places the
    currency does not have, unless they are zeros) and ``money.too_large``. Never rounds.
    """
    if not _AMOUNT.fullmatch(text):
        raise Refusal("money.unparseable", "{text!r} is not an amount", text=text[:40])
    return from_decimal(Decimal(text), currency)


def from_decimal(value: Decimal, currency: str) -> int:
    """Exact major units → minor units; refuses what the currency cannot hold (see ``parse_amount``)."""
    scaled = value.scaleb(exponent_of(currency))
    minor = int(scaled)
    if minor != scaled:
        raise Refusal(
            "money.too_precise", "{value} has more decimal places than {currency} has", value=value, currency=currency
        )
    if abs(minor) >= MINOR_MAX:
        raise Refusal("money.too_large", "{value} {currency} is too large", value=value, currency=currency)
    return minor


def check_size(minor: int, currency: str) -> int:
    """``minor`` itself; refuses ``money.too_large`` from ``MINOR_MAX`` on."""
    if abs(minor) >= MINOR_MAX:
        raise Refusal("money.too_large", "{value} {currency} is too large", value=minor, currency=currency)
    return minor


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divides ``total`` minor units in proportion to non-negative ``weights`` by largest remainder.

    The parts always add up to ``total``; ties go to the earlier part. ``split(100, [1, 1, 1])`` → ``[34, 33, 33]``.
    """
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise Refusal("money.bad_weights", "weights must be non-negative and not all zero")
    sign, size = (-1, -total) if total < 0 else (1, total)
    parts = [size * weight // whole for weight in weights]
    remainders = [(-(size * weight % whole), index) for index, weight in enumerate(weights)]
    for _, index in sorted(remainders)[: size - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]


def share(amount: int, part: int, whole: int) -> int:
    """``amount × part ÷ whole`` rounded half up: the base value carried by a part of an item, say."""
    if part == whole:
        return amount
    size = abs(amount * part)
    positive = (amount * part >= 0) == (whole > 0)
    parts = (2 * size + abs(whole)) // (2 * abs(whole))
    return parts if positive else -parts
