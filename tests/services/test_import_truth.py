"""Files imported, and the same files read as they are: the ageing of any past day is the same to the cent."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from huikuan.engines.age import age
from huikuan.engines.files import read_table
from huikuan.queries.age_database import age_database
from huikuan.services import imports
from huikuan.services.customers import add_entity
from huikuan.services.verifying import verify
from huikuan.store.models import ExchangeRate

START = date(2025, 1, 1)
CURRENCIES = ("CNY", "CNY", "USD")


def money(minor: int) -> str:
    return f"{Decimal(minor) / 100:.2f}"


@dataclass
class Story:
    """A random history as three files. Applications never exceed what is open; some are taken back later."""

    chance: random.Random
    items: list[list[str]] = field(default_factory=list)
    receipts: list[list[str]] = field(default_factory=list)
    applications: list[list[str]] = field(default_factory=list)

    def tell(self, count: int) -> None:
        for number in range(count):
            currency, customer = self.chance.choice(CURRENCIES), f"C{self.chance.randint(1, 6)}"
            day = START + timedelta(days=self.chance.randint(0, 300))
            amount = self.chance.randint(100, 99_999)
            due = day + timedelta(days=self.chance.randint(0, 60))
            self.items.append([f"I{number}", "invoice", customer, str(day), str(due), currency, money(amount)])
            fate = self.chance.random()
            if fate < 0.6:
                self.pay(number, customer, currency, day, amount)
            elif fate < 0.7:
                self.credit(number, customer, currency, day, amount)
            elif fate < 0.8:
                self.apply(f"W{number}", f"I{number}", "", amount // 3 or 1, day, currency, source="write_off")

    def pay(self, number: int, customer: str, currency: str, day: date, amount: int) -> None:
        paid = day + timedelta(days=self.chance.randint(1, 90))
        total = amount + self.chance.choice((0, 0, 500))
        self.receipts.append([f"R{number}", customer, money(total), currency, str(paid)])
        parts = [amount] if self.chance.random() < 0.6 else [amount // 3, amount // 4]
        for place, part in enumerate(part for part in parts if part):
            name, on = f"A{number}.{place}", paid + timedelta(days=self.chance.randint(0, 9))
            self.apply(name, f"I{number}", f"R{number}", part, on, currency)
            if self.chance.random() < 0.2:
                back = on + timedelta(days=self.chance.randint(0, 20))
                self.apply(f"{name}r", f"I{number}", f"R{number}", -part, back, currency, reverses=name)

    def credit(self, number: int, customer: str, currency: str, day: date, amount: int) -> None:
        memo = max(amount // 2, 1)
        later = day + timedelta(days=self.chance.randint(0, 30))
        self.items.append([f"M{number}", "credit_memo", customer, str(later), str(later), currency, money(-memo)])
        on = later + timedelta(days=self.chance.randint(0, 10))
        self.apply(f"K{number}", f"I{number}", "", memo, on, currency, source="credit_memo")
        self.apply(f"K{number}", f"M{number}", "", -memo, on, currency, source="credit_memo")

    def apply(
        self,
        name: str,
        item: str,
        receipt: str,
        minor: int,
        on: date,
        currency: str,
        source: str = "",
        reverses: str = "",
    ) -> None:
        source = source or ("receipt" if receipt else "")
        self.applications.append([name, item, receipt, money(minor), str(on), currency, source, reverses])

    def change(self) -> None:
        """The source corrects some documents: later due dates, larger amounts."""
        for row in self.items:
            if self.chance.random() < 0.15 and row[1] == "invoice":
                row[4] = str(date.fromisoformat(row[4]) + timedelta(days=7))
                row[6] = money(int(Decimal(row[6]) * 100) + 1_00)

    def files(self) -> Iterator[tuple[str, bytes]]:
        heads = {
            "items": "item_id,kind,customer_id,document_date,due_date,currency,amount",
            "receipts": "receipt_id,customer_id,amount,currency,posting_date",
            "applications": "application_id,item_id,receipt_id,amount,effective_date,currency,source,reverses_id",
        }
        for kind, head in heads.items():
            rows = "\n".join(",".join(row) for row in getattr(self, kind))
            yield kind, f"{head}\n{rows}\n".encode()


def bring(story: Story, now: datetime) -> dict[str, dict[str, int]]:
    changes = {}
    for kind, data in story.files():
        found = imports.preview_upload(actor_id=None, now=now, file_name=f"{kind}.csv", data=data, kind=kind)
        assert not found.errors_total, [str(error) for error in found.errors]
        changes[kind] = imports.publish(batch_id=found.batch_id, actor_id=None, now=now).changes
    return changes


def assert_same_truth(story: Story) -> None:
    tables = {kind: read_table(data, kind, name=f"{kind}.csv").table for kind, data in story.files()}
    for days in (0, 60, 150, 250, 330, 420):
        as_of = START + timedelta(days=days)
        wanted = age(tables["items"], tables["applications"], tables["receipts"], as_of=as_of).to_pylist()
        found = age_database(as_of=as_of).table.to_pylist()
        assert found == wanted, as_of


@pytest.mark.practice("D1", "D2", "D3")
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.usefixtures("ledger_db")
def test_the_database_tells_what_the_files_tell(seed: int, now: datetime) -> None:
    add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    for day, rate in ((START, "7.1"), (date(2025, 5, 1), "7.25333"), (date(2025, 9, 1), "6.98")):
        ExchangeRate.objects.create(currency="USD", base="CNY", valid_from=day, rate=rate)
    story = Story(random.Random(seed))
    story.tell(80)
    bring(story, now)
    assert_same_truth(story)
    again = bring(story, now)
    assert all(not found["new"] and not found["changed"] for found in again.values())
    story.change()
    changed = bring(story, now + timedelta(hours=1))
    assert changed["items"]["changed"] > 5
    assert changed["applications"]["changed"] == changed["applications"]["new"] == 0
    assert_same_truth(story)
    report = verify()
    assert report.ok, [(check.name, check.detail) for check in report.checks if not check.ok]
