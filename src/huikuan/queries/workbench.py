"""The workbench: lines that wait for a decision, what the matcher says of each, what was decided today and by whom.

Answers from the database as it is now: a clerk decides on what stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from huikuan.core.matching import NEEDS_A_PERSON, Deed
from huikuan.queries.bank_lines import (
    MatchLine,
    lines_by_id,
    open_line_ids,
    open_lines,
)
from huikuan.queries.directory import actors_of
from huikuan.store.models import (
    CustomerAccount,
    Entity,
    LineClaim,
    LineDecision,
    LineParked,
    LineQuestion,
    MatchAudit,
    MatchProposal,
)
from huikuan.store.public_ids import public_id

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


def bench_lines(line_ids: Sequence[int], asides: Asides) -> list[BenchLine]:
    """These lines as the list shows them, in this order."""
    lines = lines_by_id(line_ids)
    proposals: dict[int, dict[str, Any]] = {}
    for start in range(0, len(line_ids), _PART):
        found = MatchProposal.objects.filter(line_id__in=line_ids[start : start + _PART])
        for made in found.values("line_id", "confidence", "kind", "ambiguous", "account_id"):
            proposals[made["line_id"]] = dict(made)
    names = account_names(row["account_id"] for row in proposals.values())
    return [_bench_line(lines[one], proposals.get(one), asides, names) for one in line_ids if one in lines]


def _bench_line(line: MatchLine, made: dict[str, Any] | None, asides: Asides, names: dict[int, str]) -> BenchLine:
    question, answer = asides.questions.get(line.line_id, ("", ""))
    return BenchLine(
        line=line,
        public_id=public_id("bln", line.line_id),
        confidence=float(made["confidence"]) if made else 0.0,
        kind=made["kind"] if made else "",
        ambiguous=made["ambiguous"] if made else 0,
        customer=names.get(made["account_id"], "") if made and made["account_id"] else "",
        parked=asides.parked.get(line.line_id, ""),
        question=question,
        answer=answer,
        claimed_by=asides.claims.get(line.line_id, ""),
        is_worked_out=made is not None,
    )


def undecided(entity_id: int) -> list[MatchLine]:
    """Lines of an entity that still wait for a decision, the oldest first."""
    settled = _settled_of(entity_id)
    return [line for line in open_lines(entity_id) if line.line_id not in settled]


def undecided_ids(entity_id: int) -> set[int]:
    """Their numbers."""
    return set(open_line_ids(entity_id)) - _settled_of(entity_id)


def _settled_of(entity_id: int) -> set[int]:
    """``settled_among`` of all open lines of an entity, asked at once."""
    return {line_id for line_id, last in last_decisions(entity_id).items() if not last.leaves_minor}


@dataclass(frozen=True, slots=True)
class LastDecision:
    """The last decision about a line that stands. One that leaves something has begun it."""

    id: int
    leaves_minor: int
    at: datetime


def last_decisions(entity_id: int) -> dict[int, LastDecision]:
    """Of each open line of an entity that was decided about: what stands last."""
    rows = LineDecision.objects.filter(line_id__in=open_line_ids(entity_id), undone_by__isnull=True)
    rows = rows.exclude(deed=Deed.UNDO.value).order_by("id")
    said = rows.values_list("line_id", "id", "leaves_minor", "at")
    return {line_id: LastDecision(number, leaves, at) for line_id, number, leaves, at in said}


def settled_among(line_ids: Iterable[int]) -> set[int]:
    """Those of the lines whose last standing decision leaves nothing."""
    wanted = sorted(set(line_ids))
    last: dict[int, int] = {}
    for start in range(0, len(wanted), _PART):
        rows = LineDecision.objects.filter(line_id__in=wanted[start : start + _PART], undone_by__isnull=True)
        last |= dict(rows.exclude(deed=Deed.UNDO.value).order_by("id").values_list("line_id", "leaves_minor"))
    return {line_id for line_id, leaves in last.items() if not leaves}


@dataclass(slots=True)
class Asides:
    """What stands beside lines, by line: why it was put aside, a question with its answer and when that came, who else
    has it open."""

    parked: dict[int, str] = field(default_factory=dict)
    questions: dict[int, tuple[str, str]] = field(default_factory=dict)
    answered: dict[int, datetime] = field(default_factory=dict)
    claims: dict[int, str] = field(default_factory=dict)


def asides_of(entity_id: int, user_id: int | None, now: datetime) -> Asides:
    """What stands beside the lines of an entity, open or not."""
    found = Asides()
    parked = LineParked.objects.filter(line__entity_id=entity_id)
    found.parked = dict(parked.values_list("line_id", "reason"))
    rows = LineQuestion.objects.filter(Q(closed_at=None) | ~Q(answer=""), entity_id=entity_id).order_by("id")
    for line_id, question, answer, at in rows.values_list("line_id", "question", "answer", "answered_at"):
        found.questions[line_id] = ("" if answer else question, answer)
        if answer and at is not None:
            found.answered[line_id] = at
        else:
            found.answered.pop(line_id, None)
    claims = LineClaim.objects.filter(until__gt=now, line__entity_id=entity_id).exclude(user_id=user_id or 0)
    found.claims = {one.line_id: name_of(one.user) for one in claims.select_related("user")}
    return found


def name_of(user: object) -> str:
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


# -- progress --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Progress:
    """How far today's work is. ``begun``: those of ``left`` that were left in part; ``by``: name and lines of each
    person; ``automatic`` lines the matcher posted; ``to_audit``: automatic postings that wait to be asked back."""

    left: int
    begun: int
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
    by = [(names.get(row["actor_id"], ""), row["n"]) for row in counted if not row["is_automatic"]]
    automatic = sum(row["n"] for row in counted if row["is_automatic"])
    last = last_decisions(entity_id)
    numbers = {number for number in open_line_ids(entity_id) if number not in last or last[number].leaves_minor}
    asides = asides_of(entity_id, user_id, now)
    parked = asides.parked.keys() & numbers
    asked = {n for n, (question, _answer) in asides.questions.items() if question and n in numbers} - parked
    mine = today.filter(actor_id=user_id, is_automatic=False).order_by("-id").first() if user_id else None
    return Progress(
        left=len(numbers) - len(asked) - len(parked),
        begun=len((numbers & last.keys()) - asked - parked),
        asked=len(asked),
        parked=len(parked),
        done=automatic + sum(count for _, count in by),
        by=tuple(sorted(by, key=lambda one: (-one[1], one[0]))),
        automatic=automatic,
        to_audit=MatchAudit.objects.filter(entity_id=entity_id, outcome="").count(),
        mine_last=mine,
    )


BATCH_MAX = 500
"""Lines accepted at once, while a person waits."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What accepting many lines would do: their ``sums`` by currency, and each line's ``token`` (when the explanation
    was worked out that would be accepted), the surest first."""

    sums: dict[str, int]
    tokens: dict[int, str]

    @property
    def is_full(self) -> bool:
        """There may be more than are accepted at once."""
        return len(self.tokens) == BATCH_MAX

    @property
    def mark(self) -> str:
        """What tells these lines with their explanations from any others."""
        return sha256(repr(sorted(self.tokens.items())).encode()).hexdigest()[:32]


def batch_of(entity_id: int, least: float, *, now: datetime) -> Batch:
    """What accepting every first explanation of at least this confidence would do, the surest ``BATCH_MAX`` of them.
    Ambiguous ones, those of other kinds than paid items, with money left over or kept back, and those out of date are
    left."""
    lines = {line.line_id: line for line in undecided(entity_id)}
    asides = asides_of(entity_id, None, now)
    found = MatchProposal.objects.filter(
        entity_id=entity_id, confidence__gte=least, ambiguous=0, kind="items", is_stale=False
    ).order_by("-confidence", "line_id")
    batch = Batch({}, {})
    for number, at, made in found.values_list("line_id", "worked_out_at", "explanations").iterator(chunk_size=_PART):
        asked = asides.questions.get(number, ("", ""))[0]
        if number in lines and number not in asides.parked and not asked and _is_plain(made):
            line = lines[number]
            batch.tokens[number] = at.isoformat()
            batch.sums[line.currency] = batch.sums.get(line.currency, 0) + line.open_minor
        if batch.is_full:
            break
    return batch


def _is_plain(explanations: Sequence[Mapping[str, Any]]) -> bool:
    first = explanations[0]
    kept = (leg["deduction_reason"] for leg in first["legs"] if leg["deduction_minor"])
    return bool(first["legs"]) and not first["unapplied_minor"] and NEEDS_A_PERSON.isdisjoint(kept)
