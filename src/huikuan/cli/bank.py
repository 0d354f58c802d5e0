"""``huikuan bank``: any bank or wallet file → lines, each once, with its place in the file."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huikuan.cli.language import ACCEPTED, NOTE, fault_line, in_language, language_here, say
from huikuan.core.said import Said

if TYPE_CHECKING:
    from huikuan.bank.collecting import Collection

SHOWN_LINES = 20
_MORE_LINES = Said("... and {n} more; write them with -o")
_LINES = Said("{n} lines of {statements} statements")
_DOUBLED = Said("{n} told by another statement already")
_PENDING = Said("{n} pending left out")
_INFORMATION = Said("{n} that moved no money left out")
_BETWEEN = Said(", ")
OUTPUTS = (".csv", ".xlsx", ".parquet")


@click.command()
@in_language
@click.argument("statements", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write .csv, .xlsx or .parquet.")
@click.option("--currency", help="For files that name none.")
@click.option("--account", help="For files that name none.")
@click.option("--date-order", type=click.Choice(["dmy", "mdy"]), help="Where 03/04 can be read both ways.")
@click.option("--profile", type=click.Path(exists=True, dir_okay=False), help="What headings mean, as TOML.")
@click.option("--accept-balances", is_flag=True, help="Take files whose balances do not tie; say where.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def bank(
    statements: tuple[Path, ...],
    output: Path | None,
    currency: str | None,
    account: str | None,
    date_order: str | None,
    profile: str | None,
    accept_balances: bool,
    as_json: bool,
) -> None:
    """Read STATEMENTS of banks and wallets and write their booked lines.

    camt.052/053/054, pain.002, MT940/942, BAI2, OFX/QFX, CSV, Excel and HTML of any bank, Alipay, WeChat Pay, and zip
    archives of them. A payment that several files tell is written once.
    """
    from huikuan.bank.collecting import Collection
    from huikuan.bank.profile import read_profile
    from huikuan.bank.source import Options, Source

    if output is not None and output.suffix.lower() not in OUTPUTS:
        raise click.BadParameter(f"{str(output)!r} does not end in {', '.join(OUTPUTS)}", param_hint="--output")
    if output is not None and not output.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder for {str(output)!r}", param_hint="--output")
    if currency is not None:
        currency = _currency(currency)
    options = read_profile(Path(profile)) if profile else Options()
    options = options.with_(currency=currency, account=account, date_order=date_order)
    collection = Collection([Source(path.name, path=path) for path in statements], options, accept_balances)
    shown = _deliver(collection, output, as_json)
    if as_json:
        click.echo(json.dumps(_as_data(collection, shown, output), ensure_ascii=False))
    else:
        _tell(collection, shown, output)


def _currency(text: str) -> str:
    from huikuan.core.money import EXPONENTS

    if text.upper() not in EXPONENTS:
        raise click.BadParameter(f"{text!r} is not an ISO 4217 currency", param_hint="--currency")
    return text.upper()


def _deliver(collection: Collection, output: Path | None, as_json: bool) -> list[dict[str, str]]:
    """Reads everything; writes only when nothing is wrong. Gives the lines to show."""
    from huikuan.bank.columns import as_row
    from huikuan.cli.bank_write import line_writer
    from huikuan.engines.files_write import replacing

    keep = sys.maxsize if as_json and output is None else SHOWN_LINES
    shown: list[dict[str, str]] = []
    with ExitStack() as stack:
        path = stack.enter_context(replacing(output)) if output is not None else None
        with line_writer(path) as write:
            for found in collection.lines():
                write(found)
                if output is None and len(shown) < keep:
                    shown.append(as_row(found))
        collection.raise_if_any()
        if collection.overlaps:
            shown = []
            with line_writer(path) as write:
                for found in collection.distinct():
                    write(found)
                    if output is None and len(shown) < keep:
                        shown.append(as_row(found))
    return shown


def _tell(collection: Collection, shown: list[dict[str, str]], output: Path | None) -> None:
    for row in shown:
        who = " ".join(part for part in (row["payer_name"], row["remittance_text"]) if part)
        click.echo(f"{row['booking_date']}  {row['amount']:>16} {row['currency']}  {who[:80]}")
    left = collection.booked - collection.doubled - len(shown)
    lang = language_here()
    if output is None and left > 0:
        click.echo(say(_MORE_LINES, lang, n=left))
    for statement in collection.statements:
        for note in statement.notes:
            click.echo(f"{say(NOTE, lang)}: {statement.file}: {say(note, lang)}", err=True)
    for fault in collection.unbalanced:
        click.echo(f"{say(ACCEPTED, lang)}: {fault_line(fault, lang)}", err=True)
    counts = ((_DOUBLED, collection.doubled), (_PENDING, collection.pending), (_INFORMATION, collection.information))
    lines = collection.booked - collection.doubled
    parts = [say(_LINES, lang, n=lines, statements=len(collection.statements))]
    parts += [say(said, lang, n=count) for said, count in counts if count]
    click.echo(say(_BETWEEN, lang).join(parts) + (f" → {output}" if output else ""))


def _as_data(collection: Collection, shown: list[dict[str, str]], output: Path | None) -> dict[str, Any]:
    def balance(one: Any) -> dict[str, str | None] | None:
        return None if one is None else {"amount": f"{one.amount:f}", "date": one.on and one.on.isoformat()}

    return {
        "lines": collection.booked - collection.doubled,
        "doubled": collection.doubled,
        "pending": collection.pending,
        "information": collection.information,
        "output": str(output) if output else None,
        "statements": [
            {
                "file": one.file,
                "format": one.format.value,
                "account": one.account,
                "bank": one.bank,
                "owner": one.owner,
                "currency": one.currency,
                "statement_id": one.statement_id,
                "from_date": one.from_date.isoformat() if one.from_date else None,
                "to_date": one.to_date.isoformat() if one.to_date else None,
                "opening": balance(one.opening),
                "closing": balance(one.closing),
                "notes": list(map(str, one.notes)),
            }
            for one in collection.statements
        ],
        "unbalanced": [
            {"file": one.file, "row": one.row, "column": one.column, "code": one.code, "reason": one.reason}
            for one in collection.unbalanced
        ],
        **({} if output else {"rows": shown}),
    }
