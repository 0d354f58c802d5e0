"""MT940 (a day's statement) and MT942 (a report within the day), read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from huikuan.bank.mt940_details import Details, read_details
from huikuan.bank.source import Closed, Entry, Event, Faults, Opened, Options, Source, detect_encoding, text_lines
from huikuan.bank.statement import Balance, Line, LineStatus, Statement, StatementFormat
from huikuan.bank.values import make_day
from huikuan.core.ibans import is_iban
from huikuan.core.money import EXPONENTS
from huikuan.core.said import Said

_TAG = re.compile(r":(\d{2}[A-Z]?):(.*)", re.DOTALL)
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})([\d,. ]{1,24})")
_LINE = re.compile(r"(\d{6})(\d{4})?(R[CD]|E[CD]|[CD])([A-Z])?\s*(\d[\d.]*(?:,\d*)?|,\d+)(?:([A-Z][A-Z0-9]{3})(.*))?")
_AMOUNT = re.compile(r"\d{1,18}(?:[,.]\d{0,6})?|,\d{1,6}")
_ACCOUNT = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}|P?\d{7,10}")
_LONG_NUMBER = re.compile(r"(?=.*\d)[A-Z0-9]{11,34}")
_ORIGINAL = re.compile(r"/OCMT/([A-Z]{3})(\d[\d,.]*)")
_LINES_MAX = 200
"""Lines one field may have."""
_NOTES_MAX = 50
_NOTHING = frozenset({"NONREF", "NOTPROVIDED", "EREF", "KREF", "PREF", "MREF", ""})


def looks_like_mt940(head: str) -> bool:
    """Whether a text begins like MT940 or MT942."""
    tags = re.findall(r"^:(20|25P?|28C?|60[FM]|61|86|62[FM]|13D|34F):", head, re.MULTILINE)
    return bool(tags) or "{2:O94" in head


def read_mt940(source: Source, faults: Faults, options: Options) -> Iterator[Event]:
    """The statements of a file. Each begins with :20: and ends with :62:."""
    encoding = detect_encoding(source)
    account: _Account | None = None
    number = 0
    for row, tag, lines in _fields(source, encoding, faults):
        begins = tag == "20" or (
            tag in {"60F", "60M"} and account is not None and account.statement.opening is not None
        )
        if account is None or (begins and account.tags):
            if account is not None:
                yield from account.close()
            number += 1
            account = _Account(number, row, faults, options)
        yield from account.take(row, tag, lines)
    if account is not None:
        yield from account.close()
    else:
        faults.add("bank.not_recognised", "the file holds no field of an MT940 statement")


def _fields(source: Source, encoding: str, faults: Faults) -> Iterator[tuple[int, str, list[str]]]:
    """Line number, tag and lines of each field. What stands between statements is passed over."""
    row, tag, lines, closed = 0, "", list[str](), False
    for number, raw in text_lines(source, encoding):
        text = raw.lstrip("\ufeff")
        if "{4:" in text:
            text = text.partition("{4:")[2]
        found = _TAG.match(text)
        if not found or (tag in {"", "end"} and found[1] not in _KNOWN):
            if text.startswith("-") and (text.rstrip() == "-" or text.startswith("-}") or closed):
                if tag and tag != "end":
                    yield row, tag, lines
                tag, lines, closed = "end", [], False
            elif tag not in {"", "end"} and len(lines) < _LINES_MAX:
                lines.append(text)
            continue
        if tag and tag != "end":
            yield row, tag, lines
        row, tag, lines = number, found[1], [found[2]]
        closed = tag.startswith("62") or (closed and tag in {"86", "64", "65"})
    if tag and tag != "end":
        yield row, tag, lines


_KNOWN = frozenset("20 21 25 25P 28 28C 13 13D 34F 60F 60M 61 62F 62M 64 65 86 90C 90D NS 940".split())


@dataclass(slots=True)
class _Pending:
    """A line whose field 86 may still follow."""

    line: Line
    supplement: str
    customer_reference: str
    details: list[str] = field(default_factory=list)


class _Account:
    """One statement while it is read."""

    def __init__(self, number: int, row: int, faults: Faults, options: Options) -> None:
        self.number = number
        self.faults = faults
        self.options = options
        self.statement = Statement(
            StatementFormat.MT940, account=options.account, currency=options.currency, row=row, file=faults.name
        )
        self.tags: set[str] = set()
        self.opened = False
        self.lines = 0
        self.notes: list[Said] = []
        self.pending: _Pending | None = None
        self.last: date | None = None

    def take(self, row: int, tag: str, lines: list[str]) -> Iterator[Event]:
        """One field."""
        text = lines[0].strip()
        if tag != "86":
            yield from self._flush()
        if tag in {"20", "25", "25P", "28", "28C"} and tag in self.tags:
            reason = f":{tag}: stands twice in one statement: the file is damaged or a line is missing before it"
            self.faults.add("bank.repeated_field", reason, row, f":{tag}:")
            return
        self.tags.add(tag)
        if tag == "20":
            self.statement = replace(self.statement, statement_id=text)
        elif tag in {"25", "25P"}:
            self._name_account(text)
        elif tag in {"28", "28C"}:
            self.statement = replace(self.statement, sequence=text)
        elif tag in {"13D", "34F", "90C", "90D"} and "60F" not in self.tags and "60M" not in self.tags:
            self.statement = replace(self.statement, format=StatementFormat.MT942)
            if tag == "34F" and text[:3] in EXPONENTS:
                self.statement = replace(self.statement, currency=text[:3])
        elif tag in {"60F", "60M"}:
            self._balance(row, tag, text, is_opening=True)
        elif tag in {"62F", "62M"}:
            self._balance(row, tag, text, is_opening=False)
        elif tag == "61":
            yield from self._begin(row, lines)
        elif tag == "86":
            self._explain(lines)

    def _name_account(self, text: str) -> None:
        found = re.fullmatch(r"(.*\d)\s?([A-Z]{3})", text)
        account, currency = (found[1], found[2]) if found and found[2] in EXPONENTS else (text, "")
        bank, slash, number = account.partition("/")
        iban = next((one for one in (account, number) if is_iban(one.replace(" ", ""))), "")
        self.statement = replace(
            self.statement,
            account=account,
            iban=iban.replace(" ", ""),
            bank=bank if slash else "",
            currency=currency or self.statement.currency,
        )

    def _balance(self, row: int, tag: str, text: str, *, is_opening: bool) -> None:
        found = _BALANCE.fullmatch(text)
        amount = _read_amount(found[4]) if found else None
        day = _short_day(found[2]) if found else None
        if found is None or amount is None or day is None:
            reason = f"{text[:40]!r} is not a balance such as C260131EUR1234,56"
            self.faults.add("bank.balance", reason, row, f":{tag}:")
            return
        balance = Balance(amount if found[1] == "C" else -amount, day, found[3], row)
        if is_opening:
            self.statement = replace(self.statement, opening=balance, currency=found[3], from_date=day)
        else:
            self.statement = replace(self.statement, closing=balance, to_date=day)

    def _begin(self, row: int, lines: list[str]) -> Iterator[Event]:
        if not self.opened:
            self.opened = True
            yield Opened(self.number, self.statement)
        text = lines[0]
        if not _LINE.fullmatch(text) and len(lines) > 1:  # some banks break the line before the amount
            text, lines = text + lines[1], lines[1:]
        found = _LINE.fullmatch(text)
        amount = _read_amount(found[5]) if found else None
        value_date = _short_day(found[1]) if found else None
        if found is None or amount is None:
            reason = f"{text[:60]!r} is not a line such as 2601310131C12,50NTRFNONREF//123"
            self.faults.add("bank.line", reason, row, ":61:")
            return
        entry = _entry_day(value_date, found[2]) if value_date and found[2] else value_date
        if value_date is None or entry is None:
            self.faults.add("bank.date", f"{text[:10]!r} does not begin with days of the calendar", row, ":61:")
            return
        self.lines += 1
        mark, rest = found[3], found[7] or ""
        reference, _, bank_reference = rest.partition("//")
        supplement = " ".join(lines[1:]).strip()
        if len(reference) > 16 and not supplement:
            reference, supplement = reference[:16], reference[16:].strip()
        # A reversal of a credit takes money away, a reversal of a debit brings it.
        sign = 1 if mark in {"C", "RD", "EC"} else -1
        line = Line(
            ordinal=self.lines,
            row=row,
            element=":61:",
            booking_date=entry,
            value_date=value_date,
            amount=sign * amount,
            currency=self.statement.currency,
            status=LineStatus.PENDING if mark[0] == "E" else LineStatus.BOOKED,
            transaction_code=(found[6] or "").strip(),
            bank_reference="" if bank_reference.strip().upper() in _NOTHING else bank_reference.strip(),
            is_reversal=mark[0] == "R",
            is_return=(found[6] or "") == "NRTI" and mark[0] != "R",
        )
        self.pending = _Pending(line, supplement, reference.strip())

    def _explain(self, lines: list[str]) -> None:
        if self.pending is not None:
            self.pending.details += lines
        elif (told := " ".join(" ".join(lines).split())) and len(self.notes) < _NOTES_MAX:
            self.notes.append(Said(told[:500]))  # the bank's own words

    def _flush(self) -> Iterator[Event]:
        if self.pending is not None:
            yield Entry(self.number, _complete(self.pending))
            self.pending = None

    def close(self) -> Iterator[Event]:
        """The end of the statement."""
        yield from self._flush()
        if not self.opened:
            yield Opened(self.number, self.statement)
        yield Closed(self.number, replace(self.statement, notes=tuple(self.notes)))


def _complete(pending: _Pending) -> Line:
    """The line with what field 86 tells."""
    details = read_details(pending.details, pending.supplement) if pending.details else Details()
    reference = pending.customer_reference
    told = "" if reference.rstrip("+").upper() in _NOTHING or reference == details.payer_account else reference
    line, text = pending.line, details.remittance_text
    account, bank_reference = details.payer_account, line.bank_reference
    name, supplement = details.payer_name, " ".join(pending.supplement.split())
    if _ACCOUNT.fullmatch(supplement):
        account = account or supplement
    elif _LONG_NUMBER.fullmatch(supplement):
        bank_reference = bank_reference or supplement
    elif supplement and supplement[0] != "/" and not name and text:
        name = supplement
    elif supplement and not text and supplement != name:
        text = supplement
    original = _ORIGINAL.search(supplement)
    return replace(
        line,
        payer_name=name,
        payer_account=account,
        bank_reference=bank_reference,
        original_amount=_read_amount(original[2]) if original else None,
        original_currency=original[1] if original else "",
        payer_bank=details.payer_bank,
        ultimate_party=details.ultimate_party,
        remittance_text=text,
        structured_reference=details.structured_reference,
        end_to_end_id="" if details.end_to_end_id.upper() in _NOTHING else details.end_to_end_id or told,
        mandate_id=details.mandate_id,
        transaction_code=line.transaction_code + (f"-{details.code}" if details.code else ""),
        transaction_text=details.transaction_text,
        is_return=line.is_return or details.is_return,
        return_reason=details.return_reason,
    )


def _read_amount(text: str) -> Decimal | None:
    bare = text.strip().replace(" ", "")
    if not _AMOUNT.fullmatch(bare):
        return None
    return Decimal(bare.replace(",", ".").rstrip(".") if bare[0] != "," else "0" + bare.replace(",", "."))


def _short_day(text: str) -> date | None:
    return make_day(int(text[:2]), int(text[2:4]), int(text[4:6]))


def _entry_day(value_date: date, text: str) -> date | None:
    """The entry's month and day in the year that brings it nearest to the value date."""
    days = [make_day(value_date.year + shift, int(text[:2]), int(text[2:])) for shift in (-1, 0, 1)]
    known = [day for day in days if day is not None]
    return min(known, key=lambda day: abs(day - value_date)) if known else None
