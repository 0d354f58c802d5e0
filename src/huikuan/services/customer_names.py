"""What a customer is found by: its names, and those of the duplicates merged into it."""

from __future__ import annotations

from huikuan.store.models import Customer, CustomerAlias
from huikuan.store.search import search_text_of


def family_of(customer_id: int) -> list[int]:
    """The customer and every duplicate merged into it, directly or through another; the customer first."""
    found, front = [customer_id], [customer_id]
    while front:
        front = list(Customer.objects.filter(merged_into__in=front).order_by("id").values_list("id", flat=True))
        found += front
    return found


def survivor_of(customer_id: int) -> int:
    """Who the customer is now: itself, or the one it was merged into."""
    at: int | None = customer_id
    while at is not None:
        customer_id = at
        at = Customer.objects.filter(id=at).values_list("merged_into_id", flat=True).first()
    return customer_id


def refresh_search_text(customer_id: int) -> None:
    """Writes anew what the customer and whoever it is merged into are found by."""
    numbers: list[int | None] = [customer_id]
    while (at := numbers[-1]) is not None:
        numbers.append(Customer.objects.filter(id=at).values_list("merged_into_id", flat=True).first())
    for number in numbers[:-1]:
        if number is not None:
            Customer.objects.filter(id=number).update(search_text=_text_of(number))


def _text_of(customer_id: int) -> str:
    family = family_of(customer_id)
    rows = {one.id: one for one in Customer.objects.filter(id__in=family)}
    aliases: dict[int, list[str]] = {number: [] for number in family}
    for alias in CustomerAlias.objects.filter(customer__in=family).order_by("id"):
        aliases[alias.customer_id].append(alias.name)
    more = list(aliases[customer_id])
    for number in family[1:]:
        more += [rows[number].name, *aliases[number]]
        if rows[number].registration_number:
            more.append(rows[number].registration_number)
    return search_text_of(rows[customer_id].name, tuple(dict.fromkeys(more)))
