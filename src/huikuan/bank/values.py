"""Amounts and days as files write them: exact or not at all."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

DECIMALS_MAX = 6
DIGITS_MAX = 18
"""Digits before the decimal mark."""
_PLAIN = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)")
_DOT = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)?(?:\.\d+)?")
_COMMA = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+)?(?:,\d+)?")
_SYMBOL = r"(?:人民币|CNY|RMB|US\$|HK\$|[A-Z]{3}|[¥￥$€£元円₹₩])?"
_MARKED = re.compile(
    rf"(\()?\s*([+-]?)\s*{_SYMBOL}\s*([+-]?)\s*([\d.,'’ ]*\d[\d.,'’ ]*)\s*{_SYMBOL}\s*([+-]?)(\))?\s*"
    r"(CR|DR|C|D|借|贷|H|S)?",
    re.IGNORECASE,
)
EMPTY = frozenset({"", "-", "--", "---", "—", "/", "\\", "n/a", "null", "none"})
"""What stands in a cell where there is nothing."""


def plain_amount(text: str) -> Decimal | None:
    """Digits and a point (``-12.50``) as an exact decimal; ``None`` for anything else."""
    text = text.strip()
    return _fit(Decimal(text)) if len(text) <= 40 and _PLAIN.fullmatch(text) and text.isascii() else None


def _fit(value: Decimal) -> Decimal | None:
    if abs(value) >= Decimal(10) ** DIGITS_MAX:
        return None
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and -exponent <= DECIMALS_MAX else None


def settle_number(value: float) -> Decimal | None:
    """The decimal that a spreadsheet's binary number stands for: 15 digits hold what was typed."""
    shortest = Decimal(repr(value))
    if not shortest.is_finite():
        return None
    if len(shortest.normalize().as_tuple().digits) > 15:
        shortest = Context(prec=15, rounding=ROUND_HALF_EVEN).create_decimal(shortest).normalize()
        if len(shortest.as_tuple().digits) > 13:
            return None
    return _fit(Decimal(f"{shortest:f}"))


def marked_amount(text: str, *, comma: bool) -> Decimal | None:
    """An amount as people's tables write it: grouped, with a currency, in brackets, with a minus at the end or CR/DR.

    ``comma``: the decimal mark is a comma. DR (借, S) makes it negative."""
    if len(text) > 60:
        return None
    bare = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").strip()
    found = _MARKED.fullmatch(bare)
    if not found:
        return None
    opening, first, second, digits, last, closing, mark = found.groups()
    signs = [sign for sign in (first, second, last) if sign]
    if bool(opening) != bool(closing) or len(signs) > 1 or (opening and signs):
        return None
    digits = re.sub(r"[\s'’]", "", digits)
    if not (_COMMA if comma else _DOT).fullmatch(digits):
        return None
    value = _fit(Decimal(digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")))
    if value is None:
        return None
    negative = bool(opening) or "-" in signs
    if mark and mark.upper() in {"DR", "D", "借", "S"} and not negative:
        negative = True
    return -value if negative else value


def proves_comma(text: str) -> bool | None:
    """Whether a number proves a decimal comma (``True``) or point (``False``); ``None`` where it reads either way."""
    digits = re.sub(r"[^\d.,]", "", text)
    if re.fullmatch(r"\d+,\d{1,2}|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}|0,\d+|\d{4,},\d+", digits):
        return True
    if re.fullmatch(r"\d+\.\d{1,2}|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}|0\.\d+|\d{4,}\.\d+", digits):
        return False
    return None


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january", "januar"),
            ("feb", "february", "februar"),
            ("mar", "march", "märz", "mrz"),
            ("apr", "april"),
            ("may", "mai"),
            ("jun", "june", "juni"),
            ("jul", "july", "juli"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october", "okt", "oktober"),
            ("nov", "november"),
            ("dec", "december", "dez", "dezember"),
        ),
        1,
    )
    for name in names
}
_CLOCK = re.compile(r"[T\s_-]+\d{1,2}[:.：]\d{2}.*$|[T\s]+\d{6}$|\s+\d{1,2}时.*$")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6}(?:\.\d+)?(?:\[[^\]]*\])?)?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})")
_DAY_NAME = re.compile(r"(\d{1,2})[-/. ]+([A-Za-zä]{3,9})[-/., ]+(\d{4}|\d{2})")
_NAME_DAY = re.compile(r"([A-Za-z]{3,9})[. ]+(\d{1,2}),? +(\d{4})")


_SERIAL_ZERO = date(1899, 12, 30)
_SERIALS = (29_221, 73_416)
"""A spreadsheet's numbers of days from 1980 to 2100: cells of days that lost their format."""


def make_day(year: int, month: int, day: int) -> date | None:
    """A day between 1980 and 2100, else ``None``."""
    if year < 100:
        year += 2000 if year < 70 else 1900
    if not 1980 <= year <= 2100:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_day(value: object, order: str = "") -> date | None:
    """A cell as a day, without its time. ``order`` (``dmy``, ``mdy``) settles days such as 03/04/2025; without it only
    what has one reading is read."""
    if isinstance(value, datetime):
        return make_day(value.year, value.month, value.day)
    if isinstance(value, date):
        return make_day(value.year, value.month, value.day)
    if isinstance(value, int | float) and _SERIALS[0] <= value < _SERIALS[1]:
        return _SERIAL_ZERO + timedelta(days=int(value))
    text = unicodedata.normalize("NFKC", str(value)).strip().strip("'\"[]`")
    if not 6 <= len(text) <= 50:
        return None
    bare = _CLOCK.sub("", text).strip()
    found = _YEAR_FIRST.fullmatch(bare) or _PACKED.fullmatch(bare)
    if found:
        return make_day(int(found[1]), int(found[2]), int(found[3]))
    named = _DAY_NAME.fullmatch(bare)
    if named:
        return make_day(int(named[3]), _MONTHS.get(named[2].lower(), 0), int(named[1]))
    named = _NAME_DAY.fullmatch(bare)
    if named:
        return make_day(int(named[3]), _MONTHS.get(named[1].lower(), 0), int(named[2]))
    last = _YEAR_LAST.fullmatch(bare)
    if not last:
        return None
    one, two, year = int(last[1]), int(last[2]), int(last[3])
    if order == "dmy" or (not order and (one > 12 or one == two)):
        return make_day(year, two, one)
    if order == "mdy" or (not order and two > 12):
        return make_day(year, one, two)
    return None


def day_order(text: str) -> str | None:
    """``dmy`` or ``mdy`` where a day proves it, ``either`` where both fit, ``None`` for other forms."""
    if len(text) > 50:
        return None
    bare = _CLOCK.sub("", unicodedata.normalize("NFKC", text).strip()).strip()
    last = _YEAR_LAST.fullmatch(bare)
    if not last:
        return None
    one, two = int(last[1]), int(last[2])
    if one > 12 or two > 12:
        return "dmy" if one > 12 else "mdy"
    return "dmy" if re.fullmatch(r"\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})", bare) else "either"
