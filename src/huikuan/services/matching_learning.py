"""What decisions teach: each confirmed line at once, taken back when it is undone, forgotten on demand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from huikuan.core.matching import Deed
from huikuan.core.money import exponent_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.engines.match_fit import DISCOUNT, KEPT_PERCENTS, SHORT
from huikuan.engines.match_history import percent_of
from huikuan.engines.match_learn import ConfirmedLine, Knowledge, words_of
from huikuan.engines.match_lines import Line
from huikuan.engines.match_payers import name_key
from huikuan.engines.match_text import plain_account
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import BankLine, LineDecision, MatchLearned, MatchProposal, OpenItem

Key = tuple[str, str, str, str]
_PART = 500


def learn_decision(decision: LineDecision, *, step: int, now: datetime) -> None:
    """Takes a decision of a person in (``step`` 1) or back (-1)."""
    confirmed = confirmed_line(decision)
    if confirmed is None:
        return
    taught = Knowledge()
    taught.learn(confirmed)
    add_counts(decision.entity_id, taught.to_rows(), step=step, now=now)


def confirmed_line(decision: LineDecision) -> ConfirmedLine | None:
    """The line of a decision as the engine learns it; ``None`` where nothing was said about whose money it is."""
    line = BankLine.objects.select_related("text").get(id=decision.line_id)
    text = getattr(line, "text", None)
    accounts = list(dict.fromkeys(str(leg["account_id"]) for leg in decision.legs))
    if not accounts and decision.account_id is not None:
        accounts = [str(decision.account_id)]
    if decision.deed != Deed.NOT_CUSTOMER and not accounts:
        return None
    return ConfirmedLine(
        payer_account=plain_account(text.payer_account if text else ""),
        payer_key=name_key(text.payer_name) if text and text.payer_name else "",
        text=text.remittance_text if text else "",
        customers=tuple(accounts) or ("",),
        habits=habits_of(decision.legs, line.currency, _with_terms(decision.legs)),
    )


def _with_terms(legs: Iterable[Mapping[str, Any]]) -> set[int]:
    """Those of the items that offer a discount."""
    numbers = [leg["item_id"] for leg in legs]
    return set(OpenItem.objects.filter(id__in=numbers, discount_bp__gt=0).values_list("id", flat=True))


def habits_of(legs: Iterable[Mapping[str, Any]], currency: str, with_terms: Collection[int]) -> tuple[str, ...]:
    """The words for how a line was paid, as the engine counts them. ``with_terms``: items that offer a discount. What
    takes the days of a discount or what else was open to tell is learned when the past is gone through."""
    rows = list(legs)
    if not rows:
        return ("lines",)
    unit = 10 ** (4 - exponent_of(currency))
    words = ["lines", "single" if len(rows) == 1 else "several"]
    for row in rows:
        cut, why, owns = row["deduction_minor"] * unit, row["deduction_reason"], row["item_id"] in with_terms
        whole = row["minor"] * unit + cut
        if why == DISCOUNT:
            words.append("discount" if owns else "habit_discount")
            if percent := percent_of(cut, whole, currency):
                words.append(f"percent:{percent}")
        elif why == "bank_charge":
            words.append(f"charge:{cut}")
        elif why == SHORT and not owns and (kept := percent_of(cut, whole, currency, percents=KEPT_PERCENTS)):
            words.append(f"kept:{kept}")
    return tuple(dict.fromkeys(words))


def add_counts(entity_id: int, rows: Iterable[Mapping[str, Any]], *, step: int, now: datetime) -> None:
    """Adds (or takes away) what a line taught to what is known of the entity."""
    wanted = {_key(row): _counts(row) for row in rows}
    known = {
        (one.kind, one.key, one.customer, one.detail): one
        for one in MatchLearned.objects.select_for_update()
        .filter(entity_id=entity_id, key__in={key[1] for key in wanted})
        .order_by("id")
    }
    changed, new = [], []
    for key, (count, others) in sorted(wanted.items()):
        row = known.get(key)
        if row is None:
            if step > 0:
                names = dict(zip(("kind", "key", "customer", "detail"), key, strict=True))
                new.append(MatchLearned(entity_id=entity_id, count=count, others=others, learned_at=now, **names))
            continue
        row.count = max(row.count + step * count, 0)
        row.others = max(row.others + step * others, 0)
        row.learned_at = now
        changed.append(row)
    MatchLearned.objects.bulk_update(changed, ["count", "others", "learned_at"], batch_size=_PART)
    MatchLearned.objects.bulk_create(new, batch_size=_PART)


def _key(row: Mapping[str, Any]) -> Key:
    # A word's detail holds its counts, which are columns here.
    detail = "" if row["kind"] == "word" else row["detail"]
    return row["kind"], row["key"][:400], row["customer_id"], detail[:120]


def _counts(row: Mapping[str, Any]) -> tuple[int, int]:
    if row["kind"] == "word":
        return int(row["count"]), int(row["detail"].split("/")[1])
    return int(row["count"]), 0


def knowledge_of(entity_id: int) -> Knowledge:
    """Everything learned in an entity."""
    return Knowledge.from_rows(_rows(MatchLearned.objects.filter(entity_id=entity_id)))


FEW = 200
"""So many lines are told everything."""


def knowledge_about(entity_id: int, lines: Sequence[Line]) -> Knowledge:
    """What was learned in an entity of the payers and words of these lines; the habits of a customer are read when they
    are asked for. To these lines it says the same as everything learned."""
    if len(lines) > FEW:
        return knowledge_of(entity_id)
    keys = {
        "total": {"lines", "others"},
        "account": {line.account for line in lines if line.account},
        "alias": {line.payer_key for line in lines if line.payer_key},
        "word": {word for line in lines for word in words_of(line.text)},
    }
    mine = MatchLearned.objects.filter(entity_id=entity_id)
    rows: list[dict[str, Any]] = []
    for kind, wanted in keys.items():
        listed = sorted(wanted)
        for start in range(0, len(listed), _PART):
            rows += _rows(mine.filter(kind=kind, key__in=listed[start : start + _PART]))
    made = Knowledge.from_rows(rows)
    made.habits = _Habits(entity_id)
    return made


class _Habits(dict[str, dict[str, int]]):
    """Habits of customers, each read when first asked for."""

    def __init__(self, entity_id: int) -> None:
        super().__init__()
        self._entity_id = entity_id

    def get(self, customer: str, default: Any = None) -> Any:
        if customer not in self:
            rows = MatchLearned.objects.filter(entity_id=self._entity_id, kind="habit", key=customer)
            self[customer] = Knowledge.from_rows(_rows(rows)).habits.get(customer, {})
        return super().get(customer) or default


def _rows(found: QuerySet[MatchLearned]) -> list[dict[str, Any]]:
    columns = ("kind", "key", "customer", "detail", "count", "others")
    return [
        {
            "kind": kind,
            "key": key,
            "customer_id": customer,
            "count": count,
            "detail": f"{count - others}/{others}" if kind == "word" else detail,
        }
        for kind, key, customer, detail, count, others in found.filter(count__gt=0).values_list(*columns)
    ]


def replace_knowledge(entity_id: int, knowledge: Knowledge, *, now: datetime) -> None:
    """Sets what is known to what the whole past teaches; what was forgotten keeps what was learned since."""
    rows = {_key(row): _counts(row) for row in knowledge.to_rows()}
    held = MatchLearned.objects.select_for_update().filter(entity_id=entity_id)
    forgotten = {(one.kind, one.key, one.customer, one.detail) for one in held.exclude(forgotten_at=None)}
    held.filter(forgotten_at=None).delete()
    MatchLearned.objects.bulk_create(
        [
            MatchLearned(
                entity_id=entity_id,
                kind=key[0],
                key=key[1],
                customer=key[2],
                detail=key[3],
                count=count,
                others=others,
                learned_at=now,
            )
            for key, (count, others) in rows.items()
            if count and key not in forgotten
        ],
        batch_size=_PART,
    )


def forget_learned(entity_id: int, learned_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Forgets one thing; open lines are worked out anew. Refuses ``match.not_learned`` and ``right.missing``."""

    def work() -> None:
        demand(actor_id, Right.DECIDE_MATCH, entity_id=entity_id)
        row = MatchLearned.objects.select_for_update().filter(id=learned_id, entity_id=entity_id, count__gt=0).first()
        if row is None:
            raise Refusal("match.not_learned", "This is not known any more.")
        row.count, row.others, row.forgotten_at, row.forgotten_by_id = 0, 0, now, actor_id
        row.save()
        MatchProposal.objects.filter(entity_id=entity_id).update(is_stale=True)
        record(
            "match.forgotten",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"learned:{learned_id}",
            kind=row.kind,
        )

    run_in_transaction(work)
