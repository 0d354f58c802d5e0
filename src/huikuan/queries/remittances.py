"""Remittance advices: the list of them, and one with its documents and the lines it may be about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q, QuerySet, Sum

from huikuan.queries.bank_lines import Advice, advice_of, advice_rows
from huikuan.queries.directory import actors_of
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.queries.listing import CHUNK, Page, Whole, slice_of
from huikuan.store.models import RemittanceAdvice
from huikuan.store.public_ids import inner_id, public_id

ADVICE_STATES = ("all", "open", "linked")
_ORDERS = {"payer": "payer_name", "dated": "dated", "file": "file_name", "received_at": "id"}


@dataclass(frozen=True, slots=True)
class AdviceFilters:
    """What the list is narrowed by. ``state``: all, open (no bank line yet) or linked; ``since`` and ``until``: the day
    an advice names, both included; ``search``: in payer, reference and name of the file."""

    state: str = "all"
    since: date | None = None
    until: date | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class AdviceTotal:
    """What the advices of one currency come to, in minor units, and how many they are."""

    currency: str
    total_minor: int
    advices: int


@dataclass(frozen=True, slots=True)
class AdviceLine:
    """An advice in the list. ``line_public_id``: the bank line it is about, once found."""

    id: int
    public_id: str
    entity_id: int
    entity_code: str
    file_name: str
    file_sha256: str
    payer_name: str
    reference: str
    dated: date | None
    currency: str
    total_minor: int | None
    documents: int
    received_at: datetime
    received_by: str
    line_public_id: str
    advice: Advice | None = None


def advice_page(
    frame: Frame, filters: AdviceFilters, *, sort: str = "-received_at", page: int = 1, size: int = 50
) -> Page[AdviceLine]:
    """Advices of the entities the frame shows whole."""
    found = _narrowed(frame, filters)
    start, count = slice_of(page, size)
    rows = _rows(_ordered(found, sort)[start : start + count])
    totals = _totals(found)
    return Page(rows, sum(one.advices for one in totals.values()), page, size, totals)


def advice_whole(frame: Frame, filters: AdviceFilters, *, sort: str = "-received_at") -> Whole[AdviceLine]:
    """Everything ``advice_page`` finds."""
    found = _narrowed(frame, filters)
    totals = _totals(found)
    total = sum(one.advices for one in totals.values())
    ordered = _ordered(found, sort)

    def rows() -> Iterator[AdviceLine]:
        for start in range(0, total, CHUNK):
            yield from _rows(ordered[start : start + CHUNK])

    return Whole(rows(), total, totals)


def _narrowed(frame: Frame, filters: AdviceFilters) -> QuerySet[RemittanceAdvice]:
    found = _found(frame)
    if filters.state in ("open", "linked"):
        found = found.filter(line__isnull=filters.state == "open")
    if filters.since:
        found = found.filter(dated__gte=filters.since)
    if filters.until:
        found = found.filter(dated__lte=filters.until)
    if text := filters.search.strip():
        named = Q(payer_name__icontains=text) | Q(reference__icontains=text) | Q(file_name__icontains=text)
        found = found.filter(named)
    return found


def _ordered(found: QuerySet[RemittanceAdvice], sort: str) -> QuerySet[RemittanceAdvice]:
    column = F(_ORDERS.get(sort.removeprefix("-"), "id"))
    if sort.startswith("-"):
        return found.order_by(column.desc(nulls_last=True), "-id")
    return found.order_by(column.asc(nulls_last=True), "id")


def _totals(found: QuerySet[RemittanceAdvice]) -> dict[str, AdviceTotal]:
    sums = found.order_by().values("currency").annotate(amount=Sum("total_minor"), advices=Count("id"))
    return {
        row["currency"]: AdviceTotal(row["currency"], int(row["amount"] or 0), row["advices"])
        for row in sums.order_by("currency")
    }


def advice_slice(frame: Frame, *, open_only: bool, after: int, limit: int) -> Slice[AdviceLine]:
    """Advices in the order in which they came."""
    found = _found(frame).filter(id__gt=after)
    rows = _rows((found.filter(line=None) if open_only else found).order_by("id")[: limit + 1])
    shown = rows[:limit]
    return Slice(shown, shown[-1].id if shown else None, len(rows) > limit)


def open_advices(frame: Frame) -> int:
    """How many have not found their line."""
    return _found(frame).filter(line=None).count()


def advice_detail(frame: Frame, text: str) -> AdviceLine | None:
    """One advice with its documents."""
    number = inner_id("rem", text)
    return next(iter(_rows(_found(frame).filter(id=number or 0), whole=True)), None)


def _found(frame: Frame) -> QuerySet[RemittanceAdvice]:
    return RemittanceAdvice.objects.filter(entity_id__in=frame.whole_ids)


def _rows(found: QuerySet[RemittanceAdvice], *, whole: bool = False) -> list[AdviceLine]:
    listed = list(found.select_related("entity").annotate(documents=Count("rows")))
    names = actors_of({one.received_by_id for one in listed})
    documents = advice_rows([one.pk for one in listed]) if whole else {}
    same = "entity_id file_name file_sha256 payer_name reference dated currency total_minor received_at".split()
    return [
        AdviceLine(
            **{name: getattr(one, name) for name in same},
            id=one.pk,
            public_id=public_id("rem", one.pk),
            entity_code=one.entity.code,
            documents=one.documents,
            received_by=names.get(one.received_by_id, ""),
            line_public_id=public_id("bln", one.line_id) if one.line_id else "",
            advice=advice_of(one, documents.get(one.pk, ())) if whole else None,
        )
        for one in listed
    ]
