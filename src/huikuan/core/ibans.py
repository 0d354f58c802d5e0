"""Account numbers by ISO 13616."""

from __future__ import annotations

import re


def is_iban(text: str) -> bool:
    """Whether the check digits (ISO 13616, modulus 97) fit."""
    plain_text = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain_text):
        return False
    return int("".join(str(int(char, 36)) for char in plain_text[4:] + plain_text[:4])) % 97 == 1


def is_creditor_id(text: str) -> bool:
    """Whether a text is a SEPA creditor identifier: country, two check digits by ISO 7064 (modulus 97), three letters
    of the creditor's own choice that the check leaves out, and the national part (``DE98ZZZ09999999999``)."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}", text):
        return False
    return int("".join(str(int(char, 36)) for char in text[7:] + text[:4])) % 97 == 1
