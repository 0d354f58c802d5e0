"""Ageing totals of many days at once.

Sums of money need no item's own balance, only the day a posting counts and the day its item is due: so a past day is
what is open in all, less what counts later, in a small table by these two days.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.queries.cache import answers
from huikuan.queries.cells import Buckets
from huikuan.queries.facts import Facts, Floor
from huikuan.queries.layers import numbers_of
from huikuan.queries.open_rows import (
    CASH_CONTROLS,
    CASH_LEGS,
    ITEM_LEGS,
    OPEN_ITEMS,
    OPEN_RECEIPTS,
    Counting,
    OpenRows,
    basis_day,
    texts,
)


@dataclass(frozen=True, slots=True)
class MonthPoint:
    """One bucket's total in one currency as of a day."""

    as_of: date
    currency: str
    bucket: str
    open_minor: int


def month_ends(last: date, count: int) -> list[date]:
    """``last`` and the ``count`` month ends before it, rising."""
    days, day = [last], last
    for _ in range(count):
        day = day.replace(day=1) - timedelta(days=1)
        days.append(day)
    return days[::-1]


def month_before(day: date) -> date:
    """The same day a month earlier; the end of the shorter month where it has no such day."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


Floors = Mapping[str, Floor]


def totals_on(facts: Facts, days: Sequence[date], buckets: Buckets) -> list[MonthPoint]:
    """The ageing totals of the frame's entities on each of these days, by the facts' basis and knowledge."""
    floors = {kind.name: facts.open_floor(kind) for kind in (OPEN_ITEMS, OPEN_RECEIPTS)}
    reach = (facts.snapshot.ledger, _reach(floors), facts.basis, tuple(days), buckets, facts.scope)
    below = answers.get_or_make(("totals below", *reach), lambda: _totals_below(facts, floors, days, buckets))
    above = facts.kept(("totals above", *reach), lambda: _totals_above(facts, floors, days, buckets))
    found: dict[tuple[date, str, int], int] = {}
    for row in (*below.to_pylist(), *above.to_pylist()):
        cell = row["as_of"], row["currency"], row["bucket"]
        found[cell] = found.get(cell, 0) + row["open_minor"]
    labels = buckets.labels
    return [
        MonthPoint(day, code, labels[place], found[day, code, place])
        for day, code, place in sorted(found)
        if found[day, code, place]
    ]


def _totals_below(facts: Facts, floors: Floors, days: Sequence[date], buckets: Buckets) -> Any:
    """as_of, currency, bucket, open_minor of what the floors hold: all of it, less what counts later."""
    facts.give("standing", _standing(facts, floors, buckets.day))
    facts.give("moves", _moves_below(facts, floors, min(days), buckets.day))
    return _totals(
        facts,
        days,
        buckets,
        "SELECT as_of, entity_id, currency, day, amount_minor FROM asked_days, standing UNION ALL"
        " SELECT as_of, entity_id, currency, day, amount_minor FROM asked_days JOIN moves ON counted > as_of",
    )


def _totals_above(facts: Facts, floors: Floors, days: Sequence[date], buckets: Buckets) -> Any:
    """The same of what came since."""
    seq = min(_reach(floors))
    if not any(facts.reaches_above(floor) for floor in floors.values()):
        return _NO_TOTALS.empty_table()
    journal = facts.rows_above("journal", seq)
    if not facts.frame.narrowed:
        return _totals_of_few(facts, floors, journal, days, buckets)
    facts.give("journal_above", journal)
    facts.give("items_above", facts.facts_of(OPEN_ITEMS, numbers_of(journal["item_id"].drop_null())))
    added = {name: facts.above(floor) for name, floor in floors.items()}
    facts.give("moves", facts.table(_moves_sql(facts, added, buckets.day, "", "journal_above", "items_above")))
    return _totals(
        facts,
        days,
        buckets,
        "SELECT as_of, entity_id, currency, day, amount_minor FROM asked_days JOIN moves ON counted <= as_of",
    )


def _totals_of_few(facts: Facts, floors: Floors, journal: Any, days: Sequence[date], buckets: Buckets) -> Any:
    """The same of a few postings, without a statement to plan: for whoever sees all of the frame's entities."""
    whole = pa.array(facts.frame.whole_ids, pa.int64())
    mine = journal.filter(pc.is_in(journal["entity_id"], value_set=whole))
    legs = [_legs_above(mine, OPEN_ITEMS, floors), _legs_above(mine, OPEN_RECEIPTS, floors)]
    items = facts.facts_of(OPEN_ITEMS, numbers_of(legs[0]["item_id"]))
    place = pc.index_in(legs[0]["item_id"], value_set=items["item_id"].combine_chunks())
    due = _day_numbers(items[buckets.day].take(place))
    both = pa.concat_tables(legs)
    counted, amounts = _day_numbers(both[basis_day(facts.basis)]), both["amount_minor"].to_numpy()
    currency = both["currency"].combine_chunks().dictionary_encode()
    codes, width = currency.dictionary.to_pylist(), len(buckets.bounds) + 2
    first = currency.indices.to_numpy(zero_copy_only=False).astype(np.int64) * width
    rows = []
    for day in days:
        now = day.toordinal() - _EPOCH
        late = np.searchsorted(np.asarray(buckets.bounds), now - due, side="left")
        cells = first + np.concatenate([late, np.full(legs[1].num_rows, width - 1, late.dtype)])
        counts = counted <= now
        sums = np.zeros(len(codes) * width, np.int64)
        np.add.at(sums, cells[counts], amounts[counts])
        rows += [(day, codes[cell // width], cell % width, int(sums[cell])) for cell in np.flatnonzero(sums).tolist()]
    columns = list(zip(*rows, strict=True)) or [()] * len(_NO_TOTALS)
    arrays = [pa.array(values, kind) for values, kind in zip(columns, _NO_TOTALS.types, strict=True)]
    return pa.table(arrays, schema=_NO_TOTALS)


def _legs_above(journal: Any, kind: OpenRows, floors: Floors) -> Any:
    """Postings on accounts of open rows that came after the floor of their kind; of receipts, whose owner is known."""
    seq = journal["ledger_seq"]
    above = pc.or_kleene(pc.is_null(seq), pc.greater(seq, floors[kind.name].known_seq))
    accounts = [account.value for account in CASH_CONTROLS] if kind.is_cash else list(kind.accounts)
    meant = pc.and_(
        pc.is_valid(journal[kind.number]), pc.is_in(journal["ledger_account"], value_set=pa.array(accounts))
    )
    if kind.is_cash:
        meant = pc.and_(meant, pc.is_null(journal["item_id"]))
    return journal.filter(pc.and_(pc.fill_null(above, True), meant))


def _day_numbers(column: Any) -> Any:
    return column.cast(pa.int32()).to_numpy()


_EPOCH = date(1970, 1, 1).toordinal()


def _totals(facts: Facts, days: Sequence[date], buckets: Buckets, rows: str) -> Any:
    facts.give("asked_days", pa.table({"as_of": pa.array(list(days), pa.date32())}))
    mine = "true" if facts.frame.narrowed else facts.mine
    number = f"CASE WHEN day IS NULL THEN {len(buckets.bounds) + 1} ELSE {buckets.number('as_of', 'day')} END"
    return facts.table(
        f"SELECT as_of, currency, {number}::SMALLINT AS bucket, sum(amount_minor)::BIGINT AS open_minor FROM ({rows})"
        f" WHERE {mine} GROUP BY ALL HAVING sum(amount_minor) <> 0"
    )


_NO_TOTALS = pa.schema({"as_of": pa.date32(), "currency": pa.string(), "bucket": pa.int16(), "open_minor": pa.int64()})


def _standing(facts: Facts, floors: Floors, day: str) -> Any:
    """What the floors hold: entity_id, currency, day (the item's; null for unapplied money), amount_minor."""

    only, scope = _only(facts)

    def make() -> Any:
        given = {f"{name}_floor": floor.table for name, floor in floors.items()}
        return facts.table(
            f"SELECT entity_id, currency, {day} AS day, sum(open_minor)::BIGINT AS amount_minor FROM open_items_floor"
            f" WHERE {only} GROUP BY ALL UNION ALL"
            " SELECT entity_id, currency, NULL, -sum(open_minor)::BIGINT FROM open_receipts_floor"
            f" WHERE {only} AND ledger_account IN ({texts(CASH_CONTROLS)}) GROUP BY ALL",
            given,
        )

    return answers.get_or_make(("standing", facts.snapshot.ledger, _reach(floors), day, scope), make)


def _moves_below(facts: Facts, floors: Floors, first: date, day: str) -> Any:
    """Postings in the floors by the day they count, as far as that is after ``first``, to be taken out of earlier
    days."""
    since = first.replace(day=1) - timedelta(days=1)
    later = Counting(since, facts.basis).is_later
    key = ("moves", facts.snapshot.ledger, _reach(floors), facts.basis, since, day, _only(facts)[1])
    taken_out = {name: f"{facts.below(floor)} AND {later}" for name, floor in floors.items()}
    return answers.get_or_make(key, lambda: facts.table(_moves_sql(facts, taken_out, day, "-")))


def _moves_sql(
    facts: Facts, where: Mapping[str, str], day: str, sign: str, journal: str = "journal", items: str = "items"
) -> str:
    counted, only = basis_day(facts.basis), _only(facts)[0]
    return (
        f"SELECT j.entity_id, j.currency, j.{counted} AS counted, i.{day} AS day,"
        f" {sign}sum(j.amount_minor)::BIGINT AS amount_minor"
        f" FROM (SELECT * FROM {journal} WHERE {only} AND {ITEM_LEGS} AND {where['open_items']}) AS j"
        f" JOIN {items} AS i ON i.item_id = j.item_id GROUP BY ALL UNION ALL"
        f" SELECT entity_id, currency, {counted}, NULL, {sign}sum(amount_minor)::BIGINT FROM {journal}"
        f" WHERE {only} AND {CASH_LEGS} AND ledger_account IN ({texts(CASH_CONTROLS)})"
        f" AND {where['open_receipts']} GROUP BY ALL"
    )


def _only(facts: Facts) -> tuple[str, Hashable]:
    """These sums are kept per entity for everybody. Where not all accounts of one are seen they are made of those that
    are and kept for whoever sees the same: the predicate of rows, and what to keep the sums by."""
    return (facts.mine, facts.scope) if facts.frame.narrowed else ("true", None)


def _reach(floors: Floors) -> tuple[int, ...]:
    return tuple(floor.known_seq for floor in floors.values())
