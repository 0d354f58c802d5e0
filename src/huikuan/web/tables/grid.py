"""A table on its page: what the templates of the bar, the rows and the choosers need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from huikuan.core.rights import Right
from huikuan.queries.cells import book_currency
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.web.frames import Seat
from huikuan.web.lists import Chip, total_lines
from huikuan.web.pages import SIZES
from huikuan.web.tables.asks import TableAsk, hidden_fields, query_of
from huikuan.web.tables.columns import Column, Table
from huikuan.web.tables.rendering import body, foot


@dataclass(frozen=True, slots=True)
class Grid:
    """A page of a table. ``own_chips``: the page's own choices beside the filters, each a group with its label."""

    table: Table
    ask: TableAsk
    rows: Page[Any]
    body: SafeString
    foot: SafeString
    note: str
    query: str
    fields: list[tuple[str, str]]
    column_fields: list[tuple[str, str]]
    sizes: tuple[int, ...]
    own_chips: list[tuple[str, list[Chip]]]
    may_export: bool
    picks: bool

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        """Columns to choose from: those shown, in their order, then the others."""
        shown = self.ask.columns[1:]
        return [(column, True) for column in shown] + [
            (column, False) for column in self.table.columns[1:] if column not in shown
        ]

    @property
    def offers_filters(self) -> bool:
        return any(not one.is_quiet and one.key not in self.table.fixed for one in self.table.filters)


def grid_of(
    request: HttpRequest,
    seat: Seat,
    ask: TableAsk,
    rows: Page[Any],
    *,
    own_chips: list[tuple[str, list[Chip]]] | None = None,
    picks: bool | None = None,
) -> Grid:
    """What a table's page shows. ``picks``: whether rows can be ticked; where it is not said, those who may take a
    file of them can."""
    table = ask.table
    picks = table.tick is not None and (seat.covers(Right.EXPORT) if picks is None else picks)
    return Grid(
        table=table,
        ask=ask,
        rows=rows,
        body=body(table, ask.columns, rows.rows, seat.kept, picks=picks),
        foot=foot(table, ask.columns, total_lines(rows.totals)),
        note=order_note(seat, ask),
        query=query_of(request, table),
        fields=hidden_fields(request, "q"),
        column_fields=hidden_fields(request, "cols"),
        sizes=SIZES,
        own_chips=own_chips or [],
        may_export=may_export(seat, table),
        picks=picks,
    )


def frame_of(seat: Seat, table: Table) -> Frame:
    """What a person may see of a table."""
    return seat.frame if table.right is Right.SEE_LEDGER else seat.frame_for(table.right)


def may_export(seat: Seat, table: Table) -> bool:
    """Whether a person may take a file of all that the table shows."""
    if table.right is Right.SEE_LEDGER:
        return seat.covers(Right.EXPORT)
    shown = frame_of(seat, table).entity_ids
    return bool(shown) and all(seat.can_whole(Right.EXPORT, number) for number in shown)


def order_note(seat: Seat, ask: TableAsk) -> str:
    """How amounts in several currencies are put in order, where they are."""
    column = next((one for one in ask.table.columns if one.key == ask.basics.sort.removeprefix("-")), None)
    if column is None or not column.by_value:
        return ""
    book = book_currency(seat.frame.entity_ids)
    if book:
        return _("In order of the value in {currency}.").format(currency=book)
    return _("In order of the currency, then the amount: the books are kept in several currencies.")
