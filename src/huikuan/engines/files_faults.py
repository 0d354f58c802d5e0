"""Collects what is wrong with a stretch of rows: found by mask, written out row by row only where there is a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.refusals import DataError, DataWarning, ErrorList

Reason = str | Callable[[Any], str]
"""A sentence, or a function of the offending value giving one."""

SHOWN = 40
"""Characters of an offending value that are quoted."""


def quote(value: object) -> str:
    """The value as an error shows it: in quotes, cut to a readable length."""
    text = str(value)
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def where(mask: Any) -> list[int]:
    """Positions at which a boolean array is true (nulls are not)."""
    return list(pc.indices_nonzero(mask).to_pylist())


class Faults:
    """Errors and warnings of one chunk. ``rows`` are the row numbers a spreadsheet shows, one per row of the chunk.

    ``good`` tells afterwards which rows are free of errors; it is exact however many errors were kept.
    """

    def __init__(self, file: str, rows: Any, errors: ErrorList, warnings: ErrorList) -> None:
        self.file = file
        self.rows = rows
        self.errors = errors
        self.warnings = warnings
        self._bad: dict[str | None, set[int]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def good(self) -> Any:
        """Boolean array: true where the row has no error."""
        return pc.invert(self._mask(set().union(*self._bad.values())))

    def known(self, column: str | None) -> Any:
        """Boolean array: true where this column's cell has an error already."""
        return self._mask(self._bad.get(column, set()))

    def _mask(self, positions: set[int]) -> Any:
        count = len(self.rows)
        if not positions:
            return pa.repeat(pa.scalar(False), count)
        return pc.is_in(pa.array(range(count), pa.int64()), value_set=pa.array(positions, pa.int64()))

    def filtered(self, keep: Any) -> Faults:
        """The faults of the rows where ``keep`` is true, for those rows alone."""
        kept = Faults(self.file, self.rows.filter(keep), self.errors, self.warnings)
        if self._bad:
            places = {old: new for new, old in enumerate(where(keep))}
            for column, positions in self._bad.items():
                kept._bad[column] = {places[old] for old in positions if old in places}
        return kept

    def refuse(self, at: Any, column: str | None, code: str, reason: Reason, values: Any = None) -> None:
        """Marks the rows where the mask ``at`` is true as faulty."""
        positions = where(at)
        if positions:
            self._bad.setdefault(column, set()).update(positions)
        self._record(self.errors, DataError, positions, column, code, reason, values)

    def refuse_at(self, position: int, column: str | None, code: str, reason: str, value: object = None) -> None:
        """Marks one row as faulty."""
        self._bad.setdefault(column, set()).add(position)
        shown = None if value is None else str(value)[:SHOWN]
        self.errors.add(DataError(self.file, self.rows[position].as_py(), column, reason, code, shown))

    def warn(self, at: Any, column: str | None, code: str, reason: Reason, values: Any = None) -> None:
        """Reports the rows where the mask ``at`` is true as unusual; they are accepted."""
        self._record(self.warnings, DataWarning, where(at), column, code, reason, values)

    def _record(
        self,
        sink: ErrorList,
        make: type[DataError],
        positions: list[int],
        column: str | None,
        code: str,
        reason: Reason,
        values: Any,
    ) -> None:
        room = max(sink.keep - len(sink.errors), 0)
        sink.total += max(len(positions) - room, 0)
        for position in positions[:room]:
            value = None if values is None else values[position].as_py()
            text = reason if isinstance(reason, str) else reason(value)
            row = self.rows[position].as_py()
            sink.add(make(self.file, row, column, text, code, None if value is None else str(value)[:SHOWN]))


def extend(sink: ErrorList, faults: Iterable[DataError]) -> None:
    """Adds faults found elsewhere."""
    for fault in faults:
        sink.add(fault)
