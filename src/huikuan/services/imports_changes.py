"""Documents a file shows differently: taken back and posted anew as the next version, with what was applied to them.

The rare rows of an import, one by one and by the same rules as any other posting.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from huikuan.core.accounts import EntryKind, ItemKind, LedgerAccount
from huikuan.core.refusals import BadData, DataError, Refusal
from huikuan.services.auditing import record
from huikuan.services.imports_desk import Desk
from huikuan.services.imports_retake import retake_entries
from huikuan.services.items import item_entry
from huikuan.services.receipts import receipt_entry
from huikuan.services.reversals import add_reversals
from huikuan.services.writing import ItemRow, ReceiptRow, Unit
from huikuan.store.models import JournalEntry, OpenItem, OpenItemBalance, Receipt, ReceiptBalance, ReceiptParty

_LONG_AGO = date(1900, 1, 1)
"""A reversal never counts from a day before its entry, so this means: from the entry's own day, where that is open."""

_CHANGED = (
    "SELECT p.*, coalesce(p.account_id, m.account_id) AS account FROM plan p LEFT JOIN made m"
    " ON m.entity_id = p.entity_id AND m.customer_key = p.customer_key WHERE p.status = 'changed' ORDER BY p.row"
)


def repost_items(desk: Desk, *, source_id: int, actor_id: int | None, now: datetime) -> int:
    """Takes back and posts anew every ``changed`` item of the plan; gives their number.

    Counts from the days the documents themselves have, as far as their months are open. Raises ``BadData`` for items
    that cannot be taken back because something else stands on them.
    """
    rows = desk.arrow(_CHANGED).to_pylist()
    refused: list[DataError] = []
    for row in rows:
        try:
            _repost_item(desk, row, source_id, actor_id, now)
        except Refusal as refusal:
            refused.append(_refused(desk, row, "item_id", refusal))
    _raise(refused)
    return len(rows)


def repost_receipts(desk: Desk, *, source_id: int, actor_id: int | None, now: datetime) -> int:
    """The same for receipts."""
    rows = desk.arrow(_CHANGED).to_pylist()
    refused: list[DataError] = []
    for row in rows:
        try:
            _repost_receipt(desk, row, source_id, actor_id, now)
        except Refusal as refusal:
            refused.append(_refused(desk, row, "receipt_id", refusal))
    _raise(refused)
    return len(rows)


def _refused(desk: Desk, row: dict[str, Any], field: str, refusal: Refusal) -> DataError:
    column = desk.columns.get(field, field)
    return DataError(desk.file_name, row["row"], column, refusal.message, refusal.code, row["external_id"])


def _raise(refused: list[DataError]) -> None:
    # The transaction is given up, so it does not matter that some of the rows were written.
    if refused:
        raise BadData(refused)


def _repost_item(desk: Desk, row: dict[str, Any], source_id: int, actor_id: int | None, now: datetime) -> None:
    old = OpenItem.objects.get(id=row["known_item"])
    taken = _take_back(desk, old.entity_id, old.entry_id, actor_id, now)
    OpenItemBalance.objects.filter(item_id=old.id).update(is_current=False)
    unit = Unit(old.entity_id, actor_id, now, source_id)
    kept = _kept(desk, old)
    item = ItemRow(
        item_id=unit.new_id("item"),
        entry_id=unit.new_id("entry"),
        account_id=row["account"],
        source_id=source_id,
        external_id=old.external_id,
        version=old.version + 1,
        kind=ItemKind(row["kind"]),
        ledger_account=LedgerAccount(row["ledger_account"]),
        due_date=row["due_date"],
        document_date=row["document_date"],
        posting_date=row["posting_date"],
        effective_date=row["effective_date"],
        currency=row["currency"],
        amount_minor=row["minor"],
        base_minor=row["base_minor"],
        **{name: kept.get(name, row[name]) for name in _KEEPABLE.values()},
    )
    unit.items.append(item)
    unit.add_entry(item_entry(item, source_recorded_at=row["source_recorded_at"]), item.entry_id)
    unit.flush()
    moved = item.account_id != old.account_id
    retaken = (
        0 if moved else retake_entries(desk.books[old.entity_id], taken, {old.id: item.item_id}, {}, actor_id, now)
    )
    if row["settled_minor"]:
        _settle(desk, item, row, actor_id, now)
    record(
        "item.reposted",
        now=now,
        actor_id=actor_id,
        entity_id=old.entity_id,
        subject=f"item:{item.item_id}",
        former=old.id,
        applications=len(taken),
        retaken=retaken,
    )


