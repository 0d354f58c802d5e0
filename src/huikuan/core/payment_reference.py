"""Structured payment references: what a payer copies from an invoice and a machine reads back, with check digits.

RF is ISO 11649 (letters and digits, SEPA), QR the 27 digits of a Swiss QR-bill, OGM the twelve of a Belgian transfer.
"""

from __future__ import annotations

import re
from enum import StrEnum

_QR_TABLE = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
_BETWEEN = re.compile(r"[\s./_-]")
"""What people put between the parts of a number. It says nothing, so a reference may leave it out."""


class ReferenceScheme(StrEnum):
    """Which kind of reference an entity gives its documents."""

    NONE = ""
    RF = "rf"
    QR = "qr"
    OGM = "ogm"


def payment_reference(scheme: ReferenceScheme, document_number: str) -> str:
    """The reference under which a document is to be paid, without blanks. Empty where its number does not fit: RF
    carries 21 letters and digits, QR 26 digits, OGM ten; of these two the letters of the number are not carried."""
    plain = _BETWEEN.sub("", document_number.upper())
    if not plain.isascii() or not plain.isalnum():
        return ""
    if scheme is ReferenceScheme.RF:
        return rf_of(plain) if len(plain) <= 21 else ""
    digits = re.sub(r"\D", "", plain).lstrip("0")
    if not digits:
        return ""
    if scheme is ReferenceScheme.QR and len(digits) <= 26:
        return f"{digits:0>26}{qr_digit(f'{digits:0>26}')}"
    if scheme is ReferenceScheme.OGM and len(digits) <= 10:
        return ogm_of(int(digits))
    return ""


def printed_reference(reference: str) -> str:
    """As it is printed for people: ``RF18 5390 0754 7034``, ``21 00000 00003 ...``, ``+++010/8068/17183+++``."""
    if reference.startswith("RF"):
        return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
    if len(reference) == 27:
        return " ".join((reference[:2], *(reference[at : at + 5] for at in range(2, 27, 5))))
    return f"+++{reference[:3]}/{reference[3:7]}/{reference[7:]}+++" if reference else ""


def is_rf(reference: str) -> bool:
    """``RF18539007547034``: letters count from A = 10, the check digits moved to the end, remainder 1 by 97."""
    if not re.fullmatch(r"RF\d\d[A-Z0-9]{1,21}", reference):
        return False
    moved = reference[4:] + reference[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def rf_of(number: str) -> str:
    """The RF reference of a number of up to 21 capital letters and digits."""
    rest = int("".join(str(int(char, 36)) for char in number + "RF00")) % 97
    return f"RF{98 - rest:02d}{number}"


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
