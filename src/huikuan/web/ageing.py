"""Ageing: who owes how much for how long, drilled by a click, exported as it stands on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import ageing as queries
from huikuan.services.exporting import record_export
from huikuan.services.rights import missing
from huikuan.web.acting import actor
from huikuan.web.frames import Seat
from huikuan.web.lists import Chip, changed
from huikuan.web.pages import ListAsk, page, read_list, show
from huikuan.web.tables.saved import Viewed, take_view
from huikuan.web.tags import address
from huikuan.web.words import GROUPINGS, bucket_class, is_bucket, word_of

USUAL = (0, 30, 60, 90)
OPTIONS = {"by": "customer", "buckets": "0,30,60,90", "bucket_by": "due", "basis": "posting"}
VIEWED = Viewed("ageing", "ageing", (*OPTIONS, "currency", "q", "sort", "size"), OPTIONS)
"""What a saved view of ageing keeps: how it is asked for, not whose books and which day."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Ask:
    """What ageing was asked for in the address."""

    by: str
    buckets: tuple[int, ...]
    bucket_by: str
    basis: str
    currency: str
    rows: ListAsk

    @property
    def is_usual(self) -> bool:
        """Whether a cell is the same thing as the item list's filter of that name."""
        return self.buckets == USUAL and self.bucket_by == "due" and self.basis == "posting"

    @property
    def options(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "buckets": self.buckets,
            "bucket_by": self.bucket_by,
            "basis": self.basis,
            "currency": self.currency,
            "search": self.rows.search,
            "sort": self.rows.sort,
        }


def read_ask(request: HttpRequest) -> Ask:
    by = request.GET.get("by", "customer")
    asked = request.GET.get("sort", "").removeprefix("-")
    sorts = ("label", "total", "items", *([asked] if is_bucket(asked) else []))
    return Ask(
        by=by if by in queries.GROUPS else "customer",
        buckets=read_buckets(request.GET.get("buckets", "")),
        bucket_by="document" if request.GET.get("bucket_by") == "document" else "due",
        basis="effective" if request.GET.get("basis") == "effective" else "posting",
        currency=request.GET.get("currency", "")[:3],
        rows=read_list(request, sort="-total", sorts=sorts),
    )


def read_buckets(text: str) -> tuple[int, ...]:
    """``0,30,60,90`` → limits. Refuses ``ageing.bad_buckets`` where they do not rise or are no day counts."""
    if not text.strip():
        return USUAL
    parts = [part.strip() for part in text.replace("，", ",").split(",")]
    if len(parts) > 12 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        raise Refusal("ageing.bad_buckets", "Write the bucket limits as day counts with commas, such as 0,30,60,90.")
    limits = tuple(int(part) for part in parts)
    if list(limits) != sorted(set(limits)):
        raise Refusal("ageing.buckets_not_rising", "Bucket limits must rise, such as 0,30,60,90.")
    return limits


@dataclass(frozen=True, slots=True)
class Cell:
    minor: int | None
    href: str
    css: str


@dataclass(frozen=True, slots=True)
class Line:
    row: Any
    href: str
    cells: list[Cell]
    largest: int


@dataclass(frozen=True, slots=True)
class TotalLine:
    currency: str
    cells: list[int]
    total: int
    items: int
    before: list[int] | None
    before_total: int


