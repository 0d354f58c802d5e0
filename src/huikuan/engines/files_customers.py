"""Customers from a file of items."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.engines.schemas import arrow_schema


def derive_customers(items: Any) -> Any:
    """A ``customers`` table from a table of items: one row per customer_id, sorted. The name is the one its items use
    most (the first in the alphabet among equals, the customer_id where there is none); the others become aliases."""
    counted = (
        items.select(["customer_id", "customer_name"])
        .group_by(["customer_id", "customer_name"])
        .aggregate([([], "count_all")])
    )
    names: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in counted.filter(pc.is_valid(counted["customer_id"])).to_pylist():
        found = names[row["customer_id"]]
        if row["customer_name"]:
            found.append((-row["count_all"], row["customer_name"]))
    rows = []
    for customer_id in sorted(names):
        ordered = [name for _, name in sorted(names[customer_id])]
        name = ordered[0] if ordered else customer_id
        aliases = ";".join(one.replace(";", ",") for one in ordered[1:]) or None
        rows.append({"customer_id": customer_id, "name": name, "aliases": aliases})
    return pa.Table.from_pylist(rows, schema=arrow_schema("customers"))
