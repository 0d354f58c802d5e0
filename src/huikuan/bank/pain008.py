"""pain.008: the file by which a bank is asked to collect SEPA direct debits, written and checked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from huikuan.bank.pain008_check import NAMESPACE, check_pain008
from huikuan.core.ibans import is_iban
from huikuan.core.refusals import BadData, DataError

_LATIN = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")
_ID = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]{1,35}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_CREDITOR = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
_NO_ID = "is no id of up to 35 letters, digits and / - ? : ( ) . , ' +"
_SEQUENCES = ("FRST", "RCUR", "FNAL", "OOFF")
_SCHEMES = ("CORE", "B2B")
AMOUNT_MAX = Decimal("999999999.99")
_FOLDED = {
    **dict(zip("äöüÄÖÜß", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "ss"), strict=True)),
    "&": "+",
    "_": "-",
    "@": "(at)",
    "é": "e",
    "è": "e",
    "ê": "e",
    "à": "a",
    "ç": "c",
    "ñ": "n",
    "ø": "o",
    "å": "a",
}


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects. ``creditor_id`` is the SEPA creditor identifier (``DE98ZZZ09999999999``)."""

    name: str
    iban: str
    creditor_id: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """One direct debit. ``amount`` in euro; ``sequence`` is FRST, RCUR, FNAL or OOFF; ``scheme`` CORE or B2B."""

    end_to_end_id: str
    amount: Decimal
    due_date: date
    mandate_id: str
    mandate_signed_on: date
    payer_name: str
    payer_iban: str
    remittance_text: str = ""
    payer_bic: str = ""
    sequence: str = "RCUR"
    scheme: str = "CORE"


def latin(text: str, length: int) -> str:
    """A text in the letters that SEPA allows, no longer than ``length``: umlauts written out, others replaced."""
    folded = "".join(_FOLDED.get(letter, letter) for letter in text)
    return "".join(letter if _LATIN.fullmatch(letter) else "." for letter in folded)[:length].strip()


def write_pain008(creditor: Creditor, collections: Sequence[Collection], *, message_id: str, now: datetime) -> bytes:
    """The message: collections by due date, sequence and scheme, control sums at both levels. Refuses with every fault
    of every collection at once; what is written passes ``check_pain008``."""
    faults = _faults(creditor, collections, message_id)
    if faults:
        raise BadData(faults)
    groups: dict[tuple[date, str, str], list[Collection]] = defaultdict(list)
    for one in collections:
        groups[one.due_date, one.scheme, one.sequence].append(one)
    names: Any = {None: NAMESPACE}
    document = etree.Element(f"{{{NAMESPACE}}}Document", nsmap=names)
    root = _add(document, "CstmrDrctDbtInitn")
    header = _add(root, "GrpHdr")
    _add(header, "MsgId", message_id)
    _add(header, "CreDtTm", now.replace(microsecond=0).isoformat())
    _add(header, "NbOfTxs", str(len(collections)))
    _add(header, "CtrlSum", _money(sum((one.amount for one in collections), Decimal(0))))
    _add(_add(header, "InitgPty"), "Nm", latin(creditor.name, 70))
    for number, key in enumerate(sorted(groups), 1):
        _payment_information(root, f"{message_id[:30]}-{number}", creditor, key, groups[key])
    data = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    wrong = check_pain008(data)
    if wrong:
        raise BadData(wrong)
    return bytes(data)


