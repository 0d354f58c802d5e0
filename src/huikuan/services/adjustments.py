"""Settling items without money: write-off and recovery, offset, assignment."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Sum

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import fund_out_legs, settlement_legs
from huikuan.core.approvals import ApprovalKind
from huikuan.core.journal import PostingDraft
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.funds import fund_of
from huikuan.services.agreements_posting import carry_out_agreement
from huikuan.services.approvals import Approved, NewApproval, carries_out
from huikuan.services.locking import lock_items, lock_receipt
from huikuan.services.posting import post_one
from huikuan.store.models import ApprovalRequest, OpenItem, Posting

_CONTRA = {
    EntryKind.WRITE_OFF: LedgerAccount.BAD_DEBT,
    EntryKind.OFFSET: LedgerAccount.PAYABLES,
    EntryKind.ASSIGNMENT: LedgerAccount.ASSIGNED,
}


def settle_item(
    entity_id: int,
    kind: EntryKind,
    item_id: int,
    amount_minor: int,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
    key: str | None = None,
    approved: int | None = None,
) -> int:
    """Takes (part of) an item off the books by ``kind``: write_off, offset against what we owe, or assignment.

    ``amount_minor`` has the item's sign. Refuses ``adjustment.bad_kind``, ``application.over_applied`` and
    ``approval.needed`` where the entity wants such an amount approved; ``approved`` is the request carried out.
    """
    if kind not in _CONTRA:
        raise Refusal("adjustment.bad_kind", "{kind} does not settle an item", kind=kind.value)

    def decide() -> tuple[EntryKind, tuple[PostingDraft, ...]]:
        row = lock_items(entity_id, [item_id])[item_id]
        return kind, settlement_legs(row, amount_minor, _CONTRA[kind])

    def proposal(legs: tuple[PostingDraft, ...]) -> NewApproval:
        item = OpenItem.objects.get(id=item_id)
        return NewApproval(
            kind=ApprovalKind(kind.value),
            entity_id=entity_id,
            account_id=item.account_id,
            subject=f"item:{item_id}",
            title=item.document_number,
            amount_minor=amount_minor,
            currency=item.currency,
            base_minor=sum(leg.base_minor for leg in legs if leg.ledger_account == _CONTRA[kind]),
            facts={"item": item_id, "on": on.isoformat()},
            reason=memo,
            before_minor=_in_pieces(item_id, kind),
        )

    request = (kind, item_id, amount_minor, on)
    return post_one(
        entity_id,
        f"item.{kind.value}",
        request,
        decide,
        right=Right.POST_ADJUSTMENT,
        on=on,
        actor_id=actor_id,
        now=now,
        memo=memo,
        key=key,
        proposal=proposal,
        approved=approved,
    )


def _in_pieces(item_id: int, kind: EntryKind) -> int:
    """What entries of this kind took off the item without a decision, those reversed left out (books' currency)."""
    legs = Posting.objects.filter(item_id=item_id, ledger_account=_CONTRA[kind], entry__kind=kind)
    decided = ApprovalRequest.objects.filter(subject=f"item:{item_id}", entry__isnull=False).values("entry_id")
    legs = legs.filter(entry__reversed_by__isnull=True).exclude(entry_id__in=decided)
    total = legs.aggregate(total=Sum("base_minor"))["total"]
    return abs(int(total or 0))


@carries_out(ApprovalKind.WRITE_OFF, ApprovalKind.OFFSET, ApprovalKind.ASSIGNMENT)
def settle_approved(request: Approved) -> int | None:
    """Does what was approved. Refuses what ``settle_item`` or the agreement's step refuses by now."""
    if "agreement" in request.facts:
        return carry_out_agreement(request)
    return settle_item(
        request.entity_id,
        EntryKind(request.kind.value),
        request.facts["item"],
        request.amount_minor,
        on=date.fromisoformat(request.facts["on"]),
        memo=request.reason,
        actor_id=request.actor_id,
        now=request.now,
        key=f"approval:{request.request_id}",
        approved=request.request_id,
    )


def recover_item(
    entity_id: int,
    item_id: int,
    receipt_id: int,
    amount_minor: int,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
) -> int:
    """Money that came after all for an item written off: from the receipt to ``recovery``.

    Refuses ``recovery.over_written_off`` when it is more than was written off and not yet recovered,
    ``recovery.currency`` and ``application.other_customer``.
    """

    def decide() -> tuple[EntryKind, tuple[PostingDraft, ...]]:
        receipt, balance = lock_receipt(entity_id, receipt_id)
        row = lock_items(entity_id, [item_id])[item_id]
        if row.currency != receipt.currency:
            raise Refusal("recovery.currency", "money recovers an item of its own currency", item_id=item_id)
        written_off = _sum(item_id, LedgerAccount.BAD_DEBT) + _sum(item_id, LedgerAccount.RECOVERY)
        if amount_minor > written_off:
            raise Refusal(
                "recovery.over_written_off",
                "{amount} is more than the {written_off} written off and not recovered",
                amount=amount_minor,
                written_off=written_off,
            )
        fund = fund_of(receipt, balance, LedgerAccount.UNAPPLIED)
        if fund.account_id != row.account_id:
            raise Refusal(
                "application.other_customer",
                "item {item_id} belongs to another customer than the money",
                item_id=item_id,
            )
        return EntryKind.RECOVERY, fund_out_legs(fund, amount_minor, LedgerAccount.RECOVERY, item_id=item_id)

    request = (item_id, receipt_id, amount_minor, on)
    return post_one(
        entity_id,
        "item.recover",
        request,
        decide,
        right=Right.POST_ADJUSTMENT,
        on=on,
        actor_id=actor_id,
        now=now,
        key=key,
    )


def _sum(item_id: int, account: LedgerAccount) -> int:
    total = Posting.objects.filter(item_id=item_id, ledger_account=account.value).aggregate(x=Sum("amount_minor"))["x"]
    return int(total or 0)
