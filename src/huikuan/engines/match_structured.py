"""Structured references with check digits: RF (ISO 11649), the Swiss QR reference, the Belgian OGM."""

from __future__ import annotations

import re

_RF = re.compile(r"(?<![A-Z0-9])RF\s?\d\d(?:\s?[A-Z0-9]){1,21}(?![A-Z0-9])")
_OGM = re.compile(r"[+*]{3}\s?\d{3}\s?/\s?\d{4}\s?/\s?\d{5}\s?[+*]{3}|(?<!\d)\d{12}(?!\d)")
_QR = re.compile(r"(?<![A-Z0-9])\d{2}(?:\s?\d{5}){5}(?!\d)|(?<!\d)\d{27}(?!\d)")
_QR_TABLE = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)


def is_rf(reference: str) -> bool:
    """``RF18539007547034``: letters count from A = 10, the check digits moved to the end, remainder 1 by 97."""
    if not re.fullmatch(r"RF\d\d[A-Z0-9]{1,21}", reference):
        return False
    moved = reference[4:] + reference[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def rf_of(number: str) -> str:
    """The RF reference of a document number of up to 21 letters and digits."""
    plain = re.sub(r"[^A-Z0-9]", "", number.upper())[:21]
    rest = int("".join(str(int(char, 36)) for char in plain + "RF00")) % 97
    return f"RF{98 - rest:02d}{plain}"


def is_ogm(digits: str) -> bool:
    """``+++010/8068/17183+++``: ten digits by 97, 97 for a remainder of nought."""
    if not re.fullmatch(r"\d{12}", digits):
        return False
    return (int(digits[:10]) % 97 or 97) == int(digits[10:])


def ogm_of(number: int) -> str:
    """The twelve digits of an OGM for a number of up to ten digits."""
    return f"{number:010d}{number % 97 or 97:02d}"


def is_qr(digits: str) -> bool:
    """27 digits, the last one the recursive check digit by 10."""
    return bool(re.fullmatch(r"\d{27}", digits)) and qr_digit(digits[:26]) == int(digits[26])


def qr_digit(digits: str) -> int:
    """The recursive check digit by 10 of the Swiss references."""
    carry = 0
    for digit in digits:
        carry = _QR_TABLE[(carry + int(digit)) % 10]
    return (10 - carry) % 10


def structured_of(text: str) -> list[tuple[str, str, int, int]]:
    """Valid structured references in a normal text: the number they carry (without scheme and check digits), the whole
    of it, start, stop."""
    found = []
    if "RF" in text:
        for match in _RF.finditer(text):
            whole, stop = _longest_rf(match[0], match.start())
            if whole:
                found.append((whole[4:], whole, match.start(), stop))
    for pattern, check, cut in ((_OGM, is_ogm, 2), (_QR, is_qr, 1)):
        for match in pattern.finditer(text):
            digits = re.sub(r"\D", "", match[0])
            if check(digits):
                found.append((digits[:-cut], digits, match.start(), match.end()))
    return found


def _longest_rf(text: str, start: int) -> tuple[str, int]:
    """The longest beginning of the text that is a valid reference: what follows may belong to the next word."""
    stop = len(text)
    while stop > 4:
        whole = re.sub(r"\s", "", text[:stop])
        if is_rf(whole):
            return whole, start + stop
        stop = max(text.rfind(" ", 0, stop), 0)
    return "", start
