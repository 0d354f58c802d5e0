"""Tables and Parquet files → the relations ageing is built over, with the defaults the file formats promise."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huikuan.core.refusals import Refusal
from huikuan.engines.age_options import AgeOptions
from huikuan.engines.age_relations import describe, fetch
from huikuan.engines.age_sql import Facts, Relation, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "2GB"
"""What DuckDB may hold in memory before it works on disk."""

_TYPES = {
    "day": {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"},
    "instant": {"TIMESTAMP WITH TIME ZONE"},
}
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT"}


@contextmanager
def open_duckdb(memory_limit: str = MEMORY_LIMIT, threads: int | None = None) -> Iterator[DuckDBPyConnection]:
    """A private in-memory DuckDB with bounded memory that spills to a temporary folder, gone afterwards. It installs
    and loads nothing by itself; its time zone is UTC."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="huikuan-age-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "temp_directory": folder,
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
        }
        if threads is not None:
            settings["threads"] = threads
        con = duckdb.connect(":memory:", config=settings)
        try:
            con.execute("SET TimeZone = 'UTC'").fetchall()
            yield con
        finally:
            con.close()


@dataclass(frozen=True, slots=True)
class Source:
    """One input as a relation, with which of its columns hold nulls, and which hold nothing else."""

    kind: str
    relation: Relation
    nulls: dict[str, int]
    rows: int

    def has(self, name: str) -> bool:
        """The column is there and at least one row has a value in it."""
        return name in self.relation.columns and self.nulls[name] < self.rows

    def full(self, name: str) -> bool:
        """The column is there and every row has a value in it."""
        return name in self.relation.columns and self.nulls[name] == 0

    def column(self, name: str, alias: str = "t") -> str:
        """A column as SQL of the type its meaning asks for. Refuses ``ageing.column_type``."""
        found = self.relation.columns[name]
        sql = f"{alias}.{quote(name)}"
        if name in ("amount", "open_amount"):
            return self._amount(sql, name, found)
        if name.endswith("_date"):
            self._check(name, found, _TYPES["day"], "dates")
            return sql if found == "DATE" else f"{sql}::DATE"
        if name == "recorded_at":
            self._check(name, found, _TYPES["instant"], "instants with a time zone")
        if found.startswith("ENUM"):
            return f"{sql}::VARCHAR"
        return sql

    def _amount(self, sql: str, name: str, found: str) -> str:
        if found in _INTEGERS:
            return f"{sql}::DECIMAL(18,4)"
        decimal = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", found)
        if decimal is None or int(decimal[1]) > 4:
            self._check(name, found, set(), "exact decimals of at most four places (floats are not money)")
        return sql

    def _check(self, name: str, found: str, allowed: set[str], wanted: str) -> None:
        if found not in allowed:
            raise Refusal(
                "ageing.column_type",
                "{kind}: {column} has type {found}, it must hold {wanted}",
                kind=self.kind,
                column=name,
                found=found,
                wanted=wanted,
            )


def read_source(con: DuckDBPyConnection, kind: str, given: Any) -> Source:
    """``given``: the path of a Parquet file in our own columns, or any object with ``__arrow_c_stream__``."""
    if isinstance(given, str | Path):
        relation = describe(con, f"read_parquet({literal(str(given))})")
        return Source(kind, relation, *_count_nulls(con, str(given)))
    import pyarrow as pa

    table = given if isinstance(given, pa.Table) else pa.table(given)
    con.register(f"given_{kind}", table)
    nulls = {name: table.column(name).null_count for name in table.column_names}
    return Source(kind, describe(con, f"given_{kind}"), nulls, table.num_rows)


def _count_nulls(con: DuckDBPyConnection, path: str) -> tuple[dict[str, int], int]:
    """Nulls per column and rows of a Parquet file, from its metadata; columns without such statistics are counted."""
    found = fetch(
        con,
        "SELECT path_in_schema, sum(stats_null_count)::BIGINT, count(*) = count(stats_null_count), sum(num_values)"
        f" FROM parquet_metadata({literal(path)}) GROUP BY path_in_schema",
    )
    nulls = {name.replace(", ", "."): count for name, count, told, _ in found if told}
    for name in (name for name, _, told, _ in found if not told):
        counted = fetch(con, f"SELECT count(*) - count({quote(name)}) FROM read_parquet({literal(path)})")
        nulls[name] = counted[0][0]
    return nulls, int(max((rows for *_, rows in found), default=0))


def _need(source: Source, *names: str) -> None:
    """Columns there must be, with a value in every row: a null amount must not vanish in a sum."""
    for code, reason, missing in (
        ("ageing.missing_column", "missing", [n for n in names if n not in source.relation.columns]),
        ("ageing.missing_value", "empty in some rows", [n for n in names if source.nulls.get(n)]),
    ):
        if missing:
            raise Refusal(code, "{kind}: {names}: " + reason, kind=source.kind, names=", ".join(missing))


