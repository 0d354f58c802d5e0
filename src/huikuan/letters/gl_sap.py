"""Vouchers for SAP: one CSV row per document line, the columns named as the fields of the accounting document
(BAPI_ACC_DOCUMENT_POST, and the batch-input structures BBKPF and BBSEG), for upload programs that map by name.

UTF-8 with a byte order mark, semicolons, days as YYYYMMDD, amounts with a point. Lines of one DOCNO are one document.
A text that a spreadsheet would take for a formula begins with an apostrophe, one more character than its field.
"""

from __future__ import annotations

import csv
import io

from huikuan.core.accounts import CONTROL_ACCOUNTS
from huikuan.core.gl import Voucher, VoucherFile, VoucherLine
from huikuan.core.money import to_decimal
from huikuan.letters.gl_checks import Checker

COLUMNS = (
    "DOCNO BUKRS BLART BLDAT BUDAT MONAT GJAHR WAERS XBLNR BKTXT BUZEI BSCHL HKONT KUNNR SHKZG WRBTR DMBTR HWAER"
    " ZUONR SGTXT VERTN VKBUR MATNR"
).split()
"""WRBTR in WAERS, DMBTR in HWAER (the books), both without sign: SHKZG is S (debit) or H (credit). BSCHL is 40 or 50
for an account, 01 or 15 where the line is a customer's (KUNNR, on a control account)."""

LINES_MAX = 999


def write(file: VoucherFile) -> bytes:
    """Refuses ``data.refused``: what is longer than its field, and documents of more than 999 lines."""
    check = Checker(file, "utf-8")
    out = io.StringIO(newline="")
    rows = csv.writer(out, delimiter=";", lineterminator="\r\n")
    rows.writerow(COLUMNS)
    company = check.text(None, "BUKRS", file.options["company_code"], 4)
    kind = check.text(None, "BLART", file.options["document_type"], 2)
    for voucher in file.vouchers:
        if len(voucher.lines) > LINES_MAX:
            reason = f"{len(voucher.lines)} lines; a document takes {LINES_MAX}: group by entry or by day"
            check.fault(voucher, "BUZEI", "gl.too_many_lines", reason)
        head = [
            str(voucher.number),
            company,
            kind,
            f"{voucher.day:%Y%m%d}",
            f"{voucher.day:%Y%m%d}",
            f"{voucher.day:%m}",
            f"{voucher.day:%Y}",
            voucher.currency,
            file.text(check.text(voucher, "XBLNR", voucher.reference, 16)),
            check.text(voucher, "BKTXT", f"huikuan {file.month:%Y-%m}/{file.number}", 25),
        ]
        for number, line in enumerate(voucher.lines, start=1):
            rows.writerow([*head, f"{number:03}", *_line(check, file, voucher, line)])
    check.raise_if_any()
    return out.getvalue().encode("utf-8-sig")


def _line(check: Checker, file: VoucherFile, voucher: Voucher, line: VoucherLine) -> list[str]:
    on_customer = bool(line.customer) and line.ledger_account in CONTROL_ACCOUNTS
    keys = ("01", "15") if on_customer else ("40", "50")
    return [
        keys[0] if line.is_debit else keys[1],
        file.text(check.text(voucher, "HKONT", line.code, 10)),
        file.text(check.text(voucher, "KUNNR", line.customer, 10)) if on_customer else "",
        "S" if line.is_debit else "H",
        str(to_decimal(abs(line.amount_minor), line.currency)),
        str(to_decimal(abs(line.base_minor), file.base)),
        file.base,
        file.text(check.text(voucher, "ZUONR", line.document, 18)),
        file.text(check.text(voucher, "SGTXT", voucher.text, 50)),
        file.text(check.text(voucher, "VERTN", line.sales_rep, 10)),
        file.text(check.text(voucher, "VKBUR", line.region, 4)),
        file.text(check.text(voucher, "MATNR", line.product, 18)),
    ]
