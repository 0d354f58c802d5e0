"""What was decided about bank lines today, by whom; what waits to be checked; what the matcher learned; questions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from huikuan.core.matching import Deed
from huikuan.queries.bank_lines import open_line_ids
from huikuan.queries.directory import actors_of, customer_ids_of
from huikuan.queries.feeds import Slice
from huikuan.queries.listing import Page
from huikuan.queries.workbench import account_names
from huikuan.store.models import (
    BankLine,
    Entity,
    LineDecision,
    LineParked,
    LineQuestion,
    MatchAudit,
    MatchingRun,
    MatchLearned,
    OpenItem,
)
from huikuan.store.public_ids import public_id

DAY_SHOWS = ("all", "automatic", "check", "people")


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision of today. ``amount_minor``: the line's; ``customers``: whose money it is, in order;
    ``documents``: numbers of the items; ``may_undo``: it stands and nothing stands on it;
    ``audit``: ``asked`` where it was drawn and nobody has said, else the outcome."""

    id: int
    line_public_id: str
    at: datetime
    who: str
    is_automatic: bool
    deed: str
    detail: str
    amount_minor: int
    applied_minor: int
    currency: str
    payer: str
    text: str
    customers: tuple[str, ...]
    documents: tuple[str, ...]
    confidence: float | None
    bar: float | None
    may_undo: bool
    is_undone: bool
    audit: str

    @property
    def customer(self) -> str:
        """Whose money it is, in one text."""
        return " · ".join(self.customers)

    @property
    def percent(self) -> int | None:
        return None if self.confidence is None else min(int(self.confidence * 100), 99)


def day_page(entity_id: int, *, show: str, page: int, size: int, now: datetime) -> Page[DecisionRow]:
    """Decisions of today, what waits to be checked first; ``check`` has older ones that wait too."""
    zone = ZoneInfo(Entity.objects.values_list("timezone", flat=True).get(id=entity_id))
    start = datetime.combine(now.astimezone(zone).date(), time(), zone)
    found = LineDecision.objects.filter(entity_id=entity_id).exclude(deed=Deed.UNDO.value)
    waiting = {"audit__outcome": "", "audit__isnull": False}
    found = found.filter(**waiting) if show == "check" else found.filter(at__gte=start)
    if show == "automatic":
        found = found.filter(is_automatic=True)
    elif show == "people":
        found = found.filter(is_automatic=False)
    total = found.count()
    found = found.select_related("line", "line__text", "audit", "undone_by").order_by("-id")
    rows = list(found[(page - 1) * size : page * size])
    return Page(rows=_decision_rows(rows), total=total, page=page, size=size)


def lines_waiting(entity_ids: Iterable[int]) -> dict[int, int]:
    """How many lines of each entity wait for a decision, those put aside or asked about left out; none without any."""
    done = LineDecision.objects.filter(undone_by__isnull=True, leaves_minor=0).exclude(deed=Deed.UNDO.value)
    asked = LineQuestion.objects.filter(closed_at=None, answer="")
    found = {}
    for number in entity_ids:
        left = open_line_ids(number).exclude(line_id__in=LineParked.objects.values_list("line_id"))
        left = left.exclude(line_id__in=done.filter(entity_id=number).values_list("line_id"))
        left = left.exclude(line_id__in=asked.filter(entity_id=number).values_list("line_id"))
        if count := left.count():
            found[number] = count
    return found


def audit_slice(entity_id: int, *, after: int, limit: int) -> Slice[DecisionRow]:
    """Automatic postings that were drawn and wait to be said right or wrong, the oldest first."""
    found = LineDecision.objects.filter(entity_id=entity_id, audit__isnull=False, audit__outcome="", id__gt=after)
    rows = list(found.select_related("line", "line__text", "audit", "undone_by").order_by("id")[: limit + 1])
    shown = rows[:limit]
    return Slice(_decision_rows(shown), shown[-1].pk if shown else None, len(rows) > limit)