def _posting(source: Source, otherwise: str) -> str:
    """The posting date with its default, which must be there wherever it is needed."""
    if source.full("posting_date"):
        return source.column("posting_date")
    _need(source, otherwise)
    default = source.column(otherwise)
    return f"coalesce({source.column('posting_date')}, {default})" if source.has("posting_date") else default


def _dated(source: Source, otherwise: str, options: AgeOptions) -> dict[str, str]:
    """The dates every fact has, as SQL: posting_date, effective_date where known, recorded_at where asked for."""
    posting = _posting(source, otherwise)
    parts = {"posting_date": posting}
    if source.has("effective_date"):
        parts["effective_date"] = source.column("effective_date")
    if options.known_on is not None:
        start = f"({posting})::TIMESTAMPTZ"
        recorded = source.column("recorded_at") if source.has("recorded_at") else start
        parts["recorded_at"] = recorded if source.full("recorded_at") else f"coalesce({recorded}, {start})"
    return parts


def _view(source: Source, names: list[str], dated: dict[str, str]) -> str:
    """Columns under their own names, dates with their defaults."""
    columns = {name: source.column(name) for name in names} | dated
    picked = ", ".join(f"{sql} AS {quote(name)}" for name, sql in columns.items())
    return f"(SELECT {picked} FROM {source.relation.sql} AS t)"


def read_facts(con: DuckDBPyConnection, items: Any, applications: Any, receipts: Any, options: AgeOptions) -> Facts:
    """Inputs → facts with every default filled in. Refuses missing columns and columns of a wrong type."""
    owed = read_source(con, "items", items)
    _need(owed, "item_id", "currency", "amount")
    wanted = ["item_id", "currency", "amount", *(n for n in options.by if n in owed.relation.columns)]
    wanted += [n for n in ("document_date", "due_date", "settled_date", "open_amount") if owed.has(n)]
    facts = Facts(describe(con, _view(owed, wanted, _dated(owed, "document_date", options))))
    if applications is not None:
        applied = read_source(con, "applications", applications)
        _need(applied, "item_id", "amount")
        wanted = ["item_id", "amount", *(n for n in ("currency", "receipt_id") if applied.has(n))]
        view = _view(applied, wanted, _dated(applied, "effective_date", options))
        facts = replace(facts, applications=describe(con, view))
    if receipts is not None:
        received = read_source(con, "receipts", receipts)
        _need(received, "receipt_id", "currency", "amount")
        wanted = ["receipt_id", "currency", "amount", *(n for n in options.by if n in received.relation.columns)]
        view = _view(received, wanted, _dated(received, "effective_date", options))
        bare = describe(con, view)
        used = facts.applications is not None and "receipt_id" in facts.applications.columns
        facts = replace(facts, receipts=_movements(con, facts, bare, options), use=bare if used else None)
    return facts


def _movements(con: DuckDBPyConnection, facts: Facts, receipts: Relation, options: AgeOptions) -> Relation:
    """Receipts and what applications used of them. Use counts once application, receipt and item all do."""
    applications = facts.applications
    if applications is None or "receipt_id" not in applications.columns:
        return receipts
    latest = []
    for name in ("posting_date", "effective_date", *(("recorded_at",) if options.known_on is not None else ())):
        sides = ", ".join(
            relation.first_of(alias, *dict.fromkeys([name, *fallback]))
            for relation, alias, fallback in (
                (applications, "a", ["posting_date"] if name == "effective_date" else []),
                (receipts, "r", ["posting_date"] if name == "effective_date" else []),
                (facts.items, "i", ["document_date", "posting_date"] if name == "effective_date" else []),
            )
        )
        latest.append(f"greatest({sides}) AS {name}")
    others = [n for n in receipts.columns if n not in ("posting_date", "effective_date", "recorded_at", "amount")]
    kept = ", ".join(f"r.{quote(name)}" for name in others)
    came = ["r.posting_date", f"{receipts.first_of('r', 'effective_date', 'posting_date')} AS effective_date"]
    came += ["r.recorded_at"] if options.known_on is not None else []
    sql = (
        f"(SELECT {kept}, r.amount, {', '.join(came)} FROM {receipts.sql} AS r"
        f" UNION ALL SELECT {kept}, -a.amount, {', '.join(latest)} FROM {applications.sql} AS a"
        f" JOIN {receipts.sql} AS r ON a.receipt_id = r.receipt_id"
        f" LEFT JOIN {facts.items.sql} AS i ON a.item_id = i.item_id)"
    )
    return describe(con, sql)
