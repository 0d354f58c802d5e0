"""Mandates for direct debits as pages and programs show them, and what an entity collects as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from huikuan.core.direct_debits import MandateState, expires_on, mandate_state
from huikuan.queries.debit_facts import facts_of
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.store.models import CustomerAccount, DebitCreditor, DebitMandate
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A mandate, where it stands for a collection today, and what was collected by it."""

    id: int
    public_id: str
    entity_id: int
    entity_code: str
    customer_public_id: str
    customer_name: str
    account_id: int
    reference: str
    scheme: str
    use: str
    payer_name: str
    payer_iban: str
    payer_bic: str
    signed_on: date
    state: str
    is_ending: bool
    blocked_reason: str
    revoked_on: date | None
    last_used_on: date | None
    uses: int
    expires_on: date
    document_public_id: str
    before: tuple[tuple[datetime, str, str], ...]
    """When it was amended, and the reference and account it had until then; the latest first."""


def accounts_of_customer(frame: Frame, customer: str) -> list[tuple[int, int, str]]:
    """The accounts of a customer that the frame shows: number, entity, the entity's name."""
    found = CustomerAccount.objects.filter(frame.visible(""), customer_id=inner_id("cus", customer) or 0)
    return list(found.order_by("entity__code", "id").values_list("id", "entity_id", "entity__name"))


def mandate_rows(frame: Frame, *, customer: str = "", search: str = "", mandate: str = "") -> list[MandateRow]:
    """The mandates of the customers the frame shows, by customer; ``customer`` and ``mandate``: opaque ids."""
    found = _narrowed(frame, customer, mandate)
    if search:
        named = Q(account__customer__search_text__contains=search.lower())
        found = found.filter(named | Q(reference__icontains=search))
    rows = list(_full(found).order_by("account__customer__name", "signed_on", "id"))
    return _rows(frame, rows)


def mandate_slice(frame: Frame, *, customer: str = "", after: int = 0, limit: int = 100) -> Slice[MandateRow]:
    """Mandates in the order in which they were kept."""
    found = _narrowed(frame, customer, "").filter(id__gt=after)
    rows = list(_full(found).order_by("id")[: limit + 1])
    shown = rows[:limit]
    return Slice(_rows(frame, shown), shown[-1].pk if shown else None, len(rows) > limit)


def _full(found: QuerySet[DebitMandate]) -> QuerySet[DebitMandate]:
    return found.select_related("account__customer", "entity").prefetch_related("versions")


def _narrowed(frame: Frame, customer: str, mandate: str) -> QuerySet[DebitMandate]:
    found = DebitMandate.objects.filter(frame.visible("account"))
    if customer:
        found = found.filter(account__customer_id=inner_id("cus", customer) or 0)
    if mandate:
        found = found.filter(id=inner_id("ddm", mandate) or 0)
    return found


def _rows(frame: Frame, rows: list[DebitMandate]) -> list[MandateRow]:
    facts = facts_of(rows)
    return [
        MandateRow(
            id=row.pk,
            public_id=mandate_id_text(row.pk),
            entity_id=row.entity_id,
            entity_code=row.entity.code,
            customer_public_id=public_id("cus", row.account.customer_id),
            customer_name=row.account.customer.name,
            account_id=row.account_id,
            reference=row.reference,
            scheme=row.scheme,
            use=row.use,
            payer_name=row.payer_name,
            payer_iban=row.payer_iban,
            payer_bic=row.payer_bic,
            signed_on=row.signed_on,
            state=mandate_state(facts[row.pk], frame.today).value,
            is_ending=row.is_ending,
            blocked_reason=row.blocked_reason,
            revoked_on=row.revoked_on,
            last_used_on=facts[row.pk].last_used_on,
            uses=facts[row.pk].uses,
            expires_on=expires_on(facts[row.pk]),
            document_public_id=public_id("doc", row.document_id) if row.document_id else "",
            before=tuple(
                (one.amended_at, one.reference, one.payer_iban)
                for one in sorted(row.versions.all(), key=lambda one: -one.pk)
            ),
        )
        for row in rows
    ]


def mandate_page(frame: Frame, *, state: str = "", search: str = "", page: int = 1, size: int = 50) -> Page[MandateRow]:
    """Mandates, by customer. ``state`` is worked out from the runs, so it is asked after reading."""
    rows = mandate_rows(frame, search=search)
    if state in set(MandateState):
        rows = [row for row in rows if row.state == state]
    start = (max(page, 1) - 1) * size
    return Page(rows=rows[start : start + size], total=len(rows), page=page, size=size)


def mandate_id_text(mandate_id: int) -> str:
    return public_id("ddm", mandate_id)


@dataclass(frozen=True, slots=True)
class CreditorRow:
    """What an entity collects as; ``bank_account``: its opaque id."""

    creditor_id: str
    bank_account: str
    bic: str
    notice_days: int
    bank_days: int


def creditor_row(entity_id: int) -> CreditorRow | None:
    """What an entity collects as, once it was said."""
    row = DebitCreditor.objects.filter(entity_id=entity_id).first()
    if row is None:
        return None
    return CreditorRow(row.creditor_id, public_id("bac", row.bank_account_id), row.bic, row.notice_days, row.bank_days)
