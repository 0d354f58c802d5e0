"""Large input files for an ageing, checked piece by piece into a temporary Parquet file, so that ten million rows take
no more memory than one million. Smaller files are read as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from huikuan.core.refusals import DataError
from huikuan.engines.files import open_table, read_table
from huikuan.engines.schemas import arrow_schema

SPOOL_BYTES = 64_000_000
"""Files larger than this are not held in memory."""

_USED = (
    *("item_id", "customer_id", "receipt_id", "currency", "amount", "open_amount"),
    *("posting_date", "effective_date", "document_date", "due_date", "settled_date", "recorded_at"),
)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A checked file in our own columns on disk, and what was unusual in it."""

    table: Path
    warnings: list[DataError]


def spooling_reader(folder: Path, by: Sequence[str]) -> Callable[..., Any]:
    """A reader for ``age_read.read_inputs`` that keeps large files in ``folder``, with the columns an ageing by ``by``
    looks at."""
    wanted = {*_USED, *by}

    def read(path: str, kind: str, *, progress: Callable[[int, int | None], None], **options: Any) -> Any:
        if Path(path).stat().st_size <= SPOOL_BYTES:
            return read_table(path, kind, progress=progress, **options)
        reader, target, done = open_table(path, kind, **options), folder / f"{kind}.parquet", 0
        schema = pa.schema([field for field in arrow_schema(kind) if field.name in wanted])
        with pq.ParquetWriter(target, schema, compression="lz4") as writer:
            for chunk in reader.chunks():
                if not reader.errors.total:
                    writer.write_table(chunk.table.select(schema.names))
                done += chunk.table.num_rows
                progress(done, reader.rows_total)
        reader.errors.raise_if_any()
        return Spooled(target, list(reader.warnings.errors))

    return read
