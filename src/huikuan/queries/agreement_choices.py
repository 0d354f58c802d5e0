"""What a form that proposes a settlement agreement offers: a customer's open items in all entities, and who is meant by
a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from huikuan.core.agreements import Party, PartyKind
from huikuan.core.documents import LinkKind
from huikuan.queries.applicable import Candidate, candidates
from huikuan.queries.frame import EntityRow, Frame
from huikuan.store.models import (
    AgreementLine,
    Customer,
    CustomerAccount,
    DocumentLink,
    OpenItem,
)
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class DebtRow:
    """An open item that may be named in an agreement."""

    item_id: int
    public_id: str
    entity_id: int
    entity_code: str
    document_number: str
    due_date: date
    currency: str
    open_minor: int


def currencies_owed(frame: Frame, customer_public_id: str) -> list[str]:
    """The currencies in which a customer owes the frame's entities something."""
    items = OpenItem.objects.filter(
        frame.visible("account", "entity_id"),
        account__customer_id=inner_id("cus", customer_public_id) or 0,
        balance__open_minor__gt=0,
    )
    return sorted(set(items.values_list("currency", flat=True)))


def debts_of(frame: Frame, customer_public_id: str, currency: str, entity_ids: list[int]) -> list[DebtRow]:
    """What a customer owes these entities in a currency, entity by entity, the oldest due first."""
    accounts = CustomerAccount.objects.filter(
        frame.visible(""), customer_id=inner_id("cus", customer_public_id) or 0, entity_id__in=entity_ids
    ).select_related("entity")
    rows = []
    for account in accounts.order_by("entity__code", "id"):
        found: list[Candidate] = candidates(account.entity_id, account.pk, currency, None)
        rows += [
            DebtRow(
                one.row.item_id,
                one.public_id,
                account.entity_id,
                account.entity.code,
                one.document_number,
                one.row.due_date,
                currency,
                one.row.open_minor,
            )
            for one in found
        ]
    return rows


def party_named(frame: Frame, entities: list[EntityRow], text: str) -> Party:
    """Who is meant: one of our entities by its code or name, a customer of the frame by its very name, else somebody
    outside this ledger."""
    text = " ".join(text.split())
    for row in entities:
        if text.casefold() in (row.code.casefold(), row.name.casefold()):
            return Party(PartyKind.ENTITY, row.name, row.id)
    found = Customer.objects.filter(frame.visible("accounts", "accounts__entity_id"), name=text).distinct()[:2]
    if len(found) == 1:
        return Party(PartyKind.CUSTOMER, found[0].name, found[0].pk)
    return Party(PartyKind.OTHER, text)


def party_of_customer(frame: Frame, customer_public_id: str) -> Party | None:
    """A customer of the frame as a party."""
    number = inner_id("cus", customer_public_id) or 0
    found = Customer.objects.filter(frame.visible("accounts", "accounts__entity_id"), id=number).first()
    return Party(PartyKind.CUSTOMER, found.name, found.pk) if found else None


def papers_for(frame: Frame, agreement_id: int) -> list[tuple[int, str, str]]:
    """Documents that may prove a step, the newest first: (number, opaque id, name). Kept with the customers whose items
    the agreement names."""
    accounts = AgreementLine.objects.filter(agreement_id=agreement_id).values("item__account_id")
    seen = CustomerAccount.objects.filter(frame.visible(""), id__in=accounts)
    links = DocumentLink.objects.filter(
        kind=LinkKind.ACCOUNT.value, object_id__in=list(seen.values_list("id", flat=True)), document__withdrawn_at=None
    )
    found = {link.document_id: link.document.name for link in links.select_related("document").order_by("-document_id")}
    return [(number, public_id("doc", number), name) for number, name in found.items()]


def document_number(text: str) -> int | None:
    """The number behind a document's opaque id."""
    return inner_id("doc", text)
