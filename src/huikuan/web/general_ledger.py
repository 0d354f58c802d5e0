"""Settings → General ledger: exports and their reconciliation; the mapping of accounts and how vouchers are made."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from huikuan.core.accounts import LedgerAccount
from huikuan.core.gl import AccountRule, Dimension
from huikuan.core.gl_charts import CHARTS, chart
from huikuan.core.refusals import BadData, Refusal
from huikuan.core.rights import Right
from huikuan.letters.gl_formats import FORMATS, find_format
from huikuan.queries import general_ledger as queries
from huikuan.queries.frame import EntityRow
from huikuan.services.general_ledger import export_bytes, export_month, map_accounts, save_choices
from huikuan.web import book_words
from huikuan.web.acting import actor, read_text
from huikuan.web.books import book_posted, book_refusal, book_shown, month_given, whole_books
from huikuan.web.format import format_month
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.tags import address

CODE_MAX, NAME_MAX, FAULTS_SHOWN = 60, 120, 50


# -- exports ---------------------------------------------------------------------------------------------------------
@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_gl(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What was exported, and one month compared with it."""
    return _show(request, seat, book_shown(request, seat), request.GET)


def _show(
    request: HttpRequest, seat: Seat, book: EntityRow | None, given: QueryDict, refusal: Refusal | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"book": book, "books": whole_books(seat), "formats": FORMATS}
    if book is not None:
        choices = queries.gl_choices(book.id)
        month = month_given(given.get("month", ""), seat.frame.today)
        code = given.get("format", "") if given.get("format", "") in FORMATS else choices.format
        held = seat.held_in(book.id).whole
        context |= {
            "choices": choices,
            "format": FORMATS[code],
            "month": month,
            "exports": queries.export_rows(book.id),
            "result": queries.reconcile(book.id, month, code),
            "unmapped": queries.unmapped(book.id),
            "may_export": Right.EXPORT_GL in held and seat.frame.is_now,
            "may_map": Right.MAP_GL in held,
            "may_download": Right.EXPORT_GL in held,
        }
    context["reason"] = book_refusal(refusal) if refusal else ""
    context["faults"] = refusal.errors[:FAULTS_SHOWN] if isinstance(refusal, BadData) else []
    status = 400 if refusal else 200
    return show(request, seat, "settings/gl.html", context, room="settings", status=status)


