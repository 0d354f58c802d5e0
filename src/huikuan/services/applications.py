"""Applying money and credits to items, on locked rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import Line, OpenRow, Order, credit_legs, discount_allowed, distribute, fund_legs
from huikuan.core.journal import PostingDraft
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.funds import fund_of
from huikuan.services.locking import lock_items, lock_receipt
from huikuan.services.posting import post_one
from huikuan.services.short_payments import flag_short_payments
from huikuan.services.source_settlements import lock_owed, unmet_settlements
from huikuan.store.models import Posting


@dataclass(frozen=True, slots=True)
class Named:
    """The customer's naming: so much of this item. ``take_discount`` also grants the early-payment discount still
    open; ``paid_minor`` is what the receipt gives where its currency is another one."""

    item_id: int
    amount_minor: int
    take_discount: bool = False
    paid_minor: int | None = None


def apply_receipt(
    entity_id: int,
    receipt_id: int,
    named: Sequence[Named] = (),
    *,
    order: Order | None = None,
    amount_minor: int | None = None,
    on: date,
    actor_id: int | None,
    now: datetime,
    from_account: LedgerAccount = LedgerAccount.UNAPPLIED,
    key: str | None = None,
    right: Right = Right.POST_CASH,
) -> int:
    """Applies a receipt's money to the items ``named``, or, where none are, in ``order`` (default oldest first).

    ``amount_minor`` caps what is spread in an order; by default all that is left of the receipt. Where a source had
    already reported an item as settled, the money meets that settlement first, so nothing is counted twice. ``right``
    is another where it is part of a deed that asks for one. Returns the entry's id. Refuses what ``core.applications``
    refuses and ``application.other_customer``.
    """

    def decide() -> tuple[EntryKind, tuple[PostingDraft, ...]]:
        receipt, balance = lock_receipt(entity_id, receipt_id)
        fund = fund_of(receipt, balance, from_account)
        if fund.account_id is None:
            raise Refusal("receipt.unidentified", "say first whose money this is", receipt_id=receipt_id)
        if named:
            rows = lock_items(entity_id, [line.item_id for line in named])
            lines = named_lines(rows, named, receipt.value_date, unmet_settlements(rows))
            return EntryKind.APPLICATION, fund_legs(fund, lines)
        rows_open = lock_owed(entity_id, fund.account_id, fund.currency)
        ceiling = fund.available_minor if amount_minor is None else amount_minor
        lines = distribute(ceiling, rows_open, order or Order.OLDEST_FIRST)
        return EntryKind.APPLICATION, fund_legs(fund, lines)

    def flag(entry_id: int) -> None:
        items = [line.item_id for line in named]
        flag_short_payments(entity_id, entry_id, receipt_id, items, actor_id=actor_id, now=now)

    request = (receipt_id, tuple(named), order, amount_minor, on, from_account)
    return post_one(
        entity_id,
        "application.post",
        request,
        decide,
        right=right,
        on=on,
        actor_id=actor_id,
        now=now,
        key=key,
        after=flag if named else None,
    )


def named_lines(
    rows: Mapping[int, OpenRow], named: Sequence[Named], paid_on: date, unmet: Mapping[int, OpenRow]
) -> list[Line]:
    """What a source reported as settled (``unmet``) is met by the money first; the rest goes to what is still open."""
    taken = _discounts_taken([line.item_id for line in named if line.take_discount])
    lines: list[Line] = []
    for line in named:
        row, rest = rows[line.item_id], line.amount_minor
        settled = unmet.get(line.item_id)
        if settled is not None and line.paid_minor is None:
            met = min(rest, settled.open_minor)
            lines.append(Line(settled, met))
            rest -= met
        if rest:
            discount = discount_allowed(row, paid_on, taken.get(line.item_id, 0)) if line.take_discount else 0
            lines.append(Line(row, rest, discount, line.paid_minor))
    return lines


def _discounts_taken(item_ids: list[int]) -> dict[int, int]:
    """Early-payment discount granted on items so far; what was reversed does not count."""
    if not item_ids:
        return {}
    legs = Posting.objects.filter(item_id__in=item_ids, ledger_account=LedgerAccount.DISCOUNT.value)
    return dict(legs.values("item_id").annotate(total=Sum("amount_minor")).values_list("item_id", "total"))


def apply_credit(
    entity_id: int,
    credit_item_id: int,
    named: Sequence[Named],
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
) -> int:
    """Applies a credit memo, deposit or on-account item to items owed; one entry, both sides naming their item."""

    def decide() -> tuple[EntryKind, tuple[PostingDraft, ...]]:
        rows = lock_items(entity_id, [credit_item_id, *(line.item_id for line in named)])
        lines = [Line(rows[line.item_id], line.amount_minor) for line in named]
        return EntryKind.APPLICATION, credit_legs(rows[credit_item_id], lines)

    request = (credit_item_id, tuple(named), on)
    return post_one(
        entity_id, "credit.apply", request, decide, right=Right.POST_CASH, on=on, actor_id=actor_id, now=now, key=key
    )
