"""XML read safely and as a stream: no entities, no document type, no network; ISO 20022 of any version by its names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from huikuan.bank.source import Faults, Source
from huikuan.bank.values import make_day, plain_amount

_PROLOG = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*|Z|[+-]\d{2}:?\d{2})?", re.DOTALL)
DEPTH_MAX = 60
TEXT_MAX = 4_000
"""Characters kept of one element's text."""


def local(element: etree._Element) -> str:
    """A tag without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def walk(source: Source) -> Iterator[tuple[str, etree._Element, int]]:
    """Every element as it begins and ends: (``start`` or ``end``, element, depth from 1). Refuses ``xml.broken`` with
    the line, ``xml.entities``, ``xml.too_deep``."""
    if _PROLOG.search(source.head()):
        raise _unsafe(source)
    depth = 0
    with source.open() as stream:
        context = etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            for event, element in context:
                if event == "start":
                    depth += 1
                    if depth == 1 and element.getroottree().docinfo.internalDTD is not None:
                        raise _unsafe(source)
                    if depth > DEPTH_MAX:
                        raise source.bad("xml.too_deep", f"more than {DEPTH_MAX} elements one inside another")
                    yield "start", element, depth
                else:
                    yield "end", element, depth
                    depth -= 1
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


class Reader:
    """Reads facts below an element by paths such as ``Refs/EndToEndId``, in whatever namespace the file has."""

    def __init__(self, root: etree._Element, faults: Faults) -> None:
        namespace = root.tag.rpartition("}")[0] if isinstance(root.tag, str) else ""
        self._prefix = f"{namespace}}}" if namespace else ""
        self._paths: dict[str, str] = {}
        self.faults = faults

    def path(self, path: str) -> str:
        """A path with the namespace in every step."""
        found = self._paths.get(path)
        if found is None:
            found = "/".join(step if step in {".", "*"} else self._prefix + step for step in path.split("/"))
            self._paths[path] = found
        return found

    def first(self, element: etree._Element | None, *paths: str) -> etree._Element | None:
        """The first element found at one of the paths."""
        if element is not None:
            for path in paths:
                found = element.find(self.path(path))
                if found is not None:
                    return found
        return None

    def all(self, element: etree._Element, path: str) -> list[etree._Element]:
        return element.findall(self.path(path))

    def text(self, element: etree._Element | None, *paths: str) -> str:
        """The text at the first of the paths that has any, on one line."""
        if element is not None:
            for path in paths:
                text = own_text(element.find(self.path(path)))
                if text:
                    return text
        return ""

    def amount(self, element: etree._Element | None, *paths: str) -> Decimal | None:
        """An exact amount; a fault where there is one that cannot be read."""
        found = self.first(element, *paths)
        if found is None:
            return None
        value = plain_amount(own_text(found))
        if value is None:
            self.faults.add("bank.amount", f"{own_text(found)[:40]!r} is not an amount", row_of(found), local(found))
        return value

    def day(self, element: etree._Element | None, *paths: str) -> date | None:
        """A day; of an instant the day it is written with. A fault where there is one that cannot be read."""
        for path in paths:
            found = self.first(element, path)
            text = own_text(found)
            if found is None or not text:
                continue
            parts = _DAY.fullmatch(text)
            day = make_day(int(parts[1]), int(parts[2]), int(parts[3])) if parts else None
            if day is None:
                self.faults.add("bank.date", f"{text[:40]!r} is not a day", row_of(found), local(found))
            return day
        return None


def own_text(element: etree._Element | None) -> str:
    """An element's text on one line, no longer than a reader could want."""
    if element is None or not element.text:
        return ""
    return " ".join(element.text[: TEXT_MAX * 2].split())[:TEXT_MAX]


def row_of(element: etree._Element) -> int:
    """The line of the file an element begins in (above 65,535 the parser does not know it exactly)."""
    line: Any = element.sourceline
    return int(line or 1)
