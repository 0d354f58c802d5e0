"""Control accounts against open rows: two totals that must be equal, for every day there ever was."""

from __future__ import annotations

from dataclasses import dataclass

from huikuan.core.ageing import Basis
from huikuan.queries.directory import entities_table
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import CONTROL_LEGS


@dataclass(frozen=True, slots=True)
class ControlRow:
    """One control account of an entity in one currency: what was posted to it, and what its open rows add up to."""

    entity_id: int
    entity_code: str
    ledger_account: str
    currency: str
    posted_minor: int
    open_minor: int

    @property
    def difference_minor(self) -> int:
        return self.posted_minor - self.open_minor


def control_accounts(frame: Frame, *, basis: Basis = "posting") -> list[ControlRow]:
    """Every control account of the frame's entities that holds something by the frame's day. Credits are negative;
    suspense is money whose payer nobody knows, and in no customer's ageing."""
    with read_facts(frame, basis) as facts:
        facts.need("open_items", "open_receipts")
        rows = facts.rows(
            "SELECT entity_id, ledger_account, currency, sum(posted)::BIGINT AS posted_minor,"
            " sum(open)::BIGINT AS open_minor FROM ("
            "SELECT entity_id, account_id, ledger_account, currency, amount_minor AS posted, 0 AS open FROM journal"
            f" WHERE {CONTROL_LEGS} AND {facts.counting.counts}"
            " UNION ALL SELECT entity_id, account_id, ledger_account, currency, 0, open_minor FROM open_items"
            " UNION ALL SELECT entity_id, account_id, ledger_account, currency, 0, -open_minor FROM open_receipts)"
            f" WHERE {facts.mine} GROUP BY entity_id, ledger_account, currency"
            " HAVING sum(posted) <> 0 OR sum(open) <> 0 ORDER BY ALL"
        )
    codes = {number: entity.code for number, entity in entities_table().items()}
    return [ControlRow(entity_code=codes[row["entity_id"]], **row) for row in rows]
