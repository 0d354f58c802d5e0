"""The matcher of an entity for programs: its policy and bar, runs, many lines accepted at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.answers import as_json, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.parts import read_minor
from huikuan.api.schemas import Amount, EntityCode, Given, money
from huikuan.core.rights import Right
from huikuan.queries import workbench_day as queries
from huikuan.queries.frame import EntityRow
from huikuan.queries.matching_work import at_work
from huikuan.queries.workbench import batch_of
from huikuan.services.matching import RunReport, accept_batch, run_matching, start_matching
from huikuan.services.matching_engine import bar_of
from huikuan.services.matching_policy import Policy, policy_of, set_policy

router = Router(tags=["Matching"])

Least = Annotated[float, Field(ge=0.5, le=1.0)]


def whole_entity(caller: Caller, code: str, right: Right) -> EntityRow:
    """An entity for all of whose customers the caller holds a right."""
    row = caller.entity(code)
    caller.demand_whole(right, row.id)
    return row


# -- policy and bar ----------------------------------------------------------------------------------------------------
class PolicyIn(Given):
    """What the matcher may do by itself. `max_error`: the share of wrong postings that is not to be exceeded;
    `amount_max`: larger lines wait for a person (null: none is too large); `audit_share`: how much is asked back;
    `charge_max` and `charge_share_max`: up to both a bank charge ends an item; `needs_paper`: money of other payers
    waits for their paper. Amounts in the currency of the books."""

    automatic: bool
    max_error: float = Field(0.001, gt=0, le=0.05)
    amount_max: Amount | None = None
    audit_share: float = Field(0.02, ge=0.005, le=1)
    charge_max: Amount = "0"
    charge_share_max: float = Field(0.01, ge=0, le=0.1)
    needs_paper: bool = False


class PolicyOut(Schema):
    automatic: bool
    max_error: float
    amount_max: str | None
    audit_share: float
    charge_max: str
    charge_share_max: float
    needs_paper: bool


class BarOut(Schema):
    """`threshold`: the least confidence at which a line posts itself that names every item and fits to the cent,
    `threshold_others` and `threshold_doubted` of lines of more doubt; null where nothing may post itself, and `reason`
    says why. Of `lines` past lines `above` were over it, `errors` of them wrong; so the share of wrong ones is under
    `bound` with 95 % probability. `lines_missing`: about so many more confirmed lines would set a bar."""

    threshold: float | None
    threshold_others: float | None
    threshold_doubted: float | None
    reason: str
    lines: int
    above: int
    errors: int
    bound: float | None
    lines_missing: int
    drift: float | None
    vouched: dict[str, float]


class RunOut(Schema):
    """`held_back`: lines over the bar that were left for a person, by why."""

    lines: int
    posted: int
    proposed: int
    unexplained: int
    held_back: dict[str, int]
    finished_at: datetime


class AtWorkOut(Schema):
    looked_at: int
    of: int


class AuditTotalsOut(Schema):
    """Automatic postings asked back: how many were answered, how many of them wrong, how many wait."""

    said: int
    wrong: int
    waiting: int


def totals_of(entity_id: int) -> AuditTotalsOut:
    found = queries.audit_totals(entity_id)
    return AuditTotalsOut(said=found.said, wrong=found.wrong, waiting=found.waiting)


class MatchingOut(Schema):
    """Where matching stands. `at_work`: a run that goes on right now."""

    entity: str
    policy: PolicyOut
    bar: BarOut
    last_run: RunOut | None
    at_work: AtWorkOut | None
    audit: AuditTotalsOut


def _policy(row: EntityRow) -> PolicyOut:
    held = policy_of(row.id)
    most = held.amount_minor_max
    return PolicyOut(
        automatic=held.is_automatic,
        max_error=held.max_error,
        amount_max=None if most is None else money(most, row.currency),
        audit_share=held.audit_bp / 10_000,
        charge_max=money(held.charge_minor_max, row.currency),
        charge_share_max=held.charge_bp_max / 10_000,
        needs_paper=held.needs_paper,
    )


@router.get("/{code}", response=MatchingOut, summary="Read where matching stands")
def read_matching(request: HttpRequest, code: Path[EntityCode]) -> HttpResponse:
    """The policy, the bar and what it rests on, the last run, the audit."""
    row = whole_entity(caller_of(request), code, Right.SEE_LEDGER)
    bar, last, going = bar_of(row.id), queries.last_run(row.id), at_work(row.id)
    return tagged(
        request,
        MatchingOut(
            entity=row.code,
            policy=_policy(row),
            bar=BarOut(**{name: getattr(bar, name) for name in BarOut.model_fields}),
            last_run=None if last is None else RunOut(**{name: getattr(last, name) for name in RunOut.model_fields}),
            at_work=None if going is None else AtWorkOut(looked_at=going.done, of=going.total),
            audit=totals_of(row.id),
        ),
    )


@router.put("/{code}/policy", response=PolicyOut, summary="Decide what posts itself")
def change_policy(request: HttpRequest, code: Path[EntityCode], body: PolicyIn) -> HttpResponse:
    """Replaces the policy; the bar is set anew by the next run where it promises something else."""
    caller = caller_of(request)
    row = whole_entity(caller, code, Right.EDIT_MATCH_POLICY)
    policy = Policy(
        is_automatic=body.automatic,
        error_ppm=round(body.max_error * 1_000_000),
        amount_minor_max=None if body.amount_max is None else read_minor(body.amount_max, row.currency, "#/amount_max"),
        audit_bp=round(body.audit_share * 10_000),
        charge_minor_max=read_minor(body.charge_max, row.currency, "#/charge_max"),
        charge_bp_max=round(body.charge_share_max * 10_000),
        needs_paper=body.needs_paper,
    )
    set_policy(row.id, policy, **caller.actor)
    return HttpResponse(as_json(_policy(row)), content_type="application/json")


# -- runs --------------------------------------------------------------------------------------------------------------
class RunIn(Given):
    fit: bool = Field(False, description="Set the bar anew from the confirmed past first.")


class RunMade(Schema):
    """`in_background`: many lines are matched by the worker; read how far it is at the address of the entity. Else
    what the run did."""

    in_background: bool
    lines: int
    posted: int
    proposed: int
    unexplained: int
    held_back: dict[str, int]


@router.post("/{code}/runs", response={201: RunMade, 202: RunMade}, summary="Match every open line")
def create_run(request: HttpRequest, code: Path[EntityCode], body: RunIn) -> HttpResponse:
    """Explains what is open and posts what the policy allows. Sent again it finds less to do, and posts nothing
    twice."""
    caller = caller_of(request)
    row = whole_entity(caller, code, Right.DECIDE_MATCH)
    if start_matching(row.id, fit=body.fit, actor_id=caller.user.pk):
        return _ran(None, status=202)
    return _ran(run_matching(row.id, fit=body.fit, **caller.actor), status=201)


def _ran(report: RunReport | None, *, status: int) -> HttpResponse:
    counts: dict[str, Any] = {"lines": 0, "posted": 0, "proposed": 0, "unexplained": 0, "held_back": {}}
    if report is not None:
        counts = {name: getattr(report, name) for name in counts}
    made = RunMade(in_background=report is None, **counts)
    return HttpResponse(as_json(made), status=status, content_type="application/json")


# -- many at once ------------------------------------------------------------------------------------------------------
class BatchAsked(Schema):
    least: Least = Field(0.99, description="The least confidence.")


class SumOut(Schema):
    currency: str
    amount: str


class BatchOut(Schema):
    """What accepting every first explanation of that confidence would do. `mark`: name it to do just this."""

    lines: int
    sums: list[SumOut]
    mark: str


class BatchIn(Given):
    least: Least = 0.99
    mark: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class BatchMade(Schema):
    """`left`: refused one by one (somebody was quicker, an item was used meanwhile); they stay to be decided."""

    applied: int
    left: int


@router.get("/{code}/batch", response=BatchOut, summary="Read what accepting many lines would do")
def read_batch(request: HttpRequest, code: Path[EntityCode], asked: Query[BatchAsked]) -> object:
    """The surest 500 at most. Items to be paid only; ambiguous lines, those with money left over or kept back, those
    put aside and those asked about are left out."""
    caller = caller_of(request)
    row = whole_entity(caller, code, Right.DECIDE_MATCH)
    batch = batch_of(row.id, asked.least, now=caller.now)
    listed = [SumOut(currency=code, amount=money(minor, code)) for code, minor in sorted(batch.sums.items())]
    return BatchOut(lines=len(batch.tokens), sums=listed, mark=batch.mark)


@router.post("/{code}/batch", response={201: BatchMade}, summary="Accept many lines")
def accept_many(request: HttpRequest, code: Path[EntityCode], body: BatchIn) -> HttpResponse:
    """Each line in a transaction of its own. With the `mark` of what you read: a conflict where it would be other lines
    by now."""
    caller = caller_of(request)
    row = whole_entity(caller, code, Right.DECIDE_MATCH)
    applied, left = accept_batch(row.id, body.least, mark=body.mark, **caller.actor)
    made = BatchMade(applied=applied, left=left)
    return HttpResponse(as_json(made), status=201, content_type="application/json")
