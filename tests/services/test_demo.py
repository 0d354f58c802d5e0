"""The demo company: the same from the same seed, coherent, with everything in it that can happen."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F, Q

from huikuan.core.accounts import EntryKind, ItemKind
from huikuan.core.applications import Order
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Refusal
from huikuan.core.registration import is_unified_code
from huikuan.core.rights import Role
from huikuan.mirror.reader import open_snapshot
from huikuan.queries.payouts import differences_of
from huikuan.services import demo
from huikuan.services import demo_events as happened
from huikuan.services.demo_plan import DemoPlan, DemoSize, make_plan
from huikuan.services.demo_world import HD, YX
from huikuan.services.notes_standing import states_of
from huikuan.services.verifying import verify
from huikuan.store.models import (
    AgreementLine,
    AuditEvent,
    Customer,
    CustomerAccount,
    Entity,
    JournalEntry,
    Note,
    OpenItem,
    Payout,
    Period,
    Posting,
    Receipt,
    SealHead,
    SealRun,
    SettlementAgreement,
    Shop,
    User,
)
from tests import databases
from tests.simulation.invariants import check_invariants

SMALL = DemoSize(customers=16, months=7, seed=1)
NOW = datetime(2026, 6, 15, 18, 0, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(scope="module")
def plan() -> DemoPlan:
    return make_plan(DemoSize(), TODAY)


# -- the plan ----------------------------------------------------------------------------------------------------------
def test_the_same_seed_and_day_give_the_same_plan(plan: DemoPlan) -> None:
    assert make_plan(DemoSize(), TODAY) == plan
    assert make_plan(DemoSize(seed=2), TODAY).events != plan.events


@pytest.mark.parametrize("made", [DemoSize(), SMALL], ids=["default", "small"])
def test_everything_that_can_happen_happens(made: DemoSize) -> None:
    plan = make_plan(made, TODAY)
    events = plan.events
    assert {type(event) for event in events} == set(happened.EVENT_KINDS)
    items = [event for event in events if isinstance(event, happened.ItemIn)]
    assert {item.kind for item in items} == set(ItemKind) - {ItemKind.NOTE}
    assert {item.charge.value for item in items} == {"cost", "interest", "principal"}
    assert any(item.disputed for item in items)
    assert any(item.opening for item in items)
    assert [item for item in items if not item.opening and item.effective_date < item.day], "no late entry"
    settled = {event.kind for event in events if isinstance(event, happened.Settle)}
    assert settled == {EntryKind.WRITE_OFF, EntryKind.OFFSET, EntryKind.ASSIGNMENT}
    applied = [event for event in events if isinstance(event, happened.Apply)]
    assert {event.order for event in applied} == {None, *Order}
    parts = [part for event in applied for part in event.parts]
    assert any(part.take_discount for part in parts)
    assert any(part.paid_minor for part in parts)
    assert any(len(event.parts) > 1 for event in applied)
    assert any(not event.is_known for event in events if isinstance(event, happened.ReceiptIn))


def test_the_company_is_as_large_as_asked(plan: DemoPlan) -> None:
    assert len(plan.customers) == 200
    assert (plan.first, plan.last) == (date(2024, 6, 1), TODAY)
    items = [event for event in plan.events if isinstance(event, happened.ItemIn)]
    assert 8_000 <= len(items) <= 12_000
    assert {event.currency for event in items} == {"CNY", "EUR", "USD", "JPY", "KWD"}
    assert {entity.code for entity in plan.entities} == {HD.code, YX.code}
    assert {len(customer.accounts) for customer in plan.customers} == {1, 2}
    behaviours = Counter(account.behaviour for customer in plan.customers for account in customer.accounts)
    assert set(behaviours) == {"punctual", "slow", "erratic", "bad"}
    terms = {account.terms_days for customer in plan.customers for account in customer.accounts}
    assert terms == {0, 30, 45, 60, 90}


def test_names_are_each_their_own_and_numbers_valid(plan: DemoPlan) -> None:
    names = [customer.name for customer in plan.customers]
    assert len({name.legal for name in names}) == len(names)
    chinese = [name for name in names if name.country == "CN"]
    assert 80 <= len(chinese) <= 160
    assert all(is_unified_code(name.registration_number) for name in chinese)
    assert max(len(name.legal) for name in chinese) > 24
    assert len({name.country for name in names}) >= 8


def test_many_customers_still_have_their_own_names() -> None:
    names = [customer.name.legal for customer in make_plan(DemoSize(2_000, 1), TODAY).customers]
    assert len(set(names)) == 2_000


def test_a_day_is_played_in_the_order_of_its_phases(plan: DemoPlan) -> None:
    places = {HD.code: 0, YX.code: 1}
    keys = [(event.day, places[event.entity], event.phase) for event in plan.events]
    assert keys == sorted(keys)
    assert all(day.weekday() < 5 for day, _, _ in keys)
    numbers = [event.number for event in plan.events if isinstance(event, happened.ItemIn | happened.ReceiptIn)]
    assert len(set(numbers)) == len(numbers)


# -- the ledger --------------------------------------------------------------------------------------------------------
def content() -> dict[str, Any]:
    """What a filled database holds, as numbers that do not depend on the database."""
    head = SealHead.objects.get(id=1)
    models = (Customer, CustomerAccount, JournalEntry, Posting, OpenItem, Receipt, Period, AuditEvent, SealRun)
    return {
        "hash": bytes(head.last_hash).hex(),
        "sealed": head.last_seq,
        "runs": list(SealRun.objects.values_list("last_seq", "sealed_at")),
        **{model.__name__: model.objects.count() for model in models},
    }


@pytest.fixture(scope="module")
def whole(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the small demo holds when it is filled without a break, on SQLite."""
    with databases.fresh_sqlite(sqlite_template, tmp_path_factory.mktemp("whole")):
        demo.fill_demo(SMALL, now=NOW)
        return content()


