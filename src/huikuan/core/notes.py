"""Notes: acceptance bills, promissory notes, cheques, electronic receivable certificates. What may be done with one,
when, and the legs each step posts.

A note is not cash. By the entity's policy it settles what it was given for at once (it then stands on ``notes``) or
only when it is paid (until then the item is *covered*, and the ledger knows nothing). A note passed on *with recourse*
stays ours until it is paid: what we were given for it is owed back until then, on ``assigned``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from huikuan.core.accounts import LedgerAccount
from huikuan.core.applications import OpenRow
from huikuan.core.journal import PostingDraft
from huikuan.core.money import round_half_up
from huikuan.core.refusals import Refusal
from huikuan.core.working_days import WorkingDays, roll

DAYS_OF_YEAR = 360
"""Discount is counted on a year of 360 days."""
CHEQUE_DAYS = 10
"""A cheque is presented within ten days of its issue (PRC Negotiable Instruments Law, art. 91)."""
PRESENT_DAYS = 10
"""A bill is presented for payment within ten days of its maturity (the same law, art. 53)."""


class NoteKind(StrEnum):
    ACCEPTANCE = "acceptance"
    PROMISSORY = "promissory"
    CHEQUE = "cheque"
    CERTIFICATE = "certificate"
    """An electronic receivable certificate: a claim in a supply-chain platform, no bill in law."""


class AcceptorClass(StrEnum):
    """How good who must pay is."""

    MAJOR_BANK = "major_bank"
    OTHER_BANK = "other_bank"
    FINANCE_COMPANY = "finance_company"
    COMPANY = "company"


class Settles(StrEnum):
    """When a note settles what it was given for."""

    AT_ONCE = "at_once"
    AT_MATURITY = "at_maturity"


class NoteStep(StrEnum):
    RECEIVED = "received"
    PRESENTED = "presented"
    DISCOUNTED = "discounted"
    ENDORSED = "endorsed"
    SPLIT = "split"
    PAID = "paid"
    DISHONOURED = "dishonoured"
    RETURNED = "returned"


class NoteState(StrEnum):
    """Where a note stands: what its last step made of it."""

    HELD = "held"
    PRESENTED = "presented"
    DISCOUNTED = "discounted"
    ENDORSED = "endorsed"
    SPLIT = "split"
    PAID = "paid"
    DISHONOURED = "dishonoured"
    RETURNED = "returned"
    VOID = "void"
    """Part of a split that was taken back."""


SETTLED = "settled"
"""What a request for approval about a note is closed by where the note's own item was settled otherwise."""

STATE_AFTER: dict[NoteStep, NoteState] = {
    NoteStep.RECEIVED: NoteState.HELD,
    **{step: NoteState(step.value) for step in NoteStep if step != NoteStep.RECEIVED},
}

IN_HAND = frozenset({NoteState.HELD, NoteState.PRESENTED})
PASSED_ON = frozenset({NoteState.DISCOUNTED, NoteState.ENDORSED})
_FROM_HELD = frozenset(NoteStep) - {NoteStep.RECEIVED}
_AWAITED = frozenset({NoteStep.PAID, NoteStep.DISHONOURED})
_NEVER = {
    NoteKind.CHEQUE: frozenset({NoteStep.DISCOUNTED, NoteStep.SPLIT}),
    NoteKind.PROMISSORY: frozenset({NoteStep.SPLIT}),
}


def state_after(steps: Sequence[NoteStep]) -> NoteState:
    """Where a note stands after its steps, in order, without those taken back."""
    return STATE_AFTER[steps[-1]] if steps else NoteState.VOID


def steps_open(kind: NoteKind, state: NoteState, *, with_recourse: bool, divisible: bool) -> frozenset[NoteStep]:
    """What may be done with a note next. ``with_recourse``: how it was passed on, where it was."""
    if state == NoteState.HELD:
        found = _FROM_HELD
    elif state == NoteState.PRESENTED or (state in PASSED_ON and with_recourse):
        found = _AWAITED
    else:
        return frozenset()
    found -= _NEVER.get(kind, frozenset())
    return found if divisible or kind == NoteKind.CERTIFICATE else found - {NoteStep.SPLIT}


