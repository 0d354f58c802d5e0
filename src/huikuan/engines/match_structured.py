"""Structured references in a text: RF (ISO 11649), the Swiss QR reference, the Belgian OGM."""

from __future__ import annotations

import re
from collections.abc import Iterator

from huikuan.core.payment_reference import is_ogm, is_qr, is_rf

_RF = re.compile(r"(?<![A-Z0-9])RF\s?\d\d(?:\s?[A-Z0-9]){1,21}(?![A-Z0-9])")
_OGM = re.compile(r"[+*]{3}\s?\d{3}\s?/\s?\d{4}\s?/\s?\d{5}\s?[+*]{3}|(?<!\d)\d{12}(?!\d)")
_QR = re.compile(r"(?<![A-Z0-9])\d{2}(?:\s?\d{5}){5}(?!\d)|(?<!\d)\d{27}(?!\d)")


def structured_of(text: str) -> list[tuple[str, str, int, int]]:
    """Valid structured references in a normal text: the number they carry (without scheme and check digits), the whole
    of it, start, stop. Every beginning of an RF that is valid is there, the longest first: what follows may belong to
    it or to the next word, and one word in 97 keeps the check digits right."""
    found = []
    if "RF" in text:
        for match in _RF.finditer(text):
            found += [
                (whole[4:], whole, match.start(), stop) for whole, stop in _rf_beginnings(match[0], match.start())
            ]
    for pattern, check, cut, least in ((_OGM, is_ogm, 2, 12), (_QR, is_qr, 1, 27)):
        for match in pattern.finditer(text) if len(text) >= least else ():
            digits = re.sub(r"\D", "", match[0])
            if check(digits):
                found.append((digits[:-cut], digits, match.start(), match.end()))
    return found


def _rf_beginnings(text: str, start: int) -> Iterator[tuple[str, int]]:
    stop = len(text)
    while stop > 4:
        whole = re.sub(r"\s", "", text[:stop])
        if is_rf(whole):
            yield whole, start + stop
        stop = max(text.rfind(" ", 0, stop), 0)
