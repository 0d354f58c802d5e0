"""Vouchers for 金蝶云星空: the Excel workbook its 凭证引入 reads (GL_VOUCHER).

Two rows of headings, the field names and the Chinese ones; a voucher's head stands in its first line alone. Customer,
person, department and material are the accounting dimensions FFLEX6, FFLEX7, FFLEX5 and FFLEX8 of a new installation.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import xlsxwriter

from huikuan.core.gl import Voucher, VoucherFile, VoucherLine
from huikuan.core.money import to_decimal
from huikuan.letters.gl_checks import Checker, rate_of

SHEET = "凭证#单据头(FBillHead)"
HEADINGS: tuple[tuple[str, str], ...] = (
    ("FBillHead(GL_VOUCHER)", "*单据头(序号)"),
    ("FAccountBookID", "*(单据头)账簿#编码"),
    ("FAccountBookID#Name", "(单据头)账簿#名称"),
    ("FDate", "*(单据头)日期"),
    ("FBUSDATE", "(单据头)业务日期"),
    ("FYEAR", "(单据头)会计年度"),
    ("FPERIOD", "(单据头)期间"),
    ("FVOUCHERGROUPID", "*(单据头)凭证字#编码"),
    ("FVOUCHERGROUPID#Name", "(单据头)凭证字#名称"),
    ("FVOUCHERGROUPNO", "*(单据头)凭证号"),
    ("FATTACHMENTS", "(单据头)附件数"),
    ("*Split*1", "间隔列"),
    ("FEntity", "*分录(序号)"),
    ("FEXPLANATION", "(分录)摘要"),
    ("FACCOUNTID", "*(分录)科目编码#编码"),
    ("FACCOUNTID#Name", "(分录)科目编码#名称"),
    ("FDetailID#FFLEX6", "(分录)客户#编码"),
    ("FDetailID#FFLEX7", "(分录)员工#编码"),
    ("FDetailID#FFLEX5", "(分录)部门#编码"),
    ("FDetailID#FFLEX8", "(分录)物料#编码"),
    ("FCURRENCYID", "*(分录)币别#编码"),
    ("FEXCHANGERATETYPE", "*(分录)汇率类型#编码"),
    ("FEXCHANGERATE", "(分录)汇率"),
    ("FAMOUNTFOR", "(分录)原币金额"),
    ("FDEBIT", "(分录)借方金额"),
    ("FCREDIT", "(分录)贷方金额"),
    ("FBUSNO", "(分录)业务编号"),
)
CURRENCIES = {
    "CNY": "PRE001", "HKD": "PRE002", "EUR": "PRE003", "JPY": "PRE004", "TWD": "PRE005", "GBP": "PRE006",
    "USD": "PRE007",
}  # fmt: skip
"""What the preset currencies are called there; any other goes by its ISO code."""
RATE_TYPE = "HLTX01_SYS"
TEXT_MAX, CODE_MAX = 255, 80
EXACT_MAX, ROWS_MAX = 10**15, 1_048_574


def write(file: VoucherFile) -> bytes:
    """Refuses ``data.refused``: texts that are longer than their field, currencies with more than two places."""
    check = Checker(file, "utf-8")
    options = file.options
    for field, key in (("FAccountBookID", "account_book"), ("FVOUCHERGROUPID", "voucher_group")):
        check.text(None, field, options[key], CODE_MAX)
    rows: list[list[str | int]] = []
    for place, voucher in enumerate(file.vouchers, start=1):
        for line in voucher.lines:
            head: list[str | int] = _head(voucher, place, options) if line is voucher.lines[0] else [""] * 12
            rows.append([*head, len(rows) + 1, *_line(check, file, voucher, line)])
    if len(rows) > ROWS_MAX:
        check.fault(None, "FEntity", "gl.too_many_lines", f"{len(rows)} lines; a sheet takes {ROWS_MAX}")
    check.raise_if_any()
    return _workbook(file, rows)


def _head(voucher: Voucher, place: int, given: Mapping[str, str]) -> list[str | int]:
    return [
        place,
        given["account_book"],
        given.get("account_book_name", ""),
        voucher.day.isoformat(),
        voucher.day.isoformat(),
        voucher.day.year,
        voucher.day.month,
        given["voucher_group"],
        given.get("voucher_group_name", ""),
        voucher.number,
        0,
        "",
    ]


def _line(check: Checker, file: VoucherFile, voucher: Voucher, line: VoucherLine) -> list[str]:
    check.amount(voucher, "FDEBIT", line.base_minor, file.base, 2)
    if max(abs(line.amount_minor), abs(line.base_minor)) >= EXACT_MAX:
        check.fault(voucher, "FAMOUNTFOR", "gl.too_long", "a spreadsheet's number holds fifteen digits")
    return [
        check.text(voucher, "FEXPLANATION", voucher.text, TEXT_MAX),
        check.text(voucher, "FACCOUNTID", line.code, CODE_MAX),
        line.name,
        check.text(voucher, "FDetailID#FFLEX6", line.customer, CODE_MAX),
        check.text(voucher, "FDetailID#FFLEX7", line.sales_rep, CODE_MAX),
        check.text(voucher, "FDetailID#FFLEX5", line.region, CODE_MAX),
        check.text(voucher, "FDetailID#FFLEX8", line.product, CODE_MAX),
        CURRENCIES.get(line.currency, line.currency),
        RATE_TYPE,
        str(rate_of(line, file.base, 6)),
        str(to_decimal(abs(line.amount_minor), line.currency)),
        str(to_decimal(line.debit_base, file.base)),
        str(to_decimal(line.credit_base, file.base)),
        check.text(voucher, "FBUSNO", voucher.reference, TEXT_MAX),
    ]


_NUMBERS = frozenset({"FEXCHANGERATE", "FAMOUNTFOR", "FDEBIT", "FCREDIT"})


def _workbook(file: VoucherFile, rows: list[list[str | int]]) -> bytes:
    """Amounts are written as the decimal text they are, into number cells: a spreadsheet's own numbers, not ours."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": file.made_at.replace(tzinfo=None), "author": "huikuan"})
    sheet = book.add_worksheet(SHEET)
    bold = book.add_format({"bold": True})
    for column, (name, chinese) in enumerate(HEADINGS):
        sheet.write_string(0, column, name, bold)
        sheet.write_string(1, column, chinese, bold)
    for place, row in enumerate(rows, start=2):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(place, column, value)
            elif HEADINGS[column][0] in _NUMBERS:
                sheet.write_number(place, column, float(value))
            elif value:
                sheet.write_string(place, column, value)
    book.close()
    return out.getvalue()
