"""Bank files handed in: kept, read, and each statement in them imported by itself; what a person must decide is asked.

The outcome of every statement is kept with the upload. ``work_upload`` may be called again at any time: what was
imported is left, what was refused or waits for a decision is tried anew.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from huikuan.bank.source import FILE_MAX, Options
from huikuan.bank.statement import REPORTS, BadStatement
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.bank_uploads import upload_folder
from huikuan.services.background import enqueue
from huikuan.services.bank_accounts import add_alias, find_accounts, lock_account
from huikuan.services.bank_files import BankFile, keep_bank_file
from huikuan.services.bank_import import (
    AFTER_IMPORT,
    SEALED_FROM,
    NotTied,
    StatementFile,
    import_statement,
    spool_folder,
)
from huikuan.services.bank_layouts import options_of, take_layout
from huikuan.services.bank_outcomes import (
    NEEDS_ACCOUNT,
    NEEDS_DATE_ORDER,
    NOT_TIED,
    REFUSED,
    SETTLED,
    Outcome,
    described,
    note_faults,
    note_report,
    note_result,
    refused,
)
from huikuan.services.bank_reading import (
    Progress,
    ReadStatement,
    lacks_currency,
    lacks_date_order,
    read_file_statements,
)
from huikuan.services.bank_spool import SpoolFile
from huikuan.services.debit_reports import ReportResult, collecting_entities, take_report
from huikuan.services.imports_background import is_large, teller, told_failure
from huikuan.services.imports_publish import seal_after
from huikuan.services.matching import match_after_import
from huikuan.services.rights import demand, demand_anywhere
from huikuan.services.transaction import run_in_transaction
from huikuan.store.batch_locks import hold_folder
from huikuan.store.files import path_of
from huikuan.store.models import BankAccount, BankUpload, Entity

log = logging.getLogger("huikuan.bank")

if match_after_import not in AFTER_IMPORT:
    AFTER_IMPORT.append(match_after_import)

FILES_MAX = 50
TOTAL_MAX = FILE_MAX
"""Bytes of all files of one upload that comes over the network."""
State = BankUpload.State


def keep_upload(
    files: Sequence[BankFile],
    *,
    actor_id: int | None,
    now: datetime,
    entity_id: int | None = None,
    account_id: int | None = None,
    like: int | None = None,
) -> int:
    """Keeps files that were handed in; gives the number of the upload, on which nothing has been done yet.

    ``entity_id``: only its accounts are looked at; ``account_id``: of statements that do not say whose they are. A
    layout among the files, or that of the upload ``like``, says what the headings of the others mean.
    Refuses ``bank_upload.no_file``, ``bank_upload.too_many``, what ``take_layout`` and
    ``keep_bank_file`` refuse and ``right.missing``.
    """
    files, layout = take_layout(files, like)
    if not files:
        raise Refusal("bank_upload.no_file", "Choose a file first.")
    if len(files) > FILES_MAX:
        raise Refusal("bank_upload.too_many", "at most {count} files at once", count=FILES_MAX)
    _demand(actor_id, entity_id)
    kept = [keep_bank_file(one) for one in files]

    def work() -> int:
        _demand(actor_id, entity_id)
        said: dict[str, Any] = {"account": account_id} if account_id is not None else {}
        said |= {"layout": layout.to_json()} if layout is not None else {}
        row = BankUpload.objects.create(
            entity_id=entity_id, created_at=now, created_by_id=actor_id, files=kept, said=said
        )
        return int(row.pk)

    return run_in_transaction(work)


def start_upload(upload_id: int, *, actor_id: int | None, now: datetime, only: str = "") -> bool:
    """Imports what an upload holds: at once, or by the worker where it is large. Gives whether it is done.

    ``only``: file and place of one statement (``0:2``) instead of all that is not imported yet."""
    row = get_upload(upload_id)
    if is_large(sum(one["size"] for one in row.files)):
        hand_over(upload_id, actor_id, only)
        return False
    work_upload(upload_id, actor_id=actor_id, now=now, only=only)
    return True


def hand_over(upload_id: int, actor_id: int | None, only: str) -> None:
    """Hands the work to the worker, in one transaction with the note of it."""

    def work() -> None:
        row = BankUpload.objects.select_for_update().get(id=upload_id)
        row.task_id, row.state = enqueue("bank.upload", upload_id, actor_id, only), State.WAITING
        row.save(update_fields=["task_id", "state"])

    run_in_transaction(work)


def work_upload(
    upload_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    only: str = "",
    task_id: str = "",
    progress: Progress | None = None,
) -> list[Outcome]:
    """Does what ``start_upload`` says; gives what became of each statement by now. ``progress``: told how far it is
    instead of the page."""
    row = get_upload(upload_id)
    BankUpload.objects.filter(id=upload_id).update(state=State.WORKING)
    folder = upload_folder(upload_id)
    before = [Outcome(**one) for one in row.outcomes]
    outcomes: list[Outcome] = []
    # Held so that a page can tell work under way from work whose worker died. Two at once do no harm.
    with hold_folder(folder) as mine:
        try:
            run = _Run(row, only, actor_id, now, progress or teller(folder, task_id))
            for index in range(len(row.files)):
                outcomes += run.file(index, [one for one in before if one.file == index])
        finally:
            run_in_transaction(lambda: _keep_outcomes(upload_id, outcomes, before, now))
            if mine:
                shutil.rmtree(folder, ignore_errors=True)
    if sum(one.posted for one in outcomes) >= SEALED_FROM:
        seal_after(now)
    return outcomes


def _keep_outcomes(upload_id: int, worked: Sequence[Outcome], before: Sequence[Outcome], now: datetime) -> None:
    """Keeps what became of the statements that were tried; of the others, and of those somebody else has settled
    meanwhile, what is kept by now."""
    row = BankUpload.objects.select_for_update().get(id=upload_id)
    said = {(one["file"], one["place"]): one for one in row.outcomes}
    files = {one.file for one in worked}
    kept = [one for (file, _place), one in said.items() if file not in files]
    for one in worked:
        theirs = said.get((one.file, one.place))
        is_theirs = theirs is not None and (one in before or theirs["state"] in SETTLED)
        kept.append(theirs if theirs is not None and is_theirs else one.to_json())
    row.outcomes = sorted(kept, key=lambda one: (one["file"], one["place"]))
    row.state, row.finished_at = State.DONE, now
    row.save(update_fields=["outcomes", "state", "finished_at"])


@dataclass(frozen=True, slots=True)
class _Run:
    """One go at an upload. ``only``: see ``start_upload``."""

    row: BankUpload
    only: str
    actor_id: int | None
    now: datetime
    progress: Progress

    def file(self, index: int, before: Sequence[Outcome]) -> list[Outcome]:
        """What became of the statements of one file; ``before``: at the last go."""
        kept = {one.place: one for one in before if self._is_kept(one)}
        if before and len(kept) == len(before):
            return list(before)
        self.progress("read", 0, None)
        with SpoolFile(spool_folder()) as room:
            return self._read(index, kept, room)

    def _read(self, index: int, kept: dict[int, Outcome], room: SpoolFile) -> list[Outcome]:
        file = self.row.files[index]
        try:
            path = path_of(file["sha256"])
            statements = read_file_statements(path, file["name"], self._options(index), room, self.progress)
        except BadStatement as bad:
            unread = refused(Outcome(index, 0, REFUSED), bad)
            if lacks_date_order(bad):
                unread.state = NEEDS_DATE_ORDER
            elif lacks_currency(bad):
                unread.state, unread.faults, unread.faults_total = NEEDS_ACCOUNT, [], 0
            return [unread]
        except Refusal as refusal:
            return [refused(Outcome(index, 0, REFUSED), refusal)]
        return [
            kept[place] if place in kept else self._import(index, place, statement)
            for place, statement in enumerate(statements)
        ]

    def _is_kept(self, one: Outcome) -> bool:
        return one.state in SETTLED or bool(self.only and self.only != f"{one.file}:{one.place}")

    def _options(self, index: int) -> Options:
        """What a person said of a file that does not say it itself: the layout; the account, and by it the currency;
        the order of day and month."""
        account = self.row.said.get(f"{index}:0", {}).get("account") or self.row.said.get("account")
        currency = str(BankAccount.objects.get(id=account).currency) if account else ""
        order = self.row.said.get(f"{index}", {}).get("date_order", "")
        return options_of(self.row.said).with_(currency=currency, date_order=order)

    def _import(self, index: int, place: int, statement: ReadStatement) -> Outcome:
        outcome = described(index, place, statement)
        said = self.row.said.get(f"{index}:{place}", {})
        told = self.row.files[index]
        try:
            if statement.head.format in REPORTS:
                note_report(outcome, self._report(statement))
                return outcome
            outcome.account_id = said.get("account") or _only_account(self.row, statement, outcome, self.actor_id)
            if outcome.account_id is None:
                return outcome
            result = import_statement(
                outcome.account_id,
                statement,
                StatementFile(told["name"], told["sha256"], told["size"], place),
                actor_id=self.actor_id,
                now=self.now,
                override_reason=said.get("reason", ""),
                progress=self.progress,
            )
        except NotTied as refusal:
            outcome.state = NOT_TIED
            note_faults(outcome, refusal.errors, len(refusal.errors))
        except Refusal as refusal:
            refused(outcome, refusal)
        except Exception:
            log.exception("statement %s of upload %s stopped", place, self.row.pk)
            outcome.state, outcome.failure = REFUSED, told_failure(None)
        else:
            note_result(outcome, result)
        return outcome

    def _report(self, statement: ReadStatement) -> ReportResult:
        """What a bank says of direct debits belongs to no account: the payments named say whose it is."""
        entities = [self.row.entity_id] if self.row.entity_id is not None else collecting_entities(self.actor_id)
        who: dict[str, Any] = {"actor_id": self.actor_id, "now": self.now}
        return take_report(entities, statement.head.to_date, statement.lines, **who)


def _only_account(row: BankUpload, told: ReadStatement, outcome: Outcome, actor_id: int | None) -> int | None:
    """The account the statement names; where it names none or several, a person is asked."""
    entities = [row.entity_id] if row.entity_id is not None else Entity.objects.values_list("id", flat=True)
    found = []
    statement = replace(told.head, currency=told.head.currency or told.currency)
    for one in find_accounts(statement, entities):
        with contextlib.suppress(Refusal):
            demand(actor_id, Right.POST_CASH, entity_id=one.entity_id)
            found.append(one)
    if len(found) == 1:
        return int(found[0].pk)
    if row.said.get("account") and not found and not outcome.told_account:
        return int(row.said["account"])
    outcome.state, outcome.candidates = NEEDS_ACCOUNT, [int(one.pk) for one in found]
    return None


# -- what a person decides -------------------------------------------------------------------------------------------
def choose_account(
    upload_id: int, file: int, place: int, account_id: int, *, actor_id: int | None, now: datetime
) -> None:
    """Says of which account a statement is, and imports it and others of that account that waited. The number the file
    gave is remembered as the account's.

    Refuses ``bank_upload.unknown``, ``bank_upload.no_statement``, ``bank_account.unknown`` and ``right.missing``.
    """

    def work() -> None:
        account = lock_account(account_id)
        demand(actor_id, Right.POST_CASH, entity_id=account.entity_id)
        row, outcome = _asked(upload_id, file, place)
        if outcome["told_account"]:
            add_alias(account, outcome["told_account"])
        row.said = {**row.said, f"{file}:{place}": {"account": account_id}}
        row.save(update_fields=["said"])

    run_in_transaction(work)
    start_upload(upload_id, actor_id=actor_id, now=now)


def choose_date_order(upload_id: int, file: int, order: str, *, actor_id: int | None, now: datetime) -> None:
    """Says whether days (``dmy``) or months (``mdy``) come first in a file's dates, and imports it.

    Refuses ``bank_upload.bad_order``, ``bank_upload.unknown``, ``bank_upload.no_statement`` and ``right.missing``.
    """
    if order not in ("dmy", "mdy"):
        raise Refusal("bank_upload.bad_order", "Say whether days or months come first.")

    def work() -> None:
        row, _outcome = _asked(upload_id, file, 0)
        _demand(actor_id, row.entity_id)
        row.said = {**row.said, f"{file}": {"date_order": order}}
        row.save(update_fields=["said"])

    run_in_transaction(work)
    start_upload(upload_id, actor_id=actor_id, now=now, only=f"{file}:0")


def take_untied(upload_id: int, file: int, place: int, reason: str, *, actor_id: int | None, now: datetime) -> None:
    """Imports a statement whose balances do not tie, for a reason that is kept with it.

    Refuses ``bank_upload.no_reason``, ``bank_upload.unknown``, ``bank_upload.no_statement`` and ``right.missing``.
    """
    text = " ".join(reason.split())[:300]
    if not text:
        raise Refusal("bank_upload.no_reason", "Say why the statement is taken although it does not tie.")

    def work() -> None:
        row, outcome = _asked(upload_id, file, place)
        account = lock_account(outcome["account_id"] or 0)
        demand(actor_id, Right.OVERRIDE_BANK_STATEMENT, entity_id=account.entity_id)
        row.said = {**row.said, f"{file}:{place}": {"account": int(account.pk), "reason": text}}
        row.save(update_fields=["said"])

    run_in_transaction(work)
    start_upload(upload_id, actor_id=actor_id, now=now, only=f"{file}:{place}")


def give_up(upload_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Leaves out what waits for a decision; it can still be decided. Refuses ``bank_upload.unknown`` and
    ``right.missing``."""

    def work() -> None:
        row = BankUpload.objects.select_for_update().filter(id=upload_id).first()
        if row is None:
            raise unknown_upload()
        _demand(actor_id, row.entity_id)
        row.said = {**row.said, "given_up": now.isoformat()}
        row.save(update_fields=["said"])

    run_in_transaction(work)


def _asked(upload_id: int, file: int, place: int) -> tuple[BankUpload, dict[str, Any]]:
    row = BankUpload.objects.select_for_update().filter(id=upload_id).first()
    if row is None:
        raise unknown_upload()
    for one in row.outcomes:
        if one["file"] == file and one["place"] == place and one["state"] not in SETTLED:
            return row, one
    raise Refusal("bank_upload.no_statement", "There is no such statement to decide on in this upload.")


# -- around it -------------------------------------------------------------------------------------------------------
def get_upload(upload_id: int) -> BankUpload:
    """Refuses ``bank_upload.unknown``."""
    row = BankUpload.objects.filter(id=upload_id).first()
    if row is None:
        raise unknown_upload()
    return row


def unknown_upload() -> Refusal:
    return Refusal("bank_upload.unknown", "There is no such upload.")


def _demand(actor_id: int | None, entity_id: int | None) -> None:
    if entity_id is None:
        demand_anywhere(actor_id, Right.POST_CASH)
    else:
        demand(actor_id, Right.POST_CASH, entity_id=entity_id)