@pytest.mark.practice("D2", "D3", "D4", "D5", "D7", "D8", "D9", "A1")
def test_the_ledger_is_coherent_and_the_same_everywhere(ledger_db: databases.LedgerDb, whole: dict[str, Any]) -> None:
    result = demo.fill_demo(SMALL, now=NOW)
    assert content() == whole, "the same to the last hash, on both databases"
    assert (result.customers, result.last) == (17, TODAY), "the platform of the shop is one"
    report = verify()
    assert report.ok, [check for check in report.checks if not check.ok]
    check_invariants()
    not_posted = {EntryKind.SOURCE_SETTLEMENT, EntryKind.SETTLEMENT_MET}
    assert set(JournalEntry.objects.values_list("kind", flat=True)) == {
        kind.value for kind in set(EntryKind) - not_posted
    }
    assert not JournalEntry.objects.filter(recorded_at__gt=NOW).exists()
    assert SealHead.objects.get(id=1).last_seq == JournalEntry.objects.count() == result.entries

    # What the stories believed to be open is what the ledger says, after every order, discount and reversal.
    # Notes, agreements and the shop came later, and are not of the stories: what they stand on and settled is left out.
    settled = Posting.objects.filter(receipt__notes__isnull=False, item__isnull=False).values("item_id")
    items = OpenItem.objects.exclude(kind=ItemKind.NOTE).filter(account__shops__isnull=True)
    owed = make_plan(SMALL, TODAY).owed
    agreed = AgreementLine.objects.values("item_id")
    assert set(SettlementAgreement.objects.values_list("kind", "state")) == {
        ("three_party", "done"), ("in_kind", "posted"), ("three_party", "proposed"),
    }  # fmt: skip
    touched = set(items.filter(Q(id__in=settled) | Q(id__in=agreed)).values_list("external_id", flat=True))
    open_minor = dict(items.values_list("external_id", "balance__open_minor"))
    untouched = {number: minor for number, minor in owed.items() if number not in touched}
    assert {number: open_minor[number] for number in open_minor if number not in touched} == untouched
    of_notes = states_of(Note.objects.all())
    assert touched and Counter(state.value for state in of_notes.values()) == {
        "held": 3,
        "discounted": 1,
        "dishonoured": 1,
        "endorsed": 1,
        "presented": 1,
    }
    assert sum(minor > 0 for minor in open_minor.values()) > 20

    # The shop's payouts settled by themselves; the last one kept more than agreed, and for an order nobody sold.
    assert list(Payout.objects.order_by("id").values_list("how", flat=True)) == ["on_time", "on_time", "details"]
    differing = [(one.what.kind.value, one.what.amount_minor) for one in differences_of(Shop.objects.get(), TODAY).open]
    assert sorted(differing) == [("fee_above", 36_00), ("unknown_order", -262_64)]

    # Months are closed behind the last three, and something came too late for one of them.
    states = dict(Period.objects.filter(entity__code="HD").values_list("month", "state"))
    assert states[date(2026, 3, 1)] == PeriodState.CLOSED
    assert states[date(2026, 4, 1)] == PeriodState.SOFT_CLOSED
    assert date(2026, 5, 1) not in states
    assert OpenItem.objects.exclude(posting_date=F("effective_date")).count() == 1

    # A past day as known then is asked of the seals, and differs from what is known now.
    then = NOW - timedelta(days=30)
    with open_snapshot(then) as known_then, open_snapshot() as known_now:
        assert 0 < known_then.known_seq < known_now.known_seq
        assert not known_then.provisional


