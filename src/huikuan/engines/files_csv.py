"""CSV files: encoding proved over the whole file, delimiter sniffed, rows streamed as columns of text.

Rows are numbered by record, as a spreadsheet shows them: a quoted line break does not start a new row.
"""

from __future__ import annotations

import bisect
import codecs
import csv
import io
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from huikuan.core.refusals import DataError, DataWarning
from huikuan.engines.files_encoding import detect_encoding
from huikuan.engines.files_source import HEAD_ROWS, MIB, Batch, Blob, Limits, check_size, refused

DELIMITERS = (",", ";", "\t", "|")
_HEAD_BYTES = 1 * MIB
_BLOCK = 8 * MIB
csv.field_size_limit(_BLOCK)


def read_records(blob: Blob, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """The records one by one (slow and exact); refuses a quote that is never closed."""
    with blob.open() as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter)
        number = 0
        try:
            for record in reader:
                number += 1
                yield record
        except csv.Error as error:
            raise refused(blob.name, "file.quote", f"the quotes are broken ({error})", number + 1) from None


def find_broken_quote(blob: Blob, encoding: str, delimiter: str) -> tuple[int, str] | None:
    """The first record whose quotes are not as they should be, and how."""
    with blob.open() as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        number = 0
        try:
            for _ in reader:
                number += 1
        except csv.Error as error:
            if "unexpected end" in str(error):
                return number + 1, "a quote is opened here and never closed"
            if "field limit" in str(error):
                return number + 1, "a cell here runs on for megabytes: is a quote opened and never closed?"
            return number + 1, "a quote in a cell is neither doubled nor at its end, so that rows may run together"
    return None


