"""Messages to a bank, written element by element."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from lxml import etree

_LATIN = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")
_FOLDED = {
    **dict(zip("äöüÄÖÜß", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "ss"), strict=True)),
    "&": "+",
    "_": "-",
    "@": "(at)",
    "é": "e",
    "è": "e",
    "ê": "e",
    "à": "a",
    "ç": "c",
    "ñ": "n",
    "ø": "o",
    "å": "a",
}


def latin(text: str, length: int) -> str:
    """A text in the letters that SEPA allows, no longer than ``length``: umlauts written out, others replaced."""
    folded = "".join(_FOLDED.get(letter, letter) for letter in text)
    return "".join(letter if _LATIN.fullmatch(letter) else "." for letter in folded)[:length].strip()


def new_message(namespace: str, name: str) -> etree._Element:
    """An empty message: ``Document`` of a namespace with its one child, which is returned."""
    names: Any = {None: namespace}
    return add(etree.Element(f"{{{namespace}}}Document", nsmap=names), name)


def add(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    """A child in its parent's namespace."""
    element = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{tag}")
    element.text = text
    return element


def money(amount: Decimal) -> str:
    """An amount in euro as messages tell it."""
    return f"{amount.quantize(Decimal('0.01')):f}"


def add_totals(parent: etree._Element, amounts: Iterable[Decimal]) -> None:
    """How many transactions, and their control sum."""
    kept = list(amounts)
    add(parent, "NbOfTxs", str(len(kept)))
    add(parent, "CtrlSum", money(sum(kept, Decimal(0))))


def written(message: etree._Element) -> bytes:
    """The whole document of a message."""
    document = message.getroottree()
    return bytes(etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True))
