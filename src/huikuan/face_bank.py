"""The Python face of bank files: statements in, lines out as an Arrow table."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def bank_lines(
    *files: str | Path | bytes,
    currency: str = "",
    account: str = "",
    date_order: str = "",
    accept_balances: bool = False,
) -> Any:
    """The booked lines of bank and wallet files (paths or bytes), each once, as ``huikuan bank`` writes them.

    ``BadStatement`` carries every fault of every file; ``accept_balances`` takes files whose balances do not tie.
    """
    from huikuan.bank.collecting import Collection
    from huikuan.bank.columns import arrow_table
    from huikuan.bank.source import Options, Source

    sources = [
        Source(f"file {number}", data=file) if isinstance(file, bytes) else Source(Path(file).name, path=Path(file))
        for number, file in enumerate(files, 1)
    ]
    collection = Collection(sources, Options(currency, account, date_order), accept_balances)
    table = arrow_table(collection.lines())
    collection.raise_if_any()
    return arrow_table(collection.distinct()) if collection.overlaps else table
