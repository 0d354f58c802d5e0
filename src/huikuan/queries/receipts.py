"""Money received: where it stands as of the frame's day."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.queries.cache import answers
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.few import first_rows, sums_of
from huikuan.queries.frame import Frame
from huikuan.queries.layers import numbers_of, rows_with
from huikuan.queries.listing import Page, limit_of, slice_of
from huikuan.queries.open_rows import CASH_CONTROLS, CASH_LEGS, OPEN_RECEIPTS, basis_day, ids
from huikuan.store.arrow import read_arrow
from huikuan.store.models import Receipt, ReceiptChannel
from huikuan.store.public_ids import public_id

_INSIDE = {EntryKind.RECEIPT.value, EntryKind.IDENTIFY.value, EntryKind.PARK.value}
"""Kinds that bring a receipt in or move it between its own buckets."""


ReceiptState = Literal[
    "unidentified", "unapplied", "on_account", "partly_applied", "applied", "refunded", "reversed", "expected"
]


@dataclass(frozen=True, slots=True)
class Money:
    """What became of a receipt. ``rest_minor`` by ledger account: suspense, unapplied, advances (on account)."""

    rest_minor: dict[str, int]
    applied_minor: int
    refunded_minor: int
    is_reversed: bool

    @property
    def unapplied_minor(self) -> int:
        return sum(self.rest_minor.values())

    @property
    def state(self) -> ReceiptState:
        """Where the receipt stands. ``expected``: it counts from a later day than the one that is asked about."""
        if self.is_reversed:
            return "reversed"
        if self.rest_minor.get(LedgerAccount.SUSPENSE):
            return "unidentified"
        if not self.unapplied_minor:
            if self.applied_minor:
                return "applied"
            return "refunded" if self.refunded_minor else "expected"
        if self.applied_minor:
            return "partly_applied"
        return "unapplied" if self.rest_minor.get(LedgerAccount.UNAPPLIED) else "on_account"


def money_of(legs: Iterable[dict[str, Any]]) -> Money:
    """From a receipt's legs on its own buckets (``CASH_LEGS``): entry_id, kind, reverses_id, ledger_account,
    amount_minor. A reversal counts as what it reverses."""
    rows = list(legs)
    kinds = {row["entry_id"]: row["kind"] for row in rows}
    rest: dict[str, int] = {}
    applied = refunded = brought = 0
    for row in rows:
        amount, account = row["amount_minor"], row["ledger_account"]
        rest[account] = rest.get(account, 0) - amount
        kind = kinds.get(row["reverses_id"], row["kind"])
        if kind == EntryKind.RECEIPT:
            brought -= amount
        elif kind == EntryKind.REFUND:
            refunded += amount
        elif kind not in _INSIDE:
            applied += amount
    return Money({name: minor for name, minor in rest.items() if minor}, applied, refunded, bool(rows) and not brought)


BUCKETS = frozenset({*CASH_CONTROLS, LedgerAccount.SUSPENSE})
"""Ledger accounts on which a receipt's own money stands."""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt as of the frame's day. ``unapplied_minor``: all that is left of it, in suspense and on account
    included; ``applied_minor``: what items have taken, in the receipt's currency."""

    public_id: str
    reference: str
    external_id: str
    value_date: date
    posting_date: date
    currency: str
    amount_minor: int
    unapplied_minor: int
    applied_minor: int
    refunded_minor: int
    state: str


@dataclass(frozen=True, slots=True)
class ReceiptTotal:
    currency: str
    receipts: int
    amount_minor: int


def receipts_of_accounts(frame: Frame, accounts: Sequence[int], *, page: int = 1, size: int = 50) -> Page[ReceiptRow]:
    """Receipts these accounts' money came by, newest first; the caller has asked whether they may be seen."""
    with read_facts(frame) as facts:
        near = _owners_of(facts, accounts)
        if not frame.narrowed:
            return _page_of(facts, near, page, size)
        facts.give("owners_near", near)
        found = (
            "(SELECT DISTINCT receipt_id, value_date, currency, amount_minor FROM owners_near"
            f" WHERE {facts.counting.counts}{_and_seen(facts)})"
        )
        totals = facts.rows(
            "SELECT currency, count(*) AS receipts, sum(amount_minor)::BIGINT AS amount_minor"
            f" FROM {found} GROUP BY currency ORDER BY currency"
        )
        order = f"ORDER BY value_date DESC, receipt_id DESC {limit_of(page, size)}"
        numbers = [row["receipt_id"] for row in facts.rows(f"SELECT receipt_id FROM {found} {order}")]
        legs = legs_of(facts, numbers)
    return Page(
        rows=_rows(numbers, legs),
        total=sum(row["receipts"] for row in totals),
        page=page,
        size=size,
        totals={row["currency"]: ReceiptTotal(**row) for row in totals},
    )


