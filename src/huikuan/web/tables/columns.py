"""What a table is: its columns, its filters, and how its rows are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.functional import Promise
from django.utils.safestring import SafeString

from huikuan.core.rights import Right
from huikuan.queries.frame import Frame
from huikuan.queries.listing import PAGE_SIZE_MAX, Page, Whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Word = str | Promise
T = TypeVar("T")
Filters = TypeVar("Filters", bound="DataclassInstance")
Values = Mapping[str, Any]
"""What the filters of an address say, as read; empty ones are not in it."""


class Kind(StrEnum):
    """What stands in a column: how it is shown, aligned, and written to a sheet."""

    TEXT = "text"
    CODE = "code"
    """A number of somebody's system: text, never a figure."""
    MONEY = "money"
    COUNT = "count"
    DAY = "day"
    MOMENT = "moment"


RIGHT = frozenset({Kind.MONEY, Kind.COUNT})
CLASSES = {Kind.CODE: "code", Kind.DAY: "date", Kind.MOMENT: "moment"}
WIDTHS = {Kind.TEXT: 22, Kind.CODE: 18, Kind.MONEY: 17, Kind.COUNT: 9, Kind.DAY: 12, Kind.MOMENT: 24}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``value`` takes a row: minor units for money, a date, an instant, a number or text; ``None`` is an
    empty cell. ``page``: the page the cell leads to and the public id there. ``total`` takes a line of the totals.
    ``html`` replaces the usual cell on the page; the file has ``value`` all the same."""

    key: str
    word: Word
    kind: Kind
    value: Callable[[Any], Any]
    sort: bool = False
    shown: bool = True
    css: str = ""
    width: int = 0
    page: Callable[[Any], tuple[str, str]] | None = None
    total: Callable[[Any], Any] | None = None
    html: Callable[[Any], SafeString] | None = None
    by_value: bool = False
    """An amount that is put in order by its value in the books."""

    @property
    def classes(self) -> str:
        usual = "num" if self.kind in RIGHT else CLASSES.get(self.kind, "")
        return " ".join(part for part in (usual, self.css) if part)

    @property
    def still(self) -> bool:
        """Whether rows are not put in order by it."""
        return not self.sort

    @property
    def sheet_width(self) -> int:
        return self.width or WIDTHS[self.kind]


Choices = Callable[[Frame], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing a table is narrowed by. ``kind``: choice, text, day, amount or flag. ``choices`` gives codes and words;
    for ``text`` they are proposals. ``is_quiet``: set by links, shown as a chip, not offered among the filters;
    ``say`` gives the chip's words for a value where they are not the value's own."""

    key: str
    word: Word
    kind: str
    choices: Choices | None = None
    is_quiet: bool = False
    say: Callable[[Frame, str], str] | None = None


def filters_of(kind: type[Filters], **choices: Collection[str]) -> Callable[[Values], Filters]:
    """Reads what a question is narrowed by. Values it has no name for are not its own; where ``choices`` says what
    there is of a name, anything else is as if nothing had been said."""
    names = [one.name for one in fields(kind)]

    def read(values: Values) -> Filters:
        said = {name: values[name] for name in names if name in values}
        return kind(**{name: value for name, value in said.items() if value in choices.get(name, (value,))})

    return read


def paged(
    question: Callable[..., Page[T]], read: Callable[[Values], Any]
) -> Callable[[Frame, Values, str, int, int], Page[T]]:
    """A table's rows: a page of what a question finds."""
    return lambda frame, values, sort, page, size: question(
        frame, filters=read(values), sort=sort, page=page, size=size
    )


def in_one(
    question: Callable[..., Whole[T]], read: Callable[[Values], Any]
) -> Callable[[Frame, Values, str], Whole[T]]:
    """Every row of a table: all that a question finds."""
    return lambda frame, values, sort: question(frame, filters=read(values), sort=sort)


def all_pages(find: Callable[[int, int], Page[T]]) -> Whole[T]:
    """Everything a paged question finds."""
    first = find(1, PAGE_SIZE_MAX)

    def rows() -> Iterator[T]:
        yield from first.rows
        for number in range(2, (first.total + PAGE_SIZE_MAX - 1) // PAGE_SIZE_MAX + 1):
            yield from find(number, PAGE_SIZE_MAX).rows

    return Whole(rows(), first.total, first.totals)


@dataclass(frozen=True, slots=True)
class Table:
    """A list of the product. ``rows`` and ``whole`` take a frame, the values read of the filters, the order (and the
    slice). The first column stays first and is always shown; ``open`` gives the page a row leads to."""

    key: str
    word: Word
    room: str
    page: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...]
    usual_sort: str
    rows: Callable[[Frame, Values, str, int, int], Page[Any]]
    open: Callable[[Any], tuple[str, Any]]
    whole: Callable[[Frame, Values, str], Whole[Any]] | None = None
    """Every row, where that is less work than all pages one after the other."""
    currency: Callable[[Any], str] = lambda row: str(row.currency)
    total_word: Callable[[Any], str] | None = None
    tick: Callable[[Any], str] | None = None
    """The value of a row's checkbox, where rows can be chosen."""
    fixed: tuple[str, ...] = ()
    """Parameters of the address that are the page's own: chips beside the filters."""
    is_full: bool = False
    """Rows open as a page, not in the drawer."""
    searches: Word = ""
    right: Right = Right.SEE_LEDGER
    """What a person must hold, for all customers where it is not the ledger, to see the rows of an entity."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def every_row(self, frame: Frame, values: Values, sort: str) -> Whole[Any]:
        """Everything the filters leave, for a file."""
        if self.whole is not None:
            return self.whole(frame, values, sort)
        return all_pages(lambda page, size: self.rows(frame, values, sort, page, size))

    @property
    def sorts(self) -> tuple[str, ...]:
        return tuple(column.key for column in self.columns if column.sort)
