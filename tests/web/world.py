"""A small world for pages: two entities, three people, three customers, an item with a history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.test import Client

from huikuan.core.accounts import ItemKind
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.customers import NewCustomer, add_customers, add_entity
from huikuan.services.items import NewItem, post_items
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.reversals import reverse_entry
from huikuan.services.sealing import seal
from huikuan.store.models import RoleGrant, User

PASSWORD = "correct horse 12"
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class World:
    """What was made, by number."""

    cn: int
    de: int
    item: int
    application: int
    reversal: int


def build_world() -> World:
    """Invoices of January to March 2026; one paid in part on 5 March, taken back on the 9th, paid again on the 10th."""
    boss = User.objects.create_superuser("boss", "boss@example.com", PASSWORD, first_name="Bo", last_name="Song")
    cn = add_entity("CN01", "上海示例有限公司", "CNY", timezone="Asia/Shanghai", actor_id=boss.pk, now=START)
    de = add_entity("DE01", "Beispiel GmbH", "EUR", timezone="Europe/Berlin", actor_id=boss.pk, now=START)
    clerk = User.objects.create_user("clerk", "clerk@example.com", PASSWORD)
    auditor = User.objects.create_user("auditor", "auditor@example.com", PASSWORD)
    # One hand for everything: these pages are not about who does what.
    for role in ("ar_clerk", "cfo", "collector"):
        RoleGrant.objects.create(user=clerk, entity_id=cn, role=role, granted_at=START)
    RoleGrant.objects.create(user=auditor, entity_id=de, role="auditor", granted_at=START)
    accounts = add_customers(
        cn,
        [
            NewCustomer("0001", "北京华联商贸有限公司", aliases=("华联",), country="CN", terms_days=30),
            NewCustomer("0002", "Acme <b>Components</b> Ltd", country="GB"),
        ],
        source="erp",
        actor_id=boss.pk,
        now=START,
    )
    hualian, acme = accounts["0001"], accounts["0002"]
    nordic = [NewCustomer("9", "Nordic Timber AB", country="SE")]
    nord = add_customers(de, nordic, source="erp", actor_id=None, now=START)["9"]
    first, *_ = post_items(
        cn,
        [
            _invoice(hualian, "INV-1", date(2026, 1, 5), 1_000_00),
            _invoice(hualian, "INV-2", date(2026, 2, 20), 2_500_50, po_number="PO-77"),
            _invoice(acme, "INV-3", date(2025, 11, 1), 300_00),
            _invoice(acme, "CM-1", date(2026, 2, 1), -40_00, kind=ItemKind.CREDIT_MEMO),
        ],
        actor_id=boss.pk,
        now=START,
    )
    post_items(de, [_invoice(nord, "DE-1", date(2026, 2, 1), 77_00, currency="EUR")], actor_id=boss.pk, now=START)
    return World(cn, de, first, *_history(cn, hualian, first, boss.pk))


def _history(entity_id: int, account_id: int, item_id: int, actor_id: int) -> tuple[int, int]:
    """Money comes, is applied, the application is taken back and made again."""
    receipt = NewReceipt("BK-1", date(2026, 3, 5), "CNY", 600_00, account_id, reference="BK20260305")
    (receipt_id,) = post_receipts(entity_id, [receipt], actor_id=actor_id, now=START + timedelta(days=3))
    named = [Named(item_id, 600_00)]
    day = date(2026, 3, 5)
    application = apply_receipt(
        entity_id, receipt_id, named, on=day, actor_id=actor_id, now=START + timedelta(days=3, hours=1)
    )
    seal(now=START + timedelta(days=4))
    (reversal,) = reverse_entry(
        entity_id,
        application,
        on=date(2026, 3, 9),
        actor_id=actor_id,
        now=START + timedelta(days=7),
        memo="wrong invoice",
    )
    apply_receipt(
        entity_id,
        receipt_id,
        [Named(item_id, 450_00)],
        on=date(2026, 3, 10),
        actor_id=actor_id,
        now=START + timedelta(days=8),
    )
    seal(now=START + timedelta(days=9))
    return application, reversal


def _invoice(
    account_id: int,
    number: str,
    day: date,
    minor: int,
    *,
    currency: str = "CNY",
    kind: ItemKind = ItemKind.INVOICE,
    po_number: str = "",
) -> NewItem:
    return NewItem(
        account_id=account_id,
        external_id=number,
        document_number=number,
        document_date=day,
        due_date=day + timedelta(days=30),
        currency=currency,
        amount_minor=minor,
        kind=kind,
        po_number=po_number,
    )


def visitor() -> Client:
    """A client nobody has signed in with."""
    return Client(headers={"host": "localhost"})


def signed_in(name: str, language: str = "en") -> Client:
    """A client in which that person has signed in."""
    client = visitor()
    client.force_login(User.objects.get(username=name))
    client.cookies["django_language"] = language
    return client
