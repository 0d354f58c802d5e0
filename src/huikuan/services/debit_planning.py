"""What a collection would ask for: items due, whose mandate may be used, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from huikuan.core.accounts import LedgerAccount
from huikuan.core.direct_debits import (
    CURRENCY,
    WAITING,
    Bundle,
    DueItem,
    MandateFacts,
    MandateState,
    Planned,
    collection_day,
    mandate_state,
    plan_payments,
)
from huikuan.core.refusals import Refusal
from huikuan.core.short_payments import LIVE
from huikuan.queries.debit_facts import facts_of
from huikuan.services.debit_mandates import creditor_of
from huikuan.services.locking import lock_items
from huikuan.services.notes import covered_of
from huikuan.store.models import DebitCreditor, DebitMandate, DebitPaymentItem, OpenItem, ShortPayment

_PART = 500


@dataclass(frozen=True, slots=True)
class NewRun:
    """What to collect. ``asked_on``: the day wished for (``None``: as early as may be); items due by ``due_by`` (that
    day where it is not said); ``account_ids`` narrows it to some customers."""

    asked_on: date | None = None
    due_by: date | None = None
    bundle: Bundle = Bundle.CUSTOMER
    account_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """``left_out``: how many items due are not collected, by why: ``no_mandate``, ``covered``, ``credit`` (credits pay
    them), ``short_payment``, ``disputed``, ``in_run``; ``mandate_blocked``, ``_revoked``, ``_expired`` and
    ``_used_up``."""

    creditor: DebitCreditor
    due_on: date
    due_by: date
    payments: list[Planned]
    left_out: dict[str, int]
    mandates: dict[int, DebitMandate]

    @property
    def amount_minor(self) -> int:
        return sum(one.amount_minor for one in self.payments)


def plan_run(entity_id: int, new: NewRun, *, today: date) -> Plan:
    """Works out a collection; what may be collected is read locked, so call it where the run is written, or to look.

    Refuses ``debit_creditor.missing`` and ``debit_run.due_by`` (items are not collected before they are due).
    """
    creditor = creditor_of(entity_id)
    due_on = collection_day(
        new.asked_on or today, today, notice_days=creditor.notice_days, bank_days=creditor.bank_days
    )
    due_by = new.due_by or due_on
    if due_by > due_on:
        raise Refusal("debit_run.due_by", "What is due after {day} is not collected on that day.", day=str(due_on))
    left_out: Counter[str] = Counter()
    by_account, mandates, facts = _usable(entity_id, due_on)
    items = _due_items(entity_id, due_by, new.account_ids, by_account, left_out)
    items += _credits(entity_id, {item.account_id: item.mandate_id for item in items})
    ending = frozenset(number for number, row in mandates.items() if row.is_ending)
    planned = plan_payments(items, new.bundle, facts, ending=ending)
    payments = [one for one in planned if one.amount_minor > 0]
    left_out["credit"] = sum(one.items for one in planned if one.amount_minor == 0)
    return Plan(creditor, due_on, due_by, payments, {why: n for why, n in left_out.items() if n}, mandates)


def _usable(
    entity_id: int, on: date
) -> tuple[dict[int, int | MandateState], dict[int, DebitMandate], dict[int, MandateFacts]]:
    """By account, the mandate to use (the one signed last) or why there is none; the mandates, and their facts."""
    rows = list(DebitMandate.objects.filter(entity_id=entity_id).order_by("signed_on", "id"))
    facts = facts_of(rows)
    found: dict[int, int | MandateState] = {}
    for row in rows:
        state = mandate_state(facts[row.pk], on)
        if state == MandateState.ACTIVE:
            found[row.account_id] = row.pk
        elif not isinstance(found.get(row.account_id), int):
            found[row.account_id] = state
    return found, {row.pk: row for row in rows}, facts


def _due_items(
    entity_id: int,
    due_by: date,
    account_ids: tuple[int, ...] | None,
    by_account: dict[int, int | MandateState],
    left_out: Counter[str],
) -> list[DueItem]:
    due = OpenItem.objects.filter(
        entity_id=entity_id,
        currency=CURRENCY,
        ledger_account=LedgerAccount.TRADE.value,
        due_date__lte=due_by,
        balance__open_minor__gt=0,
        balance__is_current=True,
    )
    if account_ids is not None:
        due = due.filter(account_id__in=account_ids)
    known = due.filter(account_id__in=list(by_account))
    left_out["no_mandate"] = due.count() - known.count()
    rows = dict(known.order_by("id").values_list("id", "disputed"))
    locked = lock_items(entity_id, rows)
    held, cases = _held(entity_id), _in_case(entity_id)
    covered = covered_of(list(locked))
    found: list[DueItem] = []
    for item_id, row in locked.items():
        mandate = by_account[row.account_id]
        minor = row.open_minor - covered.get(item_id, 0)
        if item_id in held:
            left_out["in_run"] += 1
        elif isinstance(mandate, MandateState):
            left_out[f"mandate_{mandate.value}"] += 1
        elif item_id in cases:
            left_out["short_payment"] += 1
        elif rows[item_id]:
            left_out["disputed"] += 1
        elif minor <= 0:
            left_out["covered"] += 1
        else:
            found.append(DueItem(item_id, row.account_id, mandate, row.due_date or due_by, minor))
    return found


def _credits(entity_id: int, mandates: dict[int, int]) -> list[DueItem]:
    """What these accounts (each with its mandate) have open in their favour, less what runs count on already: it makes
    their payments smaller, whenever it falls due. A disputed credit does not."""
    found = OpenItem.objects.filter(
        entity_id=entity_id,
        account_id__in=list(mandates),
        currency=CURRENCY,
        ledger_account=LedgerAccount.TRADE.value,
        disputed=False,
        balance__open_minor__lt=0,
        balance__is_current=True,
    )
    rows = lock_items(entity_id, found.values_list("id", flat=True))
    held = _held(entity_id)
    return [
        DueItem(item_id, row.account_id, mandates[row.account_id], row.due_date, row.open_minor - held[item_id])
        for item_id, row in rows.items()
        if row.open_minor < held[item_id]
    ]


def _held(entity_id: int) -> Counter[int]:
    """Items that runs ask for already, and credits they count on (below zero), with how much."""
    waiting = DebitPaymentItem.objects.filter(payment__run__entity_id=entity_id, payment__state__in=WAITING)
    held: Counter[int] = Counter()
    for item_id, minor in waiting.values_list("item_id", "amount_minor"):
        held[item_id] += minor
    return held


def _in_case(entity_id: int) -> set[int]:
    return set(ShortPayment.objects.filter(entity_id=entity_id, state__in=LIVE).values_list("item_id", flat=True))
