"""A bank statement into the books: its lines kept once, money in posted at once, all of a statement in one transaction.

``import_statement`` locks the account, so two people with the same file come one after the other: the second is told
that everything is known. What was known is decided by ``bank.identity`` on the stored lines of the same days.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings

from huikuan.bank.statement import WALLETS, Statement
from huikuan.core.banking import SOURCE, LineKind, Tie
from huikuan.core.refusals import DataError, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.services.auditing import record
from huikuan.services.bank_accounts import get_account, lock_account
from huikuan.services.bank_fees import add_fees, keep_fees
from huikuan.services.bank_fitting import (
    FittedLine,
    FittedStatement,
    check_days,
    first_breaks,
    fit_statement,
)
from huikuan.services.bank_known import NewLine, file_known, split_new, tells_more
from huikuan.services.bank_reading import Progress, ReadStatement, read_statement
from huikuan.services.bank_receipts import receipt_of
from huikuan.services.bank_spool import Spool, SpoolFile
from huikuan.services.bank_twins import find_refunds, find_twins
from huikuan.services.books import Books, open_books
from huikuan.services.channels import keep_told
from huikuan.services.debit_settling import follow_statement, settle_debits
from huikuan.services.payout_following import settle_payouts
from huikuan.services.receipts import add_receipts
from huikuan.services.remittances import link_after_import
from huikuan.services.rights import demand
from huikuan.services.sources import source_id_of
from huikuan.services.transaction import run_in_transaction
from huikuan.services.writing import Unit
from huikuan.store.models import BankAccount, BankStatement
from huikuan.store.rows import insert_rows, reserve_ids

log = logging.getLogger("huikuan.bank")

CHUNK = 2_000
"""Lines written together."""
SEALED_FROM = 5_000
"""Lines from which on what was posted is sealed at once and not by the next run of the schedule."""

AfterImport = Callable[..., None]

AFTER_IMPORT: list[AfterImport] = [settle_debits, settle_payouts, link_after_import]
"""Called as ``hook(entity_id, line_ids, actor_id=..., now=...)`` once the lines of money in are committed."""


class NotTied(Refusal):
    """The balances of a statement do not tie; ``errors`` says where they break. It may be taken with a reason."""

    def __init__(self, errors: Sequence[DataError]) -> None:
        self.errors = list(errors)
        super().__init__(
            "bank_statement.not_tied", "The balances do not tie. {what}", what=first_breaks(self.errors, 1)
        )


@dataclass(frozen=True, slots=True)
class StatementFile:
    """The file a statement came in, kept by its hash, and which of the statements in it this one is."""

    name: str
    sha256: str
    size: int
    place: int = 0


@dataclass(frozen=True, slots=True)
class StatementResult:
    """What became of a statement. ``statement_id`` is ``None`` where everything was known: ``known_statement_id`` is
    then the one that brought it. ``waiting``: lines that a receipt recorded before may be, which a person must say.
    ``unbooked``: lines the bank says are not final, left out; ``fees``: those of which a wallet's fee was booked."""

    statement_id: int | None
    known_statement_id: int | None = None
    lines_new: int = 0
    lines_known: int = 0
    posted: int = 0
    waiting: int = 0
    unbooked: int = 0
    fees: int = 0


def import_statement(
    account_id: int,
    statement: Statement | ReadStatement,
    file: StatementFile,
    *,
    actor_id: int | None,
    now: datetime,
    override_reason: str = "",
    progress: Progress | None = None,
) -> StatementResult:
    """Keeps what is new of a statement and posts money in as receipts in suspense, all or nothing.

    The same again, or a file that overlaps, adds nothing twice. Raises ``NotTied`` where the balances do not tie and no
    ``override_reason`` is given (with one, the right ``bank_statement.override`` is asked), ``BadData`` for amounts the
    account cannot have; refuses ``bank_account.unknown``, ``bank_account.is_shut``, ``bank_statement.other_currency``,
    ``exchange.no_rate`` and ``right.missing``.
    """
    check_text("reason", override_reason, 300)
    told = read_statement(statement) if isinstance(statement, Statement) else statement

    reason = override_reason.strip()
    with SpoolFile(spool_folder()) as room:
        # Compared before anything is locked: on SQLite nobody else can write while this transaction lasts.
        early = _compare(get_account(account_id), told, file, reason, actor_id, now, room, progress)

        def work() -> tuple[StatementResult, int, Sequence[int]]:
            account = lock_account(account_id)
            found = early
            if found.seen != _standing(account):
                found = _compare(account, told, file, reason, actor_id, now, room, progress)
            _check_may(account, reason, actor_id)
            if not len(found.new) and (found.known_in is not None or not tells_more(found.fitted)):
                count, unbooked = found.fitted.count, found.fitted.unbooked
                known = StatementResult(None, found.known_in, lines_known=count, unbooked=unbooked)
                return known, account.entity_id, []
            writer = _Writer(account, open_books(account.entity_id, actor_id=actor_id), file, actor_id, now)
            result = writer.write(found.fitted, found.new, reason if found.fitted.breaks else "", progress)
            return result, account.entity_id, writer.posted_lines

        result, entity_id, line_ids = run_in_transaction(work)
    call_after_import(entity_id, line_ids, actor_id=actor_id, now=now)
    follow_statement(entity_id, result.statement_id, now=now)
    return result