@require_safe
@page
def show_ageing(request: HttpRequest, seat: Seat) -> HttpResponse:
    saved = take_view(request, VIEWED)
    ask = read_ask(request)
    answer = queries.ageing_page(seat.frame, **ask.options, page=ask.rows.page, size=ask.rows.size)
    currencies = set(answer.totals)
    context = {
        "ask": ask.rows,
        "saved": saved,
        "chips": currency_chips(request, ask),
        "ask_by": ask.by,
        "groupings": queries.GROUPS,
        "bucket_by": ask.bucket_by,
        "basis": ask.basis,
        "limits": ",".join(str(limit) for limit in ask.buckets),
        "answer": answer,
        "rows": answer.rows,
        "columns": answer.columns,
        "lines": [line_of(seat, ask, answer.columns, row) for row in answer.rows.rows],
        "totals": total_lines(answer),
        "one_currency": len(currencies) == 1,
        "by_label": word_of(GROUPINGS, ask.by),
        "total_label": _("Total in {currency}").format(currency=min(currencies))
        if len(currencies) == 1
        else _("Total"),
        "bridge": bridge_steps(answer.bridge) if ask.basis == "effective" else [],
        "export_href": address(seat.kept, "ageing_export", **export_params(request))
        if seat.covers(Right.EXPORT)
        else "",
    }
    return show(request, seat, "ageing/ageing.html", context, room="ageing")


def currency_chips(request: HttpRequest, ask: Ask) -> list[Chip]:
    """The currency asked for, to be taken off by a click: the form has no field of it."""
    if not ask.currency:
        return []
    said = _("{filter}: {value}").format(filter=_("Currency"), value=ask.currency)
    return [Chip(f"{said} ×", changed(request, currency=None), True)]


def export_params(request: HttpRequest) -> dict[str, str]:
    names = ("by", "buckets", "bucket_by", "basis", "currency", "q", "sort")
    return {name: request.GET[name] for name in names if request.GET.get(name)}


@require_safe
@page(right=Right.EXPORT)
def export_ageing(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The whole table behind the screen, not the page of it, in the order and filter shown."""
    if not seat.covers(Right.EXPORT):
        raise missing(Right.EXPORT)
    ask = read_ask(request)
    data = queries.ageing_export(seat.frame, **ask.options, language=get_language() or "en")
    record_export(
        "ageing",
        form="xlsx",
        rows=queries.ageing_page(seat.frame, **ask.options, page=1, size=1).rows.total,
        columns=[ask.by],
        filters=sorted(export_params(request)),
        as_of=seat.frame.as_of,
        entity_ids=seat.frame.entity_ids,
        **actor(request),
    )
    name = f"ageing-{ask.by}-{seat.frame.as_of.isoformat()}.xlsx"
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def line_of(seat: Seat, ask: Ask, columns: list[str], row: Any) -> Line:
    by_customer = ask.by == "customer" and row.link_public_id
    href = address(seat.kept, "customer", row.link_public_id) if by_customer else ""
    items = ""
    if by_customer:
        items = address(seat.kept, "items", customer=row.link_public_id, currency=row.currency, sort="-days_past_due")
    cells = []
    for bucket in columns:
        minor = row.cells.get(bucket)
        link = ""
        if by_customer and bucket == "unapplied":
            link = f"{href}#receipts"
        elif by_customer and ask.is_usual:
            link = f"{items}&bucket={quote_plus(bucket)}"
        cells.append(Cell(minor, link, bucket_class(bucket)))
    return Line(row, href, cells, max((minor for minor in row.cells.values()), default=0))


def total_lines(answer: Any) -> list[TotalLine]:
    lines = []
    for currency, total in sorted(answer.totals.items()):
        before = (answer.compare or {}).get(currency)
        lines.append(
            TotalLine(
                currency,
                [total.cells.get(bucket, 0) for bucket in answer.columns],
                total.total_minor,
                total.items,
                [before.cells.get(bucket, 0) for bucket in answer.columns] if before else None,
                before.total_minor if before else 0,
            )
        )
    return lines


@dataclass(frozen=True, slots=True)
class BridgeStep:
    label: str
    currency: str
    minor: int


def bridge_steps(bridge: Any) -> list[BridgeStep]:
    words = {
        "posting": _("Total by posting date"),
        "items": _("Items whose dates differ"),
        "applications": _("Applications whose dates differ"),
        "receipts": _("Receipts whose dates differ"),
        "effective": _("Total by effective date"),
    }
    return [BridgeStep(words.get(row.step, row.step), row.currency, row.amount_minor) for row in bridge or ()]
