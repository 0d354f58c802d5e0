"""The ``huikuan`` command: finds the command's module, runs it, and turns refusals into exit codes."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import click

from huikuan import __version__
from huikuan.core.refusals import BadData, Refusal

BAD_DATA = 65
"""Exit code for data or a request that was understood and refused (``EX_DATAERR``)."""

SHOWN_FAULTS_MAX = 50

COMMANDS: dict[str, tuple[str, str]] = {
    "age": ("huikuan.cli.age:age", "What is owed, by how long it is past due."),
    "agreement": ("huikuan.cli.agreement:agreement", "Debts that end without money: parties in a round, things taken."),
    "backup": ("huikuan.cli.backup:backup", "Everything in one file: database, documents, key."),
    "bank": ("huikuan.cli.bank:bank", "Bank and wallet files of any kind to lines."),
    "apikey": ("huikuan.cli.apikey:apikey", "Keys by which programs come in."),
    "bank-statement": ("huikuan.cli.bank_statement:bank_statement", "Bank statements into the database."),
    "customer": ("huikuan.cli.customer:customer", "The customer file: particulars, terms, other names."),
    "debits": ("huikuan.cli.debits:debits", "SEPA direct debits: mandates, collections, the bank's file and report."),
    "cash": ("huikuan.cli.cash:cash", "Receipts for cash, papers of other payers, rules of channels."),
    "demo": ("huikuan.cli.demo:demo", "Fill an empty database with a demo company."),
    "django": ("huikuan.cli.django:manage", "Django's own management commands."),
    "entity": ("huikuan.cli.entity:entity", "Legal entities and the currency of their books."),
    "gl": ("huikuan.cli.gl:gl", "General ledger: map accounts, export months, reconcile."),
    "golive": ("huikuan.cli.golive:golive", "Go live: opening balances proved equal to the old general ledger."),
    "habits": ("huikuan.cli.habits:habits", "How a customer pays, and the day to ask."),
    "import": ("huikuan.cli.import_:import_", "Bring a file into the database."),
    "invoice": ("huikuan.cli.invoice:invoice", "Look at e-invoices, or bring them in as items."),
    "ledger": ("huikuan.cli.ledger:ledger", "Apply, unapply, refund, write off, close a month, add a rate."),
    "match": ("huikuan.cli.match:match", "What bank lines pay: ranked explanations, and a bar that is proved."),
    "mirror": ("huikuan.cli.verify:rebuild_mirror", "Write the Parquet mirror again from the database."),
    "migrate": ("huikuan.cli.serve:migrate", "Bring the database to this version."),
    "note": ("huikuan.cli.note:note", "Bills and cheques: take one, discount it, record what becomes of it."),
    "outbox": ("huikuan.cli.backup:outbox", "Whether anything is sent; release it in a restored copy."),
    "payouts": ("huikuan.cli.payouts_hand:payouts", "Shops and platforms: daily sales, payouts, what differs."),
    "practice": ("huikuan.cli.practice:practice", "The rows of the practice, where each lives, and its tests."),
    "remittance": ("huikuan.cli.remittance:remittance", "Remittance advices: list, keep, link to their bank line."),
    "restore": ("huikuan.cli.backup:restore", "A backup into an empty home folder and database."),
    "run": ("huikuan.cli.serve:run", "Migrate, fill an empty database, then serve, work and schedule."),
    "schedule": ("huikuan.cli.schedule_folders:schedule", "Jobs, their log, folders and reports."),
    "seal": ("huikuan.cli.verify:seal", "Seal the committed entries and write their mirror."),
    "workbench": ("huikuan.cli.workbench_rules:workbench", "Match and decide about lines of bank statements."),
    "settlements": ("huikuan.cli.settlements:settlements", "Decide what source systems reported as settled."),
    "short-payments": (
        "huikuan.cli.short_payments:short_payments",
        "What customers held back, by deadline; accept or reject it.",
    ),
    "user": ("huikuan.cli.user:user", "Make a person who may sign in, or a new password."),
    "verify": ("huikuan.cli.verify:verify", "Prove the chain, every entry and every balance."),
}
"""Name → (where it lives, what it does): enough for ``--help`` without importing anything."""


class Commands(click.Group):
    """A group whose commands are imported when they are called, so that one on files never loads Django."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - a programming error, not input
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="huikuan")
def group() -> None:
    """回款: collecting what customers owe."""


def report(refusal: Refusal, *, as_json: bool, lang: str = "en") -> None:
    """Says on standard error what was refused, fault by fault; as JSON where a machine asked."""
    from huikuan.cli.language import MORE, fault_line, fault_reason, refusal_line, say

    errors = refusal.errors if isinstance(refusal, BadData) else []
    message = refusal_line(refusal, lang)
    if as_json:
        faults = [
            {"file": e.file, "row": e.row, "column": e.column, "code": e.code, "reason": fault_reason(e, lang)}
            for e in errors
        ]
        answer: dict[str, Any] = {"error": refusal.code, "message": message, "faults": faults}
        if isinstance(refusal, BadData):
            answer["total"] = refusal.total
        click.echo(json.dumps(answer, ensure_ascii=False), err=True)
        return
    for error in errors[:SHOWN_FAULTS_MAX]:
        click.echo(fault_line(error, lang), err=True)
    if isinstance(refusal, BadData) and refusal.total > SHOWN_FAULTS_MAX:
        click.echo(say(MORE, lang, n=refusal.total - SHOWN_FAULTS_MAX), err=True)
    click.echo(f"huikuan: {message}", err=True)


def main(arguments: list[str] | None = None) -> None:
    """Runs one command. Exit 0: the whole job was done; 2: bad usage; 65: bad data or refused; 1: anything else."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        group.main(args=given, prog_name="huikuan", standalone_mode=False)
    except Refusal as refusal:
        from huikuan.cli.language import language_of

        report(refusal, as_json="--json" in given, lang=language_of(given))
        sys.exit(BAD_DATA)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Python would complain again while closing standard output.
        sys.stdout = None
        sys.exit(0)


if __name__ == "__main__":
    main()
