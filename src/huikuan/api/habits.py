"""How a customer pays: read with its evidence; what people know better is put."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.answers import tagged
from huikuan.api.callers import caller_of
from huikuan.api.customers import demand_editing
from huikuan.api.parts import frame_of
from huikuan.api.problems import NotThere, invalid
from huikuan.api.schemas import Given, Id, Standpoint, money
from huikuan.core.asking_day import AskingDay
from huikuan.core.habits import Deduction, Habits, Lateness
from huikuan.core.habits_days import Pattern
from huikuan.core.payment_facts import STEP_DAYS_MAX, STEPS_MAX, TRANSFER_DAYS_MAX, WEEKDAYS, PaymentFacts, PaymentStep
from huikuan.core.payment_texts import values_of
from huikuan.core.refusals import Refusal
from huikuan.queries.customer_file import customer_file, owns
from huikuan.queries.feeds_customers import one_customer
from huikuan.queries.habits import CustomerHabits, payment_habits
from huikuan.services.field_changes import Change
from huikuan.services.habits import set_payment_habits

router = Router(tags=["Customers"])

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MonthDay = Annotated[int, Field(ge=1, le=31)]
StepName = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f|]*[^\s|\x7f][^\x00-\x1f\x7f|]*$")
]


class MonthDayOut(Schema):
    """`day` 31 is the last day. `late`: up to so many working days after it; `around`: so many days on either side of
    it; `before`: days off move it back."""

    day: int
    late: int
    around: int
    before: bool
    hits: int


class WeekdayOut(Schema):
    weekday: Weekday
    hits: int


class PatternOut(Schema):
    """Days told from chance: they explain `kept` of `payment_days`. `chance`: how likely random days show the first of
    them. Empty lists: no pattern, or too few payments (`few`)."""

    payment_days: int
    kept: int
    few: bool
    chance: float
    month_days: list[MonthDayOut]
    weekdays: list[WeekdayOut]


class LatenessOut(Schema):
    """Days, negative is early; null where too little is known, or where it lies among what is still open."""

    documents: int
    waiting: int
    p25: int | None
    median: int | None
    p75: int | None
    trend: Literal["", "later", "earlier"]


class CycleOut(Schema):
    kind: Literal["", "weekly", "monthly", "quarterly", "by_document"]
    hits: int
    spans: int
    months_after: int | None


class PayerOut(Schema):
    """Somebody who paid: the customer `itself`, its `group`, or an `other` name."""

    name: str
    relation: Literal["itself", "group", "other"]
    payments: int
    last: date


class DeductionOut(Schema):
    """What is held back each time, on `hits` of `documents` paid ones: `percent` or `fixed` in `currency`, or null."""

    percent: float | None
    fixed: str | None
    currency: str | None
    hits: int
    documents: int


class StepOut(Schema):
    name: str
    working_days: int
    contact: str | None


class FactsOut(Schema):
    """What people entered; it goes before what is learned."""

    budget_needed: bool | None
    invoice_needs: str
    closing_day: int | None
    run_days: list[int]
    run_weekdays: list[Weekday]
    run_moves: Literal["after", "before"]
    transfer_days: int | None
    steps: list[StepOut]


class AskingOut(Schema):
    """Ask `by` this day for what is `due`: the customer then pays on `pays_on` (`named_day` before days off moved it)
    and the money is here on `arrives`. `source`: whether payment days were entered, learned, or only the due date is
    known."""

    by: date
    pays_on: date
    named_day: date
    source: Literal["entered", "learned", "due"]
    arrives: date
    due: date | None
    approval_days: int
    closing: date | None


class PaymentHabitsOut(Schema):
    """How a customer pays, as of a day. `country`: whose working days were counted."""

    customer: str
    as_of: date
    since: date
    payments: int
    documents: int
    country: str
    month_days: PatternOut
    weekdays: PatternOut
    lateness: LatenessOut
    from_document: LatenessOut
    cycle: CycleOut
    purchase_days: int | None
    payers: list[PayerOut]
    deduction: DeductionOut
    facts: FactsOut
    asking: AskingOut | None


class StepIn(Given):
    """`contact`: who holds it; without one, the contact who signs at that place."""

    name: StepName
    working_days: int = Field(..., ge=0, le=STEP_DAYS_MAX)
    contact: Id | None = None


class PaymentFactsIn(Given):
    """Everything people know, as a whole: what is left out is not known."""

    budget_needed: bool | None = None
    invoice_needs: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    closing_day: MonthDay | None = None
    run_days: list[MonthDay] = Field([], max_length=10)
    run_weekdays: list[Weekday] = Field([], max_length=7)
    run_moves: Literal["after", "before"] = "after"
    transfer_days: int | None = Field(None, ge=0, le=TRANSFER_DAYS_MAX)
    steps: list[StepIn] = Field([], max_length=STEPS_MAX)


@router.get("/{customer_id}/payment-habits", response=PaymentHabitsOut, summary="How a customer pays")
def read_habits(request: HttpRequest, customer_id: Path[Id], asked: Query[Standpoint]) -> object:
    """Payment days, lateness, rhythm, payers and deductions with their evidence, and the day to ask."""
    found = payment_habits(frame_of(request, asked), customer_id)
    if found is None:
        raise NotThere
    return habits_out(found)


@router.put("/{customer_id}/payment-habits", response=PaymentHabitsOut, summary="Say what you know of it")
def put_habits(request: HttpRequest, customer_id: Path[Id], body: PaymentFactsIn) -> HttpResponse:
    """Replaces what people know of how the customer pays."""
    caller = caller_of(request)
    known, file = one_customer(caller.frame(), customer_id), customer_file(caller.frame(), customer_id)
    if known is None or file is None:
        raise NotThere
    demand_editing(caller, known)
    steps = []
    for place, step in enumerate(body.steps):
        number = owns(file, "con", step.contact) if step.contact else None
        if step.contact and number is None:
            raise invalid(f"/steps/{place}/contact", Refusal("contact.unknown", "The contact is gone already."))
        steps.append(PaymentStep(step.name, step.working_days, number))
    facts = PaymentFacts(
        budget_needed=body.budget_needed,
        invoice_needs=body.invoice_needs,
        closing_day=body.closing_day,
        run_days=tuple(sorted(set(body.run_days))),
        run_weekdays=tuple(sorted({WEEKDAYS.index(code) for code in body.run_weekdays})),
        moves_before=body.run_moves == "before",
        transfer_days=body.transfer_days,
        steps=tuple(steps),
    )
    set_payment_habits(file.id, {name: Change(text) for name, text in values_of(facts).items()}, **caller.actor)
    found = payment_habits(caller.frame(), customer_id)
    if found is None:
        raise NotThere
    return tagged(request, habits_out(found))


def habits_out(found: CustomerHabits) -> PaymentHabitsOut:
    learned = found.learned
    return PaymentHabitsOut(
        customer=found.public_id,
        as_of=learned.as_of,
        since=learned.since,
        payments=learned.payments,
        documents=learned.documents,
        country=found.country,
        month_days=_pattern(learned.month_days),
        weekdays=_pattern(learned.weekdays),
        lateness=_lateness(learned.lateness),
        from_document=_lateness(learned.from_document),
        cycle=_cycle(learned),
        purchase_days=learned.purchases.median,
        payers=[
            PayerOut(name=one.name, relation=one.relation, payments=one.payments, last=one.last)  # type: ignore[arg-type]
            for one in found.payers
        ],
        deduction=_deduction(learned.deduction),
        facts=_facts(found),
        asking=None if found.asking is None else _asking(found.asking),
    )


def _pattern(found: Pattern) -> PatternOut:
    return PatternOut(
        payment_days=found.days,
        kept=len(found.kept),
        few=found.few,
        chance=found.chance,
        month_days=[
            MonthDayOut(day=one.number, late=one.late, around=one.around, before=one.before, hits=one.hits)
            for one in found.month_days
        ],
        weekdays=[
            WeekdayOut(weekday=WEEKDAYS[one.weekday], hits=one.hits)  # type: ignore[arg-type]
            for one in found.weekdays
        ],
    )


def _lateness(found: Lateness) -> LatenessOut:
    names = ("documents", "waiting", "p25", "median", "p75", "trend")
    return LatenessOut(**{name: getattr(found, name) for name in names})


def _cycle(learned: Habits) -> CycleOut:
    names = ("kind", "hits", "spans", "months_after")
    return CycleOut(**{name: getattr(learned.cycle, name) for name in names})


def _deduction(found: Deduction) -> DeductionOut:
    fixed = None if found.fixed_minor is None else money(found.fixed_minor, found.currency)
    return DeductionOut(
        percent=None if found.bp is None else found.bp / 100,
        fixed=fixed,
        currency=found.currency or None,
        hits=found.hits,
        documents=found.documents,
    )


def _facts(found: CustomerHabits) -> FactsOut:
    facts = found.facts
    return FactsOut(
        budget_needed=facts.budget_needed,
        invoice_needs=facts.invoice_needs,
        closing_day=facts.closing_day,
        run_days=list(facts.run_days),
        run_weekdays=[WEEKDAYS[number] for number in facts.run_weekdays],  # type: ignore[misc]
        run_moves="before" if facts.moves_before else "after",
        transfer_days=facts.transfer_days,
        steps=[
            StepOut(name=one.name, working_days=one.working_days, contact=one.contact_public_id or None)
            for one in found.steps
        ],
    )


def _asking(found: AskingDay) -> AskingOut:
    return AskingOut(
        by=found.by,
        pays_on=found.run.day,
        named_day=found.run.named,
        source=found.source,  # type: ignore[arg-type]
        arrives=found.arrives,
        due=found.due,
        approval_days=found.approval_days,
        closing=found.closing,
    )
