"""Duplicate keys across a whole file of any length, in bounded memory."""
# ruff: noqa: S608 (column names are our own)

from __future__ import annotations

import tempfile
from typing import Any

import pyarrow as pa

from huikuan.core.refusals import DataError, ErrorList
from huikuan.engines.files_faults import quote

MEMORY = "512MB"
_NAMED_MAX = 5


class KeyRegister:
    """Remembers the keys of every row seen (DuckDB, spilling to a temporary folder) and names those seen twice."""

    def __init__(self, file: str, names: tuple[str, ...], headings: dict[str, str]) -> None:
        import duckdb

        self._file, self._names = file, names
        self._column = headings.get(names[-1], names[-1])
        self._folder = tempfile.TemporaryDirectory(prefix="huikuan-keys-")
        self._base = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "threads": 2})
        self._base.execute("SET temp_directory = ?", [self._folder.name])
        columns = ", ".join(f"k{position} VARCHAR" for position in range(len(names)))
        self._base.execute(f"CREATE TABLE keys ({columns}, row_number BIGINT)")

    def add(self, table: Any, rows: Any) -> None:
        """Takes in the keys of one chunk; rows whose key is empty are faulty anyway and left out."""
        if not table.num_rows:
            return
        columns = [table.column(name) for name in self._names]
        chunk = pa.table([*columns, rows], names=[*(f"k{at}" for at in range(len(columns))), "row_number"])
        self._base.register("chunk", chunk)
        self._base.execute(f"INSERT INTO keys SELECT * FROM chunk WHERE k{len(columns) - 1} IS NOT NULL")
        self._base.unregister("chunk")

    def finish(self, errors: ErrorList) -> Any:
        """Adds one error per row whose key occurs more than once; gives the numbers of all such rows."""
        keys = ", ".join(f"k{at}" for at in range(len(self._names)))
        same = " AND ".join(f"keys.k{at} IS NOT DISTINCT FROM twice.k{at}" for at in range(len(self._names)))
        found = self._base.sql(
            f"WITH twice AS (SELECT {keys}, count(*) AS times, (list(row_number ORDER BY row_number))[:{_NAMED_MAX}] "
            f"AS places FROM keys GROUP BY ALL HAVING count(*) > 1) SELECT keys.*, times, places FROM keys JOIN twice "
            f"ON {same} ORDER BY row_number"
        ).to_arrow_table()
        room = max(errors.keep - len(errors.errors), 0)
        errors.total += max(found.num_rows - room, 0)
        for row in found.slice(0, room).to_pylist():
            errors.add(self._error(row))
        self.close()
        return found.column("row_number").combine_chunks()

    def _error(self, row: dict[str, Any]) -> DataError:
        key = " + ".join(quote(row[f"k{at}"]) for at in range(len(self._names)) if row[f"k{at}"] is not None)
        places = ", ".join(map(str, row["places"])) + (" …" if row["times"] > _NAMED_MAX else "")
        reason = f"the key {key} stands in {row['times']} rows: {places}"
        shown = row[f"k{len(self._names) - 1}"]
        return DataError(self._file, row["row_number"], self._column, reason, "key.duplicate", str(shown)[:40])

    def close(self) -> None:
        """Gives back memory and temporary files."""
        self._base.close()
        self._folder.cleanup()
