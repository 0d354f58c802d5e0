"""Documents and amounts in the text of a remittance advice: a table's lines, or a sentence that lists them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from huikuan.bank.remittance import RemittanceAdvice, RemittedDocument
from huikuan.bank.values import day_order, marked_amount, proves_comma, read_day
from huikuan.core.money import EXPONENTS

_AMOUNT = r"\(?-?[¥￥$€£]?\s?-?\d[\d.,'’]*\d(?:-|\))?|\(?-?[¥￥$€£]?\d\)?"
_AMOUNT_CELL = re.compile(rf"(?:[A-Z]{{3}}\s)?(?:{_AMOUNT})(?:\s?(?:[A-Z]{{3}}|元|€))?")
_DECIMALS = re.compile(r"[.,]\d{2}-?\)?(?:\s?(?:[A-Z]{3}|元|€))?$")
# Every repetition that something must follow has an end: advices come from outside, and a megabyte of blanks, digits or
# commas must not be read again from each of its places.
_NUMBER = re.compile(r"(?=\S{0,34}\d)[A-Za-z0-9][A-Za-z0-9\-/._#]{2,34}")
_KEY_WORD = re.compile(
    r"(invoice|inv|bill|rechnung(?:snummer)?|rg|re|beleg|facture|factura|document|doc|credit note|gutschrift|"
    r"发票号?码?|单据号?|账单|订单)(?:s|en)?\b"
    r"\s*(?:nos?\.?|nr\.?|number|#|号|号码|：|:|n°)*\s*[:#：]?\s*",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(grand total|total(?: (?:amount|paid|payment|remittance|remitted))?|amount paid|payment amount|net payment|"
    r"remittance amount|sum|gesamtbetrag|zahlbetrag|summe|überweisungsbetrag|合计|总计|付款总额|付款金额|本次付款|"
    r"汇款金额|总金额)",
    re.IGNORECASE,
)
_PAYER = re.compile(
    r"^[^\S\n]{0,200}(?:payer|paid by|from|remitter|customer name|our company|auftraggeber|zahler|付款单位|"
    r"付款方|付款人|汇款人|公司名称)\s{0,20}[:：]\s{0,20}(.{2,80}?)[^\S\n]{0,200}$",
    re.IGNORECASE | re.MULTILINE,
)
_DATE = re.compile(
    r"(?:payment date|date of payment|paid on|value date|remittance date|zahlungsdatum|datum|付款日期|汇款日期|"
    r"支付日期|date|日期)\s{0,20}[:：]?\s{0,20}([0-9A-Za-z.\-/年月日 ,]{6,20})",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:payment (?:reference|ref|no|number|id)|remittance (?:no|number|advice no)|our reference|zahlungsreferenz|"
    r"付款编号|付款单号|汇款编号)\.?\s{0,20}[:：#]?\s{0,20}([A-Za-z0-9][A-Za-z0-9\-/]{2,34})",
    re.IGNORECASE,
)
_SAID_OF_IT = re.compile(
    rf"\s{{0,20}}(?:\(|（|:|=|：|in Höhe von|of|über|金额为?)\s{{0,20}}({_AMOUNT})\s?(?:元|€|[A-Z]{{3}}\b)?[)）]?"
)
"""The amount behind a document's number in a sentence."""
_LINES_MAX = 20_000
_LINE_MAX = 400


def read_text(text: str, name: str) -> list[RemittanceAdvice]:
    """One advice, or none where no document is named."""
    text = text[: 1 << 22]
    lines = [line[:_LINE_MAX] for line in text.splitlines()[:_LINES_MAX]]
    comma = _decides_comma(lines)
    order = next((one for line in lines for word in line.split() if (one := day_order(word)) in {"dmy", "mdy"}), "")
    documents: list[RemittedDocument] = []
    total: Decimal | None = None
    for row, line in enumerate(lines, 1):
        found = _total(line, comma)
        if found is not None:
            total = found
            continue
        document = _row(line, row, comma, order or "")
        if document is not None:
            documents.append(document)
    if not documents:
        documents = _sentence(text[: 1 << 20], comma)
    if not documents:
        return []
    payer = _PAYER.search(text)
    reference = _REFERENCE.search(text)
    return [
        RemittanceAdvice(
            source=name,
            payer_name=payer[1] if payer else "",
            paid_on=_day(text, order or ""),
            currency=_currency(text),
            total=total,
            reference=reference[1] if reference else "",
            documents=tuple(documents),
        )
    ]


