"""``huikuan schedule``: folders that are watched and reports that are written."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from huikuan.cli.schedule import schedule
from huikuan.core.said import line_text
from huikuan.core.schedule import EVERY

__all__ = ["schedule"]

_ACTOR = click.option("--as", "actor", metavar="USER", help="Who does it (for the audit trail); without, the system.")
_ENTITY = click.option("--entity", help="Code of the legal entity, where there are several.")
_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


@schedule.command("folders")
@_JSON
def list_folders(as_json: bool) -> None:
    """Watched folders with the files that came last."""
    from huikuan.queries.schedule import all_entities, folder_rows

    rows = folder_rows(all_entities())
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "number": row.id,
                        "folder": row.folder,
                        "entity": row.entity_name,
                        "kind": row.kind,
                        "feed": row.feed,
                        "active": row.is_active,
                        "files": [
                            {"name": one.file_name, "state": one.state, "line": line_text(one.line)}
                            for one in row.files
                        ],
                    }
                    for row in rows
                ],
                ensure_ascii=False,
            )
        )
        return
    for row in rows:
        state = "" if row.is_active else "  paused"
        click.echo(f"{row.id}  {row.folder}  {row.kind}, {row.feed}, {row.entity_name}{state}")
        for one in row.files:
            click.echo(f"   {one.file_name}: {one.state}. {line_text(one.line)}")


@schedule.command("watch")
@click.argument("folder")
@click.option("--kind", default="items", show_default=True, help="What its files hold: items, customers, receipts …")
@click.option("--feed", default="incremental", show_default=True, help="incremental or snapshot.")
@click.option("--profile", default="", help="Layout of the files, where they are another program's.")
@click.option("--source", default="", help="Name of the system the files come from.")
@click.option("--currency", default="", help="Of files without one.")
@_ENTITY
@_ACTOR
def watch(
    folder: str,
    kind: str,
    feed: str,
    profile: str,
    source: str,
    currency: str,
    entity: str | None,
    actor: str | None,
) -> None:
    """Watch a folder, below HUIKUAN_WATCH_DIR: what comes into it is imported."""
    from huikuan.services.lookup import find_entity, find_user
    from huikuan.services.watching import NewFolder, add_folder

    new = NewFolder(find_entity(entity)[0], folder, kind, feed, profile, source, currency.upper())
    number = add_folder(new, actor_id=find_user(actor), now=datetime.now(UTC))
    click.echo(f"{number}: {folder} is watched")


@schedule.command("unwatch")
@click.argument("number", type=int)
@click.option("--resume", is_flag=True, help="Watch it again.")
@_ACTOR
def unwatch(number: int, resume: bool, actor: str | None) -> None:
    """Stop watching a folder, by its number in `huikuan schedule folders`."""
    from huikuan.services.lookup import find_user
    from huikuan.services.watching import set_watched

    set_watched(number, resume, actor_id=find_user(actor), now=datetime.now(UTC))
    click.echo(f"{number} is {'watched' if resume else 'not watched any more'}")


@schedule.command("reports")
@_JSON
def list_reports(as_json: bool) -> None:
    """Reports that are written, and up to which day they are."""
    from huikuan.queries.schedule import all_entities, report_rows

    rows = report_rows(all_entities())
    if as_json:
        shown = [
            {
                "number": row.id,
                "report": row.report,
                "every": row.every,
                "folder": row.folder,
                "entity": row.entity_name,
                "active": row.is_active,
                "last_as_of": row.last_as_of.isoformat() if row.last_as_of else None,
            }
            for row in rows
        ]
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for row in rows:
        state = "" if row.is_active else "  paused"
        last = row.last_as_of.isoformat() if row.last_as_of else "-"
        click.echo(f"{row.id}  {row.report}, {row.every}, {row.folder}, {row.entity_name}  last {last}{state}")


@schedule.command("report")
@click.argument("folder")
@click.option("--every", type=click.Choice(list(EVERY)), default="monthly", show_default=True)
@_ENTITY
@_ACTOR
def report(folder: str, every: str, entity: str | None, actor: str | None) -> None:
    """Write the ageing into a folder, below HUIKUAN_REPORTS_DIR, each day, week or month."""
    from huikuan.services.lookup import find_entity, find_user
    from huikuan.services.reports import add_report

    number = add_report(find_entity(entity)[0], every, folder, actor_id=find_user(actor), now=datetime.now(UTC))
    click.echo(f"{number}: the ageing is written to {folder}")


@schedule.command("unreport")
@click.argument("number", type=int)
@click.option("--resume", is_flag=True, help="Write it again.")
@_ACTOR
def unreport(number: int, resume: bool, actor: str | None) -> None:
    """Stop writing a report, by its number in `huikuan schedule reports`."""
    from huikuan.services.lookup import find_user
    from huikuan.services.reports import set_report

    set_report(number, resume, actor_id=find_user(actor), now=datetime.now(UTC))
    click.echo(f"{number} is {'written' if resume else 'not written any more'}")
