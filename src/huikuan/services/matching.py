"""The matcher over the open lines of an entity: proposals worked out, what is sure enough posted.

Each automatic posting is a transaction of its own through the same decision as a clerk's; a run that is killed goes on
where it was, because a line decided about is not open any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from huikuan.core.matching import Deed, Explanation, Rest, explanation_of
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.engines.match_types import BarReport
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.workbench import undecided
from huikuan.services.auditing import record
from huikuan.services.background import enqueue
from huikuan.services.books import Books, open_books
from huikuan.services.line_decisions import Choice, decide_line
from huikuan.services.matching_audit import draw_sample
from huikuan.services.matching_engine import Answer, WorkedOut, bar_of, fit_entity, work_out
from huikuan.services.matching_payers import waits_for_paper
from huikuan.services.matching_policy import Policy, policy_of
from huikuan.services.rights import Forbidden, demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    Entity,
    IdempotencyKey,
    LineParked,
    MatchingModel,
    MatchingRun,
    MatchProposal,
    OpenItem,
    Shop,
)

_PART = 500


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did. ``held_back``: lines above the bar that were not posted, by why."""

    run_id: int
    lines: int
    posted: int
    proposed: int
    unexplained: int
    held_back: dict[str, int]
    bar: BarReport


def run_matching(
    entity_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    every: bool = True,
    fit: bool = False,
) -> RunReport:
    """Works out proposals for the open lines of an entity and posts what its policy allows.

    ``every``: all open lines, else those without a proposal or with one that is out of date. ``fit``: the bar is fitted
    to the past first; it is in any case where that was never done, or for another policy. Refuses ``right.missing``.
    """
    demand(actor_id, Right.DECIDE_MATCH, entity_id=entity_id)
    if fit or _is_unfitted(entity_id):
        fit_entity(entity_id, now=now)
    lines = undecided(entity_id) if every else unmatched(entity_id)
    run = MatchingRun.objects.create(entity_id=entity_id, started_at=now, actor_id=actor_id, lines=len(lines))
    round_ = _Round(run, policy_of(entity_id), now)
    posted = round_.go_over(lines)
    for _ in range(ROUNDS_MAX):
        # What was posted changed what is open, and so what other lines may pay.
        again = _out_of_date(entity_id) if posted else []
        if not again:
            break
        posted = round_.go_over(again)
    draw_sample(entity_id, run.pk, now=now)
    return _close(round_, actor_id)


def unmatched(entity_id: int) -> list[MatchLine]:
    """Open lines nobody has explained yet, or whose explanations are out of date."""
    lines = undecided(entity_id)
    fresh = MatchProposal.objects.filter(entity_id=entity_id, is_stale=False) if lines else MatchProposal.objects.none()
    known = set(fresh.values_list("line_id", flat=True))
    return [line for line in lines if line.line_id not in known]


def _is_unfitted(entity_id: int) -> bool:
    """Without a bar, or with one that promises something else than the policy asks for now."""
    row = MatchingModel.objects.filter(entity_id=entity_id).first()
    return row is None or BarReport.from_json(row.bar).max_error != policy_of(entity_id).max_error


ROUNDS_MAX = 5
"""Times a run goes over lines again whose explanations its own postings made out of date; the last of them posts what
it may, and what that made out of date is worked out anew when it is looked at."""


def _out_of_date(entity_id: int) -> list[MatchLine]:
    """Open lines whose explanations a posting since has overtaken."""
    stale = set(MatchProposal.objects.filter(entity_id=entity_id, is_stale=True).values_list("line_id", flat=True))
    return [line for line in undecided(entity_id) if line.line_id in stale] if stale else []


@dataclass(slots=True)
class _Round:
    """What a run did so far, by line. ``held_back``: why a line above the bar was not posted."""

    run: MatchingRun
    policy: Policy
    now: datetime
    bar: BarReport = field(default_factory=BarReport)
    explained: dict[int, bool] = field(default_factory=dict)
    held_back: dict[int, str] = field(default_factory=dict)
    posted: set[int] = field(default_factory=set)

    def go_over(self, lines: Sequence[MatchLine]) -> int:
        """Works lines out, keeps their proposals, posts what may be posted; gives how many that were."""
        entity_id = self.run.entity_id
        worked = work_out(entity_id, lines, today=_today(entity_id, self.now))
        keep_proposals(entity_id, lines, worked, run_id=self.run.pk, now=self.now)
        self.bar = worked.bar
        before = len(self.posted)
        for line in lines:
            answer = worked.answers.get(line.line_id)
            self.explained[line.line_id] = _has_explanation(answer)
            self.held_back.pop(line.line_id, None)
            if answer is None or answer.decision != "auto":
                continue
            why = _post_automatically(entity_id, line, answer, self.policy, worked.bar, self.run, self.now)
            if why:
                self.held_back[line.line_id] = why
            else:
                self.posted.add(line.line_id)
        return len(self.posted) - before


