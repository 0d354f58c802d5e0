"""The cash room: money received, found and filtered, recorded by hand; and what is done with a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from huikuan.core.channels import BY_HAND, Channel
from huikuan.core.money import exponent_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import applicable, desk
from huikuan.queries.cash import CASH_STATES, cash_counts
from huikuan.queries.desk import Owner
from huikuan.queries.frame import EntityRow
from huikuan.queries.ids import receipt_id_text
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.rights import Forbidden
from huikuan.web.acting import (
    Field,
    act,
    actor,
    amount_text,
    demand_now,
    read_on,
    read_positive,
    read_text,
)
from huikuan.web.frames import Seat
from huikuan.web.lists import chips_of
from huikuan.web.note_words import CHANNELS
from huikuan.web.pages import page, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.cash import CASH
from huikuan.web.tables.grid import grid_of
from huikuan.web.tags import address


@require_safe
@page
def list_cash(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, CASH)
    rows = CASH.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    state = ask.values.get("state", "todo")
    state = state if state in CASH_STATES else "todo"
    chips = chips_of(request, "state", _state_choices(seat), active=state)
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=[(_("Which receipts"), chips)]),
        "rows": rows,
        "filtered": ask.is_narrowed,
        "may_record": bool(postable(seat)),
    }
    return show(request, seat, "cash/list.html", context, room="cash")


def _state_choices(seat: Seat) -> list[tuple[str, str, str]]:
    counts = cash_counts(seat.frame)
    words = {
        "todo": _("To do"),
        "unidentified": _("Payer unknown"),
        "unapplied": _("Unapplied"),
        "on_account": _("On account"),
        "all": _("All"),
    }
    return [(code, f"{words[code]} {counts[code]:,}" if code in counts else words[code], "") for code in CASH_STATES]


# -- whose money it is -----------------------------------------------------------------------------------------------
@require_safe
@page(right=Right.POST_CASH)
def suggest_customers(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Customers of the chosen entity that match what is typed, to choose one."""
    code = request.GET.get("entity_code") or request.GET.get("customer_entity", "")
    entity = next((row for row in postable(seat) if row.code == code), None)
    text = request.GET.get("who", "").strip()[:200]
    owners = desk.find_owners(seat.frame, entity.id, text) if entity and text else []
    return render(request, "cash/customers.html", {"owners": owners, "asked": bool(text)})


def postable(seat: Seat) -> list[EntityRow]:
    """The entities in the frame this person may post to."""
    return [row for row in seat.entities if row.can(Right.POST_CASH) and row.id in seat.frame.entity_ids]


def who_context(seat: Seat, entity: EntityRow | None, given: QueryDict) -> dict[str, Any]:
    text = given.get("who", "").strip()[:200]
    owners = desk.find_owners(seat.frame, entity.id, text) if entity and text else []
    return {
        "who_entity": entity.code if entity else "",
        "owners": owners,
        "asked": bool(text),
        "chosen": given.get("customer", ""),
    }


def read_owner(seat: Seat, entity_id: int, given: QueryDict) -> Owner | None:
    """The customer chosen, or the only one that fits what was typed; none where nothing was typed.

    Refuses ``cash.no_customer`` and ``cash.which_customer``.
    """
    text = given.get("who", "").strip()[:200]
    if not text:
        return None
    fitting = desk.find_owners(seat.frame, entity_id, text)
    chosen = [one for one in fitting if one.customer_public_id == given.get("customer", "")]
    if len(chosen) == 1 or len(fitting) == 1:
        return (chosen or fitting)[0]
    if not fitting:
        raise Refusal("cash.no_customer", "No customer of this legal entity matches {text}.", text=text)
    raise Refusal("cash.which_customer", "Several customers match {text}: choose one.", text=text)


# -- recording a receipt ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReceiptForm:
    """What the form said, as typed."""

    entity_code: str
    who: str
    amount: str
    currency: str
    book_currency: str
    value_date: str
    reference: str
    payer_name: str
    payer_account: str
    remittance_text: str


def _form(given: QueryDict, entity: EntityRow | None, today: date) -> ReceiptForm:
    day = desk.day_at(entity.id, timezone.now()) if entity else today
    return ReceiptForm(
        entity_code=entity.code if entity else "",
        who=given.get("who", ""),
        amount=given.get("amount", ""),
        currency=given.get("currency", "").strip().upper()[:3],
        book_currency=entity.currency if entity else "",
        value_date=given.get("value_date", day.isoformat()),
        reference=given.get("reference", ""),
        payer_name=given.get("payer_name", ""),
        payer_account=given.get("payer_account", ""),
        remittance_text=given.get("remittance_text", ""),
    )