def _add(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    element.text = text
    return element


def _money(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01')):f}"


def _payment_information(
    root: etree._Element,
    batch_id: str,
    creditor: Creditor,
    key: tuple[date, str, str],
    collections: Sequence[Collection],
) -> None:
    due_date, scheme, sequence = key
    batch = _add(root, "PmtInf")
    _add(batch, "PmtInfId", batch_id)
    _add(batch, "PmtMtd", "DD")
    _add(batch, "BtchBookg", "true")
    _add(batch, "NbOfTxs", str(len(collections)))
    _add(batch, "CtrlSum", _money(sum((one.amount for one in collections), Decimal(0))))
    kind = _add(batch, "PmtTpInf")
    _add(_add(kind, "SvcLvl"), "Cd", "SEPA")
    _add(_add(kind, "LclInstrm"), "Cd", scheme)
    _add(kind, "SeqTp", sequence)
    _add(batch, "ReqdColltnDt", due_date.isoformat())
    _add(_add(batch, "Cdtr"), "Nm", latin(creditor.name, 70))
    _add(_add(_add(batch, "CdtrAcct"), "Id"), "IBAN", creditor.iban)
    _agent(_add(batch, "CdtrAgt"), creditor.bic)
    _add(batch, "ChrgBr", "SLEV")
    scheme_id = _add(_add(_add(_add(batch, "CdtrSchmeId"), "Id"), "PrvtId"), "Othr")
    _add(scheme_id, "Id", creditor.creditor_id)
    _add(_add(scheme_id, "SchmeNm"), "Prtry", "SEPA")
    for one in collections:
        payment = _add(batch, "DrctDbtTxInf")
        _add(_add(payment, "PmtId"), "EndToEndId", one.end_to_end_id)
        amount = _add(payment, "InstdAmt", _money(one.amount))
        amount.set("Ccy", "EUR")
        mandate = _add(_add(payment, "DrctDbtTx"), "MndtRltdInf")
        _add(mandate, "MndtId", one.mandate_id)
        _add(mandate, "DtOfSgntr", one.mandate_signed_on.isoformat())
        _agent(_add(payment, "DbtrAgt"), one.payer_bic)
        _add(_add(payment, "Dbtr"), "Nm", latin(one.payer_name, 70))
        _add(_add(_add(payment, "DbtrAcct"), "Id"), "IBAN", one.payer_iban)
        if one.remittance_text:
            _add(_add(payment, "RmtInf"), "Ustrd", latin(one.remittance_text, 140))


def _agent(parent: etree._Element, bic: str) -> None:
    institution = _add(parent, "FinInstnId")
    if bic:
        _add(institution, "BIC", bic)
    else:
        _add(_add(institution, "Othr"), "Id", "NOTPROVIDED")


def _faults(creditor: Creditor, collections: Sequence[Collection], message_id: str) -> list[DataError]:
    found: list[DataError] = []

    def add(row: int | None, column: str, code: str, reason: str) -> None:
        found.append(DataError("pain.008", row, column, reason, f"collection.{code}"))

    if not _ID.fullmatch(message_id) or "//" in message_id or message_id.startswith("/"):
        add(None, "message_id", "bad_id", f"{message_id[:40]!r} {_NO_ID}")
    if not latin(creditor.name, 70):
        add(None, "name", "no_name", "the creditor has no name")
    if not is_iban(creditor.iban):
        add(None, "iban", "bad_iban", f"{creditor.iban[:40]!r} is not an IBAN")
    if not _CREDITOR.fullmatch(creditor.creditor_id):
        add(None, "creditor_id", "bad_creditor_id", f"{creditor.creditor_id[:40]!r} is no SEPA creditor identifier")
    if not collections:
        add(None, "collections", "none", "there is nothing to collect")
    seen: set[str] = set()
    for row, one in enumerate(collections, 1):
        _check_one(row, one, seen, add)
    return found


def _check_one(row: int, one: Collection, seen: set[str], say: Callable[[int | None, str, str, str], None]) -> None:
    for column, text in (("end_to_end_id", one.end_to_end_id), ("mandate_id", one.mandate_id)):
        if not _ID.fullmatch(text) or text != text.strip() or text.startswith("/") or text.endswith("/"):
            say(row, column, "bad_id", f"{text[:40]!r} {_NO_ID}")
    if one.end_to_end_id in seen:
        say(row, "end_to_end_id", "repeated", f"{one.end_to_end_id!r} is used twice")
    seen.add(one.end_to_end_id)
    if not Decimal("0.01") <= one.amount <= AMOUNT_MAX or one.amount != one.amount.quantize(Decimal("0.01")):
        say(row, "amount", "bad_amount", f"{one.amount} is not an amount from 0.01 to {AMOUNT_MAX}")
    if not is_iban(one.payer_iban):
        say(row, "payer_iban", "bad_iban", f"{one.payer_iban[:40]!r} is not an IBAN")
    if one.payer_bic and not _BIC.fullmatch(one.payer_bic):
        say(row, "payer_bic", "bad_bic", f"{one.payer_bic[:20]!r} is not a BIC")
    if not latin(one.payer_name, 70):
        say(row, "payer_name", "no_name", "the payer has no name")
    if one.sequence not in _SEQUENCES:
        say(row, "sequence", "bad_sequence", f"{one.sequence!r} is none of {', '.join(_SEQUENCES)}")
    if one.scheme not in _SCHEMES:
        say(row, "scheme", "bad_scheme", f"{one.scheme!r} is none of {', '.join(_SCHEMES)}")
    if one.mandate_signed_on > one.due_date:
        say(row, "mandate_signed_on", "signed_late", "the mandate was signed after the day of collection")
