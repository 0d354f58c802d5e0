"""pain.002: which payments of a collection a bank rejected or returned, and why. Its lines move no money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from huikuan.bank.source import Closed, Entry, Event, Faults, Opened, Options, Source
from huikuan.bank.statement import Line, LineStatus, Statement, StatementFormat
from huikuan.bank.xml import Node, Reader, forget, local, walk

_REFUSED = frozenset({"RJCT", "CANC"})
_UNKNOWN = Decimal(0)
"""The amount of a refused payment that the report does not repeat: information only, never money."""


def is_pain002(message: str) -> bool:
    """Whether this element below ``Document`` is a payment status report."""
    return message.partition("V0")[0] in {"CstmrPmtStsRpt", "PmtStsRpt"}


def read_pain002(source: Source, faults: Faults, options: Options) -> Iterator[Event]:
    """The payments that were refused, as lines of information: ``end_to_end_id``, ``mandate_id``, ``batch_id`` (the
    payment information's id) and ``return_reason`` say which and why."""
    # What is refused whole does not repeat amounts; SEPA direct debits are in euro.
    statement = Statement(
        StatementFormat.PAIN002, account=options.account, currency=options.currency or "EUR", file=source.name
    )
    yield Opened(1, statement)
    ordinal, batch, created = 0, "", None
    reader = Reader(faults)
    group_status = ""
    for event, element in walk(source, "GrpHdr", "OrgnlGrpInfAndSts", "OrgnlPmtInfId", "TxInfAndSts"):
        if event == "start":
            continue
        name, node = local(element), Node(element)
        if name == "GrpHdr":
            created = reader.day(node, "CreDtTm")
            statement = replace(statement, statement_id=reader.text(node, "MsgId"), to_date=created)
        elif name == "OrgnlGrpInfAndSts":
            group_status = reader.text(node, "GrpSts")
            if group_status in _REFUSED:
                ordinal += 1
                yield Entry(1, _group(reader, node, ordinal, created, statement.currency))
        elif name == "OrgnlPmtInfId":
            batch = node.text
        else:
            if reader.text(node, "TxSts") in _REFUSED or group_status in _REFUSED:
                line = _payment(reader, node, batch, created, statement.currency)
                if line is not None:
                    ordinal += 1
                    yield Entry(1, replace(line, ordinal=ordinal))
            forget(element)
    yield Closed(1, statement)


def _reason(reader: Reader, element: Node) -> str:
    places = reader.all(element, "StsRsnInf") or reader.all(element, "StsRsn")
    parts: list[str] = []
    for one in places:
        parts += [reader.text(one, "Rsn/Cd", "Rsn/Prtry", "StsRsn/Cd")]
        parts += [more.text for more in reader.all(one, "AddtlInf")]
    return " ".join(part for part in parts if part)


def _group(reader: Reader, element: Node, ordinal: int, created: date | None, currency: str) -> Line:
    return Line(
        ordinal=ordinal,
        row=element.row,
        element="OrgnlGrpInfAndSts",
        booking_date=created or date(1980, 1, 1),
        amount=reader.amount(element, "OrgnlCtrlSum") or _UNKNOWN,
        currency=currency,
        status=LineStatus.INFORMATION,
        batch_id=reader.text(element, "OrgnlMsgId"),
        is_return=True,
        return_reason=_reason(reader, element),
        transaction_text="the whole message was refused",
    )


def _payment(reader: Reader, element: Node, batch: str, created: date | None, currency: str) -> Line | None:
    original = reader.first(element, "OrgnlTxRef")
    found = reader.first(original, "Amt/InstdAmt", "IntrBkSttlmAmt", "Amt/EqvtAmt/Amt")
    amount = reader.amount(found, ".") if found is not None else None
    day = reader.day(original, "ReqdColltnDt", "ReqdExctnDt", "ReqdExctnDt/Dt", "IntrBkSttlmDt") or created
    if day is None:
        reader.faults.add("bank.date", "neither the message nor the payment tells a day", element.row, "TxInfAndSts")
        return None
    return Line(
        ordinal=0,
        row=element.row,
        element="TxInfAndSts",
        booking_date=day,
        amount=amount if amount is not None else _UNKNOWN,
        currency=(found.get("Ccy") if found is not None else "") or currency,
        status=LineStatus.INFORMATION,
        payer_name=reader.text(original, "Dbtr/Nm", "Dbtr/Pty/Nm"),
        payer_account=reader.text(original, "DbtrAcct/Id/IBAN", "DbtrAcct/Id/Othr/Id"),
        payer_bank=reader.text(original, "DbtrAgt/FinInstnId/BICFI", "DbtrAgt/FinInstnId/BIC"),
        remittance_text=reader.text(original, "RmtInf/Ustrd"),
        structured_reference=reader.text(original, "RmtInf/Strd/CdtrRefInf/Ref"),
        end_to_end_id=reader.text(element, "OrgnlEndToEndId"),
        mandate_id=reader.text(original, "MndtRltdInf/MndtId", "MndtRltdInf/DrctDbtMndt/MndtId"),
        bank_reference=reader.text(element, "AcctSvcrRef", "StsId"),
        batch_id=batch,
        is_return=True,
        return_reason=_reason(reader, element),
    )
