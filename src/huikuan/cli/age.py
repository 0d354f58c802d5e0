"""``huikuan age``: what is owed on a day, by how long it is past due, from files or from the database."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, tzinfo
from pathlib import Path
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from huikuan.cli.language import in_language
from huikuan.core.ageing import Basis, BucketBy, parse_buckets, parse_known_on
from huikuan.core.refusals import Refusal

OUTPUTS = (".csv", ".xlsx", ".parquet")
USAGE = frozenset(
    {
        "ageing.bad_buckets",
        "ageing.bad_by",
        "ageing.bad_known_on",
        "ageing.snapshot_date_missing",
        "ageing.unknown_column",
    }
)
"""Refusals of how the command was called rather than of the data: exit code 2."""

PROGRESS_BYTES = 20_000_000
"""Files larger than this together are worth a progress bar."""

Found = TypeVar("Found")


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A date as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2026-03-31", param, ctx)


_FILE = click.Path(exists=True, dir_okay=False)


@click.command()
@in_language
@click.argument("items", required=False, type=_FILE)
@click.option("--applications", type=_FILE, help="Money and credits applied to items.")
@click.option("--receipts", type=_FILE, help="Money received; what is not applied shows as unapplied.")
@click.option("--as-of", required=True, type=Day(), help="The day to show, at its end.")
@click.option("--known-on", help="Only what was recorded by then: an instant with offset, or a date (its end).")
@click.option("--by", default="customer_id", show_default=True, help="Columns to group by, separated by commas.")
@click.option("--buckets", default="0,30,60,90", show_default=True, help="Upper bounds in days.")
@click.option("--bucket-by", type=click.Choice(get_args(BucketBy)), default="due", show_default=True)
@click.option("--basis", type=click.Choice(get_args(Basis)), default="posting", show_default=True)
@click.option("--snapshot-date", type=Day(), help="The day on which the file's open_amount was open.")
@click.option("--wide", is_flag=True, help="Buckets as columns, with a total.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write .csv, .xlsx or .parquet.")
@click.option("--currency", help="For files without a currency.")
@click.option("--profile", help="Read the items in a foreign layout.")
@click.option("--entity", help="Database only: one legal entity, by its code.")
@click.option("--timezone", help="Whose day a bare date in --known-on ends (files: UTC; database: the entity's).")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def age(items: str | None, output: str | None, wide: bool, as_json: bool, **asked: Any) -> None:
    """What is owed on a day, by how long it is past due.

    ITEMS is a file of items (.csv, .xlsx, .parquet); without it the database is asked.
    """
    if output and Path(output).suffix.lower() not in OUTPUTS:
        raise click.BadParameter(f"{output!r} does not end in {', '.join(OUTPUTS)}", param_hint="--output")
    if output and not Path(output).absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder for {output!r}", param_hint="--output")
    asked["by"] = tuple(name.strip() for name in asked["by"].split(",") if name.strip())
    asked["buckets"] = _usage(lambda: parse_buckets(asked["buckets"]))
    timezone, known_on = asked.pop("timezone"), asked["known_on"]
    zone = _zone(timezone or "UTC")
    if known_on is not None:
        asked["known_on"] = _usage(lambda: parse_known_on(known_on, zone))
        if not items and not timezone and len(known_on) == 10:
            asked["known_on"] = date.fromisoformat(known_on)  # the database knows its entities' zone
    answer = _usage(lambda: _age_files(items, asked) if items else _age_database(asked))
    _deliver(answer, asked, output=output, wide=wide, as_json=as_json)


def _usage(call: Callable[[], Found]) -> Found:
    try:
        return call()
    except Refusal as refusal:
        if refusal.code in USAGE:
            raise click.UsageError(refusal.message) from None
        raise


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(
            f"{name!r} is not a time zone such as Asia/Shanghai", param_hint="--timezone"
        ) from None


def _age_files(items: str, asked: dict[str, Any]) -> Any:
    """Reads the files, all faults at once, and ages them."""
    if asked["entity"]:
        raise click.UsageError("--entity is for the database; in files, use --by entity")
    from huikuan.engines.age import age_answer
    from huikuan.engines.age_read import read_inputs
    from huikuan.engines.age_spool import spooling_reader

    paths = {"items": items, "applications": asked["applications"], "receipts": asked["receipts"]}
    with (
        tempfile.TemporaryDirectory(prefix="huikuan-age-") as folder,
        _progress([path for path in paths.values() if path]) as step,
    ):
        found = read_inputs(
            spooling_reader(Path(folder), asked["by"]),
            paths,
            profile=asked["profile"],
            currency=asked["currency"],
            snapshot_date=asked["snapshot_date"],
            options_of=lambda kind: {"progress": step(f"Reading {Path(paths[kind]).name}")},
        )
        step("Ageing")(0, None)
        options = ("as_of", "known_on", "by", "buckets", "bucket_by", "basis", "snapshot_date")
        answer = age_answer(**found.tables, **{name: asked[name] for name in options})
    answer.warnings[:0] = found.warnings
    return answer


def _age_database(asked: dict[str, Any]) -> Any:
    for name in ("applications", "receipts", "snapshot_date", "currency", "profile"):
        if asked[name] is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with a file of items; none was given")
    from huikuan.cli.django import setup_database

    setup_database()
    from huikuan.queries.ageing import age_database

    options = ("as_of", "known_on", "by", "buckets", "bucket_by", "basis", "entity")
    return age_database(**{name: asked[name] for name in options})


Step = Callable[[str], Callable[[int, int | None], None]]


@contextmanager
def _progress(paths: list[str]) -> Iterator[Step]:
    """A bar per step on standard error, where that is a terminal and the work is long: ``step(what)(done, total)``."""
    size = sum(Path(path).stat().st_size for path in paths)
    if size < PROGRESS_BYTES or not sys.stderr.isatty():
        yield lambda what: lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:

        def step(what: str) -> Callable[[int, int | None], None]:
            task = bar.add_task(what, total=None)
            return lambda done, total: bar.update(task, completed=done, total=total)

        yield step


def _deliver(answer: Any, asked: dict[str, Any], *, output: str | None, wide: bool, as_json: bool) -> None:
    from huikuan.cli.age_show import show_ageing, show_bridge, show_warnings
    from huikuan.engines.age_forms import to_places, widen

    long = to_places(answer.table)
    table = widen(long, asked["by"], asked["buckets"]) if wide else long
    if output:
        from huikuan.engines.files import write_table

        try:
            write_table(table, output)
        except OSError as error:
            raise click.FileError(output, error.strerror or str(error)) from None
    if as_json:
        click.echo(json.dumps(_machine(answer, long, table, asked, output), ensure_ascii=False))
        return
    for line in show_warnings(answer.warnings):
        click.echo(line, err=True)
    counted = "days past due" if asked["bucket_by"] == "due" else "days since the document date"
    known = f", as known on {asked['known_on'].isoformat()}" if asked["known_on"] else ""
    provisional = " (provisional: entries not yet sealed are in it)" if answer.provisional else ""
    click.echo(f"As of {asked['as_of']}{known}, {counted}, {asked['basis']} basis{provisional}")
    groups = () if output else asked["by"]
    shown = _together(long) if output else long
    for line in show_ageing(shown, groups, asked["buckets"]):
        click.echo(line)
    if answer.bridge is not None:
        for line in show_bridge(answer.bridge):
            click.echo(line)
    if output:
        click.echo(f"\n{table.num_rows:,} rows written to {output}")


def _together(long: Any) -> Any:
    """Per currency and bucket, all groups together, in the order of the buckets' first appearance."""
    groups = long.group_by(["currency", "bucket"], use_threads=False)
    return groups.aggregate([("open_amount", "sum"), ("items", "sum")]).rename_columns(
        ["currency", "bucket", "open_amount", "items"]
    )


def _machine(answer: Any, long: Any, table: Any, asked: dict[str, Any], output: str | None) -> dict[str, Any]:
    """The answer as JSON: amounts are exact strings. With an output file the rows are there, not here."""
    from huikuan.cli.age_show import plain, plain_rows, totals_of

    known_on = asked["known_on"]
    return {
        "as_of": str(asked["as_of"]),
        "known_on": known_on and known_on.isoformat(),
        "by": asked["by"],
        "buckets": asked["buckets"],
        "bucket_by": asked["bucket_by"],
        "basis": asked["basis"],
        "provisional": answer.provisional,
        "known_seq": answer.known_seq,
        "totals": [plain(total) for total in totals_of(long)],
        "bridge": None if answer.bridge is None else plain_rows(answer.bridge),
        "warnings": [
            {"file": w.file, "row": w.row, "column": w.column, "code": w.code, "reason": w.reason}
            for w in answer.warnings
        ],
        **({"output": output, "rows_written": table.num_rows} if output else {"rows": plain_rows(table)}),
    }
