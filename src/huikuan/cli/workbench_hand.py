"""``huikuan workbench``: lines decided by hand, many at once, a colleague asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from huikuan.cli.workbench import found_line, line_number, workbench
from huikuan.core.matching import Deed, Leg, NotCustomers, Rest
from huikuan.core.money import parse_amount, to_decimal
from huikuan.core.refusals import Refusal

if TYPE_CHECKING:
    from huikuan.services.line_decisions import Choice

REASONS = ("early_payment_discount", "bank_charge", "exchange", "short_payment")


def _decide(context: dict[str, Any], line: str, choice: Choice) -> None:
    from huikuan.queries.ids import line_decision_id_text
    from huikuan.services.line_decisions import decide_line

    number = line_number(context["entity_id"], line)
    made = decide_line(context["entity_id"], number, choice, actor_id=context["actor_id"], now=context["now"])
    click.echo(f"done: {line_decision_id_text(made)}")


@workbench.command("apply")
@click.argument("line")
@click.option(
    "--item",
    "items",
    nargs=2,
    multiple=True,
    required=True,
    metavar="NUMBER AMOUNT",
    help="A document (by number or opaque id) and what of the money goes to it, to a credit memo with a minus; "
    "of one customer or several.",
)
@click.option(
    "--kept",
    nargs=3,
    multiple=True,
    metavar="NUMBER AMOUNT REASON",
    help=f"What the payer kept of a document, and why: {', '.join(REASONS)}.",
)
@click.option(
    "--rest",
    type=click.Choice([one.value for one in Rest]),
    default=Rest.UNAPPLIED.value,
    show_default=True,
    help="What becomes of money that is left: kept unapplied, put on account, or open on the workbench.",
)
@click.pass_obj
def apply(
    context: dict[str, Any],
    line: str,
    items: tuple[tuple[str, str], ...],
    kept: tuple[tuple[str, str, str], ...],
    rest: str,
) -> None:
    """Apply LINE to documents; prints the decision."""
    from huikuan.services.line_decisions import Choice

    currency = found_line(context["entity_id"], line).currency
    less = {name: (parse_amount(amount, currency), reason) for name, amount, reason in kept}
    for name, (minor, reason) in less.items():
        if name not in dict(items):
            raise click.BadParameter(f"{name} is not among the items", param_hint="--kept")
        if reason not in REASONS:
            raise click.BadParameter(f"{reason} is none of {', '.join(REASONS)}", param_hint="--kept")
        if minor <= 0:
            raise Refusal("form.not_positive", "The amount must be more than nothing.")
    legs = tuple(
        _leg(context["entity_id"], name, parse_amount(amount, currency), *less.get(name, (0, "")))
        for name, amount in items
    )
    _decide(context, line, Choice(Deed.APPLY, legs=legs, rest=Rest(rest)))


def _leg(entity_id: int, name: str, minor: int, kept: int, reason: str) -> Leg:
    from huikuan.queries.ids import item_id_text
    from huikuan.queries.workbench_edit import items_named
    from huikuan.services.lookup import find_item

    public_id = item_id_text(find_item(name).number)
    item = items_named(entity_id, [public_id]).get(public_id)
    if item is None:
        raise Refusal("item.unknown", "there is no {kind} {text}", kind="item", text=name)
    return Leg(item.item_id, item.account_id, minor, kept, reason)


@workbench.command("keep")
@click.argument("line")
@click.argument("customer")
@click.option("--on-account", is_flag=True, help="As an advance; without it, kept unapplied for now.")
@click.pass_obj
def keep(context: dict[str, Any], line: str, customer: str, on_account: bool) -> None:
    """LINE is money of CUSTOMER (number or opaque id) and pays nothing yet."""
    from huikuan.services.line_decisions import Choice
    from huikuan.services.lookup import find_account

    account_id = find_account(context["entity_id"], customer)
    _decide(context, line, Choice(Deed.ON_ACCOUNT if on_account else Deed.UNAPPLIED, account_id=account_id))


@workbench.command("not-customer")
@click.argument("line")
@click.argument("money_class", metavar="CLASS", type=click.Choice([one.value for one in NotCustomers]))
@click.pass_obj
def not_customer(context: dict[str, Any], line: str, money_class: str) -> None:
    """LINE is no customer's money but of CLASS: interest, tax_refund, own_transfer, loan, platform_payout,
    supplier_refund, other."""
    from huikuan.services.line_decisions import Choice

    _decide(context, line, Choice(Deed.NOT_CUSTOMER, detail=money_class))


@workbench.command("accept-many")
@click.option("--least", type=click.FloatRange(0.5, 1.0), default=0.99, show_default=True, help="How sure at least.")
@click.option("--mark", help="Do it, if it is still the lines this was printed for.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def accept_many(context: dict[str, Any], least: float, mark: str | None, as_json: bool) -> None:
    """What accepting every first explanation of at least a confidence would do, the surest 500 at a time; with --mark,
    do it."""
    from huikuan.queries.workbench import batch_of
    from huikuan.services.matching import accept_batch

    entity_id, now = context["entity_id"], context["now"]
    if mark is None:
        batch = batch_of(entity_id, least, now=now)
        count, sums = len(batch.tokens), sorted(batch.sums.items())
        amounts = {currency: str(to_decimal(minor, currency)) for currency, minor in sums}
        said = {"lines": count, "sums": amounts, "mark": batch.mark}
        told = ", ".join(f"{amount} {currency}" for currency, amount in amounts.items()) or "no money"
        click.echo(json.dumps(said) if as_json else f"{count:,} lines, {told}; do it with --mark {said['mark']}")
        return
    done, left = accept_batch(entity_id, least, mark=mark, actor_id=context["actor_id"], now=now)
    click.echo(json.dumps({"applied": done, "left": left}) if as_json else f"{done:,} applied, {left:,} left")


@workbench.command("ask")
@click.argument("line")
@click.argument("colleague", metavar="USER")
@click.argument("question")
@click.pass_obj
def ask(context: dict[str, Any], line: str, colleague: str, question: str) -> None:
    """Ask USER about LINE: they find the QUESTION under Today, and the line comes back with the answer."""
    from huikuan.services.line_asides import ask_about_line
    from huikuan.services.lookup import find_user

    asked_id = find_user(colleague) or 0
    number = line_number(context["entity_id"], line)
    ask_about_line(context["entity_id"], number, asked_id, question, actor_id=context["actor_id"], now=context["now"])
    click.echo("asked")


@workbench.command("questions")
@click.pass_obj
def questions(context: dict[str, Any]) -> None:
    """What the user of --as was asked and has not answered."""
    from huikuan.queries.frame import seen_entities
    from huikuan.queries.grants import held_by
    from huikuan.queries.workbench_day import questions_for

    user_id = _somebody(context)
    for row in questions_for(user_id, [row.id for row in seen_entities(held_by(user_id))]):
        amount = to_decimal(row.amount_minor, row.currency)
        click.echo(f"{row.id}  {row.asked_by}: {row.question}  ({amount} {row.currency}, {row.payer}, {row.text})")


@workbench.command("answer")
@click.argument("number", type=int, metavar="QUESTION")
@click.argument("answer")
@click.pass_obj
def answer_question(context: dict[str, Any], number: int, answer: str) -> None:
    """Answer QUESTION as the user of --as; the line comes back to the workbench with it."""
    from huikuan.services import line_asides

    line_asides.answer_question(number, answer, actor_id=_somebody(context), now=context["now"])
    click.echo("answered")


def _somebody(context: dict[str, Any]) -> int:
    if context["actor_id"] is None:
        raise click.UsageError("say who answers: --as USER before the command")
    return int(context["actor_id"])
