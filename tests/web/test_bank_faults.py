"""What is wrong with a bank's file is said whole in the reader's language: no English sentence inside a Chinese one."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils.translation import override

from huikuan.bank.balances import check_balances
from huikuan.bank.reading import read_statements
from huikuan.bank.statement import BadStatement
from huikuan.core.fault_words import template_of
from huikuan.core.fault_words_bank import EXACT
from huikuan.core.refusals import DataError
from huikuan.web.faults import fault_text

pytestmark = pytest.mark.practice("E2")

HEAD = "交易日期,起息日,币种,收入,支出,余额,摘要\n"
MARKED = "交易日期,金额,借贷标志,摘要\n"
MT940 = ":20:X\n:25:DE1\n:28C:1/1\n{opening}\n{line}\n:86:text\n{closing}\n-\n"
PARTS = {
    "opening": ":60F:C260401EUR100,00",
    "line": ":61:2604020402C10,00NTRFNONREF//B1",
    "closing": ":62F:C260402EUR110,00",
}
BAI2 = (
    "01,1,1,{day},0000,1,,,2/\n02,1,1,1,{day},,USD,2/\n03,123456,USD,010,0,,,015,{total},,/\n"
    "16,142,{amount},Z,B,C,X\n49,{sum},{count}/\n98,{sum},1,4/\n99,{sum},1,6/\n"
)
BAI2_PARTS = {"day": "260401", "total": "100", "amount": "100", "sum": "200", "count": "3"}
CAMT = (
    '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>'
    "<Id>S</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct><TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries>"
    "</TxsSummry></Stmt></BkToCstmrStmt></Document>"
)
TOLD_LATER = {
    "no document with a number and an amount is named in it",
    "{day} lies in the future",
    "the line is in {currency}, the account in {own}",
    "the opening balance is in {currency}, the account in {own}",
    "the closing balance is in {currency}, the account in {own}",
}
"""What is found when a statement is fitted to its account, see tests of the import; or in an advice, which is no
statement."""


def table(*rows: str, head: str = HEAD, before: str = "") -> str:
    return before + head + "".join(f"{row}\n" for row in rows)


FILES = [
    table("2026-04-01,,CNY,10.00,,110.00,a", "2026-04-02,,CNY,10.00,,121.00,b"),
    table("2026-04-01,,CNY,10.00,,110.00,a", before="期初余额,50.00,期末余额,60.00\n"),
    table(
        *("2026-04-01,,CNY,10.00,,110.00,a", "2026-04-01,,CNY,5.00,,,b", "2026-04-01,,CNY,5.00,,121.00,c"),
        before="期初余额,100.00,期末余额,120.00\n",
    ),
    table(
        *("2026-04-01,2026-04-01,CNY,,,110.00,a", ",,CNY,5.00,,110.00,b", "2026-04-01,,CNY,5.00,6.00,110.00,c"),
        *("2026-04-02,noon,CNY,5.00,,115.00,d", "2026-04-03,,CNY,5.OO,,115.00,e", "2026-04-04,,Taler,5.00,,115.00,f"),
    ),
    table("2026-04-01,5.00,借,a", "2026-04-01,5.00,maybe,b", "2026-04-01,6.00,贷,c", head=MARKED),
    table("a,b,c,d,e,f,g", head="one,two,three,four,five,six,seven\n"),
    MT940.format(**PARTS | {"closing": ":62F:C260402EUR111,00"}),
    MT940.format(**PARTS | {"closing": ":62F:C260402USD110,00"}),
    MT940.format(**PARTS | {"opening": ":60F:C2604EUR100,00"}),
    MT940.format(**PARTS | {"line": ":61:something"}),
    MT940.format(**PARTS | {"line": ":61:2613450402C10,00NTRFNONREF//B1"}),
    MT940.format(**PARTS | {"opening": ":60F:C260401EUR100,00\n:25:DE2"}),
    BAI2.format(**BAI2_PARTS | {"amount": "1x"}),
    BAI2.format(**BAI2_PARTS | {"day": "269999"}),
    BAI2.format(**BAI2_PARTS | {"sum": "250"}),
    BAI2.format(**BAI2_PARTS | {"count": "9"}),
    CAMT,
    CAMT[:-40],
]


GALLERY = Path(__file__).parents[1] / "errors" / "bank"


def faults_of(text: str | bytes) -> list[DataError]:
    try:
        data = text.encode() if isinstance(text, str) else text
        return [fault for one in read_statements(data, "x") for fault in check_balances(one)]
    except BadStatement as bad:
        return bad.errors


def test_every_sentence_is_one_a_reader_says() -> None:
    gallery = [path.read_bytes() for path in GALLERY.iterdir() if path.suffix not in (".txt", ".eml")]
    found = [template_of(fault.reason) for text in [*FILES, *gallery] for fault in faults_of(text)]
    assert {one.template for one in EXACT} - {one.template for one in found if one} == TOLD_LATER
    assert all(one is None or str(one) for one in found)


def test_a_chinese_reader_gets_no_english_inside() -> None:
    (broken,) = faults_of(FILES[0])
    with override("zh-hans"):
        assert fault_text(broken) == "上一行余额为 110.00，本行金额 10.00，本行之后的余额应为 120.00，文件却写 121.00"
    with override("en"):
        assert fault_text(broken) == broken.reason
    other = DataError("x", 1, None, "something new", "bank.damaged")
    with override("zh-hans"):
        assert "something new" in fault_text(other)