def test_one_customer_may_buy_from_both_entities(sqlite_db: databases.LedgerDb) -> None:
    demo.fill_demo(DemoSize(9, 2), now=NOW)
    both = [
        customer
        for customer in Customer.objects.prefetch_related("accounts__entity")
        if len(customer.accounts.all()) == 2
    ]
    assert len(both) == 1
    assert {account.entity.code for account in both[0].accounts.all()} == {"HD", "YX"}
    assert all(account.terms_days is not None and account.credit_limit_minor for account in both[0].accounts.all())


def test_people_of_the_demo(sqlite_db: databases.LedgerDb) -> None:
    assert demo.ensure_demo(now=NOW) == {"username": "demo", "password": "huikuan-demo"}
    chief, clerk, auditor = (User.objects.get(username=name) for name in ("demo", "clerk", "auditor"))
    assert (chief.is_superuser, clerk.is_superuser, auditor.is_superuser) == (True, False, False)
    for person, role in ((clerk, "ar_clerk"), (auditor, "auditor")):
        assert person.check_password("huikuan-demo")
        assert set(person.grants.values_list("entity__code", "role")) == {("HD", role), ("YX", role)}
    assert set(User.objects.filter(grants__isnull=False).values_list("grants__role", flat=True)) == set(Role)
    entries = JournalEntry.objects.count()
    assert demo.ensure_demo(now=NOW + timedelta(days=3)) == {"username": "demo", "password": "huikuan-demo"}
    assert JournalEntry.objects.count() == entries, "a second look writes nothing"
    with pytest.raises(Refusal) as refused:
        demo.fill_demo(SMALL, now=NOW)
    assert refused.value.code == "demo.not_empty"
    chief.set_password("another one, longer")
    chief.save()
    assert demo.ensure_demo(now=NOW) is None, "a password that was changed is not shown"


@pytest.fixture(autouse=True)
def small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """``ensure_demo`` makes a small one here."""
    fill = demo.fill_demo
    monkeypatch.setattr(demo, "fill_demo", lambda size=None, **rest: fill(size or DemoSize(4, 2), **rest))


def test_a_database_that_is_somebodys_own_is_left_alone(sqlite_db: databases.LedgerDb) -> None:
    Entity.objects.create(code="OWN", name="Own", currency="EUR")
    assert demo.ensure_demo(now=NOW) is None
    with pytest.raises(Refusal) as refused:
        demo.fill_demo(SMALL, now=NOW)
    assert refused.value.code == "demo.not_empty"


def test_a_database_with_a_user_of_its_own_is_left_alone(sqlite_db: databases.LedgerDb) -> None:
    User.objects.create(username="anna")
    assert demo.ensure_demo(now=NOW) is None


def test_a_user_called_demo_is_in_the_way_and_nothing_is_left_behind(sqlite_db: databases.LedgerDb) -> None:
    User.objects.create(username="demo")
    with pytest.raises(Refusal) as refused:
        demo.fill_demo(SMALL, now=NOW)
    assert refused.value.code == "user.exists"
    assert not Entity.objects.exists()
    assert demo.ensure_demo(now=NOW) is None


class Killed(Exception):
    pass


@pytest.mark.parametrize("stops", [(1,), (30, 31, 90)])
def test_an_interrupted_run_is_taken_up_where_it_stopped(
    sqlite_db: databases.LedgerDb, whole: dict[str, Any], stops: tuple[int, ...]
) -> None:
    for stop in stops:

        def stop_there(done: int, of: int, stop: int = stop) -> None:
            if done == stop:
                raise Killed

        with pytest.raises(Killed):
            demo.fill_demo(SMALL, now=NOW, progress=stop_there)
    # Neither the day on which it is taken up nor what is asked for then matters: it is the same demo.
    demo.fill_demo(DemoSize(), now=NOW + timedelta(days=2))
    broken, runs = content(), whole["runs"]
    # The last seals, of the last day, the bank statements and the agreements, have the moment at which the run ended.
    assert broken.pop("runs")[:-3] == runs[:-3]
    assert broken == {name: value for name, value in whole.items() if name != "runs"}
