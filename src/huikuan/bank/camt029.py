"""camt.029: what a bank answers when it was asked not to carry a payment out. Its lines move no money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from huikuan.bank.source import Closed, Entry, Event, Faults, Opened, Options, Source
from huikuan.bank.statement import Line, LineStatus, Statement, StatementFormat
from huikuan.bank.xml import Node, Reader, forget, local, walk

ACCEPTED, REFUSED = "ACCR", "RJCR"
"""``transaction_code`` of a line: it is not carried out; it is."""

_ANSWERS = {"ACCR": ACCEPTED, "CNCL": ACCEPTED, "RJCR": REFUSED}
"""What is neither (pending, partly) is no answer yet."""
_CURRENCY = "EUR"
"""What is recalled are SEPA direct debits; answers do not always repeat the amount."""
_NO_DAY = date(1980, 1, 1)


def is_camt029(message: str) -> bool:
    """Whether this element below ``Document`` is a resolution of an investigation."""
    return message.partition("V0")[0] == "RsltnOfInvstgtn"


def read_camt029(source: Source, faults: Faults, options: Options) -> Iterator[Event]:
    """The payments that were answered, as lines of information: ``end_to_end_id`` or, where a whole batch or message
    is meant, ``batch_id`` say which, ``transaction_code`` what, ``return_reason`` why."""
    statement = Statement(
        StatementFormat.CAMT029, account=options.account, currency=options.currency or _CURRENCY, file=source.name
    )
    yield Opened(1, statement)
    reader = Reader(faults)
    ordinal, answer = 0, ""
    for event, element in walk(source, "Assgnmt", "Sts", "CxlDtls"):
        name, node = local(element), Node(element)
        if event == "start":
            continue
        if name == "Assgnmt":
            statement = replace(statement, statement_id=reader.text(node, "Id"), to_date=reader.day(node, "CreDtTm"))
        elif name == "Sts":
            answer = reader.text(node, "Conf") or answer
        else:
            for line in _lines(reader, node, answer, statement):
                ordinal += 1
                yield Entry(1, replace(line, ordinal=ordinal))
            forget(element)
    yield Closed(1, statement)


def _lines(reader: Reader, details: Node, answer: str, statement: Statement) -> Iterator[Line]:
    group = reader.first(details, "OrgnlGrpInfAndSts")
    whole = reader.text(group, "GrpCxlSts") or answer
    batches = reader.all(details, "OrgnlPmtInfAndSts")
    alone = reader.all(details, "TxInfAndSts")
    for batch in batches:
        status = reader.text(batch, "PmtInfCxlSts") or whole
        name = reader.text(batch, "OrgnlPmtInfId")
        rows = reader.all(batch, "TxInfAndSts")
        for row in rows or [batch]:
            yield from _line(reader, row, status, name, statement)
    for row in alone:
        yield from _line(reader, row, whole, "", statement)
    if group is not None and not batches and not alone:
        yield from _line(reader, group, whole, reader.text(group, "OrgnlMsgId"), statement)


def _line(reader: Reader, row: Node, status: str, batch: str, statement: Statement) -> Iterator[Line]:
    found = _ANSWERS.get(reader.text(row, "TxCxlSts") or status)
    if found is None:
        return
    reasons = [
        text
        for one in reader.all(row, "CxlStsRsnInf")
        for text in (reader.text(one, "Rsn/Cd", "Rsn/Prtry"), *(more.text for more in reader.all(one, "AddtlInf")))
        if text
    ]
    amount = reader.amount(row, "OrgnlInstdAmt") if reader.first(row, "OrgnlInstdAmt") is not None else None
    yield Line(
        ordinal=0,
        row=row.row,
        element="TxInfAndSts",
        booking_date=statement.to_date or _NO_DAY,
        amount=amount if amount is not None else Decimal(0),
        currency=statement.currency,
        status=LineStatus.INFORMATION,
        end_to_end_id=reader.text(row, "OrgnlEndToEndId"),
        batch_id=batch,
        transaction_code=found,
        is_return=found == ACCEPTED,
        return_reason=" ".join(reasons),
    )
