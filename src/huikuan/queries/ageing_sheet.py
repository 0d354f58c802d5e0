"""The ageing as a workbook that looks like the screen: what was asked, the table, its totals; nothing in it is run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import override

from huikuan.core.money import exponent_of, to_decimal
from huikuan.queries.directory import entities_table
from huikuan.queries.frame import Frame

if TYPE_CHECKING:
    from huikuan.queries.ageing import AgeingPage, AgeingRow, AgeingTotal

INK = {"not_due": "#5F7A6B", "unapplied": "#6B7280"}
SCALE = ("#B7791F", "#C05621", "#C53030", "#822727")
"""Colours of the ageing scale, from just past due to longest; the same hues as on the screen."""
ROWS_MAX = 1_000_000
"""A sheet holds a few more rows than this."""
EXACT_DIGITS = 15
"""A spreadsheet's numbers are exact up to so many digits; a longer amount is written as text."""


def ageing_sheet(
    frame: Frame,
    answer: AgeingPage,
    *,
    by: str,
    bucket_by: str,
    basis: str,
    search: str,
    language: str,
) -> bytes:
    """The workbook's bytes: all rows of ``answer``, in the order of the screen."""
    with override(language):
        return _Sheet(frame, answer, by=by, chinese=language.lower().startswith("zh")).write(
            answer.rows.rows, _asked(frame, answer, bucket_by, basis, search)
        )


def _asked(frame: Frame, answer: AgeingPage, bucket_by: str, basis: str, search: str) -> list[tuple[str, str]]:
    """What the figures are, line by line, under the title."""
    entities = entities_table()
    codes = [f"{entities[number].name} ({entities[number].code})" for number in frame.entity_ids if number in entities]
    known = frame.known_on.strftime("%Y-%m-%d %H:%M:%S %Z") if isinstance(frame.known_on, datetime) else _("now")
    lines = [
        (_("Legal entity"), ", ".join(codes)),
        (_("As of"), frame.as_of.isoformat()),
        (_("As known on"), known),
        (_("Days from"), _("Due date") if bucket_by == "due" else _("Document date")),
        (_("Counts by"), _("Posting date") if basis == "posting" else _("Effective date")),
        (_("Entry no."), f"{answer.known_seq}" + (" (" + _("provisional") + ")" if answer.provisional else "")),
    ]
    if search.strip():
        lines.append((_("Find"), search.strip()))
    return lines


def bucket_word(label: str) -> str:
    """A bucket's heading in the language in force."""
    if label == "not_due":
        return _("Not due")
    if label == "unapplied":
        return _("Unapplied")
    return _("{days} days").format(days=label)


def group_word(by: str) -> str:
    words = {
        "customer": _("Customer"),
        "entity": _("Legal entity"),
        "currency": _("Currency"),
        "region": _("Region"),
        "product": _("Product"),
        "sales_rep": _("Sales rep"),
        "kind": _("Kind"),
        "contract_number": _("Contract number"),
    }
    return words.get(by, by)


