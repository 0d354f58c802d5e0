"""Entries balance or do not exist."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.journal import EntryDraft, PostingDraft, merge_legs, reverse_draft, sums_by_currency
from tests.core.test_money import refused

DAY = date(2026, 3, 1)
legs = st.builds(
    PostingDraft,
    st.sampled_from(list(LedgerAccount)),
    st.sampled_from(["CNY", "USD", "JPY"]),
    st.integers(-1000, 1000),
    st.integers(-1000, 1000),
    st.sampled_from([None, 1, 2]),
    st.sampled_from([None, 10, 11]),
    st.sampled_from([None, 20, 21]),
)


def entry(*postings: PostingDraft) -> EntryDraft:
    return EntryDraft(EntryKind.ITEM, DAY, DAY, postings)


def leg(amount: int, base: int, currency: str = "CNY") -> PostingDraft:
    return PostingDraft(LedgerAccount.BANK, currency, amount, base)


@pytest.mark.practice("D2")
def test_an_entry_needs_two_legs_and_balance_in_each_currency_and_in_base() -> None:
    entry(leg(5, 5), leg(-5, -5))
    entry(leg(5, 35, "USD"), leg(-5, -34, "USD"), leg(0, -1, "USD"))
    with refused("journal.too_few_postings"):
        entry()
    with refused("journal.too_few_postings"):
        entry(leg(0, 0))
    with refused("journal.unbalanced"):
        entry(leg(5, 5), leg(-4, -5))
    with refused("journal.unbalanced"):
        entry(leg(5, 5, "USD"), leg(-5, -5, "EUR"))
    with refused("journal.base_unbalanced"):
        entry(leg(5, 5), leg(-5, -4))


@given(st.lists(legs, max_size=12))
def test_merging_legs_changes_no_sum(postings: list[PostingDraft]) -> None:
    merged = merge_legs(postings)
    keep = {currency: total for currency, total in sums_by_currency(postings).items() if total}
    assert {currency: total for currency, total in sums_by_currency(merged).items() if total} == keep
    assert sum(leg.base_minor for leg in merged) == sum(leg.base_minor for leg in postings)
    keys = [(leg.ledger_account, leg.currency, leg.account_id, leg.item_id, leg.receipt_id) for leg in merged]
    assert len(keys) == len(set(keys))
    assert all(leg.amount_minor or leg.base_minor for leg in merged)


@pytest.mark.practice("D5")
@given(st.lists(legs, min_size=1, max_size=8))
def test_a_reversal_takes_back_every_leg(postings: list[PostingDraft]) -> None:
    both = [*postings, *(leg.negated() for leg in postings)]
    original = entry(*both)
    reversal = reverse_draft(7, original.postings, effective_date=DAY, posting_date=DAY)
    assert reversal.kind == EntryKind.REVERSAL
    assert reversal.reverses_id == 7
    assert merge_legs([*original.postings, *reversal.postings]) == ()
