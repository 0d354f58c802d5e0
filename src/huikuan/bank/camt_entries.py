"""One ``Ntry`` of a camt message → one line, or a line for each payment of a batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from huikuan.bank.statement import Line, LineStatus
from huikuan.bank.xml import Node, Reader
from huikuan.core.said import Said

_STATUS = {"BOOK": LineStatus.BOOKED, "PDNG": LineStatus.PENDING, "FUTR": LineStatus.PENDING}
_NOTHING = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF"})
_RETURNS = frozenset({"RRTN", "RPCR", "UPDD", "PRDD", "RRDD", "RJCT", "UPCT", "UPCQ", "CQRV"})
"""Families' codes of entries that bring a payment back (returned, rejected, refused direct debits, unpaid cheques)."""


def entry_lines(
    reader: Reader, element: Node, entry: int, ordinal: int, currency: str, default_day: date | None
) -> tuple[list[Line], list[Said]]:
    """The lines of entry number ``entry``, counted from ``ordinal``, and remarks. Faults go to the reader's list."""
    base = _entry(reader, element, entry, ordinal, currency, default_day)
    if base is None:
        return [], []
    notes: list[Said] = []
    if "BookgDt" not in element.children or reader.day(element, "BookgDt/Dt", "BookgDt/DtTm") is None:
        place: dict[str, str | int] = {"entry": str(entry), "day": base.booking_date.isoformat()}
        if base.value_date:
            notes.append(Said("Ntry {entry} tells no booking date: its value date {day} is taken", place))
        else:
            notes.append(Said("Ntry {entry} tells no booking date: the statement's last day {day} is taken", place))
    details = reader.all(element, "NtryDtls/TxDtls")
    batch = reader.first(element, "NtryDtls/Btch")
    if batch is not None:
        base = replace(base, batch_id=reader.text(batch, "PmtInfId", "MsgId"))
    if not details:
        count = reader.text(batch, "NbOfTxs")
        size = int(count) if count.isascii() and count.isdigit() and len(count) < 9 else 1
        return [replace(base, batch_size=max(size, 1))], notes
    if len(details) == 1:
        return [_told(reader, details[0], base, element)], notes
    lines = _split(reader, details, base, element)
    if lines:
        return lines, notes
    batch_of: dict[str, str | int] = {"entry": str(entry), "count": len(details)}
    notes.append(
        Said("Ntry {entry} holds {count} payments whose amounts do not add up to it: it is left whole", batch_of)
    )
    whole = [_told(reader, one, base, element) for one in details]
    texts = [text for line in whole for text in (line.remittance_text, line.structured_reference) if text]
    return [replace(base, remittance_text=" / ".join(dict.fromkeys(texts))[:4000], batch_size=len(details))], notes


def _entry(
    reader: Reader, element: Node, entry: int, ordinal: int, currency: str, default_day: date | None
) -> Line | None:
    row, place = element.row, f"Ntry {entry}"
    amount, mark = reader.amount(element, "Amt"), reader.text(element, "CdtDbtInd")
    if reader.first(element, "Amt") is None:
        reader.faults.add("bank.amount", "the entry has no amount", row, place)
    if mark not in {"CRDT", "DBIT"}:
        reader.faults.add("bank.mark", f"CdtDbtInd is {mark!r}, not CRDT or DBIT", row, place)
    value_date = reader.day(element, "ValDt/Dt", "ValDt/DtTm")
    day = reader.day(element, "BookgDt/Dt", "BookgDt/DtTm") or value_date or default_day
    if day is None:
        reader.faults.add("bank.date", "the entry tells no day", row, place)
    found = reader.first(element, "Amt")
    if amount is None or found is None or day is None or mark not in {"CRDT", "DBIT"}:
        return None
    if amount < 0:
        reader.faults.add("bank.amount", f"{amount} is negative: CdtDbtInd tells the direction", row, place)
        return None
    status = reader.text(element, "Sts", "Sts/Cd")
    domain = _code(reader, element)
    return Line(
        ordinal=ordinal,
        row=row,
        element=place,
        booking_date=day,
        value_date=value_date,
        amount=amount if mark == "CRDT" else -amount,
        currency=found.get("Ccy") or currency,
        status=_STATUS.get(status, LineStatus.INFORMATION if status == "INFO" else LineStatus.BOOKED),
        bank_reference=_reference(reader.text(element, "AcctSvcrRef")),
        transaction_code=domain,
        transaction_text=reader.text(element, "AddtlNtryInf"),
        is_reversal=reader.text(element, "RvslInd").lower() in {"true", "1"},
        is_return=bool(_RETURNS & set(domain.split("-"))),
        charges=_charges(reader, element),
    )


