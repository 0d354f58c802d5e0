"""The database itself refuses what may not happen to the ledger, whoever asks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from huikuan.core.accounts import EntryKind
from huikuan.store.models import (
    AgreementClaim,
    AgreementEntry,
    AgreementEvent,
    AgreementLine,
    AgreementParty,
    ApprovalDecision,
    ApprovalRequest,
    BankAccount,
    BankLine,
    BankLineFee,
    BankStatement,
    CashHandIn,
    CashSlip,
    ClosingMark,
    DebitEvent,
    DebitMandate,
    DebitMandateVersion,
    DebitPayment,
    DebitPaymentItem,
    DebitRecall,
    DebitRun,
    EInvoice,
    EInvoiceTax,
    GlExport,
    GoLiveProof,
    JournalEntry,
    LineDecision,
    Note,
    NoteCover,
    NoteEvent,
    OpenItem,
    Posting,
    Receipt,
    ReceiptChannel,
    SettlementAgreement,
    ShortPayment,
    ShortPaymentEvent,
    User,
)
from huikuan.store.trigger_sql import APPEND_ONLY
from tests.databases import LedgerDb
from tests.services.ledger import NOW, Ledger, entry_of_item
from tests.store.shop_rows import add_shop_rows

DAY = date(2026, 3, 10)


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    """Books with a row in every append-only table."""
    ledger = Ledger()
    item, receipt = ledger.item(100), ledger.receipt(100)
    ledger.reverse(ledger.apply(receipt, (item, 60)))
    entry = entry_of_item(item)
    run("INSERT INTO store_seal (ledger_seq, entry_id, hash) VALUES (1, %s, %s)", [entry, b"\1" * 32])
    run("INSERT INTO store_sealrun (last_seq, sealed_at, head_hash) VALUES (1, %s, %s)", [stored(NOW), b"\1" * 32])
    add_month_end_rows(ledger.entity_id)
    add_einvoice(ledger.entity_id, item)
    add_decision(ledger.entity_id)
    add_channel_rows(ledger, item, receipt)
    add_agreement(ledger, item, entry)
    add_debit_rows(ledger, add_bank_rows(ledger.entity_id, entry), item)
    add_shop_rows(ledger, item)
    case = ShortPayment.objects.create(
        entity_id=ledger.entity_id, item_id=item, account_id=ledger.accounts["C1"], reason_code="unstated",
        state="open", currency="CNY", amount_minor=100, deadline=DAY, opened_on=DAY, opened_at=NOW,
    )  # fmt: skip
    ShortPaymentEvent.objects.create(case=case, at=NOW, code="opened")
    return ledger


def add_bank_rows(entity_id: int, entry_id: int) -> BankAccount:
    account = BankAccount.objects.create(entity_id=entity_id, name="Main", number="1", currency="CNY", created_at=NOW)
    statement = BankStatement.objects.create(
        entity_id=entity_id, account=account, format="csv", file_name="x.csv", file_sha256="a" * 64, file_bytes=1,
        currency="CNY", lines_total=1, lines_new=1, in_minor=100, out_minor=0, imported_at=NOW,
    )  # fmt: skip
    line = BankLine.objects.create(
        entity_id=entity_id, account=account, statement=statement, ordinal=1, row=1, kind="receipt", booking_date=DAY,
        value_date=DAY, amount_minor=100, currency="CNY", fingerprint="f",
    )  # fmt: skip
    BankLineFee.objects.create(line=line, entry_id=entry_id, amount_minor=1)
    LineDecision.objects.create(entity_id=entity_id, line=line, deed="on_account", at=NOW)
    return account


def add_debit_rows(ledger: Ledger, account: BankAccount, item_id: int) -> None:
    mandate = DebitMandate.objects.create(
        entity_id=ledger.entity_id, account_id=ledger.accounts["C1"], reference="M", payer_name="P", payer_iban="I",
        signed_on=DAY, recorded_at=NOW,
    )  # fmt: skip
    run = DebitRun.objects.create(
        entity_id=ledger.entity_id, number="DD-1", bundle="customer", due_by=DAY, due_on=DAY, notice_on=DAY,
        file_on=DAY, creditor_id="X", creditor_name="X", creditor_iban="X", bank_account=account, proposed_at=NOW,
    )  # fmt: skip
    payment = DebitPayment.objects.create(
        run=run, mandate=mandate, account_id=ledger.accounts["C1"], ordinal=1, end_to_end_id="E", sequence="FRST",
        amount_minor=1,
    )  # fmt: skip
    DebitPaymentItem.objects.create(payment=payment, item_id=item_id, amount_minor=1)
    DebitEvent.objects.create(run=run, code="proposed", at=NOW)
    DebitRecall.objects.create(run=run, number="R1", reason="DUPL", asked_at=NOW)
    DebitMandateVersion.objects.create(mandate=mandate, reference="M", payer_name="P", payer_iban="I", amended_at=NOW)


def add_channel_rows(ledger: Ledger, item_id: int, receipt_id: int) -> None:
    note = Note.objects.create(
        entity_id=ledger.entity_id, account_id=ledger.accounts["C1"], kind="acceptance", number="B1", acceptor="Bank",
        acceptor_class="major_bank", currency="CNY", amount_minor=100, issue_date=DAY, maturity_date=DAY,
        settles="at_maturity", recorded_at=NOW,
    )  # fmt: skip
    NoteEvent.objects.create(note=note, ordinal=1, step="received", on=DAY, counts_from=DAY, recorded_at=NOW)
    NoteCover.objects.create(note=note, item_id=item_id, amount_minor=100)
    ReceiptChannel.objects.create(receipt_id=receipt_id, channel="cash")
    slip = CashSlip.objects.create(
        entity_id=ledger.entity_id, year=2026, number=1, receipt_id=receipt_id, payer="Li", purpose="", reason="x",
        received_on=DAY, due_on=DAY, recorded_at=NOW,
    )  # fmt: skip
    CashHandIn.objects.create(slip=slip, on=DAY, place="cashier", recorded_at=NOW)


def add_agreement(ledger: Ledger, item_id: int, entry_id: int) -> None:
    agreement = SettlementAgreement.objects.create(
        entity_id=ledger.entity_id, account_id=ledger.accounts["C1"], kind="three_party", number="M-1", currency="CNY",
        amount_minor=100, debt_minor=100, state="proposed", proposed_on=DAY, recorded_at=NOW,
    )  # fmt: skip
    us, them = (
        AgreementParty.objects.create(agreement=agreement, ordinal=number, kind="other", name=str(number))
        for number in (1, 2)
    )
    claim = AgreementClaim.objects.create(agreement=agreement, ordinal=1, owed_by=them, owed_to=us, amount_minor=100)
    AgreementLine.objects.create(agreement=agreement, claim=claim, item_id=item_id, amount_minor=100, debt_minor=100)
    event = AgreementEvent.objects.create(agreement=agreement, ordinal=1, step="signed", on=DAY, recorded_at=NOW)
    AgreementEntry.objects.create(event=event, entry_id=entry_id)


def add_decision(entity_id: int) -> None:
    request = ApprovalRequest.objects.create(
        entity_id=entity_id, kind="write_off", subject="item:1", title="I1", amount_minor=100, currency="CNY",
        base_minor=100, reason="insolvent", facts={}, steps=[[1, "cfo", 0]], requested_at=NOW,
    )  # fmt: skip
    user = User.objects.create_user("cfo")
    ApprovalDecision.objects.create(request=request, number=1, approved=True, decided_by=user, decided_at=NOW)


def add_einvoice(entity_id: int, item_id: int) -> None:
    invoice = EInvoice.objects.create(
        entity_id=entity_id, item_id=item_id, source_format="ubl", number="1", issue_date=DAY, currency="CNY",
        net_minor=90, tax_minor=10, gross_minor=100, prepaid_minor=0, payable_minor=100, file_sha256="a" * 64,
        imported_at=NOW,
    )  # fmt: skip
    EInvoiceTax.objects.create(einvoice=invoice, category="S", rate_bp=1100, net_minor=90, tax_minor=10)


def add_month_end_rows(entity_id: int) -> None:
    month, sha = date(2026, 3, 1), "a" * 64
    ClosingMark.objects.create(entity_id=entity_id, month=month, point="ageing", is_done=True, marked_at=NOW)
    GlExport.objects.create(
        entity_id=entity_id, month=month, format="csv", number=1, from_seq=0, to_seq=1, entries=1, first_voucher=1,
        vouchers=1, debit_base_minor=100, totals=[], recipe={}, file_name="x.csv", sha256=sha, size=1, made_at=NOW,
    )  # fmt: skip
    GoLiveProof.objects.create(
        entity_id=entity_id, cut_over=month, balances=[], items=1, receipts=0, head_seq=1, head_hash=sha, live_at=NOW
    )


def run(sql: str, values: list[Any] | None = None) -> None:
    """One statement, in a transaction of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def stored(value: date | datetime) -> Any:
    return value if connection.vendor == "postgresql" else value.isoformat()


