"""What may not be taken back, because something later stands on it and would be left standing on nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Sum

from huikuan.core.accounts import LedgerAccount
from huikuan.core.journal import EntryDraft
from huikuan.core.refusals import Refusal
from huikuan.store.models import OpenItem, Posting, ReceiptBalance

_BALANCE_COLUMN = {
    LedgerAccount.SUSPENSE: "unidentified_minor",
    LedgerAccount.UNAPPLIED: "unapplied_minor",
    LedgerAccount.ADVANCES: "on_account_minor",
}
"""Where money of a receipt stands: none of it may go below nothing."""

_WRITTEN_OFF = (LedgerAccount.BAD_DEBT, LedgerAccount.RECOVERY)
_SETTLED = (LedgerAccount.SOURCE_SETTLEMENT,)
_STANDS_ON = dict.fromkeys(_WRITTEN_OFF, _WRITTEN_OFF) | dict.fromkeys(_SETTLED, _SETTLED)
"""What was written off covers what was recovered; what was settled covers the money that met it."""


def used_since(**params: int) -> Refusal:
    return Refusal("entry.used_since", "something later stands on this entry: reverse that first", **params)


def check_unused(drafts: Sequence[EntryDraft]) -> None:
    """Refuses ``entry.used_since`` for reversals that, all together, would leave less than nothing. Rows are locked."""
    money: dict[tuple[int, LedgerAccount], int] = defaultdict(int)
    settled: dict[tuple[int, tuple[LedgerAccount, ...]], int] = defaultdict(int)
    for draft in drafts:
        for leg in draft.postings:
            if leg.item_id is None and leg.receipt_id is not None and leg.ledger_account in _BALANCE_COLUMN:
                money[leg.receipt_id, leg.ledger_account] -= leg.amount_minor
            elif leg.item_id is not None and leg.ledger_account in _STANDS_ON:
                settled[leg.item_id, _STANDS_ON[leg.ledger_account]] += leg.amount_minor
    for (receipt_id, account), change in money.items():
        if change < 0 and _standing(receipt_id, account) + change < 0:
            raise used_since(receipt_id=receipt_id)
    for (item_id, accounts), change in settled.items():
        if change and (_settled(item_id, accounts) + change) * _sign(item_id) < 0:
            raise used_since(item_id=item_id)


def _standing(receipt_id: int, account: LedgerAccount) -> int:
    return int(ReceiptBalance.objects.values_list(_BALANCE_COLUMN[account], flat=True).get(receipt_id=receipt_id))


def _settled(item_id: int, accounts: Sequence[LedgerAccount]) -> int:
    legs = Posting.objects.filter(item_id=item_id, ledger_account__in=[account.value for account in accounts])
    return int(legs.aggregate(total=Sum("amount_minor"))["total"] or 0)


def _sign(item_id: int) -> int:
    return 1 if OpenItem.objects.values_list("amount_minor", flat=True).get(id=item_id) > 0 else -1
