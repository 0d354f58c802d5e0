"""Items, one item's life posting by posting, and the journal entry behind each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from huikuan.core.payment_reference import printed_reference
from huikuan.queries import customers as customer_queries
from huikuan.queries import items as queries
from huikuan.queries.agreements import agreements_of_item
from huikuan.queries.documents import documents_of
from huikuan.queries.einvoices import einvoice_of_item
from huikuan.queries.entries import PostingRow
from huikuan.queries.note_lives import covering
from huikuan.queries.short_payments import short_payments_of_item
from huikuan.web.actions import item_bar
from huikuan.web.agreement_words import agreement_line
from huikuan.web.documents import documents_card
from huikuan.web.format import format_day, format_moment
from huikuan.web.frames import Seat
from huikuan.web.lists import Chip, chips_of
from huikuan.web.lives import life_line
from huikuan.web.pages import page, show
from huikuan.web.reversing import entry_bar, undoable
from huikuan.web.short_payments import case_context
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tables.items import BUCKETS, ITEMS, STATES
from huikuan.web.tags import address
from huikuan.web.words import bucket_class, bucket_word

ITEM_SORTS = ("document_number", "customer", "document_date", "due_date", "amount", "open", "days_past_due")


def amount_labels() -> dict[str, str]:
    return {"amount_label": _("Amount"), "open_label": _("Open")}


def state_chips(request: HttpRequest, active: str, states: Iterable[str] = ("open", "all")) -> list[Chip]:
    words = {"open": _("Open"), "overdue": _("Overdue"), "all": _("All")}
    return chips_of(request, "state", [(code, words[code], "") for code in states], active=active)


@require_safe
@page
def list_items(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, ITEMS)
    rows = ITEMS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    state = ask.values.get("state", "open")
    bucket = ask.values.get("bucket", "")
    whose = customer_queries.customer(seat.frame, ask.values["customer"]) if "customer" in ask.values else None
    buckets = [(code, bucket_word(code), bucket_class(code)) for code in BUCKETS]
    own_chips = [
        (_("Which items"), state_chips(request, state if state in STATES else "open", STATES)),
        (_("Ageing"), chips_of(request, "bucket", buckets, active=bucket, optional=True)),
    ]
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=own_chips),
        "rows": rows,
        "customer": whose,
        "filtered": ask.is_narrowed,
    }
    return show(request, seat, "items/list.html", context, room="items")


@require_safe
@page
def show_life(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    found = queries.item_life(seat.frame, public_id)
    if found is None:
        raise Http404
    item, language = found.item, get_language() or "en"
    facts = [
        (_("Legal entity"), item.entity_name),
        (_("Document date"), format_day(item.document_date, language)),
        (_("Counts from"), format_day(item.posting_date, language)),
        (_("PO number"), item.po_number),
        (_("Payment reference"), printed_reference(item.payment_reference)),
        (_("Contract number"), item.contract_number),
        (_("Sales rep"), item.sales_rep),
        (_("Region"), item.region),
        (_("Product"), item.product),
        (_("Number in the source system"), item.external_id),
    ]
    context = {
        "item": item,
        "facts": [(label, value) for label, value in facts if value],
        "postings": undoable(seat, item.entity_id, [life_line(seat, row, row.amount_minor) for row in found.postings]),
        "after_word": _("Open after"),
        **documents_card(seat, "item", public_id, documents_of(seat.frame, "item", public_id), [item.entity_id]),
        "covering": covering(seat.frame, public_id),
        "einvoice": einvoice_of_item(seat.frame, public_id),
        "short_cases": [case_context(one) for one in short_payments_of_item(seat.frame, public_id)],
        "agreements": [agreement_line(one) for one in agreements_of_item(seat.frame, public_id)],
        **item_bar(seat, public_id),
    }
    return show(request, seat, "items/life.html", context, room="items")


@dataclass(frozen=True, slots=True)
class LegLine:
    row: PostingRow
    label: str
    href: str

    @property
    def credit_minor(self) -> int:
        return -self.row.amount_minor if self.row.amount_minor < 0 else 0


def leg_line(seat: Seat, row: PostingRow) -> LegLine:
    for name, public_id in (
        ("item", row.item_public_id),
        ("receipt", row.receipt_public_id),
        ("customer", row.customer_public_id),
    ):
        if public_id:
            return LegLine(row, row.label, address(seat.kept, name, public_id))
    return LegLine(row, row.label, "")


@require_safe
@page
def show_entry(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    entry = queries.entry(seat.frame, public_id)
    if entry is None:
        raise Http404
    language = get_language() or "en"
    legs = [leg_line(seat, row) for row in entry.postings]
    facts = [
        (_("Legal entity"), entry.entity_name),
        (_("Counts from"), format_day(entry.posting_date, language)),
        (_("Happened on"), format_day(entry.effective_date, language)),
        (_("Recorded at"), format_moment(entry.recorded_at, language)),
        (_("Recorded by"), entry.actor or _("System")),
        (_("Source"), entry.source),
    ]
    context = {
        "entry": entry,
        "facts": [(label, value) for label, value in facts if value],
        "postings": legs,
        "via": next((line for line in legs if line.href), None),
        "sums": leg_sums(entry.postings),
        "base_sum": sum(row.base_minor for row in entry.postings),
        **documents_card(seat, "entry", public_id, documents_of(seat.frame, "entry", public_id), [entry.entity_id]),
        **entry_bar(seat, public_id),
    }
    return show(request, seat, "items/entry.html", context, room="items")


@dataclass(frozen=True, slots=True)
class LegSum:
    currency: str
    debit: int
    credit: int


def leg_sums(rows: Iterable[PostingRow]) -> list[LegSum]:
    """Debits and credits per currency; the two are equal or the ledger is broken, and a reader sees it."""
    debit: dict[str, int] = {}
    credit: dict[str, int] = {}
    for row in rows:
        side = debit if row.amount_minor > 0 else credit
        side[row.currency] = side.get(row.currency, 0) + abs(row.amount_minor)
    return [LegSum(code, debit.get(code, 0), credit.get(code, 0)) for code in sorted(debit | credit)]
