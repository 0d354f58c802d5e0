"""BAI2: records of a cash management file. Amounts have no decimal point: the currency's exponent sets it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from huikuan.bank.source import Closed, Entry, Event, Faults, Opened, Options, Source, detect_encoding, text_lines
from huikuan.bank.statement import Balance, Line, LineStatus, Statement, StatementFormat
from huikuan.bank.values import make_day
from huikuan.core.money import EXPONENTS

_KINDS = frozenset({"01", "02", "03", "16", "49", "88", "98", "99"})
_AMOUNT = re.compile(r"[+-]?\d{1,18}")
_USUAL_CURRENCY = "USD"
"""What BAI2 means where neither account nor group names a currency."""


def looks_like_bai2(head: str) -> bool:
    """Whether a text begins like a BAI2 file."""
    return bool(re.match(r"\s*01,[^,\n]*,[^,\n]*,\d{6},\d{0,4},", head))


@dataclass(slots=True)
class _Record:
    """One record with its continuations: fields by comma, and the text of continuations."""

    row: int
    kind: str
    fields: list[str]
    texts: list[str] = field(default_factory=list)
    size: int = 1


def read_bai2(source: Source, faults: Faults, options: Options) -> Iterator[Event]:
    """Each account record of a file is a statement."""
    reader = _File(faults, options)
    for record in _records(source, faults):
        yield from reader.take(record)
    yield from reader.end()


def _records(source: Source, faults: Faults) -> Iterator[_Record]:
    record: _Record | None = None
    for row, raw in text_lines(source, detect_encoding(source)):
        text = raw.strip().lstrip("\ufeff")
        if not text:
            continue
        kind = text[:2]
        if kind not in _KINDS or text[2:3] not in {",", "/", ""}:
            faults.add("bank.record", f"{text[:30]!r} does not begin with a record code such as 16", row)
            continue
        content = text[3:]
        if kind == "88" and record is not None:
            record.size += 1
            if record.kind == "16" and len(record.fields) >= 5:
                record.texts.append(content.removesuffix("/"))
            else:
                record.fields += content.removesuffix("/").split(",")
            continue
        if record is not None:
            yield record
        record = _Record(row, kind, content.removesuffix("/").split(","))
    if record is not None:
        yield record


class _File:
    """The file while it is read: group, account, and what its trailers must count."""

    def __init__(self, faults: Faults, options: Options) -> None:
        self.faults = faults
        self.options = options
        self.number = 0
        self.statement: Statement | None = None
        self.day: date | None = None
        self.group_currency = ""
        self.bank = ""
        self.lines = 0
        self.total = 0
        self.records = 0
        self.open_groups = 0
        self.ended = False

    def take(self, record: _Record) -> Iterator[Event]:
        if record.kind == "01":
            self.bank = record.fields[0] if record.fields else ""
        elif record.kind == "02":
            self._group(record)
        elif record.kind == "03":
            yield from self._close(record.row, trailer=None)
            yield self._account(record)
        elif record.kind == "16":
            yield from self._detail(record)
        elif record.kind == "49":
            yield from self._close(record.row, trailer=record)
        elif record.kind == "98":
            yield from self._close(record.row, trailer=None)
            self.open_groups -= 1
        elif record.kind == "99":
            self.ended = True

    def end(self) -> Iterator[Event]:
        yield from self._close(None, trailer=None)
        if self.number == 0:
            self.faults.add("bank.no_statement", "the file holds no account (record 03)")
        elif not self.ended or self.open_groups:
            self.faults.add("bank.cut", "the file has no end (records 98 and 99): it is cut off")

    def _group(self, record: _Record) -> None:
        fields = [*record.fields, *[""] * 7]
        self.open_groups += 1
        self.bank = fields[1] or self.bank
        self.group_currency = fields[5] if fields[5] in EXPONENTS else ""
        day = fields[3]
        self.day = make_day(int(day[:2]), int(day[2:4]), int(day[4:6])) if re.fullmatch(r"\d{6}", day) else None
        if self.day is None:
            self.faults.add("bank.date", f"{day[:20]!r} is not a day such as 260131", record.row, "02")

    def _account(self, record: _Record) -> Opened:
        self.number += 1
        self.lines, self.total, self.records = 0, 0, record.size
        fields = [*record.fields, ""]
        currency = fields[1] or self.group_currency or self.options.currency or _USUAL_CURRENCY
        if currency not in EXPONENTS:
            self.faults.add("bank.currency", f"{currency[:10]!r} is not a currency", record.row, "03")
            currency = _USUAL_CURRENCY
        account = fields[0] or self.options.account
        if not account:
            self.faults.add("bank.no_account", "the record names no account", record.row, "03")
        statement = Statement(
            StatementFormat.BAI2,
            account=account,
            bank=self.bank,
            currency=currency,
            from_date=self.day,
            to_date=self.day,
            row=record.row,
            file=self.faults.name,
        )
        for code, amount in self._summaries(record.fields[2:], record.row):
            if amount is not None:
                balance = Balance(_major(amount, currency), self.day, currency, record.row)
                if code == "010":
                    statement = replace(statement, opening=balance)
                elif code == "015":
                    statement = replace(statement, closing=balance)
        self.statement = statement
        return Opened(self.number, statement)

    def _summaries(self, fields: list[str], row: int) -> Iterator[tuple[str, int | None]]:
        """Type code and amount of each summary in an account record."""
        rest = fields[::-1]
        while rest:
            code = rest.pop().strip()
            if not code:
                continue
            amount = self._amount(rest.pop() if rest else "", row)
            if rest:
                rest.pop()  # how many items
            if rest:
                self._skip_funds(rest)
            yield code, amount

    def _amount(self, text: str, row: int) -> int | None:
        bare = text.strip()
        if not bare:
            return None
        if not _AMOUNT.fullmatch(bare):
            self.faults.add("bank.amount", f"{bare[:30]!r} is not an amount in the currency's smallest unit", row)
            return None
        self.total += int(bare)
        return int(bare)

    @staticmethod
    def _skip_funds(rest: list[str]) -> str:
        """Takes the funds type and what belongs to it off the fields; gives a value date where there is one."""
        kind = rest.pop().strip().upper()
        if kind == "V":
            day = rest.pop() if rest else ""
            if rest:
                rest.pop()
            return day.strip()
        count = 3 if kind == "S" else 0
        if kind == "D" and rest and (number := rest.pop().strip()).isdigit():
            count = min(2 * int(number[:4]), len(rest))
        for _ in range(min(count, len(rest))):
            rest.pop()
        return ""

    def _detail(self, record: _Record) -> Iterator[Event]:
        if self.statement is None:
            self.faults.add("bank.record", "a transaction (16) stands outside an account (03)", record.row, "16")
            return
        self.records += record.size
        rest = record.fields[::-1]
        code = rest.pop().strip() if rest else ""
        amount_text = rest.pop() if rest else ""
        amount = self._amount(amount_text, record.row)
        told = self._skip_funds(rest) if rest else ""
        value_date = make_day(int(told[:2]), int(told[2:4]), int(told[4:6])) if re.fullmatch(r"\d{6}", told) else None
        bank_reference = rest.pop().strip() if rest else ""
        customer_reference = rest.pop().strip() if rest else ""
        text = " ".join(part for part in [",".join(rest[::-1]).strip(), *(one.strip() for one in record.texts)] if part)
        sign = _direction(code)
        if sign is None or amount is None or self.day is None:
            if sign is None:
                self.faults.add("bank.type", f"{code[:10]!r} is no type of transaction", record.row, "16")
            elif not amount_text.strip() and sign:
                self.faults.add("bank.amount", "the transaction has no amount", record.row, "16")
            return
        self.lines += 1
        currency = self.statement.currency
        line = Line(
            ordinal=self.lines,
            row=record.row,
            element="16",
            booking_date=self.day,
            value_date=value_date,
            amount=_major(amount, currency) * (sign or 1),
            currency=currency,
            status=LineStatus.BOOKED if sign else LineStatus.INFORMATION,
            remittance_text=" ".join(text.split()),
            bank_reference=bank_reference,
            end_to_end_id=customer_reference,
            transaction_code=code,
            is_return=code in {"255", "257", "357", "555", "557", "455"},
        )
        yield Entry(self.number, line)

    def _close(self, row: int | None, trailer: _Record | None) -> Iterator[Event]:
        if self.statement is None:
            return
        if trailer is None:
            self.faults.add("bank.cut", "the account has no trailer (record 49): lines may be missing", row, "03")
        else:
            told = [one.strip() for one in [*trailer.fields, "", ""][:2]]
            if _AMOUNT.fullmatch(told[0]) and int(told[0]) != self.total:
                reason = f"the control total is {int(told[0]):,}, the amounts add up to {self.total:,}"
                self.faults.add("bank.control_total", reason, trailer.row, "49")
            if told[1].isdigit() and int(told[1]) != self.records + 1:
                reason = f"the trailer counts {int(told[1])} records, there are {self.records + 1}"
                self.faults.add("bank.count", reason, trailer.row, "49")
        yield Closed(self.number, self.statement)
        self.statement = None


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-EXPONENTS[currency])


def _direction(code: str) -> int | None:
    """1 for credits, -1 for debits, 0 for information; ``None`` for no type at all."""
    if not re.fullmatch(r"\d{3}", code):
        return None
    number = int(code)
    if 100 <= number <= 399 or 920 <= number <= 959:
        return 1
    if 400 <= number <= 699 or 960 <= number <= 999:
        return -1
    return 0
