"""What is true of the ledger after every step, computed from the postings alone, the slow and plain way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from huikuan.core.accounts import CONTROL_ACCOUNTS, LedgerAccount
from huikuan.store.models import JournalEntry, OpenItem, OpenItemBalance, Posting, Receipt, ReceiptBalance

Sums = dict[tuple[object, ...], list[int]]
CONTROL = {account.value for account in CONTROL_ACCOUNTS}
BUCKETS = {"suspense": "unidentified_minor", "unapplied": "unapplied_minor", "advances": "on_account_minor"}


def add_up(rows: Iterable[tuple[tuple[object, ...], int, int]]) -> Sums:
    sums: Sums = defaultdict(lambda: [0, 0])
    for key, amount, base in rows:
        sums[key][0] += amount
        sums[key][1] += base
    return sums


def check_invariants() -> None:
    """Raises AssertionError at the first thing that is not as it must be."""
    postings = list(Posting.objects.select_related("entry").order_by("entry_id", "line"))
    check_entries(postings)
    check_items(postings)
    check_receipts(postings)
    check_control(postings)
    check_nothing_is_left_over(postings)
    check_reversals(postings)


def check_entries(postings: list[Posting]) -> None:
    """Debits equal credits, per entry and currency and in base; every entry has two legs or more."""
    for key, (amount, _) in add_up(((p.entry_id, p.currency), p.amount_minor, 0) for p in postings).items():
        assert amount == 0, f"entry, currency {key}: {amount}"
    base = add_up(((p.entry_id,), 1, p.base_minor) for p in postings)
    for key, (legs, total) in base.items():
        assert total == 0, f"entry {key}: {total} in base"
        assert legs >= 2, f"entry {key} has one leg"
    assert {key[0] for key in base} == set(JournalEntry.objects.values_list("id", flat=True))


def check_items(postings: list[Posting]) -> None:
    """Cached balances are the journal's, lie between nothing and the original, and have value only with an amount."""
    sums = add_up(
        ((p.item_id,), p.amount_minor, p.base_minor)
        for p in postings
        if p.item_id is not None and p.ledger_account in CONTROL
    )
    balances = {row.item_id: row for row in OpenItemBalance.objects.all()}
    for item in OpenItem.objects.all():
        balance = balances.pop(item.id)
        assert [balance.open_minor, balance.open_base_minor] == sums[item.id,], (
            f"item {item.id}: cached against journal"
        )
        assert balance.original_minor == item.amount_minor
        low, high = sorted((0, item.amount_minor))
        assert low <= balance.open_minor <= high, f"item {item.id} is over-applied"
        assert balance.open_minor or not balance.open_base_minor, f"item {item.id}: value without an amount"
        low, high = sorted((0, item.base_minor))
        assert low <= balance.open_base_minor <= high, f"item {item.id}: value out of bounds"
    assert not balances


def check_receipts(postings: list[Posting]) -> None:
    """The three buckets are the journal's; none is negative; what each is worth is gone when it is empty."""
    sums = add_up(
        ((p.receipt_id, p.ledger_account), p.amount_minor, p.base_minor)
        for p in postings
        if p.receipt_id is not None and p.item_id is None and p.ledger_account in BUCKETS
    )
    balances = {row.receipt_id: row for row in ReceiptBalance.objects.all()}
    for receipt in Receipt.objects.all():
        balance = balances.pop(receipt.id)
        base = 0
        for account, column in BUCKETS.items():
            amount, value = sums[receipt.id, account]
            assert getattr(balance, column) == -amount >= 0, f"receipt {receipt.id}: {column}"
            assert amount or not value, f"receipt {receipt.id}: {account} has value without an amount"
            base -= value
        assert balance.open_base_minor == base, f"receipt {receipt.id}: base"
        free = balance.unidentified_minor + balance.unapplied_minor + balance.on_account_minor
        assert free <= balance.original_minor == receipt.amount_minor
        owned = balance.unapplied_minor + balance.on_account_minor
        assert balance.account_id is not None or not owned, f"receipt {receipt.id}: nobody's money is unapplied"
    assert not balances


def check_control(postings: list[Posting]) -> None:
    """Per entity, account and currency, the ledger stands at the sum of its open rows, in amount and in base."""
    ledger = add_up(
        ((p.entry.entity_id, p.ledger_account, p.currency), p.amount_minor, p.base_minor)
        for p in postings
        if p.ledger_account in CONTROL
    )
    rows: list[tuple[tuple[object, ...], int, int]] = [
        ((item.entity_id, item.ledger_account, item.currency), balance.open_minor, balance.open_base_minor)
        for item, balance in ((row.item, row) for row in OpenItemBalance.objects.select_related("item"))
    ]
    for balance in ReceiptBalance.objects.select_related("receipt"):
        receipt = balance.receipt
        for account, column in BUCKETS.items():
            rows.append(((receipt.entity_id, account, receipt.currency), -getattr(balance, column), 0))
    opened = add_up(rows)
    for key in ledger.keys() | opened.keys():
        assert ledger[key][0] == opened[key][0], f"control account {key}"


def check_nothing_is_left_over(postings: list[Posting]) -> None:
    """Accounts that money only passes through, or that are taken back the next day, stand at nothing in base."""
    through = {LedgerAccount.EXCHANGE_CLEARING.value, LedgerAccount.REVALUATION.value}
    for key, (_, base) in add_up(((p.ledger_account,), 0, p.base_minor) for p in postings).items():
        assert key[0] not in through or base == 0, f"{key[0]} stands at {base}"


def check_reversals(postings: list[Posting]) -> None:
    """A reversal negates its original leg by leg and never counts before it."""
    legs: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for p in postings:
        legs[p.entry_id].append((p.ledger_account, p.item_id, p.receipt_id, p.currency, p.amount_minor, p.base_minor))
    for entry in JournalEntry.objects.exclude(reverses=None).select_related("reverses"):
        original = entry.reverses
        assert original is not None
        back = [(*leg[:4], -leg[4], -leg[5]) for leg in legs[entry.id]]
        assert back == legs[original.id], f"entry {entry.id} does not negate {original.id}"
        assert entry.posting_date >= original.posting_date
        assert entry.effective_date >= original.effective_date