def spool_folder() -> Path:
    """On which disk lines lie that are too many to be held."""
    return Path(settings.HUIKUAN_HOME) / "uploads"


def call_after_import(entity_id: int, line_ids: Sequence[int], *, actor_id: int | None, now: datetime) -> None:
    """What follows once money in is in the books. It may fail without undoing that."""
    for hook in AFTER_IMPORT if line_ids else ():
        try:
            hook(entity_id, line_ids, actor_id=actor_id, now=now)
        except Exception:
            log.exception("what follows an import of bank lines failed")


@dataclass(frozen=True, slots=True)
class _Compared:
    """What is new of a statement, while the account stands as ``seen``; ``known_in``: the statement that brought it,
    where nothing is."""

    seen: tuple[object, ...]
    fitted: FittedStatement
    new: Spool[NewLine]
    known_in: int | None


def _standing(account: BankAccount) -> tuple[object, ...]:
    """What a comparison rests on. New lines come with a statement, and nothing else adds any."""
    statements = BankStatement.objects.filter(account_id=account.pk).order_by("-id")
    return account.currency, account.number, statements.values_list("id", flat=True).first()


def _compare(
    account: BankAccount,
    told: ReadStatement,
    file: StatementFile,
    reason: str,
    actor_id: int | None,
    now: datetime,
    room: SpoolFile,
    progress: Progress | None,
) -> _Compared:
    _check_may(account, reason, actor_id)
    seen = _standing(account)
    fitted = _fitted(account, told, reason, room, progress)
    check_days(account.entity_id, fitted, now)
    known_in = file_known(account, fitted, file.sha256, file.place) if fitted.count else None
    new: Spool[NewLine] = room.spool()
    if known_in is None:
        new, known_in = split_new(account, fitted, room)
    return _Compared(seen, fitted, new, known_in)


def _check_may(account: BankAccount, reason: str, actor_id: int | None) -> None:
    right = Right.OVERRIDE_BANK_STATEMENT if reason else Right.POST_CASH
    demand(actor_id, right, entity_id=account.entity_id)
    if not account.is_active:
        raise Refusal("bank_account.is_shut", "The bank account {name} is shut.", name=account.name)


def _fitted(
    account: BankAccount, told: ReadStatement, reason: str, room: SpoolFile, progress: Progress | None
) -> FittedStatement:
    if told.own_currency and told.own_currency != account.currency:
        raise Refusal(
            "bank_statement.other_currency",
            "The statement is in {currency}, the account {name} in {own}.",
            currency=told.own_currency,
            name=account.name,
            own=account.currency,
        )
    fitted = fit_statement(told, account.currency, room, progress)
    if fitted.breaks and not reason:
        raise NotTied(fitted.breaks)
    return fitted


_LINE = (
    "id entity_id account_id statement_id ordinal row element kind booking_date value_date amount_minor currency"
    " bank_reference end_to_end_id mandate_id structured_reference transaction_code is_return return_reason batch_id"
    " charges_minor fee_minor balance_minor fingerprint"
).split()
_TEXT = ("line_id", "payer_name", "payer_account", "payer_bank", "ultimate_party", "remittance_text")


