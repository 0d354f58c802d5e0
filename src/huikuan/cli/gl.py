"""``huikuan gl``: accounts mapped, months exported to the general ledger, the two reconciled."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from huikuan.cli.django import setup_database
from huikuan.core.gl_charts import CHARTS
from huikuan.core.gl_words import LANGUAGES
from huikuan.letters.gl_formats import FORMATS

_MONTH = click.DateTime(formats=["%Y-%m"])
_ENTITY = click.option("--entity", help="Code of the legal entity, where there are several.")


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def gl(ctx: click.Context, user: str | None) -> None:
    """The general ledger: mapping, exports, reconciliation."""
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


@gl.command("map")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--chart", "chart_name", type=click.Choice(CHARTS), help="Fill what has no account from a usual chart.")
@click.option(
    "--set", "given", multiple=True, metavar="ACCOUNT[:CURRENCY]=CODE", help="One account; CODE may be empty."
)
@_ENTITY
@click.pass_obj
def map_(
    context: dict[str, Any], file: Path | None, chart_name: str | None, given: tuple[str, ...], entity: str | None
) -> None:
    """Say which account of the general ledger each ledger account is; without arguments, show it.

    FILE is a CSV with the columns ledger_account, currency, code, name, dimensions (separated by spaces).
    """
    from huikuan.core.gl_charts import chart
    from huikuan.queries.general_ledger import account_rules, unmapped
    from huikuan.services.general_ledger import map_accounts
    from huikuan.services.lookup import find_entity

    number, _ = find_entity(entity)
    if file or given:
        rules = [*(_read_rules(file) if file else []), *(_read_rule(text) for text in given)]
        click.echo(f"{map_accounts(number, rules, **context)} changed")
    if chart_name:
        click.echo(f"{map_accounts(number, chart(chart_name), only_new=True, **context)} added from {chart_name}")
    if not (file or given or chart_name):
        for rule in account_rules(number):
            shown = " ".join(sorted(rule.dimensions))
            click.echo(f"{rule.ledger_account:<20} {rule.currency or '*':<4} {rule.code:<16} {rule.name}  {shown}")
    for account, currency in unmapped(number):
        click.echo(f"no account yet: {account} {currency}", err=True)


def _read_rule(text: str) -> Any:
    from huikuan.core.gl import AccountRule

    left, mark, code = text.partition("=")
    if not mark:
        raise click.BadParameter(f"{text!r} is not ACCOUNT=CODE", param_hint="--set")
    account, _, currency = left.partition(":")
    return AccountRule(account.strip(), currency.strip().upper(), code.strip())


def _read_rules(file: Path) -> list[Any]:
    from huikuan.core.gl import AccountRule, Dimension
    from huikuan.core.refusals import BadData, DataError

    rules, errors = [], []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            cells = {name: (row.get(name) or "").strip() for name in ("ledger_account", "currency", "code", "name")}
            words = (row.get("dimensions") or "").split()
            if unknown := set(words) - set(Dimension):
                reason = f"{sorted(unknown)[0]} is no dimension"
                errors.append(DataError(file.name, number, "dimensions", reason, "gl.unknown_dimension"))
                continue
            rules.append(AccountRule(**cells, dimensions=frozenset(Dimension(word) for word in words)))
    if errors:
        raise BadData(errors)
    return rules


@gl.command()
@click.option("--format", "format_code", type=click.Choice(list(FORMATS)), help="What the general ledger reads.")
@click.option("--grouping", type=click.Choice(["entry", "day", "month"]), help="One voucher per what.")
@click.option("--language", type=click.Choice(LANGUAGES), help="The words in vouchers.")
@click.option("--reference", type=click.Choice(["document", "voucher"]), help="What stands as reference.")
@click.option("--customer-source", help="The source whose customer numbers the general ledger knows.")
@click.option("--option", "given", multiple=True, metavar="NAME=VALUE", help="What the format asks for.")
@_ENTITY
@click.pass_obj
def settings(context: dict[str, Any], /, given: tuple[str, ...], entity: str | None, **chosen: str | None) -> None:
    """Say how vouchers are made; without options, show it."""
    from huikuan.queries.general_ledger import gl_choices
    from huikuan.services.general_ledger import save_choices
    from huikuan.services.lookup import find_entity

    number, _ = find_entity(entity)
    now = asdict(gl_choices(number))
    changes = {name.removesuffix("_code"): value for name, value in chosen.items() if value is not None}
    if changes or given:
        from huikuan.queries.general_ledger import GlChoices

        options = dict(text.partition("=")[::2] for text in given)
        save_choices(number, GlChoices(**{**now, **changes, "options": {**now["options"], **options}}), **context)
        now = asdict(gl_choices(number))
    for name, value in now.items():
        if name != "is_saved":
            click.echo(f"{name:<16} {value}")


@gl.command()
@click.argument("month", type=_MONTH)
@click.option("--format", "format_code", type=click.Choice(list(FORMATS)), help="Another than the usual.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("."), help="Folder or file to write to.")
@click.option("--number", type=click.IntRange(1), help="An export made before, again.")
@_ENTITY
@click.pass_obj
def export(
    context: dict[str, Any],
    month: datetime,
    format_code: str | None,
    output: Path,
    number: int | None,
    entity: str | None,
) -> None:
    """Export what counts from MONTH (YYYY-MM) and was not exported yet; where nothing is new, the last file again."""
    from huikuan.queries.general_ledger import export_row, export_rows, gl_choices
    from huikuan.services.general_ledger import export_bytes, export_month
    from huikuan.services.lookup import find_entity

    entity_id, _ = find_entity(entity)
    if number is None:
        export_id, is_new = export_month(entity_id, month.date(), format_code=format_code or "", **context)
    else:
        code = format_code or gl_choices(entity_id).format
        made = [row for row in export_rows(entity_id, month=month.date()) if (row.format, row.number) == (code, number)]
        if not made:
            raise click.UsageError(f"there is no export {number} of {month:%Y-%m} in {code}")
        export_id, is_new = made[0].id, False
    name, data = export_bytes(export_id, actor_id=context["actor_id"])
    path = output / name if output.is_dir() else output
    path.write_bytes(data)
    found = export_row(export_id)
    assert found is not None  # noqa: S101 - just made
    row = found[1]
    click.echo(f"{path}  {row.entries} entries, {row.vouchers} vouchers, sha256 {row.sha256}")
    if not is_new:
        click.echo("nothing new: this is the file of the last export", err=True)


@gl.command()
@click.argument("month", type=_MONTH)
@click.option("--format", "format_code", type=click.Choice(list(FORMATS)), help="Another than the usual.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@_ENTITY
@click.pass_obj
def reconcile(
    context: dict[str, Any], month: datetime, format_code: str | None, as_json: bool, entity: str | None
) -> None:
    """Compare what MONTH moved here with the sum of its exports. Exit 1 where they differ."""
    from huikuan.core.money import to_decimal
    from huikuan.queries.general_ledger import gl_choices
    from huikuan.queries.general_ledger import reconcile as run
    from huikuan.services.lookup import find_entity

    entity_id, base = find_entity(entity)
    result = run(entity_id, month.date(), format_code or gl_choices(entity_id).format)
    if as_json:
        rows = [{**asdict(row), "difference_minor": row.difference_minor} for row in result.rows]
        answer = {"is_equal": result.is_equal, "exports": result.exports, "waiting": result.waiting, "rows": rows}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo(f"{'account':<20} cur {'posted':>18} {'exported':>18} {'difference':>14}  in {base}: difference")
        for row in result.rows:
            posted, exported, left = (
                to_decimal(minor, row.currency)
                for minor in (row.posted_minor, row.exported_minor, row.difference_minor)
            )
            in_base = to_decimal(row.difference_base_minor, base)
            click.echo(
                f"{row.ledger_account:<20} {row.currency} {posted:>18,} {exported:>18,} {left:>14,}  {in_base:>14,}"
            )
        words = "equal" if result.is_equal else "NOT equal"
        click.echo(f"{words}: {result.exports} exports in {result.format}, {result.waiting} entries in none")
    if not result.is_equal or result.waiting:
        sys.exit(1)
