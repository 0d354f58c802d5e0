"""camt.052, camt.053 and camt.054 of any version: entries, their batches and details."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from lxml import etree

from huikuan.bank.camt_entries import entry_lines
from huikuan.bank.source import Closed, Entry, Event, Faults, Opened, Options, Source
from huikuan.bank.statement import Balance, Statement, StatementFormat
from huikuan.bank.xml import Node, Reader, forget, local, row_of, walk
from huikuan.core.said import Said

MESSAGES = {
    "BkToCstmrAcctRpt": (StatementFormat.CAMT052, "Rpt"),
    "BkToCstmrStmt": (StatementFormat.CAMT053, "Stmt"),
    "BkToCstmrDbtCdtNtfctn": (StatementFormat.CAMT054, "Ntfctn"),
}
_WALKED = (
    *MESSAGES,
    *(f"{name}V0{version}" for name in MESSAGES for version in range(1, 4)),
    "Rpt",
    "Stmt",
    "Ntfctn",
    "Ntry",
)
_OPENING = ("OPBD", "PRCD")
_COUNT = "TxsSummry/TtlNtries/NbOfNtries"
_NOTES_MAX = 50


def is_camt(message: str) -> bool:
    """Whether this element below ``Document`` is one of the three messages (``V01`` may follow its name)."""
    return message.partition("V0")[0] in MESSAGES


def read_camt(source: Source, faults: Faults, options: Options) -> Iterator[Event]:
    """The statements, reports or notifications of a message, as they come."""
    message: tuple[StatementFormat, str] | None = None
    current: _Account | None = None
    number = 0
    for event, element in walk(source, *_WALKED):
        name = local(element)
        if event == "start":
            if name.partition("V0")[0] in MESSAGES:
                message = MESSAGES[name.partition("V0")[0]]
            elif message and name == message[1] and current is None:
                number += 1
                current = _Account(number, message[0], element, faults, options)
        elif message is None or current is None:
            continue
        elif name == "Ntry" and element.getparent() is current.element:
            yield from current.entry(element)
            forget(element)
        elif element is current.element:
            yield from current.close()
            forget(element)
            current = None
    if message is None:
        faults.add("bank.not_recognised", "this XML is no camt.052, camt.053 or camt.054")
    elif number == 0:
        faults.add("bank.no_statement", f"the message holds no {message[1]}: there is no statement in it", 1)


class _Account:
    """One ``Stmt``, ``Rpt`` or ``Ntfctn`` while it is read."""

    def __init__(
        self, number: int, kind: StatementFormat, element: etree._Element, faults: Faults, options: Options
    ) -> None:
        self.number = number
        self.faults = faults
        self.options = options
        self.reader = Reader(faults)
        self.element = element
        self.statement = Statement(kind, row=row_of(element), file=faults.name)
        self.opened = False
        self.entries = 0
        self.lines = 0
        self.notes: list[Said] = []
        self.balances: dict[str, list[Balance]] = {}
        self.summary = ""

    def entry(self, element: etree._Element) -> Iterator[Event]:
        if not self.opened:
            yield self._open()
        self.entries += 1
        default = self._default_day()
        lines, notes = entry_lines(
            self.reader, Node(element), self.entries, self.lines + 1, self.statement.currency, default
        )
        if len(self.notes) < _NOTES_MAX:
            self.notes += notes
        for line in lines:
            self.lines += 1
            yield Entry(self.number, line)

    def close(self) -> Iterator[Event]:
        if not self.opened:
            yield self._open()
        rest = Node(self.element)  # a few banks write these behind the entries
        if not self.balances:
            self._read_balances(rest)
        told = self._with_balances()
        summary = self.summary or self.reader.text(rest, _COUNT)
        if summary.isascii() and summary.isdigit() and int(summary) != self.entries:
            reason = f"the summary counts {summary} entries, the file holds {self.entries}: it is not complete"
            self.faults.add("bank.count", reason, self.statement.row, "NbOfNtries")
        yield Closed(self.number, replace(told, notes=tuple(self.notes[:_NOTES_MAX])))

    def _default_day(self) -> date | None:
        """For an entry that tells no day at all: the statement's last."""
        return self.statement.to_date

    def _open(self) -> Opened:
        self.opened = True
        head, reader = Node(self.element), self.reader
        account = reader.first(head, "Acct")
        iban = reader.text(account, "Id/IBAN")
        other = reader.text(account, "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC")
        agent = reader.first(account, "Svcr/FinInstnId")
        self._read_balances(head)
        self.summary = reader.text(head, _COUNT)
        currency = reader.text(account, "Ccy") or self._usual_currency(head) or self.options.currency
        if not (iban or other or self.options.account):
            self.faults.add("bank.no_account", "the statement names no account", self.statement.row, "Acct")
        closing = self._last("CLBD", "ITBD")
        self.statement = replace(
            self.statement,
            account=iban or other or self.options.account,
            iban=iban,
            bank=reader.text(
                agent, "BICFI", "BIC", "ClrSysMmbId/MmbId", "Nm", "NmAndAdr/Nm", "CmbndId/BIC", "CmbndId/Nm"
            ),
            currency=currency,
            owner=reader.text(account, "Ownr/Nm", "Ownr/Pty/Nm", "Nm"),
            statement_id=reader.text(head, "Id"),
            sequence=reader.text(head, "LglSeqNb", "ElctrncSeqNb"),
            from_date=reader.day(head, "FrToDt/FrDtTm", "FrToDt/FrDt"),
            to_date=reader.day(head, "FrToDt/ToDtTm", "FrToDt/ToDt")
            or (closing.on if closing else None)
            or reader.day(head, "CreDtTm"),
        )
        return Opened(self.number, self.statement)

    def _usual_currency(self, head: Node) -> str:
        booked = self._last("OPBD", "PRCD", "CLBD", "ITBD")
        amount = head.first("Ntry/Amt", "Bal/Amt")
        return booked.currency if booked else "" if amount is None else amount.get("Ccy")

    def _read_balances(self, head: Node) -> None:
        reader = self.reader
        for one in head.all("Bal"):
            code = reader.text(one, "Tp/CdOrPrtry/Cd", "Tp/Cd")
            amount = reader.amount(one, "Amt")
            found = one.first("Amt")
            if amount is None or found is None:
                continue
            signed = -amount if reader.text(one, "CdtDbtInd") == "DBIT" else amount
            day = reader.day(one, "Dt/Dt", "Dt/DtTm")
            self.balances.setdefault(code, []).append(Balance(signed, day, found.get("Ccy"), one.row))

    def _last(self, *codes: str) -> Balance | None:
        return next((self.balances[code][-1] for code in codes if code in self.balances), None)

    def _with_balances(self) -> Statement:
        """Opening and closing: booked ones; of a report or a page of a statement the interim ones."""
        opening = next((self.balances[code][0] for code in _OPENING if code in self.balances), None)
        closing = self._last("CLBD")
        interim = self.balances.get("ITBD", [])
        if opening is None and interim and (closing is not None or len(interim) > 1):
            opening = interim[0]
        if closing is None and interim and interim[-1] is not opening:
            closing = interim[-1]
        return replace(self.statement, opening=opening, closing=closing)
