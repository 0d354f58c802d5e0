"""The demo's short payments, made of items its customers paid almost in full, and what is known of how some pay."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F

from huikuan.core.short_payments import SHARE_BP
from huikuan.services.field_changes import Change
from huikuan.services.habits import set_payment_habits
from huikuan.services.short_payments import open_short_payment, reject_short_payment
from huikuan.store.models import Contact, Customer, OpenItemBalance, Posting

REASONS = ("unstated", "price", "unstated", "bank_charge", "quality", "discount", "unstated", "freight")
_LOOKED_BACK = timedelta(days=30)
_HABITS = (
    {"run_days": "25", "closing_day": "18", "transfer_days": "1", "steps": "部门经理|1|\n财务总监|2|"},
    {"run_days": "10, 25", "run_moves": "before", "steps": "Department head|1|\nCFO|2|"},
    {"run_weekdays": "thu", "budget_needed": "yes", "invoice_needs": "订单号、项目名称"},
)


def add_cases(*, actor_id: int, now: datetime) -> int:
    """A case for each item of the last month that was paid short, opened when the money was applied; gives how
    many there are. Every fourth is rejected."""
    found = OpenItemBalance.objects.filter(
        open_minor__gt=0, is_current=True, open_minor__lte=F("original_minor") * SHARE_BP / 10_000
    ).exclude(item__account__shops__isnull=False)  # what a platform kept is seen there
    made = 0
    for balance in found.select_related("item").order_by("item_id"):
        legs = Posting.objects.filter(item_id=balance.item_id, receipt__isnull=False, amount_minor__lt=0)
        leg = legs.select_related("entry").order_by("-entry_id").first()
        if leg is None or leg.entry.recorded_at < now - _LOOKED_BACK:
            continue
        at = leg.entry.recorded_at
        case = open_short_payment(
            balance.item.entity_id,
            balance.item_id,
            reason_code=REASONS[made % len(REASONS)],
            entry_id=leg.entry_id,
            receipt_id=leg.receipt_id,
            actor_id=actor_id,
            now=at,
        )
        if made % 4 == 3:
            reject_short_payment(
                case,
                note="按合同价结算，已电话告知 / told by phone: the contract's price stands",
                actor_id=actor_id,
                now=min(at + timedelta(days=2), now),
            )
        made += 1
    return made


def add_habits(*, actor_id: int, now: datetime) -> None:
    """What people know of the first customers, whoever pays there holding the last signature."""
    for customer, known in zip(Customer.objects.order_by("id")[: len(_HABITS)], _HABITS, strict=False):
        holder = Contact.objects.filter(customer=customer, parts__contains="pays").first()
        texts = dict(known)
        if "steps" in texts and holder is not None:
            texts["steps"] += str(holder.id)
        changes = {name: Change(text) for name, text in texts.items()}
        set_payment_habits(customer.id, changes, actor_id=actor_id, now=now)
