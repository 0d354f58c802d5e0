"""Vouchers as plain CSV: UTF-8 with a byte order mark, a comma, amounts with a point, one row per line; a text that a
spreadsheet would take for a formula begins with an apostrophe."""

from __future__ import annotations

import csv
import io

from huikuan.core.gl import VoucherFile
from huikuan.core.money import to_decimal

COLUMNS = (
    "voucher date reference text account account_name debit credit books_currency currency amount"
    " document customer sales_rep region product ledger_account"
).split()
"""``debit`` and ``credit`` are in the currency of the books; ``amount`` is signed, in ``currency``."""


def write(file: VoucherFile) -> bytes:
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for voucher in file.vouchers:
        for line in voucher.lines:
            rows.writerow(
                [
                    voucher.number,
                    voucher.day.isoformat(),
                    file.text(voucher.reference),
                    file.text(voucher.text),
                    file.text(line.code),
                    file.text(line.name),
                    to_decimal(line.debit_base, file.base),
                    to_decimal(line.credit_base, file.base),
                    file.base,
                    line.currency,
                    to_decimal(line.amount_minor, line.currency),
                    file.text(line.document),
                    file.text(line.customer),
                    file.text(line.sales_rep),
                    file.text(line.region),
                    file.text(line.product),
                    line.ledger_account,
                ]
            )
    return out.getvalue().encode("utf-8-sig")
