"""Payouts of platforms: found among the lines of the bank, settled against the sales they cover, the fee split out.

The money is posted as anybody's: the line is decided about, its money applied to the items of those sales. Before that
the agreed fee is set off on them against what the platform is owed for its invoices. What does not fit stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from huikuan.core.accounts import EntryKind
from huikuan.core.matching import Deed, Leg, Rest
from huikuan.core.payout_differences import UnitFacts
from huikuan.core.payouts import (
    Found,
    How,
    Portion,
    SalesPosting,
    Settlement,
    Sold,
    decide_settlement,
    find_days,
)
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.queries.shop_facts import (
    DetailGroup,
    Part,
    WaitingLine,
    booked_parts,
    group_parts,
    open_groups,
    parts_of,
    set_off_on,
    units_of,
    waiting_lines,
)
from huikuan.services.adjustments import settle_item
from huikuan.services.auditing import record
from huikuan.services.line_decisions import Choice, decide_line
from huikuan.services.line_desk import Desk, day_for
from huikuan.services.line_undoing import undo_decision
from huikuan.services.rights import demand
from huikuan.services.shops import lock_shop
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import OpenItemBalance, Payout, PayoutPart, Shop, ShopSale

NEAR = timedelta(days=5)
"""How far the day of a platform's list and the bank's may lie apart."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What a payout is taken to cover: the days' units, how it is known, what the platform's list adds."""

    how: How
    parts: tuple[Part, ...]
    others: int = 0
    payout_key: str = ""
    charges_minor: int = 0
    unknown_minor: int = 0


@dataclass(frozen=True, slots=True)
class PayoutResult:
    """What became of a line of the bank: the payout it was settled as, or why a person must say. ``why``: ``no_sales``
    (nothing adds up), ``several`` (several choices do), ``set`` (a set of days does, which proves little), or the code
    of what refused it."""

    line_id: int
    payout_id: int | None
    how: How | None = None
    why: str = ""


def match_payouts(shop_id: int, *, actor_id: int | None, now: datetime) -> list[PayoutResult]:
    """Settles every line of a shop's platform whose sales are certain, each in its own transaction, the oldest first.

    Refuses ``shop.unknown`` and ``right.missing``.
    """
    shop = Shop.objects.filter(id=shop_id).first()
    if shop is None:
        raise Refusal("shop.unknown", "There is no such shop.")
    demand(actor_id, Right.POST_CASH, entity_id=shop.entity_id, account_id=shop.account_id)
    return [match_payout(shop, line, actor_id=actor_id, now=now) for line in waiting_lines(shop)]


def match_payout(shop: Shop, line: WaitingLine, *, actor_id: int | None, now: datetime) -> PayoutResult:
    """Settles one line if its sales are certain. The caller has asked for the right to post cash."""

    def work() -> PayoutResult:
        lock_shop(shop.pk)
        covered, why = look_for(shop, line)
        if covered is None:
            return PayoutResult(line.line_id, None, why=why)
        number = _settle(shop, line, covered, actor_id, now)
        return PayoutResult(line.line_id, number, covered.how)

    try:
        return run_in_transaction(work)
    except Refusal as refusal:
        if refusal.code.startswith("right."):
            raise
        return PayoutResult(line.line_id, None, why=refusal.code)


def look_for(shop: Shop, line: WaitingLine) -> tuple[Covered | None, str]:
    """The sales a line surely covers, or why they are not sure."""
    listed = _listed(shop, line)
    if listed is not None:
        return listed, ""
    sold = sold_of(shop)
    found = find_days(line.paid_minor, sold, line.day)
    if found is None:
        return None, "no_sales"
    if not found.is_sure or found.how is None:
        return None, "set" if found.how is None else "several"
    return Covered(found.how, tuple(_still_to_pay(shop, sold, found.units)), found.others), ""


def suggest(shop: Shop, line: WaitingLine) -> Found | None:
    """The days that would add up to a line, sure or not, for a person to confirm."""
    return find_days(line.paid_minor, sold_of(shop), line.day)


def sold_of(shop: Shop) -> list[Sold]:
    """What is still to be paid out, by day. A day that a payout covered in part counts with what is left of it.

    The platform keeps its fee of a day of which only fees were accepted; of a day that was paid by other money nobody
    knows what it keeps.
    """
    open_units = [unit for unit in units_of(shop) if unit.to_pay_minor]
    touched = [unit.item_id for unit in open_units if _gone(unit) and unit.item_id is not None]
    set_off = set_off_on(touched) if touched else {}
    found = []
    for unit in open_units:
        left, fee = unit.to_pay_minor, unit.fee_minor - unit.kept_minor
        accepted = set_off.get(unit.item_id or 0, 0) - unit.booked_minor
        if _gone(unit) and (abs(_gone(unit)) > abs(accepted) or abs(fee) >= abs(left)):
            fee = 0
        found.append(Sold(unit.unit, unit.day, unit.due, unit.pool, left, fee))
    return found


