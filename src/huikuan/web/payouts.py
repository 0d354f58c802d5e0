"""Payouts of platforms: what one settled, taking one for chosen days, taking it back; differences explained."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.payout_differences import DifferenceKind, Reason
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.ids import bank_line_number
from huikuan.queries.payouts import differences_of, payout_id_text, payout_row
from huikuan.queries.shop_facts import WaitingLine, waiting_lines
from huikuan.services.payout_differences import NOTE_MAX, explain_difference, may_be_fee
from huikuan.services.payouts import look_for, settle_payout, sold_of, suggest, undo_payout
from huikuan.web import shop_words
from huikuan.web.acting import Field, act, actor, amount_text, demand_posting_to, may_post_to, read_text
from huikuan.web.format import format_day
from huikuan.web.frames import Seat, number_of
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.shops import known_shop, today_of
from huikuan.web.tags import address
from huikuan.web.words import word_of


@require_safe
@page
def show_payout(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """One payout: what came, which days it covers, what was kept."""
    row = payout_row(seat.frame, public_id)
    if row is None:
        raise Http404
    shop = known_shop(seat, row.shop_public_id)
    context = {
        "payout": row,
        "shop": shop,
        "how": word_of(shop_words.HOWS, row.how),
        "may_undo": not row.undone and seat.frame.is_now and may_post_to(seat, shop.entity_id, Right.POST_CASH),
        "money_minor": sum(part.money_minor for part in row.parts),
        "gross_minor": sum(part.gross_minor for part in row.parts),
        "left_minor": sum(part.left_minor for part in row.parts),
    }
    return show(request, seat, "shops/payout.html", context, room="shops")


@require_POST
@page(right=Right.POST_CASH)
def undo(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Takes a payout back: the money waits again."""
    row = payout_row(seat.frame, public_id)
    if row is None:
        raise Http404
    demand_posting_to(seat, known_shop(seat, row.shop_public_id).entity_id, Right.POST_CASH)
    try:
        undo_payout(row.id, **actor(request))
    except Refusal as refusal:
        messages.error(request, refusal_text(refusal))
        return redirect(address(seat.kept, "payout", public_id))
    messages.success(request, _("Taken back: the money waits again, the days are as they were."))
    return redirect(address(seat.kept, "shop", row.shop_public_id))


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH)
def settle(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    """Takes money that waits for the payout of days a person chooses."""
    shop = known_shop(seat, public_id)
    demand_posting_to(seat, shop.entity_id, Right.POST_CASH)
    line = _waiting(shop, part_id)
    if line is None:
        raise Http404
    chosen = {number_of(text) for text in request.POST.getlist("unit")} - {0}

    def context(_given: QueryDict) -> dict[str, Any]:
        sold = sorted(sold_of(shop), key=lambda one: (one.day, one.pool))
        covered, why = look_for(shop, line)
        found = suggest(shop, line)
        ticked = chosen or set([part.unit for part in covered.parts] if covered else found.units if found else ())
        if not ticked:  # nothing adds up: what was due when the money came
            due = max((one.due for one in sold if one.due <= line.day), default=None)
            ticked = {one.unit for one in sold if one.due == due}
        return {
            "shop": shop,
            "public_id": public_id,
            "part_id": part_id,
            "line": line,
            "rows": [(one, one.unit in ticked) for one in sold],
            "why": "" if covered else word_of(shop_words.WHY, why),
        }

    def do(_given: QueryDict, _key: str) -> HttpResponse:
        number = settle_payout(shop.pk, line.line_id, sorted(chosen), **actor(request))
        messages.success(request, _("Settled: {amount}.").format(amount=amount_text(line.paid_minor, shop.currency)))
        return redirect(address(seat.kept, "payout", payout_id_text(number)))

    return act(request, seat, "shops/settle.html", context, do, currency=shop.currency, room="shops")


def _waiting(shop: Any, text: str) -> WaitingLine | None:
    number = bank_line_number(text)
    return next((one for one in waiting_lines(shop) if one.line_id == number), None)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.HANDLE_SHORT_PAYMENT)
def explain(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Says why a difference is no longer open."""
    shop = known_shop(seat, public_id)
    demand_posting_to(seat, shop.entity_id, Right.HANDLE_SHORT_PAYMENT)
    asked = request.POST if request.method == "POST" else request.GET
    kind, key = asked.get("kind", ""), asked.get("about", "")[:140]
    today = today_of(shop, timezone.now())
    found = next(
        (row.what for row in differences_of(shop, today).open if (row.what.kind.value, row.what.key) == (kind, key)),
        None,
    )
    back = address(seat.kept, "shop", public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        reasons = [
            (code.value, str(shop_words.REASONS[code]))
            for code in Reason
            if code != Reason.FEE_ACCEPTED or (found is not None and may_be_fee(found.kind))
        ]
        facts = []
        if found is not None:
            facts = [
                (_("Day"), format_day(found.day, get_language() or "en")),
                (_("Amount"), amount_text(found.amount_minor, shop.currency)),
            ]
            facts += [(_("About"), found.about)] if found.about else []
            facts += [(_("Responsible"), found.responsible)] if found.responsible else []
        return {
            "title": word_of(shop_words.DIFFERENCES, kind) if found else _("Explain a difference"),
            "about": "",
            "facts": facts,
            "crumbs": [(address(seat.kept, "shops"), _("Shops and platforms")), (back, shop.name)],
            "back": back,
            "button": _("Explain"),
            "blocked": "" if found is not None or given else _("This difference is gone or was explained."),
            "fields": [
                Field("hidden", "kind", "", kind),
                Field("hidden", "about", "", key),
                Field("hidden", "amount", "", str(found.amount_minor) if found else given.get("amount", "")),
                Field("choice", "reason", _("Reason"), given.get("reason", ""), choices=tuple(reasons)),
                Field(
                    "text",
                    "note",
                    _("In a few words"),
                    given.get("note", ""),
                    _("Who bears it, what the platform said."),
                    required=False,
                ),
            ],
        }

    def do(given: QueryDict, key_once: str) -> HttpResponse:
        reason, minor = given.get("reason", ""), given.get("amount", "")
        if kind not in set(DifferenceKind) or reason not in set(Reason) or not re.fullmatch(r"-?[0-9]{1,18}", minor):
            raise Http404
        explain_difference(
            shop.pk,
            DifferenceKind(kind),
            key,
            int(minor),
            reason=Reason(reason),
            note=read_text(given, "note", NOTE_MAX),
            on=today,
            request_key=key_once,
            **actor(request),
        )
        messages.success(request, _("Explained."))
        return redirect(back)

    return act(request, seat, "actions/act.html", context, do, currency=shop.currency, room="shops")
