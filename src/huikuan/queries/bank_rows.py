"""Lines of bank statements as pages show them: a list, one with all that is known of it, and what may be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from huikuan.core.banking import LineKind, Tie
from huikuan.core.money import EXPONENTS
from huikuan.queries.bank_candidates import Candidate, PartRefund, candidates_of, part_refunds
from huikuan.queries.bank_lines import Advice, advices_of
from huikuan.queries.directory import actors_of
from huikuan.queries.feeds import Slice
from huikuan.queries.finding import amount_of
from huikuan.queries.frame import Frame
from huikuan.queries.listing import CHUNK, ROWS_MAX, Page, Whole, slice_of
from huikuan.store.models import BankLine, CustomerAccount
from huikuan.store.public_ids import inner_id, public_id

LINE_STATES = ("all", "todo", "waiting", "unidentified", "unapplied", "returns")
_EXPONENT_STEPS = (1, 100, 1_000, 10_000)


@dataclass(frozen=True, slots=True)
class LineFilters:
    """What lines are narrowed by. ``statement`` and ``account``: opaque ids; ``state``: one of ``LINE_STATES``; amounts
    in major units, without regard to the sign."""

    statement: str = ""
    account: str = ""
    kind: str = ""
    state: str = "all"
    since: date | None = None
    until: date | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line. ``state``: waiting (it may be a receipt recorded before), unidentified, unapplied, on_account, applied or
    reversed for money in; returned (to be decided) or bounced for money taken back; empty for all else.
    ``kept_minor``: what a wallet kept, as it was booked; ``left_minor``: what is unidentified or unapplied."""

    id: int
    public_id: str
    entity_id: int
    statement_public_id: str
    account_name: str
    ordinal: int
    row: int
    element: str
    kind: str
    state: str
    booking_date: date
    value_date: date
    amount_minor: int
    currency: str
    payer_name: str
    payer_account: str
    remittance_text: str
    bank_reference: str
    end_to_end_id: str
    kept_minor: int
    left_minor: int
    receipt_public_id: str
    tie: str
    customer_name: str
    customer_public_id: str


@dataclass(frozen=True, slots=True)
class LineTotal:
    currency: str
    lines: int
    in_minor: int
    out_minor: int


@dataclass(frozen=True, slots=True)
class LineDetail:
    """All that is known of a line. ``candidates``: receipts recorded before that it may be (``row.state`` waiting), or
    whose money it took back (returned). ``part_refunds``: payments of which it gave a part back."""

    row: LineRow
    payer_bank: str
    ultimate_party: str
    structured_reference: str
    mandate_id: str
    transaction_code: str
    return_reason: str
    batch_id: str
    charges_minor: int | None
    fee_minor: int | None
    balance_minor: int | None
    tied_at: datetime | None
    tied_by: str
    candidates: list[Candidate]
    part_refunds: list[PartRefund]
    advices: list[Advice]


def line_page(
    frame: Frame, filters: LineFilters, *, sort: str = "booking_date", page: int = 1, size: int = 50
) -> Page[LineRow]:
    """Lines of the entities the frame shows whole. ``sort``: ordinal, booking_date or amount."""
    found = _found(frame, filters)
    start, count = slice_of(page, size)
    totals = {
        one["currency"]: LineTotal(one["currency"], one["lines"], one["money_in"] or 0, one["money_out"] or 0)
        for one in found.order_by()
        .values("currency")
        .annotate(
            lines=Count("id"),
            money_in=Sum("amount_minor", filter=Q(amount_minor__gt=0)),
            money_out=Sum("amount_minor", filter=Q(amount_minor__lt=0)),
        )
    }
    rows = _rows(found.order_by(*_order(sort))[start : start + count])
    return Page(rows, sum(one.lines for one in totals.values()), page, size, totals)


def line_slice(frame: Frame, filters: LineFilters, *, after: int, limit: int) -> Slice[LineRow]:
    """Lines in the order in which they came, after the one with that number; for programs."""
    rows = _rows(_found(frame, filters).filter(id__gt=after).order_by("id")[: limit + 1])
    return Slice(rows[:limit], rows[:limit][-1].id if rows else None, len(rows) > limit)


