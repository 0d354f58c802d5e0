"""E-invoices as pages show them: the list, and what one says of net, tax and the invoices it is linked to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from huikuan.queries.frame import Frame
from huikuan.queries.listing import PAGE_SIZE_MAX, Page
from huikuan.queries.presence import item_has
from huikuan.store.models import EInvoice, Entity, OpenItem
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class EInvoiceRow:
    """An e-invoice in a list. Amounts are signed: credits negative."""

    number: str
    item_public_id: str
    kind: str
    source_format: str
    profile: str
    customer_name: str
    customer_public_id: str
    issue_date: date
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class EInvoiceTotal:
    """Sums of everything a list found, in one currency."""

    currency: str
    invoices: int
    net_minor: int
    tax_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class TaxRow:
    """Net and tax of a category and rate; ``rate`` in percent, ``None`` where the file says none."""

    category: str
    rate: Decimal | None
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Linked:
    """Another invoice it is linked to; without ``item_public_id`` where that one is not here."""

    number: str
    item_public_id: str = ""
    issue_date: date | None = None
    currency: str = ""
    gross_minor: int = 0


@dataclass(frozen=True, slots=True)
class EInvoiceFacts:
    """What the e-invoice behind an item says. ``corrects``: the invoice a credit note names; ``corrected_by``: the
    credit notes that name this one."""

    number: str
    source_format: str
    profile: str
    issue_date: date
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    prepaid_minor: int
    payable_minor: int
    seller_tax_id: str
    buyer_tax_id: str
    imported_at: datetime
    taxes: tuple[TaxRow, ...]
    corrects: Linked | None
    corrected_by: tuple[Linked, ...]


@dataclass(frozen=True, slots=True)
class EInvoiceFilters:
    """What the list is narrowed by. ``search``: part of a number or of a customer's name; ``kind``: of the item;
    ``since`` and ``until``: days of issue."""

    search: str = ""
    kind: str = ""
    source_format: str = ""
    currency: str = ""
    since: date | None = None
    until: date | None = None


def einvoice_page(
    frame: Frame,
    filters: EInvoiceFilters = EInvoiceFilters(),
    *,
    sort: str = "-issue_date",
    page: int = 1,
    size: int = 50,
) -> Page[EInvoiceRow]:
    """E-invoices of the frame's entities and customers. ``sort``: number, issue_date, gross (with ``-`` descending)."""
    found = _found(frame, filters)
    size = min(max(size, 1), PAGE_SIZE_MAX)
    start = (max(page, 1) - 1) * size
    name = sort.removeprefix("-")
    column = {"number": "number", "gross": "gross_minor"}.get(name, "issue_date")
    turn = "-" if sort.startswith("-") else ""
    rows = found.select_related("item__account__customer").order_by(f"{turn}{column}", f"{turn}id")
    sums = (
        found.order_by()
        .values("currency")
        .annotate(invoices=Count("id"), net=Sum("net_minor"), tax=Sum("tax_minor"), gross=Sum("gross_minor"))
    )
    totals = {
        one["currency"]: EInvoiceTotal(one["currency"], one["invoices"], one["net"], one["tax"], one["gross"])
        for one in sums
    }
    total = sum(one.invoices for one in totals.values())
    return Page([_row(one) for one in rows[start : start + size]], total, page, size, totals)


