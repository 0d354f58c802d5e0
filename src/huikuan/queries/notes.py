"""Notes: listed as they stood on a day, added up by maturity and by who must pay, and one with all its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import TruncMonth

from huikuan.core.accounts import ItemKind
from huikuan.core.notes import (
    IN_HAND,
    PASSED_ON,
    STATE_AFTER,
    NoteKind,
    NoteStep,
    NoteTerms,
    Warn,
    warnings,
)
from huikuan.engines.working_days import working_days_of
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.store.models import JournalEntry, Note, NoteEvent, OpenItemBalance
from huikuan.store.public_ids import inner_id, public_id

WHICH = ("held", "risk", "dishonoured", "all")
STEP_OF = {state: step for step, state in STATE_AFTER.items()}
"""The step that brings a note to a state."""
_SORTS = {
    "maturity": "maturity_date",
    "issue": "issue_date",
    "number": "number",
    "amount": "amount_minor",
    "customer": "account__customer__name",
    "acceptor": "acceptor",
}


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note as it stood. ``party``: who has it, where it was passed on; ``with_recourse``: and can come back on us."""

    id: int
    public_id: str
    number: str
    kind: str
    state: str
    settles: str
    customer_public_id: str
    customer_name: str
    account_id: int
    entity_id: int
    entity_code: str
    entity_name: str
    drawer: str
    acceptor: str
    acceptor_class: str
    guarantor: str
    currency: str
    amount_minor: int
    issue_date: date
    maturity_date: date
    range_first: int | None
    range_last: int | None
    party: str
    with_recourse: bool
    warnings: tuple[Warn, ...]
    recorded_at: datetime

    @property
    def at_risk(self) -> bool:
        """Passed on, and what was given for it is owed back until it is paid."""
        return self.state in PASSED_ON and self.with_recourse


@dataclass(frozen=True, slots=True)
class NoteTotal:
    currency: str
    amount_minor: int
    notes: int


@dataclass(frozen=True, slots=True)
class NoteFilters:
    """What a list is narrowed to; empty is no matter."""

    which: str = "held"
    search: str = ""
    kind: str = ""
    acceptor_class: str = ""
    currency: str = ""
    customer: str = ""
    matures_from: date | None = None
    matures_to: date | None = None


def standing_notes(frame: Frame) -> QuerySet[Any]:
    """The notes of the frame with what their last step was, as of its day and as known then: ``step``, ``recourse``."""
    known = Q() if frame.known_on is None else Q(recorded_at__lte=frame.known_on)
    undone = NoteEvent.objects.filter(known, undoes=OuterRef("pk"), counts_from__lte=frame.as_of)
    reversed_ = JournalEntry.objects.filter(known, reverses_id=OuterRef("entry_id"), posting_date__lte=frame.as_of)
    steps = NoteEvent.objects.filter(known, note=OuterRef("pk"), undoes=None, counts_from__lte=frame.as_of)
    # Dishonour takes the taking's entry back; the step that did it is the later one and counts.
    steps = steps.filter(~Exists(undone), ~Exists(reversed_)).order_by("-ordinal")
    found = Note.objects.filter(frame.visible()).annotate(
        step=Subquery(steps.values("step")[:1]), recourse=Subquery(steps.values("with_recourse")[:1])
    )
    return found.exclude(step=None)


def _which(found: QuerySet[Any], which: str) -> QuerySet[Any]:
    if which == "held":
        return found.filter(step__in=[STEP_OF[state] for state in IN_HAND])
    if which == "risk":
        return found.filter(step__in=[STEP_OF[state] for state in PASSED_ON], recourse=True)
    if which == "dishonoured":
        return found.filter(step=NoteStep.DISHONOURED)
    return found


def _narrow(frame: Frame, filters: NoteFilters) -> QuerySet[Any]:
    found = _which(standing_notes(frame), filters.which)
    if filters.search:
        text = filters.search
        wanted = Q(number__icontains=text) | Q(acceptor__icontains=text) | Q(drawer__icontains=text)
        found = found.filter(wanted | Q(account__customer__search_text__contains=text.lower()))
    for name in ("kind", "acceptor_class", "currency"):
        if value := getattr(filters, name):
            found = found.filter(**{name: value})
    if filters.customer:
        found = found.filter(account__customer_id=inner_id("cus", filters.customer) or 0)
    if filters.matures_from:
        found = found.filter(maturity_date__gte=filters.matures_from)
    if filters.matures_to:
        found = found.filter(maturity_date__lte=filters.matures_to)
    return found


def note_page(
    frame: Frame, filters: NoteFilters, *, sort: str = "maturity", page: int = 1, size: int = 50
) -> Page[NoteRow]:
    """Notes of the frame. ``which``: in hand, passed on with recourse, dishonoured, or all."""
    found = _narrow(frame, filters)
    totals = found.order_by().values("currency").annotate(amount=Sum("amount_minor"), notes=Count("id"))
    sums = {row["currency"]: NoteTotal(row["currency"], int(row["amount"]), int(row["notes"])) for row in totals}
    column = _SORTS.get(sort.removeprefix("-"), "maturity_date")
    order = [f"-{column}" if sort.startswith("-") else column, "id"]
    start = (max(page, 1) - 1) * size
    rows = found.select_related("account__customer", "entity").order_by(*order)[start : start + size]
    return Page(
        rows=note_rows(frame, rows), total=sum(one.notes for one in sums.values()), page=page, size=size, totals=sums
    )


