"""The text of a bank line as it is compared: one width, one case, with the places of the original kept."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

from huikuan.engines.han import simplified
from huikuan.engines.match_packed import packed

FOLDED = str.maketrans("OQDILSBZG", "000115826")
"""Letters that eyes, scanners and typists take for digits."""

SPLIT_MIN = 6
"""Digits before a percent sign from which on the first ones are a number by themselves."""
_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"[A-Z0-9]+")
_DATES = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s?[-/.年]\s?(?:0?[1-9]|1[0-2])\s?[-/.月]\s?(?:0?[1-9]|[12]\d|3[01])(?:日|(?!\d))"
    r"|(?<!\d)(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:(?:19|20)\d\d|[1-3]\d)(?!\d)"
    r"|(?<!\d)(?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:(?:19|20)\d\d|[1-3]\d)(?!\d)"
    r"|(?<!\d)20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)"
)
_AMOUNTS = re.compile(
    r"(?<![\d.,A-Z])\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?(?!\d)"
    r"|(?<![\d.,A-Z])\d{1,3}(?:\.\d{3})+,\d\d(?!\d)"
    r"|(?<![\d.,A-Z])\d+\.\d\d(?![\d.])"
    r"|(?:EUR|USD|CNY|RMB|GBP|CHF|HKD|[¥￥$€£])\s?\d+(?:[.,]\d+)*"
    r"|\d{1,24}(?:[.,]\d{1,24}){0,9}\s?(?:元|EUR|USD|CNY|RMB|€|万元)|\d{1,2}(?:[.,]\d+)?\s?%"
)
_MONEY = re.compile(r"[.,%元€¥￥$£]|EUR|USD|CNY|RMB|GBP|CHF|HKD")
"""Without one of these there is no amount."""
_PHONES = re.compile(
    r"(?:TELEFON|TELEPHONE|PHONE|TEL|FAX|MOB(?:ILE)?|电话|手机|联系电话|传真)[\s.:：]*\+?[\d\s()/-]{6,20}"
    r"|\+\d{1,3}[\s-]?[\d\s()-]{6,16}"
    r"|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"
)
_ACCOUNTS = re.compile(
    r"(?<![A-Z])[A-Z]{2}\d\d(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Z0-9])"
    r"|(?:账号|帐号|ACCOUNT|A/C|ACCT|IBAN|KTO|卡号)[\s.:：NO#]*[\d\s]{6,30}"
)
_PERIODS = re.compile(
    r"(?:(?P<y1>20\d\d)\s?年\s?)?(?<![\d.])(?P<m1>1[0-2]|0?[1-9])\s?月(?!\s?\d{1,2}\s?日)(?:份)?"
    r"|(?<![\d/.-])(?P<y2>20\d\d)\s?[-/.]\s?(?P<m2>1[0-2]|0[1-9])(?![\d/.-])"
    r"|(?<![\d/.-])(?P<m3>1[0-2]|0[1-9])\s?[-/.]\s?(?P<y3>20\d\d)(?![\d/.-])"
    r"|(?:SOA|STATEMENT|STMT|ABRECHNUNG|RELEV[EÉ]|对账单?)[\s.:]{0,3}(?P<m5>1[0-2]|0[1-9])\s?/\s?(?P<y5>[2-3]\d)(?![\d/.-])"
    r"|(?<![A-Z])(?P<word>JAN(?:UARY|UAR)?|FEB(?:RUARY|RUAR)?|M[AÄ]R(?:CH|Z)?|APR(?:IL)?|MAY|MAI|JUN[EI]?|JUL[YI]?"
    r"|AUG(?:UST)?|SEPT?(?:EMBER)?|O[CK]T(?:OBER)?|NOV(?:EMBER)?|DE[CZ](?:EMBER)?|JANVIER|F[EÉ]VRIER|MARS|AVRIL|JUIN"
    r"|JUILLET|AO[UÛ]T|SEPTEMBRE|OCTOBRE|NOVEMBRE|D[EÉ]CEMBRE)(?![A-Z])[\s.,-]*(?P<y4>20\d\d)?"
)
_MONTHS = {
    **{word: at for at, word in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)},
    "MÄR": 3,
    "MAI": 5,
    "OKT": 10,
    "DEZ": 12,
    "FÉV": 2,
    "FEV": 2,
    "AVR": 4,
    "AOU": 8,
    "AOÛ": 8,
    "DÉC": 12,
}


@packed
@dataclass(frozen=True, slots=True)
class Text:
    """A text made comparable. ``places``: where each character of ``text`` stands in the original (``None``: at the
    same place)."""

    text: str
    places: list[int] | None

    def original(self, start: int, stop: int) -> tuple[int, int]:
        """Characters of the original that a stretch of the comparable text came from."""
        if self.places is None:
            return start, stop
        return self.places[start], self.places[stop - 1] + 1


_SUBFIELDS = re.compile(r"(?:^\s*\d{3})?\?00|\?20")
_SUBFIELD = re.compile(r"\?(\d\d)")


def _purpose_of(text: str) -> Text:
    """Of a bank's structured text (field 86 of MT940, ``166?00GUTSCHRIFT?20INV-2026-00?210123?32NAME``) what the payer
    wrote: fields 20 to 29 and 60 to 63, which are pieces of one text. The bank's own words and names are left out."""
    parts: list[str] = []
    places: list[int] = []
    for found in _SUBFIELD.finditer(text):
        if 20 <= int(found[1]) <= 29 or 60 <= int(found[1]) <= 63:
            after = text.find("?", found.end())
            while after >= 0 and not _SUBFIELD.match(text, after):
                after = text.find("?", after + 1)
            stop = after if after >= 0 else len(text)
            parts.append(text[found.end() : stop])
            places += range(found.end(), stop)
    return Text("".join(parts), places)


