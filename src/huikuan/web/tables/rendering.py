"""A table's rows as HTML, put together by hand: a page has thousands of cells, and a template takes longer for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huikuan.web import format as fmt
from huikuan.web.tables.columns import Column, Kind, Table
from huikuan.web.tags import address


class Links:
    """Addresses of many objects of a few pages: the page's pattern is looked up once."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self._kept = kept
        self._parts: dict[str, tuple[str, str]] = {}

    def to(self, name: str, target: Any) -> str:
        """The address of an object's page, escaped, with the frame. ``target``: a public id or a number."""
        if name not in self._parts:
            before, _sign, after = address(self._kept, name, "0").rpartition("/0/")
            self._parts[name] = (escape(f"{before}/"), escape(f"/{after}"))
        before, after = self._parts[name]
        return f"{before}{target}{after}"


def cell_text(column: Column, value: Any, currency: str, language: str) -> str:
    """What a cell says, as text."""
    if value is None or value == "":
        return ""
    if column.kind is Kind.MONEY:
        return fmt.format_amount(value, currency, language)
    if column.kind is Kind.COUNT:
        return fmt.format_count(value)
    if column.kind is Kind.DAY:
        return fmt.format_day(value, language)
    if column.kind is Kind.MOMENT:
        return fmt.format_moment(value, language)
    return str(value)


def _inner(column: Column, value: Any, currency: str, language: str) -> str:
    text = conditional_escape(cell_text(column, value, currency, language))
    if column.kind is Kind.MONEY and isinstance(value, int) and value <= 0:
        return f'<span class="{"neg" if value else "zero"}">{text}</span>'
    return text


def body(
    table: Table, columns: tuple[Column, ...], rows: Iterable[Any], kept: Mapping[str, str], *, picks: bool = False
) -> SafeString:
    """The rows; ``picks``: with a box to tick."""
    language = get_language() or "en"
    full, links = " data-full" if table.is_full else "", Links(kept)
    tells = _amounts_that_tell(columns)
    parts = []
    for row in rows:
        name, target = table.open(row)
        href = links.to(name, target)
        parts.append(f'<tr data-href="{href}"{full}>')
        currency = escape(table.currency(row))
        for place, column in enumerate(columns):
            inner = column.html(row) if column.html else _inner(column, column.value(row), currency, language)
            classes = f' class="{column.classes}"' if column.classes else ""
            if place == 0:
                tick = _tick(table, row) if picks else ""
                parts.append(f'<th scope="row"{classes}>{tick}<a href="{href}">{inner or "–"}</a></th>')
                continue
            if column.page and inner:
                page, public_id = column.page(row)
                if public_id:
                    inner = f'<a href="{links.to(page, public_id)}">{inner}</a>'
            if inner and (told := tells.get(column.key)):
                inner = f'{inner}<small class="{told}"> {currency}</small>'
            parts.append(f"<td{classes}>{inner}</td>")
        parts.append("</tr>")
    return SafeString("".join(parts))


def _tick(table: Table, row: Any) -> str:
    if table.tick is None:
        return ""
    label = escape(table.columns[0].value(row))
    return (
        f'<input type="checkbox" class="pick" name="id" value="{escape(table.tick(row))}" form="bulk"'
        f' aria-label="{label}">'
    )


def _where_currency_is_told(columns: tuple[Column, ...]) -> str:
    """The classes of a currency told beside an amount: on a phone, or everywhere, where its column does not stand."""
    css = next((column.css for column in columns if column.key == "currency"), None)
    return "dim" if css is None else "dim phone-only" if css == "desk-only" else ""


def _amounts_that_tell(columns: tuple[Column, ...]) -> dict[str, str]:
    """By key the amounts that tell their currency, with its classes: the first one, and the first one on a phone."""
    told, money = _where_currency_is_told(columns), [one for one in columns if one.kind is Kind.MONEY]
    if not told:
        return {}
    on_phone = [one.key for one in money if "desk-only" not in one.css][:1]
    return {**dict.fromkeys(on_phone, "dim phone-only"), **{one.key: told for one in money[:1] if told == "dim"}}


def foot(table: Table, columns: tuple[Column, ...], totals: Iterable[Any]) -> SafeString:
    """The totals of everything found, a line per currency: it is told with the word where its column does not stand."""
    language, told = get_language() or "en", _where_currency_is_told(columns)
    parts = []
    for line in totals:
        word: str = escape(table.total_word(line) if table.total_word else _("Total"))
        if told:
            word = f'{word}<small class="{told}"> {escape(line.currency)}</small>'
        parts.append(f'<tr><th scope="row">{word}</th>')
        for column in columns[1:]:
            value = column.total(line) if column.total else line.currency if column.key == "currency" else None
            inner = _inner(column, value, line.currency, language) if value is not None else ""
            classes = f' class="{column.classes}"' if column.classes else ""
            parts.append(f"<td{classes}>{inner}</td>")
        parts.append("</tr>")
    return SafeString("".join(parts))
