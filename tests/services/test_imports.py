"""Files into the database: what is new, changed, faulty; all or nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db.models import Sum

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import BadData, Refusal
from huikuan.services import imports
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.items import NewItem, post_items
from huikuan.services.periods import set_period
from huikuan.store.models import (
    AuditEvent,
    Customer,
    CustomerAccount,
    Entity,
    ExchangeRate,
    ImportBatch,
    JournalEntry,
    OpenItem,
    OpenItemBalance,
    Posting,
    ReceiptBalance,
    RoleGrant,
    User,
)
from tests.databases import LedgerDb
from tests.services.importing import ITEMS, applied, assert_sound, bring, codes, entity, open_of, preview

pytestmark = pytest.mark.usefixtures("ledger_db")


# -- items -----------------------------------------------------------------------------------------------------------
@pytest.mark.practice("D1")
def test_items_become_what_posting_them_one_by_one_would_make(now: datetime) -> None:
    """The set-based path writes the same rows as ``post_items`` does, column by column."""
    entity_id = entity(now)
    other = entity(now, "E2")
    ExchangeRate.objects.create(currency="USD", base="CNY", valid_from=date(2026, 1, 1), rate="7.1234567")
    text = (
        "item_id,kind,customer_id,document_number,po_number,contract_number,document_date,due_date,currency,amount,"
        "disputed,discount_date,discount_percent,sales_rep,region,product\n"
        "I1,invoice,C1,N1,P1,K1,2026-01-05,2026-02-05,CNY,100.00,yes,2026-01-15,2.5,Li,华东,X\n"
        "I2,credit_memo,C1,N2,,,2026-01-06,2026-02-05,USD,-33.33,,,,,,\n"
        "I3,note,C2,,,,2026-01-07,2026-02-05,USD,19.99,,,,,,\n"
        "I4,deposit,C2,,,,2026-01-08,2026-02-05,JPY,-1000,,,,,,\n"
    )
    ExchangeRate.objects.create(currency="JPY", base="CNY", valid_from=date(2026, 1, 1), rate="0.0467")
    bring(now, text, entity_id=entity_id, source="erp")
    accounts = add_customers(
        other, [NewCustomer("C1", "C1"), NewCustomer("C2", "C2")], source="erp", actor_id=None, now=now
    )
    from huikuan.core.accounts import ItemKind

    may, day = date(2026, 2, 5), date(2026, 1, 5)
    rows = [
        NewItem(
            accounts["C1"], "I1", day, may, "CNY", 10000, document_number="N1", po_number="P1", contract_number="K1",
            disputed=True, discount_date=date(2026, 1, 15), discount_bp=250, sales_rep="Li", region="华东", product="X",
        ),
        NewItem(
            accounts["C1"], "I2", date(2026, 1, 6), may, "USD", -3333,
            kind=ItemKind.CREDIT_MEMO, document_number="N2",
        ),
        NewItem(accounts["C2"], "I3", date(2026, 1, 7), may, "USD", 1999, kind=ItemKind.NOTE),
        NewItem(accounts["C2"], "I4", date(2026, 1, 8), may, "JPY", -1000, kind=ItemKind.DEPOSIT),
    ]  # fmt: skip
    post_items(other, rows, actor_id=None, now=now, source="erp")
    assert _ledger_of(entity_id) == _ledger_of(other)
    assert_sound()


def _ledger_of(entity_id: int) -> list[Any]:
    skipped = {"id", "entity_id", "account_id", "entry_id", "tx"}
    found: list[Any] = []
    for item in OpenItem.objects.filter(entity_id=entity_id).order_by("external_id"):
        entry = JournalEntry.objects.get(id=item.entry_id)
        balance = OpenItemBalance.objects.get(item=item)
        found.append(
            (
                {name: value for name, value in vars(item).items() if name not in skipped and not name.startswith("_")},
                (entry.kind, entry.effective_date, entry.posting_date, entry.recorded_at, entry.memo, entry.source_id),
                [
                    (leg.line, leg.ledger_account, leg.currency, leg.amount_minor, leg.base_minor, leg.item_id is None)
                    for leg in Posting.objects.filter(entry_id=item.entry_id).order_by("line")
                ],
                (balance.original_minor, balance.open_minor, balance.open_base_minor, balance.is_current),
            )
        )
    return found


@pytest.mark.practice("D1", "K7")
def test_the_same_file_twice_changes_nothing(now: datetime) -> None:
    entity(now)
    text = ITEMS + "I1,C1,甲公司,2026-01-05,2026-02-05,CNY,100.00\nI2,C1,甲公司,2026-01-05,2026-02-05,CNY,50.00\n"
    assert bring(now, text).rows == 2
    before = JournalEntry.objects.count()
    again = preview(now, text)
    assert again.changes == {"new": 0, "unchanged": 2, "changed": 0, "vanished": 0, "reduced": 0, "late": 0}
    assert [warning.code for warning in again.warnings] == ["import.repeated"]
    assert imports.publish(batch_id=again.batch_id, actor_id=None, now=now).rows == 0
    assert JournalEntry.objects.count() == before
    assert Customer.objects.get().name == "甲公司"


def test_a_preview_writes_nothing_to_the_ledger(now: datetime) -> None:
    entity(now)
    found = preview(now, ITEMS + "I1,C1,甲公司,2026-01-05,2026-02-05,CNY,1234.50\n")
    assert (found.rows_total, found.rows_good, found.new_customers) == (1, 1, 1)
    assert [(one.currency, one.rows, one.amount_minor) for one in found.totals] == [("CNY", 1, 123450)]
    assert found.columns["item_id"] == "item_id"
    assert found.sample[0][found.sample_columns.index("amount")] == "1234.5"
    assert not OpenItem.objects.exists() and not Customer.objects.exists()


def test_changed_content_is_taken_back_and_posted_anew(now: datetime) -> None:
    entity(now)
    bring(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\nI2,C1,A,2026-01-05,2026-02-05,CNY,70.00\n")
    result = bring(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,90.00\nI2,C1,A,2026-01-05,2026-02-05,CNY,70.00\n")
    assert (result.rows, result.changes["changed"], result.changes["unchanged"]) == (1, 1, 1)
    old, new = OpenItem.objects.filter(external_id="I1").order_by("version")
    assert (old.version, new.version) == (1, 2)
    assert (old.balance.open_minor, old.balance.is_current) == (0, False)
    assert (new.balance.open_minor, new.balance.is_current) == (9000, True)
    reversal = JournalEntry.objects.get(reverses_id=old.entry_id)
    assert reversal.posting_date == date(2026, 1, 5), "as of any day in between the item is owed once"
    assert AuditEvent.objects.filter(code="item.reposted").count() == 1
    assert_sound()


def test_what_the_file_says_nothing_about_stays(now: datetime) -> None:
    entity(now)
    head = "item_id,customer_id,document_date,due_date,currency,amount"
    bring(now, f"{head},region\nI1,C1,2026-01-05,2026-02-05,CNY,100.00,North\n")
    unchanged = preview(now, f"{head}\nI1,C1,2026-01-05,2026-02-05,CNY,100.00\n")
    assert unchanged.changes["unchanged"] == 1
    bring(now, f"{head}\nI1,C1,2026-01-05,2026-02-15,CNY,100.00\n")
    assert OpenItem.objects.get(version=2).region == "North"


def test_an_item_moved_to_another_customer_is_said_and_its_money_stays(now: datetime) -> None:
    entity(now)
    bring(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\n")
    bring(now, "receipt_id,customer_id,amount,currency,posting_date\nR1,C1,40.00,CNY,2026-01-10\n", "receipts")
    bring(now, applied("A1,I1,R1,40.00,2026-01-11"), "applications")
    found = preview(now, ITEMS + "I1,C2,B,2026-01-05,2026-02-05,CNY,100.00\n")
    assert "item.other_customer" in [warning.code for warning in found.warnings]
    imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert open_of("I1") == 10000
    assert ReceiptBalance.objects.get().unapplied_minor == 4000
    assert_sound()


@pytest.mark.practice("D8")
def test_items_of_a_closed_month_count_from_the_next_open_one(now: datetime) -> None:
    entity_id = entity(now)
    set_period(entity_id, date(2026, 1, 1), PeriodState.CLOSED, actor_id=None, now=now)
    text = ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\nI2,C1,A,2026-02-05,2026-03-05,CNY,100.00\n"
    found = preview(now, text)
    assert found.changes["late"] == 1
    imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    late = OpenItem.objects.get(external_id="I1")
    assert (late.effective_date, late.posting_date) == (date(2026, 1, 5), date(2026, 2, 1))
    assert preview(now, text).changes["unchanged"] == 2


def test_settled_and_partly_open_items_of_a_first_load(now: datetime) -> None:
    """The file says that they were settled, not how: the other side is clearing."""
    entity(now)
    text = (
        "item_id,customer_id,document_date,due_date,currency,amount,open_amount,settled_date\n"
        "I1,C1,2026-01-05,2026-02-05,CNY,100.00,,2026-01-20\n"
        "I2,C1,2026-01-05,2026-02-05,CNY,100.00,30.00,\n"
        "I3,C1,2026-01-05,2026-02-05,CNY,100.00,100.00,\n"
    )
    bring(now, text, snapshot_date=date(2026, 3, 1))
    assert [open_of(number) for number in ("I1", "I2", "I3")] == [0, 3000, 10000]
    entries = JournalEntry.objects.filter(kind=EntryKind.APPLICATION).order_by("posting_date")
    assert [entry.posting_date for entry in entries] == [date(2026, 1, 20), date(2026, 3, 1)]
    cleared = Posting.objects.filter(ledger_account=LedgerAccount.CLEARING).aggregate(x=Sum("amount_minor"))["x"]
    assert cleared == 17000
    assert preview(now, text, snapshot_date=date(2026, 3, 1)).changes["unchanged"] == 3
    assert_sound()


def test_the_files_own_instant_is_kept_beside_the_systems(now: datetime) -> None:
    entity(now)
    head = "item_id,customer_id,document_date,due_date,currency,amount,recorded_at\n"
    bring(now, head + "I1,C1,2026-01-05,2026-02-05,CNY,1.00,2026-01-06T10:00:00.5+08:00\n")
    entry = JournalEntry.objects.get()
    assert entry.source_recorded_at == datetime(2026, 1, 6, 2, 0, 0, 500000, tzinfo=UTC)
    assert entry.recorded_at == now
    bring(now, ITEMS + "I2,C1,A,2026-01-05,2026-02-05,CNY,1.00\n")
    assert JournalEntry.objects.latest("id").source_recorded_at is None


# -- entities, customers, rates --------------------------------------------------------------------------------------
def test_unknown_entities_are_refused_or_created_on_request(now: datetime) -> None:
    text = "entity,item_id,customer_id,document_date,due_date,currency,amount\n" + (
        "DE,I1,C1,2026-01-05,2026-02-05,EUR,100.00\nFR,I1,C1,2026-01-05,2026-02-05,EUR,70.00\n"
        "FR,I2,C1,2026-01-05,2026-02-05,EUR,70.00\n"
    )
    refused = preview(now, text)
    assert [(error.row, error.code) for error in refused.errors] == [(2, "entity.unknown"), (3, "entity.unknown")]
    assert "in 2 rows" in refused.errors[1].reason and refused.rows_good == 0
    found = preview(now, text, create_entities="EUR")
    assert found.new_entities == ["DE", "FR"] and not Entity.objects.exists()
    imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert Customer.objects.count() == 2
    again = preview(now, text, create_entities="EUR")
    assert again.changes["unchanged"] == 3


@pytest.mark.practice("A1")
def test_a_number_known_to_the_whole_group_is_one_customer(now: datetime) -> None:
    entity(now, "DE", "EUR")
    entity(now, "FR", "EUR")
    head = "entity,item_id,customer_id,customer_name,document_date,due_date,currency,amount\n"
    text = head + "DE,I1,C1,Acme,2026-01-05,2026-02-05,EUR,1.00\nFR,I1,C1,,2026-01-05,2026-02-05,EUR,2.00\n"
    found = preview(now, text, customer_scope="group")
    assert found.new_customers == 1
    imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert Customer.objects.get().name == "Acme" and CustomerAccount.objects.count() == 2
    entity(now, "IT", "EUR")
    bring(now, head + "IT,I1,C1,Acme,2026-01-05,2026-02-05,EUR,1.00\n", customer_scope="group")
    assert Customer.objects.count() == 1 and CustomerAccount.objects.count() == 3


def test_missing_rates_are_named_together_with_days_and_rows(now: datetime) -> None:
    entity(now)
    ExchangeRate.objects.create(currency="USD", base="CNY", valid_from=date(2026, 1, 10), rate="7.1")
    text = ITEMS + (
        "I1,C1,A,2026-01-05,2026-02-05,USD,1.00\nI2,C1,A,2026-01-07,2026-02-05,USD,1.00\n"
        "I3,C1,A,2026-01-12,2026-02-05,USD,1.00\nI4,C1,A,2026-01-05,2026-02-05,EUR,1.00\n"
    )
    found = preview(now, text)
    assert sorted(error.reason for error in found.errors) == [
        "no rate for EUR in CNY on 2026-01-05: add one first",
        "no rate for USD in CNY for days from 2026-01-05 to 2026-01-07: add one first (in 2 rows, this is the first)",
    ]
    assert found.rows_good == 1


def test_nobody_imports_into_books_they_may_not_post_to(now: datetime) -> None:
    mine, _ = entity(now, "DE", "EUR"), entity(now, "FR", "EUR")
    clerk = User.objects.create_user("clerk", password="x" * 12)
    RoleGrant.objects.create(user=clerk, entity_id=mine, role="ar_clerk", granted_at=now)
    text = "entity,item_id,customer_id,document_date,due_date,currency,amount\n" + (
        "DE,I1,C1,2026-01-05,2026-02-05,EUR,1.00\nFR,I2,C1,2026-01-05,2026-02-05,EUR,1.00\n"
        "XX,I3,C1,2026-01-05,2026-02-05,EUR,1.00\n"
    )
    found = preview(now, text, actor_id=clerk.id, create_entities="EUR")
    assert [(row, code) for row, _, code in codes(found)] == [(3, "entity.forbidden"), (4, "entity.unknown")]


# -- all or nothing --------------------------------------------------------------------------------------------------
BAD = ITEMS + (
    "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\n"
    "I2,C1,A,2026-01-05,2026-02-05,CNY,oops\n"
    "I3,,A,2026-01-05,2026-02-05,CNY,1.00\n"
    "I4,C1,A,1875-01-05,2026-02-05,CNY,1.00\n"
    "I5,C1,A,2026-01-05,2026-02-05,CNY,0.00\n"
    "I6,C1,A,2026-01-05,2026-02-05,XXQ,1.00\n"
    "I1,C1,A,2026-01-05,2026-02-05,CNY,5.00\n"
)


def test_a_fault_anywhere_keeps_everything_out(now: datetime) -> None:
    entity(now)
    found = preview(now, BAD)
    assert found.rows_total == 7 and found.rows_good == 0
    assert {error.row for error in found.errors} == {2, 3, 4, 5, 6, 7, 8}
    with pytest.raises(BadData):
        imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert not OpenItem.objects.exists() and not Customer.objects.exists()
    assert ImportBatch.objects.get().state == "staged"


def test_good_rows_alone_are_an_explicit_choice_and_leave_a_marked_file(now: datetime) -> None:
    entity(now)
    found = preview(now, BAD.replace("I1,C1,A,2026-01-05,2026-02-05,CNY,5.00\n", ""))
    result = imports.publish(batch_id=found.batch_id, actor_id=None, now=now, good_rows_only=True)
    assert result.rows == 1 and result.annotated
    name, path = imports.annotated(found.batch_id)
    assert name == "items-faults.csv"
    marked = path.read_text(encoding="utf-8").splitlines()
    assert marked[0].startswith("huikuan_errors") and "oops" in marked[2]
    # Mended and sent again: the marks are ignored, what was posted is known.
    mended = path.read_text(encoding="utf-8").replace("oops", "7.00")
    again = preview(now, mended)
    assert again.changes["unchanged"] == 1 and again.changes["new"] == 1
    assert_sound()


def test_a_batch_is_posted_once(now: datetime) -> None:
    entity(now)
    found = preview(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\n")
    imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    with pytest.raises(Refusal) as refused:
        imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert refused.value.code == "import.not_staged"
    with pytest.raises(Refusal) as refused:
        imports.discard(found.batch_id)
    assert refused.value.code == "import.published"


def test_discarding_removes_the_files(now: datetime, ledger_db: LedgerDb) -> None:
    entity(now)
    found = preview(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\n")
    folder = ledger_db.home / ImportBatch.objects.get().folder
    assert (folder / "rows.parquet").exists()
    imports.discard(found.batch_id)
    assert not folder.exists() and ImportBatch.objects.get().state == "discarded"


def test_the_same_file_read_with_other_columns(now: datetime) -> None:
    entity(now)
    text = "no,who,day,due,sum\nI1,C1,2026-01-05,2026-02-05,100.00\n"
    found = preview(now, text, currency="CNY")
    assert found.errors_total and not found.rows_good
    assert [guess.column for guess in found.mapping] == ["no", "who", "day", "due", "sum"]
    mapping = {"item_id": "no", "customer_id": "who", "document_date": "day", "due_date": "due", "amount": "sum"}
    again = imports.preview_again(batch_id=found.batch_id, actor_id=None, now=now, mapping=mapping)
    assert not again.errors_total and again.rows_good == 1
    imports.publish(batch_id=again.batch_id, actor_id=None, now=now)
    assert open_of("I1") == 10000
