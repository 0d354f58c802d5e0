"""The unit of work: everything one business transaction adds to the ledger, written together in the right order.

Children name parents by numbers reserved beforehand; entries go in last, so that the database can prove each of them
balanced; cached balances follow from the postings and from nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from huikuan.core.accounts import CONTROL_ACCOUNTS, Charge, ItemKind, LedgerAccount
from huikuan.core.journal import EntryDraft
from huikuan.services.notes_following import follow_notes
from huikuan.services.settlement_state import refresh_met
from huikuan.services.short_payment_state import follow_short_payments
from huikuan.services.telling import tell_posted
from huikuan.store.rows import add_to_rows, insert_rows, reserve_ids


@dataclass(frozen=True, slots=True)
class ItemRow:
    """The facts of a new open item (amounts signed, in minor units). ``entry_id`` is the entry that brings it in."""

    item_id: int
    entry_id: int
    account_id: int
    source_id: int
    external_id: str
    version: int
    kind: ItemKind
    ledger_account: LedgerAccount
    document_number: str
    document_date: date
    due_date: date
    posting_date: date
    effective_date: date
    currency: str
    amount_minor: int
    base_minor: int
    charge: Charge = Charge.PRINCIPAL
    po_number: str = ""
    contract_number: str = ""
    discount_date: date | None = None
    discount_bp: int | None = None
    disputed: bool = False
    sales_rep: str = ""
    region: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """The facts of new money received; ``account_id`` is ``None`` while its payer is unknown."""

    receipt_id: int
    entry_id: int
    account_id: int | None
    source_id: int
    external_id: str
    version: int
    reference: str
    value_date: date
    posting_date: date
    effective_date: date
    currency: str
    amount_minor: int
    base_minor: int
    payer_name: str = ""
    payer_account: str = ""
    remittance_text: str = ""


_ITEM_COLUMNS = (
    "id entity_id account_id source_id external_id version kind charge ledger_account document_number po_number "
    "contract_number document_date due_date posting_date effective_date currency amount_minor base_minor discount_date "
    "discount_bp disputed sales_rep region product entry_id"
).split()
_RECEIPT_COLUMNS = (
    "id entity_id account_id source_id external_id version reference value_date posting_date effective_date currency "
    "amount_minor base_minor entry_id"
).split()
_POSTING_COLUMNS = (
    "entry_id line ledger_account account_id item_id receipt_id currency amount_minor base_minor"
).split()
_ENTRY_COLUMNS = (
    "id entity_id kind effective_date posting_date recorded_at actor_id reverses_id source_id external_id "
    "source_recorded_at memo"
).split()

_RECEIPT_BUCKET = {LedgerAccount.SUSPENSE: 0, LedgerAccount.UNAPPLIED: 1, LedgerAccount.ADVANCES: 2}


@dataclass(slots=True)
class Unit:
    """Collects what a service decided; ``flush`` writes it. One unit per entity and transaction at a time."""

    entity_id: int
    actor_id: int | None
    now: datetime
    source_id: int | None = None
    items: list[ItemRow] = field(default_factory=list)
    receipts: list[ReceiptRow] = field(default_factory=list)
    entries: list[tuple[int, EntryDraft]] = field(default_factory=list)
    _next: dict[str, list[int]] = field(default_factory=dict)

    def new_ids(self, table: str, count: int) -> list[int]:
        """``table`` is ``entry``, ``item`` or ``receipt``."""
        name = {"entry": "store_journalentry", "item": "store_openitem", "receipt": "store_receipt"}[table]
        if connection.vendor != "sqlite":
            return reserve_ids(name, count)
        first = self._next[name][0] if name in self._next else reserve_ids(name, 1)[0]
        self._next[name] = [first + count]
        return list(range(first, first + count))

    def new_id(self, table: str) -> int:
        return self.new_ids(table, 1)[0]

    def add_entry(self, draft: EntryDraft, entry_id: int | None = None) -> int:
        number = self.new_id("entry") if entry_id is None else entry_id
        self.entries.append((number, draft))
        return number

    def flush(self) -> None:
        """Writes everything; the unit is empty afterwards and may be used again."""
        insert_rows("store_openitem", _ITEM_COLUMNS, [self._item_values(row) for row in self.items])
        insert_rows("store_receipt", _RECEIPT_COLUMNS, [self._receipt_values(row) for row in self.receipts])
        insert_rows(
            "store_receiptparty",
            ("receipt_id", "payer_name", "payer_account", "remittance_text"),
            [
                (row.receipt_id, row.payer_name, row.payer_account, row.remittance_text)
                for row in self.receipts
                if row.payer_name or row.payer_account or row.remittance_text
            ],
        )
        insert_rows("store_posting", _POSTING_COLUMNS, list(self._posting_values()))
        insert_rows("store_journalentry", _ENTRY_COLUMNS, [self._entry_values(*pair) for pair in self.entries])
        self._write_item_balances()
        self._write_receipt_balances()
        refresh_met(
            leg.item_id
            for _, draft in self.entries
            for leg in draft.postings
            if leg.item_id is not None
            and (leg.receipt_id is not None or draft.reverses_id is not None)
            and leg.ledger_account == LedgerAccount.SOURCE_SETTLEMENT
        )
        follow_short_payments(self.entries, actor_id=self.actor_id, now=self.now)
        follow_notes(self.entries, source_id=self.source_id, actor_id=self.actor_id, now=self.now)
        tell_posted(self.entity_id, self.items, self.receipts, self.entries, now=self.now)
        self.items, self.receipts, self.entries, self._next = [], [], [], {}

    def _posting_values(self) -> Iterable[tuple[Any, ...]]:
        for entry_id, draft in self.entries:
            for line, leg in enumerate(draft.postings, start=1):
                yield (
                    entry_id,
                    line,
                    leg.ledger_account.value,
                    leg.account_id,
                    leg.item_id,
                    leg.receipt_id,
                    leg.currency,
                    leg.amount_minor,
                    leg.base_minor,
                )

    def _entry_values(self, entry_id: int, draft: EntryDraft) -> tuple[Any, ...]:
        return (
            entry_id,
            self.entity_id,
            draft.kind.value,
            draft.effective_date,
            draft.posting_date,
            self.now,
            self.actor_id,
            draft.reverses_id,
            self.source_id,
            draft.external_id,
            draft.source_recorded_at,
            draft.memo,
        )

    def _item_values(self, row: ItemRow) -> tuple[Any, ...]:
        return (
            row.item_id,
            self.entity_id,
            row.account_id,
            row.source_id,
            row.external_id,
            row.version,
            row.kind.value,
            row.charge.value,
            row.ledger_account.value,
            row.document_number,
            row.po_number,
            row.contract_number,
            row.document_date,
            row.due_date,
            row.posting_date,
            row.effective_date,
            row.currency,
            row.amount_minor,
            row.base_minor,
            row.discount_date,
            row.discount_bp,
            row.disputed,
            row.sales_rep,
            row.region,
            row.product,
            row.entry_id,
        )

    def _receipt_values(self, row: ReceiptRow) -> tuple[Any, ...]:
        return (
            row.receipt_id,
            self.entity_id,
            row.account_id,
            row.source_id,
            row.external_id,
            row.version,
            row.reference,
            row.value_date,
            row.posting_date,
            row.effective_date,
            row.currency,
            row.amount_minor,
            row.base_minor,
            row.entry_id,
        )

    def _write_item_balances(self) -> None:
        changes: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for _, draft in self.entries:
            for leg in draft.postings:
                if leg.item_id is not None and leg.ledger_account in CONTROL_ACCOUNTS:
                    change = changes[leg.item_id]
                    change[0] += leg.amount_minor
                    change[1] += leg.base_minor
        fresh = []
        for row in self.items:
            amount, base = changes.pop(row.item_id, (0, 0))
            fresh.append((row.item_id, row.account_id, row.amount_minor, amount, base, True))
        insert_rows(
            "store_openitembalance",
            ("item_id", "account_id", "original_minor", "open_minor", "open_base_minor", "is_current"),
            fresh,
        )
        add_to_rows(
            "store_openitembalance",
            "item_id",
            ("open_minor", "open_base_minor"),
            [(item_id, *change) for item_id, change in sorted(changes.items()) if any(change)],
        )

    def _write_receipt_balances(self) -> None:
        changes: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        owners: dict[int, int | None] = {}
        for _, draft in self.entries:
            for leg in draft.postings:
                bucket = _RECEIPT_BUCKET.get(leg.ledger_account)
                if leg.receipt_id is None or leg.item_id is not None or bucket is None:
                    continue
                change = changes[leg.receipt_id]
                change[bucket] -= leg.amount_minor
                change[3] -= leg.base_minor
                if leg.amount_minor < 0:
                    owners[leg.receipt_id] = leg.account_id
        fresh = []
        for row in self.receipts:
            values = changes.pop(row.receipt_id, [0, 0, 0, 0])
            owner = owners.pop(row.receipt_id, row.account_id)
            fresh.append((row.receipt_id, owner, row.amount_minor, *values, True))
        names = ("unidentified_minor", "unapplied_minor", "on_account_minor", "open_base_minor")
        insert_rows("store_receiptbalance", ("receipt_id", "account_id", "original_minor", *names, "is_current"), fresh)
        rows = [(receipt_id, *change) for receipt_id, change in sorted(changes.items()) if any(change)]
        add_to_rows("store_receiptbalance", "receipt_id", names, rows)
        self._own_receipts({number: owner for number, owner in owners.items() if number in changes})

    def _own_receipts(self, owners: dict[int, int | None]) -> None:
        """Identified money gets its customer account; money back in suspense loses it, where all of it is back."""
        with connection.cursor() as cursor:
            for receipt_id, account_id in sorted(owners.items()):
                cursor.execute(
                    "UPDATE store_receiptbalance SET account_id = %s WHERE receipt_id = %s"
                    " AND (%s OR unapplied_minor + on_account_minor = 0)",
                    [account_id, receipt_id, account_id is not None],
                )