def _has_explanation(answer: Answer | None) -> bool:
    return answer is not None and answer.decision != "none" and bool(answer.explanations)


def _close(done: _Round, actor_id: int | None) -> RunReport:
    run, now = done.run, done.now
    held_back = dict(Counter(done.held_back.values()))

    def work() -> None:
        run.finished_at = now
        run.lines, run.posted = len(done.explained), len(done.posted)
        run.unexplained = sum(not known for line_id, known in done.explained.items() if line_id not in done.posted)
        run.proposed = run.lines - run.posted - run.unexplained
        run.held_back = held_back
        run.save()
        record(
            "match.run",
            now=now,
            actor_id=actor_id,
            entity_id=run.entity_id,
            subject=f"run:{run.pk}",
            lines=run.lines,
            posted=run.posted,
            proposed=run.proposed,
        )

    run_in_transaction(work)
    return RunReport(run.pk, run.lines, run.posted, run.proposed, run.unexplained, held_back, done.bar)


# -- proposals -------------------------------------------------------------------------------------------------------
def keep_proposals(
    entity_id: int, lines: Iterable[MatchLine], worked: WorkedOut, *, run_id: int | None, now: datetime
) -> None:
    """Puts what was worked out in the place of what was there."""
    rows = [_proposal(entity_id, line, worked.answers.get(line.line_id), worked.still, run_id, now) for line in lines]
    MatchProposal.objects.bulk_create(
        rows,
        batch_size=_PART,
        update_conflicts=True,
        unique_fields=["line"],
        update_fields=[
            "run",
            "decision",
            "kind",
            "confidence",
            "ambiguous",
            "account_id",
            "explanations",
            "worked_out_at",
            "is_stale",
        ],
    )


def _proposal(
    entity_id: int, line: MatchLine, answer: Answer | None, still: dict[int, int], run_id: int | None, now: datetime
) -> MatchProposal:
    made = answer.explanations if answer is not None else ()
    first = made[0] if made else None
    return MatchProposal(
        line_id=line.line_id,
        entity_id=entity_id,
        run_id=run_id,
        decision=answer.decision if answer is not None else "none",
        kind=first.kind if first else "",
        confidence=Decimal(f"{first.confidence if first else 0.0:.8f}"),
        ambiguous=first.ambiguous if first else 0,
        account_id=first.account_id if first else None,
        explanations=[_with_open(one, still).to_json() for one in made],
        worked_out_at=now,
        is_stale=False,
    )


def _with_open(one: Explanation, still: dict[int, int]) -> Explanation:
    legs = [{**leg, "open_minor": still.get(leg["item_id"], 0)} for leg in one.to_json()["legs"]]
    return explanation_of({**one.to_json(), "legs": legs})


def refresh_line(entity_id: int, line: MatchLine, *, now: datetime) -> MatchProposal:
    """Works out one line anew, when a person opens it and its proposal is out of date."""
    worked = work_out(entity_id, [line], today=_today(entity_id, now))
    keep_proposals(entity_id, [line], worked, run_id=None, now=now)
    return MatchProposal.objects.get(line_id=line.line_id)


def accept_explanation(
    entity_id: int,
    line_id: int,
    rank: int,
    *,
    token: str,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
) -> int:
    """Carries out the explanation of a rank; gives the decision's number. ``token``: when the explanations that were
    looked at were worked out (``worked_out_at``).

    Refuses ``match.no_explanation``, ``match.proposal_changed`` and what ``decide_line`` refuses.
    """
    proposal = MatchProposal.objects.filter(line_id=line_id, entity_id=entity_id).first()
    made = [explanation_of(one) for one in proposal.explanations] if proposal is not None else []
    chosen = next((one for one in made if one.rank == rank), None)
    if (
        proposal is not None
        and token
        and proposal.worked_out_at.isoformat() != token
        and not _was_done(entity_id, actor_id, key)
    ):
        raise Conflict("match.proposal_changed", "The explanations were worked out anew meanwhile: look at them again.")
    if chosen is None:
        raise Refusal("match.no_explanation", "There is no such explanation of this line.")
    return decide_line(entity_id, line_id, choice_of(chosen), actor_id=actor_id, now=now, key=key)


def accept_batch(entity_id: int, line_ids: Sequence[int], *, actor_id: int | None, now: datetime) -> tuple[int, int]:
    """Accepts the first explanation of each line, a transaction each; gives how many were applied and how many were
    refused (somebody was quicker, an item was used meanwhile) and stay. Refuses ``right.missing``."""
    demand(actor_id, Right.DECIDE_MATCH, entity_id=entity_id)
    done = 0
    for line_id in line_ids:
        try:
            accept_explanation(entity_id, line_id, 1, token="", actor_id=actor_id, now=now)
        except Forbidden:
            raise
        except Refusal:
            continue
        done += 1
    return done, len(line_ids) - done


