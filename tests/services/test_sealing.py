"""The seal: gapless, each hash over all before it, and what was known on a day never changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connections

from huikuan.core.sealing import (
    ENTRY_FIELDS,
    GENESIS,
    ITEM_FIELDS,
    POSTING_FIELDS,
    RECEIPT_FIELDS,
    Value,
    chain,
    digest_entry,
)
from huikuan.mirror.digests import digest_few, digest_many
from huikuan.mirror.pending import read_pending
from huikuan.mirror.reader import open_snapshot
from huikuan.services.sealing import export_head, lock_head, seal
from huikuan.services.transaction import run_in_transaction
from huikuan.services.verifying import verify
from huikuan.store.models import JournalEntry, OpenItem, Posting, Receipt, Seal, SealHead, SealRun
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import NOW, Ledger

pytestmark = pytest.mark.practice("D9")
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def some_work(ledger: Ledger) -> None:
    """Entries of several kinds, with names that are not ASCII and fields that are empty."""
    ledger.rate("USD", "7.1357") if not ledger.number else None
    item = ledger.item(1000, "USD", document_number="增-7 换行", discount_date=NOON.date(), discount_bp=150)
    money = ledger.receipt(900, "USD", reference="摘要", customer=None)
    ledger.identify(money)
    ledger.reverse(ledger.apply(money, (item, 700)), memo="退票：错了")
    ledger.item(-5)


def hashes() -> list[bytes]:
    return [bytes(row) for row in Seal.objects.order_by("ledger_seq").values_list("hash", flat=True)]


def plain_chain() -> list[bytes]:
    """The chain computed row by row from the database, in the order of the seals."""

    def fields(row: object, names: list[str], own: str) -> list[Value]:
        return [getattr(row, "id" if name == own else name) for name in names]

    digests = [
        digest_entry(
            fields(JournalEntry.objects.get(id=entry_id), ENTRY_FIELDS, "entry_id"),
            [fields(p, POSTING_FIELDS, "") for p in Posting.objects.filter(entry_id=entry_id).order_by("line")],
            [fields(i, ITEM_FIELDS, "item_id") for i in OpenItem.objects.filter(entry_id=entry_id)],
            [fields(r, RECEIPT_FIELDS, "receipt_id") for r in Receipt.objects.filter(entry_id=entry_id)],
        )
        for entry_id in Seal.objects.order_by("ledger_seq").values_list("entry_id", flat=True)
    ]
    return chain(GENESIS, digests)


def test_every_entry_gets_the_next_number(ledger: Ledger) -> None:
    for turn in range(3):
        some_work(ledger)
        result = seal(now=NOON + turn * MINUTE)
        assert result.sealed == 6
        assert result.last_seq == 6 * (turn + 1)
    assert list(Seal.objects.order_by("ledger_seq").values_list("ledger_seq", flat=True)) == list(range(1, 19))
    assert Seal.objects.count() == JournalEntry.objects.count()
    again = seal(now=NOON + 5 * MINUTE)
    assert (again.sealed, again.last_seq, again.head_hash) == (0, 18, hashes()[-1].hex())


def test_the_chain_is_the_one_anybody_can_compute(ledger: Ledger) -> None:
    some_work(ledger)
    seal(now=NOON)
    some_work(ledger)
    seal(now=NOON, batch=2)
    assert plain_chain() == hashes()


def test_sealing_by_hand_or_in_bulk_is_the_same(ledger: Ledger) -> None:
    some_work(ledger)
    pending = read_pending(run_in_transaction(lock_head), 100)
    tables = (pending.journal, pending.items, pending.receipts)
    assert digest_few(*tables).to_pylist() == digest_many(*tables).to_pylist()
    assert digest_few(*tables).num_rows == 6


def test_small_batches_give_the_same_chain(ledger: Ledger) -> None:
    some_work(ledger)
    some_work(ledger)
    result = seal(now=NOON, batch=5)
    assert result.sealed == 12
    assert SealRun.objects.count() == 3
    assert plain_chain() == hashes()


def test_nothing_to_seal_is_no_error(ledger_db: LedgerDb) -> None:
    assert seal(now=NOON).last_seq == 0
    with refused("seal.nothing"):
        export_head(ledger_db.home / "heads", now=NOON)
    assert verify().ok


def test_many_sealers_and_posters_at_once(ledger: Ledger) -> None:
    stop, errors, lock = threading.Event(), [], threading.Lock()

    def guarded(work) -> None:
        try:
            while not stop.is_set():
                work()
        except Exception as error:
            errors.append(error)
            stop.set()
        finally:
            connections.close_all()

    def post() -> None:
        with lock:
            name = ledger.next_name("X")
        ledger.item(1, external_id=name)

    def seal_some() -> None:
        seal(now=NOON, batch=7)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (post, post, seal_some, seal_some)]
    for thread in threads:
        thread.start()
    stop.wait(3)
    stop.set()
    for thread in threads:
        thread.join(600)
    assert not errors
    seal(now=NOON)
    count = JournalEntry.objects.count()
    assert list(Seal.objects.order_by("ledger_seq").values_list("ledger_seq", flat=True)) == list(range(1, count + 1))
    assert plain_chain() == hashes()
    assert verify().ok


def test_the_head_is_written_where_a_rewritten_chain_would_show(ledger: Ledger, tmp_path: Path) -> None:
    some_work(ledger)
    result = seal(now=NOON)
    text = export_head(tmp_path / "heads", now=NOON).read_text()
    assert f"ledger_seq {result.last_seq}\nhash {result.head_hash}\n" in text
    assert export_head(tmp_path / "heads", now=NOON).name == "head-2026-06-15.txt"


def known_at(moment: datetime | None) -> tuple[int, int, bool]:
    """Postings known at a moment, their sum of absolute amounts, and whether the answer may still change."""
    with open_snapshot(moment) as snapshot:
        sums = snapshot.con.execute("SELECT count(*), coalesce(sum(abs(amount_minor)), 0) FROM journal")
        [(count, total)] = sums.fetchall()
        return int(count), int(total), snapshot.provisional


@pytest.mark.practice("D3")
def test_what_was_known_stays_known(ledger: Ledger) -> None:
    answers = {}
    for turn in range(4):
        ledger.item(100)
        ledger.receipt(40)
        sealed_at = NOON + turn * MINUTE
        seal(now=sealed_at, mirror=turn % 2 == 1)
        answers[sealed_at] = known_at(sealed_at)
        assert answers[sealed_at] == ((turn + 1) * 4, (turn + 1) * 280, False)
    for moment, answer in answers.items():
        assert known_at(moment) == answer
        assert known_at(moment + MINUTE / 2)[:2] == answer[:2]
    assert known_at(NOON - MINUTE) == (0, 0, False)


def test_after_the_last_seal_answers_are_provisional(ledger: Ledger) -> None:
    ledger.item(100)
    assert known_at(None) == (2, 200, True)
    seal(now=NOON)
    assert known_at(None) == (2, 200, False)
    assert known_at(NOON + MINUTE) == (2, 200, True)
    ledger.item(50)
    assert known_at(None) == (4, 300, True)
    assert known_at(NOON) == (2, 200, False)


def test_a_clock_that_goes_back_does_not_change_what_was_known(ledger: Ledger) -> None:
    ledger.item(100)
    seal(now=NOON)
    answer = known_at(NOON)
    ledger.item(100)
    seal(now=NOON - 60 * MINUTE)
    assert known_at(NOON) == answer
    runs = list(SealRun.objects.order_by("last_seq").values_list("sealed_at", flat=True))
    assert runs == sorted(set(runs))


Writer = psycopg.Connection


@pytest.fixture
def writers(ledger_db: LedgerDb) -> Iterator[tuple[Writer, Writer]]:
    with psycopg.connect(ledger_db.url) as one, psycopg.connect(ledger_db.url) as two:
        yield one, two
        one.rollback()
        two.rollback()


def post_raw(writer: Writer, entry_id: int) -> None:
    for line, (account, amount) in enumerate((("bank", 7), ("sales", -7)), start=1):
        writer.execute(
            "INSERT INTO store_posting (entry_id, line, ledger_account, currency, amount_minor, base_minor)"
            " VALUES (%s, %s, %s, 'CNY', %s, %s)",
            [entry_id, line, account, amount, amount],
        )
    writer.execute(
        "INSERT INTO store_journalentry (id, entity_id, kind, effective_date, posting_date, recorded_at, external_id,"
        " memo) SELECT %s, id, 'item', '2026-03-10', '2026-03-10', %s, '', '' FROM store_entity",
        [entry_id, NOW],
    )


@pytest.mark.practice("D3")
@pytest.mark.parametrize("ledger_db", ["postgres"], indirect=True)
def test_a_lower_number_that_commits_later_comes_later(ledger: Ledger, writers: tuple[Writer, Writer]) -> None:
    early, late = writers
    post_raw(early, 1000)
    post_raw(late, 2000)
    late.commit()
    seal(now=NOON)
    assert known_at(NOON) == (2, 14, False)
    ledger.item(100)
    seal(now=NOON + MINUTE)
    early.commit()
    assert known_at(NOON) == (2, 14, False)
    assert known_at(NOON + MINUTE) == (4, 214, False)
    assert known_at(None) == (6, 228, True)
    seal(now=NOON + 2 * MINUTE)
    assert known_at(NOON) == (2, 14, False)
    assert known_at(NOON + MINUTE) == (4, 214, False)
    assert known_at(NOON + 2 * MINUTE) == (6, 228, False)
    order = list(Seal.objects.order_by("ledger_seq").values_list("entry_id", flat=True))
    assert order[0] == 2000
    assert order[-1] == 1000
    assert plain_chain() == hashes()
    assert verify().ok


@pytest.mark.parametrize("ledger_db", ["postgres"], indirect=True)
def test_a_transaction_that_outlives_many_seals_is_not_forgotten(
    ledger: Ledger, writers: tuple[Writer, Writer]
) -> None:
    slow, _ = writers
    post_raw(slow, 1000)
    for turn in range(5):
        ledger.item(1)
        seal(now=NOON + turn * MINUTE, batch=2)
    slow.commit()
    assert seal(now=NOON + 9 * MINUTE).sealed == 1
    assert Seal.objects.order_by("ledger_seq").last().entry_id == 1000  # type: ignore[union-attr]
    assert verify().ok


@pytest.mark.parametrize("ledger_db", ["postgres"], indirect=True)
def test_what_is_rolled_back_is_never_sealed(ledger: Ledger, writers: tuple[Writer, Writer]) -> None:
    one, _ = writers
    post_raw(one, 1000)
    seal(now=NOON)
    one.rollback()
    ledger.item(5)
    assert seal(now=NOON + MINUTE).sealed == 1
    assert SealHead.objects.get().last_seq == 1
