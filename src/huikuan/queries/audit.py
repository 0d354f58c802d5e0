"""The audit trail as people read it: who did what to what, when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from huikuan.queries.frame import Frame
from huikuan.queries.listing import CHUNK, ROWS_MAX, Page, Whole
from huikuan.store.models import (
    AuditEvent,
    BankAccount,
    BankLine,
    BankStatement,
    Customer,
    CustomerAccount,
    DebitRun,
    Document,
    Entity,
    ImportBatch,
    JournalEntry,
    Note,
    OpenItem,
    Receipt,
    SettlementAgreement,
    User,
)
from huikuan.store.public_ids import public_id


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """``code`` is a dotted code or its first part (``user`` finds all of ``user.…``); ``actor`` a user name, ``-`` for
    the system; days are days in UTC, both included."""

    search: str = ""
    code: str = ""
    actor: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing done. ``about``: the code of what it concerns, such as ``item:12``; ``subject`` says it to a person (a
    document number, a name), or is the same where it has no name; ``page`` and ``page_id`` lead there;
    ``data`` is what was recorded with it."""

    id: int
    at: datetime
    code: str
    actor: str
    entity_code: str
    about: str
    subject: str
    page: str
    page_id: str
    data: dict[str, Any] = field(default_factory=dict)


def audit_page(
    frame: Frame, filters: AuditFilters, *, sort: str = "-at", page: int = 1, size: int = 50
) -> Page[AuditRow]:
    """What was done in the frame's entities, and, where these are all there are, what belongs to none: people coming
    and going, settings of the house. ``sort``: at."""
    found = _found(frame, filters)
    start = (page - 1) * size
    return Page(rows_of(found.order_by(*_order(sort))[start : start + size]), found.count(), page, size)


def audit_whole(frame: Frame, filters: AuditFilters, *, sort: str = "-at") -> Whole[AuditRow]:
    """``audit_page`` without pages, for a file."""
    numbers = list(_found(frame, filters).order_by(*_order(sort)).values_list("id", flat=True)[:ROWS_MAX])

    def rows() -> Iterator[AuditRow]:
        for start in range(0, len(numbers), CHUNK):
            part = AuditEvent.objects.filter(id__in=numbers[start : start + CHUNK])
            yield from rows_of(part.order_by(*_order(sort)))

    return Whole(rows(), len(numbers))


def audit_event(frame: Frame, event_id: int) -> AuditRow | None:
    """One event, if the reader may see it."""
    rows = rows_of(_found(frame, AuditFilters()).filter(id=event_id))
    return rows[0] if rows else None


def audit_codes(frame: Frame) -> list[str]:
    """The codes there are."""
    return sorted(_found(frame, AuditFilters()).values_list("code", flat=True).distinct().order_by())


def audit_actors() -> list[str]:
    return list(User.objects.order_by("username").values_list("username", flat=True))


def _order(sort: str) -> tuple[str, str]:
    return ("at", "id") if sort == "at" else ("-at", "-id")


def _found(frame: Frame, filters: AuditFilters) -> QuerySet[AuditEvent]:
    mine = Q(entity_id__in=frame.entity_ids)
    sees_all = not Entity.objects.exclude(id__in=frame.entity_ids).exists()
    found = AuditEvent.objects.filter(mine | Q(entity=None) if sees_all else mine)
    if filters.code:
        found = found.filter(Q(code=filters.code) | Q(code__startswith=f"{filters.code}."))
    if filters.actor:
        found = found.filter(actor=None) if filters.actor == "-" else found.filter(actor__username=filters.actor)
    utc = ZoneInfo("UTC")
    if filters.since:
        found = found.filter(at__gte=datetime.combine(filters.since, datetime.min.time(), utc))
    if filters.until:
        found = found.filter(at__lt=datetime.combine(filters.until + timedelta(1), datetime.min.time(), utc))
    if text := filters.search.strip():
        found = found.filter(Q(code__icontains=text) | Q(subject__in=_subjects(text)) | Q(subject__icontains=text))
    return found