def _gone(unit: UnitFacts) -> int:
    """What is not open any more though no payout covers it."""
    return unit.gross_minor - unit.settled_minor - unit.to_pay_minor


def _still_to_pay(shop: Shop, sold: Sequence[Sold], unit_ids: Sequence[int]) -> list[Part]:
    """What is left of units, on their items. Orders that were paid have nothing open any more and fall away."""
    by_unit = {one.unit: one for one in sold if one.unit in set(unit_ids)}
    parts = parts_of(shop, sorted(by_unit))
    if shop.posting == SalesPosting.BOOKED:
        return parts
    rest = []
    for part in parts:
        one = by_unit[part.unit]
        agreed = one.fee_minor if part.agreed_minor is None else min(part.agreed_minor, one.fee_minor)
        rest.append(Part(part.unit, part.item_id, one.gross_minor, one.fee_minor, agreed))
    return rest


def _listed(shop: Shop, line: WaitingLine) -> Covered | None:
    """The payout of the platform's own list that a line is: by its number in the text, else the only one of this amount
    within a few days."""
    same = [one for one in open_groups(shop) if one.net_minor == line.paid_minor]
    named = [one for one in same if _is_near(one, line) and one.payout_key in line.text]
    near = named or [one for one in same if one.paid_out_on is None or _is_near(one, line)]
    if len(near) != 1:
        return None
    return covered_by_list(shop, near[0])


def _is_near(group: DetailGroup, line: WaitingLine) -> bool:
    return group.paid_out_on is None or abs(group.paid_out_on - line.day) <= NEAR


def covered_by_list(shop: Shop, group: DetailGroup) -> Covered | None:
    """A payout as the platform's list has it; ``None`` where none of its orders is among the sales."""
    told = group_parts(shop, group.payout_key)
    if not told.sales:
        return None
    parts = booked_parts(shop, told.sales) if shop.posting == SalesPosting.BOOKED else _by_unit(shop, told.sales)
    return Covered(How.DETAILS, tuple(parts), 0, group.payout_key, told.charges_minor, told.unknown_minor)


def _by_unit(shop: Shop, sales: Sequence[tuple[ShopSale, int, int]]) -> list[Part]:
    """The sales of a list added up by the item of their day."""
    whole = {part.unit: part for part in parts_of(shop, sorted({one.unit_id for one, _, _ in sales}))}
    sums: dict[int, list[int]] = {}
    for sale, gross, fee in sales:
        row = sums.setdefault(sale.unit_id, [0, 0, 0])
        row[0] += gross
        row[1] += fee
        row[2] += min(fee, fee if sale.agreed_minor is None else sale.agreed_minor)
    return [Part(unit, whole[unit].item_id, gross, fee, agreed) for unit, (gross, fee, agreed) in sorted(sums.items())]


def settle_payout(
    shop_id: int,
    line_id: int,
    unit_ids: Sequence[int],
    *,
    actor_id: int | None,
    now: datetime,
) -> int:
    """Takes a line for the payout of these days, whatever it differs by; gives the payout's number.

    Refuses ``shop.unknown``, ``payout.no_line`` (not a line of this platform that waits), ``payout.nothing``,
    ``payout.refunds_exceed``, ``payout.no_item`` and what deciding about a line refuses.
    """

    def work() -> int:
        shop = lock_shop(shop_id)
        demand(actor_id, Right.POST_CASH, entity_id=shop.entity_id, account_id=shop.account_id)
        line = next((one for one in waiting_lines(shop) if one.line_id == line_id), None)
        if line is None:
            raise Conflict("payout.no_line", "This money is not waiting to be settled any more.")
        parts = _still_to_pay(shop, sold_of(shop), unit_ids)
        return _settle(shop, line, Covered(How.CHOSEN, tuple(parts)), actor_id, now)

    return run_in_transaction(work)


def _settle(shop: Shop, line: WaitingLine, covered: Covered, actor_id: int | None, now: datetime) -> int:
    portions = _portions(covered.parts)
    settlement = decide_settlement(line.paid_minor, portions)
    legs = tuple(Leg(part.item_id, shop.account_id, part.money_minor) for part in settlement.parts if part.money_minor)
    choice = Choice(Deed.APPLY, legs=legs, rest=Rest.UNAPPLIED, detail=shop.name)
    first = partial(_book_fees, shop=shop, settlement=settlement)
    decision_id = decide_line(shop.entity_id, line.line_id, choice, actor_id=actor_id, now=now, first=first)
    payout = Payout.objects.create(
        entity_id=shop.entity_id,
        shop=shop,
        line_id=line.line_id,
        decision_id=decision_id,
        day=line.day,
        how=covered.how.value,
        others=covered.others,
        payout_key=covered.payout_key,
        paid_minor=line.paid_minor,
        booked_minor=settlement.booked_minor,
        short_minor=settlement.short_minor,
        rest_minor=settlement.rest_minor,
        charges_minor=covered.charges_minor,
        unknown_minor=covered.unknown_minor,
        recorded_at=now,
        actor_id=actor_id,
    )
    _keep_parts(payout, settlement)
    record(
        "payout.settled",
        now=now,
        actor_id=actor_id,
        entity_id=shop.entity_id,
        subject=f"payout:{payout.pk}",
        shop=shop.pk,
        how=covered.how.value,
        amount=line.paid_minor,
        fee=settlement.booked_minor,
        currency=shop.currency,
    )
    return int(payout.pk)


