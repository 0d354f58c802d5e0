"""Who is who, from the database: accounts and customers for grouping, names for the rows of a page, finding by text.

These rows change and are personal; none of them is in the mirror, and no figure comes from here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import connection
from django.db.models import Q

from huikuan.core.accounts import ItemKind
from huikuan.core.payment_reference import ReferenceScheme, payment_reference
from huikuan.queries.accounts_count import count_accounts
from huikuan.queries.asking import once
from huikuan.queries.cache import answers
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import ids
from huikuan.queries.standing import every_entity
from huikuan.store.models import Customer, CustomerAccount, CustomerRef, OpenItem, Receipt, User

ACCOUNTS = pa.schema({"account_id": pa.int64(), "customer_id": pa.int64(), "entity_id": pa.int64()})
NAMES = pa.schema({"customer_id": pa.int64(), "sort_name": pa.string()})
_CHUNK = 500


def database_key() -> tuple[str, str]:
    return str(connection.settings_dict["NAME"]), str(connection.settings_dict.get("PORT", ""))


def accounts_version() -> tuple[int, ...]:
    """Changes whenever an account is added or goes to another customer because duplicates are merged or parted."""
    return once("accounts version", lambda: count_accounts(database_key()))


def accounts_key() -> Hashable:
    """What ``accounts_table`` is kept under."""
    return ("accounts", database_key(), *accounts_version())


def accounts_table() -> Any:
    """Every customer account: account_id, customer_id, entity_id. Kept while ``accounts_version`` stays."""
    rows = CustomerAccount.objects.values_list("id", "customer_id", "entity_id")
    return answers.get_or_make(accounts_key(), lambda: _table(rows.iterator(chunk_size=20_000), ACCOUNTS))


def names_table(customer_ids: Iterable[int] | None = None) -> Any:
    """customer_id and the name to sort by: Chinese names by their pinyin, the rest as written, in lower case."""
    rows = [
        (number, sort_name(name, search_text))
        for number, name, search_text in _in_chunks(Customer.objects, customer_ids, ("id", "name", "search_text"))
    ]
    return _table(rows, NAMES)


def sort_name(name: str, search_text: str) -> str:
    """A Chinese name's first search line is "name pinyin initials"."""
    if name.isascii():
        return name.lower()
    words = search_text.partition("\n")[0].rsplit(" ", 2)
    return words[1] if len(words) == 3 and words[0] == name.lower() else name.lower()


def _table(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> Any:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema)


def _in_chunks(manager: Any, numbers: Iterable[int] | None, columns: tuple[str, ...]) -> Iterable[tuple[Any, ...]]:
    if numbers is None:
        yield from manager.values_list(*columns).iterator(chunk_size=20_000)
        return
    wanted = list(numbers)
    for start in range(0, len(wanted), _CHUNK):
        yield from manager.filter(id__in=wanted[start : start + _CHUNK]).values_list(*columns)


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What a row shows of a customer. ``external_id`` is the first by which a source knows it in the frame."""

    name: str
    country: str
    external_id: str
    segment: str = ""
    registration_number: str = ""


def customers_of(frame: Frame, customer_ids: Iterable[int]) -> dict[int, CustomerFacts]:
    """The customers of a page, by id."""
    wanted = tuple(sorted(set(customer_ids)))
    return once(("customers", frame.entity_ids, frame.narrowed, wanted), lambda: _customers_of(frame, wanted))


def _customers_of(frame: Frame, wanted: tuple[int, ...]) -> dict[int, CustomerFacts]:
    if not frame.narrowed:
        return _customers_of_whole(frame, wanted)
    refs = external_ids_of(frame, wanted)
    return {
        number: CustomerFacts(name, country, next(iter(refs.get(number, ())), ""), segment, registration)
        for number, name, country, segment, registration in _in_chunks(
            Customer.objects, wanted, ("id", "name", "country", "segment", "registration_number")
        )
    }


def _customers_of_whole(frame: Frame, wanted: tuple[int, ...]) -> dict[int, CustomerFacts]:
    """Where all customers are seen, in one plain statement: each list asks it."""
    first = (
        "SELECT r.external_id FROM store_customerref r JOIN store_customeraccount a ON a.id = r.account_id"
        f" WHERE a.customer_id = c.id AND r.entity_id IN ({ids(frame.whole_ids)}) ORDER BY r.id LIMIT 1"
    )
    found: dict[int, CustomerFacts] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), _CHUNK):
            cursor.execute(
                f"SELECT c.id, c.name, c.country, coalesce(({first}), ''), c.segment, c.registration_number"
                f" FROM store_customer c WHERE c.id IN ({ids(wanted[start : start + _CHUNK])})"
            )
            found |= {row[0]: CustomerFacts(*row[1:]) for row in cursor.fetchall()}
    return found


def external_ids_of(frame: Frame, customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """How sources know these customers, within the frame's entities."""
    wanted = list(customer_ids)
    key = ("external ids", frame.entity_ids, frame.narrowed, tuple(wanted))
    return once(key, lambda: _external_ids_of(frame, wanted))


