"""``huikuan match``: bank lines against what customers owe, from files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from huikuan.cli.age import OUTPUTS, Day

_FILE = click.Path(exists=True, dir_okay=False)
PROGRESS_BYTES = 2_000_000
"""Files larger than this together are worth a progress bar."""
SHOWN_MAX = 40
"""Lines printed where no file is written."""


@click.command()
@click.argument("lines", type=_FILE)
@click.option("--items", required=True, type=_FILE, help="What customers owe; with the history's paid items too.")
@click.option("--customers", type=_FILE, help="Names, aliases, groups and accounts of customers.")
@click.option("--history", type=_FILE, help="Confirmed past lines: they teach, and set the bar.")
@click.option(
    "--max-error",
    default=0.001,
    show_default=True,
    type=click.FloatRange(0, 0.5, min_open=True),
    help="The share of wrong automatic postings that is not to be exceeded, with 95 % probability.",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True, help="Of the answer.")
@click.option("--as-of", type=Day(), help="Leave out what is dated later.")
@click.option("--ranks", default=5, show_default=True, type=click.IntRange(1, 20), help="Explanations kept per line.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write .csv, .xlsx or .parquet.")
@click.option("--learned", type=click.Path(dir_okay=False), help="Write what the history taught.")
@click.option("--evidence", type=click.Path(dir_okay=False), help="Write what each explanation rests on.")
@click.option("--currency", help="For files without a currency.")
@click.option("--profile", help="Read the items in a foreign layout.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def match(lines: str, output: str | None, as_json: bool, **asked: Any) -> None:
    """What each bank line pays.

    LINES is a file of bank lines (.csv, .xlsx, .parquet). Every line gets ranked explanations, each with the
    probability that it is wholly right. Lines over the bar are marked auto; the bar is set on the history so that the
    share of wrong ones stays under --max-error.
    """
    from huikuan.engines.files import read_table
    from huikuan.engines.match import MatchOptions
    from huikuan.engines.match import match as run
    from huikuan.engines.match_read import read_match_inputs

    for path in (output, asked["learned"], asked["evidence"]):
        _check_output(path)
    paths = {"lines": lines, **{kind: asked[kind] for kind in ("items", "customers", "history")}}
    with _progress([path for path in paths.values() if path]) as step:
        found = read_match_inputs(
            read_table,
            paths,
            currency=asked["currency"],
            profile=asked["profile"],
            options_of=lambda kind: {"progress": step(f"Reading {Path(paths[kind]).name}")},
        )
        answer = run(
            **found.tables,
            max_error=asked["max_error"],
            lang=asked["lang"],
            as_of=asked["as_of"],
            options=MatchOptions(ranks_max=asked["ranks"]),
            progress=_told(step),
        )
    answer.warnings[:0] = found.warnings
    _deliver(answer, found.tables["lines"], output, asked, as_json)


def _check_output(path: str | None) -> None:
    if path is None:
        return
    if Path(path).suffix.lower() not in OUTPUTS:
        raise click.BadParameter(f"{path!r} does not end in {', '.join(OUTPUTS)}", param_hint="--output")
    if not Path(path).absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder for {path!r}", param_hint="--output")


Step = Callable[[str], Callable[[int, int | None], None]]
_TITLES = {"replay": "Replaying the history", "match": "Matching"}


def _told(step: Step) -> Callable[[str, int, int], None]:
    """Progress of the engine as bars, one per stage; of several processes the furthest counts."""
    bars: dict[str, Callable[[int, int | None], None]] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in bars:
            bars[stage] = step(_TITLES[stage])
        bars[stage](done, total)

    return tell


@contextmanager
def _progress(paths: list[str]) -> Iterator[Step]:
    """A bar per step on standard error, where that is a terminal and the work is long."""
    size = sum(Path(path).stat().st_size for path in paths)
    if size < PROGRESS_BYTES or not sys.stderr.isatty():
        yield lambda what: lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # Drawn without a thread of its own: the engine forks only where no other thread runs.
    with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as bar:

        def step(what: str) -> Callable[[int, int | None], None]:
            task = bar.add_task(what, total=None)

            def tell(done: int, total: int | None) -> None:
                bar.update(task, completed=done, total=total)
                bar.refresh()

            return tell

        yield step


def _deliver(answer: Any, lines: Any, output: str | None, asked: dict[str, Any], as_json: bool) -> None:
    from huikuan.cli.age_show import show_warnings
    from huikuan.cli.match_show import machine_bar, plain_matches, say, show_bar, show_counts, show_lines
    from huikuan.engines.files import write_table

    for path, table in (
        (output, answer.matches),
        (asked["learned"], answer.learned),
        (asked["evidence"], answer.evidence),
    ):
        if path:
            try:
                write_table(table, path)
            except OSError as error:
                raise click.FileError(path, error.strerror or str(error)) from None
    if as_json:
        told = {
            "counts": answer.counts,
            "bar": machine_bar(answer.bar),
            "warnings": [
                {"file": w.file, "row": w.row, "column": w.column, "code": w.code, "reason": w.reason}
                for w in answer.warnings
            ],
        }
        told |= (
            {"output": output, "rows_written": answer.matches.num_rows}
            if output
            else {"matches": plain_matches(answer.matches)}
        )
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in show_warnings(answer.warnings):
        click.echo(line, err=True)
    if not output:
        for line in show_lines(answer.matches, lines, SHOWN_MAX, asked["lang"]):
            click.echo(line)
        click.echo("")
    for line in (*show_counts(answer.counts, asked["lang"]), *show_bar(answer.bar, asked["lang"])):
        click.echo(line)
    if output:
        click.echo(say("written", asked["lang"], n=answer.matches.num_rows, path=output))
