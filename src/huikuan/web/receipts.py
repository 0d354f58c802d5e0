"""One receipt: who paid, what became of the money, posting by posting."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from huikuan.queries.bank_rows import line_of_receipt
from huikuan.queries.documents import documents_of
from huikuan.queries.lives import receipt_life
from huikuan.web.documents import documents_card
from huikuan.web.format import format_day, mask_number
from huikuan.web.frames import Seat
from huikuan.web.lives import life_line
from huikuan.web.mandates import payer_warning
from huikuan.web.note_words import CHANNELS
from huikuan.web.pages import page, show
from huikuan.web.receipt_acts import receipt_bar
from huikuan.web.reversing import undoable


@require_safe
@page
def show_receipt(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    found = receipt_life(seat.frame, public_id)
    if found is None:
        raise Http404
    receipt, language = found.receipt, get_language() or "en"
    facts = [
        (_("Legal entity"), receipt.entity_name),
        (_("Value date"), format_day(receipt.row.value_date, language)),
        (_("Counts from"), format_day(receipt.row.posting_date, language)),
        (_("Paid by"), str(CHANNELS.get(receipt.channel, ""))),
        (_("Payer"), receipt.payer_name),
        (_("Payer account"), mask_number(receipt.payer_account)),
        (_("Remittance text"), receipt.remittance_text),
        (_("Number in the source system"), receipt.row.external_id),
    ]
    context = {
        "bank_line": line_of_receipt(seat.frame, public_id),
        "receipt": receipt,
        "row": receipt.row,
        "facts": [(label, value) for label, value in facts if value],
        "postings": undoable(
            seat, receipt.entity_id, [life_line(seat, row, -row.amount_minor) for row in found.postings]
        ),
        "after_word": _("Left after"),
        **documents_card(
            seat, "receipt", public_id, documents_of(seat.frame, "receipt", public_id), [receipt.entity_id]
        ),
        "payer_warning": payer_warning(receipt),
        **receipt_bar(seat, public_id),
    }
    return show(request, seat, "receipts/life.html", context, room="cash")
