"""Duplicate keys across a whole file of any length, in bounded memory."""

from __future__ import annotations

import tempfile
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.refusals import DataError, ErrorList
from huikuan.engines.files_faults import quote

MEMORY = "512MB"
_NAMED_MAX = 5


HELD_ROWS = 500_000
"""Keys of so many rows are compared in memory; more go to DuckDB, which spills to a temporary folder."""


class KeyRegister:
    """Remembers the keys of every row seen and names those seen twice."""

    def __init__(self, file: str, names: tuple[str, ...], headings: dict[str, str]) -> None:
        self._file, self._names = file, names
        self._column = headings.get(names[-1], names[-1])
        self._keys = [f"k{position}" for position in range(len(names))]
        self._held: list[Any] = []
        self._rows = 0
        self._base: Any = None
        self._folder: Any = None

    def add(self, table: Any, rows: Any) -> None:
        """Takes in the keys of one chunk; rows whose key is empty are faulty anyway and left out."""
        columns = [table.column(name) for name in self._names]
        chunk = pa.table([*columns, rows], names=[*self._keys, "row_number"])
        self._held.append(chunk.filter(pc.is_valid(chunk.column(self._keys[-1]))))
        self._rows += len(rows)
        if self._rows > HELD_ROWS:
            self._store()

    def _store(self) -> None:
        if self._base is None:
            import duckdb

            self._folder = tempfile.TemporaryDirectory(prefix="huikuan-keys-")
            self._base = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "threads": 2})
            self._base.execute("SET temp_directory = ?", [self._folder.name])
            columns = ", ".join(f"{key} VARCHAR" for key in self._keys)
            self._base.execute(f"CREATE TABLE keys ({columns}, row_number BIGINT)")
        if self._held:
            self._base.register("held", pa.concat_tables(self._held))
            self._base.execute("INSERT INTO keys SELECT * FROM held")
            self._base.unregister("held")
            self._held = []

    def finish(self, errors: ErrorList) -> Any:
        """Adds one error per row whose key occurs more than once; gives the numbers of all such rows."""
        if self._base is None:
            found = self._find_in_memory()
        else:
            self._store()
            found = self._find_in_base()
        self.close()
        room = max(errors.keep - len(errors.errors), 0)
        errors.total += max(found.num_rows - room, 0)
        places: dict[tuple[Any, ...], list[int]] = {}
        kept = found.slice(0, room).to_pylist()
        for row in kept:
            places.setdefault(tuple(row[key] for key in self._keys), []).append(row["row_number"])
        for row in kept:
            errors.add(self._error(row, places[tuple(row[key] for key in self._keys)]))
        return pa.array(found.column("row_number").to_pylist(), pa.int64())

    def _find_in_memory(self) -> Any:
        """The rows (keys, row_number, times) whose key occurs more than once, in order."""
        if not self._held:
            return pa.table({**dict.fromkeys(self._keys, pa.array([], pa.string())), "row_number": [], "times": []})
        held = pa.concat_tables(self._held)
        # Joins never match nulls, and keys of several columns may have one.
        bare = pa.table([pc.fill_null(held.column(key), "\0") for key in self._keys], names=self._keys)
        counted = bare.group_by(self._keys).aggregate([([], "count_all")])
        twice = counted.filter(pc.greater(counted.column("count_all"), 1)).rename_columns([*self._keys, "times"])
        if not twice.num_rows:
            return held.slice(0, 0).append_column("times", pa.array([], pa.int64()))
        found = bare.append_column("row_number", held.column("row_number")).join(twice, self._keys, join_type="inner")
        columns = [pc.if_else(pc.equal(found.column(key), "\0"), None, found.column(key)) for key in self._keys]
        found = pa.table([*columns, found["row_number"], found["times"]], names=[*self._keys, "row_number", "times"])
        return found.sort_by("row_number")

    def _find_in_base(self) -> Any:
        keys = ", ".join(self._keys)
        same = " AND ".join(f"keys.{key} IS NOT DISTINCT FROM twice.{key}" for key in self._keys)
        return self._base.sql(
            f"WITH twice AS (SELECT {keys}, count(*) AS times FROM keys GROUP BY ALL HAVING count(*) > 1) "
            f"SELECT keys.*, times FROM keys JOIN twice ON {same} ORDER BY row_number"
        ).to_arrow_table()

    def _error(self, row: dict[str, Any], places: list[int]) -> DataError:
        key = " + ".join(quote(row[name]) for name in self._keys if row[name] is not None)
        shown = ", ".join(map(str, places[:_NAMED_MAX])) + (" …" if row["times"] > min(len(places), _NAMED_MAX) else "")
        reason = f"the key {key} stands in {row['times']} rows: {shown}"
        value = str(row[self._keys[-1]])[:40]
        return DataError(self._file, row["row_number"], self._column, reason, "key.duplicate", value)

    def close(self) -> None:
        """Gives back memory and temporary files."""
        self._held = []
        if self._base is not None:
            self._base.close()
            self._folder.cleanup()
            self._base = None
