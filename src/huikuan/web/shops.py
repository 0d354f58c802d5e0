"""Cash → Shops and platforms: shops with how they stand, a shop's days, a day's orders, files, and what is agreed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.payouts import FeeRule
from huikuan.core.refusals import BadData, Refusal
from huikuan.core.rights import Right
from huikuan.queries.desk import day_at
from huikuan.queries.payouts import differences_of, payout_rows
from huikuan.queries.shop_facts import waiting_lines
from huikuan.queries.shop_lists import PAYOUT_STATES, payout_counts
from huikuan.queries.shops import (
    ShopRow,
    day_page,
    file_names,
    has_shops,
    orders_page,
    shop_model,
    shop_row,
)
from huikuan.services.payouts import PayoutResult, match_payouts
from huikuan.services.shop_files import import_shop_file
from huikuan.web import shop_words
from huikuan.web.acting import (
    actor,
    demand_posting_to,
    may_post_to,
    typed_amount,
)
from huikuan.web.faults import fault_text
from huikuan.web.format import format_count
from huikuan.web.frames import Seat, read_day
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, read_int, refusal_text, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tables.shops import PAYOUTS, SHOPS
from huikuan.web.tags import address
from huikuan.web.words import word_of

FILE_MAX = 50 * 1024 * 1024
LOOK_BACK = timedelta(days=62)


def known_shop(seat: Seat, public_id: str) -> Any:
    """The shop the address names; 404 where it is not seen."""
    shop = shop_model(seat.frame, public_id)
    if shop is None:
        raise Http404
    return shop


@require_safe
@page
def list_shops(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, SHOPS)
    rows = SHOPS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    context = {
        "grid": grid_of(request, seat, ask, rows),
        "rows": rows,
        "may_add": any(seat.can_whole(Right.MANAGE_POLICY, number) for number in seat.frame.entity_ids),
        "none_yet": not rows.total and not has_shops(seat.frame),
    }
    return show(request, seat, "shops/list.html", context, room="shops")


@require_safe
@page
def list_payouts(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Payouts of every shop, or of one."""
    ask = read_table(request, seat, PAYOUTS)
    rows = PAYOUTS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    which = ask.values.get("which", "standing")
    which = which if which in PAYOUT_STATES else "standing"
    counts = payout_counts(seat.frame)
    words = {"standing": _("Standing"), "undone": _("Taken back"), "all": _("All")}
    choices = [(code, f"{words[code]} {format_count(counts[code])}", "") for code in PAYOUT_STATES]
    chips = chips_of(request, "which", choices, active=which)
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=[(_("Which payouts"), chips)]),
        "rows": rows,
        "none_yet": not counts["all"],
    }
    return show(request, seat, "shops/payouts.html", context, room="shops")


