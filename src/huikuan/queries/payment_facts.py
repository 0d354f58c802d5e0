"""What people entered of how a customer pays; as it stands now, whatever day the frame is on."""

from __future__ import annotations

from huikuan.core.payment_facts import PaymentFacts, PaymentStep
from huikuan.store.models import PaymentHabit, PaymentHabitStep


def facts_of(customer_id: int) -> PaymentFacts:
    """What people entered; nothing entered is ``PaymentFacts()``."""
    row = PaymentHabit.objects.filter(customer_id=customer_id).first()
    steps = tuple(
        PaymentStep(step.name, step.working_days, step.contact_id)
        for step in PaymentHabitStep.objects.filter(customer_id=customer_id).order_by("number")
    )
    if row is None:
        return PaymentFacts(steps=steps)
    return PaymentFacts(
        budget_needed=row.budget_needed,
        invoice_needs=row.invoice_needs,
        closing_day=row.closing_day,
        run_days=_numbers(row.run_days),
        run_weekdays=_numbers(row.run_weekdays),
        moves_before=row.moves_before,
        transfer_days=row.transfer_days,
        steps=steps,
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)