_KEEPABLE = {
    "document_number": "document_number",
    "po_number": "po_number",
    "contract_number": "contract_number",
    "discount_date": "discount_date",
    "discount_percent": "discount_bp",
    "disputed": "disputed",
    "sales_rep": "sales_rep",
    "region": "region",
    "product": "product",
}


def _kept(desk: Desk, old: OpenItem) -> dict[str, Any]:
    """What the file says nothing about stays as it was."""
    return {name: getattr(old, name) for field, name in _KEEPABLE.items() if field not in desk.columns}


def _settle(desk: Desk, item: ItemRow, row: dict[str, Any], actor_id: int | None, now: datetime) -> None:
    """The file says how much of the new version is settled: what its former applications do not explain."""
    from huikuan.core.applications import settlement_legs
    from huikuan.core.journal import EntryDraft
    from huikuan.services.locking import lock_items

    state = lock_items(row["entity_id"], [item.item_id])[item.item_id]
    rest = item.amount_minor - row["settled_minor"]
    settled = state.open_minor - rest
    if settled == 0 or (settled > 0) != (item.amount_minor > 0):
        return
    unit = Unit(row["entity_id"], actor_id, now, item.source_id)
    day = desk.books[row["entity_id"]].posting_day(row["settled_on"])
    legs = settlement_legs(state, settled, LedgerAccount.CLEARING)
    unit.add_entry(EntryDraft(EntryKind.APPLICATION, day.effective_date, day.posting_date, legs))
    unit.flush()


def _repost_receipt(desk: Desk, row: dict[str, Any], source_id: int, actor_id: int | None, now: datetime) -> None:
    old = Receipt.objects.get(id=row["known_receipt"])
    taken = _take_back(desk, old.entity_id, old.entry_id, actor_id, now)
    ReceiptBalance.objects.filter(receipt_id=old.id).update(is_current=False)
    party = ReceiptParty.objects.filter(receipt_id=old.id).first()
    unit = Unit(old.entity_id, actor_id, now, source_id)
    receipt = ReceiptRow(
        receipt_id=unit.new_id("receipt"),
        entry_id=unit.new_id("entry"),
        account_id=row["account"],
        source_id=source_id,
        external_id=old.external_id,
        version=old.version + 1,
        reference=row["reference"] if "reference" in desk.columns else old.reference,
        value_date=row["effective_date"],
        posting_date=row["posting_date"],
        effective_date=row["effective_date"],
        currency=row["currency"],
        amount_minor=row["minor"],
        base_minor=row["base_minor"],
        payer_name=party.payer_name if party else "",
        payer_account=party.payer_account if party else "",
        remittance_text=party.remittance_text if party else "",
    )
    unit.receipts.append(receipt)
    unit.add_entry(receipt_entry(receipt, source_recorded_at=row["source_recorded_at"]), receipt.entry_id)
    unit.flush()
    retaken = retake_entries(
        desk.books[old.entity_id], taken, {}, {old.id: receipt.receipt_id}, actor_id, now, account_id=receipt.account_id
    )
    record(
        "receipt.reposted",
        now=now,
        actor_id=actor_id,
        entity_id=old.entity_id,
        subject=f"receipt:{receipt.receipt_id}",
        former=old.id,
        applications=len(taken),
        retaken=retaken,
    )


def _take_back(desk: Desk, entity_id: int, entry_id: int, actor_id: int | None, now: datetime) -> list[JournalEntry]:
    """Reverses a document's entry and all that stands on it; gives the entries that stood on it, oldest first."""
    if JournalEntry.objects.filter(reverses_id=entry_id).exists():
        return []  # a person took it back before; only the new version is posted
    unit = Unit(entity_id, actor_id, now)
    memo = f"changed in {desk.file_name}"[:300]
    reversals = add_reversals(unit, desk.books[entity_id], [entry_id], on=_LONG_AGO, memo=memo)
    unit.flush()
    return _entries(reversals, entry_id)


def _entries(reversals: Iterable[int], entry_id: int) -> list[JournalEntry]:
    found = JournalEntry.objects.filter(reversed_by__in=list(reversals)).exclude(id=entry_id)
    return list(found.order_by("posting_date", "id"))