def _decides_comma(lines: Sequence[str]) -> bool:
    proofs = [
        proof
        for line in lines[:2_000]
        for word in re.findall(r"\d[\d.,]*[.,]\d{2}\b", line)
        if (proof := proves_comma(word)) is not None
    ]
    return sum(proofs) * 2 > len(proofs)


def _money(text: str, comma: bool) -> Decimal | None:
    return marked_amount(text, comma=comma) if _DECIMALS.search(text.strip()) else None


def _total(line: str, comma: bool) -> Decimal | None:
    found = _TOTAL.search(line[:300])
    if not found:
        return None
    amounts = [one for word in _AMOUNT_CELL.findall(line[found.end() :]) if (one := _money(word, comma)) is not None]
    return amounts[-1] if amounts else None


def _row(line: str, row: int, comma: bool, order: str) -> RemittedDocument | None:
    """A table's line: a document's number, perhaps days and words, and one to four amounts at its end."""
    words = line.split()
    amounts: list[Decimal] = []
    while words and len(amounts) < 5:
        word = words[-1]
        if word.upper() in EXPONENTS and amounts == []:
            words.pop()
            continue
        value = _money(word, comma)
        if value is None:
            break
        amounts.insert(0, value)
        words.pop()
    if not amounts or not words:
        return None
    number, day = "", None
    for word in words:
        clean = word.strip(",;:#()")
        found = read_day(clean, order or "dmy") if re.search(r"\d[-/.年]\d", clean) else None
        if found is not None:
            day = day or found
        elif not number and _NUMBER.fullmatch(clean) and not clean.isalpha():
            number = clean
    if not number or len(words) > 14:
        return None
    return put_together(number, amounts, day, row)


def put_together(number: str, amounts: Sequence[Decimal], day: date | None, row: int) -> RemittedDocument:
    """What a row's amounts are: gross, deduction and paid where they fit so, gross and paid, or only paid."""
    if len(amounts) >= 3:
        gross, deduction, paid = amounts[-3], amounts[-2], amounts[-1]
        if gross - abs(deduction) == paid:
            return RemittedDocument(number, paid, gross, abs(deduction), "", day, row)
    if len(amounts) >= 2 and abs(amounts[-2]) >= abs(amounts[-1]):
        gross, paid = amounts[-2], amounts[-1]
        kept = gross - paid
        return RemittedDocument(number, paid, gross, kept or None, "", day, row)
    return RemittedDocument(number, amounts[-1], None, None, "", day, row)


def _sentence(text: str, comma: bool) -> list[RemittedDocument]:
    """``invoices INV-1 (1,000.00), INV-2: 234.56`` or ``invoices 1001, 1002 and 1005``."""
    found: dict[str, RemittedDocument] = {}
    for start in list(_KEY_WORD.finditer(text))[:500]:
        row = text.count("\n", 0, start.start()) + 1
        at = start.end()
        for _ in range(500):
            number = _NUMBER.match(text, at)
            if not number:
                break
            clean = number[0].rstrip(".,/-")
            at = number.start() + len(clean)
            if read_day(clean, "dmy") or _DECIMALS.search(clean):
                break
            amount = _SAID_OF_IT.match(text, at)
            value = _money(amount[1].strip("()"), comma) if amount else None
            if amount and value is not None:
                at = amount.end()
            found.setdefault(clean, RemittedDocument(clean, value, row=row))
            more = re.compile(r"\s*(?:,|;|、|，|and|und|&|和|及|\+)\s*").match(text, at)
            if not more:
                break
            at = more.end()
            again = _KEY_WORD.match(text, at)
            at = again.end() if again and not again[0][-1].isalnum() else at
    return list(found.values())


def _day(text: str, order: str) -> date | None:
    for found in list(_DATE.finditer(text))[:20]:
        for length in (3, 1):
            day = read_day(" ".join(found[1].split()[:length]).strip(" ,."), order)
            if day:
                return day
    return None


def _currency(text: str) -> str:
    for found in re.finditer(r"\b([A-Z]{3})\b", text[:20_000]):
        if found[1] in EXPONENTS and found[1] not in {"ALL", "TOP", "TRY", "MOP", "GEL", "LAK"}:
            return found[1]
    signs = (("€", "EUR"), ("£", "GBP"), ("人民币", "CNY"), ("元", "CNY"))
    return next((code for sign, code in signs if sign in text), "")
