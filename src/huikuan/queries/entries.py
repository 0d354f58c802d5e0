"""One journal entry: its legs, who recorded it, and its place in the sealed chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from huikuan.queries.directory import actors_of, customer_ids_of, customers_of, entities_table
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import Frame
from huikuan.store.models import OpenItem, Receipt, Seal, SealRun, Source
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One leg: debit positive. ``label`` names what it concerns: the item, else the receipt, else the customer. The
    ids are empty where the leg names none."""

    line: int
    ledger_account: str
    currency: str
    amount_minor: int
    base_minor: int
    label: str
    item_public_id: str
    receipt_public_id: str
    customer_public_id: str


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """``hash`` (hex) and ``sealed_at`` are empty while the entry is not sealed. ``base_currency``: of the books."""

    public_id: str
    kind: str
    entity_id: int
    entity_name: str
    base_currency: str
    effective_date: date
    posting_date: date
    recorded_at: datetime
    actor: str
    source: str
    external_id: str
    source_recorded_at: datetime | None
    memo: str
    ledger_seq: int | None
    hash: str
    sealed_at: datetime | None
    reverses_public_id: str
    reversed_by_public_id: str
    postings: list[PostingRow]


def entry(frame: Frame, public_id: str) -> EntryDetail | None:
    """A journal entry known in the frame, whatever day it counts from. ``None`` where the frame has no such entry."""
    entry_id = inner_id("ent", public_id)
    if entry_id is None:
        return None
    with read_facts(frame) as facts:
        legs = facts.legs("entry_id", [entry_id])
        legs = _seen(frame, legs)
        if not legs:
            return None
        later = facts.legs("reverses_id", [entry_id])
    return _detail(frame, public_id, legs, later[0]["entry_id"] if later else None)


def _seen(frame: Frame, legs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All legs where every account they name is seen. Else those of the accounts that are, and none that names no
    account: its amount would tell what the others hold."""
    if not legs or legs[0]["entity_id"] not in frame.entity_ids:
        return []
    named = {leg["account_id"] for leg in legs} - {None}
    if frame.shows(legs[0]["entity_id"], named):
        return legs
    seen = frame.seen_among(legs[0]["entity_id"], named)
    return [leg for leg in legs if leg["account_id"] in seen]


def _detail(frame: Frame, text: str, legs: list[dict[str, Any]], reversed_by: int | None) -> EntryDetail:
    head = legs[0]
    entity = entities_table()[head["entity_id"]]
    seq = head["ledger_seq"]
    seal = None if seq is None else Seal.objects.filter(ledger_seq=seq).first()
    run = None if seq is None else SealRun.objects.filter(last_seq__gte=seq).order_by("last_seq").first()
    source = Source.objects.filter(id=head["source_id"]).first() if head["source_id"] is not None else None
    return EntryDetail(
        public_id=text,
        kind=head["kind"],
        entity_id=head["entity_id"],
        entity_name=entity.name,
        base_currency=entity.currency,
        effective_date=head["effective_date"],
        posting_date=head["posting_date"],
        recorded_at=head["recorded_at"],
        actor=actors_of([head["actor_id"]]).get(head["actor_id"], ""),
        source=source.code if source else "",
        external_id=head["external_id"] or "",
        source_recorded_at=head["source_recorded_at"],
        memo=head["memo"] or "",
        ledger_seq=seq,
        hash=bytes(seal.hash).hex() if seal else "",
        sealed_at=run.sealed_at if run else None,
        reverses_public_id="" if head["reverses_id"] is None else public_id("ent", head["reverses_id"]),
        reversed_by_public_id="" if reversed_by is None else public_id("ent", reversed_by),
        postings=_postings(frame, legs),
    )


def _postings(frame: Frame, legs: list[dict[str, Any]]) -> list[PostingRow]:
    items = dict(OpenItem.objects.filter(id__in=_named(legs, "item_id")).values_list("id", "document_number"))
    receipts = {
        number: reference or external
        for number, reference, external in Receipt.objects.filter(id__in=_named(legs, "receipt_id")).values_list(
            "id", "reference", "external_id"
        )
    }
    owners = customer_ids_of(_named(legs, "account_id"))
    names = {number: facts.name for number, facts in customers_of(frame, owners.values()).items()}
    rows = []
    for leg in legs:
        item_id, receipt_id, owner = leg["item_id"], leg["receipt_id"], owners.get(leg["account_id"])
        label = items.get(item_id) or receipts.get(receipt_id) or (names.get(owner) if owner is not None else "")
        rows.append(
            PostingRow(
                line=leg["line"],
                ledger_account=leg["ledger_account"],
                currency=leg["currency"],
                amount_minor=leg["amount_minor"],
                base_minor=leg["base_minor"],
                label=label or "",
                item_public_id="" if item_id is None else public_id("itm", item_id),
                receipt_public_id="" if receipt_id is None else public_id("rcp", receipt_id),
                customer_public_id="" if owner is None else public_id("cus", owner),
            )
        )
    return rows


def _named(legs: list[dict[str, Any]], column: str) -> list[int]:
    return sorted({leg[column] for leg in legs} - {None})
