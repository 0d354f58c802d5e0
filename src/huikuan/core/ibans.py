"""Account numbers by ISO 13616."""

from __future__ import annotations

import re

_COUNTRIES = frozenset(
    "AD AE AL AT AZ BA BE BG BH BI BR BY CH CR CY CZ DE DJ DK DO EE EG ES FI FK FO FR GB GE GI GL GR GT HN HR HU IE IL "
    "IQ IS IT JO KW KZ LB LC LI LT LU LV LY MC MD ME MK MN MR MT MU NI NL NO OM PK PL PS PT QA RO RS RU SA SC SD SE SI "
    "SK SM SO ST SV TL TN TR UA VA VG XK YE".split()
)
"""Countries whose accounts have IBANs."""


def is_iban(text: str) -> bool:
    """Whether the check digits (ISO 13616, modulus 97) fit."""
    plain_text = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain_text):
        return False
    return int("".join(str(int(char, 36)) for char in plain_text[4:] + plain_text[:4])) % 97 == 1


def is_meant_as_iban(text: str) -> bool:
    """Whether somebody who writes this means an IBAN, right or not: a country that has them, two digits, and the rest.

    >>> is_meant_as_iban("DE88 3704 0044 0532 0130 00"), is_meant_as_iban("6222 0212 0300 4567")
    (True, False)
    """
    plain_text = re.sub(r"\s", "", text).upper()
    return plain_text[:2] in _COUNTRIES and bool(re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain_text))


def is_creditor_id(text: str) -> bool:
    """Whether a text is a SEPA creditor identifier: country, two check digits by ISO 7064 (modulus 97), three letters
    of the creditor's own choice that the check leaves out, and the national part (``DE98ZZZ09999999999``)."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}", text):
        return False
    return int("".join(str(int(char, 36)) for char in text[7:] + text[:4])) % 97 == 1