def _was_done(entity_id: int, actor_id: int | None, key: str | None) -> bool:
    """A request sent again finds its own answer, whatever was worked out since."""
    mine = IdempotencyKey.objects.filter(
        entity_id=entity_id, actor_key=actor_id or 0, operation="match.decide", key=key
    )
    return key is not None and mine.exists()


# -- posting by itself -----------------------------------------------------------------------------------------------
def choice_of(made: Explanation) -> Choice:
    """What accepting an explanation does."""
    common = {"rank": made.rank, "confidence": made.confidence}
    if made.kind == "not_customer":
        return Choice(Deed.NOT_CUSTOMER, detail="other", **common)  # type: ignore[arg-type]
    if made.legs:
        rest = Rest.ON_ACCOUNT if made.kind == "on_account" else Rest.UNAPPLIED
        legs = tuple(replace(leg, open_minor=0) for leg in made.legs)
        return Choice(Deed.APPLY, legs=legs, rest=rest, **common)  # type: ignore[arg-type]
    return Choice(Deed.UNAPPLIED, account_id=made.account_id, **common)  # type: ignore[arg-type]


def _post_automatically(
    entity_id: int,
    line: MatchLine,
    answer: Answer,
    policy: Policy,
    bar: BarReport,
    run: MatchingRun,
    now: datetime,
) -> str:
    """Posts what is sure enough; gives why it was not, empty where it was."""
    made = answer.explanations[0]
    why = _held_back(entity_id, line, made, policy)
    if why:
        return why
    try:
        decide_line(
            entity_id,
            line.line_id,
            choice_of(made),
            actor_id=None,
            now=now,
            run_id=run.pk,
            bar=bar.threshold,
            key=f"match:{line.line_id}:{run.pk}",
        )
    except Conflict:
        return "taken"
    except Refusal as refusal:
        return refusal.code
    return ""


def _held_back(entity_id: int, line: MatchLine, made: Explanation, policy: Policy) -> str:
    """What is never posted without a person, however sure the matcher is."""
    if not policy.is_automatic:
        return "off"
    if made.ambiguous or made.kind != "items" or not made.legs:
        return "ambiguous" if made.ambiguous else "kind"
    if made.unapplied_minor or any(leg.deduction_minor and leg.deduction_reason in NEEDS_A_PERSON for leg in made.legs):
        return "kind"
    accounts = {leg.account_id for leg in made.legs}
    if len(accounts) > 1:
        return "several_customers"
    if Shop.objects.filter(account_id__in=accounts, is_active=True).exists():
        return "shop"  # A platform's money is its shop's payout: the fee kept is no discount.
    if waits_for_paper(line, min(accounts), needs_paper=policy.needs_paper):
        return "third_party"
    items = OpenItem.objects.filter(id__in=[leg.item_id for leg in made.legs])
    if set(items.values_list("currency", flat=True)) != {line.currency}:
        return "currency"
    if LineParked.objects.filter(line_id=line.line_id).exists():
        return "parked"
    books: Books = run_in_transaction(lambda: open_books(entity_id))
    # The policy's sum is of the books' currency, the matcher compared it with the line's own figure.
    value = books.to_base(line.amount_minor, line.currency, line.value_date)
    if policy.amount_minor_max is not None and value > policy.amount_minor_max:
        return "amount"
    return "closed_period" if books.posting_day(line.value_date).posting_date != line.value_date else ""


def waits_for(entity_id: int, line: MatchLine, made: Explanation) -> str:
    """Why a line the matcher is sure enough about waits for a person; empty where it is not over the bar."""
    bar = bar_of(entity_id)
    if bar.threshold is None or made.confidence < bar.threshold:
        return ""
    return _held_back(entity_id, line, made, policy_of(entity_id))


NEEDS_A_PERSON = frozenset({"short_payment", "overpayment"})
"""Deductions nobody agreed on."""


def _today(entity_id: int, now: datetime) -> date:
    zone = Entity.objects.values_list("timezone", flat=True).get(id=entity_id)
    return now.astimezone(ZoneInfo(zone)).date()


# -- after an import -------------------------------------------------------------------------------------------------
def match_after_import(entity_id: int, line_ids: Sequence[int], *, actor_id: int | None, now: datetime) -> None:
    """New lines are matched in the background, by the worker."""
    if line_ids:
        # What posts itself is the matcher's doing and not that of the person who brought the file.
        enqueue("match.run", entity_id, None)
