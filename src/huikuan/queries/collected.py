"""What came in, by how it was paid: money apart from bills, which are no money yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.channels import Channel
from huikuan.queries.directory import entities_table
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import day_of
from huikuan.queries.receipts import receipts_mine
from huikuan.store.arrow import read_arrow
from huikuan.store.models import ReceiptChannel

_CHANNELS = pa.schema([("receipt_id", pa.int64()), ("channel", pa.string())])


@dataclass(frozen=True, slots=True)
class Collected:
    """Receipts of one currency that came by one channel (empty: nobody said). ``amount_minor`` is what came in, used or
    not; ``is_bill``: a bill that settled when it was taken, no money yet; what is paid for it counts by itself."""

    currency: str
    channel: str
    receipts: int
    amount_minor: int

    @property
    def is_bill(self) -> bool:
        return self.channel == Channel.NOTE


def collected(frame: Frame, first: date, last: date) -> list[Collected]:
    """What came in with a value date from ``first`` to ``last`` and was not taken back by the frame's day: by currency,
    those of the books first, money before bills, the largest amount first."""
    with read_facts(frame) as facts:
        known = facts.counting.counts
        standing = (
            f"SELECT receipt_id, currency, amount_minor FROM receipts WHERE {receipts_mine(facts)} AND {known}"
            f" AND value_date BETWEEN {day_of(first)} AND {day_of(last)} AND entry_id NOT IN"
            f" (SELECT reverses_id FROM journal WHERE reverses_id IS NOT NULL AND {known})"
        )
        found = facts.table(standing)
        if not found.num_rows:
            return []
        facts.give("collected", found)
        facts.give("channels", _channels_of(frame, found["receipt_id"]))
        rows = facts.rows(
            "SELECT currency, coalesce(channel, '') AS channel, count(*) AS receipts,"
            " sum(amount_minor)::BIGINT AS amount_minor FROM collected LEFT JOIN channels USING (receipt_id)"
            " GROUP BY ALL"
        )
    books = {entity.currency for number, entity in entities_table().items() if number in frame.entity_ids}
    lines = [Collected(**row) for row in rows]
    return sorted(lines, key=lambda line: (line.currency not in books, line.currency, line.is_bill, -line.amount_minor))


def _channels_of(frame: Frame, numbers: pa.ChunkedArray) -> pa.Table:
    """The channels of receipts, read by the range of their numbers: what came in lately lies together."""
    limits = pc.min_max(numbers).as_py()
    among = ReceiptChannel.objects.filter(
        receipt__entity_id__in=frame.entity_ids, receipt_id__gte=limits["min"], receipt_id__lte=limits["max"]
    )
    sql, params = among.values_list("receipt_id", "channel").query.sql_with_params()
    return pa.Table.from_batches(read_arrow(sql, params, _CHANNELS), _CHANNELS)
