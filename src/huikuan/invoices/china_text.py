"""The text of a Chinese fully digital e-invoice, as its PDF (or the pages of its OFD) carry it."""

from __future__ import annotations

import re
import unicodedata

from huikuan.invoices.china import Reading, build
from huikuan.invoices.china_xml import read_line
from huikuan.invoices.document import Fault, InvoiceDocument, Line, Party, SourceFormat, Totals

TEXT_MAX = 200_000
LINES_MAX = 2_000

_AMOUNT = r"-?[\d,]{1,20}\.\d{2}"
_NUMBER = re.compile(r"(?<!\d)(\d{20})(?!\d)")
_LABELLED = re.compile(r"发\s*票\s*号\s*码\s*:?\s*(\d{20})(?!\d)")
_DAY = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_NAME = re.compile(
    r"(?<!项目)(?<!货物)名\s*称\s*:\s*([^\s:][^\n:]{0,120}?)(?=\s{2,}|\s*\n|\s+[销购买售方]\s|\s+名\s*称|\s*$)"
)
_TAX_ID = re.compile(r"纳\s*税\s*人\s*识\s*别\s*号\s*:\s*([0-9A-Z]{15,20})")
_SUMS = re.compile(rf"合\s*计\s*[¥￥]?\s*({_AMOUNT})\s*[¥￥]?\s*({_AMOUNT}|\*+)")
_GROSS = re.compile(rf"小\s*写\s*\)?\s*[¥￥]?\s*({_AMOUNT})")
_LINE = re.compile(
    rf"^\s*(\*[^*\n]{{1,40}}\*[^\n]*?)\s+({_AMOUNT})\s+(\d{{1,2}}(?:\.\d{{1,2}})?%|免税|不征税|\*+)\s+({_AMOUNT}|\*+)\s*$",
    re.MULTILINE,
)
_RED = re.compile(r"(红字|负数)\s*\)?\s*发票|(?:合\s*计|小\s*写\s*\)?)\s*[¥￥]?\s*-")


def read_text(text: str, file_name: str, source_format: SourceFormat) -> InvoiceDocument:
    """One invoice from what is written on it. What the text does not carry is a fault of the invoice read."""
    plain = unicodedata.normalize("NFKC", text[:TEXT_MAX]).replace("¥", "¥")
    reading = Reading()
    paths = {name: name for name in ("number", "issue_date", "net", "tax", "gross", "note", "lines")}
    numbers = _LABELLED.findall(plain) or _NUMBER.findall(plain)
    day = _DAY.search(plain)
    names = [" ".join(name.split()) for name in _NAME.findall(plain)]
    ids = _TAX_ID.findall(plain)
    if len(names) != 2:
        sentence = "buyer and seller cannot be told apart in the text: hand in the XML or OFD of the invoice"
        reading.faults.append(Fault("CN-03", "text", sentence))
        names = ["", ""]
    # The buyer stands before the seller. A person who buys has no number: then there is only the seller's.
    buyer_id, seller_id = (ids[0], ids[1]) if len(ids) == 2 else ("", ids[0] if len(ids) == 1 else "")
    lines = _lines(plain, reading)
    return build(
        file_name,
        source_format,
        number=numbers[0] if numbers else "",
        issue_date=reading.day("-".join(day.groups()), "issue_date") if day else None,
        seller=Party(names[1], seller_id, path="seller"),
        buyer=Party(names[0], buyer_id, path="buyer"),
        totals=_totals(plain, reading),
        lines=lines,
        remark=_remark(plain),
        is_red=bool(_RED.search(plain)),
        preceding=(),
        kind="增值税专用发票" if "增值税专用发票" in plain else "普通发票" if "普通发票" in plain else "",
        paths=paths,
        faults=reading.faults,
    )


def _totals(plain: str, reading: Reading) -> Totals:
    sums, gross = _SUMS.search(plain), _GROSS.search(plain)
    return Totals(
        net=reading.amount(sums.group(1), "net") if sums else None,
        tax=reading.amount(sums.group(2), "tax") if sums else None,
        gross=reading.amount(gross.group(1), "gross") if gross else None,
    )


def _lines(plain: str, reading: Reading) -> tuple[Line, ...]:
    """Lines that are written out whole on one row; none where the text is broken up, rather than some of them."""
    lines = []
    for number, found in enumerate(_LINE.finditer(plain), start=1):
        if number > LINES_MAX:
            return ()
        name, net, rate, tax = found.groups()
        values = {"name": " ".join(name.split()), "net": net, "rate": rate, "tax": tax}
        lines.append(read_line(values, f"lines[{number}]", number, reading))
    starts = len(re.findall(r"^\s*\*[^*\n]{1,40}\*", plain, re.MULTILINE))
    return tuple(lines) if starts == len(lines) else ()


def _remark(plain: str) -> str:
    found = re.search(r"(被红冲蓝字[^\n]*|对应(?:正数|蓝字)[^\n]*)", plain)
    return found.group(1)[:500] if found else ""
