"""Files of banks and wallets as the application reads them: from where they are kept, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from huikuan.bank.reading import sources_of, stream_events
from huikuan.bank.source import Entry, Opened, Options, Source
from huikuan.bank.statement import BadStatement, Line, Statement
from huikuan.core.refusals import DataError
from huikuan.services.bank_spool import BLOCK, Spool, SpoolFile

Progress = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class ReadStatement:
    """A statement whose lines lie apart. ``days``: how many booked lines each booking day has; ``first`` and ``last``:
    of all lines; ``currency``: of the first of them; ``currencies``: of the booked ones, as they come."""

    head: Statement
    lines: Collection[Line]
    days: Counter[date] = field(default_factory=Counter)
    first: date | None = None
    last: date | None = None
    currency: str = ""
    currencies: dict[str, None] = field(default_factory=dict)

    def count(self, line: Line) -> None:
        """Takes note of one more line."""
        day = line.booking_date
        self.first = day if self.first is None else min(self.first, day)
        self.last = day if self.last is None else max(self.last, day)
        self.currency = self.currency or line.currency
        if line.is_booked:
            self.days[day] += 1
            if line.currency:
                self.currencies.setdefault(line.currency)

    @property
    def own_currency(self) -> str:
        """The currency its figures are in: what it says itself, else its first booked line."""
        return self.head.currency or next(iter(self.currencies), "")


def read_statement(statement: Statement) -> ReadStatement:
    """One that is in memory already."""
    read = ReadStatement(replace(statement, lines=()), statement.lines)
    for line in statement.lines:
        read.count(line)
    return read


def read_file_statements(
    path: Path, name: str, options: Options, room: SpoolFile, progress: Progress | None = None
) -> list[ReadStatement]:
    """The statements of a file in whatever format it is; their lines lie in ``room``. Raises ``BadStatement``
    with every fault."""
    statements: list[ReadStatement] = []
    errors: list[DataError] = []
    total = 0
    for source in sources_of(Source(name, path)):
        try:
            statements += _read_source(source, options, room, progress)
        except BadStatement as bad:
            errors += bad.errors
            total += bad.total
    if errors:
        raise BadStatement(errors, total)
    return statements


def _read_source(source: Source, options: Options, room: SpoolFile, progress: Progress | None) -> list[ReadStatement]:
    found: dict[int, ReadStatement] = {}
    spools: dict[int, Spool[Line]] = {}
    count = 0
    for event in stream_events(source, options):
        if isinstance(event, Opened):
            spools[event.number] = room.spool()
            found[event.number] = ReadStatement(event.statement, spools[event.number])
        elif isinstance(event, Entry):
            spools[event.number].append(event.line)
            found[event.number].count(event.line)
            count += 1
            if progress and count % BLOCK == 0:
                progress("read", count, None)
        else:
            found[event.number].head = event.statement
    return [found[number] for number in sorted(found)]


def lacks_currency(bad: BadStatement) -> bool:
    """Whether nothing is wrong but that the file names no currency: who says the account says it."""
    return bool(bad.errors) and all(one.code == "bank.no_currency" for one in bad.errors)


def lacks_date_order(bad: BadStatement) -> bool:
    """Whether a person can mend it by saying whether days or months come first."""
    return any(one.code == "bank.date_order" for one in bad.errors) and all(
        one.code in ("bank.no_currency", "bank.date_order") for one in bad.errors
    )
