"""``huikuan workbench``: what posts itself, what was learned, what is asked back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from huikuan.cli import workbench_hand
from huikuan.cli.match_show import show_bar
from huikuan.cli.totals import total_line
from huikuan.cli.workbench import decision_number, workbench
from huikuan.core.money import parse_amount, to_decimal

if TYPE_CHECKING:
    from huikuan.services.matching_policy import Policy

__all__ = ["workbench", "workbench_hand"]

JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")
LIMIT = click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)


@workbench.command("policy")
@click.option("--automatic/--by-hand", default=None, help="Whether anything posts itself.")
@click.option("--max-error", type=click.FloatRange(0, 0.05, min_open=True), help="The share that may be wrong.")
@click.option("--amount-max", metavar="AMOUNT", help="Larger lines wait for a person; 'none': none is too large.")
@click.option("--audit-share", type=click.FloatRange(0.005, 1), help="How much of it is asked back.")
@click.option("--charge-max", metavar="AMOUNT", help="A bank charge up to this ends an item.")
@click.option("--charge-share-max", type=click.FloatRange(0, 0.1), help="And up to this share of the payment.")
@click.option("--paper/--no-paper", default=None, help="Money of other payers waits for their paper.")
@JSON
@click.pass_obj
def policy(context: dict[str, Any], /, as_json: bool, **given: Any) -> None:
    """What the matcher may do by itself, and where its bar stands; with options, decide it."""
    from huikuan.services.matching_engine import bar_of
    from huikuan.services.matching_policy import policy_of, set_policy

    entity_id, currency = context["entity_id"], context["currency"]
    held = policy_of(entity_id)
    if any(value is not None for value in given.values()):
        held = _changed(held, given, currency)
        set_policy(entity_id, held, actor_id=context["actor_id"], now=context["now"])
    most = None if held.amount_minor_max is None else str(to_decimal(held.amount_minor_max, currency))
    charge = str(to_decimal(held.charge_minor_max, currency))
    bar = bar_of(entity_id)
    if as_json:
        said = {
            "automatic": held.is_automatic,
            "max_error": held.max_error,
            "amount_max": most,
            "audit_share": held.audit_bp / 10_000,
            "charge_max": charge,
            "charge_share_max": held.charge_bp_max / 10_000,
            "needs_paper": held.needs_paper,
            "currency": currency,
        }
        click.echo(json.dumps({"policy": said, "bar": bar.to_json()}))
        return
    click.echo("what is sure enough posts itself" if held.is_automatic else "nothing posts itself: switched off")
    click.echo(f"wrong at most: {held.max_error:.4%} with 95 % probability; asked back: {held.audit_bp / 10_000:.1%}")
    click.echo(f"lines up to: {most or 'any amount'} {currency if most else ''}".rstrip())
    click.echo(f"a bank charge ends an item up to {charge} {currency} and {held.charge_bp_max / 10_000:.1%}")
    click.echo(f"money of other payers {'waits for' if held.needs_paper else 'needs no'} paper")
    for line in show_bar(bar):
        click.echo(line)


def _changed(held: Policy, given: dict[str, Any], currency: str) -> Policy:
    """The policy with what was named."""
    new: dict[str, Any] = {}
    if given["automatic"] is not None:
        new["is_automatic"] = given["automatic"]
    if given["max_error"] is not None:
        new["error_ppm"] = round(given["max_error"] * 1_000_000)
    if given["amount_max"] is not None:
        text = given["amount_max"]
        new["amount_minor_max"] = None if text == "none" else parse_amount(text, currency)
    if given["audit_share"] is not None:
        new["audit_bp"] = round(given["audit_share"] * 10_000)
    if given["charge_max"] is not None:
        new["charge_minor_max"] = parse_amount(given["charge_max"], currency)
    if given["charge_share_max"] is not None:
        new["charge_bp_max"] = round(given["charge_share_max"] * 10_000)
    if given["paper"] is not None:
        new["needs_paper"] = given["paper"]
    return replace(held, **new)


@workbench.command("learned")
@click.option("--kind", type=click.Choice(["account", "alias", "habit", "word"]), help="Everything but words without.")
@click.option("--search", default="", help="A part of the account, name or word.")
@LIMIT
@JSON
@click.pass_obj
def learned(context: dict[str, Any], kind: str | None, search: str, limit: int, as_json: bool) -> None:
    """What the matcher learned from decisions, the commonest first."""
    from huikuan.queries.workbench_day import learned_page

    found = learned_page(context["entity_id"], kind=kind or "", search=search, page=1, size=limit)
    if as_json:
        same = ("id", "kind", "key", "customer", "detail", "count", "others")
        rows = [{name: getattr(row, name) for name in same} for row in found.rows]
        click.echo(json.dumps({"total": found.total, "learned": rows}, ensure_ascii=False))
        return
    for row in found.rows:
        leads = row.customer or ("" if row.kind == "word" else "not a customer's money")
        click.echo(f"{row.id:>8}  {row.kind:<7}  {row.count:>6}  {row.key}  {row.detail}  →  {leads}")
    click.echo(total_line(found.total, len(found.rows), "things"))


@workbench.command("forget")
@click.argument("number", type=int)
@click.pass_obj
def forget(context: dict[str, Any], number: int) -> None:
    """Forget the thing NUMBER: it counts from nought, and open lines are worked out without it."""
    from huikuan.services.matching_learning import forget_learned

    forget_learned(context["entity_id"], number, actor_id=context["actor_id"], now=context["now"])
    click.echo("forgotten")


@workbench.command("audit")
@LIMIT
@JSON
@click.pass_obj
def audit(context: dict[str, Any], limit: int, as_json: bool) -> None:
    """Automatic postings that were drawn and wait to be said right or wrong, the oldest first."""
    from huikuan.queries.ids import line_decision_id_text
    from huikuan.queries.workbench_day import audit_slice, audit_totals

    totals = audit_totals(context["entity_id"])
    rows = [
        {
            "decision": line_decision_id_text(row.id),
            "line": row.line_public_id,
            "amount": str(to_decimal(row.amount_minor, row.currency)),
            "currency": row.currency,
            "payer": row.payer,
            "text": row.text,
            "customer": row.customer,
            "documents": list(row.documents),
        }
        for row in audit_slice(context["entity_id"], after=0, limit=limit).rows
    ]
    if as_json:
        counts = {"said": totals.said, "wrong": totals.wrong, "waiting": totals.waiting}
        click.echo(json.dumps({**counts, "drawn": rows}, ensure_ascii=False))
        return
    for one in rows:
        documents = ", ".join(one["documents"])
        click.echo(
            f"{one['decision']}  {one['amount']:>16} {one['currency']}  {one['payer']}  {one['text']}"
            f"  →  {one['customer']}: {documents}"
        )
    click.echo(f"{totals.waiting:,} wait; {totals.said:,} said so far, {totals.wrong:,} wrong")


@workbench.command("say")
@click.argument("decision")
@click.argument("outcome", type=click.Choice(["right", "wrong"]))
@click.option("--note", default="", help="Why.")
@click.pass_obj
def say(context: dict[str, Any], decision: str, outcome: str, note: str) -> None:
    """The drawn posting DECISION was right, or wrong: then it is taken back."""
    from huikuan.services.matching_audit import say_outcome

    who = {"actor_id": context["actor_id"], "now": context["now"]}
    number = decision_number(decision)
    say_outcome(context["entity_id"], number, right=outcome == "right", note=note, **who)
    click.echo("noted as right" if outcome == "right" else "taken back and noted as wrong")
