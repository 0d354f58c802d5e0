"""Cash (notes and coins): an exception with a reason, a numbered receipt (收款收据), handed in on the same day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from huikuan.core.channels import Channel
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_texts
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.channels import keep_channels, policy_of
from huikuan.services.idempotency import once
from huikuan.services.locking import lock_items
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import CashHandIn, CashSlip, Entity, JournalEntry, User
from huikuan.store.public_ids import inner_id


@dataclass(frozen=True, slots=True)
class NewCash:
    """Cash as it was collected. ``reason``: why it was cash and no transfer. ``item_id``: the invoice it was checked
    against, which it settles; ``collected_by``: the person of ours who took it; ``escort``: who went along."""

    account_id: int
    currency: str
    amount_minor: int
    payer: str
    purpose: str
    reason: str
    item_id: int | None = None
    collected_by: int | None = None
    escort: str = ""


_TEXTS = {"payer": 200, "purpose": 200, "reason": 300, "escort": 200}


def take_cash(
    entity_id: int, new: NewCash, *, on: date, actor_id: int | None, now: datetime, key: str | None = None
) -> int:
    """Posts the money and writes its numbered receipt; gives the slip's id.

    Refuses ``cash.say_why`` (no reason), ``cash.payer_missing``, ``cash.escort_missing`` (from the entity's sum on),
    ``cash.over_invoice`` and ``cash.other_invoice`` (it does not fit the invoice), and what receipts refuse.
    """
    check_texts(new, _TEXTS)
    if not new.reason.strip():
        raise Refusal("cash.say_why", "cash is an exception: say why it was no transfer")
    if not new.payer.strip():
        raise Refusal("cash.payer_missing", "say who handed the cash over")

    def work() -> dict[str, int]:
        demand(actor_id, Right.POST_CASH, entity_id=entity_id, account_id=new.account_id)
        books = open_books(entity_id, actor_id=actor_id)
        _check(entity_id, new, books.to_base(new.amount_minor, new.currency, on))
        number = _next_number(entity_id, on.year)
        name = slip_number(on.year, number)
        money = NewReceipt(
            f"cash-{name}",
            on,
            new.currency,
            new.amount_minor,
            new.account_id,
            reference=name,
            payer_name=new.payer,
            remittance_text=new.purpose,
        )
        [receipt_id] = post_receipts(entity_id, [money], actor_id=actor_id, now=now, source="cash")
        keep_channels([(receipt_id, Channel.CASH)])
        if new.item_id is not None:
            apply_receipt(
                entity_id, receipt_id, [Named(new.item_id, new.amount_minor)], on=on, actor_id=actor_id, now=now
            )
        slip = CashSlip.objects.create(
            entity_id=entity_id,
            year=on.year,
            number=number,
            receipt_id=receipt_id,
            item_id=new.item_id,
            payer=new.payer.strip(),
            purpose=new.purpose.strip(),
            reason=new.reason.strip(),
            collected_by_id=new.collected_by,
            received_on=on,
            due_on=on,
            escort=new.escort.strip(),
            recorded_at=now,
            actor_id=actor_id,
        )
        record("cash.taken", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"cash:{slip.pk}", number=name)
        return {"slip": int(slip.pk)}

    answer = once(
        entity_id=entity_id, actor_id=actor_id, operation="cash.take", key=key, request=(new, on), now=now, work=work
    )
    return int(answer["slip"])


def slip_number(year: int, number: int) -> str:
    """``2026-000017``."""
    return f"{year}-{number:06d}"


def _check(entity_id: int, new: NewCash, base_minor: int) -> None:
    sum_from = policy_of(entity_id).escort_from_minor
    if sum_from is not None and base_minor >= sum_from and not new.escort.strip():
        raise Refusal("cash.escort_missing", "from this sum on somebody goes along: say who")
    if new.collected_by is not None and not User.objects.filter(id=new.collected_by, is_active=True).exists():
        raise Refusal("user.unknown", "there is no user {name}", name=new.collected_by)
    if new.item_id is None:
        return
    row = lock_items(entity_id, [new.item_id])[new.item_id]
    if row.account_id != new.account_id or row.currency != new.currency:
        raise Refusal("cash.other_invoice", "this invoice is another customer's or in another currency")
    if new.amount_minor > row.open_minor:
        raise Refusal(
            "cash.over_invoice",
            "the cash is {amount}, of the invoice {open} is open: check it against the invoice",
            amount=new.amount_minor,
            open=max(row.open_minor, 0),
            currency=row.currency,
        )


def _next_number(entity_id: int, year: int) -> int:
    """The next number of a year, without gaps: whoever takes one holds the entity until the slip is written."""
    list(Entity.objects.select_for_update(no_key=True).filter(id=entity_id))
    last = CashSlip.objects.filter(entity_id=entity_id, year=year).aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def hand_in_cash(slip_id: int, *, on: date, place: str, actor_id: int | None, now: datetime) -> None:
    """The cash was handed in, to the cashier or the bank. Refuses ``cash.unknown``, ``cash.handed_in``,
    ``cash.before_taken``, ``cash.no_longer_counts`` and ``cash.place_missing``."""
    if not place.strip():
        raise Refusal("cash.place_missing", "say to whom or where it was handed in")

    def work() -> None:
        slip = CashSlip.objects.select_for_update().filter(id=slip_id).select_related("receipt").first()
        if slip is None:
            raise Refusal("cash.unknown", "there is no such receipt for cash")
        demand(actor_id, Right.POST_CASH, entity_id=slip.entity_id, account_id=slip.receipt.account_id)
        before = CashHandIn.objects.filter(slip=slip).first()
        if before is not None:
            if (before.on, before.place, before.actor_id) == (on, place.strip()[:200], actor_id):
                return  # The same request again.
            raise Refusal("cash.handed_in", "this cash has been handed in already")
        if JournalEntry.objects.filter(reverses_id=slip.receipt.entry_id).exists():
            raise Refusal("cash.no_longer_counts", "this money was taken back: there is nothing to hand in")
        if on < slip.received_on:
            raise Refusal("cash.before_taken", "cash is not handed in before it was taken")
        CashHandIn.objects.create(slip=slip, on=on, place=place.strip()[:200], recorded_at=now, actor_id=actor_id)
        record(
            "cash.handed_in",
            now=now,
            actor_id=actor_id,
            entity_id=slip.entity_id,
            subject=f"cash:{slip.pk}",
            days_late=max((on - slip.due_on).days, 0),
        )

    run_in_transaction(work)


def number_of_slip(slip_id: int) -> str:
    """The number a slip goes by."""
    slip = CashSlip.objects.get(id=slip_id)
    return slip_number(slip.year, slip.number)


def find_slip(entity_id: int, text: str) -> int:
    """A slip of an entity by its number (``2026-000017``) or opaque id. Refuses ``cash.unknown``."""
    inner = inner_id("csh", text)
    year, _, number = text.partition("-")
    found = CashSlip.objects.filter(entity_id=entity_id)
    if inner is not None:
        found = found.filter(id=inner)
    elif year.isdigit() and number.isdigit():
        found = found.filter(year=int(year), number=int(number))
    else:
        found = found.none()
    slip = found.first()
    if slip is None:
        raise Refusal("cash.unknown", "there is no such receipt for cash")
    return int(slip.pk)
