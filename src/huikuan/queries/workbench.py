"""The workbench: lines that wait for a decision, what the matcher says of each, what was decided today and by whom.

Answers from the database as it is now: a clerk decides on what stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from huikuan.core.matching import Deed, Explanation, Leg, explanation_of
from huikuan.queries.bank_lines import Advice, MatchLine, advices_of, lines_by_id, open_lines
from huikuan.queries.directory import actors_of
from huikuan.queries.listing import Page
from huikuan.store.models import (
    CustomerAccount,
    Entity,
    LineClaim,
    LineDecision,
    LineParked,
    LineQuestion,
    MatchAudit,
    MatchProposal,
    OpenItem,
    OpenItemBalance,
    User,
)
from huikuan.store.public_ids import inner_id, public_id

SHOWS = ("open", "asked", "parked")
"""Which lines: to be decided about, waiting for a colleague's answer, put aside."""
SORTS = ("confidence", "amount", "date", "payer")
_PART = 500


@dataclass(frozen=True, slots=True)
class BenchLine:
    """A line in the list. ``customer``: of the first explanation; ``claimed_by``: somebody else who has it open;
    ``answer``: what a colleague who was asked said."""

    line: MatchLine
    public_id: str
    confidence: float
    kind: str
    ambiguous: int
    customer: str
    parked: str = ""
    question: str = ""
    answer: str = ""
    claimed_by: str = ""
    is_worked_out: bool = True

    @property
    def percent(self) -> int:
        """Confidence in whole percent, never rounded up to certainty."""
        return percent_of(self.confidence)


def percent_of(confidence: float) -> int:
    return min(int(confidence * 100), 99)


@dataclass(frozen=True, slots=True)
class Wish:
    """How the list is asked for."""

    show: str = "open"
    search: str = ""
    sort: str = "-confidence"
    page: int = 1
    size: int = 50
    least: float = 0.0


def bench_page(entity_id: int, wish: Wish, *, user_id: int | None, now: datetime) -> Page[BenchLine]:
    """The lines of an entity that wait for a decision, in order."""
    found = [row for row in _bench_lines(entity_id, user_id, now) if _is_shown(row, wish)]
    found.sort(key=lambda row: (row.line.value_date, row.line.line_id))
    name = wish.sort.removeprefix("-")
    keys = {
        "confidence": lambda row: row.confidence,
        "amount": lambda row: row.line.open_minor,
        "date": lambda row: row.line.value_date,
        "payer": lambda row: row.line.payer_name,
    }
    found.sort(key=keys[name], reverse=wish.sort.startswith("-"))
    # An answer is what somebody waits for.
    found.sort(key=lambda row: not row.answer)
    start = (wish.page - 1) * wish.size
    return Page(rows=found[start : start + wish.size], total=len(found), page=wish.page, size=wish.size, totals={})


def _is_shown(row: BenchLine, wish: Wish) -> bool:
    if wish.show == "parked":
        right_place = bool(row.parked)
    elif wish.show == "asked":
        right_place = bool(row.question) and not row.parked
    else:
        right_place = not row.parked and not row.question
    text = wish.search.casefold()
    said = f"{row.line.payer_name}\n{row.line.remittance_text}\n{row.customer}\n{row.line.open_minor}".casefold()
    plain = text.replace(",", "").replace(".", "")
    is_found = not text or text in said or (bool(plain) and plain in said)
    return right_place and row.confidence >= wish.least and is_found


def _bench_lines(entity_id: int, user_id: int | None, now: datetime) -> list[BenchLine]:
    lines = undecided(entity_id)
    numbers = [line.line_id for line in lines]
    proposals = {
        row["line_id"]: row
        for row in MatchProposal.objects.filter(entity_id=entity_id).values(
            "line_id", "confidence", "kind", "ambiguous", "account_id"
        )
    }
    asides = _asides(numbers, user_id, now)
    names = account_names(row["account_id"] for row in proposals.values())
    rows = []
    for line in lines:
        made = proposals.get(line.line_id)
        question, answer = asides.questions.get(line.line_id, ("", ""))
        rows.append(
            BenchLine(
                line=line,
                public_id=public_id("bln", line.line_id),
                confidence=made["confidence"] if made else 0.0,
                kind=made["kind"] if made else "",
                ambiguous=made["ambiguous"] if made else 0,
                customer=names.get(made["account_id"], "") if made and made["account_id"] else "",
                parked=asides.parked.get(line.line_id, ""),
                question=question,
                answer=answer,
                claimed_by=asides.claims.get(line.line_id, ""),
                is_worked_out=made is not None,
            )
        )
    return rows


