"""The journal: entries in the order they were sealed, narrowed by kind, month, ledger account and person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from huikuan.core.periods import next_month
from huikuan.queries.directory import actors_of, customer_ids_of, customers_of, entities_table
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.listing import CHUNK, ROWS_MAX, Page, Whole, limit_of, order_of
from huikuan.queries.open_rows import day_of, ids
from huikuan.store.models import JournalEntry, OpenItem, Receipt, User
from huikuan.store.public_ids import public_id

SORTS = {
    "number": "coalesce(ledger_seq, 9223372036854775807)",
    "posting_date": "posting_date",
    "effective_date": "effective_date",
    "recorded_at": "recorded_at",
}


@dataclass(frozen=True, slots=True)
class JournalFilters:
    """What the list is narrowed to. ``month``: any day of the month entries count in; ``account`` a ledger account one
    of the legs is on; ``actor`` a user name, ``-`` for the system; ``late``: those that count in a later month than the
    one they happened in."""

    kind: str = ""
    month: date | None = None
    account: str = ""
    actor: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class JournalRow:
    """An entry. ``debit_minor``: its debits, which are its credits, in ``base_currency``, that of its books.
    ``ledger_seq`` is empty while it is not sealed. ``concerns``: the documents, references or customers of its legs,
    the first few."""

    public_id: str
    ledger_seq: int | None
    kind: str
    entity_code: str
    posting_date: date
    effective_date: date
    recorded_at: datetime
    actor: str
    base_currency: str
    debit_minor: int
    concerns: str
    memo: str
    external_id: str


@dataclass(frozen=True, slots=True)
class JournalTotal:
    """Entries found in books of one currency, and what their debits add up to."""

    currency: str
    entries: int
    debit_minor: int


def journal_page(
    frame: Frame, filters: JournalFilters | None = None, *, sort: str = "-number", page: int = 1, size: int = 50
) -> Page[JournalRow]:
    """Entries of the frame that count by its day. ``sort``: number, posting_date, effective_date, recorded_at."""
    with read_facts(frame) as facts:
        found, totals = _find(facts, filters or JournalFilters(), sort, limit_of(page, size))
        legs = _legs(facts, found)
    return Page(_rows(frame, found, legs), sum(total.entries for total in totals.values()), page, size, totals)


def journal_whole(frame: Frame, filters: JournalFilters, *, sort: str = "-number") -> Whole[JournalRow]:
    """Everything ``journal_page`` would show page by page, from one state of the ledger."""
    with read_facts(frame) as facts:
        found, totals = _find(facts, filters, sort, f"LIMIT {ROWS_MAX}")
        legs: dict[int, list[dict[str, Any]]] = {}
        for start in range(0, len(found), CHUNK):
            legs |= _legs(facts, found[start : start + CHUNK])

    def shown() -> Iterator[JournalRow]:
        for start in range(0, len(found), CHUNK):
            yield from _rows(frame, found[start : start + CHUNK], legs)

    return Whole(shown(), len(found), totals)


def journal_actors(frame: Frame) -> list[tuple[str, str]]:
    """User name and name of everybody who recorded an entry of the frame's entities."""
    entries = JournalEntry.objects.filter(entity_id__in=frame.entity_ids).exclude(actor_id=None)
    people = User.objects.filter(id__in=list(entries.order_by().values_list("actor_id", flat=True).distinct()))
    return [(user.get_username(), user.get_full_name() or user.get_username()) for user in people.order_by("username")]


def _find(
    facts: Facts, filters: JournalFilters, sort: str, limit: str
) -> tuple[list[dict[str, Any]], dict[str, JournalTotal]]:
    """The entries found (entry_id, ledger_seq, entity_id), in their order, and the totals of all."""
    wheres, given = _narrowed(facts, filters)
    where = " AND ".join(wheres)
    totals: dict[str, JournalTotal] = {}
    entities = entities_table()
    for row in _sums(facts, where, given):
        currency = entities[row["entity_id"]].currency
        before = totals.get(currency, JournalTotal(currency, 0, 0))
        totals[currency] = JournalTotal(
            currency, before.entries + row["entries"], before.debit_minor + (row["debit"] or 0)
        )
    order = order_of(sort, SORTS, "-number", ["entry_id DESC" if sort.startswith("-") else "entry_id"])
    sql = f"SELECT entry_id, ledger_seq FROM journal WHERE line = 1 AND {where}"
    if sort == "-number" and (last := _last_of(limit)) <= LATEST_MAX:
        # The newest entries by number stand at the end of the journal: the rest is looked at only if these do not do.
        facts.give("newest", facts.rows_above("journal", max(facts.snapshot.relations.in_files - 20 * LATEST, 0)))
        rows = facts.rows(f"{sql.replace('journal', 'newest', 1)} {order} LIMIT {last}", given)
        if len(rows) == last:
            return rows[_offset_of(limit) :], totals
    return facts.rows(f"{sql} {order} {limit}", given), totals


LATEST = 250
LATEST_MAX = 5_000
"""Pages up to here are looked for among the newest rows, which are kept in memory."""


def _offset_of(limit: str) -> int:
    return int(limit.partition("OFFSET ")[2] or 0)


