"""Bank accounts of ours and the statements that came in for them, with what is open on their lines now.

A statement shows anybody's money, so it is there for those who see the whole entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet

from huikuan.core.banking import LineKind, Span, Tie, find_gaps, plain_number
from huikuan.queries.directory import actors_of
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.queries.listing import CHUNK, ROWS_MAX, Page, Whole, slice_of
from huikuan.store.models import BankAccount, BankLine, BankLineReceipt, BankStatement
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A bank account. ``statements_to``: the last day a statement covers; ``balance_minor``: what stood on it then."""

    id: int
    public_id: str
    entity_id: int
    entity_code: str
    entity_name: str
    kind: str
    name: str
    number: str
    bank: str
    currency: str
    is_active: bool
    statements_to: date | None = None
    balance_minor: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatementFilters:
    """What the list of statements is narrowed by. ``account``: the account's opaque id; ``state``: all, open (a line
    has something to do) or gaps."""

    account: str = ""
    entity: str = ""
    state: str = "all"
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A statement. ``open_lines``: lines of whose money something is unidentified or unapplied now; ``waiting``: lines
    that may be a receipt recorded before; ``returns``: payments taken back whose receipt still stands. ``gap_minor``:
    its opening balance less what the one before ended with; ``None`` where they fit or there is none before."""

    id: int
    public_id: str
    account_id: int
    account_public_id: str
    account_name: str
    account_number: str
    account_kind: str
    entity_id: int
    entity_code: str
    format: str
    number: str
    currency: str
    from_date: date | None
    to_date: date | None
    opening_minor: int | None
    closing_minor: int | None
    lines_total: int
    lines_new: int
    in_minor: int
    out_minor: int
    file_name: str
    file_sha256: str
    override_reason: str
    imported_at: datetime
    imported_by: str
    open_lines: int
    waiting: int
    returns: int
    gap_minor: int | None

    @property
    def to_do(self) -> int:
        return self.open_lines + self.waiting + self.returns


def account_rows(frame: Frame, *, active: bool = False) -> list[AccountRow]:
    """The accounts of the entities the frame shows whole, by entity and name."""
    found = BankAccount.objects.filter(entity_id__in=frame.whole_ids).select_related("entity")
    if active:
        found = found.filter(is_active=True)
    return account_rows_of(found.order_by("entity__code", "name", "id"))


def accounts_named(text: str, entity_id: int | None = None) -> list[int]:
    """The numbers of the accounts of that name or account number."""
    found = BankAccount.objects.filter(Q(name=text.strip()) | (~Q(number="") & Q(number=plain_number(text))))
    if entity_id is not None:
        found = found.filter(entity_id=entity_id)
    return list(found.order_by("id").values_list("id", flat=True))


def account_rows_of(found: QuerySet[BankAccount]) -> list[AccountRow]:
    rows = list(found.prefetch_related("aliases"))
    last: dict[int, tuple[date | None, int | None]] = {}
    told = BankStatement.objects.filter(account_id__in=[row.pk for row in rows], closing_minor__isnull=False)
    for number, day, minor in told.order_by("to_date", "id").values_list("account_id", "to_date", "closing_minor"):
        last[number] = (day, minor)
    return [
        AccountRow(
            id=row.pk,
            public_id=public_id("bac", row.pk),
            entity_id=row.entity_id,
            entity_code=row.entity.code,
            entity_name=row.entity.name,
            kind=row.kind,
            name=row.name,
            number=row.number,
            bank=row.bank,
            currency=row.currency,
            is_active=row.is_active,
            statements_to=last.get(row.pk, (None, None))[0],
            balance_minor=last.get(row.pk, (None, None))[1],
            aliases=tuple(alias.number for alias in row.aliases.all()),
        )
        for row in rows
    ]


def statement_page(
    frame: Frame, filters: StatementFilters, *, sort: str = "-to_date", page: int = 1, size: int = 50
) -> Page[StatementRow]:
    """Statements of the frame's entities, the latest first. ``sort``: to_date, imported_at or account."""
    found = _found(frame, filters)
    start, count = slice_of(page, size)
    return Page(_rows(found.order_by(*_order(sort))[start : start + count]), found.count(), page, size)


def statement_slice(frame: Frame, filters: StatementFilters, *, after: int, limit: int) -> Slice[StatementRow]:
    """Statements in the order in which they came, after the one with that number; for programs."""
    rows = _rows(_found(frame, filters).filter(id__gt=after).order_by("id")[: limit + 1])
    return Slice(rows[:limit], rows[:limit][-1].id if rows else None, len(rows) > limit)


def statement_whole(frame: Frame, filters: StatementFilters, *, sort: str = "-to_date") -> Whole[StatementRow]:
    """``statement_page`` without pages, for a file."""
    numbers = list(_found(frame, filters).order_by(*_order(sort)).values_list("id", flat=True)[:ROWS_MAX])

    def rows() -> Iterator[StatementRow]:
        for start in range(0, len(numbers), CHUNK):
            part = BankStatement.objects.filter(id__in=numbers[start : start + CHUNK])
            yield from _rows(part.order_by(*_order(sort)))

    return Whole(rows(), len(numbers))


