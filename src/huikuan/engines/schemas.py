"""The tables files are read into: their columns, types, keys and Arrow schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from huikuan.core.refusals import Refusal

FieldType = Literal["id", "text", "list", "kind", "amount", "percent", "date", "instant", "bool", "terms", "currency"]

AMOUNT = pa.decimal128(18, 4)
"""Exact major units: up to fourteen digits before the point and four after it."""
PERCENT = pa.decimal128(9, 4)
INSTANT = pa.timestamp("us", tz="UTC")

_ARROW: dict[str, Any] = {
    "amount": AMOUNT,
    "percent": PERCENT,
    "date": pa.date32(),
    "instant": INSTANT,
    "bool": pa.bool_(),
}

ITEM_KINDS = ("invoice", "credit_memo", "debit_memo", "deposit", "on_account", "note")
NEGATIVE_KINDS = ("credit_memo", "deposit", "on_account")
"""What we owe the customer: these amounts are negative, all others positive."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a schema. ``needed``: a file without the column is refused; ``filled``: every row must have a
    value (after defaults); ``input_only``: read but not kept (``terms`` becomes a due date);
    ``length_max``: characters a text may have."""

    name: str
    type: FieldType = "text"
    needed: bool = False
    filled: bool = False
    input_only: bool = False
    length_max: int = 120


_ENTITY = Field("entity", length_max=40)

_LINE: tuple[Field, ...] = (
    Field("line_id", "id", needed=True, filled=True),
    Field("booking_date", "date", needed=True, filled=True),
    Field("value_date", "date"),
    Field("amount", "amount", needed=True, filled=True),
    Field("currency", "currency"),
    Field("payer_name", length_max=400),
    Field("payer_account", length_max=120),
    Field("remittance_text", length_max=8000),
    Field("end_to_end_id", length_max=200),
    Field("bank_reference", length_max=200),
    Field("transaction_code", length_max=80),
    _ENTITY,
)
"""What the bank saw: credits positive."""

SCHEMAS: dict[str, tuple[Field, ...]] = {
    "items": (
        Field("item_id", "id", needed=True, filled=True),
        Field("kind", "kind", filled=True),
        Field("customer_id", "id", needed=True, filled=True),
        Field("document_number", "id"),
        Field("po_number", "id"),
        Field("contract_number", "id"),
        Field("document_date", "date", needed=True, filled=True),
        Field("due_date", "date", filled=True),
        Field("terms", "terms", input_only=True),
        Field("posting_date", "date"),
        Field("effective_date", "date"),
        Field("recorded_at", "instant"),
        Field("currency", "currency"),
        Field("amount", "amount", needed=True, filled=True),
        Field("open_amount", "amount"),
        Field("settled_date", "date"),
        Field("disputed", "bool"),
        Field("discount_date", "date"),
        Field("discount_percent", "percent"),
        Field("sales_rep"),
        Field("region"),
        Field("product"),
        _ENTITY,
        Field("customer_name", length_max=200),
    ),
    "customers": (
        Field("customer_id", "id", needed=True, filled=True),
        Field("name", needed=True, filled=True, length_max=200),
        Field("aliases", "list", length_max=4000),
        Field("parent_id", "id"),
        Field("registration_number", "id"),
        Field("country"),
        Field("language"),
        Field("segment"),
        Field("payer_accounts", "list", length_max=4000),
        _ENTITY,
    ),
    "applications": (
        Field("application_id", "id", needed=True, filled=True),
        Field("item_id", "id", needed=True, filled=True),
        Field("receipt_id", "id"),
        Field("amount", "amount", needed=True, filled=True),
        Field("currency", "currency"),
        Field("effective_date", "date", filled=True),
        Field("posting_date", "date", filled=True),
        Field("recorded_at", "instant"),
        Field("reverses_id", "id"),
        Field("source"),
        _ENTITY,
    ),
    "receipts": (
        Field("receipt_id", "id", needed=True, filled=True),
        Field("customer_id", "id", needed=True, filled=True),
        Field("amount", "amount", needed=True, filled=True),
        Field("currency", "currency"),
        Field("posting_date", "date", filled=True),
        Field("effective_date", "date", filled=True),
        Field("recorded_at", "instant"),
        Field("reference"),
        _ENTITY,
    ),
    "lines": _LINE,
    "history": (
        *_LINE,
        Field("customer_id", "id"),
        Field("item_id", "id"),
        Field("document_number", "id"),
        Field("applied", "amount"),
    ),
}

KEYS: dict[str, tuple[str, ...]] = {
    "items": ("item_id",),
    "customers": ("customer_id",),
    "applications": ("application_id", "item_id"),
    "receipts": ("receipt_id",),
    "lines": ("line_id",),
    "history": ("line_id", "item_id"),
}
"""What must be unique within a file."""

ONE_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "items": (("due_date", "terms"),),
    "customers": (),
    "applications": (("effective_date", "posting_date"),),
    "receipts": (("posting_date", "effective_date"),),
    "lines": (),
    "history": (),
}
"""Groups of which a file must have at least one column."""


def fields_of(kind: str) -> dict[str, Field]:
    """The columns of ``kind`` by name. Refuses ``file.unknown_kind``."""
    if kind not in SCHEMAS:
        raise Refusal("file.unknown_kind", "{kind!r} is not one of {kinds}", kind=kind, kinds=", ".join(SCHEMAS))
    return {field.name: field for field in SCHEMAS[kind]}


def arrow_type(field: Field) -> Any:
    """The Arrow type a column is kept in."""
    return _ARROW.get(field.type, pa.string())


def arrow_schema(kind: str) -> Any:
    """The Arrow schema of a table of ``kind``: every column, in order."""
    return pa.schema([(field.name, arrow_type(field)) for field in fields_of(kind).values() if not field.input_only])
