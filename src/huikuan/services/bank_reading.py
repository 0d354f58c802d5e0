"""Files of banks and wallets as the application reads them: from where they are kept."""

from __future__ import annotations

from pathlib import Path

from huikuan.bank.camt import read_camt
from huikuan.bank.mt940 import looks_like_mt940, read_mt940
from huikuan.bank.source import Faults, Options, Source, gather
from huikuan.bank.statement import Statement


def read_file_statements(path: Path, name: str, currency: str = "") -> list[Statement]:
    """The statements of a file in whatever format it is. ``currency``: of amounts for which the file names none.

    Raises ``BadStatement`` with every fault."""
    source = Source(name, path)
    source.check_size()
    faults = Faults(name)
    options = Options(currency=currency)
    head = source.head().decode("latin-1")
    read = read_mt940 if looks_like_mt940(head) else read_camt
    found = gather(read(source, faults, options))
    faults.raise_if_any()
    return found
