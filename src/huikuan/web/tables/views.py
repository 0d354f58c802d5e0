"""What every table has beside its rows: the filters to choose from, files, and saved views."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.listing import Whole
from huikuan.services.exporting import record_export
from huikuan.services.views import delete_view, save_view, set_usual
from huikuan.web.acting import actor, read_text
from huikuan.web.ageing import VIEWED as AGEING
from huikuan.web.format import format_moment
from huikuan.web.frames import KEPT, Seat, number_of
from huikuan.web.pages import page, refusal_text
from huikuan.web.tables.asks import TableAsk, read_filter, read_table, viewed
from huikuan.web.tables.columns import Table
from huikuan.web.tables.files import Sheet, csv_lines, write_workbook
from huikuan.web.tables.grid import frame_of, may_export, order_note
from huikuan.web.tables.registry import TABLES
from huikuan.web.tables.saved import Viewed
from huikuan.web.tags import address

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PICKED_MAX = 1_000


def _table(key: str) -> Table:
    if key not in TABLES:
        raise Http404
    return TABLES[key]


@require_safe
@page(right=None)
def show_filters(request: HttpRequest, seat: Seat, key: str) -> HttpResponse:
    """The fields a table can be narrowed by, filled with what it is narrowed by now; fetched when they are opened."""
    table = _table(key)
    if not seat.can(table.right):
        raise PermissionDenied
    frame = frame_of(seat, table)
    fields: list[dict[str, Any]] = []
    for one in table.filters:
        if one.is_quiet or one.key in table.fixed:
            continue
        choices = one.choices(frame) if one.choices else []
        if one.kind == "choice" and not choices:
            continue
        fields.append({"filter": one, "choices": choices, "value": request.GET.get(one.key, "")})
    named = {field["filter"].key for field in fields}
    kept = [(name, text) for name, text in request.GET.items() if name not in named and name != "page"]
    return render(
        request,
        "tables/filters.html",
        {"fields": fields, "kept_fields": kept, "action": address({}, table.page), "kept": seat.kept},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EXPORT)
def export(request: HttpRequest, seat: Seat, key: str, form: str) -> HttpResponseBase:
    """Everything the table finds as a workbook or CSV, not the page of it; a POST names rows: only those."""
    table = _table(key)
    if not may_export(seat, table):
        raise PermissionDenied
    frame, ask = frame_of(seat, table), read_table(request, seat, table)
    wanted = dict(ask.wanted)
    if request.method == "POST":
        wanted = _picked(request, table)
    whole = table.every_row(frame, wanted, ask.basics.sort)
    record_export(
        table.key,
        form=form,
        rows=whole.total,
        columns=[column.key for column in ask.columns],
        filters=[name for name, value in wanted.items() if value],
        as_of=frame.as_of,
        entity_ids=frame.entity_ids,
        **actor(request),
    )
    sheet = Sheet(table, ask.columns, whole, _asked(request, seat, ask, whole), get_language() or "en")
    name = f"huikuan-{table.key}-{seat.frame.as_of.isoformat()}.{form}"
    if form == "csv":
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(csv_lines(sheet), content_type="text/csv; charset=utf-8", headers=disposition)
    return FileResponse(write_workbook(sheet), as_attachment=True, filename=name, content_type=XLSX)


def _picked(request: HttpRequest, table: Table) -> dict[str, Any]:
    """The rows a person ticked. Refuses ``table.nothing_picked``."""
    ids = tuple(request.POST.getlist("id")[:PICKED_MAX])
    name = {"items": "items", "cash": "receipts"}.get(table.key)
    if name is None:
        raise Http404
    if not ids:
        raise Refusal("table.nothing_picked", "Tick the rows first.")
    return {name: ids, "state": "all"}


def _asked(request: HttpRequest, seat: Seat, ask: TableAsk, whole: Whole[Any]) -> list[tuple[str, str]]:
    """What the file shows, line by line: whose books, as of when, narrowed by what, in which order, by whom."""
    frame, user = seat.frame, request.user
    names = [f"{row.name} ({row.code})" for row in seat.entities if row.id in frame.entity_ids]
    known = format_moment(frame.known_on, "zh") if frame.known_on else _("now")
    if frame.provisional:
        known += " (" + _("provisional") + ")"
    lines = [(_("Legal entity"), ", ".join(names)), (_("As of"), frame.as_of.isoformat()), (_("As known on"), known)]
    if ask.basics.search:
        lines.append((_("Find"), ask.basics.search))
    chips = [chip.word.removesuffix(" ×") for chip in ask.chips]
    for one in ask.table.filters:
        if one.key in ask.table.fixed and (value := read_filter(request.GET, one)):
            word = dict(one.choices(frame)).get(str(value), str(value)) if one.choices else str(value)
            chips.append(f"{one.word}: {word}")
    if request.method == "POST":
        chips = [_("Rows ticked")]
    if chips:
        lines.append((_("Filters"), "; ".join(chips)))
    column = next((one for one in ask.table.columns if one.key == ask.basics.sort.removeprefix("-")), None)
    if column:
        turn = _("descending") if ask.basics.sort.startswith("-") else _("ascending")
        lines.append((_("Order"), f"{column.word}, {turn}. {order_note(seat, ask)}".strip()))
    lines.append((_("Rows"), f"{whole.total:,}"))
    who = user.get_full_name() or user.get_username()  # type: ignore[union-attr]
    lines.append((_("Exported"), f"{format_moment(timezone.now(), 'zh')}, {who}"))
    return lines


# -- saved views -----------------------------------------------------------------------------------------------------
@require_POST
@page
def change_views(request: HttpRequest, seat: Seat, key: str) -> HttpResponse:
    """Saves, deletes or chooses a view of a table or of ageing, and goes back to it."""
    of = AGEING if key == AGEING.key else viewed(_table(key))
    user_id: Any = request.user.pk
    given = request.POST
    deed, number = given.get("deed", ""), given.get("view", "")
    view_id = number_of(number) or None
    where = {**{name: text for name, text in seat.kept.items() if name in KEPT}}
    try:
        if deed == "save":
            view_id = save_view(
                of.key,
                read_text(given, "name", 200),
                _read_asked(given.get("asked", ""), of),
                is_shared=given.get("shared") == "yes",
                is_usual=given.get("usual") == "yes",
                **actor(request),
            )
            messages.success(request, _("View saved."))
            where["view"] = str(view_id)
        elif deed == "delete" and view_id is not None:
            delete_view(view_id, **actor(request))
            messages.success(request, _("View deleted."))
            where["view"] = "-"
        elif deed in ("usual", "standard"):
            set_usual(of.key, view_id if deed == "usual" else None, actor_id=user_id)
            where["view"] = number if deed == "usual" else "-"
    except Refusal as refusal:
        messages.error(request, refusal_text(refusal))
        back = given.get("next", "")
        if url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
            return redirect(back)
    return redirect(address({}, of.page, **where))


def _read_asked(text: str, of: Viewed) -> dict[str, str]:
    """``name=value`` lines, as the page wrote them; what is no parameter of the page is left out."""
    lines = (line.partition("=") for line in text.splitlines())
    return of.asked({name: value for name, _sign, value in lines})
