"""A worker that posts, applies, takes back and seals, always the same for the same seed. See ``harness``."""

from __future__ import annotations

import random
import sys
from datetime import UTC, date, datetime, timedelta

import django

from tests.faults.harness import READY, acknowledge

START = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
DAY = date(2026, 4, 20)


def work(entity_id: int, account_id: int, seed: int, rounds: int) -> None:
    """Each round is its own small story under its own keys; a line comes out after every answer."""
    from huikuan.services.applications import Named, apply_receipt
    from huikuan.services.items import NewItem, post_items
    from huikuan.services.receipts import NewReceipt, post_receipts
    from huikuan.services.reversals import reverse_entry
    from huikuan.services.sealing import seal

    for number in range(rounds):
        chance = random.Random(f"{seed}/{number}")
        name = f"{seed}-{number}"
        common = {"actor_id": None, "now": START + timedelta(seconds=number), "key": name}
        amounts = [chance.randint(1, 10_000) for _ in range(chance.randint(1, 40))]
        new = [NewItem(account_id, f"I{name}.{n}", DAY, DAY, "CNY", amount) for n, amount in enumerate(amounts)]
        items = post_items(entity_id, new, **common)
        acknowledge("items", *items)
        [receipt] = post_receipts(entity_id, [NewReceipt(f"R{name}", DAY, "CNY", sum(amounts), account_id)], **common)
        acknowledge("receipt", receipt)
        named = [Named(item, chance.randint(1, amount)) for item, amount in zip(items, amounts, strict=True)]
        entry = apply_receipt(entity_id, receipt, named, on=DAY, **common)
        acknowledge("entry", entry)
        if chance.random() < 0.3:
            acknowledge("entry", *reverse_entry(entity_id, entry, on=DAY, **common))
        if chance.random() < 0.2:
            acknowledge("sealed", seal(now=START + timedelta(seconds=number)).last_seq)


if __name__ == "__main__":
    django.setup()
    acknowledge(READY)
    work(*map(int, sys.argv[1:]))
