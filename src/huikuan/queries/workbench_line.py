"""One bank line on the workbench: its explanations with the items as they stand, whom to ask, what a decision did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q

from huikuan.core.matching import Deed, Explanation, Leg, explanation_of
from huikuan.core.rights import Role
from huikuan.queries.bank_lines import Advice, MatchLine, advices_of, lines_by_id
from huikuan.queries.workbench import account_names, name_of, percent_of, settled_among
from huikuan.store.models import (
    CustomerAccount,
    LineClaim,
    LineDecision,
    LineParked,
    LineQuestion,
    MatchProposal,
    OpenItem,
    OpenItemBalance,
    RoleGrant,
    User,
)
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item of an explanation as it stands. ``rest_minor``: what stays open on it afterwards."""

    leg: Leg
    public_id: str
    document_number: str
    due_date: date
    open_minor: int
    customer: str

    @property
    def less_minor(self) -> int:
        """What ends the item beside the money, with the sign it has in the sum; a short payment ends nothing."""
        ends = self.leg.deduction_reason not in ("", "overpayment", "short_payment")
        return -self.leg.deduction_minor if ends else 0

    @property
    def settled_minor(self) -> int:
        """What the item goes down by: the money and what ends it beside."""
        return self.leg.minor - self.less_minor

    @property
    def rest_minor(self) -> int:
        return self.open_minor - self.settled_minor


@dataclass(frozen=True, slots=True)
class Card:
    """An explanation with what it is about. ``sum_minor``: what its items and what is left over add up to."""

    made: Explanation
    customer: str
    customer_public_id: str
    items: tuple[ShownItem, ...]
    sum_minor: int
    is_current: bool

    @property
    def percent(self) -> int:
        return percent_of(self.made.confidence)

    @property
    def kind(self) -> str:
        """What it is to who reads it: one that leaves part of an item open is no payment in full."""
        if self.made.kind == "items" and any(item.leg.deduction_reason == "short_payment" for item in self.items):
            return "short_payment"
        return self.made.kind

    @property
    def customers(self) -> int:
        return len({item.leg.account_id for item in self.items})


@dataclass(frozen=True, slots=True)
class Pane:
    """A line with its explanations. ``question``: the last one asked about it."""

    line: MatchLine
    public_id: str
    receipt_public_id: str
    cards: tuple[Card, ...]
    advices: tuple[Advice, ...]
    question: LineQuestion | None
    parked: str
    claimed_by: str
    claimed_at: datetime | None
    is_stale: bool


def line_at(entity_ids: Iterable[int], text: str) -> MatchLine | None:
    """A line of money in by its opaque id, where it belongs to one of these entities."""
    number = inner_id("bln", text)
    found = None if number is None else lines_by_id([number]).get(number)
    return found if found is not None and found.entity_id in set(entity_ids) else None


def pane_of(line: MatchLine, *, user_id: int | None, now: datetime) -> Pane:
    """Everything the right side shows of a line. It is stale where its proposal has to be worked out anew."""
    proposal = MatchProposal.objects.filter(line_id=line.line_id).first()
    made = [explanation_of(one) for one in proposal.explanations] if proposal is not None else []
    cards = cards_of(line, made)
    claim = LineClaim.objects.filter(line_id=line.line_id, until__gt=now).exclude(user_id=user_id or 0).first()
    parked = LineParked.objects.filter(line_id=line.line_id).values_list("reason", flat=True).first()
    questions = LineQuestion.objects.filter(line_id=line.line_id).filter(Q(closed_at=None) | ~Q(answer=""))
    is_current = all(card.is_current for card in cards)
    return Pane(
        line=line,
        public_id=public_id("bln", line.line_id),
        receipt_public_id=public_id("rcp", line.receipt_id),
        cards=cards,
        advices=tuple(advices_of([line.line_id]).get(line.line_id, ())),
        question=questions.select_related("asked", "asked_by").order_by("-id").first(),
        parked=parked or "",
        claimed_by=name_of(claim.user) if claim is not None else "",
        claimed_at=claim.at if claim is not None else None,
        is_stale=proposal is None or proposal.is_stale or not is_current,
    )


