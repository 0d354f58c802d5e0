"""Amounts as exact decimals. Plain decimals by default; grouped, bracketed or marked ones only where a whole column
leaves one reading. What cannot be read is refused, never taken for zero."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import DataError, DataWarning
from huikuan.engines.files_faults import Faults, quote
from huikuan.engines.files_text import Wrong, as_text, parse_unique
from huikuan.engines.schemas import AMOUNT

PLAIN, DOT, COMMA = "plain", "1,234.56", "1.234,56"
NUMBER_FORMATS = (PLAIN, DOT, COMMA)
"""How amounts are written: digits and a point only; with a decimal point and marks; with a decimal comma and marks."""

_FAST = r"^[+-]?\d{1,14}(\.\d{1,4})?$"
_FAST_FLOAT = r"^-?\d{1,11}(\.\d{1,4})?$"
_FAST_GROUPED = r"^[+-]?\d{1,3}(,\d{3}){0,3}(\.\d{1,4})?$"
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?|[+-]?\.\d+")
_DOT_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)?(?:\.\d+)?")
_COMMA_NUMBER = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d+)?")
_SYMBOL = r"[^\d.,()+\-]{0,6}?"
_MARKED = re.compile(rf"(\()?([+-]?)({_SYMBOL})([+-]?)([\d.,]*\d[\d.,]*)({_SYMBOL})(-?)(\))?")
_DROPPED = re.compile(r"[\s'’_]")

_DOLLARS = "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP BRL BSD BBD BZD FJD GYD JMD LRD NAD TTD XCD"
_SYMBOLS: dict[str, frozenset[str]] = {
    "¥": frozenset({"CNY", "JPY"}),
    "元": frozenset({"CNY"}),
    "人民币": frozenset({"CNY"}),
    "RMB": frozenset({"CNY"}),
    "円": frozenset({"JPY"}),
    "$": frozenset(_DOLLARS.split()),
    "US$": frozenset({"USD"}),
    "HK$": frozenset({"HKD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "EGP", "FKP", "GIP", "SHP", "SSP", "SYP", "LBP"}),
    "₹": frozenset({"INR"}),
    "₩": frozenset({"KRW"}),
    "CN¥": frozenset({"CNY"}),
    "JP¥": frozenset({"JPY"}),
}


def currencies_of(symbol: str) -> frozenset[str]:
    """The currencies a sign or code beside an amount can stand for; empty where it is none."""
    if symbol in EXPONENTS:
        return frozenset({symbol})
    return _SYMBOLS.get(symbol, frozenset())


def _tidy(text: str) -> str:
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-"))


def _unparseable(text: str) -> Wrong:
    return Wrong("money.unparseable", f"{quote(text)} is not an amount")


def _fit(value: Decimal, text: str) -> Decimal | Wrong:
    if abs(value) >= Decimal(10) ** 14:
        return Wrong("money.too_large", f"{quote(text)} is too large")
    if value != value.quantize(Decimal("0.0001"), ROUND_HALF_EVEN, context=Context(prec=60)):
        return Wrong("money.too_precise", f"{quote(text)} has more decimal places than any currency has")
    return value


def parse_number(text: str, number_format: str) -> Decimal | Wrong:
    """One cell as an exact decimal in the given format."""
    if _PLAIN.fullmatch(text) and number_format != COMMA:
        return _fit(Decimal(text), text)
    if number_format == PLAIN:
        return _plain_refusal(text)
    found = _MARKED.fullmatch(_tidy(text))
    if not found:
        return _unparseable(text)
    opening, sign, before, sign_after, digits, after, trailing, closing = found.groups()
    signs = [mark for mark in (opening, sign, sign_after, trailing) if mark]
    if len(signs) > 1 or bool(opening) != bool(closing) or (before and after):
        return _unparseable(text)
    symbol = (before or after).upper()
    if symbol and not currencies_of(symbol):
        return _unparseable(text)
    if not (_COMMA_NUMBER if number_format == COMMA else _DOT_NUMBER).fullmatch(digits):
        return Wrong("money.unparseable", f"{quote(text)} is not an amount written like {number_format}")
    dots = digits.replace(".", "").replace(",", ".") if number_format == COMMA else digits.replace(",", "")
    value = _fit(Decimal(dots), text)
    return -value if signs and signs[0] != "+" and isinstance(value, Decimal) else value


def _plain_refusal(text: str) -> Wrong:
    if re.fullmatch(r"[+-]?[\d.]+[eE][+-]?\d+", text):
        return Wrong("money.unparseable", f"{quote(text)} is shortened (scientific): its digits may be lost")
    if _MARKED.fullmatch(_tidy(text)):
        return Wrong("money.unparseable", f"{quote(text)} is not a plain amount like 1234.56: choose a number format")
    return _unparseable(text)


def settle_float(text: str) -> Decimal | Wrong:
    """The decimal a binary number stands for: its shortest form, at most 15 digits. Noise behind the 15th digit (as
    left by a formula: ``1234.5600000000002``) is dropped only when two digits before it are clear."""
    value = Decimal(text)
    if not value.is_finite():
        return Wrong("money.unparseable", f"{text} is not an amount")
    if len(value.normalize().as_tuple().digits) <= 15:
        return _fit(value, text)
    settled = Context(prec=15, rounding=ROUND_HALF_EVEN).create_decimal(value).normalize()
    if len(settled.as_tuple().digits) <= 13:
        return _fit(settled, text)
    return Wrong("money.digits_lost", f"{text} has more than 15 digits, which a spreadsheet's number cannot hold")


def symbol_of(text: str) -> str | None:
    """The currency sign or code written beside an amount."""
    found = _MARKED.fullmatch(_tidy(text))
    return (found[3] or found[6]).upper() or None if found else None


@dataclass(slots=True)
class NumberSurvey:
    """What the cells of one column say about how its numbers are written."""

    evidence: dict[str, str] = field(default_factory=dict)

    # Which reading a form proves, on digits, points and commas alone.
    FORMS = (
        ("dot", r"^(\d+\.\d{1,2}|\d+\.\d{4,}|\d{4,}\.\d+|0\d*\.\d+|\d{1,3}(,\d{3})+\.\d+|\.\d+)$"),
        ("dot", r"^(\d{1,3}(,\d{3}){2,}|\d{1,2}(,\d{2})+,\d{3}(\.\d+)?)$"),
        ("comma", r"^(\d+,\d{1,2}|\d+,\d{4,}|\d{4,},\d+|0\d*,\d+|\d{1,3}(\.\d{3})+,\d+)$"),
        ("comma", r"^\d{1,3}(\.\d{3}){2,}$"),
        ("either_dot", r"^[1-9]\d{0,2}\.\d{3}$"),
        ("either_comma", r"^[1-9]\d{0,2},\d{3}$"),
    )

    def feed(self, array: Any, three_places: Any = None) -> None:
        """Looks at one more stretch of the column (trimmed strings, none null). ``three_places``: true where the row's
        currency has three decimals, which make ``1.234`` clear."""
        core = pc.replace_substring_regex(array, r"[^0-9.,]", "")
        for name, pattern in self.FORMS:
            if name not in self.evidence:
                mask = pc.match_substring_regex(core, pattern)
                if name == "either_dot" and three_places is not None:
                    mask = pc.and_not(mask, three_places)
                self._note(name, mask, array)
        if "marked" not in self.evidence:
            other = array.filter(pc.invert(pc.match_substring_regex(array, r"^[+-]?\d*(\.\d+)?$")))
            for text in pc.unique(other).to_pylist():
                if text is not None and not isinstance(_any_format(text), Wrong):
                    self.evidence["marked"] = text
                    break

    def _note(self, name: str, mask: Any, array: Any) -> None:
        position = pc.index(mask, True).as_py()
        if position >= 0:
            self.evidence[name] = array[position].as_py()

    def decide(self, file: str, column: str) -> tuple[str, list[DataWarning], DataError | None]:
        """The format to read the column in, what to tell, and the reason to refuse the column, if any."""
        seen = self.evidence
        if "dot" in seen and "comma" in seen:
            why = f"{quote(seen['dot'])} and {quote(seen['comma'])} use different decimal marks"
            return PLAIN, [], _ambiguous(file, column, why)
        if "comma" in seen:
            return COMMA, [_guessed(file, column, COMMA, seen["comma"])], None
        if "either_comma" in seen and "dot" not in seen:
            why = f"{quote(seen['either_comma'])} may be thousands or decimals"
            return PLAIN, [], _ambiguous(file, column, why)
        if "either_dot" in seen and "dot" not in seen:
            why = f"{quote(seen['either_dot'])} may be thousands or decimals"
            return PLAIN, [], _ambiguous(file, column, why)
        if "marked" in seen:
            return DOT, [_guessed(file, column, DOT, seen["marked"])], None
        return PLAIN, [], None


def _any_format(text: str) -> Decimal | Wrong:
    value = parse_number(text, DOT)
    return parse_number(text, COMMA) if isinstance(value, Wrong) else value


def _guessed(file: str, column: str, number_format: str, example: str) -> DataWarning:
    reason = f"amounts are read as {number_format}, as {quote(example)} shows"
    return DataWarning(file, None, column, reason, "number.guessed", example)


def _ambiguous(file: str, column: str, why: str) -> DataError:
    reason = f"the amounts are ambiguous, {why}: choose a number format ({DOT} or {COMMA}) or a profile"
    return DataError(file, None, column, reason, "number.ambiguous")


def read_amounts(array: Any, number_format: str, faults: Faults, column: str | None) -> Any:
    """A column of any type as ``decimal128(18, 4)``; what is no amount is refused."""
    kind = array.type
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        try:
            return pc.cast(array, AMOUNT)
        except pa.ArrowInvalid:
            return _read(pc.cast(array, pa.string()), _FAST, lambda text: parse_number(text, PLAIN), faults, column)
    if pa.types.is_floating(kind):
        wide = pc.cast(array, pa.float64())
        wide = pc.if_else(pc.is_nan(wide), pa.scalar(None, pa.float64()), wide)
        return _read(pc.cast(wide, pa.string()), _FAST_FLOAT, settle_float, faults, column)
    text = as_text(array, faults, column)
    if number_format == DOT:
        grouped = pc.match_substring_regex(text, _FAST_GROUPED)
        text = pc.if_else(grouped, pc.replace_substring(text, ",", ""), text)
    fast = _FAST if number_format != COMMA else r"^[+-]?\d{1,14}$"
    return _read(text, fast, lambda cell: parse_number(cell, number_format), faults, column)


def _read(text: Any, fast: str, parse: Callable[[str], object], faults: Faults, column: str | None) -> Any:
    """Casts what matches ``fast`` in bulk and reads the rest one by one."""
    easy = pc.match_substring_regex(text, fast)
    if pc.all(easy, skip_nulls=True).as_py():
        return pc.cast(text, AMOUNT)
    none = pa.scalar(None, pa.string())
    bulk = pc.cast(pc.if_else(easy, text, none), AMOUNT)
    return pc.coalesce(bulk, parse_unique(pc.if_else(easy, none, text), parse, AMOUNT, faults, column))


def check_places(amounts: Any, currencies: Any, faults: Faults, column: str | None) -> None:
    """Refuses amounts with more decimal places than their currency has."""
    wide = pc.cast(amounts, pa.decimal128(22, 4))  # rounding may carry into a fifteenth digit
    for places in range(4):
        codes = [code for code, exponent in EXPONENTS.items() if exponent == places]
        mine = pc.is_in(currencies, value_set=pa.array(codes, pa.string()))
        if not pc.any(mine).as_py():
            continue
        over = pc.and_(mine, pc.not_equal(pc.round(wide, ndigits=places), wide))
        if pc.any(over).as_py():
            reason = f"the row's currency has {places or 'no'} decimal places, the amount has more"
            faults.refuse(over, column, "money.too_precise", reason, amounts)


def check_symbols(array: Any, currencies: Any, faults: Faults, column: str | None) -> None:
    """Refuses amounts written with the sign of another currency than the row's (``€ 5.00`` in a USD row)."""
    symbols = parse_unique(as_text(array, faults, column), symbol_of, pa.string(), faults, column)
    for symbol in pc.unique(symbols).to_pylist():
        if symbol is None or not currencies_of(symbol):
            continue
        fits = pc.is_in(currencies, value_set=pa.array(sorted(currencies_of(symbol)), pa.string()))
        wrong = pc.and_(pc.equal(symbols, symbol), pc.and_(pc.is_valid(currencies), pc.invert(fits)))
        faults.refuse(wrong, column, "money.symbol_mismatch", f"{symbol!r} is not the row's currency", array)
