"""Files of sales and of payouts, known by their headings in Chinese and English; every fault with its row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from huikuan.bank.shop_table import SaleRow, read_shop_table
from huikuan.bank.source import Source
from huikuan.core.refusals import BadData

pytestmark = pytest.mark.practice("E6")


def read(text: str, encoding: str = "utf-8") -> list[SaleRow]:
    return list(read_shop_table(Source("a.csv", data=text.encode(encoding))).rows)


def told(rows: list[SaleRow]) -> list[tuple[str, str, str | None]]:
    return [(one.order_number, str(one.gross), None if one.fee is None else str(one.fee)) for one in rows]


def test_orders_of_a_chinese_marketplace() -> None:
    text = (
        "店铺：回款旗舰店\n"
        "订单编号,付款时间,买家实付金额（元）,退款金额,平台扣点,支付方式,订单状态\n"
        '`T001,2026-06-01 10:20:11,"1,234.50",0.00,61.73,支付宝,交易成功\n'
        "`T002,2026-06-01 11:00:00,200.00,200.00,0.00,支付宝,交易成功\n"
        "`T003,2026-06-02 09:00:00,50.00,,2.50,花呗,交易关闭\n"
        "合计,,1484.50,200.00,64.23,,\n"
    )
    table = read_shop_table(Source("a.csv", data=text.encode("gb18030")))
    assert told(list(table.rows)) == [
        ("T001", "1234.50", "61.73"),
        ("T002", "200.00", "0.00"),
        ("T002", "-200.00", "0"),
    ]
    assert (table.is_details, table.left_out) == (False, 1)
    assert table.rows[0].day == date(2026, 6, 1)
    assert table.rows[0].pay_method == "支付宝"


def test_a_wechat_pay_merchants_bill() -> None:
    text = (
        "交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易状态,应结订单金额,微信退款单号,退款金额,手续费,费率,订单金额\n"
        "`2026-06-01 09:00:00,`wx1,`1900,`42001,`M-1,`SUCCESS,`100.00,`0,`0.00,`0.60000,`0.60%,`100.00\n"
        "`2026-06-01 12:00:00,`wx1,`1900,`42001,`M-1,`REFUND,`0.00,`5001,`30.00,`-0.18000,`0.60%,`100.00\n"
        "总交易单数,应结订单总金额,退款总金额\n`2,`100.00,`30.00\n"
    )
    assert told(read(text)) == [("M-1", "100.00", "0.60000"), ("M-1", "-30.00", "-0.18000")]


def test_a_settlement_report_in_english() -> None:
    text = (
        "Settlement ID,Settlement date,Order ID,Transaction type,Gross amount,Fee,Net amount\n"
        "S-1,2026-06-04,T001,Order,1234.50,-61.73,1172.77\n"
        "S-1,2026-06-04,T002,Refund,-200.00,10.00,-190.00\n"
        "S-1,2026-06-04,T001,Commission,-2.00,,-2.00\n"
        "S-1,2026-06-04,,Advertising,-30.00,,-30.00\n"
        "S-1,2026-06-04,,Payout,-950.77,,-950.77\n"
    )
    table = read_shop_table(Source("a.csv", data=text.encode()))
    assert table.is_details
    assert told(list(table.rows)) == [
        ("T001", "1234.50", "61.73"),
        ("T002", "-200.00", "-10.00"),
        ("T001", "0", "2.00"),
        ("", "0", None),
    ]
    assert sum(one.net for one in table.rows) == Decimal("950.77")
    assert table.rows[3].charge == 30


def test_the_fee_is_what_lies_between() -> None:
    text = "订单号,结算日期,订单金额,到账金额\nA1,2026-06-02,88.00,83.60\n"
    assert told(read(text)) == [("A1", "88.00", "4.40")]


def test_a_tills_totals() -> None:
    text = (
        "营业日期,支付方式,销售金额,实点金额,收银员\n2026-06-01,现金,120.00,118.50,王芳\n2026-06-01,微信,300.00,,王芳\n"
    )
    rows = read(text)
    assert [(one.pay_method, one.gross, one.counted, one.responsible) for one in rows] == [
        ("现金", Decimal("120.00"), Decimal("118.50"), "王芳"),
        ("微信", Decimal("300.00"), None, "王芳"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        ("Name,City\nA,B\n", "shop_file.no_table", None),
        ("Order ID,Order date,Amount\nA,2026-06-01,1.00\nB,2026-06-02,x1\n", "shop_file.bad_amount", 3),
        ("Order ID,Order date,Amount\nA,03/04/2026,1.00\n", "shop_file.bad_day", 2),
        ("Order ID,Order date,Amount\nA,,1.00\n", "shop_file.bad_day", 2),
        ("", "file.empty", None),
    ],
)
def test_faults_have_their_row(text: str, code: str, row: int | None) -> None:
    with pytest.raises(BadData) as refused:
        read(text)
    error = refused.value.errors[0]
    assert (error.code, error.row) == (code, row)
