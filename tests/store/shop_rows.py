"""A row in every table of shops that is only added to."""

from __future__ import annotations

from datetime import date

from huikuan.store.models import (
    LineDecision,
    Payout,
    PayoutPart,
    Shop,
    ShopDay,
    ShopDetail,
    ShopExplanation,
    ShopFile,
    ShopSale,
)
from tests.services.ledger import NOW, Ledger

DAY = date(2026, 3, 10)


def add_shop_rows(ledger: Ledger, item_id: int) -> None:
    """A shop with a day, an order, a platform's list, a payout (of the line there is) and what was said of it."""
    entity = ledger.entity_id
    shop = Shop.objects.create(
        entity_id=entity, account_id=ledger.accounts["C1"], name="Shop", kind="till", currency="CNY", settle_days=1,
        posting="summary", created_at=NOW,
    )  # fmt: skip
    file = ShopFile.objects.create(
        entity_id=entity, shop=shop, is_details=False, name="a.csv", sha256="a" * 64, rows_total=1, rows_new=1,
        imported_at=NOW,
    )  # fmt: skip
    day = ShopDay.objects.create(
        shop=shop, file=file, day=DAY, due=DAY, orders=1, sales_minor=100, refunds_minor=0, fee_minor=5, over_minor=0,
        item_id=item_id,
    )  # fmt: skip
    ShopSale.objects.create(shop=shop, unit=day, row=2, day=DAY, gross_minor=100, fingerprint="f")
    ShopDetail.objects.create(
        shop=shop, file=file, row=2, payout_key="S", gross_minor=100, charge_minor=0, fingerprint="f"
    )
    decision = LineDecision.objects.get()
    payout = Payout.objects.create(
        entity_id=entity, shop=shop, line_id=decision.line_id, decision=decision, day=DAY, how="chosen", paid_minor=95,
        booked_minor=5, short_minor=0, rest_minor=0, charges_minor=0, unknown_minor=0, recorded_at=NOW,
    )  # fmt: skip
    PayoutPart.objects.create(
        payout=payout, unit=day, gross_minor=100, fee_minor=5, booked_minor=5, money_minor=95, left_minor=0
    )
    ShopExplanation.objects.create(
        entity_id=entity, shop=shop, kind="charge", key="1", amount_minor=1, reason="other", recorded_at=NOW
    )
