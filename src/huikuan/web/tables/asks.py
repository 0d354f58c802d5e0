"""How a table is asked for in the address: filters, columns, order, slice, and the saved view it comes from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huikuan.core.refusals import Refusal
from huikuan.queries.finding import amount_of
from huikuan.web.format import format_day
from huikuan.web.frames import KEPT, Seat, read_day
from huikuan.web.lists import Chip, changed
from huikuan.web.pages import ListAsk, read_list
from huikuan.web.tables.columns import Column, Filter, Table
from huikuan.web.tables.saved import STANDARD, Saved, Viewed, take_view

TEXT_MAX = 120


@dataclass(frozen=True, slots=True)
class TableAsk:
    """What the address says. ``values``: filters as read (dates, decimals, texts), empty ones left out; ``saved``: the
    saved views and the one it comes from."""

    table: Table
    basics: ListAsk
    columns: tuple[Column, ...]
    values: dict[str, Any]
    chips: list[Chip]
    saved: Saved

    @property
    def wanted(self) -> dict[str, Any]:
        """What the table's questions are asked with."""
        return {**self.values, "search": self.basics.search} if self.table.searches else self.values

    @property
    def is_narrowed(self) -> bool:
        return bool(self.basics.search or self.values)


def read_table(request: HttpRequest, seat: Seat, table: Table) -> TableAsk:
    """Reads the address. An address that says nothing about the table is that of the person's usual view.

    Refuses what is no day and no amount.
    """
    saved = take_view(request, viewed(table))
    values: dict[str, Any] = {}
    chips = []
    for one in table.filters:
        value = read_filter(request.GET, one)
        if value in (None, "", ()):
            continue
        values[one.key] = value
        if one.key not in table.fixed:
            chips.append(Chip(_chip_word(seat, one, value), changed(request, **{one.key: None}), True))
    return TableAsk(
        table=table,
        basics=read_list(request, sort=table.usual_sort, sorts=table.sorts),
        columns=chosen_columns(table, request.GET.get("cols", "")),
        values=values,
        chips=chips,
        saved=saved,
    )


def params_of(table: Table) -> tuple[str, ...]:
    """The parameters of the address that say how the table is looked at; a view keeps these."""
    return (
        "q",
        "sort",
        "size",
        "cols",
        *table.fixed,
        *(one.key for one in table.filters if one.key not in table.fixed),
    )


def viewed(table: Table) -> Viewed:
    """What a saved view of a table keeps."""
    return Viewed(table.key, table.page, params_of(table))


def chosen_columns(table: Table, text: str) -> tuple[Column, ...]:
    """The columns a person chose, in the person's order, after the first; the usual ones where none are named."""
    first, *rest = table.columns
    named = {column.key: column for column in rest}
    chosen = [named[key] for key in dict.fromkeys(text.split(",")) if key in named]
    return (first, *(chosen or [column for column in rest if column.shown]))


def read_filter(given: QueryDict, one: Filter) -> date | Decimal | str | tuple[str, ...] | None:
    text = given.get(one.key, "").strip()[:TEXT_MAX]
    if not text:
        return None
    if one.kind == "day":
        return read_day(text[:10])
    if one.kind == "amount":
        return read_amount(text)
    return text


def read_amount(text: str) -> Decimal:
    """``-1,234.50`` → the amount in major units. Refuses ``table.bad_amount``."""
    plain = unicodedata.normalize("NFKC", text).strip()
    value = amount_of(plain)
    if value is None:
        raise Refusal("table.bad_amount", "{text} is not an amount; write it as 1,234.50", text=text[:40])
    return -value if plain.startswith("-") else value


def _chip_word(seat: Seat, one: Filter, value: Any) -> str:
    if one.kind == "flag":
        return f"{one.word} ×"
    if one.say:
        text = one.say(seat.frame, str(value))
    elif isinstance(value, date):
        text = format_day(value, get_language() or "en")
    elif one.kind == "amount":
        text = f"{value:,}"
    else:
        text = (
            dict(one.choices(seat.frame)).get(str(value), str(value))
            if one.kind == "choice" and one.choices
            else str(value)
        )
    return _("{filter}: {value}").format(filter=one.word, value=text) + " ×"


def hidden_fields(request: HttpRequest, *without: str) -> list[tuple[str, str]]:
    """What a form of the table's page carries on of the address."""
    leave = {"page", *without}
    return [(name, str(text)) for name, text in request.GET.items() if name not in leave]


def query_of(request: HttpRequest, table: Table) -> str:
    """The address's parameters a file of the table is asked for with: the frame and what the table shows."""
    keep = {*KEPT, *params_of(table)}
    query = QueryDict(mutable=True)
    for name, text in request.GET.items():
        if name in keep:
            query[name] = str(text)
    query.setdefault("of", STANDARD)
    return query.urlencode()