def statement_of(frame: Frame, text: str) -> StatementRow | None:
    """One statement by its opaque id, where the frame shows its entity whole."""
    number = inner_id("bst", text)
    found = BankStatement.objects.filter(id=number or 0, entity_id__in=frame.whole_ids)
    return next(iter(_rows(found)), None)


def statements_by_id(frame: Frame, numbers: Iterable[int]) -> dict[int, StatementRow]:
    """Those of these statements the frame shows."""
    found = BankStatement.objects.filter(id__in=list(numbers), entity_id__in=frame.whole_ids)
    return {row.id: row for row in _rows(found)}


def _order(sort: str) -> tuple[str, ...]:
    sign, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    if name == "account":
        return (f"{sign}account__name", "-to_date", "-id")
    return (f"{sign}{'imported_at' if name == 'imported_at' else 'to_date'}", f"{sign}id")


def _found(frame: Frame, filters: StatementFilters) -> QuerySet[BankStatement]:
    found = BankStatement.objects.filter(entity_id__in=frame.whole_ids)
    if filters.account:
        found = found.filter(account_id=inner_id("bac", filters.account) or 0)
    if filters.entity:
        found = found.filter(entity__code=filters.entity)
    if filters.since:
        found = found.filter(to_date__gte=filters.since)
    if filters.until:
        found = found.filter(from_date__lte=filters.until)
    if filters.state == "open":
        found = found.filter(id__in=_with_work(frame))
    elif filters.state == "gaps":
        found = found.filter(id__in=list(gaps_of(found.values_list("account_id", flat=True).distinct().order_by())))
    return found


OPEN_TIE = Q(tie__in=[Tie.POSTED.value, Tie.LINKED.value]) & (
    Q(receipt__balance__unidentified_minor__gt=0) | Q(receipt__balance__unapplied_minor__gt=0)
)
UNDECIDED = Q(kind__in=[LineKind.RECEIPT.value, LineKind.RETURN.value], tie__isnull=True)
"""Lines on which a person has to decide: they may be a receipt recorded before, or take one back."""


def _with_work(frame: Frame) -> set[int]:
    """The statements with a line on which something is to be done."""
    ties = BankLineReceipt.objects.filter(OPEN_TIE, line__entity_id__in=frame.whole_ids)
    found = set(ties.values_list("line__statement_id", flat=True).distinct().order_by())
    undecided = BankLine.objects.filter(UNDECIDED, entity_id__in=frame.whole_ids)
    return found | set(undecided.values_list("statement_id", flat=True).distinct().order_by())


def gaps_of(account_ids: Iterable[int]) -> dict[int, int]:
    """By statement, how much its opening balance differs from the closing balance before; only where it does."""
    spans: dict[int, list[Span]] = {}
    columns = ("account_id", "id", "from_date", "to_date", "opening_minor", "closing_minor")
    found = BankStatement.objects.filter(account_id__in=set(account_ids)).order_by("to_date", "id")
    for account_id, *rest in found.values_list(*columns):
        spans.setdefault(account_id, []).append(Span(*rest))
    return {number: minor for group in spans.values() for number, minor in find_gaps(group).items()}


def _rows(found: QuerySet[BankStatement]) -> list[StatementRow]:
    rows = list(found.select_related("account", "account__entity"))
    numbers = [row.pk for row in rows]
    ties = BankLineReceipt.objects.filter(OPEN_TIE, line__statement_id__in=numbers)
    counted = ties.values("line__statement_id").annotate(n=Count("line_id")).order_by()
    open_lines = {one["line__statement_id"]: one["n"] for one in counted}
    undecided = BankLine.objects.filter(UNDECIDED, statement_id__in=numbers)
    grouped = undecided.values("statement_id", "kind").annotate(n=Count("id")).order_by()
    waiting = {(one["statement_id"], one["kind"]): one["n"] for one in grouped}
    gaps = gaps_of(row.account_id for row in rows)
    names = actors_of({row.imported_by_id for row in rows})
    return [_row(row, open_lines, waiting, gaps, names) for row in rows]


def _row(
    row: BankStatement,
    open_lines: dict[int, int],
    waiting: dict[tuple[int, str], int],
    gaps: dict[int, int],
    names: dict[int | None, str],
) -> StatementRow:
    same = (
        "account_id entity_id format number currency from_date to_date opening_minor closing_minor lines_total"
        " lines_new in_minor out_minor file_name file_sha256 override_reason imported_at"
    ).split()
    return StatementRow(
        **{name: getattr(row, name) for name in same},
        id=row.pk,
        public_id=public_id("bst", row.pk),
        account_public_id=public_id("bac", row.account_id),
        account_name=row.account.name,
        account_number=row.account.number,
        account_kind=row.account.kind,
        entity_code=row.account.entity.code,
        imported_by=names.get(row.imported_by_id, ""),
        open_lines=open_lines.get(row.pk, 0),
        waiting=waiting.get((row.pk, LineKind.RECEIPT.value), 0),
        returns=waiting.get((row.pk, LineKind.RETURN.value), 0),
        gap_minor=gaps.get(row.pk),
    )
