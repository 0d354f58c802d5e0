"""Everything that happened with a customer, in one list, newest first: the journal's entries, documents, notes, what
was changed in its file, merges, imports.

Entries are those the frame's day and knowledge show; the rest is what is on file, up to the frame's day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from huikuan.queries.customer_file import CustomerFile, notes_of
from huikuan.queries.directory import actors_of
from huikuan.queries.documents import links_of_accounts
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.queries.presence import has_documents
from huikuan.store.models import CustomerChange, CustomerMerge, Document, ImportBatch, OpenItem, Receipt, Source
from huikuan.store.public_ids import public_id

KINDS = ("items", "cash", "adjustments", "documents", "notes", "file", "imports")
ENTRY_KINDS = {
    "items": ("item",),
    "cash": ("receipt", "identify", "park", "application", "refund", "source_settlement", "settlement_met"),
    "adjustments": ("write_off", "recovery", "offset", "assignment", "revaluation", "reversal"),
}
FEW_LEGS = 2_000
"""So many legs of a customer are put together row by row; for more a statement is planned."""
DEEP = 2_000
"""So many events back can be paged to."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``kind`` is one of ``KINDS``, ``code`` what exactly; ``page`` and ``public_id`` name the
    page that shows it. ``amount_minor`` is ``None`` where there is no amount."""

    day: date
    at: datetime
    kind: str
    code: str
    label: str = ""
    text: str = ""
    actor: str = ""
    actor_id: int | None = None
    page: str = ""
    public_id: str = ""
    currency: str = ""
    amount_minor: int | None = None
    more: dict[str, str] = field(default_factory=dict)
    about: tuple[int | None, int | None] = (None, None)
    """The numbers of the item and the receipt an entry is labelled by."""


def timeline(frame: Frame, file: CustomerFile, *, kind: str = "", page: int = 1, size: int = 25) -> Page[Event]:
    """The customer's events; ``kind`` narrows them to one of ``KINDS``. ``total`` counts up to ``DEEP``."""
    page = min(max(page, 1), DEEP // size)
    need = DEEP
    sources: dict[str, Callable[[], list[Event]]] = {
        "documents": lambda: _documents(file, need) if has_documents(file.has) else [],
        "notes": lambda: _notes(file, need) if "notes" in file.has else [],
        "file": lambda: _file(file, need) if file.has & {"changes", "merges"} else [],
    }
    found: list[Event] = []
    if kind in ("", "imports", *ENTRY_KINDS):
        with read_facts(frame) as facts:
            rows = _moved(facts, file, kind, need)
        if kind != "imports":
            found += [_entry(row) for row in rows]
        if kind in ("", "imports"):
            found += _imports(rows, need)
    for name, read in sources.items():
        if kind in ("", name):
            found += [event for event in read() if event.day <= frame.as_of]
    found.sort(key=lambda event: (event.day, event.at), reverse=True)
    found = found[:DEEP]
    return Page(rows=_named(found[(page - 1) * size : page * size]), total=len(found), page=page, size=size)


def _named(events: list[Event]) -> list[Event]:
    """The events of a page with the names of people and documents, which only these need."""
    people = actors_of({event.actor_id for event in events})
    numbers = dict(OpenItem.objects.filter(id__in=_about(events, 0)).values_list("id", "document_number"))
    receipts = Receipt.objects.filter(id__in=_about(events, 1)).values_list("id", "reference", "external_id")
    references = {number: reference or external for number, reference, external in receipts}
    named = []
    for event in events:
        item, receipt = event.about
        label = event.label or numbers.get(item or 0) or references.get(receipt or 0) or ""
        named.append(replace(event, label=label, actor=event.actor or people.get(event.actor_id, "")))
    return named


def _about(events: list[Event], place: int) -> set[int]:
    return {number for event in events if (number := event.about[place]) is not None}


def _moved(facts: Facts, file: CustomerFile, kind: str, limit: int) -> list[dict[str, Any]]:
    """Entries that moved the customer's accounts, each with what it moved in one currency: the items of it where there
    are any, else the money."""
    moved = facts.naming("journal", "account_id", [account.id for account in file.accounts])
    if moved.num_rows <= FEW_LEGS:
        return _moved_of_few(moved, facts.frame.as_of, ENTRY_KINDS.get(kind, ()))[:limit]
    facts.give("moved", moved)
    kinds = ", ".join(f"'{one}'" for one in ENTRY_KINDS.get(kind, ()))
    where = facts.counting.counts + (f" AND kind IN ({kinds})" if kinds else "")
    found: list[dict[str, Any]] = facts.table(
        "SELECT entry_id, kind, currency, any_value(effective_date) AS day,"
        " any_value(recorded_at) AS recorded_at, any_value(actor_id) AS actor_id, any_value(memo) AS memo,"
        " any_value(source_id) AS source_id,"
        " sum(amount_minor) FILTER (item_id IS NOT NULL)::BIGINT AS on_items,"
        " sum(amount_minor)::BIGINT AS on_all, sum(amount_minor) FILTER (receipt_id IS NOT NULL)::BIGINT AS on_cash,"
        " min(item_id) AS item_id, count(DISTINCT item_id) AS items, min(receipt_id) AS receipt_id"
        f" FROM moved WHERE {where} GROUP BY entry_id, kind, currency"
        f" ORDER BY day DESC, recorded_at DESC, entry_id DESC LIMIT {limit}"
    ).to_pylist()
    return found


def _moved_of_few(moved: Any, as_of: date, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """The same of a few legs, without a statement to plan."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for leg in moved.select(_LEG).to_pylist():
        if leg["posting_date"] <= as_of and (not kinds or leg["kind"] in kinds):
            found.setdefault((leg["entry_id"], leg["currency"]), []).append(leg)
    rows = []
    for legs in found.values():
        items = {leg["item_id"] for leg in legs} - {None}
        receipts = {leg["receipt_id"] for leg in legs} - {None}
        on_items = [leg["amount_minor"] for leg in legs if leg["item_id"] is not None]
        on_cash = [leg["amount_minor"] for leg in legs if leg["receipt_id"] is not None]
        row = {name: legs[0][name] for name in _LEG} | {
            "day": legs[0]["effective_date"],
            "on_items": sum(on_items) if on_items else None,
            "on_all": sum(leg["amount_minor"] for leg in legs),
            "on_cash": sum(on_cash) if on_cash else None,
            "item_id": min(items, default=None),
            "items": len(items),
            "receipt_id": min(receipts, default=None),
        }
        rows.append(row)
    return sorted(rows, key=lambda row: (row["day"], row["recorded_at"], row["entry_id"]), reverse=True)


_LEG = ["entry_id", "kind", "currency", "effective_date", "posting_date", "recorded_at", "actor_id", "memo"]
_LEG += ["source_id", "item_id", "receipt_id", "amount_minor"]


def _entry(row: dict[str, Any]) -> Event:
    amount = row["on_items"] if row["on_items"] is not None else row["on_cash"]
    amount = row["on_all"] if amount is None else amount
    more = {} if row["items"] < 2 else {"others": str(row["items"] - 1)}
    page, number = ("item", row["item_id"]) if row["kind"] == "item" else ("entry", row["entry_id"])
    if row["kind"] == "receipt" and row["receipt_id"] is not None:
        page, number = "receipt", row["receipt_id"]
    family = next((name for name, kinds in ENTRY_KINDS.items() if row["kind"] in kinds), "adjustments")
    prefix = {"item": "itm", "entry": "ent", "receipt": "rcp"}[page]
    return Event(
        day=row["day"],
        at=row["recorded_at"],
        kind=family,
        code=row["kind"],
        text=row["memo"] or "",
        actor_id=row["actor_id"],
        page=page,
        public_id=public_id(prefix, number),
        currency=row["currency"],
        amount_minor=-amount if row["kind"] == "receipt" else amount,
        more=more,
        about=(row["item_id"], row["receipt_id"]),
    )


def _imports(rows: list[dict[str, Any]], limit: int) -> list[Event]:
    """Published files whose moment and source are those of entries of this customer."""
    moments = {(row["recorded_at"].astimezone(UTC), row["source_id"]) for row in rows if row["source_id"] is not None}
    if not moments:
        return []
    batches = ImportBatch.objects.filter(
        published_at__gte=min(moment for moment, _ in moments), published_at__lte=max(moment for moment, _ in moments)
    )
    meant = [
        batch
        for batch in batches.order_by("-published_at")[:limit]
        if batch.published_at is not None and (batch.published_at.astimezone(UTC), batch.source_id) in moments
    ]
    names = dict(Source.objects.values_list("id", "code")) if meant else {}
    return [
        Event(
            day=batch.published_at.date(),
            at=batch.published_at,
            kind="imports",
            code=batch.kind,
            label=batch.file_name,
            text=names.get(batch.source_id, ""),
            actor_id=batch.published_by_id,
            page="import",
            public_id=str(batch.id),
        )
        for batch in meant
        if batch.published_at is not None
    ]


def _documents(file: CustomerFile, limit: int) -> list[Event]:
    accounts = [account.id for account in file.accounts]
    found = Document.objects.filter(links__in=links_of_accounts(accounts)).distinct().order_by("-uploaded_at")[:limit]
    events = []
    for one in found:
        added = Event(
            day=one.uploaded_at.date(),
            at=one.uploaded_at,
            kind="documents",
            code=one.evidence_type,
            label=one.name,
            text=one.note,
            actor_id=one.uploaded_by_id,
            page="document",
            public_id=public_id("doc", one.id),
        )
        events.append(added)
        if one.withdrawn_at is not None:
            at, who, why = one.withdrawn_at, one.withdrawn_by_id, one.withdrawn_reason
            events.append(replace(added, day=at.date(), at=at, code="withdrawn", text=why, actor_id=who))
    return events


def _notes(file: CustomerFile, limit: int) -> list[Event]:
    return [
        Event(
            day=note.happened_on,
            at=note.recorded_at,
            kind="notes",
            code=note.kind,
            text=note.text,
            label=note.contact,
            actor_id=note.actor_id,
            public_id=note.public_id,
        )
        for note in notes_of(file.family, limit)
    ]


def _file(file: CustomerFile, limit: int) -> list[Event]:
    """Changes of one moment by one person are one event; merges and their undoing."""
    changes = CustomerChange.objects.filter(customer__in=file.family).order_by("-at", "-id")[:limit]
    together: dict[tuple[datetime, int | None, str], list[str]] = {}
    for one in changes:
        together.setdefault((one.at, one.actor_id, one.subject.partition(":")[0]), []).append(one.field)
    events = [
        Event(at.date(), at, "file", subject, actor_id=who, page="customer_history", more={"fields": ",".join(fields)})
        for (at, who, subject), fields in together.items()
    ]
    for merge in (
        CustomerMerge.objects.filter(survivor__in=file.family).select_related("merged").order_by("-id")[:limit]
    ):
        label, text = merge.merged.name, merge.reason
        events.append(Event(merge.at.date(), merge.at, "file", "merged", label, text, actor_id=merge.actor_id))
        if merge.undone_at is not None:
            at = merge.undone_at
            events.append(Event(at.date(), at, "file", "unmerged", label, actor_id=merge.undone_by_id))
    return events
