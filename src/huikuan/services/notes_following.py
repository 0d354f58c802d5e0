"""Requests for approval about a bill follow the ledger: where the bill's own item is settled otherwise than by a step
of the bill (money applied to it, set off, written off), nothing is left to discount or endorse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from huikuan.core.accounts import LedgerAccount
from huikuan.core.journal import EntryDraft
from huikuan.core.notes import SETTLED
from huikuan.services.approvals import lapse_requests
from huikuan.services.sources import source_id_of
from huikuan.store.models import ApprovalRequest, Note

STEPS = "notes"
"""The source of what the steps of bills post: each says itself what it closes."""


def follow_notes(
    entries: Sequence[tuple[int, EntryDraft]], *, source_id: int | None, actor_id: int | None, now: datetime
) -> None:
    """Closes what is asked about bills whose items these entries (already written) have settled."""
    moved = {
        leg.item_id
        for _, draft in entries
        for leg in draft.postings
        if leg.ledger_account == LedgerAccount.NOTES and leg.item_id is not None and leg.amount_minor < 0
    }
    if moved and source_id != source_id_of(STEPS):
        settled = Note.objects.filter(item_id__in=moved, item__balance__open_minor=0)
        _lapse(settled.order_by("id").values_list("id", flat=True), actor_id, now)


def sweep_notes(entity_id: int, *, actor_id: int | None, now: datetime) -> None:
    """After an import, whose applications are written in bulk: requests about bills that are settled meanwhile."""
    asked = ApprovalRequest.objects.filter(entity_id=entity_id, state="open", subject__startswith="bill:")
    numbers = [int(subject.partition(":")[2]) for subject in asked.values_list("subject", flat=True)]
    settled = Note.objects.filter(id__in=numbers, item__balance__open_minor=0)
    _lapse(settled.order_by("id").values_list("id", flat=True), actor_id, now)


def _lapse(note_ids: Iterable[int], actor_id: int | None, now: datetime) -> None:
    for note_id in note_ids:
        lapse_requests(f"bill:{note_id}", SETTLED, actor_id=actor_id, now=now)
