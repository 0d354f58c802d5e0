"""What other readers' own test suites expect of the sample files, taken from beside them."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """Reads dumps of Python objects as plain mappings, making no objects."""


def _plain(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        values = loader.construct_sequence(node, deep=True)
        if suffix.endswith("models.Date") and isinstance(values[0], bytes) and len(values[0]) == 4:
            packed = values[0]
            return date(packed[0] * 256 + packed[1], packed[2], packed[3])
        return Decimal(values[0]) if suffix.endswith("Decimal") else values
    return None


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", _plain)


def mt940(path: Path) -> dict[str, Any]:
    """``data`` of the statement and a list of transactions' ``data``."""
    kept, keep = [], False
    for text in path.read_text(encoding="utf-8").splitlines():
        if text[:1] not in {"", " ", "-"}:
            keep = text.startswith(("data:", "transactions:"))
        if keep and not re.match(r"\s+transactions: \*", text):  # every transaction points back to all of them
            kept.append(text)
    loaded = yaml.load("\n".join(kept), _Loader)
    return {"data": loaded.get("data") or {}, "transactions": [one["data"] for one in loaded.get("transactions") or []]}


def camt(path: Path) -> list[dict[str, Any]]:
    """The entries."""
    return json.loads(path.read_text(encoding="utf-8"))["getEntries"]


def day_of(told: dict[str, str] | None) -> date | None:
    return None if told is None else date.fromisoformat(told["0"][:10])


def beancount(path: Path) -> list[tuple[date, Decimal]]:
    """Day and amount of every transaction: the largest movement."""
    found: list[tuple[date, Decimal]] = []
    day: date | None = None
    amounts: list[Decimal] = []
    for text in [*path.read_text(encoding="utf-8").splitlines(), "1970-01-01 end"]:
        if re.match(r"\d{4}-\d\d-\d\d ", text):
            if day is not None:
                found.append((day, max(amounts)))
            day, amounts = (date.fromisoformat(text[:10]) if " * " in text else None), []
        elif moved := re.search(r"(-?[\d.]+) CNY", text):
            amounts.append(abs(Decimal(moved[1])))
    return found
