"""XML read safely and as a stream: no entities, no document type, no network; ISO 20022 of any version by its names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lxml import etree

from huikuan.bank.source import Faults, Source
from huikuan.bank.values import make_day, plain_amount

_PROLOG = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*|Z|[+-]\d{2}:?\d{2})?", re.DOTALL)
TEXT_MAX = 4_000
"""Characters kept of one element's text."""


def local(element: etree._Element) -> str:
    """A tag without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def walk(source: Source, *names: str) -> Iterator[tuple[str, etree._Element]]:
    """Elements as they begin and end (``start`` or ``end``): all of them, or those of the given names in whatever
    namespace. Refuses ``xml.broken`` with the line and ``xml.entities``; more than 256 elements deep is broken."""
    if _PROLOG.search(source.head()):
        raise _unsafe(source)
    with source.open() as stream:
        context = etree.iterparse(
            stream,
            events=("start", "end"),
            tag=[f"{{*}}{name}" for name in names] or None,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        is_checked = False
        try:
            for event, element in context:
                if not is_checked and element.getroottree().docinfo.internalDTD is not None:
                    raise _unsafe(source)  # in an encoding that the search did not see through
                is_checked = True
                yield str(event), element
        except etree.XMLSyntaxError as error:
            reason = f"the XML is damaged or cut off: {str(error.msg)[:160]}"
            raise source.bad("xml.broken", reason, error.lineno or None) from None
        except (ValueError, LookupError, AssertionError) as error:
            raise source.bad("xml.broken", f"the XML cannot be read: {str(error)[:160]}") from None


def _unsafe(source: Source) -> Exception:
    return source.bad("xml.entities", "the file declares a document type or entities, which are not accepted")


def forget(element: etree._Element) -> None:
    """Frees an element that was read, and what stood before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)


class Node:
    """An element taken over whole: its name without namespace, its text on one line, its children by name."""

    __slots__ = ("attributes", "children", "name", "row", "text")

    def __init__(self, element: etree._Element) -> None:
        tag = element.tag
        self.name = _names.get(tag) or _learn(element)
        text = element.text
        self.text = " ".join(text[: TEXT_MAX * 2].split())[:TEXT_MAX] if text else ""
        self.row = row_of(element)
        attributes = element.items()
        self.attributes: dict[Any, Any] = dict(attributes) if attributes else _NONE
        self.children: dict[str, list[Node]] = _NONE
        if len(element):
            children: dict[str, list[Node]] = {}
            for child in element:
                node = Node(child)
                same = children.get(node.name)
                if same is None:
                    children[node.name] = [node]
                else:
                    same.append(node)
            self.children = children

    def get(self, attribute: str) -> str:
        return str(self.attributes.get(attribute, ""))

    def all(self, path: str) -> list[Node]:
        """Every element at a path such as ``RmtInf/Ustrd``."""
        found = [self]
        for step in steps(path):
            found = [child for node in found for child in node.children.get(step, ())]
            if not found:
                break
        return found

    def first(self, *paths: str) -> Node | None:
        """The first element found at one of the paths."""
        for path in paths:
            node, several = self, False
            for step in steps(path):
                there = node.children.get(step)
                if there is None:
                    break
                several = several or len(there) > 1
                node = there[0]
            else:
                return node
            if several and (found := self.all(path)):  # not below the first of several, but below another
                return found[0]
        return None


_NONE: Any = {}
_NAMES_MAX = 4_096
_names: dict[Any, str] = {}


def _learn(element: etree._Element) -> str:
    name = local(element)
    if len(_names) < _NAMES_MAX:
        _names[element.tag] = name
    return name


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str, ...]:
    """A path's names."""
    return () if path == "." else tuple(path.split("/"))


class Reader:
    """Reads texts, amounts and days below a node; what cannot be read becomes a fault."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def first(self, node: Node | None, *paths: str) -> Node | None:
        """The first element found at one of the paths."""
        return None if node is None else node.first(*paths)

    def all(self, node: Node | None, path: str) -> list[Node]:
        """Every element at a path."""
        return [] if node is None else node.all(path)

    def text(self, node: Node | None, *paths: str) -> str:
        """The text at the first of the paths that has any, on one line."""
        if node is not None:
            for path in paths:
                found = node.first(path)
                if found is not None and found.text:
                    return found.text
        return ""

    def amount(self, node: Node | None, *paths: str) -> Decimal | None:
        """An exact amount; a fault where there is one that cannot be read."""
        found = self.first(node, *paths)
        if found is None:
            return None
        value = plain_amount(found.text)
        if value is None:
            self.faults.add("bank.amount", f"{found.text[:40]!r} is not an amount", found.row, found.name)
        return value

    def day(self, node: Node | None, *paths: str) -> date | None:
        """A day; of an instant the day it is written with. A fault where there is one that cannot be read."""
        for path in paths:
            found = self.first(node, path)
            if found is None or not found.text:
                continue
            parts = _DAY.fullmatch(found.text)
            day = make_day(int(parts[1]), int(parts[2]), int(parts[3])) if parts else None
            if day is None:
                self.faults.add("bank.date", f"{found.text[:40]!r} is not a day", found.row, found.name)
            return day
        return None


def row_of(element: etree._Element) -> int:
    """The line of the file an element begins in (above 65,535 the parser does not know it exactly)."""
    line: Any = element.sourceline
    return int(line or 1)
