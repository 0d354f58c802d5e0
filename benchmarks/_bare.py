"""The bare database doing what posting does to its rows: same tables, no triggers, raw driver, prepared statements."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from huikuan.services import writing
from huikuan.store.trigger_sql import APPEND_ONLY
from tests.databases import LedgerDb

Statement = tuple[str, Sequence[Any]]
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = date(2026, 3, 10)


def insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"


ITEM = insert("store_openitem", writing._ITEM_COLUMNS)
RECEIPT = insert("store_receipt", writing._RECEIPT_COLUMNS)
POSTING = insert("store_posting", writing._POSTING_COLUMNS)
ENTRY = insert("store_journalentry", writing._ENTRY_COLUMNS)
ITEM_BALANCE = insert(
    "store_openitembalance", "item_id account_id original_minor open_minor open_base_minor is_current".split()
)
RECEIPT_BALANCE = insert(
    "store_receiptbalance",
    (
        "receipt_id account_id original_minor unidentified_minor unapplied_minor on_account_minor open_base_minor"
        " is_current"
    ).split(),
)
AUDIT = insert("store_auditevent", "at code entity_id subject data".split())
TAKE_ITEM = "UPDATE store_openitembalance SET open_minor = open_minor - 1 WHERE item_id = %s"
TAKE_RECEIPT = "UPDATE store_receiptbalance SET unapplied_minor = unapplied_minor - 1 WHERE receipt_id = %s"


class Bare:
    """One connection and the statements of a posted item, a posted receipt and an application."""

    def __init__(self, db: LedgerDb, entity_id: int, account_id: int, source_id: int) -> None:
        self.sqlite = db.vendor == "sqlite"
        self.entity_id, self.account_id, self.source_id = entity_id, account_id, source_id
        self.numbers = itertools.count(1)
        self.connection: Any
        if self.sqlite:
            self.connection = sqlite3.connect(db.home / "huikuan.db", isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
                self.connection.execute(f"PRAGMA {pragma}")
            names = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in names:
                self.connection.execute(f'DROP TRIGGER "{name}"')
        else:
            self.connection = psycopg.connect(db.url, autocommit=True)
            self.connection.prepare_threshold = 0
            for table in APPEND_ONLY:
                self.connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")

    def run(self, statements: Iterable[Statement]) -> None:
        """All statements in one transaction."""
        if self.sqlite:
            self.connection.execute("BEGIN IMMEDIATE")
            for sql, values in statements:
                self.connection.execute(sql.replace("%s", "?"), [plain(value) for value in values])
            self.connection.execute("COMMIT")
            return
        with self.connection.transaction():
            for sql, values in statements:
                self.connection.execute(sql, values)

    def run_many(self, groups: Sequence[Sequence[Statement]]) -> None:
        """Many groups alike in one transaction, each kind of statement for all of them at once."""
        if self.sqlite:
            self.connection.execute("BEGIN IMMEDIATE")
        # On SQLite, leaving the context commits.
        with self.connection if self.sqlite else self.connection.transaction():
            cursor = self.connection.cursor()
            for kind in zip(*groups, strict=True):
                sql, rows = kind[0][0], [values for _, values in kind]
                if self.sqlite:
                    cursor.executemany(sql.replace("%s", "?"), [[plain(value) for value in row] for row in rows])
                elif sql.startswith("INSERT"):
                    head = sql.partition(" VALUES")[0].replace("INSERT INTO", "COPY")
                    with cursor.copy(f"{head} FROM STDIN") as copy:
                        for row in rows:
                            copy.write_row(row)
                else:
                    cursor.executemany(sql, rows)

    def item(self, number: int) -> list[Statement]:
        facts = (
            number, self.entity_id, self.account_id, self.source_id, f"B{number}", 1, "invoice", "principal", "trade",
            f"B{number}", "", "", DAY, DAY, DAY, DAY, "CNY", 100, 100, None, None, False, "", "", "", number,
        )  # fmt: skip
        return [
            (ITEM, facts),
            (POSTING, (number, 1, "trade", self.account_id, number, None, "CNY", 100, 100)),
            (POSTING, (number, 2, "sales", self.account_id, None, None, "CNY", -100, -100)),
            (ENTRY, self.entry(number, "item")),
            (ITEM_BALANCE, (number, self.account_id, 100, 100, 100, True)),
        ]

    def receipt(self, number: int) -> list[Statement]:
        facts = (
            number, self.entity_id, self.account_id, self.source_id, f"B{number}", 1, "", DAY, DAY, DAY, "CNY", 100,
            100, number,
        )  # fmt: skip
        return [
            (RECEIPT, facts),
            (POSTING, (number, 1, "bank", self.account_id, None, None, "CNY", 100, 100)),
            (POSTING, (number, 2, "unapplied", self.account_id, None, number, "CNY", -100, -100)),
            (ENTRY, self.entry(number, "receipt")),
            (RECEIPT_BALANCE, (number, self.account_id, 100, 0, 100, 0, 100, True)),
        ]

    def application(self, number: int, item_id: int, receipt_id: int) -> list[Statement]:
        return [
            (POSTING, (number, 1, "unapplied", self.account_id, None, receipt_id, "CNY", 1, 1)),
            (POSTING, (number, 2, "trade", self.account_id, item_id, receipt_id, "CNY", -1, -1)),
            (ENTRY, self.entry(number, "application")),
            (TAKE_ITEM, (item_id,)),
            (TAKE_RECEIPT, (receipt_id,)),
            (AUDIT, (NOW, "application.post", self.entity_id, f"entry:{number}", "{}")),
        ]

    def entry(self, number: int, kind: str) -> tuple[Any, ...]:
        return (number, self.entity_id, kind, DAY, DAY, NOW, None, None, self.source_id, "", None, "")


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    return value.isoformat() if isinstance(value, date) else value