class CsvSource:
    """A CSV file opened for reading."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        check_size(blob, limits.csv)
        self.blob = blob
        self.name = blob.name
        self.warnings: list[DataWarning] = []
        self._refuse_other_formats()
        self._quotes_checked = False
        facts = detect_encoding(blob)
        self.encoding: str | None = facts.encoding
        self._codec = facts.encoding
        self._head_text = self._read_head()
        if not self._head_text.strip():
            raise refused(self.name, "file.empty", "the file holds nothing but blank lines")
        self.delimiter = sniff_delimiter(self._head_text)
        self.line_ending = "\r\n" if "\r\n" in self._head_text else "\n"
        self._lines = facts.lines
        if facts.odd_quotes:
            self._check_quotes()
        self._limits = limits
        self._header_row = 1
        self._width = 0

    def _refuse_other_formats(self) -> None:
        with self.blob.open() as stream:
            start = stream.read(8)
        for magic, what in _MAGIC:
            if start.startswith(magic):
                raise refused(self.name, "file.wrong_content", f"this is {what}, not a CSV file")

    def _read_head(self) -> str:
        with self.blob.open() as stream:
            decoder = codecs.getincrementaldecoder(self._codec)("strict")
            return decoder.decode(stream.read(_HEAD_BYTES))

    def head(self) -> list[list[str]]:
        """The first rows as text."""
        records = list(
            itertools.islice(csv.reader(io.StringIO(self._head_text, newline=""), delimiter=self.delimiter), HEAD_ROWS)
        )
        # The head may end in the middle of a record.
        return records[:-1] if self.blob.size > _HEAD_BYTES and 1 < len(records) < HEAD_ROWS else records

    def start(self, header_row: int, width: int) -> None:
        self._header_row, self._width = header_row, width

    def _stream(self, columns: Sequence[int], broken: deque[tuple[int, int]]) -> Any:
        names = [f"c{position}" for position in range(self._width)]
        wanted = [names[position] for position in columns]
        stream = self.blob.arrow()
        if self._codec not in {"utf-8", "utf-8-sig"}:
            stream = pa.transcoding_input_stream(stream, self._codec, "utf-8")

        def note(row: Any) -> str:
            broken.append((row.number, row.actual_columns))
            return "skip"

        return pa_csv.open_csv(
            stream,
            read_options=pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=_BLOCK),
            parse_options=pa_csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
            ),
        )

    def _width_error(self, row: int, cells: int) -> DataError:
        reason = f"the row has {cells} cells, the headings {self._width}: a delimiter or quote is missing or too many"
        return DataError(self.name, row, None, reason, "row.width")

    def batches(self, columns: Sequence[int], chunk_rows: int) -> Iterator[Batch]:
        """The columns at the given positions, rebuilt into batches of ``chunk_rows``."""
        broken: deque[tuple[int, int]] = deque()
        lost: deque[DataError] = deque()
        order = list(dict.fromkeys(columns))
        try:
            for table in _rechunk(self._numbered(order, broken, lost), chunk_rows):
                arrays = [table.column(order.index(position)).combine_chunks() for position in columns]
                rows = table.column(table.num_columns - 1).combine_chunks()
                yield Batch(arrays, rows, _take(lost, rows[-1].as_py()))
        except pa.ArrowInvalid as error:
            raise self._broken_file(error) from None
        lost.extend(self._width_error(row, cells) for row, cells in broken if row > self._header_row)
        if lost:
            yield Batch([pa.array([], pa.string()) for _ in columns], pa.array([], pa.int64()), list(lost))

    def _numbered(
        self, columns: Sequence[int], broken: deque[tuple[int, int]], lost: deque[DataError]
    ) -> Iterator[Any]:
        """Adds each record's number as the last column. Broken records leave gaps and go to ``lost``."""
        row = 0
        for block in self._stream(columns, broken):
            numbers: list[int] = []
            while len(numbers) < block.num_rows:
                gap = broken[0][0] if broken else row + block.num_rows + 1
                stop = min(gap, row + 1 + block.num_rows - len(numbers))
                numbers.extend(range(row + 1, stop))
                row = stop - 1
                if broken and stop == gap:
                    _, cells = broken.popleft()
                    row = gap
                    if gap > self._header_row:
                        lost.append(self._width_error(gap, cells))
            table = pa.Table.from_batches([block]).append_column("row", pa.array(numbers, pa.int64()))
            first = bisect.bisect_right(numbers, self._header_row)
            if first < len(numbers):
                yield table.slice(first)
        if row + len(broken) < self._lines:
            # Some cells hold line breaks: none may come from a quote that swallowed rows.
            self._check_quotes()

    def _check_quotes(self) -> None:
        """Refuses quotes that leave open where a cell ends (looked at once, and only in files that need it)."""
        if self._quotes_checked:
            return
        self._quotes_checked = True
        found = find_broken_quote(self.blob, self._codec, self.delimiter)
        if found:
            raise refused(self.name, "file.quote", found[1], found[0])

    def _broken_file(self, error: Exception) -> Exception:
        self._quotes_checked = False
        self._check_quotes()
        return refused(self.name, "file.broken", f"the file cannot be read: {str(error)[:200]}")


def _take(lost: deque[DataError], upto: int) -> list[DataError]:
    taken = []
    while lost and (lost[0].row or 0) <= upto:
        taken.append(lost.popleft())
    return taken


def _rechunk(blocks: Iterator[Any], chunk_rows: int) -> Iterator[Any]:
    """Tables of exactly ``chunk_rows`` rows (the last one shorter)."""
    held: list[Any] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += block.num_rows
        if count >= chunk_rows:
            table = pa.concat_tables(held)
            while table.num_rows >= chunk_rows:
                yield table.slice(0, chunk_rows)
                table = table.slice(chunk_rows)
            held, count = [table], table.num_rows
    if count:
        yield pa.concat_tables(held)


def sniff_delimiter(text: str) -> str:
    """The delimiter that splits the first records into the most equal rows of more than one cell."""
    first = text.lstrip("\ufeff").split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5 and first[4] in DELIMITERS:
        return first[4]
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        records = itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 50)
        widths = [len(record) for record in records if record]
        if not widths:
            continue
        common = max(set(widths), key=lambda width: (widths.count(width), width))
        # Agreement between rows first; among equals the delimiter that gives more cells.
        score = widths.count(common) / len(widths) + min(common, 100) / 1000 if common > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


_MAGIC = (
    (b"PK\x03\x04", "an Excel workbook or zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls): save it as .xlsx or CSV"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a compressed (gzip) file"),
    (b"{\\rtf", "a rich text document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
