"""What became of a statement that was handed in, as it is kept with the upload and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from huikuan.core.refusals import BadData, DataError, Refusal
from huikuan.core.said import keep_line
from huikuan.services.bank_import import StatementResult
from huikuan.services.bank_reading import ReadStatement
from huikuan.services.debit_reports import ReportResult
from huikuan.services.imports_background import told_failure

FAULTS_SHOWN = 50
IMPORTED, KNOWN, REFUSED, NEEDS_ACCOUNT, NOT_TIED = "imported", "known", "refused", "needs_account", "not_tied"
NEEDS_DATE_ORDER = "needs_date_order"
SETTLED = frozenset({IMPORTED, KNOWN})


@dataclass(slots=True)
class Outcome:
    """What became of one statement (or of a file that cannot be read): ``state`` is imported, known, refused,
    needs_account, needs_date_order or not_tied. ``failure``: code, English template and fields of a refusal. Amounts in
    minor units. ``notes``: remarks of the reader, as ``core.said.keep_line`` keeps them."""

    file: int
    place: int
    state: str
    account_id: int | None = None
    statement_id: int | None = None
    format: str = ""
    number: str = ""
    told_account: str = ""
    bank: str = ""
    currency: str = ""
    from_date: str = ""
    to_date: str = ""
    opening: str = ""
    closing: str = ""
    lines: int = 0
    lines_new: int = 0
    lines_known: int = 0
    posted: int = 0
    waiting: int = 0
    unbooked: int = 0
    fees: int = 0
    candidates: list[int] = field(default_factory=list)
    failure: dict[str, Any] | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)
    faults_total: int = 0
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def described(index: int, place: int, told: ReadStatement) -> Outcome:
    statement, opening, closing = told.head, told.head.opening, told.head.closing
    first, last = statement.from_date or told.first, statement.to_date or told.last
    return Outcome(
        file=index,
        place=place,
        state=REFUSED,
        format=statement.format.value,
        number=(statement.sequence or statement.statement_id)[:120],
        told_account=(statement.iban or statement.account)[:64],
        bank=statement.bank[:120],
        currency=told.own_currency,
        from_date=first.isoformat() if first else "",
        to_date=last.isoformat() if last else "",
        opening=f"{opening.amount:f}" if opening else "",
        closing=f"{closing.amount:f}" if closing else "",
        lines=len(told.lines),
        notes=[keep_line([note]) for note in statement.notes[:10]],
    )


def note_result(outcome: Outcome, result: StatementResult) -> None:
    outcome.state = KNOWN if result.statement_id is None else IMPORTED
    outcome.statement_id = result.statement_id or result.known_statement_id
    for name in ("lines_new", "lines_known", "posted", "waiting", "unbooked", "fees"):
        setattr(outcome, name, getattr(result, name))


def note_report(outcome: Outcome, result: ReportResult) -> None:
    """A report about direct debits: ``lines_new`` are payments that came back, ``waiting`` those that are not ours."""
    outcome.lines_new, outcome.lines_known = result.rejected + result.returned + result.not_recalled, result.known
    outcome.state = IMPORTED if outcome.lines_new else KNOWN
    outcome.waiting = len(result.foreign)


def refused(outcome: Outcome, refusal: Refusal) -> Outcome:
    outcome.state = REFUSED
    if isinstance(refusal, BadData):
        note_faults(outcome, refusal.errors, refusal.total)
    else:
        outcome.failure = told_failure(refusal)
    return outcome


def note_faults(outcome: Outcome, errors: Sequence[DataError], total: int) -> None:
    outcome.faults_total = total
    outcome.faults = [
        {"row": one.row, "column": one.column, "code": one.code, "reason": one.reason[:500], "value": one.value}
        for one in errors[:FAULTS_SHOWN]
    ]