def _page_of(facts: Facts, owners: Any, page: int, size: int) -> Page[ReceiptRow]:
    """The same in Arrow, for whoever sees all of the frame's entities."""
    owners = owners.filter(pc.less_equal(owners["posting_date"], pa.scalar(facts.frame.as_of, pa.date32())))
    found = owners.group_by(["receipt_id", "value_date", "currency", "amount_minor"], use_threads=False).aggregate([])
    totals = [ReceiptTotal(*line.values()) for line in sums_of(found, "currency", {"amount_minor": "amount_minor"})]
    order = [("value_date", "descending"), ("receipt_id", "descending")]
    numbers = [row["receipt_id"] for row in first_rows(found, order, *slice_of(page, size))]
    return Page(
        rows=_rows(numbers, legs_of(facts, numbers)),
        total=sum(total.receipts for total in totals),
        page=page,
        size=size,
        totals={total.currency: total for total in totals},
    )


def _owners_of(facts: Facts, accounts: Sequence[int]) -> Any:
    """``_owners`` of some accounts."""
    kept, key, later = _owners_in_layers(facts)
    return pa.concat_tables(
        [rows_with(kept, key, "account_id", accounts), later.filter(pc.is_in(later["account_id"], pa.array(accounts)))]
    )


def _owners(facts: Facts) -> Any:
    """Whose a receipt was when it came, and whose it was found to be: receipt_id, account_id, posting_date, and what
    a list sorts and adds up by."""
    kept, _key, later = _owners_in_layers(facts)
    return pa.concat_tables([kept, later])


def _owners_in_layers(facts: Facts) -> tuple[Any, Hashable, Any]:
    """The owners up to a floor, what these are kept under, and those above it."""
    columns = "r.receipt_id, {}.account_id, {}.posting_date, r.value_date, r.currency, r.amount_minor"

    def make(only: str) -> Any:
        return facts.table(
            f"SELECT {columns.format('r', 'r')}"
            f" FROM (SELECT * FROM receipts WHERE account_id IS NOT NULL AND {only}) AS r"
            f" UNION ALL SELECT {columns.format('j', 'j')} FROM (SELECT * FROM journal WHERE kind = 'identify'"
            f" AND ledger_account = 'unapplied' AND receipt_id IS NOT NULL AND {only}) AS j"
            " JOIN receipts AS r ON r.receipt_id = j.receipt_id"
        ).combine_chunks()

    floor = facts.floor("owners", make, lambda kept, between: pa.concat_tables([kept, make(between)]).combine_chunks())
    key = ("owners", facts.snapshot.ledger, floor.known_seq)
    if not facts.reaches_above(floor):
        return floor.table, key, floor.table.slice(0, 0)
    above = ("owners above", facts.snapshot.cache_key, floor.known_seq)
    return floor.table, key, answers.get_or_make(above, lambda: _owners_above(facts, floor.known_seq))


def _owners_above(facts: Facts, seq: int) -> Any:
    """The owners that came after a sealed number: of receipts that came, and of those whose owner was found."""
    found = facts.rows_above("journal", seq)
    found = found.filter(
        pc.and_(pc.equal(found["kind"], EntryKind.IDENTIFY.value), pc.equal(found["ledger_account"], "unapplied"))
    )
    found = found.filter(pc.is_valid(found["receipt_id"]))
    came = facts.rows_above("receipts", seq)
    came = came.filter(pc.is_valid(came["account_id"]))
    names = ["receipt_id", "account_id", "posting_date", "value_date", "currency", "amount_minor"]
    if not found.num_rows:
        return came.select(names)
    facts.give("identified", found)
    facts.give("named", facts.facts_of(OPEN_RECEIPTS, numbers_of(found["receipt_id"])))
    later = facts.table(
        "SELECT r.receipt_id, j.account_id, j.posting_date, r.value_date, r.currency, r.amount_minor"
        " FROM identified AS j JOIN named AS r ON r.receipt_id = j.receipt_id"
    )
    return pa.concat_tables([came.select(names), later.cast(came.select(names).schema)])


