"""Documents and amounts in the table of a remittance advice (Excel, CSV), by its headings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from decimal import Decimal

from huikuan.bank.headings import fold
from huikuan.bank.remittance import RemittanceAdvice, RemittedDocument
from huikuan.bank.rows import Cell, Sheet, read_sheets
from huikuan.bank.source import Source
from huikuan.bank.table_layout import amount_of
from huikuan.bank.table_words import currency_of, tidy
from huikuan.bank.values import proves_comma, read_day

_HEADINGS = (
    ("document_date", r"(invoice|document|doc|bill|rechnungs?|beleg)?(date|datum)|(发票|单据|开票)?日期|"
                      r"date(de)?(la)?facture|data(fattura)?|fecha(de)?(la)?(factura)?"),
    ("number", r"(your)?(invoice|inv|document|doc|bill|voucher)(no|number|num|ref|reference|id|nr)?|"
               r"(rechnungs?|beleg)(nr|nummer)|(发票|单据|账单|对账单|应收单)(号码?|编号|代码号码)?|单号|"
               r"reference(no|number)?|documentnumber|"
               r"(votre|n[o°º]?|nr|num|numéro|numero|número)?(de|di)?(la)?(facture|pièce|fattura|factura)s?(n[o°º]?|numéro)?"),
    ("deduction", r".*(discount|deduction|withh|withholding|skonto|abzug|kürzung|allowance|adjustment).*|"
                  r".*(escompte|remise|retenue|sconto|ritenuta|descuento|retención).*|"
                  r".*(扣款|折扣|扣除|扣减|返利|质保金).*"),
    ("reason", r".*(reason|grund|原因|remark|comment|备注|说明).*"),
    ("paid", r"(amount|net|total)?(paid|payment|remitted|payable)(amount)?|net(amount)?|zahl(ungs)?betrag|nettobetrag|"
             r"(montant|importo|importe)?(payé|pagato|pagado|réglé)|"
             r"(本次)?(实付|付款|支付|实际付款|核销|汇款)(金额)?"),
    ("gross", r"(invoice|document|gross|original|bill)(amount|total|value)|gross|brutto(betrag)?|rechnungsbetrag|"
              r"(montant|importo|importe)(dela|della|de|di)?(facture|fattura|factura|brut|lordo|bruto)|"
              r"(发票|应付|开票|单据|账单)(金额|总额)|价税合计"),
    ("amount", r"amount|betrag|金额|total|sum|(montant|importo|importe)(ttc|eur|euro)?"),
    ("currency", r"currency|ccy|währung|币种|devise|valuta|divisa|moneda"),
)  # fmt: skip
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _HEADINGS)
_TOTAL = re.compile(r"total|summe|gesamt|合计|总计|小计", re.IGNORECASE)
_FACTS = (
    ("payer_name", r"payer|paid ?by|from|remitter|customer|auftraggeber|付款(单位|方|人)|汇款(单位|人)|公司名称"),
    ("paid_on", r"(payment|remittance|value)? ?date|zahlungsdatum|datum|date de paiement|"
                r"data pagamento|fecha de pago|(付款|汇款|支付)?日期"),
    ("reference", r"(payment|remittance)? ?(ref|reference|no|number|advice no)\.?|付款(编号|单号)|汇款编号"),
    ("total", r"(total|payment|remittance)( amount)?|total paid|付款(总额|金额)|汇款金额|总金额"),
    ("currency", r"currency|ccy|币种|währung"),
)  # fmt: skip
_HEADINGS_WITHIN = 60
_ROWS_MAX = 100_000


def read_tables(source: Source) -> list[RemittanceAdvice]:
    """An advice for each sheet that lists documents with amounts."""
    found = [_sheet(sheet, source.name) for sheet in read_sheets(source)]
    return [one for one in found if one is not None]


def _meanings(cells: Sequence[Cell]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        text = re.sub(r"[()\[\]（）]", "", fold(cell)) if isinstance(cell, str) and len(cell) < 60 else ""
        name = next((name for name, pattern in _COMPILED if text and pattern.fullmatch(text)), None)
        if name:
            found.setdefault(name, at)
    return found


def _sheet(sheet: Sheet, name: str) -> RemittanceAdvice | None:
    rows = list(itertools.islice(sheet.rows, _ROWS_MAX))
    scored = [(_meanings(cells), at) for at, (_, cells) in enumerate(rows[:_HEADINGS_WITHIN])]
    fitting = [one for one in scored if "number" in one[0] and one[0].keys() & {"paid", "amount", "gross"}]
    if not fitting:
        return None
    columns, header = max(fitting, key=lambda one: (len(one[0]), -one[1]))
    facts = _facts([cells for _, cells in rows[:header]])
    comma = _comma([cells for _, cells in rows[header + 1 :]], columns)
    documents: list[RemittedDocument] = []
    total = amount_of(facts.get("total", ""), comma)
    for row, cells in rows[header + 1 :]:
        number = _text(cells, columns, "number")
        document = _document(row, cells, columns, number, comma)
        if document is None:
            continue
        joined = " ".join(tidy(cell) for cell in cells)
        if not number or _TOTAL.search(number) or (_TOTAL.search(joined) and not re.search(r"\d", number)):
            total = document.amount if document.amount is not None and _TOTAL.search(joined) else total
            continue
        documents.append(document)
    if not documents:
        return None
    return RemittanceAdvice(
        source=f"{name}/{sheet.title}" if sheet.title else name,
        payer_name=facts.get("payer_name", ""),
        paid_on=read_day(facts.get("paid_on", ""), "dmy"),
        currency=_currency(rows[header + 1 :], columns, facts),
        total=total,
        reference=facts.get("reference", ""),
        documents=tuple(documents),
    )


def _text(cells: Sequence[Cell], columns: dict[str, int], name: str) -> str:
    at = columns.get(name)
    return tidy(cells[at]) if at is not None and at < len(cells) else ""


def _amount(cells: Sequence[Cell], columns: dict[str, int], name: str, comma: bool) -> Decimal | None:
    at = columns.get(name)
    return amount_of(cells[at], comma) if at is not None and at < len(cells) else None


def _document(
    row: int, cells: Sequence[Cell], columns: dict[str, int], number: str, comma: bool
) -> RemittedDocument | None:
    paid = _amount(cells, columns, "paid", comma)
    gross = _amount(cells, columns, "gross", comma)
    plain = _amount(cells, columns, "amount", comma)
    deduction = _amount(cells, columns, "deduction", comma)
    kept = abs(deduction) if deduction else None
    if paid is None and plain is not None and gross is None and kept:
        paid, gross = plain - kept, plain
    elif paid is None:
        paid = plain if plain is not None else gross - (kept or 0) if gross is not None else None
    elif gross is None and plain is not None:
        gross = plain
    if paid is None:
        return None
    if gross is not None and kept is None and gross != paid:
        kept = gross - paid
    at = columns.get("document_date")
    day = read_day(cells[at] or "", "dmy") if at is not None and at < len(cells) else None
    return RemittedDocument(number, paid, gross, kept, _text(cells, columns, "reason"), day, row)


def _comma(rows: Sequence[Sequence[Cell]], columns: dict[str, int]) -> bool:
    proofs = [
        proof
        for cells in rows[:500]
        for name in ("paid", "gross", "amount", "deduction")
        if (at := columns.get(name)) is not None and at < len(cells) and isinstance(cells[at], str)
        if (proof := proves_comma(str(cells[at]))) is not None
    ]
    return sum(proofs) * 2 > len(proofs)


def _currency(rows: Sequence[tuple[int, list[Cell]]], columns: dict[str, int], facts: dict[str, str]) -> str:
    told = next((text for _, cells in rows[:50] if (text := _text(cells, columns, "currency"))), "")
    return currency_of(told or facts.get("currency", "")) or "" if told or "currency" in facts else ""


def _facts(rows: Sequence[Sequence[Cell]]) -> dict[str, str]:
    """``Payer:`` and its value in the same or the next cell."""
    found: dict[str, str] = {}
    for cells in rows:
        texts = [tidy(cell) for cell in cells]
        for at, text in enumerate(texts):
            key, colon, value = text.replace("：", ":").partition(":")
            value = value.strip() if colon and value.strip() else next((one for one in texts[at + 1 :] if one), "")
            name = next((name for name, pattern in _FACTS if re.fullmatch(pattern, key.strip(), re.IGNORECASE)), None)
            if name and value:
                found.setdefault(name, value)
    return found
