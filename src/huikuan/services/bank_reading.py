"""Files of banks and wallets as the application reads them: from where they are kept."""

from __future__ import annotations

from pathlib import Path

from huikuan.bank.reading import sources_of, stream_events
from huikuan.bank.source import Options, Source, gather
from huikuan.bank.statement import BadStatement, Statement
from huikuan.core.refusals import DataError


def read_file_statements(path: Path, name: str, options: Options) -> list[Statement]:
    """The statements of a file in whatever format it is. Raises ``BadStatement`` with every fault."""
    statements: list[Statement] = []
    errors: list[DataError] = []
    for source in sources_of(Source(name, path)):
        try:
            statements += gather(stream_events(source, options))
        except BadStatement as bad:
            errors += bad.errors
    if errors:
        raise BadStatement(errors)
    return statements


def lacks_currency(bad: BadStatement) -> bool:
    """Whether nothing is wrong but that the file names no currency: who says the account says it."""
    return bool(bad.errors) and all(one.code == "bank.no_currency" for one in bad.errors)


def lacks_date_order(bad: BadStatement) -> bool:
    """Whether a person can mend it by saying whether days or months come first."""
    return any(one.code == "bank.date_order" for one in bad.errors) and all(
        one.code in ("bank.no_currency", "bank.date_order") for one in bad.errors
    )
