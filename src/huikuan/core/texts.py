"""Texts that come from outside: how long they may be, and that no control characters hide in them."""

from __future__ import annotations

import re

from huikuan.core.refusals import Refusal

TEXT_MAX = 120
"""Characters of an identity, a document number and the like."""
NAME_MAX = 300

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


_LEADS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for a formula at the start of a text, in a file without types."""


def guarded(text: str) -> str:
    """A text for a file without types: one that looks like a formula begins with an apostrophe."""
    return f"'{text}" if text.startswith(_LEADS) else text


def check_text(field: str, text: str, longest: int = TEXT_MAX) -> None:
    """Refuses ``text.too_long`` and ``text.control`` (a line break, a tab, a zero byte) in a one-line text."""
    if len(text) > longest:
        raise Refusal("text.too_long", "{field} is longer than {longest} characters", field=field, longest=longest)
    if not text.isprintable() and _CONTROL.search(text):
        raise Refusal("text.control", "{field} holds control characters", field=field)


def check_texts(row: object, fields: dict[str, int]) -> None:
    """``check_text`` for the fields of ``row`` named, each with its longest length."""
    for field, longest in fields.items():
        check_text(field, getattr(row, field), longest)
