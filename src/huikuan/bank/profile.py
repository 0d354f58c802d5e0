"""What a person settled about a bank's layout: saved as TOML, said once and used for every file of that bank."""

from __future__ import annotations

import tomllib
from pathlib import Path

from huikuan.bank.headings import FIELDS, IGNORED
from huikuan.bank.source import Options
from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import Refusal

_KEYS = frozenset({"currency", "account", "date_order", "columns"})


def parse_profile(text: str) -> Options:
    """``currency``, ``account``, ``date_order`` and a table ``columns`` of heading = field. Refuses
    ``bank.profile`` with what is wrong."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(f"it is no TOML: {error}") from None
    unknown = sorted(set(told) - _KEYS)
    if unknown:
        raise _refusal(f"{unknown[0]!r} is not known; it may hold {', '.join(sorted(_KEYS))}")
    columns = told.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(value, str) for value in columns.values()):
        raise _refusal('columns must be lines such as "Buchung" = "booking_date"')
    for heading, field in columns.items():
        if field not in FIELDS and field != IGNORED:
            raise _refusal(f"{heading!r} cannot be {field!r}; a column may be {', '.join(sorted(FIELDS))} or {IGNORED}")
    currency, order = str(told.get("currency", "")), str(told.get("date_order", ""))
    if currency and currency not in EXPONENTS:
        raise _refusal(f"{currency!r} is not an ISO 4217 currency")
    if order not in {"", "dmy", "mdy"}:
        raise _refusal(f"date_order is {order!r}, not dmy or mdy")
    return Options(currency, str(told.get("account", "")), order, tuple(columns.items()))


def read_profile(path: Path) -> Options:
    """The same from a file."""
    try:
        return parse_profile(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(f"it cannot be read: {error}") from None


def _refusal(why: str) -> Refusal:
    return Refusal("bank.profile", "the bank's profile cannot be used: {why}", why=why)
