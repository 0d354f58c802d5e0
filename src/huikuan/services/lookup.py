"""Finding what a person names on a command line or in a form: by opaque id, external id or document number."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from huikuan.core.refusals import Refusal
from huikuan.store.models import CustomerAccount, Entity, JournalEntry, OpenItem, Receipt, User
from huikuan.store.public_ids import inner_id


@dataclass(frozen=True, slots=True)
class Found:
    """An object of the ledger: its number, its entity, its currency where it has one, the entry that made it."""

    number: int
    entity_id: int
    currency: str
    entry_id: int


def find_item(text: str) -> Found:
    """Refuses ``item.unknown``, and ``item.ambiguous`` when a number fits several items."""
    number = inner_id("itm", text)
    wanted = Q(id=number) if number is not None else Q(external_id=text) | Q(document_number=text)
    rows = list(OpenItem.objects.filter(wanted, balance__is_current=True)[:2])
    _check_one("item", text, len(rows))
    return Found(rows[0].id, rows[0].entity_id, rows[0].currency, rows[0].entry_id)


def find_receipt(text: str) -> Found:
    """Refuses ``receipt.unknown`` and ``receipt.ambiguous``."""
    number = inner_id("rcp", text)
    wanted = Q(id=number) if number is not None else Q(external_id=text) | Q(reference=text)
    rows = list(Receipt.objects.filter(wanted, balance__is_current=True)[:2])
    _check_one("receipt", text, len(rows))
    return Found(rows[0].id, rows[0].entity_id, rows[0].currency, rows[0].entry_id)


def find_entry(text: str) -> Found:
    """By opaque id or inner number. Refuses ``entry.unknown``."""
    number = inner_id("ent", text)
    if number is None and text.isdigit():
        number = int(text)
    rows = list(JournalEntry.objects.filter(id=number)[:2]) if number is not None else []
    _check_one("entry", text, len(rows))
    return Found(rows[0].id, rows[0].entity_id, "", rows[0].id)


def find_entity(code: str | None) -> tuple[int, str]:
    """Id and currency of an entity; without a code, of the only one. Refuses ``entity.unknown``, ``entity.which``."""
    rows = list(Entity.objects.filter(code=code)) if code else list(Entity.objects.all()[:2])
    if code and not rows:
        raise Refusal("entity.unknown", "there is no entity {entity}", entity=code)
    if len(rows) != 1:
        raise Refusal("entity.which", "say which entity: there are {count}", count=Entity.objects.count())
    return rows[0].id, rows[0].currency


def find_account(entity_id: int, text: str) -> int:
    """A customer account by the customer's opaque id or an external id. Refuses ``account.unknown``, ``.ambiguous``."""
    number = inner_id("cus", text)
    wanted = Q(customer_id=number) if number is not None else Q(refs__external_id=text)
    rows = list(CustomerAccount.objects.filter(wanted, entity_id=entity_id).distinct()[:2])
    _check_one("account", text, len(rows))
    return int(rows[0].id)


def find_user(name: str | None) -> int | None:
    """A user's id by name; ``None`` is the system. Refuses ``user.unknown``."""
    if name is None:
        return None
    found = User.objects.filter(username=name, is_active=True).values_list("id", flat=True).first()
    if found is None:
        raise Refusal("user.unknown", "there is no user {name}", name=name)
    return int(found)


def _check_one(kind: str, text: str, count: int) -> None:
    if count == 0:
        raise Refusal(f"{kind}.unknown", "there is no {kind} {text}", kind=kind, text=text)
    if count > 1:
        raise Refusal(f"{kind}.ambiguous", "{text} fits several: use the opaque id", text=text)
