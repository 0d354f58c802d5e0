"""What is not in a segment yet is read once: rows brought up to date are the very rows read anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from huikuan.mirror import growing, reader
from huikuan.services.items import post_items
from huikuan.services.sealing import seal
from huikuan.store.models import CustomerAccount
from tests.web.world import START, _invoice, build_world

pytestmark = pytest.mark.practice("K1")


def tails() -> dict[str, list[dict[str, Any]]]:
    """The rows of every relation as a quick question is given them."""
    with reader.open_snapshot() as snapshot:
        return {name: in_order(table) for name, table in snapshot.relations.tails.items()}


def read_anew() -> dict[str, list[dict[str, Any]]]:
    with reader._kept_lock:
        reader._kept.clear()
    _look, relations = reader._look(None)
    return {name: in_order(table) for name, table in relations.tails.items()}


def in_order(table: Any) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: [str(row[name]) for name in table.column_names])


def test_rows_brought_up_to_date_are_those_read_anew(ledger_db: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every order of postings and sealing; what was sealed meanwhile gets its number."""
    world = build_world()
    account = CustomerAccount.objects.get(refs__external_id="0001")
    grew: list[bool] = []

    def grown(*args: Any, **more: Any) -> Any:
        found = growing.grown(*args, **more)
        grew.append(found is not None)
        return found

    monkeypatch.setattr(reader, "grown", grown)
    seal(now=START + timedelta(days=30), mirror=False)
    for number in range(6):
        tails()
        for part in range(number % 3):
            post_items(
                world.cn,
                [_invoice(account.pk, f"G-{number}-{part}", START.date(), 5_00)],
                actor_id=None,
                now=START,
            )
        if number % 2:
            seal(now=START + timedelta(days=31 + number), mirror=False)
        assert tails() == read_anew()
    assert grew.count(True) >= 2


def test_where_the_ledger_moved_on_meanwhile_all_is_read_anew(ledger_db: object) -> None:
    world = build_world()
    account = CustomerAccount.objects.get(refs__external_id="0001")
    seal(now=START + timedelta(days=30), mirror=False)
    tails()
    post_items(world.cn, [_invoice(account.pk, "G-1", START.date(), 5_00)], actor_id=None, now=START)
    look = reader._quick_look()
    assert look is not None and look.tail[0] == 1
    post_items(world.cn, [_invoice(account.pk, "G-2", START.date(), 5_00)], actor_id=None, now=START)
    assert reader._grow(look) is None
    look = reader._quick_look()
    assert look is not None and look.tail[0] == 2
    seal(now=datetime.now(UTC), mirror=False)
    assert reader._grow(look) is None
    assert tails() == read_anew()
