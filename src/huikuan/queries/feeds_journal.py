"""The journal for programs: sealed entries by their number, which is a feed; applications; the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from huikuan.queries.directory import customer_ids_of, entities_table
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.feeds import Slice, Wheres, accounts_named, cut
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import ids
from huikuan.store.models import AuditEvent, Source
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One posting: debit positive. Ids are empty where it names none."""

    line: int
    ledger_account: str
    currency: str
    amount_minor: int
    base_minor: int
    customer: str
    item: str
    receipt: str


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """A journal entry. ``ledger_seq`` is ``None`` while it is not sealed; ``is_reversed`` as known in the frame.
    ``is_partial``: some of its postings are of customers who are not seen, and left out."""

    public_id: str
    ledger_seq: int | None
    entity: str
    base_currency: str
    kind: str
    effective_date: date
    posting_date: date
    recorded_at: datetime
    source: str
    external_id: str
    memo: str
    reverses: str
    is_reversed: bool
    is_partial: bool
    legs: tuple[LegFacts, ...]


@dataclass(frozen=True, slots=True)
class EntryWish:
    """What a list of entries is narrowed to; ``customer``, ``item`` and ``receipt`` are opaque ids."""

    kind: str = ""
    customer: str = ""
    item: str = ""
    receipt: str = ""
    posting_from: date | None = None
    posting_to: date | None = None


def entry_slice(frame: Frame, wish: EntryWish, *, after: int, limit: int) -> Slice[EntryFacts]:
    """Sealed entries after a number, by number: whoever keeps the last number has missed nothing when asking again.

    An entry counts from whatever day; ``wish`` narrows by posting date.
    """
    with read_facts(frame) as facts:
        where = _wheres(facts, wish)
        where.sql.append(f"ledger_seq > {after}")
        found = facts.rows(
            f"SELECT DISTINCT ledger_seq, entry_id FROM journal WHERE {where.text}"
            f" ORDER BY ledger_seq LIMIT {limit + 1}",
            where.given,
        )
        rows, last, more = cut(found, "ledger_seq", limit)
        return Slice(_entries(facts, [row["entry_id"] for row in rows]), last, more)


def application_slice(frame: Frame, wish: EntryWish, *, after: int, limit: int) -> Slice[EntryFacts]:
    """Applications that count by the frame's day, in the order in which they came, sealed or not."""
    with read_facts(frame) as facts:
        where = _wheres(facts, wish)
        where.sql += [f"entry_id > {after}", "kind = 'application'", facts.counting.counts]
        found = facts.rows(
            f"SELECT DISTINCT entry_id FROM journal WHERE {where.text} ORDER BY entry_id LIMIT {limit + 1}",
            where.given,
        )
        rows, last, more = cut(found, "entry_id", limit)
        return Slice(_entries(facts, [row["entry_id"] for row in rows]), last, more)


def one_entry(frame: Frame, text: str) -> EntryFacts | None:
    """An entry by its opaque id, whatever day it counts from. ``None`` where the frame has none."""
    number = inner_id("ent", text)
    if number is None:
        return None
    with read_facts(frame) as facts:
        if not facts.seen(facts.legs("entry_id", [number])):
            return None
        return _entries(facts, [number])[0]


def _wheres(facts: Facts, wish: EntryWish) -> Wheres:
    where = Wheres(facts.mine)
    where.same("kind", wish.kind)
    where.days("posting_date", wish.posting_from, wish.posting_to)
    where.among("account_id", accounts_named(facts.frame, wish.customer))
    for column, prefix, text in (("item_id", "itm", wish.item), ("receipt_id", "rcp", wish.receipt)):
        if text:
            number = inner_id(prefix, text)
            where.among(column, [-1 if number is None else number])
    return where


