"""The three relations of the mirror, their Arrow schemas and how the database gives them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from huikuan.store.arrow import INSTANT, is_sqlite, text_of

_INT, _TEXT, _DAY = pa.int64(), pa.string(), pa.date32()

JOURNAL = pa.schema(
    {
        "ledger_seq": _INT,
        "entry_id": _INT,
        "entity_id": _INT,
        "kind": _TEXT,
        "effective_date": _DAY,
        "posting_date": _DAY,
        "recorded_at": INSTANT,
        "actor_id": _INT,
        "reverses_id": _INT,
        "source_id": _INT,
        "external_id": _TEXT,
        "source_recorded_at": INSTANT,
        "memo": _TEXT,
        "line": pa.int32(),
        "ledger_account": _TEXT,
        "account_id": _INT,
        "item_id": _INT,
        "receipt_id": _INT,
        "currency": _TEXT,
        "amount_minor": _INT,
        "base_minor": _INT,
    }
)
"""One row per posting, with its entry's fields. ``ledger_seq`` is null while the entry is not sealed."""

ITEMS = pa.schema(
    {
        "ledger_seq": _INT,
        "item_id": _INT,
        "entry_id": _INT,
        "entity_id": _INT,
        "account_id": _INT,
        "source_id": _INT,
        "external_id": _TEXT,
        "version": pa.int32(),
        "kind": _TEXT,
        "charge": _TEXT,
        "ledger_account": _TEXT,
        "document_number": _TEXT,
        "po_number": _TEXT,
        "contract_number": _TEXT,
        "document_date": _DAY,
        "due_date": _DAY,
        "posting_date": _DAY,
        "effective_date": _DAY,
        "currency": _TEXT,
        "amount_minor": _INT,
        "base_minor": _INT,
        "discount_date": _DAY,
        "discount_bp": _INT,
        "disputed": pa.bool_(),
        "sales_rep": _TEXT,
        "region": _TEXT,
        "product": _TEXT,
    }
)
RECEIPTS = pa.schema(
    {
        "ledger_seq": _INT,
        "receipt_id": _INT,
        "entry_id": _INT,
        "entity_id": _INT,
        "account_id": _INT,
        "source_id": _INT,
        "external_id": _TEXT,
        "version": pa.int32(),
        "reference": _TEXT,
        "value_date": _DAY,
        "posting_date": _DAY,
        "effective_date": _DAY,
        "currency": _TEXT,
        "amount_minor": _INT,
        "base_minor": _INT,
    }
)


@dataclass(frozen=True, slots=True)
class MirrorTable:
    """A relation: its schema, its table in the database and where that table's alias ``t`` meets entries ``e``."""

    name: str
    schema: pa.Schema
    table: str
    entry_columns: frozenset[str]
    order: str

    def select(self, seq: str, joins: str, where: str) -> str:
        """SELECT with ``seq`` as ledger_seq; ``joins`` and ``where`` say which entries ``e``."""
        return (
            f"SELECT {_columns(self.name, seq, is_sqlite())} FROM store_journalentry e {joins}"
            f" JOIN {self.table} t ON t.entry_id = e.id WHERE {where} ORDER BY {self.order}"
        )

    def column(self, name: str, seq: str) -> str:
        if name == "ledger_seq":
            return f"{seq} AS ledger_seq"
        if name in ("item_id", "receipt_id") and name == f"{self.name[:-1]}_id":
            return f"t.id AS {name}"
        if name == "entry_id":
            return "e.id AS entry_id"
        return text_of(f"{'e' if name in self.entry_columns else 't'}.{name}", self.schema.field(name).type)


@lru_cache
def _columns(relation: str, seq: str, on_sqlite: bool) -> str:
    """The columns of a relation, put together once: most reads are of a few rows."""
    table = next(table for table in TABLES if table.name == relation)
    return ", ".join(table.column(name, seq) for name in table.schema.names)


_ENTRY = frozenset(
    "entity_id kind effective_date posting_date recorded_at actor_id reverses_id source_id external_id "
    "source_recorded_at memo".split()
)
TABLES = (
    MirrorTable("journal", JOURNAL, "store_posting", _ENTRY, "e.id, t.line"),
    MirrorTable("items", ITEMS, "store_openitem", frozenset(), "e.id, t.id"),
    MirrorTable("receipts", RECEIPTS, "store_receipt", frozenset(), "e.id, t.id"),
)
