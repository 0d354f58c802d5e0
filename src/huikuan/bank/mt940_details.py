"""Field 86 of MT940 in the banks' dialects: who paid, what for, and the references."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from huikuan.core.ibans import is_iban

_GERMAN = re.compile(r"(\d{3})([^\w\s])(?=\d\d)")
_SUBFIELD = 27
"""Characters of one German subfield: a shorter one was ended on purpose, a full one goes on in the next."""
_SEPA = {
    "EREF": "end_to_end_id",
    "KREF": "customer_reference",
    "MREF": "mandate_id",
    "SVWZ": "remittance_text",
    "ABWA": "ultimate_party",
    "ABWE": "ultimate_party",
    "IBAN": "payer_account",
    "BIC": "payer_bank",
    "MTLG": "remittance_text",
    "CRED": "",
    "DEBT": "",
    "COAM": "",
    "OAMT": "",
    "PURP": "",
}
_SEPA_SPLIT = re.compile(r"(?<![A-Z])(EREF|KREF|MREF|SVWZ|ABWA|ABWE|IBAN|BIC|CRED|DEBT|COAM|OAMT|PURP)\+ ?|(MTLG):")
_SLASH = {
    "EREF": "end_to_end_id",
    "MARF": "mandate_id",
    "IBAN": "payer_account",
    "BIC": "payer_bank",
    "NAME": "payer_name",
    "BENM": "payer_name",
    "ORDP": "payer_name",
    "REMI": "remittance_text",
    "RTRN": "return_reason",
    "ULTD": "ultimate_party",
    "ULTC": "ultimate_party",
    "ULTB": "ultimate_party",
    "CNTP": "",
    "TRTP": "transaction_text",
    "PREF": "customer_reference",
    "CSID": "",
    "ISDT": "",
    "ID": "",
    "ADDR": "",
    "PURP": "",
    "NRTX": "",
    "OCMT": "",
    "CHGS": "",
    "EXCH": "",
    "SVCL": "",
    "ACCW": "payer_account",
    "OAMT": "",
}
_SLASH_SPLIT = re.compile(rf"/({'|'.join(sorted(_SLASH, key=len, reverse=True))})/")
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}[A-Z0-9]{11,30}(?![A-Z0-9])")
_DUTCH = re.compile(r"REK: ?(\S{1,40}?) ?/ ?NAAM: ?(.+)", re.IGNORECASE)
_RETURN_CODES = frozenset({"108", "109", "111", "159"})
"""Business transaction codes of returned direct debits, cheques and transfers."""


@dataclass(slots=True)
class Details:
    """What field 86 told. ``code`` is the three digits before structured text."""

    code: str = ""
    transaction_text: str = ""
    payer_name: str = ""
    payer_account: str = ""
    payer_bank: str = ""
    ultimate_party: str = ""
    remittance_text: str = ""
    structured_reference: str = ""
    end_to_end_id: str = ""
    mandate_id: str = ""
    customer_reference: str = ""
    return_reason: str = ""
    is_return: bool = False
    extra: dict[str, str] = field(default_factory=dict)


def read_details(lines: list[str], supplement: str) -> Details:
    """Field 86, line by line, in whatever dialect. ``supplement`` is the second line of field 61."""
    joined = "".join(lines)
    found = _GERMAN.match(joined)
    if found:
        return _german(joined, found[1], found[2])
    start = joined.lstrip()
    if start.startswith("/") and _SLASH_SPLIT.match(start):
        return _slashes(start)
    if _SEPA_SPLIT.match(start):
        details = Details()
        _sepa(details, start)
        return details
    return _plain(lines, supplement)


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _german(text: str, code: str, mark: str) -> Details:
    pieces = re.split(rf"{re.escape(mark)}(\d\d)", text[3:])
    fields: dict[str, str] = {}
    purpose = ""
    for number, value in zip(pieces[1::2], pieces[2::2], strict=True):
        if number[0] == "2" or "60" <= number <= "63":
            purpose += value if len(value) >= _SUBFIELD else value + " "
        else:
            fields[number] = fields.get(number, "") + value
    details = Details(code=code, transaction_text=_squeeze(fields.get("00", "")))
    details.payer_bank = fields.get("30", "").strip()
    details.payer_account = re.sub(r"\s", "", fields.get("31", ""))
    # Only a full first part goes on in the second.
    first, second = fields.get("32", ""), fields.get("33", "")
    details.payer_name = _squeeze(first + ("" if len(first) >= _SUBFIELD else " ") + second)
    _sepa(details, purpose)
    key = fields.get("34", "").strip()
    back = details.transaction_text.upper()
    if code in _RETURN_CODES or "RETOURE" in back or "RUECKL" in back or "RÜCKL" in back:
        details.is_return = True
        details.return_reason = key
    return details


def _sepa(details: Details, text: str) -> None:
    """``EREF+...SVWZ+...``: keywords one after the other; text before the first is remittance text."""
    pieces = _SEPA_SPLIT.split(text)
    told = [_squeeze(pieces[0])]
    for at in range(1, len(pieces), 3):
        keyword, value = pieces[at] or pieces[at + 1], _squeeze(pieces[at + 2])
        name = _SEPA[keyword]
        if name == "remittance_text":
            told.append(value)
        elif not name:
            details.extra[keyword] = value
        elif not getattr(details, name):
            setattr(details, name, value.replace(" ", "") if keyword in {"IBAN", "BIC"} else value)
    details.remittance_text = " ".join(part for part in told if part)


def _slashes(text: str) -> Details:
    details = Details()
    pieces = _SLASH_SPLIT.split(text)
    for keyword, raw in zip(pieces[1::2], pieces[2::2], strict=True):
        value = _squeeze(raw.strip("/ "))
        if keyword == "CNTP":
            account, bank, name = [*raw.split("/"), "", "", ""][:3]
            details.payer_account, details.payer_bank, details.payer_name = account.strip(), bank.strip(), name.strip()
        elif keyword == "REMI":
            _remittance(details, value)
        elif not _SLASH[keyword]:
            details.extra[keyword] = value
        elif value and not getattr(details, _SLASH[keyword]):
            setattr(details, _SLASH[keyword], value)
        if keyword == "RTRN":
            details.is_return = True
    return details


def _remittance(details: Details, value: str) -> None:
    """``USTD//text`` or ``STRD/CUR/reference`` or the text itself."""
    structured = re.match(r"STRD/(?:CUR|ISO)?/?(.*)", value)
    if structured:
        details.structured_reference = structured[1].strip("/ ")
        return
    details.remittance_text = value.removeprefix("USTD").strip("/ ")


def _plain(lines: list[str], supplement: str) -> Details:
    details = Details(remittance_text=_squeeze(" ".join(lines)))
    first, name = _squeeze(lines[0]) if lines else "", _squeeze(supplement)
    dutch = next((found for line in lines if (found := _DUTCH.search(line))), None)
    if dutch:
        details.payer_account, details.payer_name = dutch[1], _squeeze(dutch[2])
        rest = " ".join(line for line in lines if not _DUTCH.search(line))
        details.remittance_text = _squeeze(rest)
        return details
    if name and first.lower().endswith(name.lower()) and re.fullmatch(r"[A-Z0-9]*", first[: -len(name)].strip()):
        details.payer_account, details.payer_name = first[: -len(name)].strip(), name
        details.remittance_text = _squeeze(" ".join(lines[1:]))
        return details
    ibans = {one for one in _IBAN.findall(details.remittance_text) if is_iban(one)}
    if len(ibans) == 1:
        details.payer_account = ibans.pop()
    return details
