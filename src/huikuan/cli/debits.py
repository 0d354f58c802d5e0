"""``huikuan debits``: SEPA direct debits on the command line: mandates, collections, the bank's file and its report."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from huikuan.cli.django import setup_database
from huikuan.core.refusals import Refusal

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def debits(ctx: click.Context, user: str | None) -> None:
    """Direct debits: keep mandates, propose a collection, approve it, take the file, read the bank's report.

    A collection is named by its number (DD-YX-2026-0001) or its opaque id; with several entities, --entity says whose.
    """
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


def _entity(code: str | None) -> int:
    from huikuan.services.lookup import find_entity

    return find_entity(code)[0]


def _frame(entity_id: int, now: datetime) -> Any:
    from huikuan.queries.frame import frame_at

    return frame_at(now=now, entity_ids=(entity_id,))


def _run(entity: str | None, text: str, now: datetime) -> Any:
    from huikuan.queries.debits import run_named

    found = run_named(_frame(_entity(entity), now), text)
    if found is None:
        raise Refusal("debit_run.unknown", "There is no such collection.")
    return found


def _on(given: datetime | None, now: datetime) -> date:
    return given.date() if given else now.date()


@debits.command("creditor")
@click.argument("creditor_id")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--account", required=True, help="IBAN of our account the money comes to.")
@click.option("--notice-days", type=int, default=14, show_default=True)
@click.option("--bank-days", type=int, default=1, show_default=True)
@click.pass_obj
def creditor(
    context: dict[str, Any], creditor_id: str, entity: str | None, account: str, notice_days: int, bank_days: int
) -> None:
    """Say what an entity collects as: its creditor identifier."""
    from huikuan.core.banking import plain_number
    from huikuan.queries.bank import account_rows
    from huikuan.services.debit_mandates import NewCreditor, set_creditor

    entity_id = _entity(entity)
    rows = account_rows(_frame(entity_id, context["now"]), active=True)
    number = next((row.id for row in rows if row.number == plain_number(account)), 0)
    set_creditor(entity_id, NewCreditor(creditor_id, number, "", notice_days, bank_days), **context)
    click.echo(creditor_id)


@debits.command("mandate")
@click.argument("reference")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--customer", required=True, help="The customer's number or opaque id.")
@click.option("--iban", required=True)
@click.option("--signed", type=_DAY, required=True)
@click.option("--holder", default="", help="Whose account it is; the customer's by default.")
@click.option("--scheme", type=click.Choice(["CORE", "B2B"]), default="CORE", show_default=True)
@click.option("--one-off", is_flag=True, help="For one collection only.")
@click.pass_obj
def mandate(context: dict[str, Any], /, reference: str, **given: Any) -> None:
    """Keep the mandate REFERENCE that a customer signed."""
    from huikuan.core.direct_debits import Scheme, Use
    from huikuan.queries.debit_mandates import mandate_id_text
    from huikuan.services.debit_mandates import NewDebitMandate, add_debit_mandate
    from huikuan.services.lookup import find_account

    account = find_account(_entity(given["entity"]), given["customer"])
    new = NewDebitMandate(
        account,
        reference,
        given["iban"],
        given["signed"].date(),
        given["holder"],
        scheme=Scheme(given["scheme"]),
        use=Use.ONE_OFF if given["one_off"] else Use.RECURRENT,
    )
    click.echo(mandate_id_text(add_debit_mandate(new, **context)))


@debits.command("amend")
@click.argument("reference")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--new-reference", default="", help="Another reference.")
@click.option("--iban", default="", help="The customer's new account.")
@click.option("--holder", default="", help="Whose account it is.")
@click.pass_obj
def amend(
    context: dict[str, Any], reference: str, entity: str | None, new_reference: str, iban: str, holder: str
) -> None:
    """Amend the mandate REFERENCE: the next collection tells the bank what it was before."""
    from huikuan.queries.debit_mandates import mandate_rows
    from huikuan.services.debit_amending import Amendment, amend_debit_mandate

    rows = mandate_rows(_frame(_entity(entity), context["now"]), search=reference)
    number = next((row.id for row in rows if row.reference == reference), 0)
    amend_debit_mandate(number, Amendment(new_reference, iban, payer_name=holder), **context)


@debits.command("mandates")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def mandates(context: dict[str, Any], entity: str | None, as_json: bool) -> None:
    """List mandates and where they stand today."""
    from huikuan.queries.debit_mandates import mandate_rows

    rows = mandate_rows(_frame(_entity(entity), context["now"]))
    told = [
        {
            "reference": row.reference,
            "customer": row.customer_name,
            "iban": f"...{row.payer_iban[-4:]}",
            "scheme": row.scheme,
            "signed_on": row.signed_on.isoformat(),
            "state": row.state,
        }
        for row in rows
    ]
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for one in told:
        click.echo("  ".join(str(value) for value in one.values()))


@debits.command("propose")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--on", type=_DAY, help="The collection day wished for; as early as may be without one.")
@click.option("--due-by", type=_DAY, help="Items due by then; the collection day without one.")
@click.option("--per-item", is_flag=True, help="One payment per item, not per customer.")
@click.option("--dry-run", is_flag=True, help="Say what would be collected, change nothing.")
@click.pass_obj
def propose(
    context: dict[str, Any],
    entity: str | None,
    on: datetime | None,
    due_by: datetime | None,
    per_item: bool,
    dry_run: bool,
) -> None:
    """Propose a collection of what is due."""
    from huikuan.core.direct_debits import CURRENCY, Bundle
    from huikuan.core.money import to_decimal
    from huikuan.queries.debits import run
    from huikuan.queries.debits import run_id_text as id_text
    from huikuan.queries.desk import day_at
    from huikuan.services.debit_planning import NewRun, plan_run
    from huikuan.services.debit_runs import propose_run

    entity_id = _entity(entity)
    bundle = Bundle.ITEM if per_item else Bundle.CUSTOMER
    new = NewRun(on.date() if on else None, due_by.date() if due_by else None, bundle)
    if dry_run:
        plan = plan_run(entity_id, new, today=day_at(entity_id, context["now"]))
        amount = to_decimal(plan.amount_minor, CURRENCY)
        click.echo(f"{plan.due_on}  {len(plan.payments):,} payments  {amount} {CURRENCY}")
        for why, count in sorted(plan.left_out.items()):
            click.echo(f"left out: {count:,} {why}")
        return
    found = run(_frame(entity_id, context["now"]), id_text(propose_run(entity_id, new, **context)))
    click.echo(found.number if found else "")


@debits.command("list")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_runs(context: dict[str, Any], entity: str | None, as_json: bool) -> None:
    """List collections, the newest first."""
    from huikuan.core.direct_debits import CURRENCY
    from huikuan.core.money import to_decimal
    from huikuan.queries.debits import run_page

    rows = [
        {
            "number": row.number,
            "state": row.state,
            "due_on": row.due_on.isoformat(),
            "payments": row.payments,
            "amount": str(to_decimal(row.amount_minor, CURRENCY)),
            "collected": str(to_decimal(row.collected_minor, CURRENCY)),
            "failed": row.failed,
        }
        for row in run_page(_frame(_entity(entity), context["now"]), size=1000).rows
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo("  ".join(str(value) for value in row.values()))


@debits.command("approve")
@click.argument("number")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.pass_obj
def approve(context: dict[str, Any], number: str, entity: str | None) -> None:
    """Approve a collection that somebody else proposed."""
    from huikuan.services.debit_runs import approve_run

    approve_run(_run(entity, number, context["now"]).id, **context)


@debits.command("cancel")
@click.argument("number")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.pass_obj
def cancel(context: dict[str, Any], number: str, entity: str | None) -> None:
    """Give a collection up before it is at the bank."""
    from huikuan.services.debit_runs import cancel_run

    cancel_run(_run(entity, number, context["now"]).id, **context)


@debits.command("file")
@click.argument("number")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.pass_obj
def file(context: dict[str, Any], number: str, entity: str | None, output: Path) -> None:
    """Take the pain.008 file of an approved collection."""
    from huikuan.services.debit_runs import run_file

    output.write_bytes(run_file(_run(entity, number, context["now"]).id, **context).data)


@debits.command("sent")
@click.argument("number")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--on", type=_DAY, help="Today without one.")
@click.pass_obj
def sent(context: dict[str, Any], number: str, entity: str | None, on: datetime | None) -> None:
    """Say that the file is at the bank."""
    from huikuan.services.debit_runs import mark_sent

    mark_sent(_run(entity, number, context["now"]).id, on=_on(on, context["now"]), **context)


@debits.command("settle")
@click.argument("number")
@click.argument("line")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.pass_obj
def settle(context: dict[str, Any], number: str, line: str, entity: str | None) -> None:
    """Settle a collection with the bank line LINE (its opaque id)."""
    from huikuan.queries.ids import bank_line_number, line_decision_id_text
    from huikuan.services.debit_settling import settle_line

    run = _run(entity, number, context["now"])
    click.echo(line_decision_id_text(settle_line(run.id, bank_line_number(line) or 0, **context)))


@debits.command("recall")
@click.argument("number")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--reason", type=click.Choice(["DUPL", "CUST", "TECH", "FRAD"]), required=True)
@click.option("--payment", "payments", multiple=True, help="End-to-end id of a payment; all without one.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.pass_obj
def recall(
    context: dict[str, Any], number: str, entity: str | None, reason: str, payments: tuple[str, ...], output: Path
) -> None:
    """Recall a collection, or payments of it, that the bank has already; writes the camt.055 file to hand it."""
    from huikuan.core.direct_debits import RecallReason
    from huikuan.queries.debits import payments_of
    from huikuan.services.debit_recalls import ask_recall, recall_file

    run = _run(entity, number, context["now"])
    known = {one.end_to_end_id: one.id for one in payments_of(_frame(run.entity_id, context["now"]), run.public_id)}
    wanted = [known.get(one, 0) for one in payments] or None
    made = ask_recall(run.id, RecallReason(reason), payment_ids=wanted, **context)
    output.write_bytes(recall_file(made, **context).data)


@debits.command("report")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.pass_obj
def report(context: dict[str, Any], path: Path, entity: str | None) -> None:
    """Read a bank's report (pain.002: payments it refused or took back) or its answer to a recall (camt.029)."""
    from huikuan.services.debit_reports import read_report

    found = read_report(_entity(entity), path.read_bytes(), path.name, **context)
    click.echo(f"rejected {found.rejected:,}, returned {found.returned:,}, known {found.known:,}")
    if found.not_recalled:
        click.echo(f"not recalled {found.not_recalled:,}")
    for one in found.foreign:
        click.echo(f"not ours: {one}")
