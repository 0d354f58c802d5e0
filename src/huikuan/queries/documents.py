"""Documents a reader may see: those of an item, a receipt, an entry or a customer, and one with its bytes.

A document is seen by who sees one of the customers it is linked to; today's links count, whatever day the frame is on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from huikuan.core.documents import LinkKind
from huikuan.core.refusals import Refusal
from huikuan.queries.directory import accounts_of, actors_of
from huikuan.queries.frame import Frame
from huikuan.queries.presence import has_links
from huikuan.store.files import read_file
from huikuan.store.models import CustomerAccount, Document, DocumentLink, OpenItem, Posting, Receipt, ReceiptBalance
from huikuan.store.public_ids import inner_id, public_id

LIST_MAX = 200
PREFIXES = {"account": "acc", "item": "itm", "receipt": "rcp", "entry": "ent"}


@dataclass(frozen=True, slots=True)
class LinkRow:
    """What a document is linked to. ``public_id`` is the customer's for an account; ``label`` a number or a name."""

    kind: str
    public_id: str
    label: str
    entity_id: int


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as lists show it. ``is_withdrawn``: it no longer counts, for ``withdrawn_reason``."""

    id: int
    public_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    evidence_type: str
    dated: date | None
    note: str
    uploaded_at: datetime
    uploaded_by: str
    is_withdrawn: bool
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_reason: str
    links: tuple[LinkRow, ...]


def document(frame: Frame, text: str) -> DocumentRow | None:
    """One document by its opaque id (``doc_…``); ``None`` where the frame shows nothing it is linked to."""
    number = inner_id("doc", text)
    found = Document.objects.filter(id=number).first() if number is not None else None
    rows = _rows(frame, [found]) if found is not None else []
    return rows[0] if rows and rows[0].links else None


def document_bytes(row: DocumentRow) -> bytes:
    """Its bytes. Refuses ``document.lost`` where the file is missing or no longer what was handed in."""
    data = read_file(row.sha256)
    if data is None:
        raise Refusal("document.lost", "The file of {name} is missing or altered.", name=row.name)
    return data


def documents_of(frame: Frame, kind: LinkKind | str, text: str) -> list[DocumentRow]:
    """The documents of an item, a receipt or an entry (by its opaque id), newest first, withdrawn ones included."""
    number = inner_id(PREFIXES[LinkKind(kind).value], text)
    if number is None or not has_links(LinkKind(kind).value, number):
        return []
    found = Document.objects.filter(links__kind=LinkKind(kind).value, links__object_id=number)
    return [row for row in _rows(frame, _newest(found)) if row.links]


def documents_of_customer(frame: Frame, text: str) -> list[DocumentRow]:
    """Everything linked to the customer's accounts, items, receipts and entries in the frame, newest first."""
    customer_id = inner_id("cus", text)
    accounts = [] if customer_id is None else accounts_of(frame, customer_id)
    return _rows(frame, _newest(Document.objects.filter(links__in=links_of_accounts(accounts)))) if accounts else []


def links_of_accounts(accounts: list[int]) -> QuerySet[DocumentLink]:
    """The links to these customer accounts and to their items, receipts and entries."""
    links = DocumentLink.objects
    entries = links.filter(kind="entry").values("object_id")
    theirs = Posting.objects.filter(entry_id__in=entries, account_id__in=accounts).values("entry_id")
    return (
        links.filter(kind="account", object_id__in=accounts)
        | links.filter(kind="item", object_id__in=OpenItem.objects.filter(account_id__in=accounts).values("id"))
        | links.filter(
            kind="receipt", object_id__in=ReceiptBalance.objects.filter(account_id__in=accounts).values("receipt_id")
        )
        | links.filter(kind="entry", object_id__in=theirs)
    )


def _newest(found: QuerySet[Document]) -> list[Document]:
    return list(found.distinct().order_by("-uploaded_at", "-id")[:LIST_MAX])


def _rows(frame: Frame, documents: Iterable[Document]) -> list[DocumentRow]:
    found = list(documents)
    links: dict[int, list[LinkRow]] = {one.id: [] for one in found}
    for link in DocumentLink.objects.filter(document__in=found).order_by("id"):
        if (row := _link_row(frame, link)) is not None:
            links[link.document_id].append(row)
    people = actors_of({one.uploaded_by_id for one in found} | {one.withdrawn_by_id for one in found})
    return [
        DocumentRow(
            id=one.id,
            public_id=public_id("doc", one.id),
            name=one.name,
            media_type=one.media_type,
            size_bytes=one.size_bytes,
            sha256=one.sha256,
            evidence_type=one.evidence_type,
            dated=one.dated,
            note=one.note,
            uploaded_at=one.uploaded_at,
            uploaded_by=people.get(one.uploaded_by_id, ""),
            is_withdrawn=one.withdrawn_at is not None,
            withdrawn_at=one.withdrawn_at,
            withdrawn_by=people.get(one.withdrawn_by_id, ""),
            withdrawn_reason=one.withdrawn_reason,
            links=tuple(links[one.id]),
        )
        for one in found
    ]


def _link_row(frame: Frame, link: DocumentLink) -> LinkRow | None:
    """The link, where the frame shows what it names."""
    number = link.object_id
    accounts: list[int | None] = [number]
    text, label = "", ""
    if link.kind == "account":
        account = CustomerAccount.objects.filter(id=number).select_related("customer").first()
        if account is not None:
            text, label = public_id("cus", account.customer_id), account.customer.name
    elif link.kind == "item":
        item = OpenItem.objects.filter(id=number).values_list("account_id", "document_number").first()
        accounts, label = ([item[0]], item[1]) if item else ([], "")
    elif link.kind == "receipt":
        accounts = list(ReceiptBalance.objects.filter(receipt_id=number).values_list("account_id", flat=True))
        receipt = Receipt.objects.filter(id=number).values_list("reference", "external_id").first()
        label = (receipt[0] or receipt[1]) if receipt else ""
    elif link.kind == "entry":
        legs = Posting.objects.filter(entry_id=number).values_list("account_id", flat=True)
        accounts = [one for one in set(legs) if one is not None] or [None]
    if link.kind not in PREFIXES or not frame.shows(link.entity_id, accounts):
        return None
    return LinkRow(link.kind, text or public_id(PREFIXES[link.kind], number), label, link.entity_id)
