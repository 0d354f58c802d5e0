"""OFX 1 (SGML) and 2 (XML), QFX: one tolerant reader for both, for banks mix them; no XML parser, so no entities."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from huikuan.bank.source import Closed, Entry, Event, Faults, Opened, Options, Source, detect_encoding
from huikuan.bank.statement import Balance, Line, Statement, StatementFormat
from huikuan.bank.values import make_day

_TOKEN = re.compile(
    r"<!\[CDATA\[((?:(?!<!\[CDATA\[).)*?)\]\]>|<(/?)([A-Za-z0-9.]{1,40})[^<>]{0,200}>|([^<]+)|<", re.DOTALL
)
_AMOUNT = re.compile(r"[+-]?(\d{1,18}([.,]\d{0,6})?|[.,]\d{1,6})")
_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS"})
_CHUNK = 1 << 16
_TOKEN_MAX = 1 << 18
_FIELDS_MAX = 60


def looks_like_ofx(head: str) -> bool:
    """Whether a text begins like OFX of either kind."""
    return bool(re.search(r"OFXHEADER\s*[:=]|<OFX>", head[:4096], re.IGNORECASE))


def read_ofx(source: Source, faults: Faults, options: Options) -> Iterator[Event]:
    """Each ``STMTRS`` or ``CCSTMTRS`` of a file is a statement."""
    reader = _File(faults, options)
    for row, slash, tag, text in _tokens(source, faults):
        yield from reader.take(row, slash, tag, text)
    reader.end()


def _tokens(source: Source, faults: Faults) -> Iterator[tuple[int, bool, str, str]]:
    """Line, whether a tag is closed, tag, and the text after it (``tag`` empty: more text)."""
    encoding = detect_encoding(source)
    row, held = 1, ""
    with source.open() as stream:
        text = io.TextIOWrapper(stream, encoding, errors="replace", newline=None)
        while True:
            block = text.read(_CHUNK)
            held += block
            if len(held) > _TOKEN_MAX:
                raise source.bad("bank.damaged", "a tag or its text has no end", row)
            last = held.rfind("<") if block else len(held)
            # A CDATA section that is still open must not be cut.
            opened = held.rfind("<![CDATA[", 0, last)
            if opened >= 0 and held.find("]]>", opened) < 0:
                last = opened if block else last
            for found in _TOKEN.finditer(held, 0, last):
                raw, closing, tag, plain = found.groups()
                if tag:
                    yield row, bool(closing), tag.upper(), ""
                elif raw is not None or plain:
                    yield row, False, "", raw if raw is not None else html.unescape(plain)
                row += found[0].count("\n")
            held = held[last:]
            if not block:
                return


class _File:
    """The file while it is read."""

    def __init__(self, faults: Faults, options: Options) -> None:
        self.faults = faults
        self.options = options
        self.number = 0
        self.statement: Statement | None = None
        self.opened = False
        self.inside: list[str] = []
        self.tag, self.tag_row = "", 1
        self.fields: dict[str, tuple[str, int]] = {}
        self.lines = 0
        self.line_row = 1
        self.seen_root = self.ended = False
        self.status: dict[str, str] = {}

    def take(self, row: int, slash: bool, tag: str, text: str) -> Iterator[Event]:
        if not tag:
            if self.tag and text.strip():
                self._value(self.tag, text)
            return
        if slash:
            yield from self._end(row, tag)
            return
        self.tag, self.tag_row = tag, row
        if tag == "OFX":
            self.seen_root = True
        elif tag in _STATEMENTS:
            self.number += 1
            self.opened, self.lines = False, 0
            self.statement = Statement(
                StatementFormat.OFX,
                account=self.options.account,
                currency=self.options.currency,
                row=row,
                file=self.faults.name,
            )
        elif tag == "STMTTRN":
            if self.inside[-1:] == ["STMTTRN"]:
                self.faults.add("bank.damaged", "the transaction before this one has no end", row, "STMTTRN")
                self.inside.pop()
            self.fields, self.line_row = {}, row
            self.inside.append(tag)
        elif tag in {"LEDGERBAL", "BANKACCTTO", "CCACCTTO", "ORIGCURRENCY", "CURRENCY", "PAYEE", "STATUS", "AVAILBAL"}:
            self.inside.append(tag)
            if tag in {"LEDGERBAL", "STATUS"}:
                self.fields, self.status = ({}, {}) if tag == "LEDGERBAL" else (self.fields, {})
        del self.inside[20:]

    def _value(self, tag: str, text: str) -> None:
        value = " ".join(text.split())[:4000]
        place = self.inside[-1] if self.inside else ""
        if place == "STATUS":
            self.status[tag] = value
            return
        if place in {"BANKACCTTO", "CCACCTTO", "ORIGCURRENCY", "CURRENCY", "AVAILBAL"}:
            tag = f"{place}/{tag}"
        if place:
            if len(self.fields) < _FIELDS_MAX:
                before = self.fields.get(tag)
                self.fields[tag] = (f"{before[0]} {value}".strip() if before else value, self.tag_row)
        elif self.statement is not None:
            self._head(tag, value)

    def _head(self, tag: str, value: str) -> None:
        assert self.statement is not None  # noqa: S101 - asked by the caller
        if tag == "CURDEF":
            self.statement = replace(self.statement, currency=value.upper())
        elif tag == "ACCTID":
            self.statement = replace(self.statement, account=value)
        elif tag == "BANKID":
            self.statement = replace(self.statement, bank=value)
        elif tag in {"DTSTART", "DTEND"}:
            day = self._day(value, self.tag_row, tag)
            is_start = tag == "DTSTART"
            self.statement = (
                replace(self.statement, from_date=day) if is_start else replace(self.statement, to_date=day)
            )

    def _end(self, row: int, tag: str) -> Iterator[Event]:
        if tag == self.tag:
            self.tag = ""
        if tag == "OFX":
            self.ended = True
        if tag in self.inside:
            del self.inside[self.inside.index(tag) :]
        if self.statement is not None:
            if tag == "STMTTRN":
                if not self.opened:
                    self.opened = True
                    yield Opened(self.number, self.statement)
                line = self._line()
                if line is not None:
                    yield Entry(self.number, line)
            elif tag == "LEDGERBAL":
                self._balance()
            elif tag in _STATEMENTS:
                if not self.opened:
                    yield Opened(self.number, self.statement)
                if not self.statement.account:
                    self.faults.add("bank.no_account", "the statement names no account", self.statement.row, "ACCTID")
                yield Closed(self.number, self.statement)
                self.statement = None
        if tag == "STATUS" and self.status.get("SEVERITY", "").upper() == "ERROR":
            why = self.status.get("MESSAGE") or f"code {self.status.get('CODE', '?')}"
            self.faults.add("bank.error_answer", f"the bank answered with an error: {why}", row, "STATUS")

    def _balance(self) -> None:
        amount = self._amount("BALAMT")
        day, _ = self.fields.get("DTASOF", ("", 0))
        if amount is not None and self.statement is not None:
            on = self._day(day, self.tag_row, "DTASOF") if day else None
            closing = Balance(amount, on, self.statement.currency, self.fields["BALAMT"][1])
            self.statement = replace(self.statement, closing=closing)

    def _text(self, *tags: str) -> str:
        return next((self.fields[tag][0] for tag in tags if tag in self.fields), "")

    def _amount(self, tag: str) -> Decimal | None:
        text, row = self.fields.get(tag, ("", self.line_row))
        if not _AMOUNT.fullmatch(text):
            what = f"{text[:40]!r} is not an amount" if text else "there is no amount"
            self.faults.add("bank.amount", what, row, tag)
            return None
        sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
        return sign * Decimal(("0" + digits).replace(",", ".").rstrip("."))

    def _day(self, text: str, row: int, tag: str) -> date | None:
        found = re.match(r"(\d{4})(\d{2})(\d{2})(?:\d{6}(?:\.\d+)?)?(?:\d{2,4})?\s*(?:\[|$)", text)
        day = make_day(int(found[1]), int(found[2]), int(found[3])) if found else None
        if day is None:
            self.faults.add("bank.date", f"{text[:40]!r} is not a day", row, tag)
        return day

    def _line(self) -> Line | None:
        assert self.statement is not None  # noqa: S101 - asked by the caller
        amount = self._amount("TRNAMT")
        day = self._day(self._text("DTPOSTED"), self.fields.get("DTPOSTED", ("", self.line_row))[1], "DTPOSTED")
        if amount is None or day is None:
            return None
        self.lines += 1
        name, memo, cheque = self._text("NAME"), self._text("MEMO"), self._text("CHECKNUM").strip("0")
        value = self._text("DTAVAIL")
        return Line(
            ordinal=self.lines,
            row=self.line_row,
            element="STMTTRN",
            booking_date=day,
            value_date=self._day(value, self.line_row, "DTAVAIL") if value else None,
            amount=amount,
            currency=self._text("CURRENCY/CURSYM") or self.statement.currency,
            payer_name=name,
            payer_account=self._text("BANKACCTTO/ACCTID", "CCACCTTO/ACCTID"),
            payer_bank=self._text("BANKACCTTO/BANKID"),
            remittance_text=memo,
            bank_reference=self._text("FITID"),
            end_to_end_id=self._text("REFNUM"),
            transaction_code=self._text("TRNTYPE"),
            transaction_text=f"cheque {self._text('CHECKNUM')}" if cheque else "",
            original_currency=self._text("ORIGCURRENCY/CURSYM"),
        )

    def end(self) -> None:
        if not self.seen_root:
            self.faults.add("bank.not_recognised", "the file holds no OFX")
        elif self.number == 0:
            self.faults.add("bank.no_statement", "the file holds no statement", 1)
        elif not self.ended or self.statement is not None:
            self.faults.add("bank.cut", "the file has no </OFX>: it is cut off")