def entity_asked(request: HttpRequest, rows: list[EntityRow]) -> EntityRow | None:
    """The entity a form or an address names among those of ``rows``; where it names none, the only one."""
    code = request.POST.get("entity_code", "") or request.GET.get("entity_code", "")
    if not code:
        return rows[0] if len(rows) == 1 else None
    found = next((row for row in rows if row.code == code), None)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH)
def record_receipt(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Money that came, typed in by hand; without a customer it stands as unidentified."""
    if not postable(seat):
        raise PermissionDenied
    demand_now(seat)
    entity = entity_asked(request, postable(seat))
    currency = _currency(request.POST, entity)

    def context(given: QueryDict) -> dict[str, Any]:
        return {
            "form": _form(given, entity, seat.frame.today),
            "entities": postable(seat),
            "who_field": _who_field(given),
            "channel_field": _channel_field(given),
            "same": _same(request, seat, entity, given, given.get("key", "")),
            **who_context(seat, entity, given),
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        if entity is None:
            raise Refusal("cash.which_entity", "Say which legal entity received the money.")
        exponent_of(currency)
        amount, today = read_positive(given, "amount", currency), desk.day_at(entity.id, timezone.now())
        owner = read_owner(seat, entity.id, given)
        new = NewReceipt(
            external_id="",
            value_date=read_on(given, today, name="value_date"),
            currency=currency,
            amount_minor=amount,
            account_id=owner.account_id if owner else None,
            reference=read_text(given, "reference", 120),
            payer_name=read_text(given, "payer_name", 300),
            payer_account=read_text(given, "payer_account", 64),
            remittance_text=read_text(given, "remittance_text", 500),
            channel=_channel(given),
        )
        same = _same(request, seat, entity, given, key)
        if same and given.get("another") != "yes":
            raise Refusal(
                "cash.same_receipt",
                "{reference} has the same amount and value date. If this is another payment, tick that it is.",
                reference=", ".join(same),
            )
        (receipt_id,) = _post(entity.id, new, key, request)
        return _recorded(request, seat, receipt_id_text(receipt_id), new, owner)

    return act(request, seat, "cash/new.html", context, do, currency=currency)


def _post(entity_id: int, new: NewReceipt, key: str, request: HttpRequest) -> list[int]:
    """Posts it. Refuses ``cash.not_yours``: what is typed stays on the form of one who looks after some customers."""
    try:
        return post_receipts(entity_id, [new], key=key, **actor(request))
    except Forbidden as refusal:
        if refusal.code != "right.out_of_reach":
            raise
        raise Refusal(
            "cash.not_yours",
            "You may record money of your own customers only: choose one, or leave it to somebody who looks after all.",
        ) from None


def _currency(given: QueryDict, entity: EntityRow | None) -> str:
    """The currency typed, else that of the books."""
    return given.get("currency", "").strip().upper()[:3] or (entity.currency if entity else "")


def _channel(given: QueryDict) -> Channel:
    """By which channel it came; a transfer where nothing fits what was sent."""
    return next((one for one in BY_HAND if one.value == given.get("channel", "")), Channel.TRANSFER)


def _channel_field(given: QueryDict) -> Field:
    words = tuple((one.value, str(CHANNELS[one])) for one in BY_HAND)
    return Field("choice", "channel", _("Paid by"), _channel(given).value, choices=words)


def _who_field(given: QueryDict) -> Field:
    hint = _("Leave empty while nobody knows whose money it is.")
    return Field("who", "who", _("Customer"), given.get("who", ""), hint, required=False)


def _same(request: HttpRequest, seat: Seat, entity: EntityRow | None, given: QueryDict, key: str) -> list[str]:
    """Receipts that look like the one typed; none while the form is not readable yet."""
    currency = _currency(given, entity)
    if entity is None:
        return []
    try:
        minor = read_positive(given, "amount", currency)
        day = read_on(given, desk.day_at(entity.id, timezone.now()), name="value_date")
    except Refusal:
        return []
    but = desk.posted_under(entity.id, request.user.pk, key)
    return desk.same_receipts(seat.frame, entity.id, currency=currency, amount_minor=minor, day=day, but=but)


def _recorded(request: HttpRequest, seat: Seat, public_id: str, new: NewReceipt, owner: Owner | None) -> HttpResponse:
    """On to applying it where the customer is known and owes something."""
    amount = amount_text(new.amount_minor, new.currency)
    if owner is None:
        messages.success(request, _("Recorded {amount}, payer unknown.").format(amount=amount))
        return redirect(address(seat.kept, "receipt", public_id))
    messages.success(request, _("Recorded {amount} from {name}.").format(amount=amount, name=owner.name))
    receipt = desk.receipt_now(seat.frame, public_id, timezone.now())
    owes = receipt and receipt.unapplied_minor and applicable.owes(owner.account_id, new.currency)
    return redirect(address(seat.kept, "receipt_apply" if owes else "receipt", public_id))