def check_step(
    step: NoteStep, kind: NoteKind, state: NoteState, *, with_recourse: bool, divisible: bool, number: str
) -> None:
    """Refuses ``note.not_divisible``, ``note.not_for_kind``, ``note.not_ours`` and ``note.closed``."""
    if step in steps_open(kind, state, with_recourse=with_recourse, divisible=divisible):
        return
    if state == NoteState.HELD and step in _NEVER.get(kind, frozenset()):
        raise Refusal("note.not_for_kind", "{number}: this cannot be done with a note of this kind", number=number)
    if state == NoteState.HELD and step == NoteStep.SPLIT:
        raise Refusal(
            "note.not_divisible", "{number} has no range of parts: only a divisible bill is split", number=number
        )
    if state in PASSED_ON:
        raise Refusal(
            "note.not_ours", "{number} was passed on: what becomes of it now is no longer ours to say", number=number
        )
    raise Refusal("note.closed", "{number} does not stand where this could be done with it", number=number)


def check_not_mature(step: NoteStep, terms: NoteTerms, on: date, number: str) -> None:
    """A mature bill is presented to who must pay it: it is handed on only on a day before its maturity. Cheques, paid
    at sight, are endorsed as long as they run. Refuses ``note.mature``."""
    if step in (NoteStep.DISCOUNTED, NoteStep.ENDORSED) and terms.kind != NoteKind.CHEQUE and on >= terms.maturity_date:
        raise Refusal(
            "note.mature",
            "{number} was mature on {day}: it is presented for payment, not handed on",
            number=number,
            day=terms.maturity_date,
        )


@dataclass(frozen=True, slots=True)
class NoteTerms:
    """What is written on a note. ``range_first`` and ``range_last`` number its parts, one minor unit each, where it is
    divisible; a note without them is one piece."""

    kind: NoteKind
    currency: str
    amount_minor: int
    issue_date: date
    maturity_date: date
    range_first: int | None = None
    range_last: int | None = None

    @property
    def divisible(self) -> bool:
        return self.range_first is not None


def check_terms(terms: NoteTerms) -> None:
    """Refuses ``note.not_positive``, ``note.dates`` and ``note.range`` (parts that do not make up the amount)."""
    if terms.amount_minor <= 0:
        raise Refusal("note.not_positive", "the amount of a note must be more than nothing")
    if terms.maturity_date < terms.issue_date:
        raise Refusal("note.dates", "a note does not mature before it is issued")
    first, last = terms.range_first, terms.range_last
    if first is None and last is None:
        return
    if first is None or last is None or first < 1 or last - first + 1 != terms.amount_minor:
        raise Refusal(
            "note.range",
            "the range of parts must hold {parts} parts, one for each cent of the amount",
            parts=terms.amount_minor,
        )


def split_ranges(terms: NoteTerms, amounts: Sequence[int]) -> list[tuple[int | None, int | None]]:
    """The ranges of the parts a divisible note is split into, in order; no ranges for a certificate without one.

    Refuses ``note.split_sum`` where the parts do not add up, and ``note.split_two`` for fewer than two.
    """
    if len(amounts) < 2 or any(amount <= 0 for amount in amounts):
        raise Refusal("note.split_two", "a split has two parts or more, none of them empty")
    if sum(amounts) != terms.amount_minor:
        raise Refusal(
            "note.split_sum",
            "the parts come to {amount}, the note to {open}",
            amount=sum(amounts),
            open=terms.amount_minor,
            currency=terms.currency,
        )
    if terms.range_first is None:
        return [(None, None)] * len(amounts)
    ranges: list[tuple[int | None, int | None]] = []
    at = terms.range_first
    for amount in amounts:
        ranges.append((at, at + amount - 1))
        at += amount
    return ranges


def six_months_after(day: date) -> date:
    """The same day six months later, or the last of that month."""
    months = day.month + 5
    year, month = day.year + months // 12, months % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


class Warn(StrEnum):
    """What a person should see and nobody is stopped for."""

    TERM_LONG = "term_long"
    """More than six months from issue to maturity: too long for a commercial bill (PRC measures of 2023)."""
    CHEQUE_LATE = "cheque_late"
    """The ten days in which a cheque is presented are over."""
    PRESENT_NOW = "present_now"
    """Mature, in hand, and within the ten days of presentation."""
    PRESENT_LATE = "present_late"
    """Mature and in hand, the ten days of presentation over: recourse may be lost."""


def payable_on(terms: NoteTerms, calendar: WorkingDays) -> date:
    """The day on which who must pay pays: that of maturity, where it is a day off the next working day."""
    return roll(terms.maturity_date, calendar)


