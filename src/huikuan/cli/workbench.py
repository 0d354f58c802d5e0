"""``huikuan workbench``: bank lines of the books matched, listed, decided about."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from huikuan.cli.django import setup_database
from huikuan.cli.match_show import show_bar
from huikuan.cli.totals import total_line
from huikuan.core.money import to_decimal
from huikuan.core.refusals import Refusal

if TYPE_CHECKING:
    from huikuan.queries.bank_lines import MatchLine
    from huikuan.queries.workbench_line import Card

HELD_BACK = {
    "off": "automatic posting is switched off",
    "ambiguous": "more than one combination fits",
    "kind": "not plainly items paid in full",
    "several_customers": "for several customers",
    "third_party": "somebody else pays, and no paper is kept",
    "shop": "a platform's money is looked for among its shop's days",
    "currency": "another currency",
    "amount": "larger than the policy allows",
    "closed_period": "its month is closed",
    "parked": "put aside",
    "taken": "somebody was at it",
}
"""Why a line above the bar was not posted."""


class _Asked(click.Group):
    """Notes whether somebody only asks what a command does: then it need not be said for whom."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[__name__] = bool({"--help", "-h"} & set(args))
        return super().parse_args(ctx, args)


@click.group(cls=_Asked)
@click.option("--entity", metavar="CODE", help="The legal entity.  [required]")
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def workbench(ctx: click.Context, entity: str | None, user: str | None) -> None:
    """Money from bank statements that somebody still has to apply, and what the matcher says of it."""
    if ctx.meta[__name__]:
        return
    if entity is None:
        raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0])
    setup_database()
    from huikuan.services.lookup import find_entity, find_user

    entity_id, currency = find_entity(entity)
    ctx.obj = {"entity_id": entity_id, "currency": currency, "actor_id": find_user(user), "now": datetime.now(UTC)}


