"""XML read safely: no entities, no document type, no network; and facts read from it with the path they stand at."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from huikuan.core.refusals import Refusal
from huikuan.invoices.document import Fault
from huikuan.invoices.limits import broken, check_size

_PROLOG = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_AMOUNT = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(Z|[+-]\d{2}:\d{2})?")
TEXT_MAX = 2_000
FAULTS_MAX = 500
"""Unreadable amounts of one invoice that are told one by one."""


def parse_tree(data: bytes, name: str) -> etree._Element:
    """The root element. Refuses ``invoice.entities``, ``invoice.broken``, ``invoice.too_large``, ``invoice.empty``."""
    check_size(data, name)
    unsafe = Refusal("invoice.entities", "{name} holds a document type or entities, which are not accepted", name=name)
    if _PROLOG.search(data):
        raise unsafe
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = str(error.lineno or 1)
        raise Refusal("invoice.broken", "{name} is damaged or cut off in line {line}", name=name, line=line) from None
    except (ValueError, LookupError) as error:
        raise broken(name, str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding the search did not see through
        raise unsafe
    return root


def local_name(element: etree._Element) -> str:
    """A tag without its namespace."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


class Tree:
    """Reads facts of one document by paths such as ``cac:Price/cbc:PriceAmount`` and collects what cannot be read."""

    def __init__(self, root: etree._Element, prefixes: dict[str, str]) -> None:
        self.root = root
        self.prefixes = prefixes
        self.names = {uri: prefix for prefix, uri in prefixes.items()}
        self.faults: list[Fault] = []

    def all(self, path: str, start: etree._Element | None = None) -> list[etree._Element]:
        found: Any = (self.root if start is None else start).findall(path, self.prefixes)
        return list(found)

    def first(self, path: str, start: etree._Element | None = None) -> etree._Element | None:
        found: Any = (self.root if start is None else start).find(path, self.prefixes)
        return found  # type: ignore[no-any-return]

    def text(self, path: str, start: etree._Element | None = None) -> str:
        return text_of(self.first(path, start))

    def amount(self, path: str, start: etree._Element | None = None) -> Decimal | None:
        """A decimal; ``None`` where it is missing or, with a fault, no number."""
        element = self.first(path, start)
        return None if element is None else self.amount_of(element)

    def amount_of(self, element: etree._Element) -> Decimal | None:
        """The same for an element at hand."""
        text = text_of(element)
        if not text:
            return None
        value = read_decimal(text)
        if value is None and len(self.faults) < FAULTS_MAX:
            self.faults.append(unreadable_amount(self.path_of(element), text))
        return value

    def day(self, path: str, start: etree._Element | None = None) -> date | None:
        """A day written 2026-03-31 (UBL) or 20260331 (CII)."""
        element = self.first(path, start)
        text = text_of(element)
        if not text or element is None:
            return None
        value = read_day(text)
        if value is None:
            self.faults.append(unreadable_day(self.path_of(element), text))
        return value

    def path_of(self, element: etree._Element) -> str:
        """``/Invoice/cac:InvoiceLine[2]/cbc:ID``: numbered where there are several of a kind."""
        steps = []
        current: etree._Element | None = element
        while current is not None:
            parent = current.getparent()
            name = self._name(current)
            if parent is not None:
                twins = [child for child in parent if child.tag == current.tag]
                if len(twins) > 1:
                    name += f"[{twins.index(current) + 1}]"
            steps.append(name)
            current = parent
        return "/" + "/".join(reversed(steps))

    def place(self, path: str, start: etree._Element | None = None) -> str:
        """The path of a fact, there or not."""
        element = self.first(path, start)
        if element is not None:
            return self.path_of(element)
        return f"{self.path_of(self.root if start is None else start)}/{path}"

    def _name(self, element: etree._Element) -> str:
        name = etree.QName(element)
        prefix = self.names.get(name.namespace or "", "")
        return f"{prefix}:{name.localname}" if prefix else name.localname


def text_of(element: etree._Element | None) -> str:
    """Its own text on one line, no longer than a reader could want."""
    if element is None or not element.text:
        return ""
    return " ".join(element.text.split())[:TEXT_MAX]


def read_decimal(text: str) -> Decimal | None:
    """A plain decimal number; ``None`` for anything else."""
    if not _AMOUNT.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern allows nothing that Decimal does not
        return None


def read_day(text: str) -> date | None:
    """2026-03-31 (with a zone, perhaps) or 20260331; ``None`` for what is no day."""
    found = _DAY.fullmatch(text)
    parts = found.groups()[:3] if found else (text[:4], text[4:6], text[6:]) if re.fullmatch(r"\d{8}", text) else None
    if parts is None or not 1900 <= int(parts[0]) <= 2199:
        return None
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None


def plain_amount(amount: Decimal) -> str:
    """An amount as it is written: no exponent, at least two places."""
    shown = amount.quantize(Decimal("0.01")) if amount == amount.quantize(Decimal("0.01")) else amount
    return f"{shown:f}"


def unreadable_amount(path: str, text: str) -> Fault:
    return Fault("READ-AMOUNT", path, "{text} is not an amount", {"text": text[:40]})


def unreadable_day(path: str, text: str) -> Fault:
    return Fault("READ-DATE", path, "{text} is not a date", {"text": text[:40]})
