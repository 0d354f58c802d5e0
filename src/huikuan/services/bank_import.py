"""A bank statement into the books: its lines kept once, money in posted at once, all of a statement in one transaction.

``import_statement`` locks the account, so two people with the same file come one after the other: the second is told
that everything is known. What was known is decided by ``bank.identity`` on the stored lines of the same days.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from huikuan.bank.identity import Fingerprints, KnownLine, find_known
from huikuan.bank.statement import Line, Statement, StatementFormat
from huikuan.core.banking import SOURCE, LineKind, Tie
from huikuan.core.money import to_decimal
from huikuan.core.refusals import DataError, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.services.auditing import record
from huikuan.services.bank_accounts import lock_account
from huikuan.services.bank_fitting import (
    FittedLine,
    FittedStatement,
    check_days,
    currencies_of,
    first_breaks,
    fit_statement,
)
from huikuan.services.bank_receipts import receipt_of
from huikuan.services.bank_twins import find_twins
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
from huikuan.store.models import BankAccount, BankLine, BankStatement
from huikuan.store.rows import insert_rows, reserve_ids

log = logging.getLogger("huikuan.bank")

CHUNK = 2_000
"""Lines written together."""
SEALED_FROM = 5_000
"""Lines from which on what was posted is sealed at once and not by the next run of the schedule."""

Progress = Callable[[str, int, int | None], None]
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
    ``unbooked``: lines the bank says are not final, left out."""

    statement_id: int | None
    known_statement_id: int | None = None
    lines_new: int = 0
    lines_known: int = 0
    posted: int = 0
    waiting: int = 0
    unbooked: int = 0


