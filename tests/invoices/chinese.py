"""数电票 for tests, written by us: XML, OFD, the text of a PDF, the tax platform's workbook."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import xlsxwriter

from tests.invoices.samples import D, Fapiao


def fapiao_xml(f: Fapiao) -> bytes:
    sums = f.sums()
    lines = "".join(
        f"<IssuItemInformation><ItemName>{name}</ItemName><MeaUnits>项</MeaUnits><Quantity>1</Quantity>"
        f"<UnPrice>{net}</UnPrice><Amount>{net}</Amount><TaxRate>{_fraction(rate)}</TaxRate><ComTaxAm>{tax}</ComTaxAm>"
        "</IssuItemInformation>"
        for name, net, rate, tax in f.rows
    )
    red = f"<SpecificInformation><RedEInvoice><OriginalInvoiceCode>{f.takes_back}</OriginalInvoiceCode></RedEInvoice>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EInvoice><Header>'
        f"<EIid>{f.number}</EIid><InherentLabel>"
        f"<InIssuType><LabelCode>{'N' if f.is_red else 'Y'}</LabelCode></InIssuType>"
        "<GeneralOrSpecialVAT><LabelCode>01</LabelCode><LabelName>增值税专用发票</LabelName></GeneralOrSpecialVAT>"
        f"</InherentLabel></Header><EInvoiceData><SellerInformation><SellerIdNum>{f.seller_id}</SellerIdNum>"
        f"<SellerName>{f.seller}</SellerName></SellerInformation><BuyerInformation><BuyerIdNum>{f.buyer_id}</BuyerIdNum>"
        f"<BuyerName>{f.buyer}</BuyerName></BuyerInformation><BasicInformation>"
        f"<TotalAmWithoutTax>{sums['net']}</TotalAmWithoutTax><TotalTaxAm>{sums['tax']}</TotalTaxAm>"
        f"<TotalTax-includedAmount>{sums['gross']}</TotalTax-includedAmount>"
        f"<RequestTime>{f.issued} 10:11:12</RequestTime>"
        f"</BasicInformation>{lines}"
        f"{red + '</SpecificInformation>' if f.takes_back else ''}"
        f"<AdditionalInformation><Remark>{f.remark}</Remark></AdditionalInformation></EInvoiceData>"
        f"<TaxSupervisionInfo><InvoiceNumber>{f.number}</InvoiceNumber><IssueTime>{f.issued}</IssueTime>"
        "</TaxSupervisionInfo></EInvoice>"
    ).encode()


def _fraction(rate: str) -> str:
    return str(D(rate.rstrip("%")) / 100) if rate.endswith("%") else rate


def archive(parts: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        for name, content in parts.items():
            files.writestr(name, content)
    return out.getvalue()


OFD_ROOT = '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><ofd:DocBody/></ofd:OFD>'


def ofd_attached(f: Fapiao) -> bytes:
    return archive({"OFD.xml": OFD_ROOT, "Doc_0/Attachs/original_invoice.xml": fapiao_xml(f)})


def ofd_tagged(f: Fapiao) -> bytes:
    """An OFD whose tags name the text objects of the page."""
    sums = f.sums()
    objects: list[str] = []
    refs: list[str] = []

    def tag(path: str, text: str) -> None:
        number = 100 + len(objects)
        objects.append(f'<ofd:TextObject ID="{number}"><ofd:TextCode>{text}</ofd:TextCode></ofd:TextObject>')
        steps = path.split("/")
        start, end = "".join(f"<{step}>" for step in steps), "".join(f"</{step}>" for step in reversed(steps))
        refs.append(f'{start}<ofd:ObjectRef PageRef="1">{number}</ofd:ObjectRef>{end}')

    tag("InvoiceNo", f.number)
    year, month, day = f.issued.split("-")
    tag("IssueDate", f"{year}年{month}月{day}日")
    tag("Seller/SellerName", f.seller)
    tag("Seller/SellerTaxID", f.seller_id)
    tag("Buyer/BuyerName", f.buyer)
    tag("Buyer/BuyerTaxID", f.buyer_id)
    tag("TaxExclusiveTotalAmount", f"¥{sums['net']}")
    tag("TaxTotalAmount", f"¥{sums['tax']}")
    tag("TaxInclusiveTotalAmount", f"¥{sums['gross']}")
    tag("Note", f.remark)
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    return archive(
        {
            "OFD.xml": OFD_ROOT,
            "Doc_0/Tags/CustomTag.xml": f"<eInvoice {space}>{''.join(refs)}</eInvoice>",
            "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {space}>{''.join(objects)}</ofd:Page>",
        }
    )


def fapiao_text(f: Fapiao) -> str:
    sums = f.sums()
    year, month, day = f.issued.split("-")
    lines = "\n".join(f"{name} 项 1 {net} {net} {rate} {tax}" for name, net, rate, tax in f.rows)
    return (
        f"电子发票（增值税专用发票）\n发票号码：{f.number}\n开票日期：{year}年{month}月{day}日\n"
        f"名称：{f.buyer}\n统一社会信用代码/纳税人识别号：{f.buyer_id}\n"
        f"名称：{f.seller}\n统一社会信用代码/纳税人识别号：{f.seller_id}\n"
        f"项目名称 规格型号 单 位 数 量 单 价 金 额 税率/征收率 税 额\n{lines}\n"
        f"合 计 ¥{sums['net']} ¥{sums['tax']}\n价税合计（大写） 圆整 （小写）¥{sums['gross']}\n"
        f"备注 {f.remark}\n开票人：王芳"
    )


BASE_HEADINGS = (
    "序号 发票代码 发票号码 数电发票号码 销方识别号 销方名称 购方识别号 购买方名称 开票日期 金额 税额 价税合计 "
    "发票来源 发票票种 发票状态 是否正数发票 发票风险等级 开票人 备注"
).split()
LINE_HEADINGS = (
    "序号 发票代码 发票号码 数电发票号码 销方识别号 销方名称 购方识别号 购买方名称 开票日期 税收分类编码 特定业务类型 "
    "货物或应税劳务名称 规格型号 单位 数量 单价 金额 税率 税额 价税合计 发票来源 发票票种 发票状态 是否正数发票 "
    "发票风险等级 开票人 备注"
).split()


def fapiao_xlsx(invoices: Sequence[Fapiao], *, with_base: bool = True, with_lines: bool = True) -> bytes:
    """The tax platform's workbook: a sheet of invoices and a sheet of their lines."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        if with_base:
            sheet = book.add_worksheet("发票基础信息")
            sheet.write_row(0, 0, BASE_HEADINGS)
            for row, f in enumerate(invoices, start=1):
                values = _head(f, row) | f.sums()
                sheet.write_row(row, 0, [values.get(name, "") for name in map(_meaning, BASE_HEADINGS)])
        if with_lines:
            sheet = book.add_worksheet("信息汇总表")
            sheet.write_row(0, 0, LINE_HEADINGS)
            row = 0
            for f in invoices:
                for name, net, rate, tax in f.rows:
                    row += 1
                    gross = str(D(net) + (D(0) if "*" in tax else D(tax)))
                    line = {
                        "name": name,
                        "net": net,
                        "rate": rate,
                        "tax": tax,
                        "gross": gross,
                        "quantity": 1,
                        "price": net,
                    }
                    values = _head(f, row) | line
                    sheet.write_row(row, 0, [values.get(name, "") for name in map(_meaning, LINE_HEADINGS)])
    return out.getvalue()


def _head(f: Fapiao, row: int) -> dict[str, object]:
    return {
        "row": row,
        "code": "--",
        "number": f.number,
        "seller_id": f.seller_id,
        "seller": f.seller,
        "buyer_id": f.buyer_id,
        "buyer": f.buyer,
        "issued": f"{f.issued} 10:11:12",
        "kind": "数电发票（增值税专用发票）",
        "state": "正常",
        "positive": "否" if f.is_red else "是",
        "note": f.remark,
    }


def _meaning(heading: str) -> str:
    return {
        "序号": "row",
        "发票代码": "code",
        "发票号码": "code",
        "数电发票号码": "number",
        "销方识别号": "seller_id",
        "销方名称": "seller",
        "购方识别号": "buyer_id",
        "购买方名称": "buyer",
        "开票日期": "issued",
        "货物或应税劳务名称": "name",
        "数量": "quantity",
        "单价": "price",
        "金额": "net",
        "税率": "rate",
        "税额": "tax",
        "价税合计": "gross",
        "发票票种": "kind",
        "发票状态": "state",
        "是否正数发票": "positive",
        "备注": "note",
    }.get(heading, heading)
