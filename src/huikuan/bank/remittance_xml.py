"""remt.001: ISO 20022 remittance advice."""

from __future__ import annotations

from decimal import Decimal

from huikuan.bank.remittance import RemittanceAdvice, RemittedDocument
from huikuan.bank.source import Faults, Source
from huikuan.bank.xml import Node, Reader, forget, local, walk


def is_remt(head: bytes) -> bool:
    """Whether bytes begin like a remt.001 message."""
    return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and b"RmtAdvc" in head


def read_remt(source: Source) -> list[RemittanceAdvice]:
    """An advice for each ``RmtInf``."""
    faults = Faults(source.name)
    found: list[RemittanceAdvice] = []
    party = ""
    reader = Reader(faults)
    for event, element in walk(source, "GrpHdr", "RmtInf"):
        if event == "start":
            continue
        if local(element) == "GrpHdr":
            party = reader.text(Node(element), "InitgPty/Nm", "MsgSndr/Pty/Nm", "MsgSndr/Agt/FinInstnId/Nm")
        elif local(element) == "RmtInf":
            found.append(_advice(reader, Node(element), source.name, party))
            forget(element)
    faults.raise_if_any()
    return [one for one in found if one.documents]


def _advice(reader: Reader, element: Node, name: str, party: str) -> RemittanceAdvice:
    original = reader.first(element, "OrgnlPmtInf")
    amount = reader.first(original, "Amt/InstdAmt", "IntrBkSttlmAmt", "OrgnlAmt", "Amt/EqvtAmt/Amt")
    documents = [document for one in reader.all(element, "Strd") for document in _documents(reader, one)]
    return RemittanceAdvice(
        source=name,
        payer_name=reader.text(original, "Dbtr/Nm", "UltmtDbtr/Nm", "Dbtr/Pty/Nm") or party,
        paid_on=reader.day(original, "ReqdExctnDt", "ReqdExctnDt/Dt", "IntrBkSttlmDt", "PmtDt"),
        currency=amount.get("Ccy") if amount is not None else "",
        total=reader.amount(amount, ".") if amount is not None else None,
        reference=reader.text(original, "Refs/EndToEndId", "PmtId/EndToEndId", "EndToEndId")
        or reader.text(element, "RmtId"),
        documents=tuple(documents),
        notes=tuple(one.text for one in reader.all(element, "Ustrd") if one.text),
    )


def _documents(reader: Reader, element: Node) -> list[RemittedDocument]:
    numbers = [one for one in reader.all(element, "RfrdDocInf") if reader.text(one, "Nb")]
    if not numbers:
        return []
    amounts = reader.first(element, "RfrdDocAmt")
    due = reader.amount(amounts, "DuePyblAmt")
    paid = reader.amount(amounts, "RmtdAmt")
    credit = reader.amount(amounts, "CdtNoteAmt")
    discount = reader.amount(amounts, "DscntApldAmt", "DscntApldAmt/Amt")
    adjusted = Decimal(0)
    reasons: list[str] = []
    for one in reader.all(amounts, "AdjstmntAmtAndRsn"):
        value = reader.amount(one, "Amt") or Decimal(0)
        adjusted += value if reader.text(one, "CdtDbtInd") != "CRDT" else -value
        reasons += [text for text in (reader.text(one, "Rsn"), reader.text(one, "AddtlInf")) if text]
    kept = (discount or Decimal(0)) + adjusted
    if paid is None:
        paid = -credit if credit is not None else due - kept if due is not None else None
    is_credit = any(reader.text(one, "Tp/CdOrPrtry/Cd") == "CREN" for one in numbers)
    if is_credit and paid is not None and paid > 0:
        paid = -paid
    first = numbers[0]
    return [
        RemittedDocument(
            number=reader.text(one, "Nb"),
            amount=paid if one is first and len(numbers) == 1 else None,
            gross=due if len(numbers) == 1 else None,
            deduction=kept or None if len(numbers) == 1 else None,
            deduction_reason=" ".join(reasons),
            document_date=reader.day(one, "RltdDt", "RltdDt/Dt"),
            row=one.row,
        )
        for one in numbers
    ]
