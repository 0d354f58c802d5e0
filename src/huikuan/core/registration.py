"""Registration numbers of companies: the unified social credit code of the PRC (GB 32100-2015).

Eighteen characters: registration authority, category, six digits of administrative division, the nine characters of
the organisation code (GB 11714, with a check character of its own) and a check character over the first seventeen.
"""

from __future__ import annotations

import re

from huikuan.core.refusals import Refusal

UNIFIED_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Thirty-one characters: I, O, S, V and Z are left out because they are misread."""

_UNIFIED_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_LOOKS_UNIFIED = re.compile(rf"[{UNIFIED_ALPHABET}]{{2}}\d{{6}}[{UNIFIED_ALPHABET}]{{10}}")
_BLANKS = re.compile(r"[\s\-－]+")


def organisation_check_character(body: str) -> str:
    """The ninth character of an organisation code for its first eight (GB 11714, modulus 11, X for ten)."""
    total = sum(
        weight * _ORGANISATION_ALPHABET.index(char) for weight, char in zip(_ORGANISATION_WEIGHTS, body, strict=True)
    )
    return "0123456789X"[-total % 11]


def unified_check_character(body: str) -> str:
    """The eighteenth character of a unified social credit code for its first seventeen (GB 32100, modulus 31)."""
    total = sum(weight * UNIFIED_ALPHABET.index(char) for weight, char in zip(_UNIFIED_WEIGHTS, body, strict=True))
    return UNIFIED_ALPHABET[-total % 31]


def normalise_unified_code(text: str) -> str:
    """As it is written: upper case, no blanks or hyphens, full-width characters made plain."""
    plain = "".join(chr(ord(char) - 0xFEE0) if "！" <= char <= "～" else char for char in text)
    return _BLANKS.sub("", plain).upper()


def check_unified_code(text: str) -> str:
    """The code as it is written, when it can be one.

    Refuses ``registration.bad_form`` (not eighteen permitted characters with six digits from the third on) and
    ``registration.bad_check`` (a mistyped character). The organisation code's own check character is not asked for:
    the outer one already catches every single mistyped character.
    """
    code = normalise_unified_code(text)
    if not _LOOKS_UNIFIED.fullmatch(code):
        raise Refusal("registration.bad_form", "{number!r} is not a unified social credit code", number=text[:40])
    wanted = unified_check_character(code[:17])
    if code[17] != wanted:
        raise Refusal(
            "registration.bad_check",
            "{number}: the check character is {found}, by the other characters it would be {wanted}",
            number=code,
            found=code[17],
            wanted=wanted,
        )
    return code


def is_unified_code(text: str) -> bool:
    try:
        check_unified_code(text)
    except Refusal:
        return False
    return True


def make_unified_code(division: str, organisation: str, *, authority: str = "9", category: str = "1") -> str:
    """A valid code of a division (six digits) and the first eight characters of an organisation code.

    ``authority`` 9 and ``category`` 1: an enterprise in the register of companies.
    """
    body = f"{authority}{category}{division}{organisation}{organisation_check_character(organisation)}"
    return body + unified_check_character(body)
