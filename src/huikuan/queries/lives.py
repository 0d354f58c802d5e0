"""The life of one item, or of one receipt: every entry that touched it, in the ledger's order, with what was left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from huikuan.core.ageing import bucket_of
from huikuan.queries.cells import DUE
from huikuan.queries.directory import actors_of, customer_ids_of, customers_of, entities_table, item_row, reference_of
from huikuan.queries.directory import receipt_row as found_receipt
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import ITEM_CONTROLS
from huikuan.queries.receipts import ReceiptRow, money_of, receipt_row
from huikuan.store.models import OpenItem, Receipt
from huikuan.store.public_ids import inner_id, public_id

_ITEM_CONTROLS = frozenset(account.value for account in ITEM_CONTROLS)
_RECEIPT_BUCKETS = frozenset({"suspense", "unapplied", "advances"})


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What an entry set the item or receipt against. ``kind``: item, receipt or customer; several are named in
    ``label`` and ``public_id`` is the first."""

    kind: str
    public_id: str
    label: str


@dataclass(frozen=True, slots=True)
class LifeRow:
    """One posting. ``ledger_seq`` is ``None`` while its entry is not sealed. ``open_after_minor``: what was open after
    it, in the ledger's order. Postings that name the item but stand on no account of open rows (money recovered after
    a write-off, say) leave it as it is."""

    ledger_seq: int | None
    entry_public_id: str
    entry_kind: str
    posting_date: date
    effective_date: date
    recorded_at: datetime
    actor: str
    ledger_account: str
    currency: str
    amount_minor: int
    base_minor: int
    open_after_minor: int
    counterpart: Counterpart | None
    reverses_public_id: str
    memo: str


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """All there is to know of an item, and what is open on it as of the frame's day."""

    public_id: str
    document_number: str
    external_id: str
    version: int
    kind: str
    charge: str
    ledger_account: str
    document_date: date
    due_date: date
    posting_date: date
    effective_date: date
    currency: str
    amount_minor: int
    open_minor: int
    days_past_due: int
    bucket: str
    po_number: str
    contract_number: str
    discount_date: date | None
    discount_bp: int | None
    disputed: bool
    sales_rep: str
    region: str
    product: str
    customer_name: str
    customer_public_id: str
    entity_id: int
    entity_name: str
    payment_reference: str


@dataclass(frozen=True, slots=True)
class ItemLife:
    item: ItemDetail
    postings: list[LifeRow]


def item_life(frame: Frame, public_id: str) -> ItemLife | None:
    """An item and every posting of it that counts by the frame's day. ``None`` where the frame has no such item."""
    item_id = inner_id("itm", public_id)
    if item_id is None:
        return None
    with read_facts(frame) as facts:
        known = facts.legs("item_id", [item_id])
        if not known or not frame.shows(known[0]["entity_id"], [known[0]["account_id"]]):
            return None
        rows = _legs_shown([row for row in known if row["posting_date"] <= frame.as_of])
        others = _others(facts, rows, lambda leg: leg["item_id"] != item_id)
    item = item_row(item_id)
    assert item is not None  # noqa: S101 - its postings name it
    shown = _life(rows, others, _ITEM_CONTROLS, sign=1)
    return ItemLife(_item_detail(frame, item, shown[-1].open_after_minor if shown else 0), shown)


