"""Shops with open differences, for Today: what a shop's days came to is kept until something came in that could change
it, so that looking at Today costs two questions however many days the shops have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db import connection

from huikuan.queries.cache import answers
from huikuan.queries.directory import database_key
from huikuan.queries.frame import Frame
from huikuan.queries.payouts import differences_of
from huikuan.store.models import Shop
from huikuan.store.public_ids import public_id

_LAST = "shopfile shopexplanation payout linedecision bankline journalentry".split()
"""Tables whose rows differences follow from; rows are only ever added to them."""


@dataclass(frozen=True, slots=True)
class DifferingShop:
    """A shop with open differences: how many, what is missing and what came too much by them."""

    public_id: str
    name: str
    currency: str
    count: int
    missing_minor: int
    excess_minor: int


def differing_shops(frame: Frame) -> list[DifferingShop]:
    """The shops in use that have open differences as of the frame's day, by entity and name."""
    shops = list(Shop.objects.filter(frame.visible(), is_active=True).order_by("entity__code", "name"))
    if not shops:
        return []
    reach = (database_key(), frame.as_of, _written())
    found = []
    for shop in shops:
        told = tuple(getattr(shop, field.attname) for field in Shop._meta.concrete_fields)
        amounts = answers.get_or_make(("shop differs", *reach, told), partial(_amounts, shop, frame.as_of))
        if amounts:
            missing = sum(minor for minor in amounts if minor > 0)
            excess = missing - sum(amounts)
            number = public_id("sho", shop.pk)
            found.append(DifferingShop(number, shop.name, shop.currency, len(amounts), missing, excess))
    return found


def _amounts(shop: Shop, as_of: date) -> tuple[int, ...]:
    return tuple(one.what.amount_minor for one in differences_of(shop, as_of).open)


def _written() -> tuple[Any, ...]:
    """How far the rows reach that differences follow from. The sealed number catches what was committed later than a
    row with a higher number."""
    asked = ", ".join(f"(SELECT max(id) FROM store_{table})" for table in _LAST)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}, (SELECT max(last_seq) FROM store_sealhead)")
        return tuple(cursor.fetchone())