@require_safe
@page
def show_shop(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The days of a shop, what differs, and money that waits."""
    shop = known_shop(seat, public_id)
    as_of = seat.frame.as_of
    row = shop_row(shop, as_of)
    since = None if request.GET.get("days") == "all" or row.last_day is None else row.last_day - LOOK_BACK
    days = day_page(shop, as_of, since=since, page=read_int(request, "page", 1, low=1, high=100_000), size=62)
    differences = differences_of(shop, as_of)
    context = {
        **_about(row),
        "shop": row,
        "days": days,
        "day_rows": [(one, word_of(shop_words.STATES, one.state)) for one in days.rows],
        "total": days.totals[row.currency],
        "shows_all": since is None or days.total == row.days,
        "open": [(one, word_of(shop_words.DIFFERENCES, one.what.kind)) for one in differences.open[:200]],
        "open_count": len(differences.open),
        "explained": [
            (one, word_of(shop_words.DIFFERENCES, one.what.kind), word_of(shop_words.REASONS, one.explained.reason))
            for one in differences.explained[:50]
            if one.explained is not None
        ],
        "waiting": waiting_lines(shop),
        "payouts": [(one, word_of(shop_words.HOWS, one.how)) for one in payout_rows(shop, as_of, limit=30)],
        "files": file_names(shop),
        "may_import": row.is_active and may_post_to(seat, row.entity_id, Right.IMPORT) and seat.frame.is_now,
        "may_match": may_post_to(seat, row.entity_id, Right.POST_CASH) and seat.frame.is_now,
        "may_explain": may_post_to(seat, row.entity_id, Right.HANDLE_SHORT_PAYMENT) and seat.frame.is_now,
        "may_edit": seat.can_whole(Right.MANAGE_POLICY, row.entity_id),
    }
    return show(request, seat, "shops/shop.html", context, room="shops")


def _about(row: ShopRow) -> dict[str, Any]:
    return {
        "kind_word": word_of(shop_words.KINDS, row.kind),
        "fees": [(fee.pay_method or _("every way of payment"), fee_text(fee, row.currency)) for fee in row.fees],
    }


def fee_text(fee: FeeRule, currency: str) -> str:
    """``0.6 % + 0.10``."""
    rate = f"{Decimal(fee.rate_bp).scaleb(-2).normalize():f} %"
    return f"{rate} + {typed_amount(fee.fixed_minor, currency)}" if fee.fixed_minor else rate


@require_safe
@page
def show_day(request: HttpRequest, seat: Seat, public_id: str, day: str) -> HttpResponse:
    """The orders of a day, as they stand in the files."""
    shop, on = known_shop(seat, public_id), read_day(day)
    if on is None:
        raise Http404
    orders = orders_page(shop, on, page=read_int(request, "page", 1, low=1, high=100_000))
    if not orders.total:
        raise Http404
    row = shop_row(shop, seat.frame.as_of)
    context = {"shop": row, "day": on, "orders": orders}
    return show(request, seat, "shops/day.html", context, room="shops")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.IMPORT)
def import_file(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Hands in files of sales, or of what was paid out; money that then fits is settled at once."""
    shop = known_shop(seat, public_id)
    demand_posting_to(seat, shop.entity_id, Right.IMPORT)
    reason, faults, status = "", [], 200
    if request.method == "POST":
        try:
            files = [one for one in request.FILES.getlist("files") if (one.size or 0) <= FILE_MAX]
            if not files:
                raise Refusal("shop_file.missing", "Choose a file of no more than 50 MB.")
            for one in files:
                _bring(request, shop, one.name or "file", one.read())
        except BadData as bad:
            faults = [(error.row, fault_text(error)) for error in bad.errors[:50]]
            reason, status = refusal_text(bad), 400
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            if may_post_to(seat, shop.entity_id, Right.POST_CASH):
                _match(request, shop.pk)
            return redirect(address(seat.kept, "shop", public_id))
    context = {"shop": shop, "public_id": public_id, "reason": reason, "faults": faults}
    return show(request, seat, "shops/import.html", context, room="shops", status=status)


def _bring(request: HttpRequest, shop: Any, name: str, data: bytes) -> None:
    told = {"sales": False, "details": True}.get(request.POST.get("what", ""))
    result = import_shop_file(shop.pk, name, data, is_details=told, **actor(request))
    if result.file_id is None:
        messages.info(request, _("{name}: everything in it was known.").format(name=name))
        return
    said = ngettext("{name}: {n} new row.", "{name}: {n} new rows.", result.rows_new)
    text = said.format(name=name, n=format_count(result.rows_new))
    if result.left_out:
        more = ngettext(
            "{n} order that was never paid is left out.",
            "{n} orders that were never paid are left out.",
            result.left_out,
        )
        text = f"{text} {more.format(n=format_count(result.left_out))}"
    messages.success(request, text)


@require_POST
@page(right=Right.POST_CASH)
def match(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Looks for the sales of the money that waits."""
    shop = known_shop(seat, public_id)
    demand_posting_to(seat, shop.entity_id, Right.POST_CASH)
    _match(request, shop.pk, says_nothing=True)
    return redirect(address(seat.kept, "shop", public_id))


def _match(request: HttpRequest, shop_id: int, *, says_nothing: bool = False) -> None:
    try:
        results: list[PayoutResult] = match_payouts(shop_id, **actor(request))
    except Refusal as refusal:
        messages.error(request, refusal_text(refusal))
        return
    done = sum(1 for one in results if one.payout_id is not None)
    if done:
        said = ngettext("{n} payout settled.", "{n} payouts settled.", done)
        messages.success(request, said.format(n=format_count(done)))
    elif says_nothing:
        messages.info(request, _("No money that waits is sure to be the payout of some days."))


def today_of(shop: Any, now: Any) -> date:
    """The day it is for the shop's entity."""
    return day_at(shop.entity_id, now)
