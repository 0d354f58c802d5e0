"""OFD files: the invoice's own XML where it is attached, else what the tags name, else the text on the pages."""

from __future__ import annotations

from lxml import etree

from huikuan.core.refusals import Refusal
from huikuan.invoices.china_text import read_text
from huikuan.invoices.china_xml import is_chinese, read_chinese
from huikuan.invoices.document import InvoiceDocument, SourceFormat
from huikuan.invoices.limits import FILE_MAX, PARTS_MAX
from huikuan.invoices.trees import local_name, parse_tree, text_of

OBJECTS_MAX = 100_000


def read_ofd(parts: dict[str, bytes], file_name: str) -> InvoiceDocument:
    """The invoice of an OFD archive's parts. Refuses ``invoice.no_invoice_inside``."""
    roots = _roots(parts, file_name)
    for path, root in roots.items():
        if not _is_tags(path) and is_chinese(root):
            return read_chinese(root, file_name, SourceFormat.CN_OFD)
    texts = _texts(roots)
    for path, root in roots.items():
        if _is_tags(path) and (tagged := _tagged(root, texts)) is not None:
            return read_chinese(tagged, file_name, SourceFormat.CN_OFD)
    shown = "\n".join(texts.values())
    if "发票" in shown:
        return read_text(shown, file_name, SourceFormat.CN_OFD)
    raise Refusal("invoice.no_invoice_inside", "{name} holds no e-invoice that can be read", name=file_name)


def _is_tags(path: str) -> bool:
    return "customtag" in path.lower()


def _roots(parts: dict[str, bytes], file_name: str) -> dict[str, etree._Element]:
    """Every part that is XML. A damaged one is as good as none: the invoice may be in another."""
    roots = {}
    for path, data in list(parts.items())[:PARTS_MAX]:
        if not path.lower().endswith(".xml") or not data or len(data) > FILE_MAX:
            continue
        try:
            roots[path] = parse_tree(data, f"{file_name}/{path}")
        except Refusal as refusal:
            if refusal.code == "invoice.entities":
                raise
    return roots


def _texts(roots: dict[str, etree._Element]) -> dict[str, str]:
    """Text objects by their id, in the order of the pages."""
    texts: dict[str, str] = {}
    for path, root in sorted(roots.items()):
        if local_name(root) != "Page" and "/pages/" not in f"/{path.lower()}":
            continue
        for element in root.iter():
            if local_name(element) == "TextObject" and len(texts) < OBJECTS_MAX:
                codes = [text_of(child) for child in element if local_name(child) == "TextCode"]
                texts[element.get("ID", f"-{len(texts)}")] = "".join(codes)
    return texts


def _tagged(root: etree._Element, texts: dict[str, str]) -> etree._Element | None:
    """The tags as if they were the invoice's XML: every reference to a text object replaced by its text."""

    def resolve(element: etree._Element, depth: int = 0) -> etree._Element:
        made = etree.Element(local_name(element) or "x")
        refs = [text_of(child) for child in element if local_name(child) == "ObjectRef"]
        made.text = "".join(texts.get(ref, "") for ref in refs) or None
        if depth < 12:
            for child in element:
                if local_name(child) not in ("ObjectRef", ""):
                    made.append(resolve(child, depth + 1))
        return made

    resolved = resolve(root)
    for one in resolved.iter():
        names = {local_name(child) for child in one}
        if names & {"InvoiceNo", "InvoiceNumber"}:
            one.tag = "eInvoice"
            return one
    return None
