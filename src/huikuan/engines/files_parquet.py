"""Parquet files and Arrow tables: typed columns, streamed by batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from huikuan.core.refusals import DataWarning, Refusal
from huikuan.engines.files_source import HEAD_ROWS, Batch, Blob, Limits, check_size, refused

_ODD_TYPES = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)


def _plain(array: Any) -> Any:
    """Strings of any layout as plain utf8, dictionaries spread out."""
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if pa.types.is_dictionary(array.type):
        array = pa.DictionaryArray.from_arrays(array.indices, _plain(array.dictionary)).dictionary_decode()
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        array = array.cast(pa.string())
    return array


class ArrowSource:
    """An Arrow table as a source: the headings count as row 1, the first record as row 2."""

    encoding: str | None = None

    def __init__(self, table: Any, name: str) -> None:
        self.name = name
        self.warnings: list[DataWarning] = []
        self._table = table

    @property
    def schema(self) -> Any:
        return self._table.schema

    def head(self) -> list[list[str]]:
        """The headings and first records as text."""
        rows = self._head_table().to_pylist()
        cells = [["" if value is None else str(value) for value in row.values()] for row in rows]
        return [list(self.schema.names), *cells]

    def _head_table(self) -> Any:
        table = self._table.slice(0, HEAD_ROWS)
        return table.rename_columns([f"c{position}" for position in range(table.num_columns)])

    def start(self, header_row: int, width: int) -> None:
        """Nothing to fix: the headings are the schema's."""

    def _pieces(self, columns: Sequence[int], chunk_rows: int) -> Iterator[Any]:
        for start in range(0, self._table.num_rows, chunk_rows):
            yield self._table.slice(start, chunk_rows)

    def batches(self, columns: Sequence[int], chunk_rows: int) -> Iterator[Batch]:
        """The columns at the given positions, with their own types."""
        row = 1
        names = self.schema.names
        for piece in self._pieces(columns, chunk_rows):
            arrays = []
            for position in columns:
                array = piece.column(piece.schema.names.index(names[position]))
                if any(check(array.type) for check in _ODD_TYPES):
                    reason = f"the column {names[position]!r} has the type {array.type}, which is not a table's"
                    raise refused(self.name, "column.type", reason)
                arrays.append(_plain(array))
            yield Batch(arrays, pa.array(range(row + 1, row + 1 + piece.num_rows), pa.int64()))
            row += piece.num_rows


class ParquetSource(ArrowSource):
    """A Parquet file opened for reading."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        check_size(blob, limits.parquet)
        self.blob = blob
        try:
            self._file = pq.ParquetFile(blob.arrow())
            super().__init__(self._file.schema_arrow.empty_table(), blob.name)
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = f"this is not a Parquet file or it is damaged: {str(error)[:120]}"
            raise refused(blob.name, "file.wrong_content", reason) from None
        unpacked = sum(
            self._file.metadata.row_group(group).total_byte_size for group in range(self._file.metadata.num_row_groups)
        )
        if unpacked > limits.parquet_unpacked:
            raise refused(self.name, "file.too_large", f"the file would unpack to {unpacked:,} bytes")
        if len(set(self.schema.names)) != len(self.schema.names):
            raise refused(self.name, "column.duplicate", "two columns have the same name")

    def _head_table(self) -> Any:
        batch = next(self._safely(self._file.iter_batches(HEAD_ROWS)), None)
        table = self._table if batch is None else pa.Table.from_batches([batch])
        return table.rename_columns([f"c{position}" for position in range(table.num_columns)])

    def _pieces(self, columns: Sequence[int], chunk_rows: int) -> Iterator[Any]:
        names = [self.schema.names[position] for position in columns]
        return self._safely(self._file.iter_batches(chunk_rows, columns=list(dict.fromkeys(names))))

    def _safely(self, batches: Iterator[Any]) -> Iterator[Any]:
        try:
            yield from batches
        except (pa.ArrowException, OSError, ValueError) as error:
            raise refused(self.name, "file.broken", f"the file is damaged: {str(error)[:120]}") from None


def to_arrow(source: Any) -> Any:
    """Any table-like object (Arrow, Polars, pandas: whatever has ``__arrow_c_stream__``) as a ``pa.Table``.

    Refuses ``table.unreadable``.
    """
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if isinstance(source, pa.RecordBatchReader):
        return source.read_all()
    if hasattr(source, "collect") and not hasattr(source, "__arrow_c_stream__"):
        source = source.collect()  # a lazy frame
    if not hasattr(source, "__arrow_c_stream__"):
        raise Refusal("table.unreadable", "{kind} is not a table", kind=type(source).__name__)
    try:
        return pa.RecordBatchReader.from_stream(source).read_all()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise Refusal("table.unreadable", "the table cannot be read: {problem}", problem=str(error)[:200]) from None