class _Writer:
    """Writes one statement, chunk by chunk, inside the caller's transaction."""

    def __init__(
        self, account: BankAccount, books: Books, file: StatementFile, actor_id: int | None, now: datetime
    ) -> None:
        self.account = account
        self.books = books
        self.file = file
        self.told_in = ""
        self.actor_id = actor_id
        self.now = now
        self.posted_lines = array("q")
        self.fees = 0
        self.refunds: set[int] | None = None

    def write(
        self,
        fitted: FittedStatement,
        new: Spool[NewLine],
        reason: str,
        progress: Progress | None,
    ) -> StatementResult:
        row = self._statement(fitted, len(new), reason)

        def money_in() -> Iterator[FittedLine]:
            return (one for one, _ in new if one.kind is LineKind.RECEIPT)

        twins = find_twins(self.account.entity_id, self.account.currency, money_in)
        if self.told_in in WALLETS:
            self.refunds = find_refunds(self.account.pk, lambda: (one for one, _ in new))
        waiting, done = iter(new), 0
        while chunk := list(islice(waiting, CHUNK)):
            self._chunk(row.pk, chunk, twins)
            done += len(chunk)
            if progress:
                progress("post", done, len(new))
        result = StatementResult(
            statement_id=row.pk,
            lines_new=len(new),
            lines_known=fitted.count - len(new),
            posted=len(self.posted_lines),
            waiting=len(twins),
            unbooked=fitted.unbooked,
            fees=self.fees,
        )
        self._record(row, result)
        return result

    def _statement(self, fitted: FittedStatement, count: int, reason: str) -> BankStatement:
        told = fitted.head
        self.told_in = told.format.value
        return BankStatement.objects.create(
            entity_id=self.account.entity_id,
            account_id=self.account.pk,
            format=told.format.value,
            file_name=self.file.name[:200],
            file_sha256=self.file.sha256,
            file_bytes=self.file.size,
            place=self.file.place,
            number=(told.sequence or told.statement_id)[:120],
            currency=self.account.currency,
            from_date=fitted.from_date,
            to_date=fitted.to_date,
            opening_minor=fitted.opening_minor,
            closing_minor=fitted.closing_minor,
            lines_total=fitted.count,
            lines_new=count,
            in_minor=fitted.in_minor,
            out_minor=fitted.out_minor,
            override_reason=reason,
            imported_at=self.now,
            imported_by_id=self.actor_id,
        )

    def _chunk(self, statement_id: int, new: Sequence[NewLine], twins: set[int]) -> None:
        ids = reserve_ids("store_bankline", len(new))
        insert_rows("store_bankline", _LINE, [self._values(statement_id, *pair) for pair in zip(ids, new, strict=True)])
        insert_rows("store_banklinetext", (*_TEXT, "erased_at"), [_texts(*pair) for pair in zip(ids, new, strict=True)])
        chosen = [
            (line_id, one, key)
            for line_id, (one, key) in zip(ids, new, strict=True)
            if one.kind is LineKind.RECEIPT and one.line.ordinal not in twins
        ]
        unit = Unit(self.account.entity_id, self.actor_id, self.now, source_id_of(SOURCE))
        money = [receipt_of(self.account.pk, one.line, one, key, self.told_in) for _, one, key in chosen]
        receipts = add_receipts(unit, self.books, money)
        lines = [(line_id, one) for line_id, (one, _) in zip(ids, new, strict=True)]
        fees = add_fees(unit, self.books, lines, f"fee: {self.account.name}")
        unit.flush()
        keep_fees(fees)
        self.fees += len(fees)
        keep_told(receipts, [one.channel for one in money])
        ties = [
            (line_id, receipt_id, Tie.POSTED.value, self.now, self.actor_id)
            for (line_id, _, _), receipt_id in zip(chosen, receipts, strict=True)
        ]
        insert_rows("store_banklinereceipt", ("line_id", "receipt_id", "tie", "at", "actor_id"), ties)
        self.posted_lines.extend(line_id for line_id, _, _ in chosen)

    def _values(self, statement_id: int, line_id: int, new: NewLine) -> tuple[Any, ...]:
        one, key = new
        line = one.line
        return (
            line_id,
            self.account.entity_id,
            self.account.pk,
            statement_id,
            line.ordinal,
            line.row,
            line.element,
            self._kind(one).value,
            line.booking_date,
            one.value_date,
            one.minor,
            self.account.currency,
            line.bank_reference,
            line.end_to_end_id,
            line.mandate_id,
            line.structured_reference,
            line.transaction_code,
            line.is_return or line.is_reversal,
            line.return_reason,
            line.batch_id,
            one.charges_minor,
            one.fee_minor,
            one.balance_minor,
            key,
        )

    def _kind(self, one: FittedLine) -> LineKind:
        is_part = one.kind is LineKind.RETURN and self.refunds is not None and -one.gross_minor not in self.refunds
        return LineKind.PAYMENT if is_part else one.kind

    def _record(self, row: BankStatement, result: StatementResult) -> None:
        told: dict[str, Any] = {"lines": result.lines_new, "known": result.lines_known, "posted": result.posted}
        common: dict[str, Any] = {
            "now": self.now,
            "actor_id": self.actor_id,
            "entity_id": row.entity_id,
            "subject": f"bank_statement:{row.pk}",
        }
        record("bank_statement.imported", **common, account=row.account_id, sha256=row.file_sha256, **told)
        if row.override_reason:
            record("bank_statement.overridden", **common, reason=row.override_reason)


def _texts(line_id: int, new: NewLine) -> tuple[Any, ...]:
    line = new[0].line
    return (
        *(line_id, line.payer_name, line.payer_account, line.payer_bank, line.ultimate_party),
        line.remittance_text,
        None,
    )
