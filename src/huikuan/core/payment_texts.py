"""What is known of how a customer pays, as texts: the form, the history of changes and programs speak in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from huikuan.core.payment_facts import (
    STEP_DAYS_MAX,
    TRANSFER_DAYS_MAX,
    WEEKDAYS,
    PaymentFacts,
    PaymentStep,
    check_steps,
    parse_count,
    parse_month_day,
    parse_run_days,
    parse_weekdays,
)
from huikuan.core.refusals import Refusal
from huikuan.core.texts import check_text

FIELDS = {
    "budget_needed": 3,
    "invoice_needs": 500,
    "closing_day": 6,
    "run_days": 60,
    "run_weekdays": 40,
    "run_moves": 6,
    "transfer_days": 4,
    "steps": 2_000,
}
"""What may be changed, each with its longest length. Values are texts: ``budget_needed`` yes, no or nothing;
``run_weekdays`` mon to sun parted by commas; ``run_moves`` before, or nothing for after; ``steps`` as ``steps_text``
writes them."""


def values_of(facts: PaymentFacts) -> dict[str, str]:
    """The facts as the texts of ``FIELDS``."""
    return {
        "budget_needed": {True: "yes", False: "no", None: ""}[facts.budget_needed],
        "invoice_needs": facts.invoice_needs,
        "closing_day": "" if facts.closing_day is None else str(facts.closing_day),
        "run_days": ", ".join(map(str, facts.run_days)),
        "run_weekdays": ",".join(WEEKDAYS[number] for number in facts.run_weekdays),
        "run_moves": "before" if facts.moves_before else "",
        "transfer_days": "" if facts.transfer_days is None else str(facts.transfer_days),
        "steps": steps_text(facts.steps),
    }


def facts_from(values: Mapping[str, str]) -> PaymentFacts:
    """The facts the texts of ``FIELDS`` stand for; refuses what ``set_payment_habits`` refuses of them."""
    budget, moves = values["budget_needed"], values["run_moves"]
    if budget not in ("", "yes", "no"):
        raise _bad_choice(budget)
    if moves not in ("", "after", "before"):
        raise _bad_choice(moves)
    return PaymentFacts(
        budget_needed={"yes": True, "no": False, "": None}[budget],
        invoice_needs=values["invoice_needs"],
        closing_day=parse_month_day(values["closing_day"]),
        run_days=parse_run_days(values["run_days"]),
        run_weekdays=parse_weekdays(values["run_weekdays"].split(",")),
        moves_before=moves == "before",
        transfer_days=parse_count(values["transfer_days"], TRANSFER_DAYS_MAX),
        steps=steps_from(values["steps"]),
    )


def steps_text(steps: Sequence[PaymentStep]) -> str:
    """One step a line: its name, its working days and the number of the contact who holds it, parted by ``|``."""
    return "\n".join(f"{step.name}|{step.working_days}|{step.contact_id or ''}" for step in steps)


def steps_from(text: str) -> tuple[PaymentStep, ...]:
    """``steps_text`` read back; a line without a name, days and contact is left out."""
    found = []
    for line in text.splitlines():
        name, _, rest = line.partition("|")
        days, _, contact = rest.partition("|")
        if not (name.strip() or days.strip() or contact.strip()):
            continue
        name = " ".join(name.split())
        check_text("step", name, 80)
        if contact.strip() and not contact.strip().isdigit():
            raise Refusal("contact.unknown", "The contact is gone already.")
        count = parse_count(days, STEP_DAYS_MAX)
        found.append(PaymentStep(name, 0 if count is None else count, int(contact) if contact.strip() else None))
    return check_steps(found)


def plain_text(name: str, text: str) -> str:
    """The text as it is kept, so that another way of writing the same is no change."""
    empty = dict.fromkeys(FIELDS, "")
    return values_of(facts_from(empty | {name: text}))[name]


def _bad_choice(text: str) -> Refusal:
    return Refusal("habits.bad_choice", "{text!r} is not one of the choices.", text=text[:20])
