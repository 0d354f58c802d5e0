"""The XML of a Chinese fully digital e-invoice (EInvoice), and the older one that OFD files carry (eInvoice)."""

from __future__ import annotations

from lxml import etree

from huikuan.invoices.china import Reading, build, read_rate
from huikuan.invoices.document import InvoiceDocument, Line, Party, Preceding, SourceFormat, Totals
from huikuan.invoices.trees import local_name, text_of

_HEAD = "EInvoiceData/BasicInformation"
_NEW = {
    "number": ("TaxSupervisionInfo/InvoiceNumber", "Header/EIid"),
    "issue_date": ("TaxSupervisionInfo/IssueTime", f"{_HEAD}/RequestTime"),
    "seller_name": ("EInvoiceData/SellerInformation/SellerName",),
    "seller_id": ("EInvoiceData/SellerInformation/SellerIdNum",),
    "buyer_name": ("EInvoiceData/BuyerInformation/BuyerName",),
    "buyer_id": ("EInvoiceData/BuyerInformation/BuyerIdNum",),
    "net": (f"{_HEAD}/TotalAmWithoutTax",),
    "tax": (f"{_HEAD}/TotalTaxAm",),
    "gross": (f"{_HEAD}/TotalTax-includedAmount",),
    "note": ("EInvoiceData/AdditionalInformation/Remark", "EInvoiceData/Remark"),
    "red": ("Header/InherentLabel/InIssuType/LabelCode",),
    "kind": ("Header/InherentLabel/GeneralOrSpecialVAT/LabelName",),
    "preceding": ("EInvoiceData/SpecificInformation/RedEInvoice/OriginalInvoiceCode",),
}
_NEW_LINE = {
    "name": "ItemName",
    "unit": "MeaUnits",
    "quantity": "Quantity",
    "price": "UnPrice",
    "net": "Amount",
    "rate": "TaxRate",
    "tax": "ComTaxAm",
    "gross": "TotaltaxIncludedAmount",
}
_OLD = {
    "number": ("InvoiceNo", "InvoiceNumber"),
    "issue_date": ("IssueDate",),
    "seller_name": ("Seller/SellerName", "SellerName"),
    "seller_id": ("Seller/SellerTaxID", "SellerTaxID"),
    "buyer_name": ("Buyer/BuyerName", "BuyerName"),
    "buyer_id": ("Buyer/BuyerTaxID", "BuyerTaxID"),
    "net": ("TaxExclusiveTotalAmount",),
    "tax": ("TaxTotalAmount",),
    "gross": ("TaxInclusiveTotalAmount",),
    "note": ("Note", "Remark"),
    "red": ("InvoiceSignal",),
    "kind": ("InvoiceTypeName",),
    "preceding": ("OriginalInvoiceNumber", "OriginalInvoiceNo"),
}
_OLD_LINE = {
    "name": "Item",
    "unit": "MeasurementDimension",
    "quantity": "Quantity",
    "price": "Price",
    "net": "Amount",
    "rate": "TaxScheme",
    "tax": "TaxAmount",
    "gross": "TaxInclusiveAmount",
}


def is_chinese(root: etree._Element) -> bool:
    """Whether this is the XML of a Chinese e-invoice, of either shape."""
    name = local_name(root)
    return (name == "EInvoice" and _find(root, ("EInvoiceData",)) is not None) or (
        name.lower() == "einvoice" and _find(root, _OLD["number"]) is not None
    )


def read_chinese(
    root: etree._Element, file_name: str, source_format: SourceFormat = SourceFormat.CN_XML
) -> InvoiceDocument:
    """One invoice. What is written in elements of other names is not looked for."""
    is_new = _find(root, ("EInvoiceData",)) is not None
    shape, line_shape = (_NEW, _NEW_LINE) if is_new else (_OLD, _OLD_LINE)
    reading = Reading()
    start = f"/{local_name(root)}"
    elements = {name: _find(root, paths) for name, paths in shape.items()}
    texts = {name: text_of(element) for name, element in elements.items()}
    paths = {name: f"{start}/{places[0]}" for name, places in shape.items()}
    paths["lines"] = f"{start}/{'EInvoiceData/IssuItemInformation' if is_new else 'GoodsInfos/GoodsInfo'}"
    lines = []
    for number, element in enumerate(_lines(root, is_new), start=1):
        values = {name: text_of(_find(element, (tag,))) for name, tag in line_shape.items()}
        lines.append(read_line(values, f"{paths['lines']}[{number}]", number, reading))
    totals = Totals(**{name: reading.amount(texts[name], paths[name]) for name in ("net", "tax", "gross")})
    preceding = texts["preceding"]
    return build(
        file_name,
        source_format,
        number=texts["number"],
        issue_date=reading.day(texts["issue_date"], paths["issue_date"]),
        seller=Party(texts["seller_name"], texts["seller_id"], path=paths["seller_name"]),
        buyer=Party(texts["buyer_name"], texts["buyer_id"], path=paths["buyer_name"]),
        totals=totals,
        lines=tuple(lines),
        remark=texts["note"],
        is_red=texts["red"] in ("N", "1", "负数"),
        preceding=(Preceding(preceding, path=paths["preceding"]),) if preceding else (),
        kind=texts["kind"],
        paths=paths,
        faults=reading.faults,
    )


def read_line(values: dict[str, str], path: str, number: int, reading: Reading) -> Line:
    """A line from its texts by name: name, unit, quantity, price, net, rate, tax, gross."""
    category, rate = read_rate(values.get("rate", ""))
    amounts = {name: reading.amount(values.get(name, ""), f"{path}/{name}") for name in ("net", "tax", "gross")}
    if amounts["tax"] is None and category in ("E", "O", "Z"):
        amounts["tax"] = reading.amount("0", path)
    return Line(
        line_id=str(number),
        name=values.get("name", "")[:300],
        net=amounts["net"],
        category=category,
        rate=rate,
        quantity=reading.amount(values.get("quantity", ""), f"{path}/quantity"),
        unit=values.get("unit", ""),
        price=reading.amount(values.get("price", ""), f"{path}/price"),
        tax=amounts["tax"],
        gross=amounts["gross"],
        path=path,
    )


def _lines(root: etree._Element, is_new: bool) -> list[etree._Element]:
    if is_new:
        data = _find(root, ("EInvoiceData",))
        return [one for one in (data if data is not None else ()) if local_name(one) == "IssuItemInformation"]
    goods = _find(root, ("GoodsInfos",))
    return [one for one in (goods if goods is not None else ()) if local_name(one) == "GoodsInfo"]


def _find(start: etree._Element, paths: tuple[str, ...]) -> etree._Element | None:
    """The first element at one of these paths, by local names; one that says something where there is one."""
    empty = None
    for path in paths:
        level = [start]
        for step in path.split("/"):
            level = [child for parent in level for child in parent if local_name(child) == step]
        for one in level:
            if text_of(one) or len(one):
                return one
        empty = level[0] if level and empty is None else empty
    return empty
