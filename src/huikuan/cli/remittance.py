"""``huikuan remittance``: what payers write about their payments, listed, kept, linked to the line of money."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huikuan.cli.django import setup_database
from huikuan.core.refusals import Refusal

if TYPE_CHECKING:
    from huikuan.queries.frame import Frame
    from huikuan.queries.remittances import AdviceLine


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def remittance(ctx: click.Context, user: str | None) -> None:
    """Remittance advices: mails with their attachments, PDF, Excel, CSV, remt.001."""
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


def _frame(now: datetime, entity: str | None = None) -> Frame:
    from huikuan.queries.entities import all_entities
    from huikuan.queries.frame import frame_at
    from huikuan.services.lookup import find_entity

    numbers = (find_entity(entity)[0],) if entity else tuple(row["id"] for row in all_entities())
    return frame_at(now=now, entity_ids=numbers)


@remittance.command("list")
@click.option("--state", type=click.Choice(["all", "open", "linked"]), default="all", show_default=True)
@click.option("--entity", help="Of this legal entity only.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_advices(context: dict[str, Any], state: str, entity: str | None, as_json: bool) -> None:
    """List advices, the latest first. `open`: those without their bank line."""
    from huikuan.queries.remittances import AdviceFilters, advice_whole

    rows = [_data(row) for row in advice_whole(_frame(context["now"], entity), AdviceFilters(state=state)).rows]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        whose, day = row["payer"] or row["file"], row["dated"] or "-"
        total = f"{row['total']} {row['currency']}" if row["total"] is not None else "-"
        click.echo(f"{row['id']}  {day}  {whose}  {total}  {row['documents']} documents  {row['line'] or 'open'}")


def _data(row: AdviceLine) -> dict[str, Any]:
    from huikuan.core.money import to_decimal

    return {
        "id": row.public_id,
        "entity": row.entity_code,
        "file": row.file_name,
        "payer": row.payer_name,
        "reference": row.reference,
        "dated": row.dated.isoformat() if row.dated else None,
        "currency": row.currency,
        "total": None if row.total_minor is None else str(to_decimal(row.total_minor, row.currency)),
        "documents": row.documents,
        "line": row.line_public_id or None,
    }


@remittance.command("add")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--entity", help="Code of the legal entity that was paid, where there are several.")
@click.pass_obj
def add(context: dict[str, Any], files: tuple[Path, ...], entity: str | None) -> None:
    """Keep the advices in FILES; each is linked to its bank line where that is certain. A file again adds nothing."""
    from huikuan.services.lookup import find_entity
    from huikuan.services.remittances import keep_advices

    entity_id = find_entity(entity)[0]
    for file in files:
        kept = keep_advices(entity_id, file.read_bytes(), file.name, **context)
        new = len(kept.advice_ids) - kept.known
        click.echo(f"{file.name}: {new} new advices, {kept.known} known, {kept.linked} linked")


@remittance.command("link")
@click.argument("advice")
@click.argument("line")
@click.pass_obj
def link(context: dict[str, Any], advice: str, line: str) -> None:
    """ADVICE (rem_…) is about the bank line LINE (bln_…)."""
    from huikuan.queries.ids import bank_line_number
    from huikuan.services.remittances import link_advice

    number = bank_line_number(line)
    if number is None:
        raise Refusal("remittance.other_line", "The line is not of the advice's amount, or has an advice already.")
    link_advice(_advice(context, advice), number, **context)


@remittance.command("unlink")
@click.argument("advice")
@click.pass_obj
def unlink(context: dict[str, Any], advice: str) -> None:
    """ADVICE is about no bank line."""
    from huikuan.services.remittances import unlink_advice

    unlink_advice(_advice(context, advice), **context)


def _advice(context: dict[str, Any], text: str) -> int:
    from huikuan.queries.remittances import advice_detail

    found = advice_detail(_frame(context["now"]), text)
    if found is None:
        raise Refusal("remittance.unknown", "There is no such remittance advice.")
    return found.id
