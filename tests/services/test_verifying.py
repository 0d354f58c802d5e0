"""``huikuan verify``: whoever gets past the triggers is found out, and the first place is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from huikuan.mirror import segments
from huikuan.services.documents import add_document
from huikuan.services.sealing import export_head, heads_folder, seal
from huikuan.services.verifying import verify
from huikuan.store.models import EInvoice, EInvoiceTax, JournalEntry, OpenItem, Posting, Receipt, Seal, Segment
from huikuan.store.trigger_sql import APPEND_ONLY, sqlite_triggers
from tests.databases import LedgerDb
from tests.services.ledger import Ledger, entry_of_item

pytestmark = pytest.mark.practice("D9")
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    """Sealed books: an item with its e-invoice, a receipt, an application and its reversal,
    with a segment; and one entry not sealed."""
    ledger = Ledger()
    item, money = ledger.item(1000), ledger.receipt(700)
    ledger.reverse(ledger.apply(money, (item, 600)))
    ledger.apply(money, (item, 500))
    add_document(b"%PDF-1.7", "a.pdf", evidence_type="invoice", links=[("item", item)], actor_id=None, now=NOON)
    invoice = EInvoice.objects.create(
        entity_id=ledger.entity_id, item_id=item, source_format="ubl", number="1", issue_date=NOON.date(),
        currency=ledger.currency, net_minor=900, tax_minor=100, gross_minor=1000, prepaid_minor=0, payable_minor=1000,
        file_sha256="a" * 64, imported_at=NOON,
    )  # fmt: skip
    EInvoiceTax.objects.create(einvoice=invoice, category="S", rate_bp=1111, net_minor=900, tax_minor=100)
    seal(now=NOON)
    segments.write_segments(now=NOON, force=True)
    ledger.item(33)
    assert verify().ok
    return ledger


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def tamper(*statements: str) -> None:
    """Does what the triggers refuse, and puts them back as if nothing had been."""
    if connection.vendor == "sqlite":
        run("PRAGMA foreign_keys = OFF", *(f'DROP TRIGGER "{name}"' for name in sqlite_triggers()))
        run(*statements)
        run(*sqlite_triggers().values(), "PRAGMA foreign_keys = ON")
    else:
        run(*(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in APPEND_ONLY))
        run(*statements)
        run(*(f"ALTER TABLE {table} ENABLE TRIGGER ALL" for table in APPEND_ONLY))


def faults() -> dict[str, str]:
    """The checks that fail, with what they say."""
    return {check.name: check.detail for check in verify().checks if not check.ok}


EMPTY_HERE = {"triggers", "exported_heads", "bank_lines", "bank_fees", "bank files"}
"""Checks of what these books do not have; bank lines and fees are verified where they are imported."""


def test_every_check_looks_at_something(ledger: Ledger) -> None:
    report = verify()
    assert [check.name for check in report.checks][:3] == ["triggers", "chain", "segments"]
    assert all(check.count for check in report.checks if check.name not in EMPTY_HERE), report


def test_progress_is_told(ledger: Ledger) -> None:
    told: list[tuple[str, int, int]] = []
    checks = verify(progress=lambda *step: told.append(step)).checks
    assert [name for name, _, _ in told] == [check.name for check in checks]


def test_a_changed_amount_that_still_balances(ledger: Ledger) -> None:
    entry = entry_of_item(OpenItem.objects.order_by("id").values_list("id", flat=True)[0])
    seq = Seal.objects.get(entry_id=entry).ledger_seq
    twice = "amount_minor = amount_minor * 2, base_minor = base_minor * 2"
    tamper(f"UPDATE store_posting SET {twice} WHERE entry_id = {entry}")
    found = faults()
    assert found["chain"] == f"ledger_seq {seq}, entry {entry}: journal amount_minor was 1000 when sealed, is 2000"
    assert {"items_as_posted", "item_balances"} <= found.keys()


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("store_journalentry", "posting_date = '2026-03-11'", "journal posting_date was 2026-03-10 when sealed"),
        ("store_journalentry", "memo = 'x'", "journal memo was"),
        ("store_openitem", "due_date = '2027-01-01'", "items due_date was 2026-03-10 when sealed, is 2027-01-01"),
        ("store_openitem", "document_number = 'other'", "items document_number was"),
        ("store_receipt", "value_date = '2027-01-01'", "receipts value_date was 2026-03-10 when sealed"),
        ("store_seal", "hash = %s", "the seal itself was changed"),
    ],
)
def test_a_changed_fact(ledger: Ledger, table: str, change: str, said: str) -> None:
    key = {"store_journalentry": "id", "store_seal": "entry_id"}.get(table, "entry_id")
    first = Receipt.objects.get().entry_id if table == "store_receipt" else Seal.objects.get(ledger_seq=1).entry_id
    value = "x'00'" if connection.vendor == "sqlite" else "'\\x00'::bytea"
    tamper(f"UPDATE {table} SET {change.replace('%s', value)} WHERE {key} = {first}")
    found = faults()
    assert list(found) == ["chain"], found
    assert f"entry {first}: {said}" in found["chain"]


def test_the_first_of_many_places_is_named(ledger: Ledger) -> None:
    tamper(
        "UPDATE store_journalentry SET memo = 'x' WHERE id IN (SELECT entry_id FROM store_seal WHERE ledger_seq > 2)"
    )
    assert faults()["chain"].startswith("ledger_seq 3, ")


def delete_entry() -> str:
    entry = Seal.objects.get(ledger_seq=3).entry_id
    tamper(f"DELETE FROM store_posting WHERE entry_id = {entry}", f"DELETE FROM store_journalentry WHERE id = {entry}")
    return f"ledger_seq 3: entry {entry} or its postings are gone"


def delete_a_posting() -> str:
    entry = Seal.objects.get(ledger_seq=2).entry_id
    tamper(f"DELETE FROM store_posting WHERE entry_id = {entry} AND line = 2")
    return f"ledger_seq 2, entry {entry}: a row of journal was removed"


def delete_the_last_seal() -> str:
    last = Seal.objects.order_by("ledger_seq").last()
    assert last is not None
    tamper(f"DELETE FROM store_seal WHERE ledger_seq = {last.ledger_seq}")
    return f"{last.ledger_seq - 1} seals from 1 to {last.ledger_seq - 1}, the head says {last.ledger_seq}"


def change_the_head() -> str:
    value = "x'00'" if connection.vendor == "sqlite" else "'\\x00'::bytea"
    run(f"UPDATE store_sealhead SET last_hash = {value}")
    return f"ledger_seq {Seal.objects.count()}: the head's hash differs from the last seal's"


def forget_the_head() -> str:
    run("DELETE FROM store_sealhead")
    return "the chain's head is missing"


def hide_an_entry_from_the_sealer() -> str:
    entry = JournalEntry.objects.filter(seal__isnull=True).get().id
    run(f"UPDATE store_sealhead SET horizon = {entry if connection.vendor == 'sqlite' else 10**15}")
    if connection.vendor == "postgresql":
        # A horizon that cannot be is not believed; one that only skips this entry is found.
        assert not faults()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE store_sealhead SET horizon = pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return f"entry {entry} is not sealed and the sealer would miss it"


@pytest.mark.parametrize(
    "attack",
    [
        delete_entry,
        delete_a_posting,
        delete_the_last_seal,
        change_the_head,
        forget_the_head,
        hide_an_entry_from_the_sealer,
    ],
)
def test_what_is_missing(ledger: Ledger, attack: Callable[[], str]) -> None:
    said = attack()
    assert faults()["chain"] == said


def test_an_entry_slipped_in_before_the_last_seal(ledger: Ledger) -> None:
    """Numbered among the sealed ones and given a seal of its own, all seals after it moved up."""
    entry = JournalEntry.objects.filter(seal__isnull=True).get().id
    tamper(f"INSERT INTO store_seal (ledger_seq, entry_id, hash) SELECT 99, {entry}, hash FROM store_seal LIMIT 1")
    assert "seals from 1 to 99" in faults()["chain"]


@pytest.mark.parametrize(
    ("sql", "check", "said"),
    [
        (
            "UPDATE store_openitembalance SET open_minor = open_minor - 1 WHERE item_id = {item}",
            "item_balances",
            "item",
        ),
        ("UPDATE store_openitembalance SET open_base_minor = 0 WHERE item_id = {item}", "item_balances", "item"),
        ("DELETE FROM store_openitembalance WHERE item_id = {item}", "item_balances", "item"),
        ("UPDATE store_receiptbalance SET unapplied_minor = 0", "receipt_balances", "receipt"),
        ("DELETE FROM store_receiptbalance", "receipt_balances", "receipt"),
    ],
)
def test_a_cached_balance_that_is_not_the_journals(ledger: Ledger, sql: str, check: str, said: str) -> None:
    item, receipt = OpenItem.objects.order_by("id")[0].id, Receipt.objects.get().id
    run(sql.format(item=item))
    number = {"item": item, "receipt": receipt}[said]
    assert faults()[check].startswith(f"{said} {number}: cached ")


def test_unsealed_entries_are_checked_too(ledger: Ledger) -> None:
    entry = JournalEntry.objects.filter(seal__isnull=True).get().id
    tamper(f"UPDATE store_posting SET amount_minor = amount_minor + 1 WHERE entry_id = {entry} AND line = 2")
    assert faults()["entries_balanced"] == f"entry {entry}: postings in CNY sum to 1 minor units"
    tamper(f"DELETE FROM store_posting WHERE entry_id = {entry}")
    assert faults()["entries_have_postings"] == f"entry {entry} has no postings"


def test_a_reversal_that_does_not_negate(ledger: Ledger) -> None:
    reversal = JournalEntry.objects.exclude(reverses=None).get()
    tamper(f"UPDATE store_posting SET amount_minor = -amount_minor WHERE entry_id = {reversal.id}")
    assert faults()["reversals_mirror"] == f"entry {reversal.id} does not negate entry {reversal.reverses_id}"


def test_a_weakened_trigger(ledger: Ledger) -> None:
    if connection.vendor == "sqlite":
        run('DROP TRIGGER "store_posting_no_update"')
        name = "store_posting_no_update"
    else:
        run("ALTER TABLE store_posting DISABLE TRIGGER append_only")
        name = "store_posting.append_only"
    assert faults() == {"triggers": f"missing, altered or disabled: {name}"}


def file_of(kind: str) -> Path:
    return segments.mirror_folder() / Segment.objects.get(kind=kind).file_name


@pytest.mark.parametrize("kind", ["journal", "items", "receipts"])
def test_a_file_of_the_mirror(ledger: Ledger, kind: str) -> None:
    path = file_of(kind)
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    assert faults() == {"segments": f"{path.name} is not the file that was written"}
    path.write_bytes(content[:middle])
    assert faults() == {"segments": f"{path.name} is not the file that was written"}
    path.unlink()
    assert faults() == {"segments": f"{path.name} is missing"}
    segments.rebuild(now=NOON)
    assert not faults()


def test_a_segment_nobody_names_any_more(ledger: Ledger) -> None:
    Segment.objects.filter(kind="items").delete()
    assert faults() == {"segments": f"items is covered to 0, the head says {Seal.objects.count()}"}


def test_left_over_files_disturb_nobody(ledger: Ledger) -> None:
    (segments.mirror_folder() / "journal-000000000001-000000000009-deadbeef.parquet.tmp").write_bytes(b"half")
    assert verify().ok
    assert Posting.objects.exists()


def test_a_chain_rewritten_as_a_whole_is_found_by_a_head_written_before(ledger: Ledger) -> None:
    path = export_head(heads_folder(), now=NOON)
    assert faults() == {}
    path.write_text(path.read_text().replace("hash ", "hash 00"))
    assert faults() == {"exported_heads": f"{path.name}: ledger_seq {Seal.objects.count()} had another hash"}