def line_whole(frame: Frame, filters: LineFilters, *, sort: str = "booking_date") -> Whole[LineRow]:
    """``line_page`` without pages, for a file."""
    first = line_page(frame, filters, sort=sort, size=1)
    numbers = list(_found(frame, filters).order_by(*_order(sort)).values_list("id", flat=True)[:ROWS_MAX])

    def rows() -> Iterator[LineRow]:
        for start in range(0, len(numbers), CHUNK):
            yield from _rows(BankLine.objects.filter(id__in=numbers[start : start + CHUNK]).order_by(*_order(sort)))

    return Whole(rows(), first.total, first.totals)


def line_detail(frame: Frame, text: str) -> LineDetail | None:
    """A line by its opaque id, where the frame shows its entity whole."""
    number = inner_id("bln", text)
    found = BankLine.objects.filter(id=number or 0, entity_id__in=frame.whole_ids)
    rows = _rows(found)
    if not rows:
        return None
    one = found.select_related("text", "tie").get()
    said, tie = getattr(one, "text", None), getattr(one, "tie", None)
    return LineDetail(
        row=rows[0],
        payer_bank=said.payer_bank if said else "",
        ultimate_party=said.ultimate_party if said else "",
        structured_reference=one.structured_reference,
        mandate_id=one.mandate_id,
        transaction_code=one.transaction_code,
        return_reason=one.return_reason,
        batch_id=one.batch_id,
        charges_minor=one.charges_minor,
        fee_minor=one.fee_minor,
        balance_minor=one.balance_minor,
        tied_at=tie.at if tie else None,
        tied_by=actors_of([tie.actor_id]).get(tie.actor_id, "") if tie else "",
        candidates=candidates_of(one, rows[0].kept_minor) if rows[0].state in ("waiting", "returned") else [],
        part_refunds=part_refunds(one, rows[0].kept_minor),
        advices=advices_of([one.pk]).get(one.pk, []),
    )


def lines_by_number(frame: Frame, numbers: Sequence[int]) -> list[LineRow]:
    """Those of these lines the frame shows, in that order."""
    found = {row.id: row for row in _rows(BankLine.objects.filter(id__in=numbers, entity_id__in=frame.whole_ids))}
    return [found[number] for number in numbers if number in found]


def line_of_receipt(frame: Frame, text: str) -> LineRow | None:
    """The line a receipt (by its opaque id) came from, where the frame shows its entity whole."""
    number = inner_id("rcp", text)
    found = BankLine.objects.filter(_MONEY_IN, entity_id__in=frame.whole_ids, tie__receipt_id=number or 0)
    return next(iter(_rows(found)), None)


def _order(sort: str) -> tuple[str, ...]:
    sign, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    if name == "ordinal":
        return (f"{sign}statement_id", f"{sign}ordinal")
    if name == "amount":
        return ("currency", f"{sign}amount_minor", "id")
    return (f"{sign}booking_date", f"{sign}id")


_UNIDENTIFIED = Q(tie__receipt__balance__unidentified_minor__gt=0)
_UNAPPLIED = Q(tie__receipt__balance__unapplied_minor__gt=0)
_MONEY_IN = Q(tie__tie__in=[Tie.POSTED.value, Tie.LINKED.value])
_WAITING = Q(kind=LineKind.RECEIPT.value, tie__isnull=True)
_RETURNED = Q(kind=LineKind.RETURN.value, tie__isnull=True)
_STATES = {
    "waiting": _WAITING,
    "returns": _RETURNED,
    "unidentified": _MONEY_IN & _UNIDENTIFIED,
    "unapplied": _MONEY_IN & _UNAPPLIED,
    "todo": (_MONEY_IN & (_UNIDENTIFIED | _UNAPPLIED)) | _WAITING | _RETURNED,
}


def line_counts(frame: Frame, filters: LineFilters) -> dict[str, int]:
    """How many lines are in each state, of those the other filters leave."""
    found = _found(frame, LineFilters(statement=filters.statement, account=filters.account))
    counted = found.order_by().aggregate(
        all=Count("id"), **{name: Count("id", filter=condition) for name, condition in _STATES.items()}
    )
    return {name: int(counted[name]) for name in LINE_STATES}


def _found(frame: Frame, filters: LineFilters) -> QuerySet[BankLine]:
    found = BankLine.objects.filter(entity_id__in=frame.whole_ids)
    if filters.statement:
        found = found.filter(statement_id=inner_id("bst", filters.statement) or 0)
    if filters.account:
        found = found.filter(account_id=inner_id("bac", filters.account) or 0)
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.state in _STATES:
        found = found.filter(_STATES[filters.state])
    if filters.since:
        found = found.filter(booking_date__gte=filters.since)
    if filters.until:
        found = found.filter(booking_date__lte=filters.until)
    for bound, way in ((filters.amount_from, "gte"), (filters.amount_to, "lte")):
        if bound is not None:
            found = found.filter(_amounts(bound, way))
    if filters.search.strip():
        found = found.filter(_search(filters.search.strip()))
    return found


