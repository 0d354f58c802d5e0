"""Where settlement agreements stand: locked rows, what holds an item, papers, and that no entry of one is taken back
by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from huikuan.core.agreements import LIVE, AgreementKind, AgreementState, AgreementStep
from huikuan.core.documents import LinkKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.rights import demand_accounts
from huikuan.store.models import (
    AgreementEntry,
    AgreementEvent,
    AgreementLine,
    DocumentLink,
    SettlementAgreement,
)


def lock_agreement(agreement_id: int) -> SettlementAgreement:
    """Refuses ``agreement.unknown``."""
    found = SettlementAgreement.objects.filter(id=agreement_id)
    row = (found if connection.vendor == "sqlite" else found.select_for_update()).first()
    if row is None:
        raise Refusal("agreement.unknown", "there is no such agreement")
    return row


def of_kind(row: SettlementAgreement, kind: AgreementKind) -> None:
    """Refuses ``agreement.bad_kind`` for a step that agreements of this kind do not take."""
    if row.kind != kind:
        raise Refusal("agreement.bad_kind", "this step is not part of such an agreement")


def lines_of(row: SettlementAgreement) -> list[AgreementLine]:
    """The items of an agreement, in a fixed order."""
    return list(row.lines.select_related("item").order_by("item_id"))


def entities_of(row: SettlementAgreement) -> list[int]:
    """Our entities that take part, in the order in which their books are opened."""
    found = set(row.parties.filter(entity__isnull=False).values_list("entity_id", flat=True))
    return sorted(number for number in found if number is not None)


def demand_all(actor_id: int | None, right: Right, row: SettlementAgreement) -> None:
    """``demand`` for every customer of ours whose items are in it, in every entity; an entity that takes part without
    items asks for the right for all customers."""
    if actor_id is None:
        return
    accounts: dict[int, set[int | None]] = {number: set() for number in entities_of(row)}
    for entity_id, account_id in row.lines.values_list("item__entity_id", "item__account_id"):
        accounts.setdefault(entity_id, set()).add(account_id)
    for entity_id, wanted in sorted(accounts.items()):
        demand_accounts(actor_id, right, entity_id=entity_id, account_ids=wanted or {None})


def held_elsewhere(item_ids: Sequence[int], *, but: int | None = None) -> dict[int, int]:
    """By item, how much (positive) is covered by bills that settle at maturity or named in other live agreements."""
    from huikuan.services.notes import covered_of  # notes reverse, and who reverses asks this module

    held = covered_of(item_ids)
    lines = AgreementLine.objects.filter(item_id__in=item_ids, agreement__state__in=LIVE)
    sums = lines.exclude(agreement_id=but).order_by().values("item_id").annotate(total=Sum("debt_minor"))
    for one in sums:
        held[one["item_id"]] = held.get(one["item_id"], 0) + abs(int(one["total"]))
    return held


def check_paper(row: SettlementAgreement, document_id: int | None) -> None:
    """A paper must be kept with a customer of the agreement. Refuses ``agreement.paper_missing``."""
    accounts = {row.account_id, *row.lines.values_list("item__account_id", flat=True)}
    kept = DocumentLink.objects.filter(
        document_id=document_id or 0,
        kind=LinkKind.ACCOUNT.value,
        object_id__in=accounts,
        document__withdrawn_at=None,
    )
    if not kept.exists():
        raise Refusal("agreement.paper_missing", "add the paper to the customer's documents and choose it here")


def add_event(
    row: SettlementAgreement,
    step: AgreementStep,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    state: AgreementState | None = None,
    **facts: Any,
) -> AgreementEvent:
    """Writes a step, the state it leads to, and the audit row in every entity that takes part."""
    event = AgreementEvent.objects.create(
        agreement=row,
        ordinal=row.events.count() + 1,
        step=step.value,
        on=on,
        recorded_at=now,
        actor_id=actor_id,
        **facts,
    )
    if state is not None and row.state != state:
        row.state = state.value
        row.save(update_fields=["state"])
    tell(row, f"agreement.{step.value}", actor_id=actor_id, now=now)
    return event


def tell(row: SettlementAgreement, code: str, *, actor_id: int | None, now: datetime) -> None:
    for entity_id in entities_of(row):
        record(code, now=now, actor_id=actor_id, entity_id=entity_id, subject=f"agreement:{row.pk}")


def entries_of(row: SettlementAgreement) -> dict[int, list[int]]:
    """The entries an agreement posted, by entity, in the order posted."""
    found: dict[int, list[int]] = {}
    rows = AgreementEntry.objects.filter(event__agreement=row).order_by("id")
    for entity_id, entry_id in rows.values_list("entry__entity_id", "entry_id"):
        found.setdefault(entity_id, []).append(entry_id)
    return found


def check_not_of_agreement(entry_ids: Iterable[int]) -> None:
    """For who reverses an entry by itself: an agreement is taken back as a whole. Refuses ``agreement.entry``."""
    found = AgreementEntry.objects.filter(entry_id__in=list(entry_ids)).select_related("event__agreement").first()
    if found is not None:
        raise Refusal(
            "agreement.entry",
            "this was posted for agreement {number}: take that back as a whole",
            number=found.event.agreement.number,
        )


def in_agreements(entry_ids: Iterable[int]) -> int | None:
    """One of these entries that belongs to an agreement."""
    wanted = list(entry_ids)
    return (
        AgreementEntry.objects.filter(entry_id__in=wanted).values_list("entry_id", flat=True).first()
        if wanted
        else None
    )


def too_early(since: date) -> Refusal:
    """What a step on a day before the one it follows is refused with."""
    return Refusal("agreement.day", "that lies before {since}, when it was agreed or signed", since=since.isoformat())
