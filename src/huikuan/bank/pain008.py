"""pain.008: the file by which a bank is asked to collect SEPA direct debits, written and checked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from huikuan.bank.pain008_check import NAMESPACE, check_pain008
from huikuan.bank.xml_writing import add, add_totals, latin, money, new_message, written
from huikuan.core.ibans import is_iban
from huikuan.core.refusals import BadData, DataError

_ID = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]{1,35}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_CREDITOR = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
_NO_ID = "is no id of up to 35 letters, digits and / - ? : ( ) . , ' +"
_SEQUENCES = ("FRST", "RCUR", "FNAL", "OOFF")
_SCHEMES = ("CORE", "B2B")
AMOUNT_MAX = Decimal("999999999.99")


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects. ``creditor_id`` is the SEPA creditor identifier (``DE98ZZZ09999999999``)."""

    name: str
    iban: str
    creditor_id: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """One direct debit. ``amount`` in euro; ``sequence`` is FRST, RCUR, FNAL or OOFF; ``scheme`` CORE or B2B. What was
    amended of its mandate since the bank heard of it last: ``original_mandate_id`` and ``original_creditor_id`` say
    what it was, ``is_new_account`` that it was another account."""

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
    original_mandate_id: str = ""
    original_creditor_id: str = ""
    is_new_account: bool = False


def write_pain008(creditor: Creditor, collections: Sequence[Collection], *, message_id: str, now: datetime) -> bytes:
    """The message: collections by due date, sequence and scheme, control sums at both levels. Refuses with every fault
    of every collection at once; what is written passes ``check_pain008``."""
    faults = _faults(creditor, collections, message_id)
    if faults:
        raise BadData(faults)
    groups: dict[tuple[date, str, str], list[Collection]] = defaultdict(list)
    for one in collections:
        groups[one.due_date, one.scheme, one.sequence].append(one)
    root = new_message(NAMESPACE, "CstmrDrctDbtInitn")
    header = add(root, "GrpHdr")
    add(header, "MsgId", message_id)
    add(header, "CreDtTm", now.replace(microsecond=0).isoformat())
    add_totals(header, (one.amount for one in collections))
    add(add(header, "InitgPty"), "Nm", latin(creditor.name, 70))
    for number, key in enumerate(sorted(groups), 1):
        _payment_information(root, f"{message_id[:30]}-{number}", creditor, key, groups[key])
    data = written(root)
    wrong = check_pain008(data)
    if wrong:
        raise BadData(wrong)
    return data


def _payment_information(
    root: etree._Element,
    batch_id: str,
    creditor: Creditor,
    key: tuple[date, str, str],
    collections: Sequence[Collection],
) -> None:
    due_date, scheme, sequence = key
    batch = add(root, "PmtInf")
    add(batch, "PmtInfId", batch_id)
    add(batch, "PmtMtd", "DD")
    add(batch, "BtchBookg", "true")
    add_totals(batch, (one.amount for one in collections))
    kind = add(batch, "PmtTpInf")
    add(add(kind, "SvcLvl"), "Cd", "SEPA")
    add(add(kind, "LclInstrm"), "Cd", scheme)
    add(kind, "SeqTp", sequence)
    add(batch, "ReqdColltnDt", due_date.isoformat())
    add(add(batch, "Cdtr"), "Nm", latin(creditor.name, 70))
    add(add(add(batch, "CdtrAcct"), "Id"), "IBAN", creditor.iban)
    _agent(add(batch, "CdtrAgt"), creditor.bic)
    add(batch, "ChrgBr", "SLEV")
    _scheme_id(add(batch, "CdtrSchmeId"), creditor.creditor_id)
    for one in collections:
        payment = add(batch, "DrctDbtTxInf")
        add(add(payment, "PmtId"), "EndToEndId", one.end_to_end_id)
        amount = add(payment, "InstdAmt", money(one.amount))
        amount.set("Ccy", "EUR")
        mandate = add(add(payment, "DrctDbtTx"), "MndtRltdInf")
        add(mandate, "MndtId", one.mandate_id)
        add(mandate, "DtOfSgntr", one.mandate_signed_on.isoformat())
        _amended(mandate, one)
        _agent(add(payment, "DbtrAgt"), one.payer_bic)
        add(add(payment, "Dbtr"), "Nm", latin(one.payer_name, 70))
        add(add(add(payment, "DbtrAcct"), "Id"), "IBAN", one.payer_iban)
        if one.remittance_text:
            add(add(payment, "RmtInf"), "Ustrd", latin(one.remittance_text, 140))


def _scheme_id(parent: etree._Element, creditor_id: str) -> None:
    other = add(add(add(parent, "Id"), "PrvtId"), "Othr")
    add(other, "Id", creditor_id)
    add(add(other, "SchmeNm"), "Prtry", "SEPA")


def _amended(mandate: etree._Element, one: Collection) -> None:
    if not (one.original_mandate_id or one.original_creditor_id or one.is_new_account):
        return
    add(mandate, "AmdmntInd", "true")
    details = add(mandate, "AmdmntInfDtls")
    if one.original_mandate_id:
        add(details, "OrgnlMndtId", one.original_mandate_id)
    if one.original_creditor_id:
        _scheme_id(add(details, "OrgnlCdtrSchmeId"), one.original_creditor_id)
    if one.is_new_account:
        # "Same mandate, new debtor account": at the same bank or at another.
        add(add(add(add(details, "OrgnlDbtrAcct"), "Id"), "Othr"), "Id", "SMNDA")


def _agent(parent: etree._Element, bic: str) -> None:
    institution = add(parent, "FinInstnId")
    if bic:
        add(institution, "BIC", bic)
    else:
        add(add(institution, "Othr"), "Id", "NOTPROVIDED")


def _faults(creditor: Creditor, collections: Sequence[Collection], message_id: str) -> list[DataError]:
    found: list[DataError] = []

    def say(row: int | None, column: str, code: str, reason: str) -> None:
        found.append(DataError("pain.008", row, column, reason, f"collection.{code}"))

    if not _ID.fullmatch(message_id) or "//" in message_id or message_id.startswith("/"):
        say(None, "message_id", "bad_id", f"{message_id[:40]!r} {_NO_ID}")
    if not latin(creditor.name, 70):
        say(None, "name", "no_name", "the creditor has no name")
    if not is_iban(creditor.iban):
        say(None, "iban", "bad_iban", f"{creditor.iban[:40]!r} is not an IBAN")
    if not _CREDITOR.fullmatch(creditor.creditor_id):
        say(None, "creditor_id", "bad_creditor_id", f"{creditor.creditor_id[:40]!r} is no SEPA creditor identifier")
    if not collections:
        say(None, "collections", "none", "there is nothing to collect")
    seen: set[str] = set()
    for row, one in enumerate(collections, 1):
        _check_one(row, one, seen, say)
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