def _decision_rows(rows: list[LineDecision]) -> list[DecisionRow]:
    names = actors_of(row.actor_id for row in rows)
    items = {leg["item_id"] for row in rows for leg in row.legs}
    documents = dict(OpenItem.objects.filter(id__in=items).values_list("id", "document_number"))
    accounts = account_names(number for row in rows for number in _accounts_of(row))
    last = _last_standing({row.line_id for row in rows})
    return [_decision_row(row, names, documents, accounts, last) for row in rows]


def _accounts_of(row: LineDecision) -> list[int | None]:
    """Of one, or of all a line was split among."""
    return list(dict.fromkeys([row.account_id, *(leg["account_id"] for leg in row.legs)]))


def _last_standing(line_ids: set[int]) -> dict[int, int]:
    found = LineDecision.objects.filter(line_id__in=line_ids, undone_by__isnull=True).exclude(deed=Deed.UNDO.value)
    return dict(found.order_by("id").values_list("line_id", "id"))


def _decision_row(
    row: LineDecision,
    names: dict[int | None, str],
    documents: dict[int, str],
    accounts: dict[int, str],
    last: dict[int, int],
) -> DecisionRow:
    line: BankLine = row.line
    text = getattr(line, "text", None)
    audit = getattr(row, "audit", None)
    undone = getattr(row, "undone_by", None) is not None
    return DecisionRow(
        id=row.pk,
        line_public_id=public_id("bln", line.pk),
        at=row.at,
        who="huikuan" if row.is_automatic else names.get(row.actor_id, "–"),
        is_automatic=row.is_automatic,
        deed=row.deed,
        detail=row.detail,
        amount_minor=line.amount_minor,
        applied_minor=row.applied_minor,
        currency=line.currency,
        payer=text.payer_name if text is not None else "",
        text=text.remittance_text if text is not None else "",
        customers=tuple(accounts[number] for number in _accounts_of(row) if number in accounts),
        documents=tuple(documents.get(leg["item_id"], "–") for leg in row.legs),
        confidence=None if row.confidence is None else float(row.confidence),
        bar=None if row.bar is None else float(row.bar),
        may_undo=last.get(line.pk) == row.pk,
        is_undone=undone,
        audit="" if audit is None else audit.outcome or "asked",
    )


@dataclass(frozen=True, slots=True)
class AuditTotals:
    """Automatic postings asked back so far: how many, how many were wrong, how many wait."""

    said: int
    wrong: int
    waiting: int


def audit_totals(entity_id: int) -> AuditTotals:
    rows = list(MatchAudit.objects.filter(entity_id=entity_id).values_list("outcome", flat=True))
    return AuditTotals(said=sum(1 for outcome in rows if outcome), wrong=rows.count("wrong"), waiting=rows.count(""))


def last_run(entity_id: int) -> MatchingRun | None:
    """The matcher's last run over the open lines of an entity."""
    return MatchingRun.objects.filter(entity_id=entity_id, finished_at__isnull=False).order_by("-id").first()


# -- learned ---------------------------------------------------------------------------------------------------------
SHOWN_OF_ACCOUNT = 4
"""Last characters of an account that everybody is shown."""
LEARNED_KINDS = ("account", "alias", "habit", "word")


@dataclass(frozen=True, slots=True)
class LearnedRow:
    """Something learned. ``customer``: where it leads; empty for money that is no customer's."""

    id: int
    kind: str
    key: str
    customer: str
    customer_public_id: str
    detail: str
    count: int
    others: int
    learned_at: datetime


