"""Ageing: who owes how much for how long, by customer or anything else an item carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from huikuan.core.ageing import BUCKETS, Basis
from huikuan.core.refusals import Refusal
from huikuan.queries.age_database import age_database
from huikuan.queries.bridge import BridgeStep, bridge_steps
from huikuan.queries.cells import Buckets, book_value, bucket_columns, cells_of, currency_order, need_cells
from huikuan.queries.control import ControlRow, control_accounts
from huikuan.queries.directory import accounts_version, customers_of, entities_table, find_customers, names_table
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.history import month_before, totals_on
from huikuan.queries.listing import Page, limit_of, order_of
from huikuan.queries.open_rows import CASH_CONTROLS, day_of, texts
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
    return _answer(frame, ask, page, size, limit_of(page, size))


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


def _answer(frame: Frame, ask: _Ask, page: int, size: int, limit: str) -> AgeingPage:
    buckets = ask.buckets
    with read_facts(frame, ask.basis) as facts:
        facts.give("grouped", _grouped(facts, ask.by, buckets))
        where, given = _filter(facts, ask.by, ask.search, ask.currency)
        labelled = _labelled(facts, ask.by, ask.sort)
        totals = facts.rows(
            f"SELECT currency, count(*) AS rows, {_sums(buckets)}, sum(total_minor)::BIGINT AS total_minor,"
            f" sum(items)::BIGINT AS items FROM grouped WHERE {where} GROUP BY currency ORDER BY currency",
            given,
        )
        amounts = {"total": "total_minor", **{name: f"coalesce(b{n}, 0)" for n, name in enumerate(buckets.labels)}}
        currencies = currency_order(frame.entity_ids)
        order = order_of(
            ask.sort, _sorts(buckets), "-total", ["key", "currency"], amounts=amounts, currencies=currencies
        )
        rows = facts.rows(f"SELECT * FROM grouped {labelled} WHERE {where} {order} {limit}", given)
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


def _sums(buckets: Buckets) -> str:
    return ", ".join(f"sum(b{place})::BIGINT AS b{place}" for place in range(len(buckets.labels)))


def _sorts(buckets: Buckets) -> dict[str, str]:
    return {
        "label": "label",
        "total": "book",
        "items": "items",
        **{label: f"coalesce(b{place}, 0)" for place, label in enumerate(buckets.labels)},
    }


def _grouped(facts: Facts, by: str, buckets: Buckets) -> Any:
    """key, currency, a column per bucket, total_minor, items, book: every group, whatever page is shown."""
    rest = (
        f"{bucket_columns(buckets)}, sum(open_minor)::BIGINT AS total_minor, sum(items)::BIGINT AS items,"
        f" sum({book_value('open_base')})::BIGINT AS book"
    )
    keys = {"customer": "customer_id", "entity": "entity_id", "currency": "currency"}

    def from_cells() -> Any:
        need_cells(facts, buckets)
        return facts.table(f"SELECT {keys[by]} AS key, currency, {rest} FROM cells GROUP BY ALL")

    def from_items() -> Any:
        facts.need("open_items", "open_receipts")
        as_of = day_of(facts.frame.as_of)
        return facts.table(
            f"WITH cells AS (SELECT i.{by} AS key, o.currency, o.entity_id,"
            f" {buckets.number(as_of, f'o.{buckets.day}')} AS bucket, o.open_minor, o.open_base, 1 AS items"
            f" FROM open_items AS o JOIN items AS i ON i.item_id = o.item_id WHERE {facts.mine_of('o')}"
            f" UNION ALL SELECT '', currency, entity_id, {len(buckets.bounds) + 1}, -open_minor, -open_base, 0"
            f" FROM open_receipts WHERE {facts.mine} AND ledger_account IN ({texts(CASH_CONTROLS)}))"
            f" SELECT key, currency, {rest} FROM cells GROUP BY ALL"
        )

    accounts = accounts_version() if by == "customer" else ()
    question = ("ageing", by, buckets, facts.scope, accounts)
    return facts.kept(question, from_cells if by in keys else from_items)


def _filter(facts: Facts, by: str, search: str, currency: str) -> tuple[str, dict[str, Any]]:
    where, given = ["true"], {}
    text = search.strip()
    if currency:
        where.append("currency = $currency")
        given["currency"] = currency
    if text and by == "customer":
        facts.give("wanted", pa.table({"customer_id": pa.array(find_customers(facts.frame, text), pa.int64())}))
        where.append("key IN (SELECT customer_id FROM wanted)")
    elif text and by == "entity":
        meant = [n for n, e in entities_table().items() if text.lower() in f"{e.code} {e.name}".lower()]
        where.append(f"key IN ({', '.join(map(str, meant)) or 'NULL'})")
    elif text:
        where.append("contains(lower(key), $text)")
        given["text"] = text.lower()
    return " AND ".join(where), given


def _labelled(facts: Facts, by: str, sort: str) -> str:
    """The join that gives ``label``, where the order needs names."""
    if sort.removeprefix("-") != "label":
        return ""
    if by == "customer":
        facts.give("names", names_table())
        return "JOIN (SELECT customer_id AS key, sort_name AS label FROM names) USING (key)"
    if by == "entity":
        codes = entities_table()
        names = pa.table(
            {"key": pa.array(list(codes), pa.int64()), "label": [entity.code for entity in codes.values()]}
        )
        facts.give("names", names)
        return "JOIN names USING (key)"
    return "JOIN (SELECT DISTINCT key, key AS label FROM grouped) USING (key)"


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
    found = _answer(frame, ask, 1, ROWS_MAX, f"LIMIT {ROWS_MAX}")
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
    return _answer(frame, ask, 1, rows_max, f"LIMIT {rows_max}")
