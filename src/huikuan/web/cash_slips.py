"""Cash: taking it with a numbered receipt, the receipt to print, handing the money in; and the rules of channels."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from huikuan.core.capitals import capitals
from huikuan.core.notes import Settles
from huikuan.core.payment_reference import ReferenceScheme
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import applicable, desk
from huikuan.queries.approvals import colleagues
from huikuan.queries.cash_slips import WHICH, SlipRow, slip, slip_counts, slip_id_text
from huikuan.queries.frame import EntityRow
from huikuan.services.cash_slips import NewCash, hand_in_cash, take_cash
from huikuan.services.channels import policy_of, set_policy
from huikuan.web import note_words, words
from huikuan.web.acting import (
    Deed,
    Field,
    act,
    actor,
    amount_text,
    bar,
    demand_now,
    demand_posting_to,
    may_post_to,
    read_money,
    read_on,
    read_positive,
    read_text,
    save_rules,
    typed_amount,
)
from huikuan.web.cash import entity_asked, postable, read_owner, who_context
from huikuan.web.format import format_count, format_day
from huikuan.web.frames import Seat, number_of
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.cash_slips import SLIPS, late_word, state_word
from huikuan.web.tables.grid import grid_of
from huikuan.web.tags import address


@require_safe
@page
def list_slips(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, SLIPS)
    rows = SLIPS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    which = ask.values.get("which", "out")
    which = which if which in WHICH else "out"
    counts = slip_counts(seat.frame)
    words = {"out": _("Still out"), "late": _("Late"), "all": _("All")}
    choices = [(code, f"{words[code]} {format_count(counts[code])}", "") for code in WHICH]
    chips = chips_of(request, "which", choices, active=which)
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=[(_("Which receipts"), chips)]),
        "rows": rows,
        "may_take": bool(postable(seat)),
        "none_yet": not counts["all"],
    }
    return show(request, seat, "slips/list.html", context, room="slips")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH)
def take(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Cash that was collected: posted, with a numbered receipt."""
    if not postable(seat):
        raise PermissionDenied
    demand_now(seat)
    entity = entity_asked(request, postable(seat))
    currency = request.POST.get("currency", "").strip().upper()[:3] or (entity.currency if entity else "")

    def context(given: QueryDict) -> dict[str, Any]:
        return {
            "entities": postable(seat),
            "entity": entity,
            "who_field": Field("who", "who", _("Customer"), given.get("who", "")),
            "fields": _fields(request, seat, given, entity),
            **who_context(seat, entity, given),
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        if entity is None:
            raise Refusal("cash.which_entity", "Say which legal entity received the money.")
        owner = read_owner(seat, entity.id, given)
        if owner is None:
            raise Refusal("cash.whose", "Say whose money it is.")
        who = given.get("collected_by", "")
        new = NewCash(
            account_id=owner.account_id,
            currency=currency,
            amount_minor=read_positive(given, "amount", currency),
            payer=read_text(given, "payer", 200),
            purpose=read_text(given, "purpose", 200),
            reason=read_text(given, "reason", 300),
            item_id=_invoice(entity.id, owner.account_id, currency, read_text(given, "invoice", 120)),
            collected_by=number_of(who) or None,
            escort=read_text(given, "escort", 200),
        )
        on = read_on(given, desk.day_at(entity.id, timezone.now()))
        number = take_cash(entity.id, new, on=on, key=key, **actor(request))
        text = _("Taken: {amount} in cash from {name}.").format(
            amount=amount_text(new.amount_minor, currency), name=owner.name
        )
        messages.success(request, text)
        return redirect(address(seat.kept, "slip", slip_id_text(number)))

    return act(request, seat, "slips/new.html", context, do, currency=currency, room="slips")


def _invoice(entity_id: int, account_id: int, currency: str, text: str) -> int | None:
    """The invoice the cash was checked against. Refuses ``note.document_unknown``."""
    if not text:
        return None
    for one in applicable.candidates(entity_id, account_id, currency, None):
        if one.document_number == text:
            return one.row.item_id
    raise Refusal("note.document_unknown", "The customer owes nothing in this currency on {number}.", number=text[:40])


def _fields(request: HttpRequest, seat: Seat, given: QueryDict, entity: EntityRow | None) -> list[Field]:
    today = desk.day_at(entity.id, timezone.now()) if entity else seat.frame.today
    me = int(request.user.pk or 0)
    people = ((str(me), _("I")), *((str(number), name) for number, name in colleagues(me)))
    escort = ""
    if entity is not None and (least := policy_of(entity.id).escort_from_minor) is not None:
        escort = _("Needed from {amount} on.").format(amount=amount_text(least, entity.currency))
    code = given.get("currency", "") or (entity.currency if entity else "")
    return [
        Field("money", "amount", _("Amount"), given.get("amount", "")),
        Field("text", "currency", _("Currency"), code, required=False),
        Field("day", "on", _("Day"), given.get("on", today.isoformat())),
        Field("text", "payer", _("Handed over by"), given.get("payer", "")),
        Field("text", "purpose", _("What it pays"), given.get("purpose", ""), required=False),
        Field(
            "text",
            "invoice",
            _("Invoice"),
            given.get("invoice", ""),
            _("Its number: the amount is checked against it, and settles it."),
            required=False,
        ),
        Field("choice", "collected_by", _("Collected by"), given.get("collected_by", str(me)), choices=people),
        Field("text", "escort", _("Who went along"), given.get("escort", ""), escort, required=False),
        Field("text", "reason", _("Why cash and no transfer"), given.get("reason", "")),
    ]


def _slip(seat: Seat, public_id: str) -> SlipRow:
    row = slip(seat.frame, public_id)
    if row is None:
        raise Http404
    return row


@require_safe
@page
def show_slip(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The receipt as it is printed, and where the money is."""
    row = _slip(seat, public_id)
    deeds = []
    if row.handed_in_on is None and not row.is_reversed and may_post_to(seat, row.entity_id, Right.POST_CASH):
        deeds.append(Deed(_("Handed in"), address(seat.kept, "slip_hand_in", public_id), primary=True))
    context = {
        "slip": row,
        "in_capitals": capitals(row.amount_minor) if row.currency == "CNY" else "",
        "amount": amount_text(row.amount_minor, row.currency),
        "state": state_word(row),
        "late": late_word(row.days_late) if row.days_late else "",
        **bar(seat, deeds),
    }
    return show(request, seat, "slips/slip.html", context, room="slips")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH)
def hand_in(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Says to whom or where the cash was handed in."""
    row = _slip(seat, public_id)
    demand_posting_to(seat, row.entity_id, Right.POST_CASH)
    today = desk.day_at(row.entity_id, timezone.now())
    back = address(seat.kept, "slip", public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        return {
            "title": _("Handed in"),
            "about": row.number,
            "facts": [
                (_("Customer"), row.customer_name),
                (_("Amount"), amount_text(row.amount_minor, row.currency)),
                (_("Received on"), format_day(row.received_on, get_language() or "en")),
            ],
            "crumbs": [(address(seat.kept, "slips"), _("Receipts for cash")), (back, row.number)],
            "back": back,
            "button": _("Record: handed in"),
            "blocked": "" if row.handed_in_on is None or given else _("This cash has been handed in already."),
            "fields": [
                Field("day", "on", _("Day"), given.get("on", today.isoformat())),
                Field("text", "place", _("To whom or where"), given.get("place", ""), _("The cashier, or the bank.")),
            ],
        }

    def do(given: QueryDict, _key: str) -> HttpResponse:
        hand_in_cash(row.id, on=read_on(given, today), place=read_text(given, "place", 200), **actor(request))
        messages.success(request, _("{number}: handed in.").format(number=row.number))
        return redirect(back)

    return act(request, seat, "actions/act.html", context, do, currency=row.currency, room="slips")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.MANAGE_POLICY, whole=True)
def edit_policy(request: HttpRequest, seat: Seat) -> HttpResponse:
    """When bills and cheques settle, from which sum cash is escorted, and which kind of payment references documents
    have, for each legal entity."""
    rows = [row for row in seat.entities if seat.can_whole(Right.MANAGE_POLICY, row.id)]
    done, reason = save_rules(request, rows, _save_policy, address(seat.kept, "channel_policy"))
    if done is not None:
        return done
    books = []
    for row in rows:
        policy = policy_of(row.id)
        least = policy.escort_from_minor
        text = "" if least is None else typed_amount(least, row.currency)
        books.append((row, policy, text))
    context = {
        "books": books,
        "reason": reason,
        "ways": [(one.value, note_words.SETTLES[one]) for one in Settles],
        "schemes": [(one.value, words.REFERENCE_SCHEMES[one]) for one in ReferenceScheme],
    }
    return show(request, seat, "settings/channels.html", context, room="settings", status=400 if reason else 200)


def _save_policy(request: HttpRequest, entity: EntityRow) -> None:
    given = request.POST
    notes, cheques = given.get("notes_settle", ""), given.get("cheques_settle", "")
    scheme = given.get("reference_scheme", "")
    if notes not in set(Settles) or cheques not in set(Settles) or scheme not in set(ReferenceScheme):
        raise Http404
    text = given.get("escort_from", "").strip()
    set_policy(
        entity.id,
        notes_settle=Settles(notes),
        cheques_settle=Settles(cheques),
        escort_from_minor=read_money(text, entity.currency) if text else None,
        reference_scheme=ReferenceScheme(scheme),
        **actor(request),
    )
