"""What a list can be narrowed to: the values that stand in the frame's rows, for a filter to offer."""

from __future__ import annotations

from huikuan.queries.facts import read_facts
from huikuan.queries.frame import Frame
from huikuan.store.models import Customer, CustomerAccount, User

CHOICES_MAX = 300


def item_values(frame: Frame, name: str) -> list[str]:
    """The values of an item's ``sales_rep``, ``region``, ``product`` or ``currency``, in order; the first 300."""
    if name not in ("sales_rep", "region", "product", "currency"):
        raise ValueError(name)
    with read_facts(frame) as facts:
        rows = facts.rows(
            f"SELECT DISTINCT {name} AS value FROM items WHERE {facts.mine} AND {name} <> '' ORDER BY 1"
            f" LIMIT {CHOICES_MAX}"
        )
    return [row["value"] for row in rows]


def receipt_currencies(frame: Frame) -> list[str]:
    with read_facts(frame) as facts:
        rows = facts.rows(f"SELECT DISTINCT currency AS value FROM receipts WHERE {facts.mine} ORDER BY 1")
    return [row["value"] for row in rows]


def customer_values(frame: Frame, name: str) -> list[str]:
    """The ``country`` or ``segment`` of the frame's customers, in order."""
    if name not in ("country", "segment"):
        raise ValueError(name)
    mine = Customer.objects.filter(accounts__in=CustomerAccount.objects.filter(frame.visible(""))).exclude(**{name: ""})
    return list(mine.order_by(name).values_list(name, flat=True).distinct()[:CHOICES_MAX])


def account_people(frame: Frame, name: str) -> list[tuple[str, str]]:
    """User name and name of the people who are ``owner`` or ``collector`` of an account of the frame."""
    if name not in ("owner", "collector"):
        raise ValueError(name)
    numbers = (
        CustomerAccount.objects.filter(frame.visible(""))
        .exclude(**{f"{name}_id": None})
        .values_list(f"{name}_id", flat=True)
        .distinct()
    )
    people = User.objects.filter(id__in=list(numbers)).order_by("username")
    return [(user.get_username(), user.get_full_name() or user.get_username()) for user in people]
