"""SEPA direct debits, pure: when a mandate may be used, which payments a run asks for, on which day, in which sequence,
and what a return means. Worked numbers: docs/design/direct-debits.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from huikuan.core.refusals import Refusal
from huikuan.core.target_days import TargetDays
from huikuan.core.working_days import add_working_days, roll

CURRENCY = "EUR"
NOTICE_DAYS = 14
"""Calendar days between telling the customer and collecting, where nothing shorter was agreed."""
BANK_DAYS = 1
"""TARGET days before the collection by which the file must be at the bank."""
UNUSED_MONTHS = 36
"""A mandate that nothing was collected on for so long is no longer good."""
AMOUNT_MAX_MINOR = 99_999_999_999

_REFERENCE = re.compile(r"(?! )(?!/)(?!.*//)[A-Za-z0-9/\-?:().,'+ ]{1,35}(?<! )(?<!/)")


class Scheme(StrEnum):
    CORE = "CORE"
    B2B = "B2B"
    """Between companies: the debtor's bank must know the mandate, and nothing is given back on demand."""


class Use(StrEnum):
    RECURRENT = "recurrent"
    ONE_OFF = "one_off"


class MandateState(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"
    """A return said that it is of no use: looked at before it is used again."""
    REVOKED = "revoked"
    USED_UP = "used_up"
    """For one collection, which was made; or its last collection was."""
    EXPIRED = "expired"


class SequenceType(StrEnum):
    FRST = "FRST"
    RCUR = "RCUR"
    OOFF = "OOFF"
    FNAL = "FNAL"


class Bundle(StrEnum):
    """What one payment is for."""

    CUSTOMER = "customer"
    ITEM = "item"


class RunState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    SENT = "sent"
    CANCELLED = "cancelled"


class PaymentState(StrEnum):
    PLANNED = "planned"
    """In a run that is not at the bank yet."""
    SENT = "sent"
    COLLECTED = "collected"
    REJECTED = "rejected"
    """The bank refused it before any money came."""
    RETURNED = "returned"
    """The money came and went back."""
    WITHDRAWN = "withdrawn"
    """Taken out of the run, or the run was cancelled."""


class RecallReason(StrEnum):
    """Why a bank is asked not to collect (ISO codes)."""

    DUPL = "DUPL"
    """Sent twice."""
    TECH = "TECH"
    """A fault of the programs."""
    FRAD = "FRAD"
    """Not asked for in good faith."""
    CUST = "CUST"
    """The customer has paid otherwise, or must not be charged."""


WAITING = frozenset({PaymentState.PLANNED, PaymentState.SENT})
"""States in which a payment holds its items: no other run may ask for them."""
COUNTED = frozenset({PaymentState.PLANNED, PaymentState.SENT, PaymentState.COLLECTED, PaymentState.RETURNED})
"""States that make a mandate used: what was rejected before it was settled leaves the first one first."""

BLOCKING = frozenset("AC01 AC04 AC06 AC13 AG01 MD01 MD02 MD06 MD07 MS02 RC01 SL01".split())
"""Reasons after which the next collection would come back too: no such account, no mandate, refused."""


@dataclass(frozen=True, slots=True)
class MandateFacts:
    """What decides whether a mandate may be used. ``last_used_on``: the day of its latest collection; ``uses``: how
    many were not rejected; ``is_ended``: its last collection (FNAL) was made."""

    use: Use
    signed_on: date
    last_used_on: date | None = None
    uses: int = 0
    is_ended: bool = False
    is_blocked: bool = False
    is_revoked: bool = False


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where it has no such day."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


def expires_on(facts: MandateFacts) -> date:
    """The first day on which a mandate is too old, counted from its latest collection or, unused, its signature."""
    return months_after(facts.last_used_on or facts.signed_on, UNUSED_MONTHS)


def mandate_state(facts: MandateFacts, on: date) -> MandateState:
    """Where a mandate stands for a collection on a day."""
    if facts.is_revoked:
        return MandateState.REVOKED
    if facts.is_ended or (facts.use == Use.ONE_OFF and facts.uses):
        return MandateState.USED_UP
    if facts.is_blocked:
        return MandateState.BLOCKED
    return MandateState.EXPIRED if on >= expires_on(facts) else MandateState.ACTIVE


def check_reference(text: str) -> None:
    """Refuses ``debit_mandate.reference``: what a bank would not take as the reference of a mandate."""
    if not _REFERENCE.fullmatch(text):
        raise Refusal(
            "debit_mandate.reference",
            "A reference has up to 35 letters without accents, digits and / - ? : ( ) . , ' +; no slash at its ends.",
        )


def collection_day(asked: date, today: date, *, notice_days: int = NOTICE_DAYS, bank_days: int = BANK_DAYS) -> date:
    """The day on which may be collected: the day asked for, or the first that leaves ``notice_days`` calendar days to
    tell the customers and ``bank_days`` TARGET days to the bank; always a TARGET day.

    Worked example: on Friday 20 March 2026 asked for 2 April with 14 days' notice: 3 April is Good Friday and 6 April
    Easter Monday, so it is Tuesday 7 April.
    """
    calendar = TargetDays()
    # On a day off the bank takes the file on the next TARGET day.
    earliest = max(today + timedelta(days=notice_days), add_working_days(roll(today, calendar), bank_days, calendar))
    return roll(max(asked, earliest), calendar)


def notice_day(due_on: date, notice_days: int = NOTICE_DAYS) -> date:
    """The last day on which customers are told of a collection."""
    return due_on - timedelta(days=notice_days)


def file_day(due_on: date, bank_days: int = BANK_DAYS) -> date:
    """The last day on which the file is handed to the bank."""
    return add_working_days(due_on, -bank_days, TargetDays()) if bank_days else due_on


@dataclass(frozen=True, slots=True)
class DueItem:
    """An item that may be collected, or a credit that makes a collection smaller (``amount_minor`` below zero): what of
    it is open and not spoken for otherwise, in cents."""

    item_id: int
    account_id: int
    mandate_id: int
    due_date: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Planned:
    """One payment to ask for: of one mandate, for these items in the order in which they fell due, less these credits
    (amounts below zero, last). Of nothing where credits cover all of it: then there is nothing to ask for."""

    mandate_id: int
    account_id: int
    sequence: SequenceType
    parts: tuple[tuple[int, int], ...]

    @property
    def amount_minor(self) -> int:
        return sum(minor for _, minor in self.parts)

    @property
    def items(self) -> int:
        """How many items it is for, credits not counted."""
        return sum(minor > 0 for _, minor in self.parts)

    @property
    def credit_minor(self) -> int:
        """What credits take off it, below zero."""
        return sum(minor for _, minor in self.parts if minor < 0)


def plan_payments(
    items: Iterable[DueItem], bundle: Bundle, mandates: dict[int, MandateFacts], *, ending: frozenset[int] = frozenset()
) -> list[Planned]:
    """The payments of a run, by account and mandate. One per mandate, or one per item; the first collection of a
    mandate, its only one and its last one are always one payment, because only one payment can be the first, only or
    last. ``ending``: mandates of which this is the last collection. A payment that would be larger than the scheme
    allows is cut between items. Credits make the payments of their mandate smaller, the earliest first, none below
    nothing; what a credit is too large for stays with the customer.

    Worked example: 300.00 due, a credit of 100.00: 200.00 are asked for, the parts are 300.00 and -100.00.
    """
    by_mandate: dict[tuple[int, int], list[DueItem]] = {}
    in_favour: dict[tuple[int, int], dict[int, int]] = {}
    for item in sorted(items, key=lambda one: (one.account_id, one.mandate_id, one.due_date, one.item_id)):
        key = (item.account_id, item.mandate_id)
        if item.amount_minor > 0:
            by_mandate.setdefault(key, []).append(item)
        elif item.amount_minor < 0:
            in_favour.setdefault(key, {})[item.item_id] = -item.amount_minor
    planned: list[Planned] = []
    for (account_id, mandate_id), mine in by_mandate.items():
        sequence = next_sequence(mandates[mandate_id], is_last=mandate_id in ending)
        groups = [mine] if bundle == Bundle.CUSTOMER or sequence != SequenceType.RCUR else [[one] for one in mine]
        left = in_favour.get((account_id, mandate_id), {})
        for group in groups:
            for part in _cut(group, once=sequence != SequenceType.RCUR):
                parts = [(one.item_id, one.amount_minor) for one in part]
                less = take_from(left, sum(minor for _, minor in parts))
                parts += [(number, -minor) for number, minor in less]
                planned.append(Planned(mandate_id, account_id, sequence, tuple(parts)))
    return planned


def take_from(left: dict[int, int], amount_minor: int) -> list[tuple[int, int]]:
    """Parts of what each item has ``left`` that come to an amount, or as near to it as they reach, in their order;
    ``left`` becomes less."""
    parts = []
    for item_id, minor in left.items():
        part = min(minor, amount_minor)
        if part > 0:
            parts.append((item_id, part))
            left[item_id] -= part
            amount_minor -= part
    return parts


def _cut(items: Sequence[DueItem], *, once: bool) -> list[list[DueItem]]:
    """Groups whose sums the scheme allows; what is larger by itself is left out. ``once``: the first group only."""
    groups: list[list[DueItem]] = []
    room = 0
    for item in items:
        if item.amount_minor > AMOUNT_MAX_MINOR:
            continue
        if not groups or item.amount_minor > room:
            groups.append([])
            room = AMOUNT_MAX_MINOR
        groups[-1].append(item)
        room -= item.amount_minor
    return groups[:1] if once else groups


def next_sequence(facts: MandateFacts, *, is_last: bool = False) -> SequenceType:
    """The sequence type of a mandate's next collection, from its history."""
    if facts.use == Use.ONE_OFF:
        return SequenceType.OOFF
    if is_last:
        return SequenceType.FNAL
    return SequenceType.RCUR if facts.uses else SequenceType.FRST


def is_blocking(reason: str) -> bool:
    """Whether after a return for this reason (an ISO code, text may follow) the mandate is not used unseen again."""
    return reason_code(reason) in BLOCKING


def reason_code(reason: str) -> str:
    """The ISO code in what a bank gave as the reason; empty where there is none."""
    found = re.search(r"\b[A-Z]{2}\d{2}\b", reason.upper())
    return found[0] if found else ""


@dataclass(frozen=True, slots=True)
class Expected:
    """A payment as the bank's lines may name it. ``batch``: the payment information it was sent in."""

    payment_id: int
    end_to_end_id: str
    batch: str
    amount_minor: int
    state: PaymentState


def payments_of_line(
    expected: Sequence[Expected], amount_minor: int, *, end_to_end_id: str = "", batch: str = "", certain: bool = False
) -> list[int]:
    """Which payments of runs a line of money in is for: the one its end-to-end id names, those of the batch it names,
    or, unless it must be ``certain``, those whose sum it is. Always to the cent, none where nothing fits.

    A bank may credit the whole batch and take rejected payments back by lines of their own; so where those still
    expected do not come to the amount, the rejected ones of the batch are counted in.
    """
    if end_to_end_id:
        named = [one for one in expected if one.end_to_end_id == end_to_end_id and one.state == PaymentState.SENT]
        if named and named[0].amount_minor == amount_minor:
            return [named[0].payment_id]
    batches: dict[str, list[Expected]] = {}
    for one in expected:
        batches.setdefault(one.batch, []).append(one)
    wanted = [batches[batch]] if batch in batches else [] if certain or batch else [*batches.values(), list(expected)]
    for group in wanted:
        sent = [one for one in group if one.state == PaymentState.SENT]
        whole = [one for one in group if one.state in (PaymentState.SENT, PaymentState.REJECTED)]
        for choice in (sent, whole):
            if sent and sum(one.amount_minor for one in choice) == amount_minor:
                return [one.payment_id for one in choice]
    return []
