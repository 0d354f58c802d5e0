"""Journal entries before they are written: balanced per currency and in base, with three dates.

An entry draft is a value. ``EntryDraft`` refuses to exist unbalanced, so nothing further down has to ask again
(the database does ask again, in a trigger).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.refusals import Refusal


@dataclass(frozen=True, slots=True)
class PostingDraft:
    """One leg: debit positive, credit negative. ``base_minor`` is the same value in the entity's currency.

    ``account_id`` is the customer account. On a control account the open row is ``item_id`` (trade, notes, advances)
    or ``receipt_id`` (unapplied, suspense, advances); a leg on an item may also name the receipt it came from.
    """

    ledger_account: LedgerAccount
    currency: str
    amount_minor: int
    base_minor: int
    account_id: int | None = None
    item_id: int | None = None
    receipt_id: int | None = None

    def negated(self) -> PostingDraft:
        return replace(self, amount_minor=-self.amount_minor, base_minor=-self.base_minor)


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """A balanced journal entry. ``effective_date``: when it truly happened; ``posting_date``: when it counts."""

    kind: EntryKind
    effective_date: date
    posting_date: date
    postings: tuple[PostingDraft, ...]
    reverses_id: int | None = None
    memo: str = ""
    external_id: str = ""
    source_recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        check_balanced(self.postings)


def check_balanced(postings: Sequence[PostingDraft]) -> None:
    """Refuses ``journal.too_few_postings``, ``journal.unbalanced`` (a currency) and ``journal.base_unbalanced``."""
    if len(postings) < 2:
        raise Refusal("journal.too_few_postings", "an entry needs at least two postings")
    for currency, total in sums_by_currency(postings).items():
        if total:
            raise Refusal(
                "journal.unbalanced", "postings in {currency} sum to {total}, not zero", currency=currency, total=total
            )
    base = sum(posting.base_minor for posting in postings)
    if base:
        raise Refusal("journal.base_unbalanced", "postings sum to {total} in base currency, not zero", total=base)


def sums_by_currency(postings: Iterable[PostingDraft]) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for posting in postings:
        totals[posting.currency] += posting.amount_minor
    return dict(totals)


def reverse_draft(
    entry_id: int,
    postings: Sequence[PostingDraft],
    *,
    effective_date: date,
    posting_date: date,
    memo: str = "",
) -> EntryDraft:
    """The entry that takes another one back: every leg negated, counting from its own date."""
    return EntryDraft(
        kind=EntryKind.REVERSAL,
        effective_date=effective_date,
        posting_date=posting_date,
        postings=tuple(posting.negated() for posting in postings),
        reverses_id=entry_id,
        memo=memo,
    )


def merge_legs(postings: Iterable[PostingDraft]) -> tuple[PostingDraft, ...]:
    """Adds up legs that differ in amount alone and drops those that come to nothing."""
    sums: dict[tuple[object, ...], PostingDraft] = {}
    for leg in postings:
        key = (leg.ledger_account, leg.currency, leg.account_id, leg.item_id, leg.receipt_id)
        known = sums.get(key)
        sums[key] = (
            leg
            if known is None
            else replace(
                known,
                amount_minor=known.amount_minor + leg.amount_minor,
                base_minor=known.base_minor + leg.base_minor,
            )
        )
    return tuple(leg for leg in sums.values() if leg.amount_minor or leg.base_minor)
