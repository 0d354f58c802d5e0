"""What a few postings change, worked out on the rows themselves.

The same sums as in ``open_rows`` and ``cells``, which are SQL for millions of rows. Here it is a handful, after every
posting, and planning a statement would take longer than the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.queries.few import added_up, is_among
from huikuan.queries.open_rows import CASH_CONTROLS, OpenRows

_RENAMED = {"base_minor": "amount_base", "account_id": "came_to"}
_EPOCH = date(1970, 1, 1).toordinal()


def moved(kind: OpenRows, journal: Any, day: str, as_of: date) -> Any:
    """Per row, what the postings that count by ``as_of`` (in the column ``day``) add up to: ``kind.changes``."""
    counts = pc.less_equal(journal[day], pa.scalar(as_of, pa.date32()))
    leg = pc.and_(pc.is_valid(journal[kind.number]), pc.is_in(journal["ledger_account"], pa.array(kind.accounts)))
    if kind.is_cash:
        leg = pc.and_(leg, pc.is_null(journal["item_id"]))
    names = [*kind.key_list, "amount_minor"]
    legs = journal.filter(pc.and_(counts, leg)).select(names)
    if kind.is_cash:
        account = pc.fill_null(legs["account_id"], 0)
        legs = legs.set_column(legs.column_names.index("account_id"), "account_id", account)
    return added(kind, legs.rename_columns([*kind.key_list, "open_minor"]), turned=kind.is_cash)


def added(kind: OpenRows, sums: Any, *, turned: bool = False) -> Any:
    """Per row, what several sums of it come to; ``turned``, with the sign the other way."""
    total = sums.group_by(kind.key_list, use_threads=False).aggregate([("open_minor", "sum")])
    amount = total["open_minor_sum"]
    found = total.select(kind.key_list).append_column("open_minor", pc.negate(amount) if turned else amount)
    return found.filter(pc.not_equal(found["open_minor"], 0))


def changed(kind: OpenRows, gone: Any, since: Any) -> tuple[Any, Any]:
    """What becomes of all rows of some items or receipts (``gone``) with sums ``since``: the rows, with facts; and the
    sums of items and receipts that had no row."""
    names = [*kind.key_list, "open_minor"]
    total = added(kind, pa.concat_tables([gone.select(names), since.select(names)]))
    known = is_among(total[kind.number], gone[kind.number])
    return _with_facts(kind, total.filter(known), gone, gone.column_names), total.filter(pc.invert(known))


def with_facts(kind: OpenRows, sums: Any, facts: Any, columns: Sequence[str]) -> Any:
    """Rows of sums with the facts of their items or receipts: ``kind.with_facts``, in the order of ``columns``."""
    mine = [name for name in facts.column_names if name not in ("open_minor", "ledger_seq")]
    return _with_facts(kind, sums, facts.select(mine).rename_columns([_named(kind, name) for name in mine]), columns)


def _named(kind: OpenRows, name: str) -> str:
    if name == "account_id" and not kind.is_cash:
        return name
    return _RENAMED.get(name, name)


def _with_facts(kind: OpenRows, sums: Any, facts: Any, columns: Sequence[str]) -> Any:
    place = pc.index_in(sums[kind.number], value_set=facts[kind.number].combine_chunks())
    if place.null_count:
        sums, place = sums.filter(pc.is_valid(place)), place.drop_null()
    of_sums = sums.column_names
    return pa.table({name: sums[name] if name in of_sums else facts[name].take(place) for name in columns})


def with_book_value(rows: Any) -> Any:
    """The rows with ``open_base``: ``open_rows.BOOK_VALUE``."""
    amount, base, left = (rows[name].to_numpy() for name in ("amount_minor", "amount_base", "open_minor"))
    value = left.copy()
    for place in np.flatnonzero(amount != base):
        share = int(base[place]) * int(left[place])
        value[place] = abs(share) // abs(int(amount[place])) * (1 if (share < 0) == (amount[place] < 0) else -1)
    return rows.append_column("open_base", pa.array(value, pa.int64()))


def cells_of_rows(items: Any, receipts: Any, as_of: date, bounds: Sequence[int], day: str) -> Any:
    """The cells of some open rows (with ``open_base``): see ``cells.need_cells``."""
    both = pa.concat_tables([item_cells(items, as_of, bounds, day), receipt_cells(receipts, len(bounds))])
    keys = ["account_id", "entity_id", "currency", "bucket"]
    return added_up(
        both,
        keys,
        {name: both[name] for name in ("open_minor", "open_base", "items")},
        {"days_past_due_max": both["days"]},
    )


_OWNED = ["account_id", "entity_id", "currency"]


def item_cells(items: Any, as_of: date, bounds: Sequence[int], day: str) -> Any:
    """Each open item (with ``open_base``) as a cell of its own; ``days`` past due where it is owed."""
    today = as_of.toordinal() - _EPOCH
    late = pc.subtract(pa.scalar(today, pa.int32()), items["due_date"].cast(pa.int32()))
    owed = pc.if_else(pc.greater(items["open_minor"], 0), late, pa.scalar(None, pa.int32()))
    bucket = np.searchsorted(np.asarray(bounds), today - items[day].cast(pa.int32()).to_numpy(), side="left")
    return _cells(
        items, bucket.astype(np.int16), items["open_minor"], items["open_base"], np.ones(items.num_rows, np.int64), owed
    )


def receipt_cells(receipts: Any, bounds: int) -> Any:
    """The same of receipts (with ``open_base``) whose owner is known, in the bucket after the last of ``bounds``."""
    mine = pa.array([account.value for account in CASH_CONTROLS])
    receipts = receipts.filter(pc.is_in(receipts["ledger_account"], value_set=mine))
    count = receipts.num_rows
    money, book = pc.negate(receipts["open_minor"]), pc.negate(receipts["open_base"])
    bucket, days = np.full(count, bounds + 1, np.int16), pa.nulls(count, pa.int32())
    return _cells(receipts, bucket, money, book, np.zeros(count, np.int64), days)


def _cells(rows: Any, bucket: Any, open_minor: Any, open_base: Any, items: Any, days: Any) -> Any:
    owned = {name: rows[name] for name in _OWNED}
    made = {"bucket": bucket, "open_minor": open_minor, "open_base": open_base, "items": items, "days": days}
    return pa.table(owned | made)
