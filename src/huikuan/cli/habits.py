"""``huikuan habits``: how a customer pays, and the day to ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import click

from huikuan.cli.django import setup_database
from huikuan.core.refusals import Refusal

DAY = click.DateTime(["%Y-%m-%d"])


def frame_of(as_of: date | None = None, known_on: date | None = None) -> Any:
    from huikuan.queries.entities import all_entities
    from huikuan.queries.frame import frame_at

    entity_ids = tuple(row["id"] for row in all_entities())
    return frame_at(now=datetime.now(UTC), entity_ids=entity_ids, as_of=as_of, known_on=known_on)


@click.command()
@click.argument("customer")
@click.option("--as-of", type=DAY, help="The day the answer is for; today by default.")
@click.option("--known-on", type=DAY, help="As it was known at the end of that day.")
@click.option("--set", "entered", multiple=True, metavar="FIELD=VALUE", help="Enter what you know, as run_days=10,25.")
@click.option(
    "--step", "steps", multiple=True, type=(str, int), metavar="NAME DAYS", help="A step of its approval; all anew."
)
@click.option("--as", "user", metavar="USER", help="Who enters it (for the audit trail); without it, the system.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def habits(customer: str, as_of: datetime | None, known_on: datetime | None, as_json: bool, **given: Any) -> None:
    """How CUSTOMER (its opaque id, a number, or a name) pays: days, delay, rhythm, payers, and the day to ask.

    With --set and --step what you know is entered first; it goes before what was learned. FIELD is one of
    budget_needed (yes, no), invoice_needs, closing_day, run_days, run_weekdays (mon to sun), run_moves (before, after),
    transfer_days; nothing behind = takes it away.
    """
    setup_database()
    from huikuan.queries.habits import payment_habits

    frame = frame_of(as_of.date() if as_of else None, known_on.date() if known_on else None)
    number, text = customer_meant(frame, customer)
    if given["entered"] or given["steps"]:
        _enter(number, **given)
    found = payment_habits(frame, text)
    if found is None:
        raise Refusal(
            "customer.unclear", "{count} customers match {text}: give the whole name.", count=0, text=customer
        )
    if as_json:
        click.echo(json.dumps(asdict(found), default=str, ensure_ascii=False))
        return
    _show(found)


def customer_meant(frame: Any, text: str) -> tuple[int, str]:
    """Number and opaque id of the customer meant. Refuses ``customer.unclear``."""
    from huikuan.queries.customer_file import customer_file, numbers_of

    if text.startswith("cus_") and (file := customer_file(frame, text)) is not None:
        return file.id, text
    found = numbers_of(frame, text)
    if len(found) != 1:
        message = "{count} customers match {text}: give the whole name."
        raise Refusal("customer.unclear", message, count=len(found), text=text)
    return found[0]


def _enter(number: int, entered: Sequence[str], steps: Sequence[tuple[str, int]], user: str | None) -> None:
    """Keeps what the shell says is known of how a customer pays."""
    from huikuan.cli.customer import read_fields
    from huikuan.core.payment_facts import PaymentStep
    from huikuan.core.payment_texts import FIELDS, steps_text
    from huikuan.services.field_changes import Change
    from huikuan.services.habits import set_payment_habits
    from huikuan.services.lookup import find_user

    wanted = read_fields(entered, [name for name in FIELDS if name != "steps"])
    if steps:
        if any("|" in name or not name.isprintable() for name, _days in steps):
            raise click.UsageError("a step's name is plain text without |")
        wanted["steps"] = steps_text([PaymentStep(name, days, None) for name, days in steps])
    changes = {name: Change(text) for name, text in wanted.items()}
    set_payment_habits(number, changes, actor_id=find_user(user), now=datetime.now(UTC))


def _show(found: Any) -> None:
    learned = found.learned
    click.echo(f"{learned.payments} payments, {learned.documents} documents since {learned.since}")
    for name, pattern in (("days of the month", learned.month_days), ("weekdays", learned.weekdays)):
        click.echo(f"{name:<18} {_pattern(pattern)}")
    late = learned.lateness
    if late.median is None:
        click.echo(f"{'late':<18} not known ({late.documents} paid, {late.waiting} past due)")
    else:
        trend = f", {late.trend} than before" if late.trend else ""
        click.echo(
            f"{'late':<18} {late.median} days (half between {late.p25} and {'later' if late.p75 is None else late.p75};"
            f" {late.documents} paid, {late.waiting} past due{trend})"
        )
    cycle = learned.cycle
    click.echo(f"{'rhythm':<18} " + (f"{cycle.kind} ({cycle.hits} of {cycle.spans})" if cycle.kind else "none seen"))
    if learned.deduction.found:
        what = learned.deduction
        held = f"{what.bp / 100:g} %" if what.bp is not None else f"{what.fixed_minor} minor units {what.currency}"
        click.echo(f"{'holds back':<18} {held} ({what.hits} of {what.documents})")
    for row in found.payers:
        click.echo(f"{'payer':<18} {row.name} ({row.relation}): {row.payments}, last {row.last}")
    for step in found.steps:
        click.echo(f"{'step':<18} {step.name}, {step.working_days} working days {step.contact}")
    asking = found.asking
    if asking is None:
        click.echo(f"{'ask by':<18} not known")
        return
    click.echo(
        f"{'ask by':<18} {asking.by}: pays on {asking.run.day} ({asking.source}), here on {asking.arrives}"
        + (f", due {asking.due}" if asking.due else ", nothing is due")
    )


def _pattern(pattern: Any) -> str:
    if pattern.few:
        return f"too few payment days ({pattern.days})"
    if not pattern.found:
        return f"no pattern ({pattern.days} payment days)"
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    days = [f"about {one.number}" if one.around else str(one.number) for one in pattern.month_days]
    days += [names[one.weekday] for one in pattern.weekdays]
    return f"{', '.join(days)} ({len(pattern.kept)} of {pattern.days}, by chance {pattern.chance:.2g})"