def import_statement(
    account_id: int,
    statement: Statement,
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

    def work() -> tuple[StatementResult, int, list[int]]:
        account = lock_account(account_id)
        fitted = _checked(account, statement, override_reason.strip(), actor_id)
        check_days(account.entity_id, fitted, now)
        new, known_in = _split(account, fitted)
        if not new and (known_in is not None or not _tells_more(fitted)):
            known = StatementResult(None, known_in, lines_known=len(fitted.lines), unbooked=fitted.unbooked)
            return known, account.entity_id, []
        writer = _Writer(account, open_books(account.entity_id, actor_id=actor_id), file, actor_id, now)
        reason = override_reason.strip() if fitted.breaks else ""
        result = writer.write(fitted, new, reason, progress)
        return result, account.entity_id, writer.posted_lines

    result, entity_id, line_ids = run_in_transaction(work)
    call_after_import(entity_id, line_ids, actor_id=actor_id, now=now)
    follow_statement(entity_id, result.statement_id, now=now)
    return result


def call_after_import(entity_id: int, line_ids: Sequence[int], *, actor_id: int | None, now: datetime) -> None:
    """What follows once money in is in the books. It may fail without undoing that."""
    for hook in AFTER_IMPORT if line_ids else ():
        try:
            hook(entity_id, line_ids, actor_id=actor_id, now=now)
        except Exception:
            log.exception("what follows an import of bank lines failed")


def _checked(account: BankAccount, statement: Statement, reason: str, actor_id: int | None) -> FittedStatement:
    right = Right.OVERRIDE_BANK_STATEMENT if reason else Right.POST_CASH
    demand(actor_id, right, entity_id=account.entity_id)
    if not account.is_active:
        raise Refusal("bank_account.is_shut", "The bank account {name} is shut.", name=account.name)
    others = [one for one in currencies_of(statement)[:1] if one != account.currency]
    if others:
        raise Refusal(
            "bank_statement.other_currency",
            "The statement is in {currency}, the account {name} in {own}.",
            currency=others[0],
            name=account.name,
            own=account.currency,
        )
    fitted = fit_statement(statement, account.currency)
    if fitted.breaks and not reason:
        raise NotTied(fitted.breaks)
    return fitted


def _tells_more(fitted: FittedStatement) -> bool:
    """Whether a statement without a new line says how much stood on the account."""
    return fitted.closing_minor is not None


def _split(account: BankAccount, fitted: FittedStatement) -> tuple[list[tuple[FittedLine, str]], int | None]:
    """The new lines with their keys; and the statement that brought the known ones where nothing is new: none where the
    file tells balances nobody told before."""
    known, owners = _known_lines(account, fitted)
    found = find_known(known, fitted.statement)
    taken = {one.key for one in known}
    used = set(found.values())
    keys = Fingerprints(account.number or str(account.pk))
    new: list[tuple[FittedLine, str]] = []
    for one in fitted.lines:
        key = keys.of(one.line)
        if one.line.ordinal in found:
            continue
        if key in taken and key not in used:
            # Its text was erased meanwhile: the key still says that it is the same.
            used.add(key)
            continue
        while key in taken:
            key = blake2b(key.encode(), digest_size=16).hexdigest()
        taken.add(key)
        used.add(key)
        new.append((one, key))
    if new:
        return new, None
    return new, _same_statement(account, fitted) or (
        None if _tells_more(fitted) else min((owners[key] for key in used if key in owners), default=None)
    )


def _same_statement(account: BankAccount, fitted: FittedStatement) -> int | None:
    same = BankStatement.objects.filter(
        account_id=account.pk,
        from_date=fitted.from_date,
        to_date=fitted.to_date,
        opening_minor=fitted.opening_minor,
        closing_minor=fitted.closing_minor,
    )
    return same.order_by("id").values_list("id", flat=True).first()


_COLUMNS = (
    "fingerprint statement_id statement__format ordinal row booking_date value_date amount_minor currency"
    " bank_reference end_to_end_id text__payer_name text__payer_account text__remittance_text"
).split()


def _known_lines(account: BankAccount, fitted: FittedStatement) -> tuple[list[KnownLine], dict[str, int]]:
    """The stored lines of the statement's days, and the statement of each by its key."""
    days = [one.line.booking_date for one in fitted.lines]
    if not days:
        return [], {}
    rows = BankLine.objects.filter(account_id=account.pk, booking_date__gte=min(days), booking_date__lte=max(days))
    found, owners = [], {}
    for row in rows.order_by("booking_date", "id").values_list(*_COLUMNS).iterator(chunk_size=5_000):
        one = dict(zip(_COLUMNS, row, strict=True))
        line = Line(
            ordinal=one["ordinal"],
            row=one["row"],
            booking_date=one["booking_date"],
            value_date=one["value_date"],
            amount=to_decimal(one["amount_minor"], one["currency"]),
            currency=one["currency"],
            bank_reference=one["bank_reference"],
            end_to_end_id=one["end_to_end_id"],
            payer_name=one["text__payer_name"] or "",
            payer_account=one["text__payer_account"] or "",
            remittance_text=one["text__remittance_text"] or "",
        )
        found.append(KnownLine(one["fingerprint"], line, StatementFormat(one["statement__format"])))
        owners[one["fingerprint"]] = one["statement_id"]
    return found, owners


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
        self.posted_lines: list[int] = []

    def write(
        self,
        fitted: FittedStatement,
        new: Sequence[tuple[FittedLine, str]],
        reason: str,
        progress: Progress | None,
    ) -> StatementResult:
        row = self._statement(fitted, len(new), reason)
        money_in = [one for one, _ in new if one.kind is LineKind.RECEIPT]
        twins = find_twins(self.account.entity_id, self.account.currency, money_in)
        for start in range(0, len(new), CHUNK):
            self._chunk(row.pk, new[start : start + CHUNK], twins)
            if progress:
                progress("post", min(start + CHUNK, len(new)), len(new))
        result = StatementResult(
            statement_id=row.pk,
            lines_new=len(new),
            lines_known=len(fitted.lines) - len(new),
            posted=len(self.posted_lines),
            waiting=len(twins),
            unbooked=fitted.unbooked,
        )
        self._record(row, result)
        return result

    def _statement(self, fitted: FittedStatement, count: int, reason: str) -> BankStatement:
        told = fitted.statement
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
            lines_total=len(fitted.lines),
            lines_new=count,
            in_minor=fitted.in_minor,
            out_minor=fitted.out_minor,
            override_reason=reason,
            imported_at=self.now,
            imported_by_id=self.actor_id,
        )

    def _chunk(self, statement_id: int, new: Sequence[tuple[FittedLine, str]], twins: set[int]) -> None:
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
        unit.flush()
        keep_told(receipts, [one.channel for one in money])
        ties = [
            (line_id, receipt_id, Tie.POSTED.value, self.now, self.actor_id)
            for (line_id, _, _), receipt_id in zip(chosen, receipts, strict=True)
        ]
        insert_rows("store_banklinereceipt", ("line_id", "receipt_id", "tie", "at", "actor_id"), ties)
        self.posted_lines += [line_id for line_id, _, _ in chosen]

    def _values(self, statement_id: int, line_id: int, new: tuple[FittedLine, str]) -> tuple[Any, ...]:
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
            one.kind.value,
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


def _texts(line_id: int, new: tuple[FittedLine, str]) -> tuple[Any, ...]:
    line = new[0].line
    return (
        *(line_id, line.payer_name, line.payer_account, line.payer_bank, line.ultimate_party),
        line.remittance_text,
        None,
    )
