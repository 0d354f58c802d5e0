"""Receipts for cash: listed with whether the money was handed in, and one to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet, Sum

from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.store.models import CashSlip
from huikuan.store.public_ids import inner_id, public_id

WHICH = ("out", "late", "all")


@dataclass(frozen=True, slots=True)
class SlipRow:
    """A receipt for cash. ``days_late``: how long after its day it was handed in, or has not been yet."""

    id: int
    public_id: str
    number: str
    entity_id: int
    entity_code: str
    entity_name: str
    customer_public_id: str
    customer_name: str
    account_id: int | None
    currency: str
    amount_minor: int
    payer: str
    purpose: str
    reason: str
    escort: str
    collected_by: str
    received_on: date
    due_on: date
    handed_in_on: date | None
    place: str
    days_late: int
    is_reversed: bool
    receipt_public_id: str
    item_public_id: str
    document_number: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class SlipTotal:
    currency: str
    amount_minor: int
    slips: int


def _found(frame: Frame) -> QuerySet[CashSlip]:
    # Who may see the customer sees the slip; cash always names its customer.
    return CashSlip.objects.filter(frame.visible("receipt__account"), received_on__lte=frame.as_of)


def _which(found: QuerySet[CashSlip], which: str, today: date) -> QuerySet[CashSlip]:
    if which == "all":
        return found
    found = found.filter(hand_in=None, receipt__entry__reversed_by=None)
    return found.filter(due_on__lt=today) if which == "late" else found


def slip_page(
    frame: Frame, *, which: str = "all", search: str = "", sort: str = "-number", page: int = 1, size: int = 50
) -> Page[SlipRow]:
    """Receipts for cash, newest first. ``which``: money still out, out and late, or all."""
    found = _which(_found(frame), which, frame.today)
    if search:
        found = found.filter(receipt__account__customer__search_text__contains=search.lower()) | found.filter(
            payer__icontains=search
        )
    sums: dict[str, Any] = {}
    for row in found.order_by().values("receipt__currency").annotate(amount=Sum("receipt__amount_minor")):
        code = row["receipt__currency"]
        sums[code] = SlipTotal(code, int(row["amount"]), found.filter(receipt__currency=code).count())
    order = ("year", "number") if not sort.startswith("-") else ("-year", "-number")
    start = (max(page, 1) - 1) * size
    rows = _full(found).order_by(*order, "id")[start : start + size]
    listed = [_row(slip, frame.today) for slip in rows]
    return Page(rows=listed, total=sum(one.slips for one in sums.values()), page=page, size=size, totals=sums)


def slip_slice(frame: Frame, *, which: str, after: int, limit: int) -> Slice[SlipRow]:
    """Receipts for cash in the order in which they were written."""
    found = _full(_which(_found(frame), which, frame.today)).filter(id__gt=after)
    rows = [_row(slip, frame.today) for slip in found.order_by("id")[: limit + 1]]
    shown = rows[:limit]
    return Slice(shown, shown[-1].id if shown else None, len(rows) > limit)


def slip_counts(frame: Frame) -> dict[str, int]:
    """How many receipts each choice has."""
    return {which: _which(_found(frame), which, frame.today).count() for which in WHICH}


def slips_late(frame: Frame) -> int:
    """Receipts whose money should have been handed in by now."""
    return _which(_found(frame), "late", frame.today).count()


def slip(frame: Frame, text: str) -> SlipRow | None:
    """One receipt for cash by its opaque id."""
    number = inner_id("csh", text)
    found = _full(_found(frame)).filter(id=number or 0).first()
    return None if found is None else _row(found, frame.today)


def slip_id_text(slip_id: int) -> str:
    return public_id("csh", slip_id)


def _full(found: QuerySet[CashSlip]) -> QuerySet[CashSlip]:
    return found.select_related(
        "entity",
        "receipt__account__customer",
        "receipt__entry__reversed_by",
        "item",
        "hand_in",
        "collected_by",
        "actor",
    )


def _name(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user is not None else ""


def _row(slip: CashSlip, today: date) -> SlipRow:
    receipt, handed = slip.receipt, getattr(slip, "hand_in", None)
    account, item = receipt.account, slip.item
    is_reversed = hasattr(receipt.entry, "reversed_by")
    until = handed.on if handed is not None else today
    return SlipRow(
        id=slip.pk,
        public_id=public_id("csh", slip.pk),
        number=f"{slip.year}-{slip.number:06d}",
        entity_id=slip.entity_id,
        entity_code=slip.entity.code,
        entity_name=slip.entity.name,
        customer_public_id=public_id("cus", account.customer_id) if account else "",
        customer_name=account.customer.name if account else "",
        account_id=receipt.account_id,
        currency=receipt.currency,
        amount_minor=receipt.amount_minor,
        payer=slip.payer,
        purpose=slip.purpose,
        reason=slip.reason,
        escort=slip.escort,
        collected_by=_name(slip.collected_by),
        received_on=slip.received_on,
        due_on=slip.due_on,
        handed_in_on=handed.on if handed is not None else None,
        place=handed.place if handed is not None else "",
        days_late=0 if is_reversed and handed is None else max((until - slip.due_on).days, 0),
        is_reversed=is_reversed,
        receipt_public_id=public_id("rcp", receipt.pk),
        item_public_id=public_id("itm", item.pk) if item else "",
        document_number=item.document_number if item else "",
        recorded_at=slip.recorded_at,
        recorded_by=_name(slip.actor),
    )