def note_slice(frame: Frame, filters: NoteFilters, *, after: int, limit: int) -> Slice[NoteRow]:
    """Notes in the order in which they came, for programs."""
    found = _narrow(frame, filters).filter(pk__gt=after).select_related("account__customer", "entity").order_by("pk")
    rows = note_rows(frame, found[: limit + 1])
    shown = rows[:limit]
    return Slice(shown, shown[-1].id if shown else None, len(rows) > limit)


def note_counts(frame: Frame) -> dict[str, int]:
    """How many notes each choice of ``WHICH`` has."""
    found = standing_notes(frame)
    return {which: _which(found, which).count() for which in WHICH}


def note_rows(frame: Frame, notes: Iterable[Note]) -> list[NoteRow]:
    listed = list(notes)
    parties = _parties([note.pk for note in listed])
    return [_row(frame, note, parties.get(note.pk, "")) for note in listed]


def _parties(note_ids: list[int]) -> dict[int, str]:
    """Who a note was last passed on to."""
    passed = NoteEvent.objects.filter(
        note_id__in=note_ids, undoes=None, undone_by=None, step__in=[NoteStep.DISCOUNTED, NoteStep.ENDORSED]
    )
    return dict(passed.order_by("ordinal").values_list("note_id", "party"))


def _row(frame: Frame, note: Note, party: str) -> NoteRow:
    known: Any = note
    state = STATE_AFTER[NoteStep(known.step)]
    return NoteRow(
        id=note.pk,
        public_id=public_id("bil", note.pk),
        number=note.number,
        kind=note.kind,
        state=state.value,
        settles=note.settles,
        customer_public_id=public_id("cus", note.account.customer_id),
        customer_name=note.account.customer.name,
        account_id=note.account_id,
        entity_id=note.entity_id,
        entity_code=note.entity.code,
        entity_name=note.entity.name,
        drawer=note.drawer,
        acceptor=note.acceptor,
        acceptor_class=note.acceptor_class,
        guarantor=note.guarantor,
        currency=note.currency,
        amount_minor=note.amount_minor,
        issue_date=note.issue_date,
        maturity_date=note.maturity_date,
        range_first=note.range_first,
        range_last=note.range_last,
        party=party if state in PASSED_ON else "",
        with_recourse=bool(known.recourse),
        warnings=warnings(terms_of(note), state, frame.as_of, working_days_of(note.entity.country)),
        recorded_at=note.recorded_at,
    )


def terms_of(note: Note) -> NoteTerms:
    """What is written on a note."""
    return NoteTerms(
        NoteKind(note.kind),
        note.currency,
        note.amount_minor,
        note.issue_date,
        note.maturity_date,
        note.range_first,
        note.range_last,
    )


# -- by maturity -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class MaturityLine:
    """What matures in a month (``None``: is mature already), in one currency: by class of who must pay, in hand and
    together, and what was passed on with recourse besides."""

    currency: str
    month: date | None
    by_class: Mapping[str, int]
    held_minor: int
    risk_minor: int
    notes: int


def maturities(frame: Frame) -> list[MaturityLine]:
    """The balance of notes by maturity: by currency, what is mature first, then month by month."""
    standing = [STEP_OF[state] for state in IN_HAND | PASSED_ON]
    found = (
        standing_notes(frame)
        .filter(step__in=standing)
        .exclude(step__in=[STEP_OF[state] for state in PASSED_ON], recourse=False)
    )
    held = Case(When(step__in=[STEP_OF[state] for state in IN_HAND], then=Value(1)), default=Value(0))
    grouped = (
        found.annotate(
            month=Case(When(maturity_date__gte=frame.as_of, then=TruncMonth("maturity_date")), default=None),
            held=held,
        )
        .order_by()
        .values("currency", "month", "acceptor_class", "held")
        .annotate(amount=Sum("amount_minor"), notes=Count("id"))
    )
    lines: dict[tuple[str, date | None], dict[str, Any]] = {}
    for row in grouped:
        line = lines.setdefault((row["currency"], row["month"]), {"by_class": {}, "held": 0, "risk": 0, "notes": 0})
        amount = int(row["amount"])
        line["notes"] += row["notes"]
        if row["held"]:
            line["by_class"][row["acceptor_class"]] = line["by_class"].get(row["acceptor_class"], 0) + amount
            line["held"] += amount
        else:
            line["risk"] += amount
    ordered = sorted(lines, key=lambda key: (key[0], key[1] is not None, key[1] or date.min))
    return [
        MaturityLine(key[0], key[1], line["by_class"], line["held"], line["risk"], line["notes"])
        for key in ordered
        for line in [lines[key]]
    ]


def plain_note_items(frame: Frame) -> list[NoteTotal]:
    """Open items of the kind note of which nobody wrote down more (brought in by a file), added up by currency."""
    found = OpenItemBalance.objects.filter(
        frame.visible("item__account", "item__entity_id"), item__kind=ItemKind.NOTE, item__note=None
    ).exclude(open_minor=0)
    sums = found.order_by().values(currency=F("item__currency")).annotate(amount=Sum("open_minor"), notes=Count("item"))
    return [NoteTotal(row["currency"], int(row["amount"]), int(row["notes"])) for row in sums.order_by("currency")]
