"""Documents kept as evidence: added, linked to what they prove, withdrawn. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from huikuan.core.documents import EvidenceType, LinkKind, file_name_of, sniff_media_type
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.mirror.checks import Check
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.files import file_fault, put_file
from huikuan.store.models import (
    CustomerAccount,
    Document,
    DocumentLink,
    JournalEntry,
    OpenItem,
    Posting,
    Receipt,
    ReceiptBalance,
)

T = TypeVar("T")
Links = Sequence[tuple[LinkKind | str, int]]


@dataclass(frozen=True, slots=True)
class Target:
    """What a link names, where it is and whose: no account for money nobody knows the owner of."""

    kind: LinkKind
    object_id: int
    entity_id: int
    account_ids: tuple[int, ...]


def add_document(
    data: bytes,
    name: str,
    *,
    evidence_type: EvidenceType | str,
    links: Links,
    actor_id: int | None,
    now: datetime,
    dated: date | None = None,
    note: str = "",
) -> int:
    """Keeps a document and links it; gives its id. ``links``: (kind, number) of customer accounts, items, receipts and
    entries, one at least.

    The same bytes as the same evidence on the same thing are one document: it gets the further links, and its id is
    given again. Refuses what ``sniff_media_type`` refuses, ``document.no_link``, ``document.bad_evidence``,
    ``document.no_target``, ``document.day_ahead`` and ``right.missing`` (for any of the links).
    """
    kind = sniff_media_type(data)
    kept = file_name_of(name, kind)
    evidence = evidence_of(evidence_type)
    check_text("note", note, 500)
    if dated is not None and dated > now.date() + timedelta(days=366):
        raise Refusal("document.day_ahead", "{day} lies more than a year ahead.", day=dated.isoformat())
    # Before the transaction: bytes that no row names are harmless, a row without bytes is not.
    sha256 = put_file(data)

    def work() -> int:
        targets = _targets(links, actor_id)
        document = _same(sha256, evidence, targets)
        if document is None:
            document = Document.objects.create(
                name=kept,
                media_type=kind.name,
                size_bytes=len(data),
                sha256=sha256,
                evidence_type=evidence.value,
                dated=dated,
                note=note,
                uploaded_at=now,
                uploaded_by_id=actor_id,
            )
        _link(document, targets, "document.added", actor_id, now)
        return int(document.id)

    return run_in_transaction(work)


def link_document(document_id: int, links: Links, *, actor_id: int | None, now: datetime) -> None:
    """Links a document to more. Refuses ``document.unknown``, ``document.withdrawn`` and what ``add_document`` does."""

    def work() -> None:
        document = _standing(document_id)
        _demand_existing(document, actor_id)
        _link(document, _targets(links, actor_id), "document.linked", actor_id, now)

    run_in_transaction(work)


def withdraw_document(document_id: int, *, reason: str, actor_id: int | None, now: datetime) -> None:
    """Says that a document no longer counts, and why. It stays, and so do its bytes.

    Refuses ``document.unknown``, ``document.withdrawn``, ``document.no_reason`` and ``right.missing``.
    """
    check_text("reason", reason, 300)
    if not reason.strip():
        raise Refusal("document.no_reason", "Say why the document is withdrawn.")

    def work() -> None:
        document = _standing(document_id)
        _demand_existing(document, actor_id)
        document.withdrawn_at, document.withdrawn_by_id, document.withdrawn_reason = now, actor_id, reason.strip()
        document.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
        for entity_id in sorted(set(document.links.values_list("entity_id", flat=True))):
            record(
                "document.withdrawn", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"document:{document.id}"
            )

    run_in_transaction(work)


def check_files() -> Check:
    """For ``verify``: every document's bytes are there and are what they were; the first that is not is named."""
    count = 0
    rows = Document.objects.order_by("id").values_list("id", "sha256", "size_bytes")
    seen: set[str] = set()
    for number, sha256, size in rows.iterator(chunk_size=1_000):
        if sha256 in seen:
            continue
        seen.add(sha256)
        count += 1
        if fault := file_fault(sha256, size):
            return Check("documents", False, f"document {number}: its file {sha256[:2]}/{sha256} is {fault}", count)
    return Check("documents", True, "", count)