def _amounts(bound: Decimal, way: str) -> Q:
    """Amounts of at least or at most so much, whatever their sign, in each line's own currency."""
    wanted = Q(pk=None)
    for step in _EXPONENT_STEPS:
        codes = [code for code, places in EXPONENTS.items() if 10**places == step]
        minor = int(bound * step)
        if way == "gte":
            size = Q(amount_minor__gte=minor) | Q(amount_minor__lte=-minor)
        else:
            size = Q(amount_minor__lte=minor, amount_minor__gte=-minor)
        wanted |= Q(currency__in=codes) & size
    return wanted


def _search(text: str) -> Q:
    wanted = (
        Q(text__payer_name__icontains=text)
        | Q(text__remittance_text__icontains=text)
        | Q(text__ultimate_party__icontains=text)
        | Q(bank_reference__iexact=text)
        | Q(end_to_end_id__iexact=text)
        | Q(structured_reference__iexact=text)
    )
    amount = amount_of(text)
    if amount is not None:
        for step in _EXPONENT_STEPS:
            if (minor := amount * step) == int(minor):
                wanted |= Q(amount_minor__in=[int(minor), -int(minor)])
    return wanted


_SAME = (
    "id entity_id ordinal row element kind booking_date value_date amount_minor currency bank_reference end_to_end_id"
).split()
_MORE = {
    "statement": F("statement_id"),
    "account_name": F("account__name"),
    "payer": F("text__payer_name"),
    "payer_number": F("text__payer_account"),
    "said": F("text__remittance_text"),
    "kept": F("fee__amount_minor"),
    "tied": F("tie__tie"),
    "receipt": F("tie__receipt_id"),
    "owner": F("tie__receipt__balance__account_id"),
    "unidentified": F("tie__receipt__balance__unidentified_minor"),
    "unapplied": F("tie__receipt__balance__unapplied_minor"),
    "on_account": F("tie__receipt__balance__on_account_minor"),
    "reversed_by": F("tie__receipt__entry__reversed_by"),
}


def _rows(found: QuerySet[BankLine]) -> list[LineRow]:
    rows = list(found.values(*_SAME, **{f"x_{name}": way for name, way in _MORE.items()}))
    owners = {row["x_owner"] for row in rows if row["x_owner"] is not None}
    names = {
        number: (name, public_id("cus", customer))
        for number, name, customer in CustomerAccount.objects.filter(id__in=owners).values_list(
            "id", "customer__name", "customer_id"
        )
    }
    return [_row(row, names) for row in rows]


def _row(row: dict[str, Any], names: dict[int, tuple[str, str]]) -> LineRow:
    customer, customer_id = names.get(row["x_owner"], ("", ""))
    money_in = row["x_tied"] in (Tie.POSTED.value, Tie.LINKED.value)
    return LineRow(
        **{name: row[name] for name in _SAME},
        public_id=public_id("bln", row["id"]),
        statement_public_id=public_id("bst", row["x_statement"]),
        account_name=row["x_account_name"],
        state=_state(row),
        payer_name=row["x_payer"] or "",
        payer_account=row["x_payer_number"] or "",
        remittance_text=row["x_said"] or "",
        kept_minor=row["x_kept"] or 0,
        left_minor=(row["x_unidentified"] + row["x_unapplied"]) if money_in else 0,
        receipt_public_id=public_id("rcp", row["x_receipt"]) if row["x_receipt"] else "",
        tie=row["x_tied"] or "",
        customer_name=customer if money_in else "",
        customer_public_id=customer_id if money_in else "",
    )


def _state(row: dict[str, Any]) -> str:
    if row["x_tied"] == Tie.BOUNCED.value:
        return "bounced"
    if row["x_tied"] is None:
        return {LineKind.RECEIPT.value: "waiting", LineKind.RETURN.value: "returned"}.get(row["kind"], "")
    if row["x_reversed_by"] is not None:
        return "reversed"
    for name in ("unidentified", "unapplied", "on_account"):
        if row[f"x_{name}"]:
            return name
    return "applied"