def refused(sql: str, values: list[Any] | None = None, saying: str = "append only|violates|constraint") -> None:
    with pytest.raises(DatabaseError, match=saying):
        run(sql, values)


def first_column(table: str) -> str:
    others = {"store_posting": "line", "store_seal": "hash", "store_sealrun": "head_hash"}
    others |= {"store_banklinefee": "amount_minor"}
    return (others | {"store_receiptchannel": "channel", "store_cashhandin": "place"}).get(table, "id")


@pytest.mark.practice("D5")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_rows_are_never_changed_or_deleted(ledger: Ledger, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        count = cursor.fetchone()[0]
    assert count, f"the test has nothing in {table}"
    column = first_column(table)
    refused(f"UPDATE {table} SET {column} = {column}", saying=f"append only: update on {table} refused")
    refused(f"DELETE FROM {table}", saying=f"append only: delete on {table} refused")
    if connection.vendor == "postgresql":
        refused(f"TRUNCATE {table} CASCADE", saying="append only: truncate on .* refused")
        refused("TRUNCATE store_entity CASCADE", saying="append only: truncate on .* refused")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] == count


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_replacing_and_upserting_are_changing(ledger: Ledger, table: str, recursive: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers = {recursive}")
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute(f"SELECT * FROM {table} LIMIT 1")
        columns = [column[0] for column in cursor.description]
        row = list(cursor.fetchone())
    names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join(["%s"] * len(row))
    refused(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", row)
    refused(f"REPLACE INTO {table} ({names}) VALUES ({marks})", row)
    refused(f'INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO UPDATE SET "{columns[-1]}" = NULL', row)
    if table in ("store_openitem", "store_receipt", "store_seal"):
        key = columns.index("ledger_seq" if table == "store_seal" else "id")
        row[key] = 999
        refused(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", row, saying="append only: .* has this")


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_a_reversal_is_not_replaced_by_another(ledger: Ledger) -> None:
    reversal = JournalEntry.objects.exclude(reverses=None).get()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers = OFF")
    with transaction.atomic():
        add_postings(900, *BALANCED)
        with pytest.raises(DatabaseError, match="append only: store_journalentry has this reverses_id"):
            add_entry(900, reverses=reversal.reverses_id, verb="INSERT OR REPLACE")
        transaction.set_rollback(True)


Raw = tuple[str, int, int, str]


def add_postings(entry: int, *legs: Raw, first: int = 1) -> None:
    for line, (account, amount, base, currency) in enumerate(legs, start=first):
        add_posting(entry, line, account, amount, base, currency)


BALANCED = (("bank", 5, 5, "CNY"), ("sales", -5, -5, "CNY"))


def refused_entry(saying: str, *legs: Raw, entry: int = 900, closed: bool = True, after: tuple[Raw, ...] = ()) -> None:
    """Expects a refusal of these postings, their entry (where ``closed``) and the postings ``after`` it."""

    def attempt() -> None:
        with transaction.atomic():
            add_postings(entry, *legs)
            if closed:
                add_entry(entry)
            add_postings(entry, *after, first=50)

    with pytest.raises(DatabaseError, match=saying):
        attempt()


def add_posting(entry: int, line: int, account: str, amount: int, base: int, currency: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO store_posting (entry_id, line, ledger_account, currency, amount_minor, base_minor)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [entry, line, account, currency, amount, base],
        )


def add_entry(entry: int, *, reverses: int | None = None, verb: str = "INSERT") -> None:
    entity = JournalEntry.objects.values_list("entity_id", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(
            f"{verb} INTO store_journalentry (id, entity_id, kind, effective_date, posting_date, recorded_at,"
            " reverses_id, external_id, memo) VALUES (%s, %s, %s, %s, %s, %s, %s, '', '')",
            [entry, entity, EntryKind.ITEM.value, stored(DAY), stored(DAY), stored(NOW), reverses],
        )


@pytest.mark.practice("D2")
@pytest.mark.parametrize(
    "legs",
    [
        [],
        [("bank", 0, 0, "CNY")],
        [("bank", 5, 5, "CNY")],
        [("bank", 5, 5, "CNY"), ("sales", -4, -5, "CNY")],
        [("bank", 5, 5, "CNY"), ("sales", -5, -4, "CNY")],
        [("bank", 5, 5, "USD"), ("sales", -5, -5, "EUR")],
        [("bank", 5, 5, "USD"), ("sales", -5, -5, "EUR"), ("sales", -5, 0, "USD"), ("bank", 4, 0, "EUR")],
    ],
    ids=["nothing", "one leg", "one-sided", "amount off", "base off", "two currencies", "one currency off"],
)
def test_entries_that_do_not_balance_are_refused(ledger: Ledger, legs: list[tuple[str, int, int, str]]) -> None:
    before = Posting.objects.count()
    refused_entry("journal", *legs)
    assert Posting.objects.count() == before


def test_a_balanced_entry_is_taken(ledger: Ledger) -> None:
    with transaction.atomic():
        add_postings(900, ("bank", 5, 36, "USD"), ("sales", -5, -35, "USD"), ("exchange_difference", 0, -1, "USD"))
        add_entry(900)
    assert Posting.objects.filter(entry_id=900).count() == 3


def test_postings_without_an_entry_do_not_commit(ledger: Ledger) -> None:
    refused_entry(r"(?i)foreign key", *BALANCED, closed=False)


def test_nothing_is_added_to_an_entry_that_is_there(ledger: Ledger) -> None:
    entry = JournalEntry.objects.order_by("id").values_list("id", flat=True).first()
    assert entry is not None
    closed = "the entry of this posting is closed"
    refused_entry(closed, entry=entry, closed=False, after=BALANCED)
    refused_entry(closed, *BALANCED, after=(("bank", 0, 0, "CNY"),))


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("UPDATE store_openitembalance SET open_minor = original_minor + 1", "item_balance_bounded"),
        ("UPDATE store_openitembalance SET open_minor = -1", "item_balance_bounded"),
        ("UPDATE store_openitembalance SET original_minor = 0, open_minor = 0", "item_balance_bounded"),
        ("UPDATE store_receiptbalance SET unapplied_minor = -1", "receipt_balance_bounded"),
        ("UPDATE store_receiptbalance SET on_account_minor = original_minor + 1", "receipt_balance_bounded"),
        ("UPDATE store_receiptbalance SET unapplied_minor = original_minor, unidentified_minor = 1", "receipt_balance"),
    ],
)
def test_balances_stay_within_what_there_was(ledger: Ledger, sql: str, name: str) -> None:
    refused(sql, saying=name)


def test_a_credit_stays_between_what_it_was_and_nothing(ledger: Ledger) -> None:
    memo = ledger.item(-40)
    for amount in (-41, 1):
        refused("UPDATE store_openitembalance SET open_minor = %s WHERE item_id = %s", [amount, memo], "item_balance")


def test_facts_have_to_make_sense(ledger: Ledger) -> None:
    item, receipt = OpenItem.objects.get(), Receipt.objects.get()
    item.pk = receipt.pk = None
    item.external_id = receipt.external_id = "new"
    for row, changes, name in (
        (item, {"amount_minor": 0}, "item_amount_not_zero"),
        (item, {"amount_minor": 1, "kind": "other"}, "item_kind_known"),
        (receipt, {"amount_minor": 0}, "receipt_amount_positive"),
        (receipt, {"amount_minor": -1}, "receipt_amount_positive"),
    ):
        for column, value in changes.items():
            setattr(row, column, value)
        with pytest.raises(DatabaseError, match=name), transaction.atomic():
            row.save(force_insert=True)
    refused_entry("posting_names_open_row", ("trade", 5, 5, "CNY"))
    refused_entry("posting_account_known", ("petty_cash", 5, 5, "CNY"))
