"""A bank's or wallet's table (CSV, Excel, HTML) of any layout: rows → lines, read by the meaning of its headings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from huikuan.bank.headings import fold
from huikuan.bank.rows import Cell, Sheet, read_sheets
from huikuan.bank.source import Closed, Entry, Event, Faults, Opened, Options, Source
from huikuan.bank.statement import Balance, Statement, StatementFormat
from huikuan.bank.table_layout import HEAD_ROWS, Layout, amount_of, find_layout, heading_currency
from huikuan.bank.table_rows import RowReader
from huikuan.bank.table_words import currency_of, facts_of, tidy
from huikuan.bank.values import read_day
from huikuan.core.said import Said

_TRAILER_MAX = 60
_NOTES_MAX = 50
_SEEN_HEADINGS = 12
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ALIPAY = re.compile(r"支付宝(账户|账号|账务|业务|交易|商家|（中国）|\(中国\))")
_CLOSED = re.compile(r"交易关闭|已关闭")


def read_table(source: Source, faults: Faults, options: Options) -> Iterator[Event]:
    """Every sheet that holds a table of movements; one statement per account and currency."""
    numbers = itertools.count(1)
    tables = 0
    seen: list[str] = []
    for sheet in read_sheets(source):
        head = list(itertools.islice(sheet.rows, HEAD_ROWS))
        layout = find_layout(head, sheet.delimiter, {fold(heading): name for heading, name in options.columns})
        if layout is None:
            widest = max((cells for _, cells in head[:80]), key=_filled, default=[])
            seen = seen or [tidy(cell) for cell in widest if tidy(cell)]
            continue
        tables += 1
        yield from _Table(source, sheet, head, layout, faults, options, numbers).read()
    if not tables:
        named = ", ".join(seen[:_SEEN_HEADINGS])[:300]
        reason = "no row of headings names a day and an amount" + (f"; the fullest row reads: {named}" if named else "")
        faults.add("bank.no_headings", reason)


def _filled(cells: list[Cell]) -> int:
    return sum(1 for cell in cells if tidy(cell))


@dataclass(slots=True)
class _Account:
    """One statement of a table while it is read."""

    number: int
    statement: Statement
    lines: int = 0
    first: date | None = None
    last: date | None = None


@dataclass(slots=True)
class _Table:
    """One sheet while it is read."""

    source: Source
    sheet: Sheet
    head: list[tuple[int, list[Cell]]]
    layout: Layout
    faults: Faults
    options: Options
    numbers: Iterator[int]
    accounts: dict[tuple[str, str], _Account] = field(default_factory=dict)
    trailer: list[list[str]] = field(default_factory=list)
    notes: list[Said] = field(default_factory=list)

    def read(self) -> Iterator[Event]:
        layout = self.layout
        before = [[tidy(cell) for cell in cells] for _, cells in self.head[: layout.header_at]]
        facts = facts_of(before)
        kind = _kind(before, layout)
        self._settle_order(facts)
        self.notes += layout.notes
        reader = RowReader(layout, self.faults, kind, self._default_currency(facts, kind), self._closed_orders(kind))
        reader.place = self.sheet.title
        rows = itertools.chain(self.head[layout.header_at + 1 :], self.sheet.rows)
        for row, cells in rows:
            line = reader.read(row, cells)
            if line is not None:
                account = self._account(reader.account, line.currency, facts, kind)
                if len(self.accounts) > 1:
                    line = replace(line, ordinal=account.lines + 1)
                if account.lines == 0:
                    yield Opened(account.number, account.statement)
                account.lines += 1
                account.first = min(account.first or line.booking_date, line.booking_date)
                account.last = max(account.last or line.booking_date, line.booking_date)
                yield Entry(account.number, line)
            elif reader.rest and len(self.trailer) < _TRAILER_MAX:
                self.trailer.append(reader.rest)
        if not self.accounts:
            account = self._account("", reader.currency, facts, kind)
            yield Opened(account.number, account.statement)
        told = facts_of(self.trailer)
        for account in self.accounts.values():
            yield Closed(account.number, self._complete(account, facts, told, reader))

    def _settle_order(self, facts: dict[str, str]) -> None:
        """Day and month: what the cells prove, else the person, else the currency's country, else no reading."""
        layout = self.layout
        if layout.date_order != "?":
            return
        currency = currency_of(facts.get("currency", "")) or self.options.currency or heading_currency(layout)
        at = layout.first("currency")
        cells = self.head[layout.header_at + 1][1] if len(self.head) > layout.header_at + 1 else []
        if at is not None and at < len(cells):
            currency = currency_of(tidy(cells[at])) or currency
        layout.date_order = self.options.date_order or (
            "dmy" if currency in {"GBP", "EUR", "AUD", "NZD", "CHF"} else ""
        )
        if not layout.date_order:
            row = self.head[layout.header_at][0]
            heading = layout.heading(layout.first("booking_date"))
            reason = "day and month cannot be told apart in this file: say --date-order dmy or mdy"
            self.faults.add("bank.date_order", reason, row, heading)
            layout.date_order = "dmy"

    def _default_currency(self, facts: dict[str, str], kind: StatementFormat) -> str:
        layout = self.layout
        named = currency_of(facts.get("currency", "")) or currency_of(heading_currency(layout)) or ""
        if named or self.options.currency:
            return named or self.options.currency
        if kind is not StatementFormat.TABLE:
            return "CNY"
        has_column = layout.first("currency") is not None
        if any(_CHINESE.search(heading) for heading in layout.headings):
            if not has_column:
                self.notes.append(Said("the file names no currency; its headings are Chinese, so CNY is taken"))
            return "CNY"
        return ""

    def _closed_orders(self, kind: StatementFormat) -> frozenset[str]:
        """Orders of a wallet that were closed: their refunds moved no money either. They may stand anywhere."""
        layout = self.layout
        status, reference = layout.first("status"), layout.first("bank_reference")
        if kind is StatementFormat.TABLE or status is None or reference is None:
            return frozenset()
        found = set()
        for sheet in read_sheets(self.source):
            for _, cells in sheet.rows:
                if max(status, reference) < len(cells) and _CLOSED.search(tidy(cells[status])):
                    number = tidy(cells[reference])
                    found |= {number} if len(number) > 7 else set()
        return frozenset(found)

    def _account(self, told: str, currency: str, facts: dict[str, str], kind: StatementFormat) -> _Account:
        name = told or facts.get("account", "") or self.options.account
        found = self.accounts.get((name, currency))
        if found is None:
            number = next(self.numbers)
            statement = Statement(
                kind,
                account=name,
                bank=facts.get("bank", ""),
                currency=currency,
                owner=facts.get("owner", ""),
                row=self.head[self.layout.header_at][0],
                file=self.faults.name,
            )
            found = self.accounts[name, currency] = _Account(number, statement)
        return found

    def _complete(self, account: _Account, facts: dict[str, str], told: dict[str, str], reader: RowReader) -> Statement:
        """The statement with what stands before and behind the table, and the days of its lines."""
        order = self.layout.date_order
        start = read_day(facts.get("from_date", ""), order) or account.first
        end = read_day(facts.get("to_date", ""), order) or account.last
        opening, closing = None, None
        if len(self.accounts) == 1:
            opening = reader.opening or self._balance(facts, told, "opening", account, start)
            closing = reader.closing or self._balance(facts, told, "closing", account, end)
        notes = tuple(self.notes[:_NOTES_MAX])
        return replace(account.statement, from_date=start, to_date=end, opening=opening, closing=closing, notes=notes)

    def _balance(
        self, facts: dict[str, str], told: dict[str, str], name: str, account: _Account, on: date | None
    ) -> Balance | None:
        text = facts.get(name) or told.get(name) or ""
        amount = amount_of(text, self.layout.comma) if text else None
        row = self.head[self.layout.header_at][0]
        return None if amount is None else Balance(amount, on, account.statement.currency, row)


def _kind(before: list[list[str]], layout: Layout) -> StatementFormat:
    text = "".join(cell for cells in before for cell in cells)
    headings = "".join(layout.headings)
    if "微信" in text or "微信" in headings:
        return StatementFormat.WECHAT
    if _ALIPAY.search(text) or "支付宝交易" in headings:
        return StatementFormat.ALIPAY
    both = ("交易订单号", "商家订单号"), ("账务流水号", "业务流水号")
    return (
        StatementFormat.ALIPAY
        if any(one in headings and two in headings for one, two in both)
        else StatementFormat.TABLE
    )
