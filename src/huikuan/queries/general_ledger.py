"""The subledger as the general ledger is given it: an entity's postings of a month, its mapping, what was exported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import connection

from huikuan.core.accounts import LedgerAccount
from huikuan.core.gl import AccountMap, AccountRule, Dimension, GlPosting
from huikuan.core.periods import month_of, next_month
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import Frame
from huikuan.store.models import CustomerRef, Entity, GlAccount, GlExport, GlSettings, GoLiveProof, JournalEntry


@dataclass(frozen=True, slots=True)
class GlChoices:
    """How an entity's vouchers are made. ``customer_source``: whose customer numbers the general ledger knows."""

    format: str = "csv"
    grouping: str = "entry"
    language: str = "en"
    reference: str = "document"
    customer_source: str = ""
    options: dict[str, str] = field(default_factory=dict)
    is_saved: bool = False


def gl_choices(entity_id: int) -> GlChoices:
    """What was chosen, or the usual where nothing was yet."""
    row = GlSettings.objects.select_related("customer_source").filter(entity_id=entity_id).first()
    if row is None:
        books = Entity.objects.filter(id=entity_id).values_list("currency", flat=True).first()
        return GlChoices(language="zh") if books == "CNY" else GlChoices()
    source = row.customer_source.code if row.customer_source else ""
    return GlChoices(row.format, row.grouping, row.language, row.reference, source, dict(row.options), True)


def account_rules(entity_id: int) -> list[AccountRule]:
    """An entity's mapping, by ledger account and currency."""
    order = {account.value: place for place, account in enumerate(LedgerAccount)}
    rows = GlAccount.objects.filter(entity_id=entity_id)
    rules = [
        AccountRule(
            row.ledger_account, row.currency, row.code, row.name, frozenset(Dimension(name) for name in row.dimensions)
        )
        for row in rows
    ]
    return sorted(rules, key=lambda rule: (order[rule.ledger_account], rule.currency))


def sources() -> list[str]:
    """The systems that have numbers of their own for customers."""
    return list(CustomerRef.objects.order_by("source__code").values_list("source__code", flat=True).distinct())


# -- postings --------------------------------------------------------------------------------------------------------
_POSTINGS = (
    "SELECT s.ledger_seq, p.line, e.kind, e.posting_date, p.ledger_account, p.currency, p.amount_minor, p.base_minor,"
    " p.account_id, i.document_number, i.sales_rep, i.region, i.product, r.reference, r.external_id"
    " FROM store_journalentry e JOIN store_seal s ON s.entry_id = e.id JOIN store_posting p ON p.entry_id = e.id"
    " LEFT JOIN store_openitem i ON i.id = p.item_id LEFT JOIN store_receipt r ON r.id = p.receipt_id"
    " WHERE e.entity_id = %s AND e.posting_date >= %s AND e.posting_date < %s"
    " AND s.ledger_seq > %s AND s.ledger_seq <= %s ORDER BY s.ledger_seq, p.line"
)


def _day(day: date) -> Any:
    return day.isoformat() if connection.vendor == "sqlite" else day


def _as_date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def postings_of(entity_id: int, month: date, *, above: int, up_to: int, customer_source: str = "") -> list[GlPosting]:
    """Sealed postings that count from a month and are numbered above one and up to another, as vouchers need them."""
    with connection.cursor() as cursor:
        first, after = month_of(month), next_month(month_of(month))
        cursor.execute(_POSTINGS, [entity_id, _day(first), _day(after), above, up_to])
        rows = cursor.fetchall()
    numbers = _customer_numbers({row[8] for row in rows if row[8] is not None}, customer_source)
    entries: dict[int, list[GlPosting]] = defaultdict(list)
    for seq, line, kind, day, ledger_account, currency, amount, base, account, *texts in rows:
        document, rep, region, product, reference, external_id = (text or "" for text in texts)
        entries[seq].append(
            GlPosting(
                seq=seq,
                line=line,
                kind=kind,
                day=_as_date(day),
                ledger_account=ledger_account,
                currency=currency,
                amount_minor=amount,
                base_minor=base,
                customer=numbers.get(account, ""),
                sales_rep=rep,
                region=region,
                product=product,
                document=document or reference or external_id,
            )
        )
    return [leg for legs in entries.values() for leg in _shared(legs)]


_SHARED = ("customer", "sales_rep", "region", "product", "document")


def _shared(legs: list[GlPosting]) -> list[GlPosting]:
    """A leg without a customer, document, ... of its own has that of its entry, where all others agree."""
    common = {}
    for name in _SHARED:
        values = {getattr(leg, name) for leg in legs} - {""}
        if len(values) == 1:
            common[name] = values.pop()
    return [
        replace(leg, **missing)
        if (missing := {name: value for name, value in common.items() if not getattr(leg, name)})
        else leg
        for leg in legs
    ]


def _customer_numbers(account_ids: Iterable[int], source: str) -> dict[int, str]:
    """The number of each customer account in ``source``, else the first one that any source gave it."""
    wanted = sorted(account_ids)
    numbers: dict[int, tuple[bool, str, str]] = {}
    for start in range(0, len(wanted), 500):
        found = CustomerRef.objects.filter(account_id__in=wanted[start : start + 500])
        for account, code, number in found.values_list("account_id", "source__code", "external_id"):
            rank = (code != source, code, number)
            numbers[account] = min(numbers.get(account, rank), rank)
    return {account: number for account, (_, _, number) in numbers.items()}