def _external_ids_of(frame: Frame, wanted: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for start in range(0, len(wanted), _CHUNK):
        refs = CustomerRef.objects.filter(frame.visible(), account__customer_id__in=wanted[start : start + _CHUNK])
        for customer_id, text in refs.order_by("id").values_list("account__customer_id", "external_id"):
            if text not in found[customer_id]:
                found[customer_id].append(text)
    return found


def find_customers(frame: Frame, text: str) -> list[int]:
    """Customers whose name, alias, pinyin, initials, number or registration number holds the text."""
    text = text.strip()
    return once(("found", frame.entity_ids, frame.narrowed, text), lambda: _find_customers(frame, text))


def _find_customers(frame: Frame, text: str) -> list[int]:
    # Where a text has no upper and lower case, as figures and Chinese have none, it is not asked for in both: turning a
    # hundred thousand numbers into capitals takes longer than comparing them.
    how = "contains" if text.lower() == text.upper() else "icontains"
    named = Customer.objects.filter(
        Q(search_text__contains=text.lower()) | Q(**{f"registration_number__{how}": text}),
        frame.visible("accounts", "accounts__entity_id"),
    )
    numbered = CustomerRef.objects.filter(frame.visible(), **{f"external_id__{how}": text})
    found = set(named.values_list("id", flat=True))
    return sorted(found | set(numbered.values_list("account__customer_id", flat=True)))


def accounts_of(frame: Frame, customer_id: int) -> list[int]:
    """The customer's accounts that the frame shows."""
    return sorted(account.id for account in account_rows(frame, customer_id))


def account_rows(frame: Frame, customer_id: int) -> list[CustomerAccount]:
    """The customer's accounts that the frame shows, with their entities and where they came from, by entity."""

    def look_up() -> list[CustomerAccount]:
        mine = CustomerAccount.objects.filter(frame.visible(""), customer_id=customer_id)
        found = list(mine.select_related("entity", "origin").order_by("entity__code", "id"))
        numbers = {account.id: customer_id for account in found}
        once(("customers of accounts", tuple(sorted(numbers))), lambda: numbers)  # asked again for each list
        return found

    return once(("accounts of", frame.entity_ids, frame.narrowed, customer_id), look_up)


def references_of(frame: Frame, customer_id: int) -> list[tuple[int, str]]:
    """How sources know the customer's accounts that the frame shows, by account, the oldest first."""

    def look_up() -> list[tuple[int, str]]:
        mine = CustomerRef.objects.filter(account__in=[account.id for account in account_rows(frame, customer_id)])
        found = list(mine.order_by("id").values_list("account_id", "external_id"))
        texts = list(dict.fromkeys(text for _account, text in found))
        once(("external ids", frame.entity_ids, frame.narrowed, (customer_id,)), lambda: {customer_id: texts})
        return found

    return once(("references", frame.entity_ids, frame.narrowed, customer_id), look_up)


def know_customer(frame: Frame, customer: Customer) -> None:
    """What the lists on a customer's own page would look up of it again is known from here on in this request."""
    number = customer.id
    facts = CustomerFacts(
        customer.name,
        customer.country,
        next((text for _account, text in references_of(frame, number)), ""),
        customer.segment,
        customer.registration_number,
    )
    once(("customers", frame.entity_ids, frame.narrowed, (number,)), lambda: {number: facts})


def customer_row(customer_id: int) -> Customer | None:
    """A customer with the head of its group."""
    found = Customer.objects.select_related("parent").filter(id=customer_id)
    return once(("customer", customer_id), found.first)


def customer_ids_of(account_ids: Iterable[int]) -> dict[int, int]:
    """account → customer."""
    wanted = tuple(sorted(set(account_ids)))

    def look_up() -> dict[int, int]:
        found: dict[int, int] = {}
        with connection.cursor() as cursor:
            for start in range(0, len(wanted), _CHUNK):
                few = ids(wanted[start : start + _CHUNK])
                cursor.execute(f"SELECT id, customer_id FROM store_customeraccount WHERE id IN ({few})")
                found.update(cursor.fetchall())
        return found

    return once(("customers of accounts", wanted), look_up)


def item_row(number: int) -> OpenItem | None:
    """An item with its balance and its entity, whoever may see it."""
    found = OpenItem.objects.select_related("balance", "entity").filter(id=number)
    return once(("item", number), found.first)


def receipt_row(number: int) -> Receipt | None:
    """A receipt with its balance, its entity, who paid and how, whoever may see it."""
    found = Receipt.objects.select_related("balance", "entity", "party", "channel_row").filter(id=number)
    return once(("receipt", number), found.first)


@dataclass(frozen=True, slots=True)
class EntityFacts:
    code: str
    name: str
    currency: str
    references: ReferenceScheme


def entities_table() -> dict[int, EntityFacts]:
    return {
        number: EntityFacts(code, name, currency, ReferenceScheme(scheme))
        for number, code, name, currency, _zone, scheme in every_entity()
    }


def reference_of(item: OpenItem, scheme: ReferenceScheme) -> str:
    """The payment reference of an item, none for what nobody is asked to pay."""
    if item.amount_minor <= 0 or item.kind not in (ItemKind.INVOICE, ItemKind.DEBIT_MEMO):
        return ""
    return payment_reference(scheme, item.document_number)


def actors_of(user_ids: Iterable[int | None]) -> dict[int | None, str]:
    """The names of people who did something; the system itself has none."""
    wanted = {number for number in user_ids if number is not None}
    if not wanted:
        return {}
    return {user.pk: user.get_full_name() or user.get_username() for user in User.objects.filter(id__in=wanted)}


def names_of_accounts(frame: Frame) -> dict[int, tuple[str, str]]:
    """account → (the number a source knows it by, the customer's name), for the frame's entities."""
    mine = CustomerAccount.objects.filter(frame.visible(""))
    found = {
        number: ("", name) for number, name in mine.values_list("id", "customer__name").iterator(chunk_size=20_000)
    }
    refs = CustomerRef.objects.filter(frame.visible()).order_by("-id")
    for account_id, text in refs.values_list("account_id", "external_id").iterator(chunk_size=20_000):
        if account_id in found:
            found[account_id] = (text, found[account_id][1])
    return found
