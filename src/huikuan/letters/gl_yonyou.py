"""Vouchers for 用友 U8 and T+: the text file its 总账工具 (凭证引入) reads.

First line ``填制凭证,V800``, then one line per voucher line, comma separated without quotation marks, GBK, CRLF.
Lines with the same day, voucher word and voucher number are one voucher. Columns, by position: 制单日期,
凭证类别字, 凭证号, 附单据数, 摘要, 科目编码, 借方金额, 贷方金额, 数量, 外币, 汇率, 制单人, 结算方式, 票号, 发生日期,
部门编码, 个人编码, 客户编码, 供应商编码, 业务员, 项目编码.
"""

from __future__ import annotations

from huikuan.core.gl import Voucher, VoucherFile, VoucherLine
from huikuan.core.money import to_decimal
from huikuan.letters.gl_checks import Checker, rate_of

TEXT_MAX, CODE_MAX, REFERENCE_MAX, AUXILIARY_MAX = 60, 15, 30, 20


def write(file: VoucherFile) -> bytes:
    """Refuses ``data.refused``: commas, quotation marks and characters GBK has not, and what is longer than its
    field."""
    check = Checker(file, "gbk", forbidden=',"')
    lines = ["填制凭证,V800"]
    word = check.text(None, "凭证类别字", file.options["voucher_word"], 2)
    made_by = check.text(None, "制单人", file.options["prepared_by"], 20)
    for voucher in file.vouchers:
        lines += [",".join(_row(check, file, voucher, line, word, made_by)) for line in voucher.lines]
    check.raise_if_any()
    return ("\r\n".join(lines) + "\r\n").encode("gbk")


def _row(check: Checker, file: VoucherFile, voucher: Voucher, line: VoucherLine, word: str, made_by: str) -> list[str]:
    foreign, rate = "", ""
    if line.currency != file.base and line.amount_minor:
        foreign = str(to_decimal(abs(line.amount_minor), line.currency))
        rate = str(rate_of(line, file.base, 6))
    named = bool(line.customer)
    return [
        voucher.day.isoformat(),
        word,
        str(voucher.number),
        "0",
        check.text(voucher, "摘要", voucher.text, TEXT_MAX),
        check.text(voucher, "科目编码", line.code, CODE_MAX),
        check.amount(voucher, "借方金额", line.debit_base, file.base, 2),
        check.amount(voucher, "贷方金额", line.credit_base, file.base, 2),
        "0",
        foreign or "0",
        rate or "0",
        made_by,
        "",
        check.text(voucher, "票号", voucher.reference, REFERENCE_MAX) if named else "",
        voucher.day.isoformat() if named else "",
        check.text(voucher, "部门编码", line.region, AUXILIARY_MAX),
        "",
        check.text(voucher, "客户编码", line.customer, AUXILIARY_MAX),
        "",
        check.text(voucher, "业务员", line.sales_rep, AUXILIARY_MAX),
        check.text(voucher, "项目编码", line.product, AUXILIARY_MAX),
    ]
