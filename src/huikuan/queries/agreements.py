"""Settlement agreements: listed, and one with its parties, items, steps and entries.

They are what they are now, whatever day the frame is on. Who sees the customer an agreement is kept with sees it; of
its items only those of customers the frame shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Q, QuerySet, Sum

from huikuan.core.agreements import LIVE, AgreementKind, AgreementState, AgreementStep
from huikuan.queries.approvals import request_waiting
from huikuan.queries.directory import actors_of, find_customers
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page, slice_of
from huikuan.queries.presence import item_has
from huikuan.store.models import (
    AgreementEntry,
    AgreementEvent,
    AgreementParty,
    SettlementAgreement,
)
from huikuan.store.public_ids import inner_id, public_id

WHICH = ("live", "posted", "done", "undone", "withdrawn", "all")
_SORTS = {
    "number": "number",
    "customer": "account__customer__name",
    "amount": "amount_minor",
    "proposed": "proposed_on",
}


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """An agreement. ``amount_minor`` is what customers are released from, of debts of ``debt_minor``; ``parties`` all
    names, ``entity_ids`` those of ours, ``waits_for`` names who have not signed."""

    id: int
    public_id: str
    kind: str
    state: str
    number: str
    currency: str
    amount_minor: int
    debt_minor: int
    entity_id: int
    entity_code: str
    entity_ids: tuple[int, ...]
    customer_name: str
    customer_public_id: str
    parties: tuple[str, ...]
    waits_for: tuple[str, ...]
    thing: str
    proposed_on: date
    posted_on: date | None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def rest_minor(self) -> int:
        """What the agreed amount does not cover of the debts."""
        return self.debt_minor - self.amount_minor


@dataclass(frozen=True, slots=True)
class AgreementTotal:
    currency: str
    agreements: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party with what it gives up and is released from, which is the same for an agreement of several."""

    ordinal: int
    kind: str
    name: str
    given_minor: int
    released_minor: int
    signed_on: date | None
    document_public_id: str