def _portions(parts: Sequence[Part]) -> list[Portion]:
    """Parts on their items, no more of each than is open on it. Refuses ``payout.no_item``."""
    if any(part.item_id is None and part.gross_minor for part in parts):
        raise Refusal("payout.no_item", "The ledger has no document of one of these orders: bring it in first.")
    numbers = [part.item_id for part in parts if part.item_id is not None]
    left: dict[int, int] = dict(
        OpenItemBalance.objects.filter(item_id__in=numbers).values_list("item_id", "open_minor")
    )
    by_item: dict[int, Portion] = {}
    for part in parts:
        if part.item_id is None:
            continue
        before = by_item.get(part.item_id, Portion(part.unit, part.item_id, 0, 0, 0))
        agreed = part.fee_minor if part.agreed_minor is None else part.agreed_minor
        by_item[part.item_id] = Portion(
            part.unit,
            part.item_id,
            before.gross_minor + part.gross_minor,
            before.fee_minor + part.fee_minor,
            (before.agreed_minor or 0) + agreed,
        )
    set_off = set_off_on(left)
    return [
        _within(one, left[one.item_id], set_off.get(one.item_id, 0)) for one in by_item.values() if left[one.item_id]
    ]


def _within(one: Portion, open_minor: int, set_off_minor: int) -> Portion:
    """A portion cut to what is open. Where fees alone were taken off before, what remains of its fee is split out;
    where it was paid in part, none is."""
    gross = one.gross_minor
    if gross * open_minor <= 0:
        return Portion(one.unit, one.item_id, 0, 0, 0)
    gone = gross - open_minor
    if gone * gross <= 0:
        return one
    fee = one.fee_minor - gone
    if abs(gone) > abs(set_off_minor) or fee * gross <= 0:
        return Portion(one.unit, one.item_id, open_minor, 0, 0)
    return Portion(one.unit, one.item_id, open_minor, fee, one.agreed_minor)


def _book_fees(desk: Desk, *, shop: Shop, settlement: Settlement) -> list[int]:
    """What was agreed is booked by the system, as bank charges are that a policy allows."""
    fees = [(part.item_id, part.booked_minor) for part in settlement.parts if part.booked_minor]
    if not fees:
        return []
    on = day_for(desk.receipt, [item_id for item_id, _ in fees])
    common: dict[str, Any] = {"on": on, "actor_id": None, "now": desk.now, "memo": f"fee: {shop.name}"}
    return [settle_item(shop.entity_id, EntryKind.OFFSET, item_id, minor, **common) for item_id, minor in fees]


def _keep_parts(payout: Payout, settlement: Settlement) -> None:
    by_unit: dict[int, PayoutPart] = {}
    for part in settlement.parts:
        row = by_unit.setdefault(
            part.unit,
            PayoutPart(
                payout=payout,
                unit_id=part.unit,
                gross_minor=0,
                fee_minor=0,
                booked_minor=0,
                money_minor=0,
                left_minor=0,
            ),
        )
        row.gross_minor += part.gross_minor
        row.fee_minor += part.fee_minor
        row.booked_minor += part.booked_minor
        row.money_minor += part.money_minor
        row.left_minor += part.left_minor
    PayoutPart.objects.bulk_create(by_unit.values())


def undo_payout(payout_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Takes a payout back: its money waits again, fees and items are as they were. Refuses ``payout.unknown`` and what
    ``undo_decision`` refuses."""

    def work() -> None:
        payout = Payout.objects.select_related("shop").filter(id=payout_id).first()
        if payout is None:
            raise Refusal("payout.unknown", "There is no such payout.")
        demand(actor_id, Right.POST_CASH, entity_id=payout.entity_id, account_id=payout.shop.account_id)
        undo_decision(payout.entity_id, payout.decision_id, actor_id=actor_id, now=now)
        record(
            "payout.undone",
            now=now,
            actor_id=actor_id,
            entity_id=payout.entity_id,
            subject=f"payout:{payout.pk}",
            shop=payout.shop_id,
        )

    run_in_transaction(work)
