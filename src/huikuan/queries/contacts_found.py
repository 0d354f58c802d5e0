"""Finding people at customers by name, for the one search field."""

from __future__ import annotations

from dataclasses import dataclass

from huikuan.queries.frame import Frame
from huikuan.store.models import Contact, CustomerAccount
from huikuan.store.public_ids import public_id


@dataclass(frozen=True, slots=True)
class ContactHit:
    """A person at a customer, and where the person is found: on the customer's page."""

    name: str
    title: str
    customer_name: str
    customer_public_id: str


def find_contacts(frame: Frame, text: str, *, limit: int) -> list[ContactHit]:
    """People whose name or title holds the text, at customers the frame shows; erased ones are nobody's."""
    text = text.strip()
    if not text:
        return []
    mine = CustomerAccount.objects.filter(frame.visible("")).values("customer_id")
    found = Contact.objects.filter(name__icontains=text, erased_at=None, customer_id__in=mine)
    return [
        ContactHit(contact.name, contact.title, contact.customer.name, public_id("cus", contact.customer_id))
        for contact in found.select_related("customer").order_by("name", "id")[:limit]
        if contact.entity_id is None or contact.entity_id in frame.entity_ids
    ]
