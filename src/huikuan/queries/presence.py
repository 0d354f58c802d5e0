"""Which of the things that most customers and items have none of are there: one statement in place of a dozen that
would find nothing. It only saves asking; what is there is looked up, and narrowed to what a person sees, as ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection

from huikuan.queries.asking import once
from huikuan.queries.open_rows import ids

_CUSTOMER = {
    "duplicates": "store_customer WHERE merged_into_id = {customer}",
    "children": "store_customer WHERE parent_id = {customer}",
    "aliases": "store_customeralias WHERE customer_id = {customer}",
    "payers": "store_customerpayeraccount WHERE customer_id = {customer}",
    "contacts": "store_contact WHERE customer_id = {customer}",
    "merges": "store_customermerge WHERE survivor_id = {customer}",
    "short_payments": "store_shortpayment WHERE account_id IN ({accounts})",
    "agreements": "store_agreementline l JOIN store_openitem i ON i.id = l.item_id WHERE i.account_id IN ({accounts})",
    "documents": "store_documentlink WHERE kind = 'account' AND object_id IN ({accounts})",
    "documents of items": "store_documentlink l JOIN store_openitem i ON i.id = l.object_id"
    " WHERE l.kind = 'item' AND i.account_id IN ({accounts})",
    "documents of receipts": "store_documentlink l JOIN store_receiptbalance r ON r.receipt_id = l.object_id"
    " WHERE l.kind = 'receipt' AND r.account_id IN ({accounts})",
    "documents of entries": "store_documentlink l JOIN store_posting p ON p.entry_id = l.object_id"
    " WHERE l.kind = 'entry' AND p.account_id IN ({accounts})",
}
EVERYTHING = frozenset(_CUSTOMER)


def customer_has(customer_id: int, accounts: Iterable[int]) -> frozenset[str]:
    """Of a customer and these accounts of it; of one that others were merged into, everything may be there."""
    numbers = ids(sorted(accounts))

    def look_up() -> frozenset[str]:
        found = _there(_CUSTOMER, customer=str(int(customer_id)), accounts=numbers)
        return EVERYTHING if "duplicates" in found else found

    return once(("customer has", customer_id, numbers), look_up)


def has_documents(has: frozenset[str]) -> bool:
    return any(what.startswith("documents") for what in has)


def _there(pieces: Mapping[str, str], **numbers: str) -> frozenset[str]:
    asked = ", ".join(f"EXISTS (SELECT 1 FROM {piece.format(**numbers)})" for piece in pieces.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        return frozenset(what for what, there in zip(pieces, cursor.fetchone(), strict=True) if there)
