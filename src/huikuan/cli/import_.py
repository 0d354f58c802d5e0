"""``huikuan import``: a file into the database; shown first with ``--dry-run``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from huikuan.cli.django import setup_database
from huikuan.cli.language import MORE, WARNING, fault_line, in_language, language_here, say
from huikuan.cli.progress import progress_bar
from huikuan.core.refusals import BadData, DataError, Refusal

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_SHOWN = 20
_CHANGES = {
    "new": "new",
    "unchanged": "unchanged",
    "changed": "changed: taken back and posted anew",
    "vanished": "no longer in the file: settlement proposed",
    "reduced": "smaller or settled in the file: settlement proposed",
    "late": "of closed months: counted from the next open one",
}


@click.command("import")
@in_language
@click.argument("kind", type=click.Choice(["items", "customers", "receipts", "applications"]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", help="Read a foreign layout: a built-in name, or a .json or .toml file.")
@click.option("--feed", type=click.Choice(["incremental", "snapshot"]), default="incremental", show_default=True)
@click.option("--entity", help="Legal entity, by its code, of rows that name none.")
@click.option("--source", help="The system the file's numbers belong to (default: the profile's name, or files).")
@click.option("--currency", help="Currency of rows that name none.")
@click.option("--create-entities", metavar="CURRENCY", help="Open entities not known yet, with books in this currency.")
@click.option(
    "--customer-scope",
    type=click.Choice(["entity", "group"]),
    help="group: the same number in several entities is one customer.",
)
@click.option("--snapshot-date", type=_DAY, help="The day the file's open amounts hold for (default: today).")
@click.option("--dry-run", is_flag=True, help="Say what would change; post nothing.")
@click.option("--good-rows", is_flag=True, help="Post the good rows and leave the faulty ones out.")
@click.option("--errors-out", type=click.Path(dir_okay=False, path_type=Path), help="Write the file, faults marked.")
@click.option("--accept-settlements", is_flag=True, help="Post the settlements a snapshot reports, unreviewed.")
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def import_(kind: str, file: Path, **asked: Any) -> None:
    """Bring FILE, a file of KIND, into the database: all of it, or with any fault nothing.

    The same file twice changes nothing: rows are known by their numbers and compared by content.
    """
    setup_database()
    from huikuan.services import imports
    from huikuan.services.lookup import find_user

    now = datetime.now(UTC)
    actor_id = find_user(asked["user"])
    with progress_bar(asked["as_json"]) as progress:
        preview = imports.preview_upload(
            actor_id=actor_id,
            now=now,
            file_name=file.name,
            path=file,
            kind=kind,
            profile=asked["profile"],
            currency=asked["currency"],
            entity_id=_entity_id(asked["entity"]),
            feed=asked["feed"],
            create_entities=asked["create_entities"],
            source=asked["source"],
            customer_scope=asked["customer_scope"],
            snapshot_date=_date(asked["snapshot_date"]),
            progress=progress,
        )
    if preview.errors_total and asked["errors_out"]:
        _write_marked(preview.batch_id, asked["errors_out"])
    if asked["dry_run"]:
        _end_dry_run(preview, asked["as_json"])
        return
    if preview.errors_total and not (asked["good_rows"] and preview.rows_good):
        errors = imports.errors_of(preview.batch_id)
        imports.discard(preview.batch_id)
        raise BadData(errors or preview.errors, preview.errors_total)
    with progress_bar(asked["as_json"]) as progress:
        result = imports.publish(
            batch_id=preview.batch_id,
            actor_id=actor_id,
            now=now,
            good_rows_only=asked["good_rows"],
            progress=progress,
        )
    accepted = _accept(result.batch_id, actor_id, now) if asked["accept_settlements"] else 0
    _tell(preview, result, accepted, asked)
    if preview.errors_total:
        sys.exit(65)  # only part of the job was done


def _date(value: datetime | None) -> date | None:
    return None if value is None else value.date()


def _entity_id(code: str | None) -> int | None:
    if code is None:
        return None
    from huikuan.services.lookup import find_entity

    return find_entity(code)[0]


def _write_marked(batch_id: int, target: Path) -> None:
    import shutil

    from huikuan.services import imports

    try:
        _, marked = imports.annotated(batch_id)
    except Refusal as refusal:
        click.echo(refusal.message, err=True)
        return
    shutil.copyfile(marked, target)
    click.echo(f"faults marked in {target}", err=True)


def _accept(batch_id: int, actor_id: int | None, now: datetime) -> int:
    from huikuan.services.source_settlements import decide_settlements, proposals_of

    proposed = proposals_of(batch_id)
    done = 0
    for start in range(0, len(proposed), 5_000):
        done += len(decide_settlements(proposed[start : start + 5_000], accept=True, actor_id=actor_id, now=now))
    return done


def _end_dry_run(preview: Any, as_json: bool) -> None:
    from huikuan.services import imports

    if as_json:
        click.echo(json.dumps(_as_data(preview), ensure_ascii=False))
    else:
        _show(preview)
    errors = imports.errors_of(preview.batch_id)
    imports.discard(preview.batch_id)
    if preview.errors_total:
        raise BadData(errors or preview.errors, preview.errors_total)
    if not as_json:
        click.echo("nothing was posted (dry run)")


def _as_data(preview: Any) -> dict[str, Any]:
    from huikuan.core.money import to_decimal

    def told(faults: list[DataError]) -> list[dict[str, Any]]:
        return [{"row": one.row, "column": one.column, "code": one.code, "reason": one.reason} for one in faults]

    return {
        "kind": preview.kind,
        "feed": preview.feed,
        "profile": preview.profile,
        "source": preview.source,
        "columns": preview.columns,
        "rows": preview.rows_total,
        "rows_good": preview.rows_good,
        "errors_total": preview.errors_total,
        "warnings_total": preview.warnings_total,
        "warnings": told(preview.warnings),
        "changes": preview.changes,
        "new_customers": preview.new_customers,
        "new_entities": preview.new_entities,
        "totals": {
            one.currency: {"rows": one.rows, "amount": str(to_decimal(one.amount_minor, one.currency))}
            for one in preview.totals
        },
    }


def _show(preview: Any) -> None:
    from huikuan.core.money import to_decimal

    layout = f"layout {preview.profile}, " if preview.profile else ""
    click.echo(f"{preview.rows_total:,} rows, {preview.rows_good:,} good ({layout}source {preview.source})")
    _show_changes(preview.changes)
    if preview.new_customers:
        click.echo(f"  {preview.new_customers:>12,} customers new")
    if preview.new_entities:
        click.echo(f"  {len(preview.new_entities):>12,} entities new: {', '.join(preview.new_entities)}")
    for one in preview.totals:
        click.echo(f"  {to_decimal(one.amount_minor, one.currency):>20,} {one.currency} in {one.rows:,} rows")
    _show_warnings(preview.warnings, preview.warnings_total)


def _show_changes(changes: dict[str, int]) -> None:
    for name, count in changes.items():
        if count or name == "new":
            click.echo(f"  {count:>12,} {_CHANGES.get(name, name)}")


def _show_warnings(warnings: list[DataError], total: int) -> None:
    lang = language_here()
    for warning in warnings[:_SHOWN]:
        click.echo(f"{say(WARNING, lang)}: {fault_line(warning, lang)}", err=True)
    if total > _SHOWN:
        click.echo(f"{say(WARNING, lang)}: {say(MORE, lang, n=total - _SHOWN)}", err=True)


def _tell(preview: Any, result: Any, accepted: int, asked: dict[str, Any]) -> None:
    if asked["as_json"]:
        data = _as_data(preview) | {
            "batch": result.batch_id,
            "rows_posted": result.rows,
            "changes": result.changes,
            "settlements_proposed": result.settlements,
            "settlements_posted": accepted,
        }
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    _show_warnings(preview.warnings, preview.warnings_total)
    click.echo(f"{preview.kind}: {result.rows:,} rows posted (import {result.batch_id})")
    _show_changes(result.changes)
    if preview.rows_bad:
        click.echo(f"  {preview.rows_bad:>12,} faulty rows left out", err=True)
        if not asked["errors_out"]:
            click.echo("  mark them with --errors-out FILE", err=True)
    if result.settlements:
        left = result.settlements - accepted
        click.echo(f"  {accepted:>12,} settlements posted, {left:,} to be decided: huikuan settlements list")
