"""Ageing over relations of a DuckDB connection: what files and the ledger's mirror have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from huikuan.core.ageing import BRIDGE_LINES
from huikuan.core.refusals import Refusal
from huikuan.engines.age_options import AgeOptions
from huikuan.engines.age_sql import (
    Facts,
    Relation,
    age_sql,
    bucket_label,
    bucket_number,
    day_literal,
    fact_counts,
    item_counts,
    literal,
    open_items_sql,
    quote,
    settled_counts,
    unapplied_sql,
    wide_sql,
    with_basis,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def describe(con: DuckDBPyConnection, sql: str) -> Relation:
    """A relation with its columns: a name, or a SELECT in parentheses."""
    found = con.sql(f"SELECT * FROM {sql}")
    return Relation(sql, dict(zip(found.columns, map(str, found.types), strict=True)))


def fetch(con: DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """All rows of a small query."""
    return con.sql(sql).fetchall()


def describe_facts(
    con: DuckDBPyConnection, options: AgeOptions, items: str, applications: str | None, receipts: str | None
) -> Facts:
    """The relations of one question. Refuses ``ageing.unknown_column`` where items lack a column to group by."""
    facts = Facts(
        describe(con, items),
        describe(con, applications) if applications else None,
        describe(con, receipts) if receipts else None,
    )
    check_by(facts, options)
    return facts


def check_by(facts: Facts, options: AgeOptions) -> None:
    """Refuses ``ageing.unknown_column`` where items lack a column to group by."""
    missing = [name for name in options.by if name not in facts.items.columns]
    if missing:
        raise Refusal(
            "ageing.unknown_column",
            "items have no column {names}; they have {columns}",
            names=", ".join(missing),
            columns=", ".join(facts.items.columns),
        )


def age_relations(
    con: DuckDBPyConnection, *, items: str, applications: str | None, receipts: str | None, options: AgeOptions
) -> Any:
    """The ageing of relations (see ``age_sql``) as an Arrow table: the ``by`` columns, currency, bucket, open_amount
    (decimal128(38, 4) from decimals; ``open_minor``, int64, from integers), items. Wide form where asked."""
    return run_age(con, describe_facts(con, options, items, applications, receipts), options)


def run_age(con: DuckDBPyConnection, facts: Facts, options: AgeOptions) -> Any:
    plain = replace(options, checks=False)
    long = age_sql(facts, plain)
    sql = wide_sql(f"({long})", plain, facts.amount_name, facts.amount_type) if options.wide else long
    return con.sql(sql).to_arrow_table()


def run_open_items(con: DuckDBPyConnection, facts: Facts, options: AgeOptions, columns: Sequence[str] = ()) -> Any:
    """The open items behind an ageing, for drilling down: item_id, the ``by`` columns and ``columns`` of the item,
    currency, amount, open_amount (or open_minor), days_past_due (days since the document date with ``bucket_by``
    document) and bucket, most overdue first. To ask for one customer, pass relations filtered to it."""
    kept = tuple(n for n in dict.fromkeys([*options.by, *columns]) if n not in ("item_id", "currency", "amount"))
    names = "".join(f"{quote(name)}, " for name in kept)
    inner = open_items_sql(facts, replace(options, checks=False), kept)
    return con.sql(
        f"SELECT item_id, {names}currency, amount::{facts.amount_type} AS amount,"
        f" open::{facts.amount_type} AS {facts.amount_name},"
        f" ({day_literal(options.as_of)} - aged_day)::INTEGER AS days_past_due,"
        f" {bucket_label(options, bucket_number(options, 'aged_day'))} AS bucket"
        f" FROM ({inner}) WHERE open <> 0 ORDER BY days_past_due DESC, item_id"
    ).to_arrow_table()


def run_bridge(con: DuckDBPyConnection, facts: Facts, options: AgeOptions) -> Any:
    """Why the totals of the two bases differ: an Arrow table of currency, line (``core.ageing.BRIDGE_LINES``, in that
    order), amount (or amount_minor) and records. First line plus all between = last line, per currency."""
    posting, effective = with_basis(options, "posting"), with_basis(options, "effective")
    steps = [
        _total(facts, posting, BRIDGE_LINES[0]),
        _items_step(facts, posting, effective),
        *_applications_steps(facts, posting, effective),
        *_unapplied_step(facts, posting, effective),
        _total(facts, effective, BRIDGE_LINES[-1]),
    ]
    places = " ".join(f"WHEN {literal(line)} THEN {place}" for place, line in enumerate(BRIDGE_LINES))
    name = "amount" if facts.amount_name == "open_amount" else "amount_minor"
    kept = ", ".join(literal(line) for line in (BRIDGE_LINES[0], BRIDGE_LINES[-1]))
    steps_sql = " UNION ALL ".join(f"({step})" for step in steps)
    return con.sql(
        f"WITH steps AS (SELECT currency, line, sum(amount) AS amount, sum(records) AS records FROM ({steps_sql})"
        " GROUP BY ALL), lines AS (SELECT currency, line FROM (SELECT DISTINCT currency FROM steps),"
        f" (SELECT unnest([{kept}]) AS line) UNION SELECT currency, line FROM steps)"
        f" SELECT currency, line, coalesce(amount, 0)::{facts.amount_type} AS {name},"
        " coalesce(records, 0)::BIGINT AS records FROM lines LEFT JOIN steps USING (currency, line)"
        f" ORDER BY currency, CASE line {places} END"
    ).to_arrow_table()


def _total(facts: Facts, options: AgeOptions, line: str) -> str:
    sql = age_sql(facts, replace(options, by=()))
    return (
        f"SELECT currency, {literal(line)} AS line, sum({facts.amount_name}) AS amount, sum(items) AS records"
        f" FROM ({sql}) GROUP BY currency"
    )


def _step(rows: str, name: str) -> str:
    """Rows of currency, amount, before, after → the sums of what only one of the bases counts."""
    return (
        f"SELECT currency, CASE WHEN after THEN '{name}_earlier' ELSE '{name}_later' END AS line,"
        f" sum(CASE WHEN after THEN amount ELSE -amount END) AS amount, count(*) AS records"
        f" FROM ({rows}) WHERE before <> after GROUP BY ALL"
    )


def lacks_applications(applications: Relation) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {applications.sql} AS x WHERE x.item_id = i.item_id)"


def _items_step(facts: Facts, posting: AgeOptions, effective: AgeOptions) -> str:
    amount, source = "i.amount", f"{facts.items.sql} AS i"
    if "open_amount" in facts.items.columns:
        untold = "i.settled_date IS NULL" if "settled_date" in facts.items.columns else "true"
        if facts.applications is not None:
            untold += f" AND {lacks_applications(facts.applications)}"
        amount = f"CASE WHEN {untold} THEN coalesce(i.open_amount, i.amount) ELSE i.amount END"
    rows = (
        f"SELECT i.currency, {amount} AS amount, {item_counts(facts, posting)} AS before,"
        f" {item_counts(facts, effective)} AS after FROM {source}"
    )
    return _step(rows, "items")


def _applications_steps(facts: Facts, posting: AgeOptions, effective: AgeOptions) -> list[str]:
    """Applications, and the settlements of items without any, each counting only where its item does."""
    steps = []
    untold = ""
    if (applied := facts.applications) is not None:
        rows = (
            f"SELECT i.currency, -a.amount AS amount,"
            f" {item_counts(facts, posting)} AND {fact_counts(applied, posting, 'a')} AS before,"
            f" {item_counts(facts, effective)} AND {fact_counts(applied, effective, 'a')} AS after"
            f" FROM {applied.sql} AS a JOIN {facts.items.sql} AS i ON a.item_id = i.item_id"
        )
        steps.append(_step(rows, "applications"))
        untold = f" AND {lacks_applications(applied)}"
    if "settled_date" in facts.items.columns:
        rows = (
            f"SELECT i.currency, -i.amount AS amount, {item_counts(facts, posting)} AS before,"
            f" {item_counts(facts, effective)} AS after FROM {facts.items.sql} AS i"
            f" WHERE {settled_counts(posting)}{untold}"
        )
        steps.append(_step(rows, "applications"))
    return steps


def _unapplied_step(facts: Facts, posting: AgeOptions, effective: AgeOptions) -> list[str]:
    if facts.receipts is None:
        return []
    before, after = (unapplied_sql(facts, facts.receipts, replace(ask, by=())) for ask in (posting, effective))
    return [
        "SELECT currency, 'unapplied' AS line, sum(coalesce(b.rest, 0) - coalesce(a.rest, 0)) AS amount,"
        f" count(*) AS records FROM ({before}) AS b FULL JOIN ({after}) AS a USING (receipt_id, currency)"
        " WHERE coalesce(b.rest, 0) <> coalesce(a.rest, 0) GROUP BY currency"
    ]