def undecided(entity_id: int) -> list[MatchLine]:
    """Lines of an entity that still wait for a decision, the oldest first."""
    lines = open_lines(entity_id)
    settled = _settled(line.line_id for line in lines)
    return [line for line in lines if line.line_id not in settled]


def _settled(line_ids: Iterable[int]) -> set[int]:
    """Those of the lines whose last standing decision leaves nothing."""
    wanted = sorted(set(line_ids))
    last: dict[int, int] = {}
    for start in range(0, len(wanted), _PART):
        rows = LineDecision.objects.filter(line_id__in=wanted[start : start + _PART], undone_by__isnull=True)
        last |= dict(rows.exclude(deed=Deed.UNDO.value).order_by("id").values_list("line_id", "leaves_minor"))
    return {line_id for line_id, leaves in last.items() if not leaves}


@dataclass(slots=True)
class _Asides:
    parked: dict[int, str] = field(default_factory=dict)
    questions: dict[int, tuple[str, str]] = field(default_factory=dict)
    claims: dict[int, str] = field(default_factory=dict)


def _asides(line_ids: Sequence[int], user_id: int | None, now: datetime) -> _Asides:
    found = _Asides()
    wanted = set(line_ids)
    found.parked = {n: why for n, why in LineParked.objects.values_list("line_id", "reason") if n in wanted}
    for start in range(0, len(line_ids), _PART):
        rows = LineQuestion.objects.filter(line_id__in=line_ids[start : start + _PART]).order_by("id")
        for line_id, question, answer, closed in rows.values_list("line_id", "question", "answer", "closed_at"):
            if closed is None or answer:
                found.questions[line_id] = ("" if answer else question, answer)
    claims = LineClaim.objects.filter(until__gt=now).exclude(user_id=user_id or 0).select_related("user")
    found.claims = {one.line_id: _name(one.user) for one in claims if one.line_id in wanted}
    return found


def _name(user: object) -> str:
    full: str = user.get_full_name() or user.get_username()  # type: ignore[attr-defined]
    return full


def account_names(account_ids: Iterable[int | None]) -> dict[int, str]:
    """What the customers behind accounts are called."""
    wanted = sorted({number for number in account_ids if number})
    found: dict[int, str] = {}
    for start in range(0, len(wanted), _PART):
        rows = CustomerAccount.objects.filter(id__in=wanted[start : start + _PART])
        found |= dict(rows.values_list("id", "customer__name"))
    return found


# -- one line --------------------------------------------------------------------------------------------------------
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
    def rest_minor(self) -> int:
        return self.open_minor - self.leg.minor - self.leg.deduction_minor


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


def line_number(text: str) -> int | None:
    return inner_id("bln", text)


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
        claimed_by=_name(claim.user) if claim is not None else "",
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
    settled = _settled(line.line_id for line in lines)
    return [line for line in lines if line.line_id not in settled and line.open_minor]


def reread(line: MatchLine) -> MatchLine | None:
    """A line as it stands now."""
    return lines_by_id([line.line_id]).get(line.line_id)


def token_of(line_id: int) -> str:
    """What tells one working-out of a line's explanations from the next."""
    made = MatchProposal.objects.filter(line_id=line_id).values_list("worked_out_at", flat=True).first()
    return made.isoformat() if made is not None else ""


def account_named(line: MatchLine, customer: str, rank: int) -> int | None:
    """The account of a customer named by its opaque id, else of the explanation of a rank."""
    number = inner_id("cus", customer) if customer else None
    if number is not None:
        found = CustomerAccount.objects.filter(entity_id=line.entity_id, customer_id=number).order_by("id")
        return found.values_list("id", flat=True).first()
    if line.account_id is not None:
        return line.account_id
    proposal = MatchProposal.objects.filter(line_id=line.line_id).first()
    for one in proposal.explanations if proposal is not None else ():
        if one["rank"] == rank and one["account_id"]:
            return int(one["account_id"])
    return None