@dataclass(frozen=True, slots=True)
class ClaimRow:
    owed_by: str
    owed_to: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class LineRow:
    """An item under an agreement, amounts with its sign; ``open_minor`` is what is open on it now."""

    item_public_id: str
    document_number: str
    customer_name: str
    entity_code: str
    due_date: date
    amount_minor: int
    debt_minor: int
    open_minor: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step. ``amount_minor`` and ``text`` are what was valued and who valued it, or an invoice and its number."""

    step: str
    party: str
    on: date
    document_public_id: str
    amount_minor: int | None
    tax_minor: int | None
    text: str
    memo: str
    entries: tuple[tuple[str, str], ...]
    actor: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class AgreementLife:
    """One agreement. ``hidden``: so many of its items belong to customers that are not shown. ``approval_id``: a
    request for approval that waits."""

    row: AgreementRow
    thing_kind: str
    place: str
    memo: str
    parties: tuple[PartyRow, ...]
    claims: tuple[ClaimRow, ...]
    lines: tuple[LineRow, ...]
    hidden: int
    steps: tuple[StepRow, ...]
    approval_id: int | None

    def last(self, *steps: AgreementStep) -> StepRow | None:
        """The last step of these kinds."""
        return next((one for one in reversed(self.steps) if one.step in steps), None)


@dataclass(frozen=True, slots=True)
class AgreementFilters:
    """``which``: live (proposed or signed), another state, or all."""

    which: str = "live"
    search: str = ""
    kind: str = ""
    customer: str = ""
    currency: str = ""


def agreement_page(
    frame: Frame, filters: AgreementFilters, *, sort: str = "-proposed", page: int = 1, size: int = 50
) -> Page[AgreementRow]:
    """Agreements the frame shows; ``sort``: number, customer, amount, proposed."""
    found = _found(frame, filters)
    way = "-" if sort.startswith("-") else ""
    order = [f"{way}{_SORTS.get(sort.removeprefix('-'), 'proposed_on')}", "-id"]
    sums = found.order_by().values("currency").annotate(count=Count("id"), amount=Sum("amount_minor"))
    start, count = slice_of(page, size)
    rows = _rows(_with_facts(found.order_by(*order))[start : start + count])
    totals = {one["currency"]: AgreementTotal(one["currency"], one["count"], int(one["amount"])) for one in sums}
    return Page(rows, sum(one.agreements for one in totals.values()), page, size, totals)


def agreement_counts(frame: Frame) -> dict[str, int]:
    """How many wait for somebody: proposed or signed, and things whose invoice or rest is open."""
    found = SettlementAgreement.objects.filter(frame.visible())
    return {
        "live": found.filter(state__in=LIVE).count(),
        "posted": found.filter(state=AgreementState.POSTED).count(),
    }


def agreement_slice(
    frame: Frame, *, states: Iterable[str], kind: str = "", customer: str = "", after: int, limit: int
) -> Slice[AgreementRow]:
    """Agreements in the order in which they were proposed."""
    found = SettlementAgreement.objects.filter(frame.visible(), id__gt=after)
    if wanted := list(states):
        found = found.filter(state__in=wanted)
    if kind:
        found = found.filter(kind=kind)
    if customer:
        found = found.filter(account__customer_id=inner_id("cus", customer) or 0)
    rows = list(_with_facts(found).order_by("id")[: limit + 1])
    shown = rows[:limit]
    return Slice(_rows(shown), shown[-1].pk if shown else None, len(rows) > limit)


def agreements_of_customer(frame: Frame, account_ids: Sequence[int], limit: int = 10) -> list[AgreementRow]:
    """The agreements a customer takes part in with items, the latest first; those withdrawn left out."""
    found = SettlementAgreement.objects.filter(frame.visible(), lines__item__account_id__in=list(account_ids))
    found = found.exclude(state=AgreementState.WITHDRAWN).distinct()
    return _rows(_with_facts(found).order_by("-id")[:limit])


def agreements_of_item(frame: Frame, item_public_id: str) -> list[AgreementRow]:
    """The agreements that name an item, the latest first; those withdrawn left out."""
    number = inner_id("itm", item_public_id)
    if number is None or "agreements" not in item_has(number):
        return []
    found = SettlementAgreement.objects.filter(frame.visible(), lines__item_id=number)
    return _rows(_with_facts(found.exclude(state=AgreementState.WITHDRAWN)).order_by("-id"))


def agreement(frame: Frame, text: str) -> AgreementLife | None:
    """One agreement by its opaque id; ``None`` where the frame has no such one."""
    found = SettlementAgreement.objects.filter(frame.visible(), id=inner_id("agr", text) or 0)
    one = _with_facts(found).first()
    if one is None:
        return None
    lines, hidden = _lines(frame, one)
    return AgreementLife(
        row=_rows([one])[0],
        thing_kind=one.thing_kind,
        place=one.place,
        memo=one.memo,
        parties=_parties(one),
        claims=tuple(
            ClaimRow(claim.owed_by.name, claim.owed_to.name, claim.amount_minor)
            for claim in one.claims.select_related("owed_by", "owed_to").order_by("ordinal")
        ),
        lines=lines,
        hidden=hidden,
        steps=_steps(one),
        approval_id=request_waiting(f"agreement:{one.pk}"),
    )


def _found(frame: Frame, filters: AgreementFilters) -> QuerySet[SettlementAgreement]:
    found = SettlementAgreement.objects.filter(frame.visible())
    if filters.which == "live":
        found = found.filter(state__in=LIVE)
    elif filters.which != "all":
        found = found.filter(state=filters.which)
    if filters.kind in set(AgreementKind):
        found = found.filter(kind=filters.kind)
    if filters.currency:
        found = found.filter(currency=filters.currency.upper())
    if filters.customer:
        found = found.filter(account__customer_id=inner_id("cus", filters.customer) or 0)
    if text := filters.search.strip():
        named = Q(account__customer_id__in=find_customers(frame, text)[:500])
        party = Q(id__in=AgreementParty.objects.filter(name__icontains=text).values("agreement_id"))
        found = found.filter(named | party | Q(number__icontains=text) | Q(thing__icontains=text))
    return found


def _with_facts(found: QuerySet[SettlementAgreement]) -> QuerySet[SettlementAgreement]:
    return found.select_related("entity", "account__customer").prefetch_related("parties")


def _rows(found: Iterable[SettlementAgreement]) -> list[AgreementRow]:
    listed = list(found)
    events = AgreementEvent.objects.filter(agreement__in=listed)
    signed = set(events.filter(step=AgreementStep.SIGNED).values_list("party_id", flat=True))
    posted: dict[int, date] = dict(
        events.filter(step=AgreementStep.POSTED)
        .values("agreement_id")
        .annotate(day=Max("on"))
        .values_list("agreement_id", "day")
    )
    rows = []
    for one in listed:
        parties = sorted(one.parties.all(), key=lambda party: party.ordinal)
        rows.append(
            AgreementRow(
                id=one.pk,
                public_id=public_id("agr", one.pk),
                kind=one.kind,
                state=one.state,
                number=one.number,
                currency=one.currency,
                amount_minor=one.amount_minor,
                debt_minor=one.debt_minor,
                entity_id=one.entity_id,
                entity_code=one.entity.code,
                entity_ids=tuple(party.entity_id for party in parties if party.entity_id is not None),
                customer_name=one.account.customer.name,
                customer_public_id=public_id("cus", one.account.customer_id),
                parties=tuple(party.name for party in parties),
                waits_for=tuple(party.name for party in parties if party.pk not in signed),
                thing=one.thing,
                proposed_on=one.proposed_on,
                posted_on=posted.get(one.pk),
            )
        )
    return rows


def _parties(one: SettlementAgreement) -> tuple[PartyRow, ...]:
    given: dict[int, int] = {}
    released: dict[int, int] = {}
    for claim in one.claims.all():
        given[claim.owed_to_id] = given.get(claim.owed_to_id, 0) + claim.amount_minor
        released[claim.owed_by_id] = released.get(claim.owed_by_id, 0) + claim.amount_minor
    signed = {event.party_id: event for event in one.events.filter(step=AgreementStep.SIGNED)}
    rows = []
    for party in one.parties.order_by("ordinal"):
        event = signed.get(party.pk)
        document_id = event.document_id if event else None
        rows.append(
            PartyRow(
                ordinal=party.ordinal,
                kind=party.kind,
                name=party.name,
                given_minor=given.get(party.pk, 0),
                released_minor=released.get(party.pk, 0),
                signed_on=event.on if event else None,
                document_public_id=public_id("doc", document_id) if document_id else "",
            )
        )
    return tuple(rows)


def _lines(frame: Frame, one: SettlementAgreement) -> tuple[tuple[LineRow, ...], int]:
    # An entity that the reader may see but did not choose in the frame is not shown here either.
    shown = one.lines.filter(frame.visible("item__account", "item__entity_id"))
    rows = tuple(
        LineRow(
            item_public_id=public_id("itm", line.item_id),
            document_number=line.item.document_number,
            customer_name=line.item.account.customer.name,
            entity_code=line.item.entity.code,
            due_date=line.item.due_date,
            amount_minor=line.amount_minor,
            debt_minor=line.debt_minor,
            open_minor=line.item.balance.open_minor,
        )
        for line in shown.select_related("item__account__customer", "item__entity", "item__balance").order_by("id")
    )
    return rows, one.lines.count() - len(rows)


def _steps(one: SettlementAgreement) -> tuple[StepRow, ...]:
    events = list(one.events.select_related("party").order_by("ordinal"))
    people = actors_of({event.actor_id for event in events})
    entries: dict[int, list[tuple[str, str]]] = {}
    for kept in AgreementEntry.objects.filter(event__agreement=one).select_related("entry__entity").order_by("id"):
        entries.setdefault(kept.event_id, []).append((kept.entry.entity.code, public_id("ent", kept.entry_id)))
    return tuple(
        StepRow(
            step=event.step,
            party=event.party.name if event.party else "",
            on=event.on,
            document_public_id=public_id("doc", event.document_id) if event.document_id else "",
            amount_minor=event.amount_minor,
            tax_minor=event.tax_minor,
            text=event.text,
            memo=event.memo,
            entries=tuple(entries.get(event.pk, ())),
            actor=people.get(event.actor_id, ""),
            recorded_at=event.recorded_at,
        )
        for event in events
    )