def _legs_shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The legs that change what is open; of an entry without such, the ones that name the item."""
    changing = {row["entry_id"] for row in rows if row["ledger_account"] in _ITEM_CONTROLS}
    return [row for row in rows if row["ledger_account"] in _ITEM_CONTROLS or row["entry_id"] not in changing]


def _item_detail(frame: Frame, item: OpenItem, open_minor: int) -> ItemDetail:
    owner = customer_ids_of([item.account_id])[item.account_id]
    days = (frame.as_of - item.due_date).days
    entity = entities_table()[item.entity_id]
    names = (
        "document_number external_id version kind charge ledger_account document_date due_date posting_date"
        " effective_date currency amount_minor po_number contract_number discount_date discount_bp disputed sales_rep"
        " region product entity_id"
    ).split()
    return ItemDetail(
        **{name: getattr(item, name) for name in names},
        public_id=public_id("itm", item.id),
        open_minor=open_minor,
        days_past_due=days,
        bucket=bucket_of(days, DUE.bounds),
        customer_name=customers_of(frame, [owner])[owner].name,
        customer_public_id=public_id("cus", owner),
        entity_name=entity.name,
        payment_reference=reference_of(item, entity.references),
    )


@dataclass(frozen=True, slots=True)
class ReceiptDetail:
    """A receipt, who paid as the bank said (personal data; empty once erased), and whose it is known to be."""

    row: ReceiptRow
    effective_date: date
    payer_name: str
    payer_account: str
    remittance_text: str
    customer_name: str
    customer_public_id: str
    entity_id: int
    entity_name: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptLife:
    receipt: ReceiptDetail
    postings: list[LifeRow]


def receipt_life(frame: Frame, public_id: str) -> ReceiptLife | None:
    """A receipt and every posting of its money that counts by the frame's day: ``amount_minor`` as posted (money in is
    a credit, negative), ``open_after_minor`` what was left of it. ``None`` where the frame has no such receipt."""
    receipt_id = inner_id("rcp", public_id)
    if receipt_id is None:
        return None
    with read_facts(frame) as facts:
        known = facts.legs("receipt_id", [receipt_id])
        own = [row for row in known if row["item_id"] is None and row["ledger_account"] in _RECEIPT_BUCKETS]
        rows = [row for row in own if row["posting_date"] <= frame.as_of]
        if not known or not frame.shows(known[0]["entity_id"], [_owner_of(rows) if rows else known[0]["account_id"]]):
            return None
        others = _others(facts, rows, lambda leg: leg["item_id"] is not None)
    shown = _life(rows, others, _RECEIPT_BUCKETS, sign=-1)
    receipt = found_receipt(receipt_id)
    assert receipt is not None  # noqa: S101 - its postings name it
    return ReceiptLife(_receipt_detail(frame, receipt, rows), shown)


def _owner_of(rows: list[dict[str, Any]]) -> int | None:
    """Whose account a receipt's money was last put on; nobody's while any of it stands in suspense."""
    if sum(row["amount_minor"] for row in rows if row["ledger_account"] == "suspense"):
        return None
    owners = [row["account_id"] for row in rows if row["account_id"] is not None and row["amount_minor"] < 0]
    return owners[-1] if owners else None


def _receipt_detail(frame: Frame, receipt: Receipt, rows: list[dict[str, Any]]) -> ReceiptDetail:
    account_id = _owner_of(rows) if rows else receipt.account_id
    owner = customer_ids_of([account_id]).get(account_id) if account_id is not None else None
    party = getattr(receipt, "party", None)
    return ReceiptDetail(
        row=receipt_row(receipt, money_of(rows)),
        effective_date=receipt.effective_date,
        payer_name=party.payer_name if party else "",
        payer_account=party.payer_account if party else "",
        remittance_text=party.remittance_text if party else "",
        customer_name=customers_of(frame, [owner])[owner].name if owner is not None else "",
        customer_public_id=public_id("cus", owner) if owner is not None else "",
        entity_id=receipt.entity_id,
        entity_name=entities_table()[receipt.entity_id].name,
        channel=getattr(getattr(receipt, "channel_row", None), "channel", ""),
    )


def _others(
    facts: Facts, rows: list[dict[str, Any]], which: Callable[[dict[str, Any]], bool]
) -> dict[int, list[dict[str, Any]]]:
    """By entry, the items and receipts on its other legs."""
    found: dict[int, list[dict[str, Any]]] = {}
    for leg in facts.seen(facts.legs("entry_id", {row["entry_id"] for row in rows})):
        if which(leg) and (leg["item_id"] is not None or leg["receipt_id"] is not None):
            found.setdefault(leg["entry_id"], []).append(leg)
    return found


def _life(
    rows: list[dict[str, Any]],
    others: Mapping[int, list[dict[str, Any]]],
    changing: frozenset[str],
    *,
    sign: int,
) -> list[LifeRow]:
    actors = actors_of(row["actor_id"] for row in rows)
    labels = _Labels(rows, others, of_receipt=sign < 0)
    left = 0
    shown = []
    for row in rows:
        left += sign * row["amount_minor"] if row["ledger_account"] in changing else 0
        reverses = row["reverses_id"]
        shown.append(
            LifeRow(
                ledger_seq=row["ledger_seq"],
                entry_public_id=public_id("ent", row["entry_id"]),
                entry_kind=row["kind"],
                posting_date=row["posting_date"],
                effective_date=row["effective_date"],
                recorded_at=row["recorded_at"],
                actor=actors.get(row["actor_id"], ""),
                ledger_account=row["ledger_account"],
                currency=row["currency"],
                amount_minor=row["amount_minor"],
                base_minor=row["base_minor"],
                open_after_minor=left,
                counterpart=labels.of(row),
                reverses_public_id="" if reverses is None else public_id("ent", reverses),
                memo=row["memo"] or "",
            )
        )
    return shown


class _Labels:
    """Names what an entry was set against, read once for all rows: the receipt first, else the other items."""

    def __init__(
        self, rows: list[dict[str, Any]], others: Mapping[int, list[dict[str, Any]]], *, of_receipt: bool
    ) -> None:
        self._others = others
        self._of_receipt = of_receipt
        every = [*rows, *(row for group in others.values() for row in group)]
        item_ids = {row["item_id"] for group in others.values() for row in group} - {None}
        receipt_ids = {row["receipt_id"] for row in every} - {None}
        self._items = dict(OpenItem.objects.filter(id__in=item_ids).values_list("id", "document_number"))
        receipts = Receipt.objects.filter(id__in=receipt_ids).values_list("id", "reference", "external_id")
        self._receipts = {number: reference or external for number, reference, external in receipts}

    def of(self, row: dict[str, Any]) -> Counterpart | None:
        others = self._others.get(row["entry_id"], [])
        if not self._of_receipt:
            named = next((leg["receipt_id"] for leg in (row, *others) if leg["receipt_id"] is not None), None)
            if named is not None:
                return Counterpart("receipt", public_id("rcp", named), self._receipts.get(named, ""))
        items = list(dict.fromkeys(leg["item_id"] for leg in others if leg["item_id"] is not None))
        if not items:
            return None
        more = f" +{len(items) - 2}" if len(items) > 2 else ""
        label = ", ".join(self._items.get(number, "") for number in items[:2]) + more
        return Counterpart("item", public_id("itm", items[0]), label)
