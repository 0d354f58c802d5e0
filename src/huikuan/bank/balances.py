"""Whether a statement's figures tie: opening balance + lines = closing balance, and every running balance between."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from huikuan.bank.statement import Line, Statement, StatementFormat
from huikuan.core.refusals import DataError

BREAKS_MAX = 100


@dataclass(slots=True)
class BalanceCheck:
    """Adds up a statement line by line, in bounded memory.

    A file may run from old to new or from new to old: both are followed until a running balance shows which it is.
    """

    name: str
    opening: Decimal | None = None
    total: Decimal = Decimal(0)
    booked: int = 0
    _previous: Line | None = None
    _forward: list[DataError] = field(default_factory=list)
    _backward: list[DataError] = field(default_factory=list)
    _steps: int = 0
    _first: Line | None = None
    _last: Line | None = None

    def feed(self, line: Line) -> None:
        """Takes the next line of the file."""
        if not line.is_booked:
            return
        self.booked += 1
        self.total += line.amount
        if line.balance is None:  # some banks tell it with the last line of a day alone
            self._previous = self._last = None
            return
        if self.booked == 1:
            self._first = line
        before, self._previous, self._last = self._previous, line, line
        if before is None or before.balance is None:
            return
        self._steps += 1
        if before.balance + line.amount != line.balance:
            self._break(self._forward, line, before.balance, line.amount, line.balance)
        if line.balance + before.amount != before.balance:
            self._break(self._backward, before, line.balance, before.amount, before.balance)

    def _break(self, into: list[DataError], line: Line, start: Decimal, amount: Decimal, told: Decimal) -> None:
        if len(into) >= BREAKS_MAX:
            return
        reason = f"the balance was {start:,f}, the line is {amount:,f}, the balance after it should be "
        reason += f"{start + amount:,f} and the file says {told:,f}"
        into.append(DataError(self.name, line.row, line.element or "balance", reason, "bank.running_balance"))

    def faults(self, statement: Statement) -> list[DataError]:
        """Every place where the figures do not tie, the first break first; empty where they do or nothing is told."""
        backwards = bool(self._forward) and len(self._backward) < len(self._forward)
        found = list(self._backward if backwards else self._forward)
        opening, closing = statement.opening, statement.closing
        if opening is not None and closing is None and statement.format is StatementFormat.MT940:
            reason = "the statement has an opening balance and no closing one: the file is cut off"
            found.append(DataError(self.name, opening.row, ":62F:", reason, "bank.no_closing_balance"))
        if opening is None or closing is None:
            return found
        if opening.currency != closing.currency:
            reason = (
                f"the opening balance is in {opening.currency or '?'}, the closing one in {closing.currency or '?'}"
            )
            return [*found, DataError(self.name, closing.row, "closing balance", reason, "bank.balance_currency")]
        if opening.amount + self.total != closing.amount:
            reason = (
                f"opening balance {opening.amount:,f} + {self.booked} lines {self.total:,f}"
                f" = {opening.amount + self.total:,f}, but the closing balance is {closing.amount:,f}"
            )
            found.append(DataError(self.name, closing.row, "closing balance", reason, "bank.closing_balance"))
        first, last = (self._last, self._first) if backwards else (self._first, self._last)
        if not found and first and first.balance is not None and first.balance - first.amount != opening.amount:
            self._edge(found, first, f"the opening balance is {opening.amount:,f}")
        if not found and last and last.balance is not None and last.balance != closing.amount:
            self._edge(found, last, f"the closing balance is {closing.amount:,f}")
        return found

    def _edge(self, found: list[DataError], line: Line, told: str) -> None:
        reason = f"{told}, but the balance after this line ({line.amount:,f}) is {line.balance:,f}"
        found.append(DataError(self.name, line.row, line.element or "balance", reason, "bank.running_balance"))


def check_balances(statement: Statement) -> list[DataError]:
    """What does not tie in a statement; reading it did not ask, so that a person may take it all the same."""
    check = BalanceCheck(statement.file)
    for line in statement.lines:
        check.feed(line)
    return check.faults(statement)