def _code(reader: Reader, element: Node) -> str:
    """``PMNT-RCDT-ESCT``; without a domain the bank's own code."""
    if "BkTxCd" not in element.children:
        return ""
    domain = reader.first(element, "BkTxCd/Domn")
    parts = [reader.text(domain, path) for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "-".join(part for part in parts if part) or reader.text(element, "BkTxCd/Prtry/Cd")


def _reference(text: str) -> str:
    return "" if text.upper() in _NOTHING else text


def _charges(reader: Reader, element: Node) -> Decimal | None:
    if "Chrgs" not in element.children:
        return None
    total = reader.amount(element, "Chrgs/TtlChrgsAndTaxAmt")
    if total is not None:
        return total
    paths = ("Chrgs/Rcrd/Amt", "Chrgs/Amt")
    amounts = [reader.amount(one, ".") for path in paths for one in reader.all(element, path)]
    known = [one for one in amounts if one is not None]
    return sum(known, Decimal(0)) if known else None


def _split(reader: Reader, details: list[Node], base: Line, element: Node) -> list[Line]:
    """A line per payment where their amounts, less charges told, are exactly the entry's; else none."""
    lines = []
    for at, one in enumerate(details, 1):
        found = reader.first(one, "Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
        if found is None or (found.get("Ccy") or base.currency) != base.currency:
            return []
        amount = reader.amount(found, ".")
        if amount is None:
            return []
        mark = reader.text(one, "CdtDbtInd")
        negative = mark == "DBIT" if mark else base.amount < 0
        line = replace(
            base,
            ordinal=base.ordinal + at - 1,
            amount=-amount if negative else amount,
            element=f"{base.element}, TxDtls {at}",
            charges=None,
        )
        lines.append(replace(_told(reader, one, line, element), batch_size=len(details), row=one.row))
    difference = base.amount - sum((line.amount for line in lines), Decimal(0))
    if difference == 0:
        return lines
    charges = base.charges or sum((line.charges or Decimal(0) for line in lines), Decimal(0))
    if charges and difference == -charges:
        own = replace(base, amount=difference, transaction_text="charges", charges=None, batch_size=len(details))
        return [*lines, replace(own, ordinal=base.ordinal + len(details), element=f"{base.element}, Chrgs")]
    return []


def _told(reader: Reader, detail: Node, base: Line, element: Node) -> Line:
    """What the details of a payment tell, over what its entry tells."""
    returned = reader.first(detail, "RtrInf")
    is_return = base.is_return or returned is not None
    code = reader.text(returned, "Rsn/Cd", "Rsn/Prtry")
    why = " ".join(one.text for one in reader.all(detail, "RtrInf/AddtlInf")) if returned is not None else ""
    # A return keeps the roles of the payment it brings back: whoever paid then gets money now.
    other_paid = (base.amount >= 0) != (is_return or base.is_reversal)
    name, account, bank, ultimate = _party(reader, detail, "Dbtr" if other_paid else "Cdtr")
    original, original_currency = _original(reader, detail, element, base)
    texts = [one.text for one in reader.all(detail, "RmtInf/Ustrd")]
    more, documents, references = _structured(reader.all(detail, "RmtInf/Strd"))
    own_code = _code(reader, detail)
    return replace(
        base,
        payer_name=name,
        payer_account=account,
        payer_bank=bank,
        ultimate_party=ultimate,
        remittance_text=" ".join(text for text in [*texts, *documents, *more] if text),
        structured_reference=" ".join(text for text in references if text),
        end_to_end_id=_reference(reader.text(detail, "Refs/EndToEndId")),
        mandate_id=_reference(reader.text(detail, "Refs/MndtId")),
        bank_reference=_reference(reader.text(detail, "Refs/AcctSvcrRef")) or base.bank_reference,
        transaction_code=own_code or base.transaction_code,
        transaction_text=reader.text(detail, "AddtlTxInf") or base.transaction_text,
        is_return=is_return or bool(_RETURNS & set(own_code.split("-"))),
        return_reason=" ".join(part for part in (code, why) if part),
        original_amount=original,
        original_currency=original_currency,
        charges=_charges(reader, detail) or base.charges,
        batch_id=base.batch_id or reader.text(detail, "Refs/PmtInfId"),
    )


def _structured(parts: list[Node]) -> tuple[list[str], list[str], list[str]]:
    """Remarks, document numbers and references of the structured parts of a payment's text."""
    more = [one.text for part in parts for one in part.all("AddtlRmtInf")]
    documents = [one.text for part in parts for one in part.all("RfrdDocInf/Nb")]
    references = [one.text for part in parts for one in part.all("CdtrRefInf/Ref")]
    references += [one.text for part in parts for one in part.all("CdtrRefInf/CdtrRef")]
    return more, documents, references


def _party(reader: Reader, detail: Node, role: str) -> tuple[str, str, str, str]:
    parties = reader.first(detail, "RltdPties")
    name = reader.text(parties, f"{role}/Nm", f"{role}/Pty/Nm", f"{role}/Agt/FinInstnId/Nm")
    account = reader.text(parties, f"{role}Acct/Id/IBAN", f"{role}Acct/Id/Othr/Id", f"{role}Acct/Id/PrtryAcct/Id")
    bank = ""
    if "RltdAgts" in detail.children:
        agent = reader.first(detail, f"RltdAgts/{role}Agt/FinInstnId")
        bank = reader.text(agent, "BICFI", "BIC", "ClrSysMmbId/MmbId", "Nm")
    ultimate = reader.text(parties, f"Ultmt{role}/Nm", f"Ultmt{role}/Pty/Nm")
    return name, account, bank, ultimate


def _original(reader: Reader, detail: Node, element: Node, base: Line) -> tuple[Decimal | None, str]:
    """What the payer sent, where it differs from what arrived."""
    for place in (detail, element):
        if "AmtDtls" not in place.children:
            continue
        found = reader.first(place, "AmtDtls/InstdAmt/Amt")
        if found is None:
            continue
        amount, currency = reader.amount(found, "."), found.get("Ccy")
        if amount is not None and (currency != base.currency or amount != abs(base.amount)):
            return amount, currency
    return None, ""
