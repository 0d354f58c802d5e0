"""A large ledger by the shortest way: straight into the tables, and the same rows straight into mirror segments.

Every item has 1.6 applications on average, each with a receipt of its own, and stays partly open. Nothing here goes
through services: it is made to be read.
"""

from __future__ import annotations

import hashlib
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

DAYS = 900
CUSTOMERS = 20_000
SEGMENT = 250_000


def fill(rows: int, today: date, home: Path, *, customers: int = CUSTOMERS, balances: bool = False) -> None:
    """An empty, migrated database and its mirror get a ledger of ``rows`` items. ``balances``: also what posting goes
    by, so that money can be applied to the items."""
    from django.db import connection

    con = duckdb.connect(config={"threads": 2})
    accounts = min(customers, max(rows // (10 if balances else 50), 10))
    _make_facts(con, rows, today, accounts)
    off, on = {
        "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
        "postgresql": ("SET session_replication_role = replica", "SET session_replication_role = DEFAULT"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(off)
    _write_people(accounts)
    _write_entries(con)
    _write_rows(con, "store_openitem", "item_id", ITEMS)
    _write_rows(con, "store_receipt", "receipt_id", RECEIPTS)
    if balances:
        _write_rows(con, "store_openitembalance", "", BALANCES)
        _write_rows(con, "store_receiptbalance", "", RECEIPT_BALANCES)
    _write_mirror(con, home / "mirror")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in ("entity", "source", "customer", "customeraccount", "customerref", "openitem", "receipt"):
                cursor.execute(f"SELECT setval('store_{table}_id_seq', (SELECT max(id) FROM store_{table}))")
            last = con.sql("SELECT max(entry_id) FROM entries").fetchall()[0][0]
            cursor.execute("SELECT setval('store_journalentry_id_seq', %s)", [last])
        cursor.execute(on)
        cursor.execute("ANALYZE")


def _make_facts(con: Any, rows: int, today: date, accounts: int) -> None:
    first = today - timedelta(days=DAYS)
    con.execute(
        f"""
        CREATE TABLE facts AS SELECT i AS item_id, 1 + (hash(i) % {accounts})::BIGINT AS account_id,
            DATE '{first}' + (i * {DAYS - 60} // {rows})::INTEGER AS day, (1 + hash(i * 3) % 4)::INTEGER * 15 AS net,
            1000 + (hash(i * 5) % 9000000)::BIGINT AS amount FROM range(1, {rows + 1}) AS t(i)
        """
    )
    con.execute(
        """
        CREATE TABLE parts AS SELECT row_number() OVER (ORDER BY item_id, n) AS receipt_id, item_id, account_id,
            day + (10 + hash(item_id * 11 + n) % 50)::INTEGER AS day, amount // (2 + n) AS amount
        FROM facts, range(1, 3) AS t(n) WHERE n = 1 OR hash(item_id * 13) % 10 < 6
        """
    )
    con.execute("CREATE TABLE paid AS SELECT item_id, sum(amount)::BIGINT AS amount FROM parts GROUP BY item_id")
    con.execute(
        """
        CREATE TABLE entries AS SELECT row_number() OVER (ORDER BY day, step, number) AS entry_id, * FROM (
            SELECT day, 1 AS step, item_id AS number, 'item' AS kind FROM facts
            UNION ALL SELECT day, 2, receipt_id, 'receipt' FROM parts
            UNION ALL SELECT day, 3, receipt_id, 'application' FROM parts)
        """
    )


ITEM = (
    "e.entry_id AS ledger_seq, f.item_id, e.entry_id, 1::BIGINT AS entity_id, f.account_id, 1::BIGINT AS source_id,"
    " 'X' || f.item_id AS external_id, 1::INTEGER AS version, 'invoice' AS kind, 'principal' AS charge,"
    " 'trade' AS ledger_account, 'INV-' || lpad(f.item_id::VARCHAR, 8, '0') AS document_number,"
    " 'PO-' || (hash(f.item_id * 7) % 500000) AS po_number, '' AS contract_number, f.day AS document_date,"
    " f.day + f.net AS due_date, f.day AS posting_date, f.day AS effective_date, 'CNY' AS currency,"
    " f.amount AS amount_minor, f.amount AS base_minor, NULL::DATE AS discount_date, NULL::BIGINT AS discount_bp,"
    " false AS disputed, 'rep ' || (hash(f.item_id) % 20) AS sales_rep, 'R' || (hash(f.item_id) % 8) AS region,"
    " 'P' || (hash(f.item_id) % 50) AS product"
)
RECEIPT = (
    "e.entry_id AS ledger_seq, p.receipt_id, e.entry_id, 1::BIGINT AS entity_id, p.account_id, 1::BIGINT AS source_id,"
    " 'R' || p.receipt_id AS external_id, 1::INTEGER AS version, 'BK' || p.receipt_id AS reference,"
    " p.day AS value_date,"
    " p.day AS posting_date, p.day AS effective_date, 'CNY' AS currency, p.amount AS amount_minor,"
    " p.amount AS base_minor"
)


ITEMS = f"SELECT {ITEM} FROM facts AS f JOIN entries AS e ON e.kind = 'item' AND e.number = f.item_id"
RECEIPTS = f"SELECT {RECEIPT} FROM parts AS p JOIN entries AS e ON e.kind = 'receipt' AND e.number = p.receipt_id"

POSTING = "entry_id, line, ledger_account, account_id, item_id, receipt_id, currency, amount_minor, base_minor"
ENTRIES = (
    "SELECT entry_id, 1::BIGINT AS entity_id, kind, day AS effective_date, day AS posting_date,"
    " TIMESTAMPTZ '2026-01-01 00:00:00+00' AS recorded_at, 1::BIGINT AS source_id, '' AS external_id, '' AS memo"
    " FROM entries"
)
BALANCES = (
    "SELECT f.item_id, f.account_id, f.amount AS original_minor, f.amount - coalesce(p.amount, 0) AS open_minor,"
    " f.amount - coalesce(p.amount, 0) AS open_base_minor, true AS is_current FROM facts AS f"
    " LEFT JOIN paid AS p USING (item_id)"
)
RECEIPT_BALANCES = (
    "SELECT receipt_id, account_id, amount AS original_minor, 0::BIGINT AS unidentified_minor,"
    " 0::BIGINT AS unapplied_minor, 0::BIGINT AS on_account_minor, 0::BIGINT AS open_base_minor, true AS is_current"
    " FROM parts"
)


def _leg(line: int, account: str, item: str, receipt: str, amount: str) -> str:
    return (
        "SELECT e.entry_id AS ledger_seq, e.entry_id, 1::BIGINT AS entity_id, e.kind, e.day AS effective_date,"
        " e.day AS posting_date, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS recorded_at, NULL::BIGINT AS actor_id,"
        " NULL::BIGINT AS reverses_id, 1::BIGINT AS source_id, '' AS external_id,"
        f" NULL::TIMESTAMPTZ AS source_recorded_at, '' AS memo, {line}::INTEGER AS line, '{account}' AS ledger_account,"
        f" x.account_id, {item}::BIGINT AS item_id, {receipt}::BIGINT AS receipt_id, 'CNY' AS currency,"
        f" {amount} AS amount_minor, {amount} AS base_minor FROM entries AS e"
    )


def _journal(first: int, last: int) -> str:
    within = f"e.entry_id BETWEEN {first} AND {last}"
    items = f" JOIN facts AS x ON x.item_id = e.number WHERE e.kind = 'item' AND {within}"
    money = " JOIN parts AS x ON x.receipt_id = e.number WHERE e.kind = '{kind}' AND " + within
    legs = [
        _leg(1, "trade", "x.item_id", "NULL", "x.amount") + items,
        _leg(2, "sales", "NULL", "NULL", "-x.amount") + items,
        _leg(1, "bank", "NULL", "NULL", "x.amount") + money.format(kind="receipt"),
        _leg(2, "unapplied", "NULL", "x.receipt_id", "-x.amount") + money.format(kind="receipt"),
        _leg(1, "unapplied", "NULL", "x.receipt_id", "x.amount") + money.format(kind="application"),
        _leg(2, "trade", "x.item_id", "x.receipt_id", "-x.amount") + money.format(kind="application"),
    ]
    return f"SELECT * FROM ({' UNION ALL '.join(legs)}) ORDER BY ledger_seq, line"


def _write_people(accounts: int) -> None:
    from django.utils.timezone import now

    from huikuan.store import models
    from huikuan.store.search import search_text_of

    models.Entity.objects.create(id=1, code="CN", name="华东销售有限公司", currency="CNY", timezone="Asia/Shanghai")
    models.Source.objects.create(id=1, code="erp")
    names = [f"{'上海北京广州深圳'[number % 4 * 2 :][:2]}客户{number}有限公司" for number in range(1, accounts + 1)]
    rows = list(enumerate(names, start=1))
    bulk = {"batch_size": 5000}
    models.Customer.objects.bulk_create(
        [models.Customer(id=n, name=name, country="CN", search_text=search_text_of(name)) for n, name in rows], **bulk
    )
    models.CustomerAccount.objects.bulk_create(
        [models.CustomerAccount(id=n, customer_id=n, entity_id=1, created_at=now()) for n, _ in rows], **bulk
    )
    models.CustomerRef.objects.bulk_create(
        [models.CustomerRef(source_id=1, entity_id=1, external_id=f"{n:08d}", account_id=n) for n, _ in rows], **bulk
    )


def _write_entries(con: Any) -> None:
    """The journal and its numbers, without hashes: the guard against that is put back afterwards."""
    from django.db import connection

    from huikuan.store.trigger_sql import sqlite_triggers
    from huikuan.store.triggers import install

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in sqlite_triggers():
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
    _write_rows(con, "store_journalentry", "entry_id", ENTRIES)
    last = con.sql("SELECT max(entry_id) FROM entries").fetchall()[0][0]
    for first in range(1, last + 1, SEGMENT):
        _write_rows(con, "store_posting", "", f"SELECT {POSTING} FROM ({_journal(first, first + SEGMENT - 1)})")
    _write_rows(con, "store_seal", "", "SELECT entry_id AS number, entry_id, ''::BLOB AS hash FROM entries")
    if connection.vendor == "sqlite":
        install(connection)


def _write_rows(con: Any, table: str, key: str, select: str) -> None:
    from django.db import connection, transaction

    from huikuan.store.rows import insert_rows

    found = con.sql(select)
    names = [name for name in found.columns if name != "ledger_seq"]
    columns = ["id" if name == key else "ledger_seq" if name == "number" else name for name in names]
    if connection.vendor == "postgresql":
        _copy_csv(con, table, columns, f"SELECT {', '.join(names)} FROM ({select})")
        return
    with transaction.atomic():
        for batch in found.to_arrow_reader(50_000):
            lists = [batch.column(name).to_pylist() for name in names]
            insert_rows(table, columns, list(zip(*lists, strict=True)))


def _copy_csv(con: Any, table: str, columns: list[str], select: str) -> None:
    """Past Python: millions of rows as text from one engine to the other."""
    from django.db import connection

    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        con.execute(f"COPY ({select}) TO '{file.name}' (FORMAT csv, HEADER false, FORCE_QUOTE *, NULL '')")
        names = ", ".join(f'"{column}"' for column in columns)
        with (
            open(file.name, "rb") as rows,
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT csv)') as copy,
        ):
            while block := rows.read(1 << 20):
                copy.write(block)


def _write_mirror(con: Any, folder: Path) -> None:
    from django.utils.timezone import now

    from huikuan.store import models

    folder.mkdir(parents=True, exist_ok=True)
    last = con.sql("SELECT max(entry_id) FROM entries").fetchall()[0][0]
    for first in range(1, last + 1, SEGMENT):
        end = min(first + SEGMENT - 1, last)
        within = f"e.entry_id BETWEEN {first} AND {end} ORDER BY e.entry_id"
        parts = {
            "journal": _journal(first, end),
            "items": f"{ITEMS} WHERE {within}",
            "receipts": f"{RECEIPTS} WHERE {within}",
        }
        for kind, sql in parts.items():
            path = folder / f"{kind}-{first:012d}-{end:012d}-bench.parquet"
            con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")
            models.Segment.objects.create(
                kind=kind,
                first_seq=first,
                last_seq=end,
                rows=con.sql(f"SELECT count(*) FROM '{path}'").fetchall()[0][0],
                file_name=path.name,
                sha256=hashlib.sha256(b"").hexdigest(),
                created_at=now(),
            )
    sealed = now()
    models.SealHead.objects.create(
        id=1,
        epoch="bench",
        last_seq=last,
        last_hash=b"",
        last_sealed_at=sealed,
        horizon=_horizon(last),
        mirrored_seq=last,
    )
    models.SealRun.objects.create(last_seq=last, sealed_at=sealed, head_hash=b"")


def _horizon(last: int) -> int:
    """From where on the sealer looks for entries: none of these is new."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return last
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])