def items_of_decision(decision_id: int) -> int:
    return len(LineDecision.objects.values_list("legs", flat=True).get(id=decision_id))


def line_of_decision(decision_id: int) -> MatchLine:
    number = LineDecision.objects.values_list("line_id", flat=True).get(id=decision_id)
    return lines_by_id([number])[number]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may be asked. ``owns``: it is their customer."""

    id: int
    name: str
    owns: bool


def colleagues(entity_id: int, pane: Pane) -> list[Colleague]:
    """Who sees customers of the entity, those first whose customers the explanations name."""
    accounts = {card.made.account_id for card in pane.cards if card.made.account_id}
    owners = set(CustomerAccount.objects.filter(id__in=accounts).values_list("owner_id", flat=True))
    people = User.objects.filter(is_active=True, grants__entity_id=entity_id).distinct().order_by("username")
    listed = [Colleague(user.pk, _name(user), user.pk in owners) for user in people]
    return sorted(listed, key=lambda one: (not one.owns, one.name))


# -- progress --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Progress:
    """How far today's work is. ``by``: name and lines of each person; ``automatic`` lines the matcher posted;
    ``to_audit``: automatic postings that wait to be asked back."""

    left: int
    asked: int
    parked: int
    done: int
    by: tuple[tuple[str, int], ...]
    automatic: int
    to_audit: int
    mine_last: LineDecision | None

    @property
    def share(self) -> int:
        """Percent of today's lines that are done."""
        whole = self.left + self.asked + self.parked + self.done
        return 100 * self.done // whole if whole else 100


def progress(entity_id: int, *, user_id: int | None, now: datetime) -> Progress:
    zone = ZoneInfo(Entity.objects.values_list("timezone", flat=True).get(id=entity_id))
    start = datetime.combine(now.astimezone(zone).date(), time(), zone)
    today = LineDecision.objects.filter(entity_id=entity_id, at__gte=start, undone_by__isnull=True)
    today = today.exclude(deed=Deed.UNDO.value)
    counted = today.values("actor_id", "is_automatic").annotate(n=Count("line_id", distinct=True))
    names = actors_of(row["actor_id"] for row in counted if not row["is_automatic"])
    by = [(names.get(row["actor_id"], "–"), row["n"]) for row in counted if not row["is_automatic"]]
    automatic = sum(row["n"] for row in counted if row["is_automatic"])
    numbers = [line.line_id for line in undecided(entity_id)]
    asides = _asides(numbers, user_id, now)
    asked = {n for n, (question, _answer) in asides.questions.items() if question} - asides.parked.keys()
    mine = today.filter(actor_id=user_id, is_automatic=False).order_by("-id").first() if user_id else None
    return Progress(
        left=len(numbers) - len(asked) - len(asides.parked),
        asked=len(asked),
        parked=len(asides.parked),
        done=automatic + sum(count for _, count in by),
        by=tuple(sorted(by, key=lambda one: (-one[1], one[0]))),
        automatic=automatic,
        to_audit=MatchAudit.objects.filter(entity_id=entity_id, outcome="").count(),
        mine_last=mine,
    )


def batch_of(entity_id: int, least: float, *, now: datetime) -> tuple[int, dict[str, int], list[int]]:
    """What accepting every first explanation of at least this confidence would do: how many lines, their sums by
    currency, their numbers. Ambiguous ones, those of other kinds than paid items, and those out of date are left."""
    lines = {line.line_id: line for line in undecided(entity_id)}
    asides = _asides(list(lines), None, now)
    found = MatchProposal.objects.filter(
        entity_id=entity_id, confidence__gte=least, ambiguous=0, kind="items", is_stale=False
    ).order_by("-confidence", "line_id")
    numbers = [
        number
        for number in found.values_list("line_id", flat=True)
        if number in lines and number not in asides.parked and not asides.questions.get(number, ("", ""))[0]
    ]
    sums: dict[str, int] = {}
    for number in numbers:
        line = lines[number]
        sums[line.currency] = sums.get(line.currency, 0) + line.open_minor
    return len(numbers), sums, numbers
