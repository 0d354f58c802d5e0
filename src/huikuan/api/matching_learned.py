"""What the matcher of an entity learned, and its automatic postings asked back, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.answers import as_json, post_once
from huikuan.api.callers import caller_of
from huikuan.api.matching_work import AuditTotalsOut, totals_of, whole_entity
from huikuan.api.paging import Asked, Cursor
from huikuan.api.parts import Number, OnceKey
from huikuan.api.problems import NotThere
from huikuan.api.schemas import Code, EntityCode, Given, Id, money
from huikuan.core.rights import Right
from huikuan.queries import workbench_day as queries
from huikuan.queries.ids import line_decision_id_text, line_decision_number
from huikuan.services.matching_audit import say_outcome
from huikuan.services.matching_learning import forget_learned

router = Router(tags=["Matching"])


# -- learned -----------------------------------------------------------------------------------------------------------
class LearnedAsked(Asked):
    kind: Literal["", "account", "alias", "habit", "word"] = Field("", description="Everything but words by default.")
    search: Code = ""


class LearnedOut(Schema):
    """`key`: the name, the word, whose habit; of an account its last four characters. `customer`: where it leads; null
    for money that is no customer's. `others`: of a word's lines those that were no customer's."""

    id: int
    kind: Literal["account", "alias", "habit", "word"]
    key: str
    customer: str | None
    detail: str
    lines: int
    others: int
    learned_at: datetime


class LearnedList(Schema):
    rows: list[LearnedOut]
    next: str | None
    more: bool


class ForgetIn(Given):
    """Nothing to say."""


class Forgotten(Schema):
    forgotten: int


def _learned(row: queries.LearnedRow) -> LearnedOut:
    same = "id kind detail others learned_at".split()
    return LearnedOut(
        **{name: getattr(row, name) for name in same},
        key=row.key[-4:] if row.kind == "account" else row.key,
        customer=row.customer_public_id or None,
        lines=row.count,
    )


@router.get("/{code}/learned", response=LearnedList, summary="List what the matcher learned")
def list_learned(request: HttpRequest, code: Path[EntityCode], asked: Query[LearnedAsked]) -> object:
    """From every line a person decided about or found right, in the order in which it was first learned."""
    row = whole_entity(caller_of(request), code, Right.DECIDE_MATCH)
    cursor = Cursor(f"learned {row.code}", asked, asked.cursor)
    found = queries.learned_slice(row.id, kind=asked.kind, search=asked.search, after=cursor.after, limit=asked.limit)
    return cursor.page(found, _learned)


@router.post("/{code}/learned/{number}/forget", response=Forgotten, summary="Forget something learned")
def forget(request: HttpRequest, code: Path[EntityCode], number: Path[Number], body: ForgetIn) -> HttpResponse:
    """It counts from nought; open lines are worked out without it."""
    caller = caller_of(request)
    row = whole_entity(caller, code, Right.DECIDE_MATCH)
    forget_learned(row.id, number, **caller.actor)
    return HttpResponse(as_json(Forgotten(forgotten=number)), content_type="application/json")


# -- the audit ---------------------------------------------------------------------------------------------------------
class DrawnOut(Schema):
    """An automatic posting that was drawn: the line's money, what of it was `applied` to which documents of which
    customer, how sure it was."""

    decision: str
    line: str
    posted_at: datetime
    amount: str
    applied: str
    currency: str
    payer: str
    text: str
    customer: str
    documents: list[str]
    confidence: float | None


class DrawnList(Schema):
    rows: list[DrawnOut]
    next: str | None
    more: bool


class OutcomeIn(Given):
    """`wrong` takes the posting back."""

    outcome: Literal["right", "wrong"]
    note: Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class OutcomeSaid(Schema):
    decision: str
    outcome: Literal["right", "wrong"]
    audit: AuditTotalsOut


def _drawn(row: queries.DecisionRow) -> DrawnOut:
    same = "currency payer text customer confidence".split()
    return DrawnOut(
        **{name: getattr(row, name) for name in same},
        decision=line_decision_id_text(row.id),
        line=row.line_public_id,
        posted_at=row.at,
        amount=money(row.amount_minor, row.currency),
        applied=money(row.applied_minor, row.currency),
        documents=list(row.documents),
    )


@router.get("/{code}/audit", response=DrawnList, summary="List automatic postings to check")
def list_drawn(request: HttpRequest, code: Path[EntityCode], asked: Query[Asked]) -> object:
    """Drawn at random and not answered yet, the oldest first."""
    row = whole_entity(caller_of(request), code, Right.AUDIT_MATCH)
    cursor = Cursor(f"audit {row.code}", asked, asked.cursor)
    return cursor.page(queries.audit_slice(row.id, after=cursor.after, limit=asked.limit), _drawn)


@router.post("/{code}/audit/{decision_id}", response={201: OutcomeSaid}, summary="Say whether a posting was right")
def say(
    request: HttpRequest, code: Path[EntityCode], decision_id: Path[Id], body: OutcomeIn, key: OnceKey
) -> HttpResponse:
    """Once; a wrong one is taken back, and the bar moves by what is known then."""
    caller = caller_of(request)
    row = whole_entity(caller, code, Right.AUDIT_MATCH)
    number = line_decision_number(decision_id)
    if number is None:
        raise NotThere

    def work() -> OutcomeSaid:
        say_outcome(row.id, number, right=body.outcome == "right", note=body.note, **caller.actor)
        return OutcomeSaid(decision=decision_id, outcome=body.outcome, audit=totals_of(row.id))

    return post_once(request, caller, row.id, "match.audit", key, body, work)
