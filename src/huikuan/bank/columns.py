"""Lines as rows of columns: their names in a file, and an Arrow table of them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huikuan.bank.collecting import Found

AMOUNTS = ("amount", "original_amount", "charges", "fee", "balance")
DATES = ("booking_date", "value_date")
NUMBERS = ("batch_size", "row")
COLUMNS = (
    *("line_id", "booking_date", "amount", "currency", "value_date", "payer_name", "payer_account", "payer_bank"),
    *("ultimate_party", "remittance_text", "structured_reference", "end_to_end_id", "mandate_id", "bank_reference"),
    *("transaction_code", "transaction_text", "is_reversal", "is_return", "return_reason", "original_amount"),
    *("original_currency", "charges", "fee", "balance", "batch_id", "batch_size"),
    *("account", "statement_id", "file", "row", "element"),
)


def values_of(found: Found) -> dict[str, Any]:
    """A line's columns as they are: dates, exact decimals, texts."""
    line, statement = found.line, found.statement
    told = {"line_id": found.key, "account": statement.account, "statement_id": statement.statement_id}
    told["file"] = statement.file
    return {name: told[name] if name in told else getattr(line, name) for name in COLUMNS}


def as_row(found: Found) -> dict[str, str]:
    """A line's columns as text: ISO dates, plain amounts, nothing for what is not told."""
    return {name: text_of(value) for name, value in values_of(found).items()}


def text_of(value: object) -> str:
    """A value as a file shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _arrow_type(name: str) -> Any:
    import pyarrow as pa

    if name in AMOUNTS:
        return pa.decimal128(24, 6) if name != "amount" else pa.decimal128(22, 4)
    if name in DATES:
        return pa.date32()
    if name in NUMBERS:
        return pa.int64()
    return pa.bool_() if name.startswith("is_") else pa.string()


def arrow_schema() -> Any:
    """The columns with their Arrow types."""
    import pyarrow as pa

    return pa.schema([(name, _arrow_type(name)) for name in COLUMNS])


def arrow_table(found: Iterable[Found]) -> Any:
    """Lines as an Arrow table."""
    import pyarrow as pa

    return pa.Table.from_pylist([values_of(one) for one in found], schema=arrow_schema())
