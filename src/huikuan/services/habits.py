"""What people know of how a customer pays, kept and changed field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from huikuan.core.payment_facts import PaymentFacts, PaymentStep
from huikuan.core.payment_texts import FIELDS, facts_from, plain_text, values_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.queries.payment_facts import facts_of
from huikuan.services.auditing import record
from huikuan.services.customer_names import family_of, survivor_of
from huikuan.services.field_changes import Change, decide_changes, keep_history
from huikuan.services.rights import demand_customer
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Contact, Customer, PaymentHabit, PaymentHabitStep


def set_payment_habits(
    customer_id: int, changes: Mapping[str, Change], *, actor_id: int | None, now: datetime
) -> PaymentFacts:
    """Changes what is known of how a customer pays; gives what stands then. Texts are those of
    ``core.payment_texts.FIELDS``.

    Refuses ``customer.unknown``, ``right.missing``, ``habits.bad_day``, ``habits.too_many_days``,
    ``habits.bad_weekday``, ``habits.bad_count``, ``habits.bad_choice``, ``habits.too_many_steps``,
    ``habits.step_without_name``, ``habits.bad_step``, ``contact.unknown`` and the refusals of ``check_text``. Raises
    ``ChangedMeanwhile``.
    """
    asked = {name: Change(change.to.strip(), change.was) for name, change in changes.items()}
    for name, change in asked.items():
        if name != "steps":
            check_text(name, change.to, FIELDS[name])

    def work() -> PaymentFacts:
        customer = Customer.objects.select_for_update().filter(id=customer_id).first()
        if customer is None:
            raise Refusal("customer.unknown", "there is no customer {number}", number=customer_id)
        demand_customer(actor_id, Right.EDIT_CUSTOMER, customer_id=survivor_of(customer_id))
        before = values_of(facts_of(customer_id))
        after = {name: plain_text(name, text) for name, text in decide_changes(before, asked).items()}
        after = {name: text for name, text in after.items() if text != before[name]}
        facts = facts_from({**before, **after})
        if after:
            _check_contacts(customer_id, facts.steps)
            _write(customer_id, facts, now)
            keep_history(customer_id, "habits", before, after, actor_id=actor_id, now=now)
            subject = f"customer:{customer_id}"
            record("habits.changed", now=now, actor_id=actor_id, subject=subject, fields=sorted(after))
        return facts

    return run_in_transaction(work)


def _write(customer_id: int, facts: PaymentFacts, now: datetime) -> None:
    PaymentHabit.objects.update_or_create(
        customer_id=customer_id,
        defaults={
            "budget_needed": facts.budget_needed,
            "invoice_needs": facts.invoice_needs,
            "closing_day": facts.closing_day,
            "run_days": ",".join(map(str, facts.run_days)),
            "run_weekdays": ",".join(map(str, facts.run_weekdays)),
            "moves_before": facts.moves_before,
            "transfer_days": facts.transfer_days,
            "changed_at": now,
        },
    )
    PaymentHabitStep.objects.filter(customer_id=customer_id).delete()
    PaymentHabitStep.objects.bulk_create(
        PaymentHabitStep(
            customer_id=customer_id,
            number=number,
            name=step.name,
            working_days=step.working_days,
            contact_id=step.contact_id,
        )
        for number, step in enumerate(facts.steps, 1)
    )


def _check_contacts(customer_id: int, steps: Sequence[PaymentStep]) -> None:
    wanted = {step.contact_id for step in steps if step.contact_id is not None}
    known = Contact.objects.filter(id__in=wanted, customer__in=family_of(customer_id), erased_at__isnull=True)
    if known.count() < len(wanted):
        raise Refusal("contact.unknown", "The contact is gone already.")
