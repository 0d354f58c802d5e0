"""Applications in another currency than the books, or to items a source reported settled: by the exact rules, in order.

Rows are read a chunk of applications at a time and kept up to date in memory; each chunk is written as one unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import Fund, Line, OpenRow, fund_legs, settlement_legs
from huikuan.core.journal import EntryDraft, PostingDraft, merge_legs
from huikuan.core.money import share
from huikuan.core.refusals import BadData, DataError, Refusal
from huikuan.queries.funds import fund_of
from huikuan.services.imports_applications import CONTRA_BY_SOURCE
from huikuan.services.imports_desk import Desk
from huikuan.services.imports_retake import legs_of
from huikuan.services.imports_types import Progress
from huikuan.services.locking import lock_items, lock_receipt
from huikuan.services.source_settlements import unmet_settlements
from huikuan.services.writing import Unit
from huikuan.store.models import OpenItem

CHUNK_APPS = 500
Row = dict[str, Any]


@dataclass(slots=True)
class Standing:
    """Items, waiting settlements and receipts as they stand after the applications decided so far."""

    items: dict[int, OpenRow]
    unmet: dict[int, OpenRow]
    funds: dict[int, Fund]
    original_base: dict[int, int] = field(default_factory=dict)
    posted: dict[str, tuple[int, tuple[PostingDraft, ...]]] = field(default_factory=dict)
    """Applications decided in this run by their key: entry and legs, for those that take them back."""

    def take(self, legs: tuple[PostingDraft, ...]) -> None:
        for leg in legs:
            if leg.item_id is not None and leg.ledger_account == LedgerAccount.SOURCE_SETTLEMENT:
                self.unmet[leg.item_id] = _moved(self.unmet[leg.item_id], leg)
            elif leg.item_id is not None and leg.ledger_account == self.items[leg.item_id].ledger_account:
                self.items[leg.item_id] = _moved(self.items[leg.item_id], leg)
            elif leg.receipt_id is not None and leg.item_id is None:
                fund = self.funds[leg.receipt_id]
                self.funds[leg.receipt_id] = replace(
                    fund,
                    available_minor=fund.available_minor - leg.amount_minor,
                    base_minor=fund.base_minor - leg.base_minor,
                )


def _moved(row: OpenRow, leg: PostingDraft) -> OpenRow:
    return replace(
        row, open_minor=row.open_minor + leg.amount_minor, open_base_minor=row.open_base_minor + leg.base_minor
    )


def post_special(
    desk: Desk,
    *,
    source_id: int,
    actor_id: int | None,
    now: datetime,
    progress: Progress | None = None,
    done: int = 0,
    total: int = 0,
) -> None:
    """Posts the applications of table ``special``. Raises ``BadData`` with the rows the rules refuse."""
    refused: list[DataError] = []
    posted: dict[str, tuple[int, tuple[PostingDraft, ...]]] = {}
    for entity_id in [int(entity) for (entity,) in desk.all("SELECT DISTINCT entity_id FROM apps ORDER BY 1")]:
        posted.clear()
        for chunk in _chunks(desk, entity_id):
            unit = Unit(entity_id, actor_id, now, source_id)
            standing = _read(entity_id, [row for rows in chunk for row in rows])
            standing.posted = posted
            for rows in chunk:
                try:
                    _add(desk, unit, standing, rows)
                except Refusal as refusal:
                    column = desk.columns.get("amount", "amount")
                    refused.append(DataError(desk.file_name, rows[0]["row"], column, refusal.message, refusal.code))
            if not refused:
                unit.flush()
            done += len(chunk)
            if progress:
                progress("post", done, total)
    if refused:
        raise BadData(refused)


def _chunks(desk: Desk, entity_id: int) -> Iterator[list[list[Row]]]:
    """The applications of an entity in order, each as its rows, a chunk at a time."""
    sql = f"""SELECT r.*, a.effective AS app_effective, a.reverses_entry, a.reverses_in_file
        FROM rows r JOIN apps a ON a.app = r.app
        WHERE r.status <> 'unchanged' AND r.app IN (SELECT app FROM special) AND r.entity_id = {entity_id}
        ORDER BY r.app, r.row"""
    chunk: list[list[Row]] = []
    for batch in desk.stream(sql, 10_000):
        for row in batch.to_pylist():
            if chunk and chunk[-1][0]["app"] == row["app"]:
                chunk[-1].append(row)
                continue
            if len(chunk) == CHUNK_APPS:
                yield chunk
                chunk = []
            chunk.append([row])
    if chunk:
        yield chunk


def _read(entity_id: int, rows: list[Row]) -> Standing:
    funds = {}
    for receipt_id in sorted({row["receipt"] for row in rows if row["receipt"] is not None}):
        receipt, balance = lock_receipt(entity_id, receipt_id)
        funds[receipt_id] = fund_of(receipt, balance, LedgerAccount.UNAPPLIED)
    items = lock_items(entity_id, {row["item"] for row in rows})
    bases = dict(OpenItem.objects.filter(id__in=list(items)).values_list("id", "base_minor"))
    return Standing(items, unmet_settlements(items), funds, bases)


def _add(desk: Desk, unit: Unit, standing: Standing, rows: list[Row]) -> None:
    first = rows[0]
    undone = _undone(standing, first)
    if undone is not None:
        entry_id, taken = undone
        legs_back = tuple(leg.negated() for leg in taken)
        standing.take(legs_back)
        unit.add_entry(_draft(desk, first, EntryKind.REVERSAL, legs_back, reverses_id=entry_id))
        return
    legs: list[PostingDraft] = []
    before = (dict(standing.items), dict(standing.unmet), dict(standing.funds))
    try:
        for receipt_id in dict.fromkeys(row["receipt"] for row in rows if row["receipt"] is not None):
            given = [row for row in rows if row["receipt"] == receipt_id and _applies(standing, row)]
            if given:
                lines = [line for row in given for line in _lines(standing, row)]
                legs += _taken(standing, fund_legs(standing.funds[receipt_id], lines))
        for row in rows:
            if not _applies(standing, row):
                legs += _taken(standing, _back(standing, row))
            elif row["receipt"] is None:
                contra = CONTRA_BY_SOURCE.get(row["source"], LedgerAccount.CLEARING)
                legs += _taken(standing, settlement_legs(standing.items[row["item"]], row["minor"], contra))
        draft = _draft(desk, first, EntryKind.APPLICATION, _tidied(legs))
        standing.posted[first["application_key"]] = (unit.add_entry(draft), draft.postings)
    except Refusal:
        standing.items, standing.unmet, standing.funds = before
        raise


def _draft(
    desk: Desk, row: Row, kind: EntryKind, legs: tuple[PostingDraft, ...], reverses_id: int | None = None
) -> EntryDraft:
    return EntryDraft(
        kind,
        row["app_effective"],
        row["posting_day"],
        legs,
        reverses_id=reverses_id,
        external_id=row["application_key"],
        source_recorded_at=row["recorded_at"] if "recorded_at" in desk.columns else None,
    )


def _undone(standing: Standing, row: Row) -> tuple[int, tuple[PostingDraft, ...]] | None:
    """The entry this application takes back exactly, as found by comparing, with its legs."""
    if row["reverses_entry"] is not None:
        return int(row["reverses_entry"]), tuple(legs_of(row["reverses_entry"]))
    return standing.posted.pop(row["reverses_key"], None) if row["reverses_in_file"] else None


def _taken(standing: Standing, legs: tuple[PostingDraft, ...]) -> tuple[PostingDraft, ...]:
    standing.take(legs)
    return legs


def _applies(standing: Standing, row: Row) -> bool:
    """Whether the row settles its item (has its sign) rather than takes an earlier application back."""
    return bool((row["minor"] > 0) == (standing.items[row["item"]].original_minor > 0))


def _lines(standing: Standing, row: Row) -> list[Line]:
    """What a source reported as settled is met by the money first."""
    lines, rest = [], row["minor"]
    settled = standing.unmet.get(row["item"])
    if settled is not None and settled.open_minor > 0:
        met = min(rest, settled.open_minor)
        lines.append(Line(settled, met))
        rest -= met
    if rest:
        lines.append(Line(standing.items[row["item"]], rest))
    return lines


def _back(standing: Standing, row: Row) -> tuple[PostingDraft, ...]:
    """An earlier application partly taken back: the item opens again, the money (or the contra) returns."""
    item = standing.items[row["item"]]
    amount = -row["minor"]
    base = share(standing.original_base[item.item_id], amount, item.original_minor)
    up = PostingDraft(item.ledger_account, item.currency, amount, base, item.account_id, item.item_id, row["receipt"])
    if row["receipt"] is not None:
        fund = standing.funds[row["receipt"]]
        other = PostingDraft(
            fund.ledger_account, fund.currency, -amount, -base, fund.account_id, receipt_id=fund.receipt_id
        )
    else:
        contra = CONTRA_BY_SOURCE.get(row["source"], LedgerAccount.CLEARING)
        other = PostingDraft(contra, item.currency, -amount, -base, item.account_id, item.item_id)
    return (up, other)


def _tidied(legs: list[PostingDraft]) -> tuple[PostingDraft, ...]:
    """Clearing that comes to nothing (a credit memo and the invoice it settles) is left out; what it leaves in base is
    an exchange difference."""
    clearing = [leg for leg in legs if leg.ledger_account == LedgerAccount.CLEARING]
    if clearing and sum(leg.amount_minor for leg in clearing) == 0:
        base = sum(leg.base_minor for leg in clearing)
        legs = [leg for leg in legs if leg.ledger_account != LedgerAccount.CLEARING]
        if base:
            first = clearing[0]
            difference = LedgerAccount.EXCHANGE_DIFFERENCE
            legs.append(PostingDraft(difference, first.currency, 0, base, first.account_id))
    return merge_legs(legs)