def _entries(facts: Facts, numbers: Sequence[int]) -> list[EntryFacts]:
    if not numbers:
        return []
    rows = facts.legs("entry_id", numbers)
    by_entry: dict[int, list[dict[str, Any]]] = {number: [] for number in numbers}
    for row in rows:
        by_entry[row["entry_id"]].append(row)
    taken_back = {
        row["reverses_id"]
        for row in facts.rows(f"SELECT DISTINCT reverses_id FROM journal WHERE reverses_id IN ({ids(numbers)})")
    }
    owners = customer_ids_of({row["account_id"] for row in rows} - {None})
    sources = dict(Source.objects.values_list("id", "code"))
    return [_entry(facts, by_entry[number], number in taken_back, owners, sources) for number in numbers]


def _entry(
    facts: Facts, legs: list[dict[str, Any]], is_reversed: bool, owners: dict[int, int], sources: dict[int, str]
) -> EntryFacts:
    head = legs[0]
    shown = _seen(facts, legs)
    entity = entities_table()[head["entity_id"]]
    return EntryFacts(
        public_id=public_id("ent", head["entry_id"]),
        ledger_seq=head["ledger_seq"],
        entity=entity.code,
        base_currency=entity.currency,
        kind=head["kind"],
        effective_date=head["effective_date"],
        posting_date=head["posting_date"],
        recorded_at=head["recorded_at"],
        source=sources.get(head["source_id"], ""),
        external_id=head["external_id"] or "",
        memo=head["memo"] or "",
        reverses="" if head["reverses_id"] is None else public_id("ent", head["reverses_id"]),
        is_reversed=is_reversed,
        is_partial=len(shown) < len(legs),
        legs=tuple(_leg(leg, owners) for leg in shown),
    )


def _seen(facts: Facts, legs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All legs where every account they name is seen; else those of accounts that are: one without an account would
    tell what the others hold."""
    if legs[0]["entity_id"] in facts.frame.whole_ids:
        return legs
    seen = set(facts.reached["account_id"].to_pylist())
    if {leg["account_id"] for leg in legs} - {None} <= seen:
        return legs
    return [leg for leg in legs if leg["account_id"] in seen]


def _leg(leg: dict[str, Any], owners: dict[int, int]) -> LegFacts:
    owner = owners.get(leg["account_id"])
    return LegFacts(
        line=leg["line"],
        ledger_account=leg["ledger_account"],
        currency=leg["currency"],
        amount_minor=leg["amount_minor"],
        base_minor=leg["base_minor"],
        customer="" if owner is None else public_id("cus", owner),
        item="" if leg["item_id"] is None else public_id("itm", leg["item_id"]),
        receipt="" if leg["receipt_id"] is None else public_id("rcp", leg["receipt_id"]),
    )


# -- the audit trail -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class AuditFacts:
    """One thing done. ``subject`` carries opaque ids where its kind has them."""

    number: int
    at: datetime
    actor: str
    code: str
    entity: str
    subject: str
    data: dict[str, Any]


_PREFIXES = {"entry": "ent", "item": "itm", "receipt": "rcp", "customer": "cus", "import": "imp"}


def audit_slice(
    entity_ids: Iterable[int],
    *,
    with_common: bool,
    code: str = "",
    since: datetime | None = None,
    after: int,
    limit: int,
) -> Slice[AuditFacts]:
    """What was done, in the order in which it was. ``with_common``: also what belongs to no entity (people, keys)."""
    found = AuditEvent.objects.select_related("actor", "entity").filter(id__gt=after)
    mine = found.filter(entity_id__in=list(entity_ids))
    if with_common:
        mine = mine | found.filter(entity__isnull=True)
    if code:
        mine = mine.filter(code__startswith=code)
    if since is not None:
        mine = mine.filter(at__gte=since)
    rows = list(mine.order_by("id")[: limit + 1])
    shown = rows[:limit]
    return Slice([_audit(row) for row in shown], shown[-1].pk if shown else None, len(rows) > limit)


def _audit(row: AuditEvent) -> AuditFacts:
    kind, _, text = row.subject.partition(":")
    prefix = _PREFIXES.get(kind)
    subject = f"{kind}:{public_id(prefix, int(text))}" if prefix and text.isdigit() else row.subject
    return AuditFacts(
        number=row.pk,
        at=row.at,
        actor=row.actor.get_username() if row.actor else "",
        code=row.code,
        entity=row.entity.code if row.entity else "",
        subject=subject,
        data=row.data,
    )
