"""Two PostgreSQL connections cannot put together one entry, whatever the order of their statements and commits."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import LedgerDb
from tests.services.ledger import Ledger

pytestmark = pytest.mark.parametrize("ledger_db", ["postgres"], indirect=True)

POSTING = (
    "INSERT INTO store_posting (entry_id, line, ledger_account, currency, amount_minor, base_minor)"
    " VALUES (900, %s, 'bank', 'CNY', %s, %s)"
)
ENTRY = (
    "INSERT INTO store_journalentry (id, entity_id, kind, effective_date, posting_date, recorded_at, external_id, memo)"
    " SELECT 900, id, 'item', '2026-03-10', '2026-03-10', now(), '', '' FROM store_entity"
)

Pair = tuple[psycopg.Connection, psycopg.Connection]


@pytest.fixture
def pair(ledger_db: LedgerDb) -> Iterator[Pair]:
    """Two writers with a transaction each, on books with one entity."""
    Ledger()
    with psycopg.connect(ledger_db.url) as one, psycopg.connect(ledger_db.url) as two:
        yield one, two
        one.rollback()
        two.rollback()


def post(connection: psycopg.Connection, line: int, amount: int) -> None:
    connection.execute(POSTING, [line, amount, amount])


def postings(connection: psycopg.Connection) -> int:
    found = connection.execute("SELECT count(*) FROM store_posting WHERE entry_id = 900").fetchone()
    assert found is not None
    return int(found[0])


def test_a_posting_of_another_transaction_does_not_join_an_entry(pair: Pair) -> None:
    one, two = pair
    post(one, 1, 5)
    post(one, 2, -5)
    post(two, 3, 7)
    one.execute(ENTRY)
    one.commit()
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="posting_same_transaction"):
        two.commit()
    assert postings(one) == 2


def test_nor_when_it_commits_first(pair: Pair) -> None:
    one, two = pair
    post(one, 1, 5)
    post(one, 2, -5)
    one.execute(ENTRY)
    post(two, 3, 7)
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="posting_same_transaction"):
        two.commit()
    one.commit()
    assert postings(one) == 2


def test_an_entry_does_not_count_the_postings_of_another_transaction(pair: Pair) -> None:
    one, two = pair
    post(one, 1, 5)
    post(two, 2, -5)
    with pytest.raises(psycopg.errors.RaiseException, match="fewer than two postings"):
        one.execute(ENTRY)


def test_a_posting_after_the_commit_is_refused_at_once(pair: Pair) -> None:
    one, two = pair
    post(one, 1, 5)
    post(one, 2, -5)
    one.execute(ENTRY)
    one.commit()
    with pytest.raises(psycopg.errors.RaiseException, match="the entry of this posting is closed"):
        post(two, 3, 0)


def test_nobody_writes_in_the_name_of_another_transaction(pair: Pair) -> None:
    one, two = pair
    found = one.execute("SELECT pg_current_xact_id()").fetchone()
    assert found is not None
    forged = POSTING.replace("base_minor)", "base_minor, tx)").replace("%s)", "%s, %s::text::xid8)")
    with pytest.raises(psycopg.errors.RaiseException, match="tx is set by the database"):
        two.execute(forged, [3, 7, 7, str(found[0])])


def test_save_points_are_one_transaction(pair: Pair) -> None:
    one, _ = pair
    post(one, 1, 5)
    with one.transaction():
        post(one, 2, -5)
    one.execute(ENTRY)
    one.commit()
    assert postings(one) == 2