def unmapped(entity_id: int) -> list[tuple[str, str]]:
    """Ledger accounts (with their currency) that something was posted to and that have no general-ledger account.

    What counts from before the first day of an entity that went live is never exported, and so asks for none.
    """
    mapped = AccountMap(account_rules(entity_id))
    # The mirror answers over all years at once; the database would read every posting there is.
    day = date(2199, 12, 31)
    frame = Frame(day, None, None, entity_id, True, False, day, (entity_id,))
    live = GoLiveProof.objects.filter(entity_id=entity_id).first()
    since = f" AND posting_date >= DATE '{live.cut_over:%Y-%m-%d}'" if live else ""
    with read_facts(frame) as facts:
        used = facts.rows(
            f"SELECT DISTINCT ledger_account, currency FROM journal WHERE {facts.mine}{since} ORDER BY ALL"
        )
    pairs = [(row["ledger_account"], row["currency"]) for row in used]
    return [(account, currency) for account, currency in pairs if not mapped.find(account, currency)]


# -- exports and reconciliation --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ExportRow:
    id: int
    month: date
    format: str
    number: int
    from_seq: int
    to_seq: int
    entries: int
    vouchers: int
    debit_base_minor: int
    file_name: str
    sha256: str
    size: int
    made_at: datetime
    made_by: str


def export_rows(entity_id: int, *, month: date | None = None, limit: int = 100) -> list[ExportRow]:
    """Exports of an entity, newest first."""
    found = GlExport.objects.filter(entity_id=entity_id).select_related("made_by")
    if month is not None:
        found = found.filter(month=month)
    return [_export(row) for row in found.order_by("-id")[:limit]]


def export_row(export_id: int) -> tuple[int, ExportRow] | None:
    """An export with its entity; ``None`` where there is none."""
    row = GlExport.objects.select_related("made_by").filter(id=export_id).first()
    return None if row is None else (row.entity_id, _export(row))


def _export(row: GlExport) -> ExportRow:
    who: Any = row.made_by
    names = ("id month format number from_seq to_seq entries vouchers debit_base_minor file_name sha256 size").split()
    by = (who.get_full_name() or who.get_username()) if who else ""
    return ExportRow(**{name: getattr(row, name) for name in names}, made_at=row.made_at, made_by=by)


@dataclass(frozen=True, slots=True)
class ReconciliationRow:
    """One ledger account in one currency: what the month moved here and what the exports carried over, debit
    positive. ``codes``: the accounts it went to."""

    ledger_account: str
    currency: str
    codes: tuple[str, ...]
    posted_minor: int
    exported_minor: int
    posted_base_minor: int
    exported_base_minor: int

    @property
    def difference_minor(self) -> int:
        return self.posted_minor - self.exported_minor

    @property
    def difference_base_minor(self) -> int:
        return self.posted_base_minor - self.exported_base_minor


@dataclass(frozen=True, slots=True)
class GlReconciliation:
    """A month against its exports in one format. ``waiting``: entries no export has yet."""

    month: date
    format: str
    exports: int
    waiting: int
    rows: list[ReconciliationRow]

    @property
    def is_equal(self) -> bool:
        return not any(row.difference_minor or row.difference_base_minor for row in self.rows)


def reconcile(entity_id: int, month: date, format_code: str) -> GlReconciliation:
    """Everything that counts from the month, sealed or not, against the sum of all its exports in a format."""
    month = month_of(month)
    posted = _movements(entity_id, month)
    exported: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    codes: dict[tuple[str, str], set[str]] = defaultdict(set)
    exports = list(GlExport.objects.filter(entity_id=entity_id, month=month, format=format_code))
    for export in exports:
        for total in export.totals:
            key = (total["ledger_account"], total["currency"])
            exported[key][0] += total["debit_minor"] - total["credit_minor"]
            exported[key][1] += total["debit_base_minor"] - total["credit_base_minor"]
            codes[key].add(total["code"])
    rows = [
        ReconciliationRow(
            *key, tuple(sorted(codes[key]))[:20], posted.get(key, (0, 0))[0], exported[key][0],
            posted.get(key, (0, 0))[1], exported[key][1],
        )
        for key in sorted({*posted, *exported}, key=_account_order)
    ]  # fmt: skip
    waiting = entries_above(entity_id, month, max((export.to_seq for export in exports), default=0))
    return GlReconciliation(month, format_code, len(exports), waiting, rows)


def _account_order(key: tuple[str, str]) -> tuple[int, str]:
    return list(LedgerAccount).index(LedgerAccount(key[0])), key[1]


def _movements(entity_id: int, month: date) -> dict[tuple[str, str], tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.ledger_account, p.currency, sum(p.amount_minor), sum(p.base_minor) FROM store_posting p"
            " JOIN store_journalentry e ON e.id = p.entry_id"
            " WHERE e.entity_id = %s AND e.posting_date >= %s AND e.posting_date < %s GROUP BY 1, 2",
            [entity_id, _day(month), _day(next_month(month))],
        )
        return {(account, currency): (int(amount), int(base)) for account, currency, amount, base in cursor.fetchall()}


def entries_above(entity_id: int, month: date, seq: int) -> int:
    """How many entries that count from the month have no sealed number up to ``seq``."""
    entries = JournalEntry.objects.filter(
        entity_id=entity_id, posting_date__gte=month, posting_date__lt=next_month(month)
    )
    return entries.count() - entries.filter(seal__ledger_seq__lte=seq).count()
