"""One door for every format: the bytes say what they are, not the file's name."""

from __future__ import annotations

from lxml import etree

from huikuan.core.refusals import Refusal
from huikuan.invoices import cii, ubl
from huikuan.invoices.china_ofd import read_ofd
from huikuan.invoices.china_text import read_text
from huikuan.invoices.china_xlsx import read_workbook
from huikuan.invoices.china_xml import is_chinese, read_chinese
from huikuan.invoices.document import InvoiceDocument, SourceFormat
from huikuan.invoices.limits import check_size, open_archive
from huikuan.invoices.pdf import ATTACHMENTS, embedded_xml, open_pdf, page_text
from huikuan.invoices.trees import local_name, parse_tree

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def parse_invoice(data: bytes, name: str) -> list[InvoiceDocument]:
    """The invoices of a file: one, or as many as a workbook of the tax platform lists.

    Reads UBL, CII, PDF with either of them inside, and 数电票 as XML, OFD, PDF or Excel. Refuses
    ``invoice.not_recognised``, ``invoice.broken``, ``invoice.empty``, ``invoice.too_large``, ``invoice.bomb``,
    ``invoice.entities``, ``invoice.no_invoice_inside``, ``invoice.old_zugferd``, ``invoice.encrypted``. What
    an invoice says wrong is no refusal: see ``check_invoice``.
    """
    check_size(data, name)
    if data.startswith(b"PK\x03\x04"):
        parts = open_archive(data, name)
        if any(path.lower() == "ofd.xml" for path in parts):
            return [read_ofd(parts, name)]
        if "[Content_Types].xml" in parts and any(path.startswith("xl/") for path in parts):
            return read_workbook(data, parts, name)
        raise _unknown(name)
    if b"%PDF-" in data[:1024]:
        return [_read_pdf(data, name)]
    if data.lstrip()[:1] == b"<" or data.startswith(_BOMS):
        return [_read_xml(parse_tree(data, name), name, SourceFormat.UBL, SourceFormat.CII)]
    raise _unknown(name)


def _read_xml(root: etree._Element, name: str, as_ubl: SourceFormat, as_cii: SourceFormat) -> InvoiceDocument:
    namespace, tag = etree.QName(root).namespace, local_name(root)
    if (namespace, tag) in ((ubl.INVOICE, "Invoice"), (ubl.CREDIT_NOTE, "CreditNote")):
        return ubl.read_ubl(root, name, as_ubl)
    if namespace == cii.ROOT and tag == "CrossIndustryInvoice":
        return cii.read_cii(root, name, as_cii)
    if is_chinese(root):
        return read_chinese(root, name)
    if tag == "CrossIndustryDocument":
        sentence = "{name} is ZUGFeRD 1, which does not follow EN 16931: ask for ZUGFeRD 2 or Factur-X"
        raise Refusal("invoice.old_zugferd", sentence, name=name)
    raise _unknown(name)


def _read_pdf(data: bytes, name: str) -> InvoiceDocument:
    reader = open_pdf(data, name)
    found = embedded_xml(reader, name)
    if found is not None:
        title, xml = found
        try:
            return _read_xml(parse_tree(xml, f"{name}/{title}"), name, SourceFormat.PDF_UBL, SourceFormat.PDF_CII)
        except Refusal as refusal:
            # Under another name it need not be the invoice: the text may be.
            if title.lower() in ATTACHMENTS or refusal.code != "invoice.not_recognised":
                raise
    text = page_text(data, name)
    if "发票" in text:
        return read_text(text, name, SourceFormat.CN_PDF)
    raise Refusal(
        "invoice.no_invoice_inside",
        "{name} holds no e-invoice that can be read",
        name=name,
    )


def _unknown(name: str) -> Refusal:
    return Refusal(
        "invoice.not_recognised",
        "{name} is no e-invoice that is known: UBL, CII, ZUGFeRD/Factur-X PDF, or 数电票 as XML, OFD, PDF or Excel",
        name=name,
    )
