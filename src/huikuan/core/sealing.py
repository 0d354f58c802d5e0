"""The hash chain over sealed entries: what is hashed, byte by byte, so that anyone can check it with a few lines.

An entry's text is its fields, its postings by line and the facts of the items and receipts it brought in, each line
ended by a newline, each field written as ``length:text`` (length in UTF-8 bytes; a missing value is ``-``). Its digest
is SHA-256 of that text in hexadecimal; the chain is ``hash = SHA-256(previous hash ‖ digest's 32 bytes)``, starting
from 32 zero bytes. Personal data is not part of it: who paid, remittance texts, names of customers and of sales reps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256

GENESIS = bytes(32)

ENTRY_FIELDS = (
    "entry_id entity_id kind effective_date posting_date recorded_at actor_id reverses_id source_id external_id "
    "source_recorded_at memo"
).split()
POSTING_FIELDS = "line ledger_account account_id item_id receipt_id currency amount_minor base_minor".split()
ITEM_FIELDS = (
    "item_id account_id source_id external_id version kind charge ledger_account document_number po_number "
    "contract_number document_date due_date posting_date effective_date currency amount_minor base_minor discount_date "
    "discount_bp disputed region product"
).split()
RECEIPT_FIELDS = (
    "receipt_id account_id source_id external_id version reference value_date posting_date effective_date currency "
    "amount_minor base_minor"
).split()

Value = str | int | bool | date | datetime | None


def write_field(value: Value) -> str:
    """One field: ``-`` for nothing, else length in bytes, colon, text. Instants in UTC with microseconds."""
    if value is None:
        return "-"
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        text = str(value)
    return f"{len(text) if text.isascii() else len(text.encode())}:{text}"


def write_line(tag: str, values: Iterable[Value]) -> str:
    """``tag`` is ``e`` (entry), ``p`` (posting), ``i`` (item) or ``r`` (receipt)."""
    return tag + "".join(write_field(value) for value in values) + "\n"


def digest_entry(
    entry: Sequence[Value],
    postings: Iterable[Sequence[Value]],
    items: Iterable[Sequence[Value]] = (),
    receipts: Iterable[Sequence[Value]] = (),
) -> str:
    """SHA-256 of an entry's text, hexadecimal; the sequences hold the fields named above, sorted by line or id."""
    text = write_line("e", entry)
    for tag, rows in (("p", postings), ("i", items), ("r", receipts)):
        text += "".join(write_line(tag, row) for row in rows)
    return sha256(text.encode()).hexdigest()


def chain(previous: bytes, digests: Iterable[str]) -> list[bytes]:
    """The hash after each entry, in order."""
    hashes = []
    for digest in digests:
        previous = sha256(previous + bytes.fromhex(digest)).digest()
        hashes.append(previous)
    return hashes
