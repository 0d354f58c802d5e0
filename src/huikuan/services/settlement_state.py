"""How far posted source settlements have been met by money: a cached state, derived from the journal."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Sum

from huikuan.core.accounts import LedgerAccount
from huikuan.store.models import Posting, SourceSettlement


def refresh_met(item_ids: Iterable[int]) -> None:
    """Brings ``met_minor`` and ``state`` of posted settlements in line with the journal, oldest met first.

    One whose entry was reversed counts as rejected.
    """
    wanted = sorted(set(item_ids))
    if not wanted:
        return
    SourceSettlement.objects.filter(
        item_id__in=wanted, state=SourceSettlement.State.POSTED, entry__reversed_by__isnull=False
    ).update(state=SourceSettlement.State.REJECTED)
    settlements = SourceSettlement.objects.filter(
        item_id__in=wanted, state__in=[SourceSettlement.State.POSTED, SourceSettlement.State.MET]
    ).order_by("item_id", "id")
    left: dict[int, int] = {}
    for settlement in settlements:
        item_id = settlement.item_id
        if item_id not in left:
            left[item_id] = -_sum_met(item_id)
        met = min(abs(settlement.amount_minor), left[item_id])
        left[item_id] -= met
        state = SourceSettlement.State.MET if met == abs(settlement.amount_minor) else SourceSettlement.State.POSTED
        if (settlement.met_minor, settlement.state) != (met, state):
            settlement.met_minor, settlement.state = met, state
            settlement.save(update_fields=["met_minor", "state"])


def _sum_met(item_id: int) -> int:
    """Credits on the settlement account that carry a receipt: money that met it (negative)."""
    total = Posting.objects.filter(
        item_id=item_id, ledger_account=LedgerAccount.SOURCE_SETTLEMENT.value, receipt__isnull=False
    ).aggregate(total=Sum("amount_minor"))["total"]
    return int(total or 0)
