"""``huikuan invoice``: e-invoices, looked at on their own or brought into the ledger."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huikuan.core.refusals import BadData, DataError, Refusal

if TYPE_CHECKING:
    from huikuan.invoices.document import Fault, InvoiceDocument, Party
    from huikuan.services.einvoices_types import Outcome, Report

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def invoice() -> None:
    """E-invoices: UBL, CII, XRechnung, Peppol, ZUGFeRD/Factur-X, 数电票."""


@invoice.command("read")
@_FILES
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def read(files: tuple[Path, ...], as_json: bool) -> None:
    """Show what FILES say and every rule they break. Needs no database."""
    from huikuan.invoices.reading import parse_invoice
    from huikuan.invoices.rules import check_invoice

    shown: list[dict[str, Any]] = []
    errors: list[DataError] = []
    for file in files:
        try:
            documents = parse_invoice(file.read_bytes(), file.name)
        except Refusal as refusal:
            errors.append(DataError(file.name, None, None, refusal.message, refusal.code))
            continue
        for document in documents:
            faults = check_invoice(document)
            shown.append(_as_data(document, faults))
            errors += [_error(document, fault) for fault in faults if not fault.is_warning]
            if not as_json:
                _show(document, faults)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    if errors:
        raise BadData(errors)


@invoice.command("import")
@_FILES
@click.option("--entity", help="Whose invoices they are: the code of the legal entity that sold.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; post nothing.")
@click.option("--new-customers", is_flag=True, help="Make a customer of every buyer nobody knows.")
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def import_invoice(
    files: tuple[Path, ...], entity: str | None, dry_run: bool, new_customers: bool, user: str | None, as_json: bool
) -> None:
    """Post FILES as items of an entity: all of them, or with any fault nothing.

    The same invoice again changes nothing, in whatever format it comes.
    """
    from huikuan.cli.django import setup_database

    setup_database()
    from huikuan.services.einvoices import import_invoices
    from huikuan.services.einvoices_types import InvoiceFile, data_errors
    from huikuan.services.lookup import find_entity, find_user

    report = import_invoices(
        [InvoiceFile(file.name, file.read_bytes()) for file in files],
        entity_id=find_entity(entity)[0],
        actor_id=find_user(user),
        now=datetime.now(UTC),
        dry_run=dry_run,
        new_customers=new_customers,
    )
    if as_json:
        click.echo(json.dumps(_report_data(report, dry_run), ensure_ascii=False))
    else:
        _tell(report, dry_run)
        for warning in data_errors(report.outcomes, warnings=True):
            click.echo(f"warning: {warning}", err=True)
    if report.refused:
        raise BadData(data_errors(report.refused))


def _error(document: InvoiceDocument, fault: Fault) -> DataError:
    reason = f"{fault.rule}: {fault.reason}"
    return DataError(document.file_name, None, fault.path or None, reason, fault.rule, document.number or None)


def _show(document: InvoiceDocument, faults: Sequence[Fault]) -> None:
    totals = document.totals
    profile = f"{document.source_format.value}, {document.profile or document.specification or 'no profile'}"
    click.echo(f"{document.file_name}: {document.number or '(no number)'} ({profile})")
    click.echo(
        f"  issued {document.issue_date or '–'}, due {document.due_date or '–'}, type {document.type_code or '–'}"
    )
    for role, party in (("seller", document.seller), ("buyer", document.buyer)):
        click.echo(f"  {role:<7} {party.name or '–'}  {party.tax_id}".rstrip())
    for one in document.preceding:
        click.echo(f"  corrects {one.number}")
    for line in document.tax_lines:
        rate = "no rate" if line.rate is None else f"{line.rate:f} %"
        click.echo(f"  {line.category or '–':<3} {rate:>8}  net {_amount(line.net):>16}  tax {_amount(line.tax):>14}")
    click.echo(
        f"  net {_amount(totals.net)}  tax {_amount(totals.tax)}  total {_amount(totals.gross)}"
        f"  due {_amount(totals.payable)} {document.currency}"
    )
    bad = sum(not fault.is_warning for fault in faults)
    for fault in faults:
        if fault.is_warning:
            click.echo(f"  warning {fault.rule} {fault.path}: {fault.reason}", err=True)
    click.echo("  every rule kept" if not faults else f"  {bad} faults, {len(faults) - bad} warnings")


def _amount(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount:,f}"


def _as_data(document: InvoiceDocument, faults: Sequence[Fault]) -> dict[str, Any]:
    def text(value: object) -> str | None:
        return None if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)

    def party(one: Party) -> dict[str, str]:
        return {"name": one.name, "tax_id": one.tax_id, "registration_id": one.registration_id, "country": one.country}

    totals = document.totals
    names = ("lines_net", "allowances", "charges", "net", "tax", "gross", "prepaid", "rounding", "payable")
    return {
        "file": document.file_name,
        "format": document.source_format.value,
        "profile": document.profile,
        "specification": document.specification,
        "number": document.number,
        "type_code": document.type_code,
        "is_credit": document.is_credit,
        "issue_date": text(document.issue_date),
        "due_date": text(document.due_date),
        "payment_terms": document.payment_terms,
        "currency": document.currency,
        "seller": party(document.seller),
        "buyer": party(document.buyer),
        "order_reference": document.order_reference,
        "contract_reference": document.contract_reference,
        "preceding": [one.number for one in document.preceding],
        "payment_means": [{"code": one.code, "account": one.account} for one in document.means],
        "totals": {name: text(getattr(totals, name)) for name in names},
        "taxes": [
            {"category": one.category, "rate": text(one.rate), "net": text(one.net), "tax": text(one.tax)}
            for one in document.tax_lines
        ],
        "lines": [
            {"id": one.line_id, "name": one.name, "net": text(one.net), "category": one.category}
            | {"rate": text(one.rate), "quantity": text(one.quantity), "unit": one.unit, "price": text(one.price)}
            for one in document.lines
        ],
        "faults": [
            {"rule": one.rule, "path": one.path, "reason": one.reason, "is_warning": one.is_warning} for one in faults
        ],
    }


def _report_data(report: Report, dry_run: bool) -> dict[str, Any]:
    from huikuan.core.money import to_decimal

    return {
        "dry_run": dry_run,
        "posted": report.posted,
        "attached": report.attached,
        "new_customers": report.new_customers,
        "invoices": [
            {
                "file": one.file_name,
                "number": one.number,
                "status": one.status,
                "customer": _buyer(one),
                "makes_customer": one.makes_customer,
                "amount": str(to_decimal(one.amount_minor, one.currency)) if one.currency else None,
                "currency": one.currency,
                "due_date": None if one.due_date is None else one.due_date.isoformat(),
                "item": one.item_id,
                "faults": [
                    {"rule": fault.rule, "path": fault.path, "reason": fault.reason, "is_warning": fault.is_warning}
                    for fault in one.faults
                ],
            }
            for one in report.outcomes
        ],
    }


def _buyer(one: Outcome) -> str:
    return one.match.name or (one.document.buyer.name if one.document else "")


def _tell(report: Report, dry_run: bool) -> None:
    from huikuan.core.money import to_decimal

    for one in report.outcomes:
        amount = f"{to_decimal(one.amount_minor, one.currency):,} {one.currency}" if one.currency else "–"
        new = ", new customer" if one.makes_customer else ""
        click.echo(f"{one.status:<9} {one.number or one.file_name:<24} {amount:>20}  {_buyer(one)}{new}")
    counts = [f"{report.count(status)} {status}" for status in ("new", "attached", "known", "refused")]
    click.echo(", ".join(counts) + (" (dry run: nothing was posted)" if dry_run else ""))
    sys.stdout.flush()