def receipts_mine(facts: Facts) -> str:
    """The predicate of receipts the frame shows, on rows with ``entity_id`` and ``receipt_id``. In an entity not seen
    whole: those whose money was last put on an account that is seen, and of which nothing is back in suspense."""
    whole = f"entity_id IN ({ids(facts.frame.whole_ids)})"
    if not facts.frame.narrowed:
        return whole
    facts.need("open_receipts")
    facts.give("receipts_seen", facts.kept(("receipts seen", facts.scope), lambda: _seen(facts)))
    return f"({whole} OR receipt_id IN (SELECT receipt_id FROM receipts_seen))"


def _seen(facts: Facts) -> Any:
    facts.give("owners", _owners(facts))
    facts.give("reached", facts.reached)
    return facts.table(
        "WITH placed AS (SELECT receipt_id, account_id FROM journal SEMI JOIN"
        " (SELECT receipt_id FROM owners SEMI JOIN reached USING (account_id)) AS touched USING (receipt_id)"
        f" WHERE {CASH_LEGS} AND account_id IS NOT NULL AND amount_minor < 0 AND {facts.counting.counts}"
        " QUALIFY row_number() OVER (PARTITION BY receipt_id"
        " ORDER BY ledger_seq DESC NULLS FIRST, entry_id DESC, line DESC) = 1)"
        " SELECT receipt_id FROM placed SEMI JOIN reached USING (account_id) ANTI JOIN"
        " (SELECT receipt_id FROM open_receipts WHERE ledger_account = 'suspense') AS lost USING (receipt_id)"
    )


def _and_seen(facts: Facts) -> str:
    """Of receipts that once were an account's, those that now are another's are not seen with it."""
    if not facts.frame.narrowed:
        return ""
    receipts_mine(facts)
    whole = ids(facts.frame.whole_ids)
    return (
        " AND (receipt_id IN (SELECT receipt_id FROM receipts_seen)"
        f" OR receipt_id IN (SELECT receipt_id FROM receipts WHERE entity_id IN ({whole})))"
    )


def legs_of(facts: Facts, receipt_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The legs of these receipts on their own buckets that count, by receipt, in the ledger's order."""
    found: dict[int, list[dict[str, Any]]] = {number: [] for number in receipt_ids}
    day = basis_day(facts.basis)
    for row in facts.legs("receipt_id", receipt_ids):
        if row["item_id"] is None and row["ledger_account"] in BUCKETS and row[day] <= facts.frame.as_of:
            found[row["receipt_id"]].append(row)
    return found


def _rows(numbers: Sequence[int], legs: dict[int, list[dict[str, Any]]]) -> list[ReceiptRow]:
    receipts = Receipt.objects.in_bulk(list(numbers))
    return [receipt_row(receipts[number], money_of(legs[number])) for number in numbers]


def receipt_row(receipt: Receipt, money: Money) -> ReceiptRow:
    return ReceiptRow(
        public_id=public_id("rcp", receipt.id),
        reference=receipt.reference or receipt.external_id,
        external_id=receipt.external_id,
        value_date=receipt.value_date,
        posting_date=receipt.posting_date,
        currency=receipt.currency,
        amount_minor=receipt.amount_minor,
        unapplied_minor=money.unapplied_minor,
        applied_minor=money.applied_minor,
        refunded_minor=money.refunded_minor,
        state=money.state,
    )


def receipts_by_channel(frame: Frame, channel: str) -> pa.Table:
    """The receipts of the frame's entities that came by a channel. It is no fact of the journal and does not depend on
    the frame's day."""
    found = ReceiptChannel.objects.filter(channel=channel, receipt__entity_id__in=frame.entity_ids)
    sql, params = found.values_list("receipt_id").query.sql_with_params()
    schema = pa.schema([("receipt_id", pa.int64())])
    return pa.Table.from_batches(read_arrow(sql, params, schema), schema)