class _Sheet:
    """One worksheet being written; text always as text, amounts as numbers with the places of their currency."""

    def __init__(self, frame: Frame, answer: AgeingPage, *, by: str, chinese: bool) -> None:
        self.frame, self.answer, self.by = frame, answer, by
        self.negative = "-" if chinese else "("
        self.file = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self.font = {"font_name": "Noto Sans SC" if chinese else "Calibri", "font_size": 10}
        self.book.set_properties({"title": _("Ageing"), "created": datetime(frame.as_of.year, 1, 1)})  # noqa: DTZ001
        self.sheet = self.book.add_worksheet(_("Ageing")[:31])
        self._formats: dict[Any, Any] = {}

    def format(self, **wanted: Any) -> Any:
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({**self.font, **wanted})
        return self._formats[key]

    def write(self, rows: Sequence[AgeingRow], asked: Sequence[tuple[str, str]]) -> bytes:
        self.sheet.hide_gridlines(2)
        self.sheet.write_string(
            0, 0, _("Ageing as of {day}").format(day=self.frame.as_of), self.format(bold=True, font_size=14)
        )
        for place, (label, text) in enumerate(asked, start=1):
            self.sheet.write_string(place, 0, label, self.format(font_color="#666666"))
            self.sheet.write_string(place, 1, text, self.format())
        head = len(asked) + 2
        self._head(head)
        for place, row in enumerate(rows, start=head + 1):
            self._row(place, row)
        last = head + len(rows)
        for place, total in enumerate(self.answer.totals.values(), start=last + 1):
            self._total(place, total)
        self.sheet.freeze_panes(head + 1, 1)
        if rows:
            self.sheet.autofilter(head, 0, last, self._last_column)
        self._for_print(head)
        self.book.close()
        return self.file.getvalue()

    @property
    def _last_column(self) -> int:
        return len(self.answer.columns) + 3

    def _head(self, place: int) -> None:
        line = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
        self.sheet.set_row(place, 30)
        self.sheet.write_string(place, 0, group_word(self.by), self.format(**line))
        self.sheet.write_string(place, 1, _("Currency"), self.format(**line))
        overdue = [label for label in self.answer.columns if label not in INK]
        for column, label in enumerate(self.answer.columns, start=2):
            scale = (
                SCALE[min(overdue.index(label) * len(SCALE) // max(len(overdue), 1), 3)]
                if label in overdue
                else INK[label]
            )
            self.sheet.write_string(
                place, column, bucket_word(label), self.format(**line, align="right", font_color=scale)
            )
        right = self.format(**line, align="right")
        self.sheet.write_string(place, len(self.answer.columns) + 2, _("Total"), right)
        self.sheet.write_string(place, self._last_column, _("Items"), right)
        self.sheet.set_column(0, 0, 36, self.format())
        self.sheet.set_column(1, 1, 10, self.format())
        self.sheet.set_column(2, len(self.answer.columns) + 2, 17, self.format())
        self.sheet.set_column(self._last_column, self._last_column, 9, self.format())

    def _row(self, place: int, row: AgeingRow) -> None:
        self.sheet.write_string(place, 0, row.label or "–", self.format())
        self.sheet.write_string(place, 1, row.currency, self.format())
        self._amounts(place, row.currency, row.cells, row.total_minor, {})
        self.sheet.write_number(place, self._last_column, row.items, self.format(num_format="#,##0"))

    def _total(self, place: int, total: AgeingTotal) -> None:
        line = {"bold": True, "top": 1}
        self.sheet.write_string(place, 0, _("Total"), self.format(**line))
        self.sheet.write_string(place, 1, total.currency, self.format(**line))
        self._amounts(place, total.currency, total.cells, total.total_minor, line)
        self.sheet.write_number(place, self._last_column, total.items or 0, self.format(num_format="#,##0", **line))

    def _amounts(self, place: int, currency: str, cells: dict[str, int], total: int, line: dict[str, Any]) -> None:
        for column, label in enumerate(self.answer.columns, start=2):
            minor = cells.get(label)
            if minor is None:
                self.sheet.write_blank(place, column, None, self.format(**line))
            else:
                self._amount(place, column, minor, currency, line)
        self._amount(place, len(self.answer.columns) + 2, total, currency, {**line, "bold": True})

    def _amount(self, place: int, column: int, minor: int, currency: str, line: dict[str, Any]) -> None:
        places = exponent_of(currency)
        digits = "#,##0" + (f".{'0' * places}" if places else "")
        pattern = f"{digits};({digits})" if self.negative == "(" else f"{digits};-{digits}"
        if len(str(abs(minor))) > EXACT_DIGITS:
            self.sheet.write_string(place, column, str(to_decimal(minor, currency)), self.format(align="right", **line))
            return
        self.sheet.write_number(place, column, to_decimal(minor, currency), self.format(num_format=pattern, **line))

    def _for_print(self, head: int) -> None:
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(head)
        self.sheet.set_footer("&L&A&R&P / &N")
