"""Which of the things that most customers and items have none of are there: one statement in place of a dozen that
would find nothing. It only saves asking; what is there is looked up, and narrowed to what a person sees, as ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection

from huikuan.queries.asking import current, once
from huikuan.queries.open_rows import ids

_CUSTOMER = {
    "duplicates": "store_customer WHERE merged_into_id = {customer}",
    "children": "store_customer WHERE parent_id = {customer}",
    "aliases": "store_customeralias WHERE customer_id = {customer}",
    "payers": "store_customerpayeraccount WHERE customer_id = {customer}",
    "contacts": "store_contact WHERE customer_id = {customer}",
    "notes": "store_customernote WHERE customer_id = {customer}",
    "changes": "store_customerchange WHERE customer_id = {customer}",
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
_ITEM = {
    "documents": "store_documentlink WHERE kind = 'item' AND object_id = {item}",
    "notes": "store_notecover WHERE item_id = {item}",
    "short_payments": "store_shortpayment WHERE item_id = {item}",
    "agreements": "store_agreementline WHERE item_id = {item}",
    "losses": "store_posting WHERE item_id = {item} AND ledger_account IN ('bad_debt', 'recovery')",
    "einvoices": "store_openitem i JOIN store_openitem v ON v.entity_id = i.entity_id AND v.source_id = i.source_id"
    " AND v.external_id = i.external_id JOIN store_einvoice e ON e.item_id = v.id WHERE i.id = {item}",
}


def customer_has(customer_id: int, accounts: Iterable[int]) -> frozenset[str]:
    """Of a customer and these accounts of it; of one that others were merged into, everything may be there."""
    numbers = ids(sorted(accounts))

    def look_up() -> frozenset[str]:
        found = _there(_CUSTOMER, customer=str(int(customer_id)), accounts=numbers)
        return EVERYTHING if "duplicates" in found else found

    return once(("customer has", customer_id, numbers), look_up)


def item_has(item_id: int) -> frozenset[str]:
    """Of an item; an e-invoice may be one of an earlier version's."""
    return once(("item has", item_id), lambda: _there(_ITEM, item=str(int(item_id))))


def has_links(kind: str, number: int) -> bool:
    """Whether a document is linked to an item, a receipt, an entry or a customer account."""
    if kind == "item" and current() is not None:
        return "documents" in item_has(number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM store_documentlink WHERE kind = %s AND object_id = %s LIMIT 1", [kind, number])
        return cursor.fetchone() is not None


def has_documents(has: frozenset[str]) -> bool:
    return any(what.startswith("documents") for what in has)


def _there(pieces: Mapping[str, str], **numbers: str) -> frozenset[str]:
    asked = ", ".join(f"EXISTS (SELECT 1 FROM {piece.format(**numbers)})" for piece in pieces.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        return frozenset(what for what, there in zip(pieces, cursor.fetchone(), strict=True) if there)
