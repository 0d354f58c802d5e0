"""Short payments: the list by deadline, one case with what was done, and deciding it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from huikuan.core.rights import Right
from huikuan.core.short_payments import NOTE_MAX, Outcome
from huikuan.queries import desk
from huikuan.queries import short_payments as queries
from huikuan.queries.ids import short_payment_id_text
from huikuan.queries.short_payment_reasons import reasons_of
from huikuan.queries.short_payments import WHICH, EventRow, ShortPaymentRow
from huikuan.services import short_payments as services
from huikuan.web.acting import (
    Deed,
    Field,
    act,
    actor,
    amount_text,
    bar,
    demand_posting_to,
    done,
    may_post_to,
    read_on,
    read_positive,
    read_text,
    typed_amount,
)
from huikuan.web.frames import Seat, number_of, read_day
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, show
from huikuan.web.short_payment_words import EVENTS, OUTCOMES, STATES, reason_word, state_word
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tables.short_payments import SHORT_PAYMENTS, days_left_word, owner_word
from huikuan.web.tags import address

HANDLE = Right.HANDLE_SHORT_PAYMENT


@require_safe
@page
def list_cases(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, SHORT_PAYMENTS)
    rows = SHORT_PAYMENTS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    which = ask.values.get("which", "open")
    counts = queries.short_payment_counts(seat.frame)
    words = {code: str(STATES.get(code, "")) for code in WHICH} | {"late": _("Past the deadline"), "all": _("All")}
    choices = [(code, f"{words[code]} {counts[code]:,}" if counts.get(code) else words[code], "") for code in WHICH]
    user: Any = request.user
    waiting, _late = queries.short_payments_waiting(seat.frame, user.pk)
    mine = _("Mine") + (f" {waiting:,}" if waiting else "")
    people = [("", _("Everybody's"), ""), (user.username, mine, "")]
    chips = [
        (_("Which cases"), chips_of(request, "which", choices, active=which if which in WHICH else "open")),
        (_("Falls to"), chips_of(request, "owner", people, active=ask.values.get("owner", ""))),
    ]
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=chips),
        "rows": rows,
        "may_rule": seat.can_whole(Right.MANAGE_POLICY),
        "filtered": ask.is_narrowed,
    }
    return show(request, seat, "short_payments/list.html", context, room="short_payments")


@require_safe
@page
def show_case(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    case = _case(seat, public_id)
    context = {
        **case_context(case),
        "events": [_event_line(one) for one in queries.events_of(case.id)],
        **bar(seat, _deeds(seat, case)),
    }
    return show(request, seat, "short_payments/case.html", context, room="short_payments")


def case_context(case: ShortPaymentRow) -> dict[str, Any]:
    """A case in words."""
    return {
        "case": case,
        "reason": reason_word(case.reason_code, case.reason_name),
        "state": state_word(case.state, case.outcome, settled=bool(case.settling_public_id)),
        "owner": owner_word(case),
        "left": days_left_word(case),
    }


def _event_line(event: EventRow) -> dict[str, Any]:
    facts = [reason_word(event.reason_code)] if event.reason_code else []
    facts += [str(OUTCOMES[event.outcome])] if event.outcome in OUTCOMES else []
    return {
        "event": event,
        "word": EVENTS.get(event.code, event.code),
        "facts": facts,
        "deadline": read_day(event.deadline),
    }


def _deeds(seat: Seat, case: ShortPaymentRow) -> list[Deed]:
    if not case.is_live or not may_post_to(seat, case.entity_id, HANDLE):
        return []
    deeds = []
    if may_post_to(seat, case.entity_id, Right.POST_ADJUSTMENT) and case.approval_id is None:
        deeds.append(Deed(_("Accept"), address(seat.kept, "short_payment_accept", case.public_id), primary=True))
    if case.state == "open":
        deeds.append(Deed(_("Reject"), address(seat.kept, "short_payment_reject", case.public_id)))
    return [*deeds, Deed(_("Reason, owner, deadline"), address(seat.kept, "short_payment_change", case.public_id))]


def _case(seat: Seat, public_id: str) -> ShortPaymentRow:
    case = queries.short_payment(seat.frame, public_id)
    if case is None:
        raise Http404
    return case


def _to_handle(seat: Seat, public_id: str) -> ShortPaymentRow:
    case = _case(seat, public_id)
    demand_posting_to(seat, case.entity_id, HANDLE)
    return case


def _shell(seat: Seat, case: ShortPaymentRow, title: str, button: str, says: str = "") -> dict[str, Any]:
    back = address(seat.kept, "short_payment", case.public_id)
    return {
        "title": title,
        "about": case.document_number,
        "facts": [
            (_("Customer"), case.customer_name),
            (_("Held back"), amount_text(case.amount_minor, case.currency)),
            (_("Reason"), reason_word(case.reason_code, case.reason_name)),
        ],
        "crumbs": [(address(seat.kept, "short_payments"), _("Short payments")), (back, case.document_number)],
        "back": back,
        "says": says,
        "button": button,
    }


# -- deciding --------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_ADJUSTMENT)
def accept(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The customer need not pay it."""
    case = _to_handle(seat, public_id)
    demand_posting_to(seat, case.entity_id, Right.POST_ADJUSTMENT)
    today = desk.day_at(case.entity_id, timezone.now())

    def context(given: QueryDict) -> dict[str, Any]:
        says = _("The customer need not pay it. A write-off is posted at once; a credit memo settles it when it comes.")
        ways = ((Outcome.WRITE_OFF.value, _("Write off")), (Outcome.CREDIT_MEMO.value, _("A credit memo is to come")))
        return {
            **_shell(seat, case, _("Accept the short payment"), _("Accept"), says),
            "fields": [
                Field("choice", "outcome", _("How"), given.get("outcome", ""), choices=ways),
                Field("day", "on", _("Day"), given.get("on", today.isoformat())),
                Field("text", "note", _("Why"), given.get("note", "")),
            ],
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        outcome = Outcome.CREDIT_MEMO if given.get("outcome") == Outcome.CREDIT_MEMO else Outcome.WRITE_OFF
        entry_id = services.accept_short_payment(
            case.id, outcome, note=read_text(given, "note", 200), on=read_on(given, today), key=key, **actor(request)
        )
        text = _("{amount} of {document} accepted.").format(
            amount=amount_text(case.amount_minor, case.currency), document=case.document_number
        )
        if entry_id is None:
            messages.success(request, text)
            return redirect(address(seat.kept, "short_payment", public_id))
        return done(request, seat, text, entry_id, "short_payment", public_id)

    return act(request, seat, "actions/act.html", context, do, currency=case.currency, room="short_payments")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=HANDLE)
