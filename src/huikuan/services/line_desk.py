"""A line of a bank statement taken onto the desk: locked, still to be decided about, nobody else's for the moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max, Q

from huikuan.core.banking import Tie
from huikuan.core.clocks import utc_distance
from huikuan.core.matching import Deed
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.services.locking import lock_receipt
from huikuan.services.rights import demand_accounts, demand_some
from huikuan.store.models import (
    BankLine,
    BankLineReceipt,
    Entity,
    LineClaim,
    LineDecision,
    LinePart,
    Posting,
    Receipt,
    ReceiptBalance,
    User,
)

LEASE = timedelta(minutes=10)
"""How long a line stays somebody's without a sign of life."""


@dataclass(slots=True)
class Desk:
    """A line under lock, with the receipt it is. ``live``: what was decided before and leaves something."""

    entity_id: int
    line: BankLine
    tie: BankLineReceipt
    receipt: Receipt
    balance: ReceiptBalance
    live: LineDecision | None
    actor_id: int | None
    now: datetime

    @property
    def open_minor(self) -> int:
        return self.balance.unidentified_minor + self.balance.unapplied_minor

    def look_again(self) -> None:
        """Reads the balance anew, after something was posted."""
        self.receipt, self.balance = lock_receipt(self.entity_id, self.tie.receipt_id)


def take_line(entity_id: int, line_id: int, *, actor_id: int | None, now: datetime) -> Desk:
    """Locks a line to decide about it. Refuses ``match.no_line``, ``match.claimed``, ``match.decided``,
    ``match.nothing_left`` and ``right.missing``."""
    tie = lock_tie(entity_id, line_id, actor_id=actor_id)
    check_claim(entity_id, line_id, actor_id=actor_id, now=now)
    live = live_decision(line_id)
    if live is not None and not live.leaves_minor:
        raise Conflict(
            "match.decided",
            "{who} has decided about this line already, at {at}.",
            who=name_of(live.actor_id),
            at=_clock(entity_id, live.at),
        )
    receipt, balance = lock_receipt(entity_id, tie.receipt_id)
    desk = Desk(entity_id, tie.line, tie, receipt, balance, live, actor_id, now)
    demand_accounts(actor_id, Right.DECIDE_MATCH, entity_id=entity_id, account_ids={balance.account_id})
    if not desk.open_minor:
        raise Conflict(
            "match.nothing_left", "The line's money was used elsewhere meanwhile; nothing of it is left to decide."
        )
    return desk


def lock_tie(
    entity_id: int, line_id: int, *, actor_id: int | None, right: Right = Right.DECIDE_MATCH
) -> BankLineReceipt:
    """The line's tie to its receipt, locked. Refuses ``match.no_line`` and ``right.missing``."""
    demand_some(actor_id, right, entity_id=entity_id)
    ties = BankLineReceipt.objects.select_for_update(of=("self",)).select_related("line")
    tie = ties.filter(line_id=line_id, line__entity_id=entity_id, tie__in=[Tie.POSTED.value, Tie.LINKED.value]).first()
    if tie is None:
        raise Refusal("match.no_line", "There is no such line of money in.")
    return tie


def check_claim(entity_id: int, line_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Refuses ``match.claimed`` where somebody else has the line before them."""
    claim = LineClaim.objects.filter(line_id=line_id, until__gt=now).first()
    if claim is not None and claim.user_id != actor_id:
        raise Conflict(
            "match.claimed",
            "{who} has had this line open since {at}.",
            who=name_of(claim.user_id),
            at=_clock(entity_id, claim.at),
        )


def live_decision(line_id: int) -> LineDecision | None:
    """The last decision about a line that was not taken back."""
    return (
        LineDecision.objects.filter(line_id=line_id, undone_by__isnull=True)
        .exclude(deed=Deed.UNDO.value)
        .order_by("-id")
        .first()
    )


def note_undone(
    old: LineDecision, *, actor_id: int | None, now: datetime, entries: Iterable[int] = (), detail: str = ""
) -> LineDecision:
    """Notes that a decision is taken back: decisions are never changed, a row names it. ``entries``: what that
    posted."""
    return LineDecision.objects.create(
        entity_id=old.entity_id,
        line_id=old.line_id,
        deed=Deed.UNDO.value,
        at=now,
        actor_id=actor_id,
        undoes=old,
        account_id=old.account_id,
        entries=list(entries),
        detail=detail,
    )


def receipts_of(line_id: int, first: int) -> list[int]:
    """The receipts a line's money is: one, or its parts."""
    parts = list(LinePart.objects.filter(line_id=line_id).order_by("receipt_id").values_list("receipt_id", flat=True))
    return parts or [first]


def day_for(receipt: Receipt, item_ids: Iterable[int]) -> date:
    """The day a decision about a receipt's money counts from: the money's value date, and not before anything that was
    posted to it or to the items since, so that no past day shows more applied than there was."""
    touched = Q(receipt_id=receipt.id) | Q(item_id__in=list(item_ids))
    days = Posting.objects.filter(touched).aggregate(
        posted=Max("entry__posting_date"), effective=Max("entry__effective_date")
    )
    later: list[date] = [day for day in days.values() if day is not None]
    return max([receipt.value_date, *later])


def name_of(user_id: int | None) -> str:
    """A person as messages name them; nobody is the matcher."""
    user = None if user_id is None else User.objects.filter(id=user_id).first()
    return "huikuan" if user is None else user.get_full_name() or user.get_username()


def _clock(entity_id: int, instant: datetime) -> str:
    """An instant on the entity's clock, and how far that is from UTC."""
    zone = Entity.objects.values_list("timezone", flat=True).get(id=entity_id)
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M} {utc_distance(local)}"
