"""Telephone numbers of every country, written one way: ``+8613800138000``, with an extension after ``;ext=``."""

from __future__ import annotations

import phonenumbers

from huikuan.core.refusals import Refusal

_RFC = ";ext="


def parse_phone(text: str, country: str = "") -> str:
    """A number as a person typed it, of ``country`` where it has no country code of its own; nothing stays nothing.

    Refuses ``contact.bad_phone``.
    """
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text.strip()[:60], country.upper() or "CN")
    except phonenumbers.NumberParseException:
        raise _bad(text) from None
    if not phonenumbers.is_possible_number(number):
        raise _bad(text)
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain}{_RFC}{number.extension}" if number.extension else plain


def show_phone(number: str) -> str:
    """``+86 138 0013 8000``."""
    plain, _, extension = number.partition(_RFC)
    try:
        found = phonenumbers.parse(plain, None)
    except phonenumbers.NumberParseException:
        return number
    text = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return f"{text} ext. {extension}" if extension else text


def mask_phone(number: str) -> str:
    """What someone sees who may not see it in full: the country and the last two digits."""
    plain = number.partition(_RFC)[0]
    try:
        found = phonenumbers.parse(plain, None)
    except phonenumbers.NumberParseException:
        return "••••" if plain else ""
    return f"+{found.country_code} ••• ••{plain[-2:]}"


def _bad(text: str) -> Refusal:
    return Refusal("contact.bad_phone", "{phone!r} is not a telephone number", phone=text.strip()[:40])
