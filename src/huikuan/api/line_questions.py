"""Questions to colleagues about bank lines, for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import StringConstraints

from huikuan.api.answers import as_json, post_once
from huikuan.api.callers import caller_of
from huikuan.api.parts import Number, OnceKey
from huikuan.api.problems import NotThere, invalid
from huikuan.api.schemas import Given, Id, money
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import workbench_day as queries
from huikuan.queries import workbench_line
from huikuan.services.line_asides import answer_question, ask_about_line
from huikuan.services.lookup import find_user

lines = Router(tags=["Bank lines"])
questions = Router(tags=["Questions about lines"])

Said = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]


class QuestionIn(Given):
    """`colleague`: the user name of somebody who sees the entity's customers."""

    colleague: Annotated[str, StringConstraints(min_length=1, max_length=150)]
    question: Said


class QuestionAsked(Schema):
    question: int
    line: str


class QuestionOut(Schema):
    """What you were asked about a line."""

    question: int
    text: str
    asked_by: str
    asked_at: datetime
    value_date: date
    amount: str
    currency: str
    payer: str
    remittance_text: str


class QuestionList(Schema):
    rows: list[QuestionOut]


class AnswerIn(Given):
    answer: Said


class Answered(Schema):
    question: int


@lines.post("/{line_id}/question", response={201: QuestionAsked}, summary="Ask a colleague about a line")
def ask(request: HttpRequest, line_id: Path[Id], body: QuestionIn, key: OnceKey) -> HttpResponse:
    """The colleague finds it under Today; the line comes back with the answer."""
    caller = caller_of(request)
    line = workbench_line.line_at(caller.frame().whole_ids, line_id)
    if line is None:
        raise NotThere
    caller.demand(Right.DECIDE_MATCH, line.entity_id)

    def work() -> QuestionAsked:
        try:
            asked_id = find_user(body.colleague) or 0
        except Refusal as refusal:
            raise invalid("#/colleague", refusal) from None
        number = ask_about_line(line.entity_id, line.line_id, asked_id, body.question, **caller.actor)
        return QuestionAsked(question=number, line=line_id)

    return post_once(request, caller, line.entity_id, "match.ask", key, body, work)


@questions.get("", response=QuestionList, summary="List what you were asked")
def list_questions(request: HttpRequest) -> object:
    """Open ones, the oldest first."""
    caller = caller_of(request)
    found = queries.questions_for(caller.user.pk, [row.id for row in caller.entities])
    return QuestionList(rows=[_question(row) for row in found])


def _question(row: queries.QuestionRow) -> QuestionOut:
    same = "asked_by asked_at value_date currency payer".split()
    return QuestionOut(
        **{name: getattr(row, name) for name in same},
        question=row.id,
        text=row.question,
        amount=money(row.amount_minor, row.currency),
        remittance_text=row.text,
    )


@questions.post("/{number}/answer", response=Answered, summary="Answer a question about a line")
def answer(request: HttpRequest, number: Path[Number], body: AnswerIn) -> HttpResponse:
    """It stands beside the line then. Once: an answered question is a conflict."""
    caller = caller_of(request)
    entity_id = queries.question_entity(number, caller.user.pk)
    if entity_id is not None:  # The service knows the person's rights, and not what the key narrows them to.
        caller.demand(Right.SEE_LEDGER, entity_id)
    answer_question(number, body.answer, **caller.actor)
    return HttpResponse(as_json(Answered(question=number)), content_type="application/json")
