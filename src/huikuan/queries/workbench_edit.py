"""What a line can be applied to by hand: items of customers chosen, customers and items found by what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from huikuan.core.matching import Leg, explanation_of
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.directory import find_customers
from huikuan.queries.frame import Frame
from huikuan.store.models import CustomerAccount, MatchProposal, OpenItemBalance
from huikuan.store.public_ids import inner_id, public_id

ROWS_MAX = 100
FOUND_MAX = 8


@dataclass(frozen=True, slots=True)
class EditItem:
    """An open item. ``is_taken``: the person has just picked it."""

    item_id: int
    account_id: int
    public_id: str
    document_number: str
    due_date: date
    open_minor: int
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class EditCustomer:
    public_id: str
    name: str
    items: tuple[EditItem, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    public_id: str
    name: str
    external_id: str


@dataclass(frozen=True, slots=True)
class FoundItem:
    public_id: str
    document_number: str
    customer: str
    customer_public_id: str
    open_minor: int
    currency: str


def legs_of(line: MatchLine, rank: int) -> dict[int, Leg]:
    """The legs of the explanation of a rank, by item."""
    proposal = MatchProposal.objects.filter(line_id=line.line_id).first()
    for values in proposal.explanations if proposal is not None else ():
        if values["rank"] == rank:
            return {leg.item_id: leg for leg in explanation_of(values).legs}
    return {}


def edit_customers(line: MatchLine, who: Sequence[str], legs: Mapping[int, Leg], take: str) -> list[EditCustomer]:
    """The customers of the form, each with its open items in the line's currency; those of the explanation come
    first, then by due date."""
    numbers = [number for text in dict.fromkeys(who) if (number := inner_id("cus", text)) is not None]
    accounts = CustomerAccount.objects.filter(entity_id=line.entity_id).select_related("customer")
    named = {leg.account_id for leg in legs.values()}
    if line.account_id is not None and not named:
        named = {line.account_id}
    found = {one.pk: one for one in accounts.filter(customer_id__in=numbers)} if numbers else {}
    found |= {one.pk: one for one in accounts.filter(id__in=named)} if named else {}
    if not found:
        found = {one.pk: one for one in accounts.filter(id=_proposed(line) or 0)}
    taken = inner_id("itm", take) if take else None
    by_account = _open_items(line, found, taken)
    customers = []
    for account_id, one in found.items():
        items = sorted(
            by_account.get(account_id, ()),
            key=lambda item: (item.item_id not in legs and not item.is_taken, item.due_date, item.item_id),
        )
        shown = tuple(items[:ROWS_MAX])
        customers.append(
            EditCustomer(public_id("cus", one.customer_id), one.customer.name, shown, len(items) - len(shown))
        )
    return customers


def _proposed(line: MatchLine) -> int | None:
    return MatchProposal.objects.filter(line_id=line.line_id).values_list("account_id", flat=True).first()


def _open_items(line: MatchLine, accounts: Iterable[int], taken: int | None) -> dict[int, list[EditItem]]:
    rows = OpenItemBalance.objects.filter(account_id__in=list(accounts), item__currency=line.currency)
    rows = rows.filter(item__entity_id=line.entity_id).exclude(open_minor=0)
    found: dict[int, list[EditItem]] = {}
    columns = ("item_id", "account_id", "item__document_number", "item__due_date", "open_minor")
    for item_id, account_id, document, due, minor in rows.values_list(*columns):
        found.setdefault(account_id, []).append(
            EditItem(item_id, account_id, public_id("itm", item_id), document, due, minor, item_id == taken)
        )
    return found


def items_named(entity_id: int, public_ids: Iterable[str]) -> dict[str, EditItem]:
    """Items of an entity by opaque id, settled ones too: the service says that nothing is open on them."""
    numbers = {number: text for text in public_ids if (number := inner_id("itm", text)) is not None}
    rows = OpenItemBalance.objects.filter(item_id__in=list(numbers), item__entity_id=entity_id)
    columns = ("item_id", "account_id", "item__document_number", "item__due_date", "open_minor")
    return {
        numbers[item_id]: EditItem(item_id, account_id, numbers[item_id], document, due, minor)
        for item_id, account_id, document, due, minor in rows.values_list(*columns)
    }


def found_for(line: MatchLine, frame: Frame, text: str) -> tuple[list[FoundCustomer], list[FoundItem]]:
    """Customers of the line's entity and open items in its currency that a text names."""
    if len(text) < 2:
        return [], []
    accounts = CustomerAccount.objects.filter(
        entity_id=line.entity_id, customer_id__in=find_customers(frame, text)[:50]
    )
    customers = [
        FoundCustomer(public_id("cus", one.customer_id), one.customer.name, _external(one))
        for one in accounts.select_related("customer").prefetch_related("refs").order_by("customer__name")[:FOUND_MAX]
    ]
    rows = OpenItemBalance.objects.filter(
        item__entity_id=line.entity_id, item__currency=line.currency, item__document_number__icontains=text
    ).exclude(open_minor=0)
    rows = rows.select_related("item__account__customer").order_by("item__document_number")[:FOUND_MAX]
    items = [
        FoundItem(
            public_id=public_id("itm", row.item_id),
            document_number=row.item.document_number,
            customer=row.item.account.customer.name,
            customer_public_id=public_id("cus", row.item.account.customer_id),
            open_minor=row.open_minor,
            currency=row.item.currency,
        )
        for row in rows
    ]
    return customers, items


def _external(account: CustomerAccount) -> str:
    refs = list(account.refs.all())
    return refs[0].external_id if refs else ""