def _last_of(limit: str) -> int:
    """How many rows there are up to the end of a page."""
    return int(limit.split()[1]) + _offset_of(limit)


def _sums(facts: Facts, where: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries and debits by entity of what was sealed, kept, and of what came since."""

    def make(only: str, journal: str = "journal") -> Any:
        return facts.table(
            "SELECT entity_id, count(*) FILTER (WHERE line = 1) AS entries,"
            f" (sum(base_minor) FILTER (WHERE base_minor > 0))::BIGINT AS debit FROM {journal} WHERE {where} AND {only}"
            " GROUP BY entity_id",
            given,
        )

    name = ("journal sums", where, tuple(given.items()), facts.scope)
    floor = facts.floor(name, make, lambda kept, between: pa.concat_tables([kept, make(between)]))
    rows: list[dict[str, Any]] = floor.table.to_pylist()
    if not facts.reaches_above(floor):
        return rows
    facts.give("journal_above", facts.rows_above("journal", floor.known_seq))
    above = facts.kept((name, floor.known_seq), lambda: make("true", "journal_above"))
    return rows + list(above.to_pylist())


def _narrowed(facts: Facts, filters: JournalFilters) -> tuple[list[str], dict[str, Any]]:
    """Predicates over legs that hold for all legs of an entry or none, and their parameters."""
    frame = facts.frame
    wheres = [f"entity_id IN ({ids(frame.entity_ids)})", facts.counting.counts]
    if frame.narrowed:
        # An entry is listed where every account it names is seen: its sums would tell of the others.
        wheres.append(
            "entry_id IN (SELECT entry_id FROM journal WHERE account_id IS NOT NULL GROUP BY entry_id"
            f" HAVING bool_and({facts.mine}))"
        )
    given: dict[str, Any] = {}
    if filters.kind:
        wheres.append("kind = $kind")
        given["kind"] = filters.kind
    if filters.month:
        first = filters.month.replace(day=1)
        wheres.append(f"posting_date >= {day_of(first)} AND posting_date < {day_of(next_month(first))}")
    if filters.account:
        wheres.append("entry_id IN (SELECT entry_id FROM journal WHERE ledger_account = $account)")
        given["account"] = filters.account
    if filters.actor == "-":
        wheres.append("actor_id IS NULL")
    elif filters.actor:
        who = User.objects.filter(username=filters.actor).values_list("id", flat=True).first()
        wheres.append(f"actor_id = {who}" if who is not None else "false")
    if filters.late:
        wheres.append("date_trunc('month', posting_date) > date_trunc('month', effective_date)")
    return wheres, given


def _legs(facts: Facts, found: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    legs: dict[int, list[dict[str, Any]]] = {row["entry_id"]: [] for row in found}
    for leg in facts.legs("entry_id", legs):
        legs[leg["entry_id"]].append(leg)
    return legs


def _rows(frame: Frame, found: list[dict[str, Any]], legs: dict[int, list[dict[str, Any]]]) -> list[JournalRow]:
    entries = JournalEntry.objects.in_bulk([row["entry_id"] for row in found])
    people, entities = actors_of(entry.actor_id for entry in entries.values()), entities_table()
    names = _Names(frame, [leg for row in found for leg in legs[row["entry_id"]]])
    shown = []
    for row in found:
        entry, own = entries[row["entry_id"]], legs[row["entry_id"]]
        entity = entities[entry.entity_id]
        shown.append(
            JournalRow(
                public_id=public_id("ent", entry.pk),
                ledger_seq=row["ledger_seq"],
                kind=entry.kind,
                entity_code=entity.code,
                posting_date=entry.posting_date,
                effective_date=entry.effective_date,
                recorded_at=entry.recorded_at,
                actor=people.get(entry.actor_id, ""),
                base_currency=entity.currency,
                debit_minor=sum(leg["base_minor"] for leg in own if leg["base_minor"] > 0),
                concerns=names.of(own),
                memo=entry.memo,
                external_id=entry.external_id,
            )
        )
    return shown


class _Names:
    """What the legs of a page's entries are about, in words."""

    def __init__(self, frame: Frame, legs: list[dict[str, Any]]) -> None:
        self.items = dict(OpenItem.objects.filter(id__in=_named(legs, "item_id")).values_list("id", "document_number"))
        self.receipts = {
            number: reference or external
            for number, reference, external in Receipt.objects.filter(id__in=_named(legs, "receipt_id")).values_list(
                "id", "reference", "external_id"
            )
        }
        self.owners = customer_ids_of(_named(legs, "account_id"))
        self.customers = customers_of(frame, self.owners.values())

    def of(self, legs: list[dict[str, Any]]) -> str:
        found: dict[str, None] = {}
        for leg in legs:
            owner = self.owners.get(leg["account_id"])
            name = self.items.get(leg["item_id"]) or self.receipts.get(leg["receipt_id"])
            name = name or (self.customers[owner].name if owner is not None else "")
            if name:
                found[name] = None
        shown = list(found)[:3]
        return ", ".join(shown) + (" …" if len(found) > len(shown) else "")


def _named(legs: list[dict[str, Any]], column: str) -> list[int]:
    return sorted({leg[column] for leg in legs} - {None})
