"""Several files together: every fault of all of them, balances asked, and no payment taken twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from huikuan.bank.balances import BalanceCheck
from huikuan.bank.identity import Fingerprints, KnownLine, account_key, find_known
from huikuan.bank.reading import sources_of, stream_events
from huikuan.bank.source import Closed, Entry, Opened, Options, Source
from huikuan.bank.statement import FAULTS_MAX, BadStatement, Line, LineStatus, Statement
from huikuan.core.refusals import DataError


@dataclass(frozen=True, slots=True)
class Found:
    """A booked line with its key, the statement (without lines) it stands in, and which of which file that is."""

    key: str
    line: Line
    statement: Statement
    place: tuple[int, int]


@dataclass(slots=True)
class _Span:
    """The days of one statement."""

    account: str
    place: tuple[int, int]
    first: date
    last: date


@dataclass(slots=True)
class Collection:
    """What was read: counts, remarks, balances that do not tie (``unbalanced``), lines told twice (``doubled``).

    Go through ``lines`` once, then ask ``raise_if_any``; where ``overlaps`` is true, statements of one account share
    days: take the lines of ``distinct`` instead.
    """

    sources: Sequence[Source]
    options: Options
    accept_balances: bool = False
    statements: list[Statement] = field(default_factory=list)
    booked: int = 0
    pending: int = 0
    information: int = 0
    doubled: int = 0
    unbalanced: list[DataError] = field(default_factory=list)
    errors: list[DataError] = field(default_factory=list)
    total: int = 0
    _spans: list[_Span] = field(default_factory=list)

    def lines(self) -> Iterator[Found]:
        """Every booked line of every file, as a stream. Faults are gathered."""
        for place, source in enumerate(self._files()):
            try:
                yield from self._read(place, source)
            except BadStatement as bad:
                self.errors += bad.errors[: FAULTS_MAX - len(self.errors)]
                self.total += bad.total

    def _files(self) -> Iterator[Source]:
        for source in self.sources:
            try:
                yield from sources_of(source)
            except BadStatement as bad:
                self.errors += bad.errors
                self.total += bad.total

    def _read(self, place: int, source: Source) -> Iterator[Found]:
        keys: dict[str, Fingerprints] = {}
        heads: dict[int, Statement] = {}
        checks: dict[int, BalanceCheck] = {}
        spans: dict[int, _Span] = {}
        for event in stream_events(source, self.options):
            if isinstance(event, Opened):
                heads[event.number] = event.statement
                checks[event.number] = BalanceCheck(source.name)
            elif isinstance(event, Entry):
                head, line = heads[event.number], event.line
                checks[event.number].feed(line)
                if not line.is_booked:
                    self.pending += line.status is LineStatus.PENDING
                    self.information += line.status is LineStatus.INFORMATION
                    continue
                self.booked += 1
                account = account_key(head.account)
                span = spans.setdefault(
                    event.number, _Span(account, (place, event.number), line.booking_date, line.booking_date)
                )
                span.first, span.last = min(span.first, line.booking_date), max(span.last, line.booking_date)
                key = keys.setdefault(account, Fingerprints(account)).of(line)
                yield Found(key, line, head, (place, event.number))
            elif isinstance(event, Closed):
                self.statements.append(event.statement)
                self.unbalanced += checks[event.number].faults(event.statement)
        self._spans += spans.values()

    def raise_if_any(self) -> None:
        """Refuses everything where a file cannot be read, or balances do not tie and nobody accepted that."""
        unbalanced = [] if self.accept_balances else self.unbalanced
        if self.errors or unbalanced:
            raise BadStatement([*self.errors, *unbalanced], self.total + len(unbalanced))

    @property
    def overlaps(self) -> bool:
        """Whether two statements of one account share days."""
        return bool(self._overlapping())

    def _overlapping(self) -> set[tuple[int, int]]:
        found: set[tuple[int, int]] = set()
        by_account: dict[str, list[_Span]] = defaultdict(list)
        for span in sorted(self._spans, key=lambda one: (one.account, one.first, one.last)):
            by_account[span.account].append(span)
        for spans in by_account.values():
            reach = spans[0]
            for span in spans[1:]:
                if span.first <= reach.last:
                    found |= {reach.place, span.place}
                reach = max(reach, span, key=lambda one: one.last)
        return found

    def distinct(self) -> Iterator[Found]:
        """The lines again, of those told by several statements only the first."""
        overlapping = self._overlapping()
        known: dict[str, list[KnownLine]] = defaultdict(list)
        again = replace(self, statements=[], unbalanced=[], errors=[], _spans=[])
        for place, source in enumerate(again._files()):
            held: dict[tuple[int, int], list[Found]] = defaultdict(list)
            for found in again._read(place, source):
                if found.place in overlapping:
                    held[found.place].append(found)
                else:
                    yield found
            for lines in held.values():
                yield from self._unknown(lines[0].statement, lines, known)

    def _unknown(self, statement: Statement, lines: list[Found], known: dict[str, list[KnownLine]]) -> Iterator[Found]:
        # Without an account only the same format is comparable: another file may be another account's.
        told = known[account_key(statement.account) or f"?{statement.format}"]
        same = find_known(told, replace(statement, lines=tuple(one.line for one in lines)))
        for one in lines:
            if one.line.ordinal in same:
                self.doubled += 1
            else:
                told.append(KnownLine(one.key, one.line, statement.format))
                yield one