def reject(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The customer owes it."""
    case = _to_handle(seat, public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        says = _("The customer owes it: the item stays open and is collected like any other.")
        why = Field("text", "note", _("Why, and what the customer was told"), given.get("note", ""))
        return {**_shell(seat, case, _("Reject the short payment"), _("Reject"), says), "fields": [why]}

    def do(given: QueryDict, _key: str) -> HttpResponse:
        services.reject_short_payment(case.id, note=read_text(given, "note", NOTE_MAX), **actor(request))
        messages.success(request, _("Rejected."))
        return redirect(address(seat.kept, "short_payment", public_id))

    return act(request, seat, "actions/act.html", context, do, currency=case.currency, room="short_payments")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=HANDLE)
def change(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Reason, owner and deadline."""
    case = _to_handle(seat, public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        hint = _("Another reason brings its own owner and deadline, unless they are changed here too.")
        fields = [
            Field(
                "choice",
                "reason",
                _("Reason"),
                given.get("reason", case.reason_code),
                hint,
                choices=_reasons(case.entity_id, case.reason_code),
            ),
            Field(
                "choice",
                "owner",
                _("Falls to"),
                given.get("owner", str(case.owner_id or "")),
                choices=_people(case.entity_id),
            ),
            Field("day", "deadline", _("Decide by"), given.get("deadline", case.deadline.isoformat())),
            Field("text", "note", _("Note"), given.get("note", ""), required=False),
        ]
        return {**_shell(seat, case, _("Reason, owner, deadline"), _("Save")), "fields": fields}

    def do(given: QueryDict, _key: str) -> HttpResponse:
        owner, deadline = number_of(given.get("owner", "")), read_day(given.get("deadline", "")[:10])
        services.change_short_payment(
            case.id,
            reason_code=given.get("reason", "")[:30] or None,
            owner_id=owner if owner and owner != case.owner_id else None,
            deadline=deadline if deadline != case.deadline else None,
            note=read_text(given, "note", NOTE_MAX),
            **actor(request),
        )
        messages.success(request, _("The case is up to date."))
        return redirect(address(seat.kept, "short_payment", public_id))

    return act(request, seat, "actions/act.html", context, do, currency=case.currency, room="short_payments")


def _reasons(entity_id: int, now_there: str = "") -> tuple[tuple[str, str], ...]:
    return tuple(
        (one.code, reason_word(one.code, one.name))
        for one in reasons_of(entity_id)
        if one.is_active or one.code == now_there
    )


def _people(entity_id: int) -> tuple[tuple[str, str], ...]:
    return (("", "–"), *((str(number), name) for number, name in queries.who_may_own(entity_id)))


# -- opening one -----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=HANDLE)
def open_case(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Part of an item, or all that is open on it, is held back."""
    item = desk.item_now(seat.frame, public_id, timezone.now())
    if item is None:
        raise Http404
    demand_posting_to(seat, item.entity_id, HANDLE)

    def context(given: QueryDict) -> dict[str, Any]:
        back = address(seat.kept, "item", public_id)
        blocked = "" if item.open_minor > 0 else _("Nothing is open on this item.")
        amount = given.get("amount", typed_amount(item.open_minor, item.currency))
        return {
            "title": _("Open a short payment"),
            "about": item.document_number,
            "facts": [(_("Customer"), item.owner.name), (_("Open"), amount_text(item.open_minor, item.currency))],
            "crumbs": [
                (address(seat.kept, "customer", item.owner.customer_public_id), item.owner.name),
                (back, item.document_number),
            ],
            "back": back,
            "says": _("What the customer holds back, and why. The reason says whom it falls to and until when."),
            "button": _("Open the case"),
            "blocked": blocked,
            "fields": [
                Field("money", "amount", _("Held back, in {currency}").format(currency=item.currency), amount),
                Field("choice", "reason", _("Reason"), given.get("reason", ""), choices=_reasons(item.entity_id)),
                Field("text", "note", _("What the customer said"), given.get("note", ""), required=False),
            ],
        }

    def do(given: QueryDict, _key: str) -> HttpResponse:
        number = services.open_short_payment(
            item.entity_id,
            item.id,
            read_positive(given, "amount", item.currency),
            reason_code=given.get("reason", "")[:30],
            note=read_text(given, "note", NOTE_MAX),
            **actor(request),
        )
        messages.success(request, _("The case is open."))
        return redirect(address(seat.kept, "short_payment", short_payment_id_text(number)))

    return act(request, seat, "actions/act.html", context, do, currency=item.currency, room="items")


# -- for other pages ---------------------------------------------------------------------------------------------------
def waiting_on(request: HttpRequest, seat: Seat) -> dict[str, Any]:
    """What Today says of cases that fall to this person."""
    user: Any = request.user
    count, late = queries.short_payments_waiting(seat.frame, user.pk)
    return {"short_waiting": count, "short_late": late, "me": user.username}


def item_deeds(seat: Seat, entity_id: int, public_id: str, open_minor: int) -> list[Deed]:
    """The button on an item's page, where something is open and no case is."""
    if open_minor <= 0 or not may_post_to(seat, entity_id, HANDLE):
        return []
    if any(case.is_live for case in queries.short_payments_of_item(seat.frame, public_id)):
        return []
    return [Deed(_("Short payment"), address(seat.kept, "item_short", public_id))]
