"""A small ledger that a reader can keep in the head, for the pages' own tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from huikuan.core.accounts import EntryKind, ItemKind
from huikuan.queries.cache import answers
from huikuan.queries.frame import Frame, frame_at
from huikuan.services.adjustments import settle_item
from huikuan.services.applications import Named, apply_credit, apply_receipt
from huikuan.services.customers import NewCustomer, add_customers, add_entity
from huikuan.services.items import NewItem, post_items
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.reversals import reverse_entry
from huikuan.services.sealing import seal
from huikuan.store.models import Receipt
from tests.databases import LedgerDb

JANUARY = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MARCH = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


@dataclass
class Shop:
    """CN: 明远 (M1) with three invoices and a credit memo, Acme (A1) with one in USD. DE: 明远 under D1."""

    cn: int
    de: int
    accounts: dict[str, int]
    items: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)

    def frame(self, as_of: date | None = None, known_on: date | None = None, entity: int | None = None) -> Frame:
        return frame_at(now=MARCH, entity_ids=(self.cn, self.de), entity_id=entity, as_of=as_of, known_on=known_on)


@pytest.fixture(autouse=True)
def fresh_answers() -> Iterator[None]:
    """No test sees what another left in memory."""
    answers.clear()
    yield
    answers.clear()


@pytest.fixture
def shop(sqlite_db: LedgerDb) -> Shop:
    return build_shop()


def build_shop() -> Shop:
    who = {"actor_id": None, "now": JANUARY}
    cn = add_entity("CN", "华东销售有限公司", "CNY", timezone="Asia/Shanghai", **who)
    de = add_entity("DE", "Vertrieb GmbH", "EUR", timezone="Europe/Berlin", **who)
    from huikuan.store.models import ExchangeRate

    ExchangeRate.objects.create(currency="USD", base="CNY", valid_from=date(2025, 1, 1), rate="7.1")
    accounts = add_customers(
        cn,
        [
            NewCustomer("M1", "上海明远贸易有限公司", aliases=("明远",), country="CN"),
            NewCustomer("A1", "Acme Components Ltd"),
        ],
        source="erp",
        **who,
    )
    accounts |= add_customers(de, [NewCustomer("D1", "Müller Werkzeuge GmbH", country="DE")], source="erp", **who)
    shop = Shop(cn, de, accounts)

    def item(code: str, entity: int, day: date, due: date, currency: str, amount: int, **more) -> None:
        new = NewItem(accounts[code[:2]], code, day, due, currency, amount, document_number=f"INV-{code}", **more)
        shop.items[code] = post_items(entity, [new], **who)[0]

    item("M1-1", cn, date(2026, 1, 5), date(2026, 1, 20), "CNY", 100_000, region="east", po_number="PO-77")
    item("M1-2", cn, date(2026, 1, 10), date(2026, 3, 10), "CNY", 50_000, region="north")
    item("M1-3", cn, date(2026, 1, 12), date(2026, 4, 30), "CNY", 25_097_98, region="east")
    item("M1-C", cn, date(2026, 1, 15), date(2026, 1, 15), "CNY", -10_000, kind=ItemKind.CREDIT_MEMO)
    item("A1-1", cn, date(2026, 1, 8), date(2026, 2, 7), "USD", 80_000)
    item("D1-1", de, date(2026, 1, 9), date(2026, 2, 8), "EUR", 40_000)
    seal(now=JANUARY)
    happen(shop, accounts)
    return shop


def happen(shop: Shop, accounts: dict[str, int]) -> None:
    """In March: a payment, a bounced one, a credit memo applied, a write-off; sealed but for the last."""
    who = {"actor_id": None, "now": MARCH}
    cn = shop.cn
    new = [
        NewReceipt("R1", date(2026, 3, 2), "CNY", 60_000, accounts["M1"], reference="BK-1", payer_name="明远财务"),
        NewReceipt("R2", date(2026, 3, 3), "USD", 80_000, accounts["A1"], reference="BK-2"),
        NewReceipt("R3", date(2026, 3, 4), "CNY", 7_700, None, reference="BK-3"),
    ]
    shop.receipts = dict(zip(("R1", "R2", "R3"), post_receipts(cn, new, **who), strict=True))
    line = [Named(shop.items["M1-1"], 40_000)]
    shop.entries["paid"] = apply_receipt(cn, shop.receipts["R1"], line, on=date(2026, 3, 2), **who)
    line = [Named(shop.items["A1-1"], 80_000)]
    shop.entries["usd"] = apply_receipt(cn, shop.receipts["R2"], line, on=date(2026, 3, 3), **who)
    bounced = Receipt.objects.get(id=shop.receipts["R2"]).entry_id
    reverse_entry(cn, bounced, on=date(2026, 3, 9), memo="no cover", **who)
    line = [Named(shop.items["M1-1"], 10_000)]
    shop.entries["credit"] = apply_credit(cn, shop.items["M1-C"], line, on=date(2026, 3, 10), **who)
    seal(now=MARCH)
    shop.entries["written_off"] = settle_item(
        cn, EntryKind.WRITE_OFF, shop.items["M1-1"], 5_000, on=date(2026, 3, 20), memo="agreed", **who
    )
