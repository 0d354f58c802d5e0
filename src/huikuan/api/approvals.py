"""Requests for approval: followed and decided by programs. What is decided, and by whom, is docs/approvals.md."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.parts import OnceKey, codes
from huikuan.api.problems import NotThere
from huikuan.api.schemas import Code, Given, Name, money
from huikuan.core.approvals import ApprovalKind, ApprovalState
from huikuan.core.rights import Right
from huikuan.queries.approvals import ApprovalRow, StepRow, approval, approval_slice
from huikuan.services.approvals import decide_approval, withdraw_approval

router = Router(tags=["Approvals"])
Number = Annotated[int, Field(ge=1, lt=1 << 62)]


class ApprovalsAsked(Asked):
    entity: Code = ""
    which: Literal["waiting", "asked", "all"] = Field("all", description="`waiting`: those you may decide now.")


class ApprovalStepOut(Schema):
    """A step of the ladder the request was asked under; ``approved`` is null while nobody has decided."""

    number: int
    role: str
    from_amount: str
    approved: bool | None
    note: str
    decided_by: str
    on_behalf_of: str
    decided_at: datetime | None


class ApprovalOut(Schema):
    """A request. ``about`` is the item or receipt; ``base_amount`` is in the currency of the books; ``waits_for`` the
    role whose decision is next; ``entry`` what was posted in the end; ``lapsed_by`` the step of the bill (``paid``,
    say; ``settled``: its amount was settled otherwise) that closed a request in the state ``lapsed``."""

    number: int
    entity: str
    kind: ApprovalKind
    state: ApprovalState
    title: str
    about: str | None
    amount: str
    currency: str
    base_amount: str
    reason: str
    requested_by: str
    requested_at: datetime
    closed_at: datetime | None
    waits_for: str | None
    you_may_decide: bool
    entry: str | None
    lapsed_by: str | None
    steps: list[ApprovalStepOut]


class ApprovalList(Schema):
    rows: list[ApprovalOut]
    next: str | None
    more: bool


class DecisionIn(Given):
    """``note`` must say why something is rejected. Only who asked may withdraw."""

    decision: Literal["approve", "reject", "withdraw"]
    note: Name = ""


def _step(row: StepRow, currency: str) -> ApprovalStepOut:
    same = ("number", "role", "approved", "note", "decided_by", "on_behalf_of", "decided_at")
    return ApprovalStepOut(**{name: getattr(row, name) for name in same}, from_amount=money(row.from_minor, currency))


def _out(row: ApprovalRow, by_number: dict[int, str]) -> ApprovalOut:
    same = ("title", "currency", "reason", "requested_by", "requested_at", "closed_at")
    return ApprovalOut(
        **{name: getattr(row, name) for name in same},
        number=row.id,
        entity=by_number[row.entity_id],
        kind=ApprovalKind(row.kind),
        state=ApprovalState(row.state),
        about=row.page_id or None,
        amount=money(row.amount_minor, row.currency),
        base_amount=money(row.base_minor, row.entity_currency),
        waits_for=row.waits_for or None,
        you_may_decide=row.mine,
        entry=row.entry_public_id or None,
        lapsed_by=row.facts.get("lapsed"),
        steps=[_step(one, row.entity_currency) for one in row.steps],
    )


@router.get("", response=ApprovalList, summary="List requests for approval")
def list_approvals(request: HttpRequest, asked: Query[ApprovalsAsked]) -> object:
    """In the order in which they were asked: those you asked or may decide, and every one of entities you see whole."""
    caller = caller_of(request)
    frame = caller.frame(asked.entity)
    cursor = Cursor("approvals", asked, asked.cursor)
    found = approval_slice(
        user_id=int(caller.user.pk),
        within=frame.entity_ids,
        entity_ids=caller.entities_with(Right.SEE_LEDGER),
        which=asked.which,
        today=frame.today,
        after=cursor.after,
        limit=asked.limit,
    )
    by_number = codes()
    return cursor.page(found, lambda row: _out(row, by_number))


def _known(caller: Caller, number: int) -> ApprovalRow:
    frame = caller.frame()
    whole = caller.entities_with(Right.SEE_LEDGER)
    found = approval(number, user_id=int(caller.user.pk), entity_ids=whole, today=frame.today)
    if found is None or found.entity_id not in frame.entity_ids:
        raise NotThere
    return found


@router.get("/{number}", response=ApprovalOut, summary="Read a request for approval")
def read_approval(request: HttpRequest, number: Path[Number]) -> HttpResponse:
    """One request with its steps, and its ETag."""
    return tagged(request, _out(_known(caller_of(request), number), codes()))


@router.post("/{number}/decision", response={200: ApprovalOut}, summary="Decide on a request for approval")
def decide(request: HttpRequest, number: Path[Number], body: DecisionIn, key: OnceKey) -> HttpResponse:
    """Takes the step that waits; the last approval posts, in the name of who asked. A key needs `approval.decide`."""
    caller = caller_of(request)
    found = _known(caller, number)
    caller.demand(Right.DECIDE_APPROVAL, found.entity_id)

    def work() -> ApprovalOut:
        if body.decision == "withdraw":
            withdraw_approval(number, **caller.actor)
        else:
            approve = body.decision == "approve"
            decide_approval(number, approve, note=body.note, today=caller.frame().today, **caller.actor)
        return _out(_known(caller, number), codes())

    return post_once(request, caller, found.entity_id, "approval.decide", key, body, work, status=200)
