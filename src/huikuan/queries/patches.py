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


def without(kind: OpenRows, rows: Any, others: Any) -> Any:
    """The rows that are not among others."""
    return _joined(rows, others.select(kind.key_list), kind.key_list, "left anti")


def changed(kind: OpenRows, near: Any, since: Any) -> tuple[Any, Any, Any]:
    """Of the rows ``near``: those that ``since`` (sums) touches, what becomes of them, and the sums of no such row."""
    gone = _joined(near, since.select(kind.key_list), kind.key_list, "left semi")
    both = _joined(near, since.rename_columns([*kind.key_list, "change"]), kind.key_list, "inner")
    amount = pc.add(both["open_minor"], both["change"])
    both = both.set_column(both.column_names.index("open_minor"), "open_minor", amount).select(near.column_names)
    return gone, both.filter(pc.not_equal(amount, 0)), without(kind, since, near)


def with_facts(kind: OpenRows, sums: Any, facts: Any, columns: Sequence[str]) -> Any:
    """Rows of sums with the facts of their items or receipts: ``kind.with_facts``, in the order of ``columns``."""
    mine = [name for name in facts.column_names if name not in ("open_minor", "ledger_seq")]
    facts = facts.select(mine)
    facts = facts.rename_columns([_named(kind, name) for name in mine])
    keys = [name for name in kind.key_list if name != kind.number]
    facts = facts.drop_columns([name for name in keys if name in facts.column_names])
    return _joined(sums, facts, [kind.number], "inner").select(list(columns))


def _named(kind: OpenRows, name: str) -> str:
    if name == "account_id" and not kind.is_cash:
        return name
    return _RENAMED.get(name, name)


def _joined(left: Any, right: Any, keys: list[str], how: str) -> Any:
    return left.join(right, keys, join_type=how, use_threads=False)


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
    late = pc.subtract(pa.scalar(as_of.toordinal() - _EPOCH, pa.int32()), items["due_date"].cast(pa.int32()))
    days = pc.subtract(pa.scalar(as_of.toordinal() - _EPOCH, pa.int32()), items[day].cast(pa.int32()))
    owed = pc.if_else(pc.greater(items["open_minor"], 0), late, pa.scalar(None, pa.int32()))
    mine = pc.is_in(receipts["ledger_account"], pa.array([account.value for account in CASH_CONTROLS]))
    receipts = receipts.filter(mine)
    keys = ["account_id", "entity_id", "currency"]
    bucket = np.searchsorted(np.asarray(bounds), days.to_numpy(), side="left").astype(np.int16)
    owing = items.select(keys).append_column("bucket", pa.array(bucket))
    owing = owing.append_column("open_minor", items["open_minor"]).append_column("open_base", items["open_base"])
    owing = owing.append_column("items", pa.array(np.ones(items.num_rows, np.int64))).append_column("days", owed)
    last = pa.array(np.full(receipts.num_rows, len(bounds) + 1, np.int16))
    money = receipts.select(keys).append_column("bucket", last)
    money = money.append_column("open_minor", pc.negate(receipts["open_minor"]))
    money = money.append_column("open_base", pc.negate(receipts["open_base"]))
    money = money.append_column("items", pa.array(np.zeros(receipts.num_rows, np.int64)))
    money = money.append_column("days", pa.nulls(receipts.num_rows, pa.int32()))
    cells = pa.concat_tables([owing, money]).group_by([*keys, "bucket"], use_threads=False)
    names = ["open_minor", "open_base", "items", "days"]
    found = cells.aggregate([(name, "max" if name == "days" else "sum") for name in names])
    found = found.select([*keys, "bucket", "open_minor_sum", "open_base_sum", "items_sum", "days_max"])
    return found.rename_columns([*keys, "bucket", "open_minor", "open_base", "items", "days_past_due_max"])