def warnings(terms: NoteTerms, state: NoteState, today: date, calendar: WorkingDays) -> tuple[Warn, ...]:
    """What to look at on a day. Maturity and the last day of presentation move to the next working day."""
    found = []
    if terms.kind == NoteKind.ACCEPTANCE and terms.maturity_date > six_months_after(terms.issue_date):
        found.append(Warn.TERM_LONG)
    if state == NoteState.HELD:
        if terms.kind == NoteKind.CHEQUE:
            if today > roll(terms.issue_date + timedelta(days=CHEQUE_DAYS), calendar):
                found.append(Warn.CHEQUE_LATE)
        elif today > roll(terms.maturity_date + timedelta(days=PRESENT_DAYS), calendar):
            found.append(Warn.PRESENT_LATE)
        elif today >= payable_on(terms, calendar):
            found.append(Warn.PRESENT_NOW)
    return tuple(found)


def discount_interest(amount_minor: int, rate_percent: Decimal, days: int) -> int:
    """What a bank keeps for paying early: ``amount × rate × days ÷ 360``, half up, in minor units.

    100,000.00 at 1.8 % for 90 days: 450.00. Refuses ``note.rate`` and ``note.days``.
    """
    if not 0 <= rate_percent < 100:
        raise Refusal("note.rate", "a discount rate lies between 0 and 100 percent a year")
    if not 0 <= days <= 3660:
        raise Refusal("note.days", "{days} days are no term of a discount", days=days)
    return round_half_up(Fraction(amount_minor) * Fraction(rate_percent) * days / (100 * DAYS_OF_YEAR))


# -- legs ------------------------------------------------------------------------------------------------------------
def evened(legs: Iterable[PostingDraft]) -> tuple[PostingDraft, ...]:
    """The legs, and what they differ by in the books' currency as a realised exchange difference."""
    found = tuple(legs)
    rest = sum(leg.base_minor for leg in found)
    if not rest:
        return found
    first = found[0]
    return (
        *found,
        PostingDraft(LedgerAccount.EXCHANGE_DIFFERENCE, first.currency, 0, -rest, first.account_id),
    )


def received_legs(
    account_id: int, item_id: int, receipt_id: int, currency: str, amount_minor: int, base_minor: int
) -> tuple[PostingDraft, ...]:
    """A note that settles at once: it comes in, and the customer has so much to be applied."""
    return (
        PostingDraft(LedgerAccount.NOTES, currency, amount_minor, base_minor, account_id, item_id),
        PostingDraft(LedgerAccount.UNAPPLIED, currency, -amount_minor, -base_minor, account_id, receipt_id=receipt_id),
    )


def given_legs(
    account_id: int,
    currency: str,
    *,
    bank_minor: int = 0,
    bank_base: int = 0,
    cost_minor: int = 0,
    cost_base: int = 0,
    payables_minor: int = 0,
    payables_base: int = 0,
    item_id: int | None = None,
) -> list[PostingDraft]:
    """What we get for a note passed on: money, less the interest and fee kept (the cost), or a debt of ours that is
    paid with it."""
    given = (
        (LedgerAccount.BANK, bank_minor, bank_base),
        (LedgerAccount.FINANCE_COST, cost_minor, cost_base),
        (LedgerAccount.PAYABLES, payables_minor, payables_base),
    )
    return [
        PostingDraft(account, currency, minor, base, account_id, item_id)
        for account, minor, base in given
        if minor or base
    ]


def note_out(row: OpenRow) -> PostingDraft:
    """All of a note leaves the account it stands on."""
    return PostingDraft(
        row.ledger_account, row.currency, -row.open_minor, -row.open_base_minor, row.account_id, row.item_id
    )


def owed_back(account_id: int, currency: str, amount_minor: int, base_minor: int, item_id: int | None) -> PostingDraft:
    """What a note passed on with recourse was given for (credit, negative), or that it is owed no more (debit)."""
    return PostingDraft(LedgerAccount.ASSIGNED, currency, amount_minor, base_minor, account_id, item_id)


def split_legs(row: OpenRow, parts: Sequence[tuple[int, int, int]]) -> tuple[PostingDraft, ...]:
    """A note's value goes to its parts: (item, amount, base value)."""
    return (
        note_out(row),
        *(
            PostingDraft(row.ledger_account, row.currency, amount, base, row.account_id, item_id)
            for item_id, amount, base in parts
        ),
    )