@workbench.command("match")
@click.option("--fit", is_flag=True, help="Set the bar anew from the confirmed past first.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def match(context: dict[str, Any], fit: bool, as_json: bool) -> None:
    """Match every open line; post what the policy allows."""
    from huikuan.engines.match_doubts import ENDING
    from huikuan.services.matching import run_matching

    report = run_matching(context["entity_id"], actor_id=context["actor_id"], now=context["now"], fit=fit)
    if as_json:
        named = ("lines", "posted", "proposed", "unexplained", "held_back")
        click.echo(json.dumps({**{name: getattr(report, name) for name in named}, "bar": report.bar.to_json()}))
        return
    click.echo(
        f"{report.lines:,} lines: {report.posted:,} posted, {report.proposed:,} proposed, "
        f"{report.unexplained:,} without an explanation"
    )
    for code, count in sorted(report.held_back.items()):
        click.echo(f"sure enough, but left for a person: {count:,}, {HELD_BACK.get(code, code)}")
    for said in show_bar(report.bar, only=ENDING):
        click.echo(said)


@workbench.command("list")
@click.option("--show", type=click.Choice(["open", "asked", "parked"]), default="open", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_lines(context: dict[str, Any], show: str, limit: int, as_json: bool) -> None:
    """Lines that wait for a decision, the surest first."""
    from huikuan.queries.workbench_order import Wish, bench_page

    found, _ = bench_page(context["entity_id"], Wish(show=show, size=limit), user_id=None, now=context["now"])
    rows = [
        {
            "line": row.public_id,
            "value_date": row.line.value_date.isoformat(),
            "amount": str(to_decimal(row.line.open_minor, row.line.currency)),
            "currency": row.line.currency,
            "payer": row.line.payer_name,
            "text": row.line.remittance_text,
            "kind": row.kind,
            "customer": row.customer,
            "confidence": round(row.confidence, 6),
            "ambiguous": row.ambiguous,
            "looked_at": row.is_worked_out,
        }
        for row in found.rows
    ]
    if as_json:
        click.echo(json.dumps({"total": found.total, "lines": rows}, ensure_ascii=False))
        return
    for one in rows:
        kind = one["kind"] or ("nothing fits" if one["looked_at"] else "not looked at yet")
        click.echo(
            f"{one['line']}  {one['value_date']}  {one['amount']:>16} {one['currency']}  {one['confidence']:.3f}"
            f"  {one['payer']}  →  {one['customer'] or '?'} ({kind})"
        )
    click.echo(total_line(found.total, len(rows), "lines"))


@workbench.command("show")
@click.argument("line")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True, help="Of the reasons.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def show(context: dict[str, Any], line: str, lang: str, as_json: bool) -> None:
    """The ranked explanations of LINE, with why, and what each would apply."""
    from huikuan.services.matching import fresh_pane

    found = found_line(context["entity_id"], line)
    pane, is_open = fresh_pane(found, user_id=None, now=context["now"])
    cards = [_card(card, found.currency, lang) for card in pane.cards] if is_open else []
    left = str(to_decimal(found.open_minor if is_open else 0, found.currency))
    if as_json:
        said = {"line": line, "is_open": is_open, "open": left, "currency": found.currency, "explanations": cards}
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    click.echo(f"{found.value_date}  {left} {found.currency} open  {found.payer_name}  {found.remittance_text}")
    for one in cards:
        click.echo(f"{one['rank']}. {one['confidence']:.1%}  {one['reason']}")
        for item in one["items"]:
            kept = f", kept {item['kept_back']} ({item['kept_back_reason']})" if item["kept_back_reason"] else ""
            click.echo(f"     {item['document_number']}  {item['customer']}  {item['amount']}{kept}")
    if not cards:
        click.echo("nothing explains it" if is_open else "it is decided about already")


def _card(card: Card, currency: str, lang: str) -> dict[str, Any]:
    return {
        "rank": card.made.rank,
        "kind": card.made.kind,
        "confidence": round(card.made.confidence, 6),
        "ambiguous": card.made.ambiguous,
        "customer": card.customer_public_id,
        "unapplied": str(to_decimal(card.made.unapplied_minor, currency)),
        "reason": card.made.reason.get(lang, ""),
        "items": [
            {
                "item": item.public_id,
                "document_number": item.document_number,
                "customer": item.customer,
                "amount": str(to_decimal(item.leg.minor, currency)),
                "kept_back": str(to_decimal(item.leg.deduction_minor, currency)),
                "kept_back_reason": item.leg.deduction_reason,
            }
            for item in card.items
        ],
    }


@workbench.command("accept")
@click.argument("line")
@click.option("--rank", type=click.IntRange(1, 20), default=1, show_default=True, help="Which explanation.")
@click.pass_obj
def accept(context: dict[str, Any], line: str, rank: int) -> None:
    """Carry out an explanation of LINE."""
    from huikuan.queries.ids import line_decision_id_text
    from huikuan.services.matching import accept_explanation

    number = line_number(context["entity_id"], line)
    made = accept_explanation(
        context["entity_id"], number, rank, token="", actor_id=context["actor_id"], now=context["now"]
    )
    click.echo(f"done: {line_decision_id_text(made)}")


@workbench.command("undo")
@click.argument("decision")
@click.pass_obj
def undo(context: dict[str, Any], decision: str) -> None:
    """Take DECISION back: its line is open again."""
    from huikuan.services.line_undoing import undo_decision

    number = decision_number(decision)
    undo_decision(context["entity_id"], number, actor_id=context["actor_id"], now=context["now"])
    click.echo("taken back; the line is open again")


@workbench.command("park")
@click.argument("line")
@click.option("--reason", required=True, help="Why it is put aside.")
@click.pass_obj
def park(context: dict[str, Any], line: str, reason: str) -> None:
    """Put LINE aside; it never posts itself until it is brought back."""
    from huikuan.services.line_asides import park_line

    number = line_number(context["entity_id"], line)
    park_line(context["entity_id"], number, reason, actor_id=context["actor_id"], now=context["now"])
    click.echo("put aside")


@workbench.command("unpark")
@click.argument("line")
@click.pass_obj
def unpark(context: dict[str, Any], line: str) -> None:
    """Bring LINE back that was put aside."""
    from huikuan.services.line_asides import unpark_line

    number = line_number(context["entity_id"], line)
    unpark_line(context["entity_id"], number, actor_id=context["actor_id"], now=context["now"])
    click.echo("it is to do again")


def found_line(entity_id: int, text: str) -> MatchLine:
    """A line of money in. Refuses ``match.no_line``."""
    from huikuan.queries.workbench_line import line_at

    found = line_at([entity_id], text)
    if found is None:
        raise Refusal("match.no_line", "There is no such line of money in.")
    return found


def line_number(entity_id: int, text: str) -> int:
    """The number of a line. Refuses ``match.no_line``."""
    return found_line(entity_id, text).line_id


def decision_number(text: str) -> int:
    """The number of a decision. Refuses ``match.no_decision``."""
    from huikuan.queries.ids import line_decision_number

    number = line_decision_number(text)
    if number is None:
        raise Refusal("match.no_decision", "There is no such decision.")
    return number