def _subjects(text: str) -> list[str]:
    """Subjects a person may mean: documents, receipts, customers, people of that name."""
    items = OpenItem.objects.filter(document_number__iexact=text).values_list("id", "entry_id")[:50]
    receipts = Receipt.objects.filter(reference__iexact=text).values_list("id", "entry_id")[:50]
    customers = Customer.objects.filter(name__icontains=text).values_list("id", flat=True)[:50]
    accounts = CustomerAccount.objects.filter(customer_id__in=list(customers)).values_list("id", flat=True)
    users = User.objects.filter(username__icontains=text).values_list("id", flat=True)[:50]
    return [
        *(part for number, entry in items for part in (f"item:{number}", f"entry:{entry}")),
        *(part for number, entry in receipts for part in (f"receipt:{number}", f"entry:{entry}")),
        *(f"customer:{number}" for number in customers),
        *(f"account:{number}" for number in accounts),
        *(f"user:{number}" for number in users),
    ]


# -- what a row says ---------------------------------------------------------------------------------------------------
def rows_of(found: Iterable[AuditEvent]) -> list[AuditRow]:
    """Rows with names looked up, a question per kind of subject and not per row."""
    events = list(found)
    entities = dict(Entity.objects.values_list("id", "code"))
    actors = dict(User.objects.filter(id__in={one.actor_id for one in events}).values_list("id", "username"))
    names = _names(events)
    rows = []
    for one in events:
        kind, number = _parts(one.subject)
        said, page, page_id = names.get((kind, number), (one.subject, "", ""))
        rows.append(
            AuditRow(
                id=one.pk,
                at=one.at,
                code=one.code,
                actor=actors.get(one.actor_id or 0, ""),
                entity_code=entities.get(one.entity_id or 0, ""),
                about=one.subject,
                subject=said,
                page=page,
                page_id=page_id,
                data=one.data if isinstance(one.data, dict) else {},
            )
        )
    return rows


def _parts(subject: str) -> tuple[str, int]:
    kind, _colon, number = subject.partition(":")
    return ("bank_line" if kind == "line" else kind, int(number) if number.isdigit() else 0)


def _names(events: Iterable[AuditEvent]) -> dict[tuple[str, int], tuple[str, str, str]]:
    """By kind and number of the subjects: how a person calls it, its page and the id there."""
    wanted: dict[str, set[int]] = {}
    for one in events:
        kind, number = _parts(one.subject)
        if number:
            wanted.setdefault(kind, set()).add(number)
    found: dict[tuple[str, int], tuple[str, str, str]] = {}
    for kind, model, column, page, prefix in (
        ("item", OpenItem, "document_number", "item", "itm"),
        ("receipt", Receipt, "reference", "receipt", "rcp"),
        ("customer", Customer, "name", "customer", "cus"),
        ("entry", JournalEntry, "kind", "entry", "ent"),
        ("bill", Note, "number", "note", "bil"),
        ("debit_run", DebitRun, "number", "debit_run", "ddr"),
        ("agreement", SettlementAgreement, "number", "agreement", "agr"),
    ):
        rows: Any = model.objects.filter(id__in=wanted.get(kind, ())).values_list("id", column)
        for number, said in rows:
            found[kind, number] = (said or str(number), page, public_id(prefix, number))
    accounts = CustomerAccount.objects.filter(id__in=wanted.get("account", ()))
    for number, customer, said in accounts.values_list("id", "customer_id", "customer__name"):
        found["account", number] = (said, "customer", public_id("cus", customer))
    for number, said in User.objects.filter(id__in=wanted.get("user", ())).values_list("id", "username"):
        found["user", number] = (said, "", "")
    for number, said in ImportBatch.objects.filter(id__in=wanted.get("import", ())).values_list("id", "file_name"):
        found["import", number] = (said, "import", str(number))
    statements = BankStatement.objects.filter(id__in=wanted.get("bank_statement", ()))
    for number, said in statements.values_list("id", "account__name"):
        found["bank_statement", number] = (said, "bank_statement", public_id("bst", number))
    lines = BankLine.objects.filter(id__in=wanted.get("bank_line", ()))
    for number, said in lines.values_list("id", "account__name"):
        found["bank_line", number] = (said, "bank_line", public_id("bln", number))
    for number, said in BankAccount.objects.filter(id__in=wanted.get("bank_account", ())).values_list("id", "name"):
        found["bank_account", number] = (said, "bank_account", public_id("bac", number))
    for number, said in Document.objects.filter(id__in=wanted.get("document", ())).values_list("id", "name"):
        found["document", number] = (said, "", "")
    return found