def einvoice_of_item(frame: Frame, text: str) -> EInvoiceFacts | None:
    """What the e-invoice of an item (by its opaque id) says, of its latest version that has one; ``None`` without."""
    number = inner_id("itm", text)
    if number is None or "einvoices" not in item_has(number):
        return None
    item = OpenItem.objects.filter(id=number).first()
    if item is None or not frame.shows(item.entity_id, [item.account_id]):
        return None
    versions = OpenItem.objects.filter(entity_id=item.entity_id, source_id=item.source_id, external_id=item.external_id)
    one = EInvoice.objects.filter(item__in=versions).order_by("-item__version").first()
    if one is None:
        return None
    return EInvoiceFacts(
        number=one.number,
        source_format=one.source_format,
        profile=one.profile,
        issue_date=one.issue_date,
        currency=one.currency,
        net_minor=one.net_minor,
        tax_minor=one.tax_minor,
        gross_minor=one.gross_minor,
        prepaid_minor=one.prepaid_minor,
        payable_minor=one.payable_minor,
        seller_tax_id=one.seller_tax_id,
        buyer_tax_id=one.buyer_tax_id,
        imported_at=one.imported_at,
        taxes=tuple(
            TaxRow(
                tax.category,
                None if tax.rate_bp is None else Decimal(tax.rate_bp).scaleb(-2),
                tax.net_minor,
                tax.tax_minor,
            )
            for tax in one.taxes.order_by("id")
        ),
        corrects=_corrected(frame, one),
        corrected_by=tuple(_linked(_visible(frame).filter(entity_id=one.entity_id, preceding_number=one.number))),
    )


def item_public_id(item_id: int | None) -> str:
    """The opaque id of an item; nothing for none."""
    return "" if item_id is None else public_id("itm", item_id)


def missing_tax_ids(entity_ids: Iterable[int]) -> set[int]:
    """Those of the entities that have no VAT or taxpayer number yet."""
    return set(Entity.objects.filter(id__in=list(entity_ids), tax_id="").values_list("id", flat=True))


def currencies(frame: Frame) -> list[str]:
    """Currencies e-invoices of the frame are in."""
    return sorted(set(_visible(frame).order_by().values_list("currency", flat=True)))


def _found(frame: Frame, filters: EInvoiceFilters) -> QuerySet[EInvoice]:
    found = _visible(frame)
    for word in filters.search.casefold().split()[:6]:
        found = found.filter(Q(number__icontains=word) | Q(item__account__customer__search_text__contains=word))
    narrowed = {
        "item__kind": filters.kind,
        "source_format": filters.source_format,
        "currency": filters.currency,
        "issue_date__gte": filters.since,
        "issue_date__lte": filters.until,
    }
    return found.filter(**{name: value for name, value in narrowed.items() if value})


def _visible(frame: Frame) -> QuerySet[EInvoice]:
    return EInvoice.objects.filter(frame.visible("item__account", "entity_id"))


def _corrected(frame: Frame, one: EInvoice) -> Linked | None:
    """The invoice named, as an e-invoice or, from another source, as an item of the same number."""
    number = one.preceding_number
    if not number:
        return None
    found = list(_linked(_visible(frame).filter(entity_id=one.entity_id, number=number)))
    if found:
        return found[0]
    items = OpenItem.objects.filter(
        entity_id=one.entity_id, document_number=number, balance__is_current=True, account_id=one.item.account_id
    )
    item = items.order_by("id").first()
    if item is None:
        return Linked(number)
    return Linked(number, public_id("itm", item.id), item.document_date, item.currency, item.amount_minor)


def _linked(rows: QuerySet[EInvoice]) -> Iterable[Linked]:
    for one in rows.order_by("issue_date", "id")[:50]:
        yield Linked(one.number, public_id("itm", one.item_id), one.issue_date, one.currency, one.gross_minor)


def _row(one: EInvoice) -> EInvoiceRow:
    customer = one.item.account.customer
    return EInvoiceRow(
        number=one.number,
        item_public_id=public_id("itm", one.item_id),
        kind=one.item.kind,
        source_format=one.source_format,
        profile=one.profile,
        customer_name=customer.name,
        customer_public_id=public_id("cus", customer.id),
        issue_date=one.issue_date,
        currency=one.currency,
        net_minor=one.net_minor,
        tax_minor=one.tax_minor,
        gross_minor=one.gross_minor,
        imported_at=one.imported_at,
    )