@lru_cache(maxsize=64)
def normal_text(text: str) -> Text:
    """NFKC, upper case, simplified characters. ``發票：１００２３`` → ``发票:10023``. Of a bank's structured text only
    what the payer wrote."""
    if "?" in text and _SUBFIELDS.match(text):
        purpose = _purpose_of(text)
        told = _compared(purpose.text)
        held = purpose.places or []
        return Text(told.text, held if told.places is None else [held[at] for at in told.places])
    return _compared(text)


def _compared(text: str) -> Text:
    if text.isascii():
        return Text(text.upper(), None)
    whole = simplified(unicodedata.normalize("NFKC", text).upper())
    if len(whole) == len(text):
        return Text(whole, None)
    parts, places = [], []
    for at, char in enumerate(text):
        piece = simplified(unicodedata.normalize("NFKC", char).upper())
        parts.append(piece)
        places += [at] * len(piece)
    return Text("".join(parts), places)


def tokens_of(text: str) -> list[tuple[str, int, int]]:
    """Runs of Latin letters and digits with their places; ``text`` is normal."""
    tokens = []
    for found in _TOKEN.finditer(text):
        token, start, stop = found[0], found.start(), found.end()
        if stop - start >= SPLIT_MIN and text[stop : stop + 1] == "%" and token.isdigit():
            # A percentage was written behind a number without a blank.
            tokens.append((token[:-2], start, stop - 2))
            token, start = token[-2:], stop - 2
        tokens.append((token, start, stop))
    return tokens


def noise_of(text: str) -> list[tuple[int, int]]:
    """Places of what looks like a date, an amount, a telephone or an account number."""
    if not _DIGIT.search(text):
        return []
    patterns = (_DATES, _AMOUNTS, _PHONES, _ACCOUNTS) if _MONEY.search(text) else (_DATES, _PHONES, _ACCOUNTS)
    return [found.span() for pattern in patterns for found in pattern.finditer(text)]


_LISTED = re.compile(
    r"(?:(20\d\d)\s?年\s?)?(?<![\d.])((?:(?:1[0-2]|0?[1-9])\s?(?:月份?)?\s?(?:[、,，/&+和及跟与]|[-—–~～至到])\s?)+)$"
)
_TO = re.compile(r"[-—–~～至到]")


def _listed_before(text: str, last: int) -> tuple[str | None, list[int]]:
    """The months of a list or a range that ends where the text does, before the ``last`` one (``4、5`` of ``4、5月``,
    ``4-`` of ``4-6月``), and the year that stands before it. Months of a list follow one another through the year."""
    found = _LISTED.search(text)
    if found is None:
        return None, []
    months = [int(one) for one in re.findall(r"\d+", found[2])]
    if len(months) == 1 and _TO.search(found[2]):
        months = [(months[0] + at - 1) % 12 + 1 for at in range((last - months[0]) % 12)]
    rising = sum(one >= other for one, other in pairwise([*months, last])) <= 1
    return found[1], months if rising else []


def periods_of(text: str, booked: date) -> list[tuple[int, int, int, int]]:
    """Months named in a text as (year, month, start, stop), also in lists and ranges (``4、5月``, ``4-6月``); a month
    without a year is the last one up to ``booked``."""
    found = []
    for match in _PERIODS.finditer(text):
        word = match["word"]
        month = (
            _MONTHS.get(word[:3], _month_in_french(word))
            if word
            else int(match["m1"] or match["m2"] or match["m3"] or match["m5"])
        )
        listed: list[int] = []
        year_before = None
        if match["m1"] and not match["y1"]:
            year_before, listed = _listed_before(text[: match.start("m1")], month)
        year_text = year_before or match["y1"] or match["y2"] or match["y3"] or match["y4"] or match["y5"]
        if not month:
            continue
        year = int(year_text) if year_text else booked.year - (month > booked.month)
        year += 2000 * (year < 100)
        found += [(year - (one > month), one, match.start(), match.end()) for one in listed]
        found.append((year, month, match.start(), match.end()))
    return found


def _month_in_french(word: str) -> int:
    return 6 if word == "JUIN" else 7 if word == "JUILLET" else 0


_NOT_DIGITS = re.compile(r"[^0-9]+")
_LATIN_NUMBER = re.compile(r"[^A-Z0-9]+")


def plain_number(number: str) -> str:
    """A document number without width, case and punctuation; leading zeros stay. ``Inv-2026/0001`` →
    ``INV20260001``."""
    if number.isalnum() and number.isascii():
        return number.upper()
    upper = number.upper() if number.isascii() else unicodedata.normalize("NFKC", number).upper()
    return _LATIN_NUMBER.sub("", upper)


def digits_of(number: str) -> str:
    """All digits of a plain number without leading zeros."""
    return (number if number.isdigit() else _NOT_DIGITS.sub("", number)).lstrip("0")


_ACCOUNT_NOISE = re.compile(r"[^A-Z0-9*]+")


def plain_account(account: str | None) -> str:
    """An account number without spaces, case and punctuation."""
    if not account:
        return ""
    return _ACCOUNT_NOISE.sub("", unicodedata.normalize("NFKC", account).upper())
