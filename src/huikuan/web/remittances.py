"""Cash → Remittance advices: handed in, listed, linked to the line of money they are about."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import BadData, Refusal
from huikuan.core.rights import Right
from huikuan.queries import remittances as queries
from huikuan.queries.bank_rows import LineRow, lines_by_number
from huikuan.queries.remittances import ADVICE_STATES, AdviceLine
from huikuan.services import remittances as services
from huikuan.services.bank_files import statement_file
from huikuan.services.rights import missing
from huikuan.web.acting import actor
from huikuan.web.bank import ROOM
from huikuan.web.faults import fault_text
from huikuan.web.format import format_count
from huikuan.web.frames import Seat
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tables.advices import ADVICES, advice_filters
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tags import address

SIZE_MAX = 30 * 1024 * 1024


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SEE_LEDGER, whole=True)
def list_advices(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The advices, and where to hand in more."""
    reasons: list[str] = []
    entities = [row for row in seat.entities if seat.can_whole(Right.ADD_DOCUMENT, row.id)]
    if request.method == "POST":
        if not seat.can_whole(Right.ADD_DOCUMENT):
            raise missing(Right.ADD_DOCUMENT)
        reasons, told = _hand_in(request, seat)
        if told and not reasons:
            return redirect(address(seat.kept, "remittances"))
    ask = read_table(request, seat, ADVICES)
    rows = ADVICES.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    state = advice_filters(ask.values).state
    words = {"all": _("All"), "open": _("Without a line"), "linked": _("With their line")}
    words["open"] += f" {format_count(queries.open_advices(seat.frame))}"
    chips = chips_of(request, "state", [(code, words[code], "") for code in ADVICE_STATES], active=state)
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=[(_("Which advices"), chips)]),
        "rows": rows,
        "filtered": ask.is_narrowed,
        "entities": entities,
        "chosen": seat.entity.code if seat.entity else "",
        "reasons": reasons,
    }
    return show(request, seat, "bank/advices.html", context, room=ROOM, status=400 if reasons else 200)


def _hand_in(request: HttpRequest, seat: Seat) -> tuple[list[str], int]:
    """Keeps the files; gives why some were refused, and how many advices are there now."""
    code = request.POST.get("entity_code", "")
    mine = [row for row in seat.entities if seat.can_whole(Right.ADD_DOCUMENT, row.id)]
    entity = next((row for row in mine if row.code == code), mine[0] if len(mine) == 1 else None)
    uploads = [one for one in request.FILES.getlist("files") if isinstance(one, UploadedFile) and one.name]
    if not uploads:
        return [_("Choose a file first.")], 0
    if entity is None:
        return [_("Say which legal entity was paid.")], 0
    reasons, found, linked = [], 0, 0
    for one in uploads:
        try:
            if (one.size or 0) > SIZE_MAX:
                raise Refusal("document.too_large", "The file is larger than {megabytes} MB.", megabytes=SIZE_MAX >> 20)
            result = services.keep_advices(entity.id, one.read(), str(one.name), **actor(request))
        except BadData as bad:
            reasons += [f"{one.name}: {fault_text(error)}" for error in bad.errors[:5]]
        except Refusal as refusal:
            reasons.append(f"{one.name}: {refusal_text(refusal)}")
        else:
            found += len(result.advice_ids)
            linked += result.linked
    if found:
        text = ngettext("{n} advice kept.", "{n} advices kept.", found).format(n=found)
        text += " " + ngettext("{n} found its line.", "{n} found their lines.", linked).format(n=linked)
        messages.success(request, text)
    return reasons, found


def _advice(seat: Seat, public_id: str) -> AdviceLine:
    found = queries.advice_detail(seat.frame, public_id)
    if found is None:
        raise Http404
    return found


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_advice(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    found = _advice(seat, public_id)
    may = seat.can_whole(Right.ADD_DOCUMENT, found.entity_id)
    context = {"row": found, "advice": found.advice, "may_link": may, "lines": _candidates(seat, found)}
    return show(request, seat, "bank/advice.html", context, room=ROOM)


def _candidates(seat: Seat, found: AdviceLine) -> list[LineRow]:
    """The lines it may be about, while it is about none."""
    if found.line_public_id:
        return []
    return lines_by_number(seat.frame, services.candidate_lines(found.id))


@require_POST
@page(right=Right.ADD_DOCUMENT, whole=True)
def link_advice(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    found = _advice(seat, public_id)
    chosen = request.POST.get("line", "")
    line = next((one for one in _candidates(seat, found) if one.public_id == chosen), None)
    if line is None:
        raise Http404
    services.link_advice(found.id, line.id, **actor(request))
    messages.success(request, _("Linked: the line shows what it is for."))
    return redirect(address(seat.kept, "bank_line", line.public_id))


@require_POST
@page(right=Right.ADD_DOCUMENT, whole=True)
def unlink_advice(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    found = _advice(seat, public_id)
    services.unlink_advice(found.id, **actor(request))
    return redirect(address(seat.kept, "remittance", public_id))


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def download_advice(request: HttpRequest, seat: Seat, public_id: str) -> FileResponse:
    """The file as it came, always as a download: it comes from outside."""
    found = _advice(seat, public_id)
    path = statement_file(found.file_sha256, found.file_name)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=found.file_name, content_type="application/octet-stream"
    )