def learned_page(
    entity_id: int, *, kind: str, search: str, page: int, size: int, masked: bool = False
) -> Page[LearnedRow]:
    """What the matcher knows, the commonest first. Habits of all customers together and totals are left out.
    ``masked``: accounts are found as a whole or by the last characters that are shown, and not digit by digit."""
    found = _learned(entity_id, kind, search, masked)
    total = found.count()
    rows = list(found.order_by("-count", "kind", "key", "id")[(page - 1) * size : page * size])
    return Page(rows=_learned_rows(rows), total=total, page=page, size=size)


def learned_slice(entity_id: int, *, kind: str, search: str, after: int, limit: int) -> Slice[LearnedRow]:
    """The same in the order in which it was first learned, accounts ``masked``."""
    rows = list(_learned(entity_id, kind, search, True).filter(id__gt=after).order_by("id")[: limit + 1])
    shown = rows[:limit]
    return Slice(_learned_rows(shown), shown[-1].pk if shown else None, len(rows) > limit)


def _learned(entity_id: int, kind: str, search: str, masked: bool) -> QuerySet[MatchLearned]:
    found = MatchLearned.objects.filter(entity_id=entity_id, count__gt=0, kind__in=LEARNED_KINDS).exclude(customer="*")
    found = found.filter(kind=kind) if kind else found.exclude(kind="word")
    found = found.exclude(kind="habit", detail="lines")
    if not search:
        return found
    if not masked:
        return found.filter(key__icontains=search)
    account = Q(key__iendswith=search) if len(search) <= SHOWN_OF_ACCOUNT else Q(key__iexact=search)
    return found.filter(~Q(kind="account") & Q(key__icontains=search) | Q(kind="account") & account)


def _learned_rows(rows: list[MatchLearned]) -> list[LearnedRow]:
    numbers = [int(row.customer) for row in rows if row.customer.isdigit()]
    names = account_names(numbers)
    customers = customer_ids_of(numbers)
    listed = []
    for row in rows:
        account = int(row.customer) if row.customer.isdigit() else 0
        listed.append(
            LearnedRow(
                id=row.pk,
                kind=row.kind,
                key=names.get(account, row.key) if row.kind == "habit" else row.key,
                customer=names.get(account, ""),
                customer_public_id=public_id("cus", customers[account]) if account in customers else "",
                detail=row.detail,
                count=row.count,
                others=row.others,
                learned_at=row.learned_at,
            )
        )
    return listed


# -- questions -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question about a line, as the person who was asked sees it."""

    id: int
    question: str
    asked_by: str
    asked_at: datetime
    payer: str
    text: str
    value_date: date
    amount_minor: int
    currency: str


def questions_for(user_id: int, entity_ids: Collection[int]) -> list[QuestionRow]:
    """What a person was asked and has not answered, the oldest first. ``entity_ids``: those whose ledger may be seen;
    what was asked before somebody lost the right is not there any more."""
    rows = list(_questions(user_id, entity_ids).order_by("id").select_related("line", "line__text"))
    names = actors_of(row.asked_by_id for row in rows)
    listed = []
    for row in rows:
        text = getattr(row.line, "text", None)
        listed.append(
            QuestionRow(
                id=row.pk,
                question=row.question,
                asked_by=names.get(row.asked_by_id, "–"),
                asked_at=row.asked_at,
                payer=text.payer_name if text is not None else "",
                text=text.remittance_text if text is not None else "",
                value_date=row.line.value_date,
                amount_minor=row.line.amount_minor,
                currency=row.line.currency,
            )
        )
    return listed


def open_questions(user_id: int, entity_ids: Collection[int]) -> int:
    """How many of them there are."""
    return _questions(user_id, entity_ids).count()


def _questions(user_id: int, entity_ids: Collection[int]) -> QuerySet[LineQuestion]:
    return LineQuestion.objects.filter(asked_id=user_id, closed_at=None, entity_id__in=entity_ids)


def question_entity(number: int, user_id: int) -> int | None:
    """The entity of a question that a person was asked, answered or not."""
    return LineQuestion.objects.filter(id=number, asked_id=user_id).values_list("entity_id", flat=True).first()
