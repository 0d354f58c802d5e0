"""What the entities that take part in a settlement agreement post, and who must approve it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from huikuan.core.accounts import CONTROL_ACCOUNTS, EntryKind
from huikuan.core.agreements import AgreementKind, Outside, check_line, entity_legs, kind_legs
from huikuan.core.applications import OpenRow
from huikuan.core.approvals import ApprovalKind, ApprovalState
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.core.texts import NAME_MAX
from huikuan.services.agreements_standing import entities_of, held_elsewhere, lines_of
from huikuan.services.approvals import NewApproval, demand_approved
from huikuan.services.books import Books, open_books
from huikuan.services.locking import lock_items
from huikuan.services.row_days import RowDays
from huikuan.services.writing import Unit
from huikuan.store.models import (
    AgreementClaim,
    AgreementEntry,
    AgreementEvent,
    AgreementLine,
    ApprovalRequest,
    CustomerAccount,
    Posting,
    SettlementAgreement,
)

Legs = tuple[PostingDraft, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What one of our entities posts."""

    books: Books
    legs: Legs


def parts_of(row: SettlementAgreement, on: date, actor_id: int | None) -> list[Part]:
    """What each of our entities posts for a signed agreement, of items still open and free."""
    lines = lines_of(row)
    held = held_elsewhere([line.item_id for line in lines], but=row.pk)
    parts = []
    for entity_id in entities_of(row):
        books = open_books(entity_id, actor_id=actor_id)
        mine = [line for line in lines if line.item.entity_id == entity_id]
        rows = lock_items(entity_id, [line.item_id for line in mine])
        settled: list[tuple[OpenRow, int]] = []
        for line in mine:
            if line.amount_minor:
                row_now, taken = rows[line.item_id], held.get(line.item_id, 0)
                check_line(row_now, line.amount_minor, taken, line.item.document_number)
                settled.append((row_now, line.amount_minor))
        parts.append(Part(books, _legs(row, books, settled, on)))
    return parts


def _legs(row: SettlementAgreement, books: Books, settled: Sequence[tuple[OpenRow, int]], on: date) -> Legs:
    if row.kind == AgreementKind.IN_KIND:
        return kind_legs(settled)

    def to_base(minor: int) -> int:
        return books.to_base(minor, row.currency, on)

    return entity_legs(settled, _outside(row, books.entity_id), row.currency, to_base)


def _outside(row: SettlementAgreement, entity_id: int) -> list[Outside]:
    """What an entity owed, or was owed, under the agreement without an item of ours."""
    by_items = AgreementLine.objects.filter(agreement=row).values("claim_id")
    claims = AgreementClaim.objects.filter(agreement=row).exclude(id__in=by_items).order_by("ordinal")
    found = []
    for claim in claims.select_related("owed_by", "owed_to"):
        if entity_id not in (claim.owed_by.entity_id, claim.owed_to.entity_id):
            continue
        we_owe = claim.owed_by.entity_id == entity_id
        customer_id = (claim.owed_to if we_owe else claim.owed_by).customer_id
        accounts = CustomerAccount.objects.filter(entity_id=entity_id, customer_id=customer_id or 0)
        account_id = accounts.values_list("id", flat=True).first()
        found.append(Outside(claim.amount_minor if we_owe else -claim.amount_minor, account_id))
    return found


def demand_approvals(
    row: SettlementAgreement, parts: Sequence[Part], on: date, document_id: int | None, approved: int | None
) -> None:
    """Each entity's own ladder decides on what it gives up; what it has approved is not asked again."""
    said = ApprovalRequest.objects.filter(kind=ApprovalKind.OFFSET, subject=f"agreement:{row.pk}")
    given = set(said.filter(state=ApprovalState.APPROVED).values_list("entity_id", flat=True))
    given |= set(said.filter(id=approved or 0).values_list("entity_id", flat=True))
    for part in parts:
        if part.books.entity_id not in given:
            demand_approved(proposal_of(row, part, ApprovalKind.OFFSET, "post", on, document_id, row.memo))


def proposal_of(
    row: SettlementAgreement,
    part: Part,
    kind: ApprovalKind,
    step: str,
    on: date,
    document_id: int | None,
    reason: str,
) -> NewApproval:
    """What is asked for: as much as the entity takes off the books, at its value there."""
    off = [leg for leg in part.legs if leg.amount_minor < 0]
    account_id = next((leg.account_id for leg in off if leg.account_id is not None), None)
    return NewApproval(
        kind=kind,
        entity_id=part.books.entity_id,
        account_id=account_id,
        subject=f"agreement:{row.pk}",
        title=row.number,
        amount_minor=-sum(leg.amount_minor for leg in off),
        currency=row.currency,
        base_minor=-sum(leg.base_minor for leg in off),
        facts={"agreement": row.pk, "step": step, "on": on.isoformat(), "document": document_id},
        reason=reason or row.number,
        before_minor=_in_pieces(part, EntryKind(kind.value)),
    )


def _in_pieces(part: Part, kind: EntryKind) -> int:
    """What entries of this kind took off these items without a decision, those reversed left out (books' currency):
    an amount is not split to slip under a ladder."""
    items = {leg.item_id for leg in part.legs if leg.item_id is not None}
    controls = [account.value for account in CONTROL_ACCOUNTS]
    legs = Posting.objects.filter(item_id__in=items, ledger_account__in=controls, entry__kind=kind)
    decided = ApprovalRequest.objects.filter(entry__isnull=False, entity_id=part.books.entity_id).values("entry_id")
    legs = legs.filter(entry__reversed_by__isnull=True).exclude(entry_id__in=decided)
    return abs(int(legs.aggregate(total=Sum("base_minor"))["total"] or 0))


def post_part(
    row: SettlementAgreement,
    event: AgreementEvent,
    part: Part,
    kind: EntryKind,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
) -> int:
    """Writes the entry of one entity and keeps that it belongs to the step; gives its id."""
    unit = Unit(part.books.entity_id, actor_id, now)
    day = RowDays().posting_day(part.books, on, part.legs)
    names = ", ".join(row.parties.order_by("ordinal").values_list("name", flat=True))
    said = f"{row.number} · {memo or row.thing or names}"[:NAME_MAX]
    entry_id = unit.add_entry(EntryDraft(kind, day.effective_date, day.posting_date, part.legs, memo=said))
    unit.flush()
    AgreementEntry.objects.create(event=event, entry_id=entry_id)
    return entry_id
