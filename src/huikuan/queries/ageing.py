"""Ageing: who owes how much for how long, by customer or anything else an item carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.ageing import BUCKETS, Basis
from huikuan.core.refusals import Refusal
from huikuan.queries.age_database import age_database
from huikuan.queries.bridge import BridgeStep, bridge_steps
from huikuan.queries.cells import Buckets, cells_of, currency_order
from huikuan.queries.control import ControlRow, control_accounts
from huikuan.queries.directory import customers_of, entities_table, find_customers, names_table
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.groups import grouped
from huikuan.queries.history import month_before, totals_on
from huikuan.queries.layers import Asked, layers_with, sums, top
from huikuan.queries.listing import Page, order_of, slice_of
from huikuan.store.public_ids import public_id

__all__ = [
    "AgeingPage",
    "AgeingRow",
    "AgeingTotal",
    "ControlRow",
    "age_database",
    "ageing_export",
    "ageing_page",
    "control_accounts",
]

ITEM_GROUPS = ("region", "product", "sales_rep", "kind", "contract_number")
"""Groups that are facts of the item; unapplied money has none of them and stands in a group without a name."""
GROUPS = ("customer", "entity", "currency", *ITEM_GROUPS)


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """A group in one currency. ``cells``: the buckets that hold something; ``items`` counts items, not receipts.
    ``link_public_id`` is the customer's, where the group is one."""

    key: str
    label: str
    link_public_id: str
    currency: str
    cells: dict[str, int]
    total_minor: int
    items: int


@dataclass(frozen=True, slots=True)
class AgeingTotal:
    """All rows of one currency together; ``items`` is ``None`` in a comparison, which knows amounts only."""

    currency: str
    cells: dict[str, int]
    total_minor: int
    items: int | None


@dataclass(frozen=True, slots=True)
class AgeingPage:
    """``columns``: bucket labels, unapplied money last. ``compare``: the totals a month earlier, as known in the same
    frame; ``None`` while searching. ``bridge``: from posting to effective totals, on the effective basis."""

    columns: list[str]
    rows: Page[AgeingRow]
    totals: dict[str, AgeingTotal]
    bridge: list[BridgeStep] | None
    provisional: bool
    known_seq: int
    compare: dict[str, AgeingTotal] | None