def cards_of(line: MatchLine, made: Sequence[Explanation]) -> tuple[Card, ...]:
    """Explanations with the items as they stand now."""
    numbers = {leg.item_id for one in made for leg in one.legs}
    items = {item.pk: item for item in OpenItem.objects.filter(id__in=numbers)}
    still = dict(OpenItemBalance.objects.filter(item_id__in=numbers).values_list("item_id", "open_minor"))
    accounts = {one.account_id for one in made} | {leg.account_id for one in made for leg in one.legs}
    names = account_names(accounts)
    customers = dict(CustomerAccount.objects.filter(id__in=[a for a in accounts if a]).values_list("id", "customer_id"))
    cards = []
    for one in made:
        shown = tuple(
            ShownItem(
                leg=leg,
                public_id=public_id("itm", leg.item_id),
                document_number=items[leg.item_id].document_number,
                due_date=items[leg.item_id].due_date,
                open_minor=still.get(leg.item_id, 0),
                customer=names.get(leg.account_id, ""),
            )
            for leg in one.legs
            if leg.item_id in items
        )
        cards.append(
            Card(
                made=one,
                customer=names.get(one.account_id, "") if one.account_id else "",
                customer_public_id=public_id("cus", customers[one.account_id]) if one.account_id in customers else "",
                items=shown,
                sum_minor=sum(leg.minor for leg in one.legs) + one.unapplied_minor,
                is_current=all(item.open_minor == item.leg.open_minor for item in shown)
                and (not one.legs or sum(leg.minor for leg in one.legs) <= line.open_minor),
            )
        )
    return tuple(cards)


def still_open(lines: Sequence[MatchLine]) -> list[MatchLine]:
    """Those of the lines that wait for a decision."""
    settled = settled_among(line.line_id for line in lines)
    return [line for line in lines if line.line_id not in settled and line.open_minor]


def reread(line: MatchLine) -> MatchLine | None:
    """A line as it stands now."""
    return lines_by_id([line.line_id]).get(line.line_id)


def token_of(line_id: int) -> str:
    """What tells one working-out of a line's explanations from the next."""
    made = MatchProposal.objects.filter(line_id=line_id).values_list("worked_out_at", flat=True).first()
    return made.isoformat() if made is not None else ""


def account_named(line: MatchLine, customer: str, rank: int) -> int | None:
    """The account of a customer named by its opaque id (``None`` where there is none); of nobody named, of the line's
    or of the explanation of a rank."""
    if customer:
        number = inner_id("cus", customer) or 0
        found = CustomerAccount.objects.filter(entity_id=line.entity_id, customer_id=number).order_by("id")
        return found.values_list("id", flat=True).first()
    if line.account_id is not None:
        return line.account_id
    proposal = MatchProposal.objects.filter(line_id=line.line_id).first()
    for one in proposal.explanations if proposal is not None else ():
        if one["rank"] == rank and one["account_id"]:
            return int(one["account_id"])
    return None


def deed_of_decision(decision_id: int) -> Deed:
    """What it came to: an explanation that is accepted may be that the money is no customer's."""
    return Deed(LineDecision.objects.values_list("deed", flat=True).get(id=decision_id))


def applied_by_decision(decision_id: int) -> tuple[int, int]:
    """The money it applied, in minor units, and to how many items."""
    applied, legs = LineDecision.objects.values_list("applied_minor", "legs").get(id=decision_id)
    return applied, len(legs)


def entries_of_decision(decision_id: int) -> list[int]:
    """The journal entries it made."""
    return list(LineDecision.objects.values_list("entries", flat=True).get(id=decision_id))


def is_decision_of(decision_id: int, line_id: int) -> bool:
    return LineDecision.objects.filter(id=decision_id, line_id=line_id).exclude(deed=Deed.UNDO.value).exists()


def line_of_decision(decision_id: int) -> MatchLine:
    number = LineDecision.objects.values_list("line_id", flat=True).get(id=decision_id)
    return lines_by_id([number])[number]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may be asked. ``owns``: it is their customer."""

    id: int
    name: str
    owns: bool


def colleagues(entity_id: int, pane: Pane, *, user_id: int | None) -> list[Colleague]:
    """Whom this person may ask: who sees customers of the entity, those first whose customers the explanations name,
    those last who only look."""
    accounts = {card.made.account_id for card in pane.cards if card.made.account_id}
    owners = set(CustomerAccount.objects.filter(id__in=accounts).values_list("owner_id", flat=True))
    grants = RoleGrant.objects.filter(user_id=OuterRef("pk"), entity_id=entity_id)
    people = User.objects.filter(Exists(grants), is_active=True).exclude(pk=user_id or 0)
    people = people.annotate(works=Exists(grants.exclude(role=Role.AUDITOR.value)))
    listed = [(user.works, Colleague(user.pk, name_of(user), user.pk in owners)) for user in people]
    return [one for _works, one in sorted(listed, key=lambda row: (not row[1].owns, not row[0], row[1].name))]
