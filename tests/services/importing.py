"""What the tests of imports share: a file brought in, what came of it, the invariants it leaves behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from huikuan.services import imports
from huikuan.services.customers import add_entity
from huikuan.store.models import (
    OpenItemBalance,
)

ITEMS = "item_id,customer_id,customer_name,document_date,due_date,currency,amount\n"


def entity(now: datetime, code: str = "E1", currency: str = "CNY") -> int:
    return add_entity(code, code, currency, actor_id=None, now=now)


def preview(now: datetime, text: str, kind: str = "items", **options: Any) -> imports.Preview:
    options.setdefault("actor_id", None)
    name = options.pop("file_name", f"{kind}.csv")
    return imports.preview_upload(now=now, file_name=name, data=text.encode(), kind=kind, **options)


def bring(now: datetime, text: str, kind: str = "items", **options: Any) -> imports.ImportResult:
    found = preview(now, text, kind, **options)
    assert not found.errors_total, [str(error) for error in found.errors]
    return imports.publish(batch_id=found.batch_id, actor_id=options.get("actor_id"), now=now)


def codes(found: imports.Preview) -> list[tuple[int | None, str | None, str]]:
    return [(error.row, error.column, error.code) for error in found.errors]


def open_of(external_id: str) -> int:
    row = OpenItemBalance.objects.get(item__external_id=external_id, is_current=True)
    return int(row.open_minor)


def assert_sound() -> None:
    """The invariants every import must leave behind."""
    from huikuan.services.verifying import verify

    report = verify()
    assert report.ok, [(check.name, check.detail) for check in report.checks if not check.ok]


def applied(*rows: str) -> str:
    head = "application_id,item_id,receipt_id,amount,effective_date"
    return head + ",currency\n" + "".join(f"{row},CNY\n" for row in rows)