def ageing_page(
    frame: Frame,
    *,
    by: str = "customer",
    buckets: Sequence[int] = BUCKETS,
    bucket_by: str = "due",
    basis: str = "posting",
    sort: str = "-total",
    page: int = 1,
    size: int = 50,
    search: str = "",
    currency: str = "",
) -> AgeingPage:
    """The ageing of the frame's entities. ``by``: one of ``GROUPS``. ``sort``: label, total, items or a bucket (amounts
    by their book value). ``search``: customers where the group is one, else in the group's name.

    Refuses ``ageing.bad_buckets``, ``ageing.bad_choice`` and ``ageing.unknown_column``.
    """
    ask = _Ask.checked(by, buckets, bucket_by, basis, sort, search, currency)
    return _answer(frame, ask, page, size, slice_of(page, size))


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is asked, checked."""

    by: str
    buckets: Buckets
    basis: Basis
    sort: str
    search: str
    currency: str

    @staticmethod
    def checked(
        by: str, bounds: Sequence[int], bucket_by: str, basis: str, sort: str, search: str, currency: str
    ) -> _Ask:
        if by not in GROUPS:
            raise Refusal(
                "ageing.unknown_column",
                "items have no column {names}; they have {columns}",
                names=by,
                columns=", ".join(GROUPS),
            )
        return _Ask(by, Buckets.asked(bounds, bucket_by), check_basis(basis), sort, search.strip(), currency)


def _answer(frame: Frame, ask: _Ask, page: int, size: int, limit: tuple[int, int]) -> AgeingPage:
    buckets = ask.buckets
    with read_facts(frame, ask.basis) as facts:
        layers = grouped(facts, ask.by, buckets)
        where, given, wanted = _filter(facts, ask.by, ask.search, ask.currency)
        if wanted is not None:
            layers = layers_with(layers, "key", wanted)
        asked = Asked(where=where, given=given, keep=wanted is None, few=_few(ask, wanted))
        cells = [f"b{place}" for place in range(len(buckets.labels))]
        totals = sums(facts, layers, asked, "currency", {name: name for name in (*cells, "total_minor", "items")})
        amounts = {"total": "total_minor", **{name: f"coalesce(b{n}, 0)" for n, name in enumerate(buckets.labels)}}
        currencies = currency_order(frame.entity_ids)
        order = order_of(
            ask.sort, _sorts(buckets), "-total", ["key", "currency"], amounts=amounts, currencies=currencies
        )
        if ask.sort.removeprefix("-") == "label":
            asked = replace(asked, source=_labelled(facts, ask.by), keep=False, few=None)
        rows = top(facts, layers, asked, "key, currency", order, limit)
        compare = None if ask.search else _compare(facts, buckets, ask.currency)
        bridge = bridge_steps(facts, ask.currency) if ask.basis == "effective" and not ask.search else None
        snapshot = facts.snapshot
    return AgeingPage(
        columns=buckets.labels,
        rows=Page(_rows(frame, ask.by, buckets, rows), sum(row["rows"] for row in totals), page, size),
        totals={
            row["currency"]: AgeingTotal(row["currency"], cells_of(row, buckets), row["total_minor"], row["items"])
            for row in totals
        },
        bridge=bridge,
        provisional=snapshot.provisional,
        known_seq=snapshot.known_seq,
        compare=compare,
    )


def check_basis(basis: str) -> Basis:
    if basis not in ("posting", "effective"):
        raise Refusal(
            "ageing.bad_choice", "{value!r} is not one of {allowed}", value=basis, allowed="posting, effective"
        )
    return "effective" if basis == "effective" else "posting"


def _sorts(buckets: Buckets) -> dict[str, str]:
    return {
        "label": "label",
        "total": "book",
        "items": "items",
        **{label: f"coalesce(b{place}, 0)" for place, label in enumerate(buckets.labels)},
    }


def _filter(facts: Facts, by: str, search: str, currency: str) -> tuple[str, dict[str, Any], list[int] | None]:
    """A predicate over groups with its parameters, and the customers they are narrowed to, if they are."""
    where, given = ["true"], {}
    if currency:
        where.append("currency = $currency")
        given["currency"] = currency
    text = search.strip()
    if text and by == "customer":
        return " AND ".join(where), given, find_customers(facts.frame, text)
    if text and by == "entity":
        meant = [n for n, e in entities_table().items() if text.lower() in f"{e.code} {e.name}".lower()]
        where.append(f"key IN ({', '.join(map(str, meant)) or 'NULL'})")
    elif text:
        where.append("contains(lower(key), $text)")
        given["text"] = text.lower()
    return " AND ".join(where), given, None


def _few(ask: _Ask, wanted: list[int] | None) -> Callable[[Any], Any] | None:
    """What the predicate of ``_filter`` lets through, of a few rows in Arrow; not where it compares texts."""
    if ask.search and wanted is None:
        return None
    if ask.currency:
        return lambda rows: rows.filter(pc.equal(rows["currency"], ask.currency))
    return lambda rows: rows


def _labelled(facts: Facts, by: str) -> str:
    """The groups with their ``label``, which names put in order."""
    if by == "customer":
        facts.give("names", names_table())
        label = "(SELECT customer_id AS key, sort_name AS label FROM names)"
    elif by == "entity":
        codes = entities_table()
        names = pa.table(
            {"key": pa.array(list(codes), pa.int64()), "label": [entity.code for entity in codes.values()]}
        )
        facts.give("names", names)
        label = "names"
    else:
        return "(SELECT *, key AS label FROM {rows})"
    return f"(SELECT * FROM {{rows}} JOIN {label} USING (key))"


def _rows(frame: Frame, by: str, buckets: Buckets, rows: list[dict[str, Any]]) -> list[AgeingRow]:
    customers = customers_of(frame, (row["key"] for row in rows)) if by == "customer" else {}
    entities = entities_table() if by == "entity" else {}
    shown = []
    for row in rows:
        key = row["key"]
        link = public_id("cus", key) if by == "customer" else ""
        label = customers[key].name if by == "customer" else entities[key].name if by == "entity" else key
        shown.append(
            AgeingRow(
                key=link or (entities[key].code if by == "entity" else key),
                label=label,
                link_public_id=link,
                currency=row["currency"],
                cells=cells_of(row, buckets),
                total_minor=row["total_minor"],
                items=row["items"],
            )
        )
    return shown


def _compare(facts: Facts, buckets: Buckets, currency: str) -> dict[str, AgeingTotal]:
    found: dict[str, dict[str, int]] = {}
    for point in totals_on(facts, [month_before(facts.frame.as_of)], buckets):
        if not currency or point.currency == currency:
            found.setdefault(point.currency, {})[point.bucket] = point.open_minor
    return {code: AgeingTotal(code, cells, sum(cells.values()), None) for code, cells in found.items()}


def ageing_export(
    frame: Frame,
    *,
    by: str = "customer",
    buckets: Sequence[int] = BUCKETS,
    bucket_by: str = "due",
    basis: str = "posting",
    sort: str = "-total",
    search: str = "",
    currency: str = "",
    language: str = "en",
) -> bytes:
    """The whole table behind the screen as an XLSX workbook that looks like it."""
    from huikuan.queries.ageing_sheet import ROWS_MAX, ageing_sheet

    ask = _Ask.checked(by, buckets, bucket_by, basis, sort, search, currency)
    found = _answer(frame, ask, 1, ROWS_MAX, (0, ROWS_MAX))
    return ageing_sheet(frame, found, by=by, bucket_by=bucket_by, basis=basis, search=ask.search, language=language)


def ageing_whole(
    frame: Frame,
    *,
    by: str = "customer",
    buckets: Sequence[int] = BUCKETS,
    bucket_by: str = "due",
    basis: str = "posting",
    currency: str = "",
    rows_max: int = 1_000_000,
) -> AgeingPage:
    """Every row of the ageing, the groups in an order of their own."""
    ask = _Ask.checked(by, buckets, bucket_by, basis, "-items", "", currency)
    return _answer(frame, ask, 1, rows_max, (0, rows_max))
