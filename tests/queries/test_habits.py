"""Habits as read from the ledger: as of a day, as known then, what was undone left out, other people's not seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from huikuan.core.accounts import EntryKind
from huikuan.core.refusals import Refusal
from huikuan.queries.frame import Frame, frame_at
from huikuan.queries.habits import CustomerHabits, payment_habits
from huikuan.services.applications import Named
from huikuan.services.contacts import add_contact
from huikuan.services.field_changes import Change, ChangedMeanwhile
from huikuan.services.habits import set_payment_habits
from huikuan.services.items import NewItem, post_items
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.rights import Forbidden
from huikuan.services.sealing import seal
from huikuan.store.models import AuditEvent, Customer, CustomerAccount, CustomerChange, RoleGrant, User
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.ledger import NOW, Ledger, entry_of_receipt

pytestmark = pytest.mark.practice("A3")
AS_OF = date(2026, 6, 30)


@dataclass
class World:
    """A customer that is billed on the 1st, due on the 20th, and pays on the 25th (or the next working day)."""

    books: Ledger
    account: int
    customer: int
    items: list[int]
    receipts: list[int]
    entries: list[int]

    def frame(self, as_of: date = AS_OF, known_on: datetime | None = None) -> Frame:
        return frame_at(
            now=datetime(2026, 7, 1, tzinfo=UTC),
            entity_ids=(self.books.entity_id,),
            as_of=as_of,
            known_on=known_on,
        )

    def habits(self, as_of: date = AS_OF, known_on: datetime | None = None) -> CustomerHabits:
        found = payment_habits(self.frame(as_of, known_on), public_id("cus", self.customer))
        assert found is not None
        return found


def build(months: int = 12) -> World:
    books = Ledger()
    account = books.accounts["C1"]
    days = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(6, 6 + months)]
    new = [NewItem(account, f"I-{n}", day, day.replace(day=20), "CNY", 10_000_00 + n * 7) for n, day in enumerate(days)]
    items = post_items(books.entity_id, new, **books.common)
    paid = [day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0)) for day in (d.replace(day=25) for d in days)]
    receipts = post_receipts(
        books.entity_id,
        [
            NewReceipt(
                f"R-{n}", day, "CNY", 10_000_00 + n * 7, account, payer_name="Customer C1" if n % 3 else "C1 Treasury"
            )
            for n, day in enumerate(paid)
        ],
        **books.common,
    )
    entries = [
        books.apply(receipt, Named(item, 10_000_00 + n * 7), on=paid[n])
        for n, (item, receipt) in enumerate(zip(items, receipts, strict=True))
    ]
    customer = CustomerAccount.objects.get(id=account).customer_id
    return World(books, account, customer, items, receipts, entries)


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build()


def test_what_is_learned_from_the_ledger(world: World) -> None:
    found = world.habits()
    learned = found.learned
    assert (learned.payments, learned.documents) == (12, 12)
    assert [one.number for one in learned.month_days.month_days] == [25]
    assert (learned.lateness.median, learned.lateness.documents, learned.lateness.waiting) == (5, 12, 0)
    assert (learned.cycle.kind, learned.cycle.months_after) == ("monthly", 0)
    assert [(row.name, row.relation, row.payments) for row in found.payers] == [
        ("Customer C1", "itself", 8),
        ("C1 Treasury", "other", 4),
    ]
    assert found.asking is not None
    assert (found.asking.source, found.asking.due, found.asking.run.named) == ("learned", None, date(2026, 7, 25))


def test_a_past_day_knows_nothing_of_later(world: World) -> None:
    """In December 2025 there were five payments, whatever has come since."""
    then = world.habits(date(2025, 12, 10))
    assert (then.learned.payments, then.learned.documents) == (5, 6)
    world.books.apply(
        world.books.receipt(500_00, on=date(2026, 6, 26)), (world.books.item(500_00, on=date(2026, 6, 1)), 500_00)
    )
    assert world.habits(date(2025, 12, 10)).learned == then.learned


def test_what_was_undone_is_no_payment(world: World) -> None:
    world.books.reverse(entry_of_receipt(world.receipts[-1]), on=date(2026, 6, 29))
    learned = world.habits().learned
    assert (learned.payments, learned.lateness.waiting) == (11, 1)
    # On the 28th nobody knew that it would bounce.
    assert world.habits(date(2026, 6, 28)).learned.payments == 12


def test_as_known_then(ledger_db: LedgerDb) -> None:
    world = build()
    seal(now=NOW)
    late = datetime(2026, 6, 20, tzinfo=UTC)
    common = {"actor_id": None, "now": late}
    (item,) = post_items(
        world.books.entity_id,
        [NewItem(world.account, "I-x", date(2026, 6, 2), date(2026, 6, 10), "CNY", 70_00)],
        **common,
    )
    (receipt,) = post_receipts(
        world.books.entity_id, [NewReceipt("R-x", date(2026, 6, 11), "CNY", 70_00, world.account)], **common
    )
    world.books.apply(receipt, (item, 70_00), on=date(2026, 6, 11))
    seal(now=late)
    assert world.habits().learned.payments == 13
    assert world.habits(known_on=NOW + timedelta(hours=1)).learned.payments == 12


def test_deductions_and_write_offs(world: World) -> None:
    """Three documents, two percent held back of each; the rest is written off, which is no payment."""
    for n in range(13):
        day = date(2026, 6, 1) + timedelta(days=n)
        item = world.books.item(1_000_00 + n * 100, on=day)
        paid = world.books.receipt((1_000_00 + n * 100) * 98 // 100, on=day)
        world.books.apply(paid, (item, (1_000_00 + n * 100) * 98 // 100), on=day)
        world.books.settle(EntryKind.WRITE_OFF, item, 1_000_00 + n * 100 - (1_000_00 + n * 100) * 98 // 100, on=day)
    found = world.habits().learned.deduction
    assert (found.bp, found.hits, found.documents) == (200, 13, 25)


def test_nothing_yet(ledger_db: LedgerDb) -> None:
    books = Ledger()
    customer = Customer.objects.get()
    frame = frame_at(now=NOW, entity_ids=(books.entity_id,))
    found = payment_habits(frame, public_id("cus", customer.id))
    assert found is not None
    assert found.empty
    assert found.asking is None
    assert payment_habits(frame_at(now=NOW, entity_ids=()), public_id("cus", customer.id)) is None
    assert payment_habits(frame, "cus_0000000000000") is None


# -- what people know ------------------------------------------------------------------------------------------------
def put(world: World, actor_id: int | None = None, **texts: str) -> None:
    changes = {name: Change(text) for name, text in texts.items()}
    set_payment_habits(world.customer, changes, actor_id=actor_id, now=NOW)


def test_what_people_know_goes_first(world: World) -> None:
    contact = add_contact(
        world.customer, {"name": "李会计", "parts": "pays,signs", "signs_step": "2"}, actor_id=None, now=NOW
    )
    add_contact(world.customer, {"name": "王总", "parts": "decides"}, actor_id=None, now=NOW)
    world.books.item(80_00, on=date(2026, 6, 20), due=date(2026, 7, 8))
    put(world, run_days="10、 28日", transfer_days="1", steps=f"部门经理|1|\n财务|2|\n老板|0|{contact}")
    found = world.habits()
    assert found.facts.run_days == (10, 28)
    assert [(row.name, row.contact) for row in found.steps] == [
        ("部门经理", ""),
        ("财务", "李会计"),
        ("老板", "李会计"),
    ]
    assert (found.decider, found.payer) == ("王总", "李会计")
    assert found.asking is not None
    # Due on 8 July, so the run of Friday the 10th; three working days before it is Tuesday the 7th.
    assert (found.asking.run.day, found.asking.by) == (date(2026, 7, 10), date(2026, 7, 7))
    assert found.asking.arrives == date(2026, 7, 13)
    told = AuditEvent.objects.get(code="habits.changed")
    assert told.data == {"fields": ["run_days", "steps", "transfer_days"]}
    assert "部门经理" not in str(told.data)
    assert CustomerChange.objects.filter(subject="habits", field="run_days", after="10, 28").exists()
    put(world, run_days="10, 28")
    assert AuditEvent.objects.filter(code="habits.changed").count() == 1


def test_two_people_at_once(world: World) -> None:
    put(world, run_days="10")
    with pytest.raises(ChangedMeanwhile):
        set_payment_habits(world.customer, {"run_days": Change("20", "")}, actor_id=None, now=NOW)
    set_payment_habits(world.customer, {"closing_day": Change("18", "")}, actor_id=None, now=NOW)
    assert (world.habits().facts.run_days, world.habits().facts.closing_day) == ((10,), 18)


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("habits.bad_day", {"run_days": "0"}),
        ("habits.bad_day", {"closing_day": "32"}),
        ("habits.bad_weekday", {"run_weekdays": "montag"}),
        ("habits.bad_count", {"transfer_days": "31"}),
        ("habits.bad_count", {"steps": "boss|61|"}),
        ("habits.bad_choice", {"budget_needed": "may"}),
        ("habits.bad_choice", {"run_moves": "back"}),
        ("habits.step_without_name", {"steps": "|2|"}),
        ("contact.unknown", {"steps": "boss|1|999"}),
        ("text.too_long", {"invoice_needs": "x" * 501}),
        ("text.control", {"invoice_needs": "a\x00b"}),
    ],
)
def test_refusals(world: World, code: str, texts: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        put(world, **texts)
    assert refused.value.code == code
    assert not world.habits().facts.entered


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_who_may_not_edit_customers(world: World) -> None:
    user = User.objects.create_user("reader")
    RoleGrant.objects.create(user=user, entity_id=world.books.entity_id, role="auditor", granted_at=NOW)
    with pytest.raises(Forbidden):
        put(world, actor_id=user.pk, run_days="10")
    with pytest.raises(Refusal) as refused:
        set_payment_habits(999, {}, actor_id=None, now=NOW)
    assert refused.value.code == "customer.unknown"
