"""Differences between sales and payouts explained by a person, and fees accepted after all."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from huikuan.core.accounts import EntryKind
from huikuan.core.payout_differences import Difference, DifferenceKind, Reason
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.queries.payouts import differences_of
from huikuan.services.adjustments import settle_item
from huikuan.services.auditing import record
from huikuan.services.idempotency import once
from huikuan.services.rights import demand
from huikuan.services.shops import lock_shop
from huikuan.store.models import OpenItemBalance, PayoutPart, Shop, ShopDay, ShopExplanation

NOTE_MAX = 300
_AS_FEE = (DifferenceKind.FEE_ABOVE, DifferenceKind.CHARGE, DifferenceKind.PAID_LESS, DifferenceKind.NOT_PAID)
"""Differences that may be a fee after all: something is open in the ledger for them."""


def may_be_fee(kind: DifferenceKind) -> bool:
    """Whether a difference of this kind can be booked as a fee."""
    return kind in _AS_FEE


def explain_difference(
    shop_id: int,
    kind: DifferenceKind,
    key: str,
    amount_minor: int,
    *,
    reason: Reason,
    note: str,
    on: date,
    actor_id: int | None,
    now: datetime,
    request_key: str | None = None,
) -> int:
    """Says why a difference of this amount is no longer open; gives the explanation's number.

    ``fee_accepted`` also books it: what is open in the ledger for it is set off against what the platform is owed,
    which takes ``adjustment.post``. ``on``: the day it counts from, and up to which differences are looked for. Refuses
    ``shop.unknown``, ``payout.no_difference`` (it is gone, explained, or of another amount by now), ``payout.say_why``,
    ``payout.not_a_fee``, ``payout.nothing_open``, ``approval.needed`` and ``right.missing``.
    """
    check_text("note", note, NOTE_MAX)
    if reason in (Reason.OTHER, Reason.BORNE) and not note.strip():
        raise Refusal("payout.say_why", "Say in a few words why, or who bears it.")
    if reason == Reason.FEE_ACCEPTED and not may_be_fee(kind):
        raise Refusal("payout.not_a_fee", "There is nothing here that could be booked as a fee.")
    entity_id = Shop.objects.filter(id=shop_id).values_list("entity_id", flat=True).first()
    if entity_id is None:
        raise Refusal("shop.unknown", "There is no such shop.")

    def work() -> dict[str, int]:
        shop = lock_shop(shop_id)
        demand(actor_id, Right.HANDLE_SHORT_PAYMENT, entity_id=shop.entity_id, account_id=shop.account_id)
        found = _open(shop, kind, key, amount_minor, on)
        if reason == Reason.FEE_ACCEPTED:
            _book(shop, found, note, on, actor_id, now)
        row = ShopExplanation.objects.create(
            entity_id=shop.entity_id,
            shop=shop,
            kind=kind.value,
            key=key,
            amount_minor=amount_minor,
            reason=reason.value,
            note=note.strip(),
            recorded_at=now,
            actor_id=actor_id,
        )
        record(
            "payout.explained",
            now=now,
            actor_id=actor_id,
            entity_id=shop.entity_id,
            subject=f"shop:{shop.pk}",
            kind=kind.value,
            reason=reason.value,
            amount=amount_minor,
            currency=shop.currency,
        )
        return {"explanation": int(row.pk)}

    answer = once(
        entity_id=entity_id,
        actor_id=actor_id,
        operation="payout.explain",
        key=request_key,
        request=(shop_id, kind, key, amount_minor, reason, note),
        now=now,
        work=work,
    )
    return int(answer["explanation"])


def _open(shop: Shop, kind: DifferenceKind, key: str, amount_minor: int, as_of: date) -> Difference:
    for row in differences_of(shop, as_of).open:
        if (row.what.kind, row.what.key, row.what.amount_minor) == (kind, key, amount_minor):
            return row.what
    raise Conflict("payout.no_difference", "This difference is gone, explained, or of another amount by now.")


def _book(shop: Shop, one: Difference, note: str, on: date, actor_id: int | None, now: datetime) -> None:
    """Sets the amount off on what is open, the item of the latest day first."""
    left = one.amount_minor
    memo = f"fee: {shop.name}. {note}".strip()[:NAME_MAX]
    common: dict[str, Any] = {"on": on, "actor_id": actor_id, "now": now, "memo": memo}
    for item_id in _items(one):
        open_minor = OpenItemBalance.objects.values_list("open_minor", flat=True).get(item_id=item_id)
        part = min(left, max(open_minor, 0))
        if part:
            settle_item(shop.entity_id, EntryKind.OFFSET, item_id, part, **common)
            left -= part
    if left:
        raise Refusal("payout.nothing_open", "So much is not open in the ledger any more for what was sold.")


def _items(one: Difference) -> list[int]:
    """The items a difference is about: of its day, or of what its payout left open."""
    if one.kind in (DifferenceKind.FEE_ABOVE, DifferenceKind.NOT_PAID):
        days = ShopDay.objects.filter(id=int(one.key.rpartition("/")[2]))
        found = list(days.values_list("item_id", flat=True))
    else:
        parts = PayoutPart.objects.filter(payout_id=int(one.key), left_minor__gt=0).order_by("-unit__day", "-id")
        found = list(parts.values_list("unit__item_id", flat=True))
    return [number for number in found if number is not None]