@require_POST
@page(right=Right.SEE_LEDGER, whole=True)
def export(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Exports what is new of a month; where nothing is, says so."""
    book = book_posted(request.POST, seat, Right.EXPORT_GL)
    month = month_given(request.POST.get("month", ""), seat.frame.today)
    code = request.POST.get("format", "")
    try:
        number, is_new = export_month(book.id, month, format_code=code, **actor(request))
    except Refusal as refusal:
        return _show(request, seat, book, request.POST, refusal)
    text = format_month(month, get_language() or "en")
    found = queries.export_row(number)
    if is_new and found:
        entries, vouchers = found[1].entries, found[1].vouchers
        done = _("{month} exported: {entries} in {vouchers}.").format(
            month=text,
            entries=ngettext("{n} entry", "{n} entries", entries).format(n=entries),
            vouchers=ngettext("{n} voucher", "{n} vouchers", vouchers).format(n=vouchers),
        )
        messages.success(request, done)
    else:
        messages.info(request, _("{month}: nothing new since the last export. Its file stands.").format(month=text))
    return redirect(address(seat.kept, "gl", book=book.code, month=f"{month:%Y-%m}", format=code))


@require_safe
@page(right=Right.EXPORT_GL, whole=True)
def download(request: HttpRequest, seat: Seat, export_id: int) -> HttpResponse:
    """The file of an export, the same bytes each time."""
    found = queries.export_row(export_id)
    if found is None or found[0] not in seat.frame.whole_ids:
        raise Http404
    name, data = export_bytes(export_id, actor_id=request.user.pk)
    response = HttpResponse(data, content_type=find_format(found[1].format).content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


# -- mapping and settings --------------------------------------------------------------------------------------------
@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_setup(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The accounts and how vouchers are made."""
    return _setup(request, seat, book_shown(request, seat))


def _setup(request: HttpRequest, seat: Seat, book: EntityRow | None, refusal: Refusal | None = None) -> HttpResponse:
    context: dict[str, Any] = {"book": book, "books": whole_books(seat)}
    if book is not None:
        rules = {(rule.ledger_account, rule.currency): rule for rule in queries.account_rules(book.id)}
        missing = queries.unmapped(book.id)
        context |= {
            "choices": queries.gl_choices(book.id),
            "formats": _formats(queries.gl_choices(book.id)),
            "groupings": book_words.GROUPINGS.items(),
            "languages": book_words.VOUCHER_LANGUAGES.items(),
            "references": book_words.REFERENCES.items(),
            "sources": queries.sources(),
            "accounts": [_account_row(account.value, "", rules, missing) for account in LedgerAccount]
            + [_account_row(account, currency, rules, missing) for account, currency in rules if currency],
            "names": [account.value for account in LedgerAccount],
            "dimensions": book_words.DIMENSIONS.items(),
            "charts": [(name, book_words.CHARTS[name]) for name in CHARTS],
            "unmapped": missing,
            "may_map": Right.MAP_GL in seat.held_in(book.id).whole and seat.frame.is_now,
        }
    context["reason"] = book_refusal(refusal) if refusal else ""
    status = 400 if refusal else 200
    return show(request, seat, "settings/gl_setup.html", context, room="settings", status=status)


def _formats(choices: queries.GlChoices) -> list[dict[str, Any]]:
    rows = []
    for code, found in FORMATS.items():
        options = [
            {
                "name": f"{code}_{one.key}",
                "word": book_words.OPTIONS[one.key],
                "value": choices.options.get(one.key, one.default),
                "is_required": one.is_required,
            }
            for one in found.options
        ]
        rows.append({"code": code, "title": found.title, "options": options, "on": code == choices.format})
    return rows


def _account_row(
    account: str, currency: str, rules: dict[tuple[str, str], AccountRule], missing: list[tuple[str, str]]
) -> dict[str, Any]:
    rule = rules.get((account, currency))
    shown = rule.dimensions if rule else frozenset()
    return {
        "account": account,
        "currency": currency,
        "key": f"{account}_{currency}",
        "code": rule.code if rule else "",
        "name": rule.name if rule else "",
        "is_missing": any(one == account for one, _currency in missing),
        "dimensions": [(name, word, name in shown) for name, word in book_words.DIMENSIONS.items()],
    }


@require_POST
@page(right=Right.SEE_LEDGER, whole=True)
def save_setup(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Format, grouping and words of vouchers from now on."""
    data = request.POST
    book = book_posted(data, seat, Right.MAP_GL)
    code = data.get("format", "")
    options = {
        one.key: read_text(data, f"{name}_{one.key}", 80) for name, found in FORMATS.items() for one in found.options
    }
    choices = queries.GlChoices(
        code,
        data.get("grouping", ""),
        data.get("language", ""),
        data.get("reference", ""),
        read_text(data, "customer_source", 40),
        options,
    )
    try:
        save_choices(book.id, choices, **actor(request))
    except Refusal as refusal:
        return _setup(request, seat, book, refusal)
    messages.success(request, _("Settings saved."))
    return redirect(address(seat.kept, "gl_setup", book=book.code))


@require_POST
@page(right=Right.SEE_LEDGER, whole=True)
def save_accounts(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The whole table of accounts, with one more for a currency of its own; or a usual chart for what is empty."""
    data = request.POST
    book = book_posted(data, seat, Right.MAP_GL)
    name = data.get("chart", "")
    try:
        if name in CHARTS:
            changed = map_accounts(book.id, chart(name), only_new=True, **actor(request))
        else:
            changed = map_accounts(book.id, _rules(data), **actor(request))
    except Refusal as refusal:
        return _setup(request, seat, book, refusal)
    done = ngettext("{n} account changed.", "{n} accounts changed.", changed).format(n=changed)
    messages.success(request, done)
    return redirect(address(seat.kept, "gl_setup", book=book.code))


def _rules(data: QueryDict) -> list[AccountRule]:
    keys = [key for key in data.getlist("key") if key.partition("_")[0]]
    rules = []
    for key in keys:
        account, _mark, currency = key.rpartition("_")
        rules.append(_rule(data, account, currency, key))
    if data.get("new_code", "").strip():
        currency = data.get("new_currency", "").strip().upper()[:3]
        rules.append(_rule(data, data.get("new_account", ""), currency, "new"))
    return rules


def _rule(data: QueryDict, account: str, currency: str, key: str) -> AccountRule:
    shown = frozenset(Dimension(name) for name in data.getlist(f"{key}_dimensions") if name in set(Dimension))
    return AccountRule(
        account,
        currency,
        read_text(data, f"{key}_code", CODE_MAX),
        read_text(data, f"{key}_name", NAME_MAX),
        shown if data.get(f"{key}_code", "").strip() else frozenset(),
    )
