"""Guessing columns: Chinese exports, SAP, Odoo, ERPNext, QuickBooks; what is ambiguous is asked."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.core.refusals import BadData
from huikuan.engines.files import guess_mapping, preview_columns, read_table
from huikuan.engines.files_guess import AUTO, unit_of


def fields(header: str, *rows: str, kind: str = "items") -> dict[str, str | None]:
    guesses = guess_mapping(header.split(","), [row.split(",") for row in rows], kind)
    return {guess.column: guess.field for guess in guesses if guess.field and guess.confidence >= AUTO}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "单据编号,客户代码,客户名称,单据日期,应收日期,币种,应收金额,未收金额,业务员,地区,产品,合同号",
            {"单据编号": "item_id", "客户代码": "customer_id", "客户名称": "customer_name", "单据日期": "document_date",
             "应收日期": "due_date", "币种": "currency", "应收金额": "amount", "未收金额": "open_amount",
             "业务员": "sales_rep", "地区": "region", "产品": "product", "合同号": "contract_number"},
        ),
        (
            "凭证号,发票号,客户编号,开票日期,到期日,价税合计",
            {"凭证号": "item_id", "发票号": "document_number", "客户编号": "customer_id", "开票日期": "document_date",
             "到期日": "due_date", "价税合计": "amount"},
        ),
        (
            "BUKRS,BELNR,BLART,KUNNR,NAME1,BLDAT,BUDAT,NETDT,WRBTR,WAERS",
            {"BUKRS": "entity", "BELNR": "item_id", "BLART": "kind", "KUNNR": "customer_id", "NAME1": "customer_name",
             "BLDAT": "document_date", "BUDAT": "posting_date", "NETDT": "due_date", "WRBTR": "amount",
             "WAERS": "currency"},
        ),
        ("BELNR,KUNNR,BUDAT,NETDT,DMBTR,WAERS",
         {"BELNR": "item_id", "KUNNR": "customer_id", "BUDAT": "posting_date", "NETDT": "due_date", "DMBTR": "amount",
          "WAERS": "currency"}),
        ("Number,Invoice Partner Display Name,Invoice Date,Due Date,Total,Amount Due,Currency",
         {"Number": "item_id", "Invoice Partner Display Name": "customer_name", "Invoice Date": "document_date",
          "Due Date": "due_date", "Total": "amount", "Amount Due": "open_amount", "Currency": "currency"}),
        ("Posting Date,Customer,Customer Name,Voucher Type,Voucher No,Due Date,Invoiced Amount,Outstanding Amount",
         {"Posting Date": "posting_date", "Customer": "customer_id", "Customer Name": "customer_name",
          "Voucher Type": "kind", "Voucher No": "item_id", "Due Date": "due_date", "Invoiced Amount": "amount",
          "Outstanding Amount": "open_amount"}),
        ("Date,Transaction Type,Num,Customer,Due Date,Amount,Open Balance",
         {"Date": "document_date", "Transaction Type": "kind", "Num": "item_id", "Customer": "customer_id",
          "Due Date": "due_date", "Amount": "amount", "Open Balance": "open_amount"}),
        ("发票号码（必填）,客户 编号,开票日期:,金额(元),账期",
         {"发票号码（必填）": "item_id", "客户 编号": "customer_id", "开票日期:": "document_date", "金额(元)": "amount",
          "账期": "terms"}),
    ],
)  # fmt: skip
def test_headings_of_the_field(header: str, expected: dict[str, str]) -> None:
    assert fields(header) == expected


def test_other_kinds() -> None:
    assert fields("客户编号,客户名称,简称,统一社会信用代码,国家,银行账号", kind="customers") == {
        "客户编号": "customer_id", "客户名称": "name", "简称": "aliases", "统一社会信用代码": "registration_number",
        "国家": "country", "银行账号": "payer_accounts",
    }  # fmt: skip
    assert fields("收款单号,客户编号,收款日期,收款金额,币种", kind="receipts") == {
        "收款单号": "receipt_id", "客户编号": "customer_id", "收款日期": "posting_date", "收款金额": "amount",
        "币种": "currency",
    }  # fmt: skip
    assert fields("核销单号,发票号,收款单号,核销金额,核销日期", kind="applications") == {
        "核销单号": "application_id", "发票号": "item_id", "收款单号": "receipt_id", "核销金额": "amount",
        "核销日期": "effective_date",
    }  # fmt: skip


def test_our_own_headings_win() -> None:
    assert fields("item_id,发票号,amount,金额,Item ID")["item_id"] == "item_id"
    assert fields("amount,金额") == {"amount": "amount"}


def test_two_columns_for_one_field_are_asked() -> None:
    guesses = guess_mapping(["客户编号", "客户代码"], [], "items")
    assert [guess.field for guess in guesses] == [None, None]
    assert guesses[0].rival_for == "customer_id"
    assert guesses[0].why == "customer_id could be any of: 客户编号, 客户代码"


def test_content_proposes_but_does_not_decide() -> None:
    rows = [[f"A{n}", f"2026-01-{n:02}", f"{n}.50"] for n in range(1, 20)]
    guesses = guess_mapping(["x", "y", "z"], rows, "items")
    assert [guess.field for guess in guesses] == ["item_id", "document_date", "amount"]
    assert all(guess.confidence < AUTO for guess in guesses)


def test_content_that_contradicts_lowers_the_confidence() -> None:
    sure, unsure = (guess_mapping(["金额"], [[cell]], "items")[0] for cell in ("5.00", "abc"))
    assert sure.field == unsure.field == "amount"
    assert unsure.confidence < sure.confidence


@pytest.mark.parametrize(
    ("heading", "unit"),
    [("金额(万元)", 10000), ("金额（单位：万元）", 10000), ("应收万元", 10000), ("金额(元)", 1), ("Amount (k)", 1000),
     ("Amount ('000)", 1000), ("Amount (in thousands)", 1000), ("金额", 1), ("Amount (USD)", 1), ("千元(千元)", 1000)],
)  # fmt: skip
def test_units(heading: str, unit: int) -> None:
    assert unit_of(heading) == unit


def test_a_foreign_file_is_read_and_every_guess_told() -> None:
    data = "Voucher No,Customer Name,Posting Date,Due Date,Invoiced Amount\nA,甲,2026-01-05,2026-02-05,5\n".encode()
    result = read_table(data, "items", currency="CNY")
    row = result.table.to_pylist()[0]
    assert (row["customer_id"], row["customer_name"], row["document_date"]) == ("甲", "甲", date(2026, 1, 5))
    assert [warning.code for warning in result.warnings].count("column.stands_in") == 2
    assert len([warning for warning in result.warnings if warning.code == "column.guessed"]) == 5


def test_our_own_file_without_a_document_date_is_refused() -> None:
    with pytest.raises(BadData) as refusal:
        read_table(
            b"item_id,customer_id,posting_date,due_date,amount\n1,C,2026-01-01,2026-01-01,5\n", "items", currency="CNY"
        )
    assert [error.column for error in refusal.value.errors] == ["document_date"]


def test_preview() -> None:
    data = "报表\n发票号,客户编号,开票日期,到期日,金额\n1,C,2026-01-05,2026-02-05,5\n".encode("gb18030")
    preview = preview_columns(data, "items")
    assert (preview.header_row, preview.header[0], preview.encoding, preview.profile) == (2, "发票号", "gb18030", None)
    assert [guess.field for guess in preview.guesses] == [
        "item_id",
        "customer_id",
        "document_date",
        "due_date",
        "amount",
    ]
    assert preview.rows == [["1", "C", "2026-01-05", "2026-02-05", "5"]]
