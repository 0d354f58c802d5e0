"""The desk an import is worked out on: staged rows beside what the database knows, joined by DuckDB."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa

from huikuan.core.money import EXPONENTS, MINOR_MAX
from huikuan.core.refusals import DataError, DataWarning
from huikuan.services.books import Books
from huikuan.services.imports_stage import REFUSED, ROWS
from huikuan.services.imports_types import ImportOptions

MEMORY = "320MB"
PLAN_ROWS = 100_000
_RATE_PLACES = 10
GROUPED = ("entity.unknown", "entity.missing", "entity.forbidden", "exchange.no_rate")
"""Faults that a whole file can share: shown once per reason with the number of rows, not row by row."""


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass
class Desk:
    """One import being compared. ``columns``: field → heading of the file. Used as a context manager."""

    folder: Path
    file_name: str
    options: ImportOptions
    columns: dict[str, str]
    now_day: Any = None
    books: dict[int, Books] = field(default_factory=dict)
    new_entities: list[str] = field(default_factory=list)
    con: Any = None

    def __enter__(self) -> Desk:
        spill = self.folder / "spill"
        self.con = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "threads": 2})
        self.con.execute(f"SET temp_directory = {quoted(str(spill))}")
        self.con.execute(
            "CREATE TABLE faults"
            " (row BIGINT, field VARCHAR, code VARCHAR, reason VARCHAR, value VARCHAR, warning BOOLEAN)"
        )
        self.con.execute(
            "CREATE MACRO half_up(n, d) AS"
            " CASE WHEN n < 0 THEN -((-n * 2 + d) // (d * 2)) ELSE (n * 2 + d) // (d * 2) END"
        )
        self.con.execute(
            "CREATE MACRO major(minor, factor) AS CASE WHEN factor = 1 THEN CAST(minor AS VARCHAR)"
            " ELSE CASE WHEN minor < 0 THEN '-' ELSE '' END || abs(minor) // factor || '.'"
            " || lpad(CAST(abs(minor) % factor AS VARCHAR), CAST(length(CAST(factor AS VARCHAR)) - 1 AS INTEGER), '0')"
            " END"
        )
        rows, refused = str(self.folder / ROWS), str(self.folder / REFUSED)
        self.con.execute(
            f"CREATE VIEW staged AS SELECT * FROM read_parquet({quoted(rows)}) s"
            f" WHERE NOT EXISTS (SELECT 1 FROM read_parquet({quoted(refused)}) r WHERE r.row = s.row)"
        )
        codes = list(EXPONENTS)
        self.put(
            "exponents",
            pa.table({"currency": codes, "factor": pa.array([10 ** EXPONENTS[code] for code in codes], pa.int32())}),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.con.close()
        for path in self.folder.glob("plan-*.parquet"):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder / "spill", ignore_errors=True)

    # -- in and out --------------------------------------------------------------------------------------------------
    def put(self, name: str, table: Any) -> None:
        """An Arrow table as a table of the desk."""
        self.con.register("incoming", table)
        self.con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
        self.con.unregister("incoming")

    def put_batches(self, name: str, schema: Any, batches: Iterable[Any]) -> int:
        """Record batches, one after another, as a table of the desk; gives the number of rows."""
        count = 0
        self.put(name, schema.empty_table())
        for batch in batches:
            self.con.register("incoming", batch)
            self.con.execute(f"INSERT INTO {name} SELECT * FROM incoming")
            self.con.unregister("incoming")
            count += batch.num_rows
        return count

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.con.execute(sql).fetchall()
        return found

    def one(self, sql: str) -> Any:
        rows = self.con.execute(sql).fetchall()
        return rows[0][0] if rows else None

    def arrow(self, sql: str) -> Any:
        return self.con.sql(sql).to_arrow_table()

    def stream(self, sql: str, rows: int) -> Iterator[Any]:
        """A query's answer in record batches of about ``rows``; the desk may be used meanwhile."""
        cursor = self.con.cursor()
        yield from cursor.sql(sql).to_arrow_reader(rows)
        cursor.close()

    def write_plan(self, sql: str) -> None:
        """View ``plan`` from a query over ``work w``, ``staged s`` and ``status t``, in the order of the file.

        Worked out a stretch of rows at a time (``{rows}`` in the query), so that memory does not grow with the file.
        """
        for old in self.folder.glob("plan-*.parquet"):
            old.unlink()
        first, last = self.all("SELECT coalesce(min(row), 0), coalesce(max(row), 0) FROM work")[0]
        for number, start in enumerate(range(first, last + 1, PLAN_ROWS)):
            inside = f"BETWEEN {start} AND {start + PLAN_ROWS - 1}"
            stretch = " AND ".join(f"{alias}.row {inside}" for alias in ("w", "s", "t"))
            path = quoted(str(self.folder / f"plan-{number:05}.parquet"))
            self.con.execute(
                f"COPY ({sql.replace('{rows}', stretch)} ORDER BY w.row) TO {path} (FORMAT parquet, COMPRESSION lz4)"
            )
        pattern = quoted(str(self.folder / "plan-*.parquet"))
        self.con.execute(f"CREATE OR REPLACE VIEW plan AS SELECT * FROM read_parquet({pattern})")

    def stream_plan(self, sql: str, rows: int) -> Iterator[Any]:
        """A query over the plan (``{plan}`` in it) in the order of the file, in record batches of about ``rows``."""
        for path in sorted(self.folder.glob("plan-*.parquet")):
            yield from self.stream(sql.replace("{plan}", f"read_parquet({quoted(str(path))})"), rows)

    # -- faults ------------------------------------------------------------------------------------------------------
    def note(
        self, source: str, where: str, field: str, code: str, reason: str, *, value: str = "NULL", warning: bool = False
    ) -> None:
        """Records a fault for every row of ``source`` where ``where`` holds. ``reason`` and ``value`` are SQL."""
        self.con.execute(
            f"INSERT INTO faults SELECT row, {quoted(field)}, {quoted(code)}, {reason}, CAST({value} AS VARCHAR),"
            f" {'true' if warning else 'false'} FROM {source} WHERE {where}"
        )

    def forget_faulty(self, *tables: str) -> None:
        """Takes rows with an error out of the tables of the desk."""
        for table in tables:
            self.con.execute(f"DELETE FROM {table} WHERE row IN (SELECT row FROM faults WHERE NOT warning)")

    def faulty_rows(self) -> int:
        return int(self.one("SELECT count(DISTINCT row) FROM faults WHERE NOT warning") or 0)

    def faults(self, *, warning: bool, limit: int, grouped: bool = True) -> tuple[list[DataError], int]:
        """The faults found by comparing, in the order of the file, and how many there are. What a person has to post
        again comes first."""
        make = DataWarning if warning else DataError
        together = f"code IN ({', '.join(map(quoted, GROUPED))})" if grouped else "false"
        rows = self.all(
            f"SELECT row, field, code, reason, value, 1 AS n FROM faults WHERE warning = {warning} AND NOT {together}"
            f" UNION ALL SELECT min(row), field, code, reason, value, count(*) FROM faults"
            f" WHERE warning = {warning} AND {together} GROUP BY field, code, reason, value"
            f" ORDER BY code LIKE '%.not_reposted' DESC, 1, 2, 3 LIMIT {limit}"
        )
        total = self.one(
            f"SELECT count(*) FILTER (NOT {together}) + count(DISTINCT (field, code, reason)) FILTER ({together})"
            f" FROM faults WHERE warning = {warning}"
        )
        found = [
            make(
                self.file_name,
                row,
                self.columns.get(name, name),
                reason if n == 1 else f"{reason} (in {n:,} rows, this is the first)",
                code,
                value,
            )
            for row, name, code, reason, value, n in rows
        ]
        return found, int(total or 0)

    # -- what depends on an entity's books ---------------------------------------------------------------------------
    def put_days(self, sources: Iterable[tuple[str, str]]) -> None:
        """Table ``days``: for each entity and date in (table, column), the day an entry of that date counts from."""
        asked = " UNION ".join(f"SELECT entity_id, {column} AS day FROM {table}" for table, column in sources)
        pairs = self.all(
            f"SELECT DISTINCT entity_id, day FROM ({asked}) WHERE entity_id IS NOT NULL AND day IS NOT NULL"
        )
        self.put(
            "days",
            pa.table(
                {
                    "entity_id": pa.array([entity for entity, _ in pairs], pa.int64()),
                    "day": pa.array([day for _, day in pairs], pa.date32()),
                    "posting_day": pa.array(
                        [self.books[entity].posting_day(day).posting_date for entity, day in pairs], pa.date32()
                    ),
                }
            ),
        )

    def put_rates(self, table: str) -> None:
        """Table ``rates``: fractions that turn a currency into its entity's on a day; faults where there is none."""
        asked = self.all(
            f"SELECT DISTINCT entity_id, currency, effective_date FROM {table}"
            f" WHERE entity_id IS NOT NULL AND currency <> base ORDER BY ALL"
        )
        found = []
        for entity, currency, day in asked:
            books = self.books[entity]
            rate = None
            for one in books.rates.rates.get(currency, ()):
                if one.valid_from > day:
                    break
                rate = one.rate
            if rate is not None:
                found.append((entity, currency, day, *_fraction(rate, currency, books.currency)))
        entity_ids, currencies, days, nums, dens = zip(*found, strict=True) if found else ((), (), (), (), ())
        self.put(
            "rates_text",
            pa.table(
                {
                    "entity_id": pa.array(entity_ids, pa.int64()),
                    "currency": pa.array(currencies, pa.string()),
                    "day": pa.array(days, pa.date32()),
                    "num": pa.array(nums, pa.string()),
                    "den": pa.array(dens, pa.string()),
                }
            ),
        )
        self.con.execute(
            "CREATE OR REPLACE TABLE rates AS SELECT entity_id, currency, day, num::HUGEINT AS num, den::HUGEINT AS den"
            " FROM rates_text"
        )
        self._note_rates(table)

    def _note_rates(self, table: str) -> None:
        missing = (
            f"(SELECT w.* FROM {table} w ANTI JOIN rates r ON r.entity_id = w.entity_id AND r.currency = w.currency"
            f" AND r.day = w.effective_date WHERE w.entity_id IS NOT NULL AND w.currency <> w.base)"
        )
        spans = self.all(
            f"SELECT currency, base, min(effective_date), max(effective_date) FROM {missing} GROUP BY ALL ORDER BY ALL"
        )
        for currency, base, first, last in spans:
            span = f"on {first}" if first == last else f"for days from {first} to {last}"
            reason = f"no rate for {currency} in {base} {span}: add one first"
            where = f"currency = {quoted(currency)} AND base = {quoted(base)}"
            self.note(missing, where, "currency", "exchange.no_rate", quoted(reason), value="currency")

    def base_sql(self, minor: str = "w.minor", rates: str = "r") -> str:
        """SQL for minor units in the entity's currency; NULL where the result has no room."""
        return (
            f"CASE WHEN w.currency = w.base THEN {minor}"
            f" ELSE TRY(CAST(half_up(CAST({minor} AS HUGEINT) * {rates}.num, {rates}.den) AS BIGINT)) END"
        )


MINOR_SQL = "CAST(CAST(s.amount AS DECIMAL(28, 4)) * x.factor AS BIGINT)"
"""An amount of ``staged s`` in minor units; exact, the reader has refused places the currency does not have."""

TOO_LARGE = f"abs(minor) >= {MINOR_MAX}"


def _fraction(rate: Any, currency: str, base: str) -> tuple[str, str]:
    num, den = int(rate.scaleb(_RATE_PLACES)), 10**_RATE_PLACES
    shift = EXPONENTS[base] - EXPONENTS[currency]
    num, den = (num * 10**shift, den) if shift >= 0 else (num, den * 10**-shift)
    common = math.gcd(num, den)
    return str(num // common), str(den // common)
