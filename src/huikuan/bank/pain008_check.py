"""Whether a pain.008 message keeps the schema's order, its patterns and its control sums."""

from __future__ import annotations

import re
from decimal import Decimal

from lxml import etree

from huikuan.bank.source import Faults, Source
from huikuan.bank.xml import local, row_of, walk
from huikuan.core.ibans import is_iban
from huikuan.core.refusals import DataError

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"

# Children of each element in the schema's order; "!" must be there, "*" may repeat.
_ORDER: dict[str, str] = {
    "Document": "CstmrDrctDbtInitn!",
    "CstmrDrctDbtInitn": "GrpHdr! PmtInf!*",
    "GrpHdr": "MsgId! CreDtTm! Authstn NbOfTxs! CtrlSum InitgPty! FwdgAgt",
    "PmtInf": "PmtInfId! PmtMtd! BtchBookg NbOfTxs CtrlSum PmtTpInf ReqdColltnDt! Cdtr! CdtrAcct! CdtrAcctAgt CdtrAgt!"
    " UltmtCdtr ChrgBr ChrgsAcct CdtrSchmeId DrctDbtTxInf!*",
    "PmtTpInf": "InstrPrty SvcLvl LclInstrm SeqTp CtgyPurp",
    "DrctDbtTxInf": "PmtId! PmtTpInf InstdAmt! ChrgBr DrctDbtTx UltmtCdtr DbtrAgt! Dbtr! DbtrAcct! UltmtDbtr Purp"
    " RmtInf",
    "PmtId": "InstrId EndToEndId!",
    "DrctDbtTx": "MndtRltdInf CdtrSchmeId PreNtfctnId PreNtfctnDt",
    "MndtRltdInf": "MndtId DtOfSgntr AmdmntInd AmdmntInfDtls ElctrncSgntr",
    "AmdmntInfDtls": "OrgnlMndtId OrgnlCdtrSchmeId OrgnlCdtrAgt OrgnlCdtrAgtAcct OrgnlDbtr OrgnlDbtrAcct OrgnlDbtrAgt"
    " OrgnlDbtrAgtAcct OrgnlFnlColltnDt OrgnlFrqcy",
}
_PATTERNS = {
    "MsgId": r".{1,35}",
    "PmtInfId": r".{1,35}",
    "EndToEndId": r".{1,35}",
    "MndtId": r".{1,35}",
    "OrgnlMndtId": r".{1,35}",
    "AmdmntInd": r"true|false",
    "NbOfTxs": r"\d{1,15}",
    "CtrlSum": r"\d{1,15}\.\d{2}",
    "InstdAmt": r"\d{1,9}\.\d{2}",
    "Nm": r".{1,70}",
    "Ustrd": r".{1,140}",
    "ReqdColltnDt": r"\d{4}-\d{2}-\d{2}",
    "DtOfSgntr": r"\d{4}-\d{2}-\d{2}",
    "SeqTp": r"FRST|RCUR|FNAL|OOFF",
    "BIC": r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?",
    "CreDtTm": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([+-]\d{2}:\d{2}|Z)?",
}


def check_pain008(data: bytes) -> list[DataError]:
    """Every place where the message breaks the schema or does not add up; empty where it is right."""
    source = Source("pain.008", data=data)
    faults = Faults(source.name)
    root: etree._Element | None = None
    for _, element in walk(source):
        root = element if root is None else root
    assert root is not None  # noqa: S101 - walk refuses what has no root
    if root.tag != f"{{{NAMESPACE}}}Document":
        faults.add("pain.namespace", f"the root is {root.tag!r}, not Document of {NAMESPACE}", 1)
        return faults.errors
    for element in root.iter():
        _check_element(element, faults)
    _check_sums(root, faults)
    return faults.errors


def own_text(element: etree._Element | None) -> str:
    """An element's text; empty without one."""
    return (element.text or "").strip() if element is not None else ""


def _check_element(element: etree._Element, faults: Faults) -> None:
    name, text, row = local(element), own_text(element), row_of(element)
    order = [one.rstrip("!*") for one in _ORDER.get(name, "").split()]
    if order:
        children = [local(child) for child in element]
        places = [order.index(child) if child in order else -1 for child in children]
        if -1 in places or places != sorted(places):
            faults.add("pain.order", f"{name} holds {', '.join(children)}: not what the schema allows there", row, name)
        for wanted in _ORDER[name].split():
            if "!" in wanted and wanted.rstrip("!*") not in children:
                faults.add("pain.missing", f"{name} has no {wanted.rstrip('!*')}", row, name)
    pattern = _PATTERNS.get(name)
    if pattern and not len(element) and not re.fullmatch(pattern, text):
        faults.add("pain.value", f"{text[:40]!r} is not what {name} may hold", row, name)
    if name == "IBAN" and not is_iban(text):
        faults.add("pain.value", f"{text[:40]!r} is not an IBAN", row, name)


def _check_sums(root: etree._Element, faults: Faults) -> None:
    tag = f"{{{NAMESPACE}}}"
    total, count = Decimal(0), 0
    for batch in root.iter(f"{tag}PmtInf"):
        amounts = [Decimal(own_text(one)) for one in batch.iter(f"{tag}InstdAmt") if _is_amount(one)]
        _compare(batch, tag, amounts, faults)
        total, count = total + sum(amounts, Decimal(0)), count + len(amounts)
    header = root.find(f".//{tag}GrpHdr")
    if header is not None:
        told, number = own_text(header.find(f"{tag}CtrlSum")), own_text(header.find(f"{tag}NbOfTxs"))
        if told != f"{total:.2f}" or number != str(count):
            reason = f"the header says {number} payments of {told}, there are {count} of {total:.2f}"
            faults.add("pain.sum", reason, row_of(header), "GrpHdr")


def _is_amount(element: etree._Element) -> bool:
    return re.fullmatch(r"\d{1,9}\.\d{2}", own_text(element)) is not None


def _compare(batch: etree._Element, tag: str, amounts: list[Decimal], faults: Faults) -> None:
    told, number = own_text(batch.find(f"{tag}CtrlSum")), own_text(batch.find(f"{tag}NbOfTxs"))
    total = sum(amounts, Decimal(0))
    if (told and told != f"{total:.2f}") or (number and number != str(len(amounts))):
        reason = f"PmtInf says {number} payments of {told}, there are {len(amounts)} of {total:.2f}"
        faults.add("pain.sum", reason, row_of(batch), "PmtInf")
