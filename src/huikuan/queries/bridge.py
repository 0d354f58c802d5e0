"""From the posting basis to the effective basis: what the two totals differ by, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from huikuan.core.ageing import BRIDGE_LINES
from huikuan.queries.facts import Facts
from huikuan.queries.open_rows import CASH_CONTROLS, CASH_LEGS, ITEM_LEGS, day_of, texts

STEPS = ("posting", "items", "applications", "receipts", "effective")
_STEP_OF = dict(
    zip(
        BRIDGE_LINES,
        ("posting", "items", "items", "applications", "applications", "receipts", "effective"),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """``posting`` plus ``items``, ``applications`` and ``receipts`` is ``effective``, in each currency."""

    step: str
    currency: str
    amount_minor: int


def bridge_lines(facts: Facts, currency: str = "") -> list[dict[str, Any]]:
    """currency, line (``core.ageing.BRIDGE_LINES``, in that order), amount_minor, records (postings). The two totals
    are there for every currency, the rest where there is something to say."""
    as_of = day_of(facts.frame.as_of)
    before, after = f"posting_date <= {as_of}", f"effective_date <= {as_of}"
    first, last = BRIDGE_LINES[0], BRIDGE_LINES[-1]
    legs = (
        "SELECT currency, amount_minor, kind = 'item' AND item_id IS NOT NULL AS comes_in,"
        f" item_id IS NOT NULL AS on_item, {before} AS before, {after} AS after FROM journal"
        f" WHERE (({ITEM_LEGS}) OR ({CASH_LEGS} AND ledger_account IN ({texts(CASH_CONTROLS)})))"
        f" AND ({before} OR {after}) AND {facts.mine}"
    )
    sign = "CASE WHEN after THEN amount_minor ELSE -amount_minor END"
    step = (
        "CASE WHEN NOT on_item THEN 'unapplied' ELSE CASE WHEN comes_in THEN 'items' ELSE 'applications' END"
        " || CASE WHEN after THEN '_earlier' ELSE '_later' END END"
    )
    rows = facts.rows(
        f"WITH legs AS ({legs})"
        f" SELECT currency, {step} AS line, sum({sign})::BIGINT AS amount_minor, count(*) AS records"
        " FROM legs WHERE before <> after GROUP BY ALL UNION ALL"
        f" SELECT currency, '{first}', coalesce(sum(amount_minor) FILTER (WHERE before), 0)::BIGINT,"
        " count(*) FILTER (WHERE before) FROM legs GROUP BY currency UNION ALL"
        f" SELECT currency, '{last}', coalesce(sum(amount_minor) FILTER (WHERE after), 0)::BIGINT,"
        " count(*) FILTER (WHERE after) FROM legs GROUP BY currency"
    )
    places = {line: place for place, line in enumerate(BRIDGE_LINES)}
    kept = [row for row in rows if not currency or row["currency"] == currency]
    return sorted(kept, key=lambda row: (row["currency"], places[row["line"]]))


def bridge_steps(facts: Facts, currency: str = "") -> list[BridgeStep]:
    """The bridge in five steps a currency; steps of zero are left out, the two totals never."""
    sums: dict[tuple[str, str], int] = {}
    for row in bridge_lines(facts, currency):
        key = (row["currency"], _STEP_OF[row["line"]])
        sums[key] = sums.get(key, 0) + row["amount_minor"]
    return [
        BridgeStep(step, code, sums[code, step])
        for code in sorted({code for code, _ in sums})
        for step in STEPS
        if sums.get((code, step)) or step in (STEPS[0], STEPS[-1])
    ]
