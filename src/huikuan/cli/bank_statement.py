"""``huikuan bank-statement``: files of banks and wallets into the database, and what came of them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huikuan.bank.statement import REPORTS
from huikuan.cli.language import fault_line, in_language, language_here
from huikuan.core.banking import AccountKind
from huikuan.core.refusals import DataError, Refusal

if TYPE_CHECKING:
    from huikuan.queries.bank import StatementRow
    from huikuan.services.bank_outcomes import Outcome


BAD_DATA = 65
"""How a command ends that refused something; what was good is imported all the same."""


@click.group("bank-statement")
def bank_statement() -> None:
    """Bank statements: camt, MT940, BAI2, OFX, CSV and Excel of any bank, Alipay, WeChat Pay."""


@bank_statement.command("import")
@in_language
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--entity", help="Only accounts of this legal entity.")
@click.option("--account", help="The account (its name or number) of files that do not name it.")
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def import_statements(
    files: tuple[Path, ...], entity: str | None, account: str | None, user: str | None, as_json: bool
) -> None:
    """Import FILES: each statement by itself. Money in is posted at once; the same file again changes nothing.

    Exit code 65 where a statement was refused or a person has to say something first.
    """
    from huikuan.cli.django import setup_database
    from huikuan.cli.progress import progress_bar

    setup_database()
    from huikuan.services.bank_files import BankFile
    from huikuan.services.bank_uploads import keep_upload, work_upload
    from huikuan.services.lookup import find_entity, find_user

    actor: dict[str, Any] = {"actor_id": find_user(user), "now": datetime.now(UTC)}
    given = [BankFile(file.name, path=file) for file in files]
    entity_id = find_entity(entity)[0] if entity else None
    upload = keep_upload(given, entity_id=entity_id, account_id=_account(account, entity_id), **actor)
    with progress_bar(as_json) as progress:
        outcomes = work_upload(upload, progress=progress, **actor)
    if as_json:
        click.echo(json.dumps([_data(files, one) for one in outcomes], ensure_ascii=False))
    else:
        for one in outcomes:
            click.echo(_line(files, one))
    errors = [error for one in outcomes for error in _errors(files, one)]
    for error in errors:
        click.echo(fault_line(error, language_here()), err=True)
    if errors:
        sys.exit(BAD_DATA)


@bank_statement.command("add-account")
@click.argument("name")
@click.argument("number", default="")
@click.option("--entity", help="The code of the legal entity whose account it is.")
@click.option("--currency", default="", help="That of the entity's books by default.")
@click.option("--kind", type=click.Choice([kind.value for kind in AccountKind]), default="bank", show_default=True)
@click.option("--bank", default="", help="The bank's name.")
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
def add_bank_account(
    name: str, number: str, entity: str | None, currency: str, kind: str, bank: str, user: str | None
) -> None:
    """Add an account of ours: NAME as we call it, NUMBER as files name it (an IBAN, an account number, a wallet)."""
    from huikuan.cli.django import setup_database

    setup_database()
    from huikuan.services.bank_accounts import NewAccount, add_account
    from huikuan.services.lookup import find_entity, find_user

    new = NewAccount(name, number, bank, currency, kind)
    add_account(find_entity(entity)[0], new, actor_id=find_user(user), now=datetime.now(UTC))
    click.echo(f"{name}: files that name {number or 'no account'} are its")


@bank_statement.command("list")
@click.option("--entity", help="Only of this legal entity.")
@click.option(
    "--state", type=click.Choice(["all", "open", "gaps"]), default="all", help="With lines to do; with a gap."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_statements(entity: str | None, state: str, as_json: bool) -> None:
    """The statements there are, the latest first, with what is to be done on their lines."""
    from huikuan.cli.django import setup_database

    setup_database()
    from huikuan.queries.bank import StatementFilters, statement_whole
    from huikuan.queries.frame import frame_at
    from huikuan.queries.standing import every_entity

    found = every_entity()
    ids = tuple(row[0] for row in found if entity in (None, row[1]))
    if not ids:
        raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity)
    frame = frame_at(now=datetime.now(UTC), entity_ids=ids)
    rows = statement_whole(frame, StatementFilters(state=state)).rows
    if as_json:
        click.echo(json.dumps([_row_data(row) for row in rows], ensure_ascii=False))
        return
    for row in rows:
        click.echo(_row_line(row))


@bank_statement.command("erase")
@click.option("--before", required=True, help="Lines booked before this day, 2026-01-31.")
@click.option("--entity", help="The code of the legal entity.")
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
def erase(before: str, entity: str | None, user: str | None) -> None:
    """Erase names and texts of old lines and of the receipts they became. Amounts, days and references stay."""
    from huikuan.cli.django import setup_database

    setup_database()
    from huikuan.services.bank_ties import erase_texts
    from huikuan.services.lookup import find_entity, find_user

    try:
        day = datetime.strptime(before, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise click.BadParameter("write the day as 2026-01-31", param_hint="--before") from None
    entity_id = find_entity(entity)[0]
    count = erase_texts(day, entity_id=entity_id, actor_id=find_user(user), now=datetime.now(UTC))
    click.echo(f"{count:,} lines erased")


def _account(text: str | None, entity_id: int | None) -> int | None:
    """Refuses ``bank_account.unknown`` for what names no account, or several."""
    if text is None:
        return None
    from huikuan.queries.bank import accounts_named

    found = accounts_named(text, entity_id)
    if len(found) != 1:
        raise Refusal("bank_account.unknown", "There is no such bank account.")
    return found[0]


def _line(files: tuple[Path, ...], one: Outcome) -> str:
    name = files[one.file].name
    days = one.from_date if one.from_date == one.to_date else f"{one.from_date} to {one.to_date}"
    head = f"{name}: {one.told_account or '(no account)'} {days}".rstrip()
    if one.format in REPORTS and one.state in ("imported", "known"):
        parts = [f"{one.lines_new} {'recalls answered' if one.format == 'camt.029' else 'payments came back'}"]
        parts += [f"{one.lines_known} known"] if one.lines_known else []
        parts += [f"{one.waiting} not ours"] if one.waiting else []
        return f"{name}: {', '.join(parts)}"
    if one.state == "imported":
        parts = [f"{one.lines_new} new lines", f"{one.posted} receipts"]
        parts += [f"{one.lines_known} known"] if one.lines_known else []
        parts += [f"{one.waiting} may have been recorded before"] if one.waiting else []
        parts += [f"fees of {one.fees} booked"] if one.fees else []
        parts += [f"{one.unbooked} not booked yet, left out"] if one.unbooked else []
        return f"{head}: {', '.join(parts)}"
    words = {
        "known": f"nothing new in it ({one.lines_known} lines known)",
        "needs_account": "say whose account it is (--account)",
        "needs_date_order": "days and months cannot be told apart: hand it in on the page",
        "not_tied": "refused: its balances do not tie",
        "refused": "refused",
    }
    return f"{head}: {words[one.state]}"


def _errors(files: tuple[Path, ...], one: Outcome) -> list[DataError]:
    name = files[one.file].name
    if one.state in ("imported", "known"):
        return []
    found = [DataError(name, fault["row"], fault["column"], fault["reason"], fault["code"]) for fault in one.faults]
    if one.failure:
        reason = str(Refusal(one.failure["code"], one.failure["template"], **one.failure["params"]))
        found.append(DataError(name, None, None, reason, one.failure["code"]))
    if one.state == "needs_account":
        reason = f"no account of ours is {one.told_account}" if one.told_account else "the file names no account"
        found.append(DataError(name, None, None, reason, "bank_upload.no_account"))
    return found


def _data(files: tuple[Path, ...], one: Outcome) -> dict[str, Any]:
    data = one.to_json()
    data["file"] = files[one.file].name
    for name in ("candidates", "account_id", "statement_id"):
        del data[name]
    return data


def _row_data(row: StatementRow) -> dict[str, Any]:
    from huikuan.core.money import to_decimal

    def text(minor: int | None) -> str | None:
        return None if minor is None else str(to_decimal(minor, row.currency))

    return {
        "id": row.public_id,
        "entity": row.entity_code,
        "account": row.account_name,
        "from": row.from_date.isoformat() if row.from_date else None,
        "to": row.to_date.isoformat() if row.to_date else None,
        "currency": row.currency,
        "opening": text(row.opening_minor),
        "closing": text(row.closing_minor),
        "lines": row.lines_total,
        "to_do": row.to_do,
        "gap": text(row.gap_minor),
        "file": row.file_name,
    }


def _row_line(row: StatementRow) -> str:
    data = _row_data(row)
    balances = f"{data['opening'] or '–'} → {data['closing'] or '–'} {row.currency}"
    gap = f", gap of {data['gap']} before it" if data["gap"] else ""
    return (
        f"{row.entity_code}  {data['from']} – {data['to']}  {row.account_name}  {balances}"
        f"  {row.lines_total} lines, {row.to_do} to do{gap}"
    )
