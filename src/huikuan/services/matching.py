"""The matcher over the open lines of an entity: proposals worked out, what is sure enough posted.

Each automatic posting is a transaction of its own through the same decision as a clerk's; a run that is killed is gone
on with: what it looked at is kept (``matching_portions``), and a line decided about is not open any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.core.accounts import EntryKind
from huikuan.core.matching import Explanation, explanation_of
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.engines.match_lines import read_lines
from huikuan.engines.match_types import BarReport
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.matching_tables import lines_table
from huikuan.queries.workbench import batch_of, undecided_ids
from huikuan.queries.workbench_line import Pane, pane_of, still_open
from huikuan.services.auditing import record
from huikuan.services.background import enqueue
from huikuan.services.idempotency import answered
from huikuan.services.line_decisions import decide_line
from huikuan.services.matching_audit import draw_sample
from huikuan.services.matching_engine import Answer, Basis, WorkedOut, bar_of, basis_of, fit_entity, work_out
from huikuan.services.matching_learning import FEW, knowledge_about, knowledge_of
from huikuan.services.matching_policy import Policy, policy_of
from huikuan.services.matching_portions import Trail, hold_matching, lines_of, portions_of, teller
from huikuan.services.matching_posting import choice_of, needed, post_automatically
from huikuan.services.rights import Forbidden, demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.batch_locks import PATIENCE
from huikuan.store.models import (
    Entity,
    JournalEntry,
    LineDecision,
    MatchingModel,
    MatchingRun,
    MatchProposal,
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
    patience: int = PATIENCE,
) -> RunReport:
    """Works out proposals for the open lines of an entity and posts what its policy allows.

    ``every``: all open lines, else those without a proposal or with one that is out of date. ``fit``: the bar is fitted
    to the past first; it is in any case where that was never done, or for another policy. A run whose process died is
    gone on with. ``patience``: tries, 20 ms apart, while somebody else matches the entity's lines. Refuses
    ``right.missing`` and ``match.at_work``.
    """
    demand(actor_id, Right.DECIDE_MATCH, entity_id=entity_id)
    with hold_matching(entity_id, patience) as folder:
        if fit or _is_unfitted(entity_id):
            fit_entity(entity_id, now=now)
        run, trail = _begin(entity_id, folder, actor_id, now)
        round_ = _Round(run, policy_of(entity_id), now, teller(folder), bar_of(entity_id))
        round_.explained.update(trail.explained)
        round_.posted.update(LineDecision.objects.filter(run_id=run.pk).values_list("line_id", flat=True))
        is_first = every and not trail.portions
        posted = round_.go_over((undecided_ids if is_first else unmatched_ids)(entity_id), trail)
        for _ in range(ROUNDS_MAX):
            # What was posted changed what is open, and so what other lines may pay; and lines came meanwhile.
            again = unmatched_ids(entity_id) if posted else unmatched_ids(entity_id) - round_.explained.keys()
            if not again:
                break
            posted = round_.go_over(again, Trail())
        draw_sample(entity_id, run.pk, now=now)
        report = _close(round_, actor_id)
        trail.clear()
    return report


def _begin(entity_id: int, folder: Path, actor_id: int | None, now: datetime) -> tuple[MatchingRun, Trail]:
    """A new run, or the last one with what it left behind where it was never finished."""
    last = MatchingRun.objects.filter(entity_id=entity_id).order_by("-id").first()
    if last is not None and last.finished_at is None and (trail := Trail(folder, last.pk)).read():
        return last, trail
    run = MatchingRun.objects.create(entity_id=entity_id, started_at=now, actor_id=actor_id)
    Trail(folder).clear()
    return run, Trail(folder, run.pk)


def unmatched_ids(entity_id: int) -> set[int]:
    """Open lines nobody has explained yet, or whose explanations are out of date."""
    fresh = MatchProposal.objects.filter(entity_id=entity_id, is_stale=False)
    return undecided_ids(entity_id) - set(fresh.values_list("line_id", flat=True))


def _is_unfitted(entity_id: int) -> bool:
    """Without a bar, or with one that promises something else than the policy asks for now."""
    row = MatchingModel.objects.filter(entity_id=entity_id).first()
    return row is None or BarReport.from_json(row.bar).max_error != policy_of(entity_id).max_error


ROUNDS_MAX = 5
"""Times a run goes over lines again whose explanations its own postings made out of date; the last of them posts what
it may, and what that made out of date is worked out anew when it is looked at."""


@dataclass(slots=True)
class _Round:
    """What a run did so far, by line. ``held_back``: why a line above the bar was not posted."""

    run: MatchingRun
    policy: Policy
    now: datetime
    tell: Callable[[str, int, int], None]
    bar: BarReport
    explained: dict[int, bool] = field(default_factory=dict)
    held_back: dict[int, str] = field(default_factory=dict)
    posted: set[int] = field(default_factory=set)

    def go_over(self, line_ids: set[int], trail: Trail) -> int:
        """Works lines out in portions, keeps their proposals, then posts what may be posted of these and of what the
        trail holds; gives how many that were."""
        if line_ids or trail.portions > 1:
            self._look_at_all(line_ids, trail)
        self.explained.update(trail.explained)
        return self._post(undecided_ids(self.run.entity_id).intersection(trail.explained))

    def _look_at_all(self, line_ids: set[int], trail: Trail) -> None:
        total = len(trail.explained) + len(line_ids)
        is_alone = len(line_ids) <= FEW and not trail.portions
        lines = read_lines(lines_table(lines_of(sorted(line_ids)))) if is_alone else []
        known = knowledge_about(self.run.entity_id, lines) if is_alone else knowledge_of(self.run.entity_id)
        basis = basis_of(self.run.entity_id, known, today=self._today)
        for groups in portions_of(line_ids, basis):
            self.tell("look", len(trail.explained), total)
            worked, explained = self._look(list(groups), basis)
            trail.add(groups, explained, worked.claims)
        if again := undecided_ids(self.run.entity_id).intersection(trail.together()):
            _worked, explained = self._look(sorted(again), basis)
            trail.explained.update(explained)

    @property
    def _today(self) -> date:
        return _today(self.run.entity_id, self.now)

    def _look(self, line_ids: Sequence[int], basis: Basis) -> tuple[WorkedOut, dict[int, bool]]:
        lines = lines_of(line_ids)
        worked = work_out(self.run.entity_id, lines, today=self._today, basis=basis)
        keep_proposals(self.run.entity_id, lines, worked, run_id=self.run.pk, now=self.now)
        self.bar = worked.bar
        for one in line_ids:
            self.held_back.pop(one, None)
        return worked, {one: _has_explanation(worked.answers.get(one)) for one in line_ids}

    def _post(self, line_ids: set[int]) -> int:
        """Posts what is sure enough, the oldest money first; not what somebody made out of date meanwhile."""
        sure = MatchProposal.objects.filter(
            entity_id=self.run.entity_id, run_id=self.run.pk, decision="auto", is_stale=False
        ).order_by("line__value_date", "line_id")
        listed = [one for one in sure.values_list("line_id", flat=True) if one in line_ids and one not in self.posted]
        before = len(self.posted)
        for start in range(0, len(listed), _PART):
            self.tell("post", start, len(listed))
            part = listed[start : start + _PART]
            proposals = {row.pk: row for row in MatchProposal.objects.filter(run_id=self.run.pk, pk__in=part)}
            for line in lines_of([one for one in part if one in proposals]):
                made = explanation_of(proposals[line.line_id].explanations[0])
                bar = needed(self.bar, made)
                why = post_automatically(self.run.entity_id, line, made, self.policy, bar, self.run, self.now)
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


def fresh_pane(line: MatchLine, *, user_id: int | None, now: datetime, refresh: bool = True) -> tuple[Pane, bool]:
    """A line with its explanations, and whether it is open. ``refresh``: those out of date are worked out anew."""
    pane, is_open = pane_of(line, user_id=user_id, now=now), bool(still_open([line]))
    if refresh and pane.is_stale and is_open:
        refresh_line(line.entity_id, line, now=now)
        pane = pane_of(line, user_id=user_id, now=now)
    return pane, is_open


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
    request = ("accept", line_id, rank, token)
    asked: dict[str, Any] = {"actor_id": actor_id, "key": key, "request": request}
    # A request sent again finds its own answer, whatever was worked out since.
    known = answered(entity_id=entity_id, operation="match.decide", **asked)
    if known is not None:
        return int(known["decision"])
    proposal = MatchProposal.objects.filter(line_id=line_id, entity_id=entity_id).first()
    made = [explanation_of(one) for one in proposal.explanations] if proposal is not None else []
    chosen = next((one for one in made if one.rank == rank), None)
    if proposal is not None and token and proposal.worked_out_at.isoformat() != token:
        raise Conflict("match.proposal_changed", "The explanations were worked out anew meanwhile: look at them again.")
    if chosen is None:
        raise Refusal("match.no_explanation", "There is no such explanation of this line.")
    return decide_line(entity_id, line_id, choice_of(chosen), now=now, **asked)


def accept_batch(entity_id: int, least: float, *, mark: str, actor_id: int | None, now: datetime) -> tuple[int, int]:
    """Accepts the first explanation of every line of ``batch_of`` this confidence, a transaction each; gives how many
    were applied and how many were refused (somebody was quicker, an item was used meanwhile) and stay. Refuses
    ``right.missing``, and ``match.other_lines`` where they are not those of the ``mark`` that was shown."""
    demand(actor_id, Right.DECIDE_MATCH, entity_id=entity_id)
    batch = batch_of(entity_id, least, now=now)
    if batch.mark != mark:
        raise Conflict("match.other_lines", "Meanwhile it would be other lines: look at the figures again.")
    done = 0
    for line_id, token in batch.tokens.items():
        try:
            accept_explanation(entity_id, line_id, 1, token=token, actor_id=actor_id, now=now)
        except Forbidden:
            raise
        except Refusal:
            continue
        done += 1
    return done, len(batch.tokens) - done


def _today(entity_id: int, now: datetime) -> date:
    zone = Entity.objects.values_list("timezone", flat=True).get(id=entity_id)
    return now.astimezone(ZoneInfo(zone)).date()


# -- in the background -----------------------------------------------------------------------------------------------
MANY = 500
"""Open lines from which on a person does not wait for them to be matched."""
LONG_PAST = 3_000
"""Applications from which on a person does not wait for the past to be gone through: some seconds."""


def start_matching(entity_id: int, *, fit: bool, actor_id: int | None) -> bool:
    """Hands the matching of all open lines to the worker where they are many, or where a long past is to be gone
    through; whether it did."""
    is_long = (fit or _is_unfitted(entity_id)) and _is_past_long(entity_id)
    if not is_long and len(undecided_ids(entity_id)) < MANY:
        return False
    enqueue("match.run", entity_id, actor_id, True, fit)
    return True


def _is_past_long(entity_id: int) -> bool:
    applied = JournalEntry.objects.filter(entity_id=entity_id, kind=EntryKind.APPLICATION.value)
    return applied[:LONG_PAST].count() == LONG_PAST


def match_after_import(entity_id: int, line_ids: Sequence[int], *, actor_id: int | None, now: datetime) -> None:
    """New lines are matched in the background, by the worker."""
    if line_ids:
        # What posts itself is the matcher's doing and not that of the person who brought the file.
        enqueue("match.run", entity_id, None)