def evidence_of(text: EvidenceType | str) -> EvidenceType:
    """Refuses ``document.bad_evidence``."""
    try:
        return EvidenceType(text)
    except ValueError:
        raise Refusal("document.bad_evidence", "{evidence!r} is no type of evidence", evidence=str(text)[:40]) from None


def target_of(kind: LinkKind | str, object_id: int) -> Target:
    """Refuses ``document.no_target`` where there is no such thing."""
    try:
        return _TARGETS[LinkKind(kind)](object_id)
    except (ValueError, LookupError):
        raise Refusal(
            "document.no_target", "there is no {kind} {number} to link to", kind=str(kind)[:20], number=object_id
        ) from None


def _account(number: int) -> Target:
    entity_id = _only(CustomerAccount.objects.filter(id=number).values_list("entity_id", flat=True))
    return Target(LinkKind.ACCOUNT, number, entity_id, (number,))


def _item(number: int) -> Target:
    entity_id, account_id = _only(OpenItem.objects.filter(id=number).values_list("entity_id", "account_id"))
    return Target(LinkKind.ITEM, number, entity_id, (account_id,))


def _receipt(number: int) -> Target:
    entity_id = _only(Receipt.objects.filter(id=number).values_list("entity_id", flat=True))
    account_id = _only(ReceiptBalance.objects.filter(receipt_id=number).values_list("account_id", flat=True))
    return Target(LinkKind.RECEIPT, number, entity_id, () if account_id is None else (account_id,))


def _entry(number: int) -> Target:
    entity_id = _only(JournalEntry.objects.filter(id=number).values_list("entity_id", flat=True))
    legs = Posting.objects.filter(entry_id=number, account__isnull=False).values_list("account_id", flat=True)
    return Target(LinkKind.ENTRY, number, entity_id, tuple(sorted({one for one in legs if one is not None})))


_TARGETS = {
    LinkKind.ACCOUNT: _account,
    LinkKind.ITEM: _item,
    LinkKind.RECEIPT: _receipt,
    LinkKind.ENTRY: _entry,
}


def _only(rows: Iterable[T]) -> T:
    for row in rows:
        return row
    raise LookupError


def _targets(links: Links, actor_id: int | None) -> list[Target]:
    if not links:
        raise Refusal("document.no_link", "Say what the document is about.")
    targets = [target_of(kind, number) for kind, number in dict.fromkeys(links)]
    for target in targets:
        _demand(target, actor_id)
    return targets


def _demand(target: Target, actor_id: int | None) -> None:
    for account_id in target.account_ids or (None,):
        demand(actor_id, Right.ADD_DOCUMENT, entity_id=target.entity_id, account_id=account_id)


def _demand_existing(document: Document, actor_id: int | None) -> None:
    """For the document as a whole: the right for everything it is linked to."""
    for kind, number in document.links.values_list("kind", "object_id"):
        _demand(target_of(kind, number), actor_id)


def _standing(document_id: int) -> Document:
    document = Document.objects.select_for_update().filter(id=document_id).first()
    if document is None:
        raise Refusal("document.unknown", "there is no document {number}", number=document_id)
    if document.withdrawn_at is not None:
        raise Refusal("document.withdrawn", "The document has been withdrawn already.")
    return document


def _same(sha256: str, evidence: EvidenceType, targets: list[Target]) -> Document | None:
    """The document of the same bytes and evidence that stands on one of these already."""
    for target in targets:
        found = Document.objects.filter(
            sha256=sha256,
            evidence_type=evidence.value,
            withdrawn_at__isnull=True,
            links__kind=target.kind.value,
            links__object_id=target.object_id,
        ).first()
        if found is not None:
            return found
    return None


def _link(document: Document, targets: list[Target], code: str, actor_id: int | None, now: datetime) -> None:
    known = set(document.links.values_list("kind", "object_id"))
    new = [target for target in targets if (target.kind.value, target.object_id) not in known]
    DocumentLink.objects.bulk_create(
        [
            DocumentLink(document=document, kind=one.kind.value, object_id=one.object_id, entity_id=one.entity_id)
            for one in new
        ]
    )
    for entity_id in sorted({one.entity_id for one in new}):
        record(
            code,
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"document:{document.id}",
            evidence=document.evidence_type,
            sha256=document.sha256,
            links=[f"{one.kind.value}:{one.object_id}" for one in new if one.entity_id == entity_id],
        )
