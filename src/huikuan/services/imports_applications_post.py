"""Posting the applications of an import: plain ones set by set, the others by the rules of ``core.applications``."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.services.imports_applications import CONTRA_BY_SOURCE
from huikuan.services.imports_applications_special import post_special
from huikuan.services.imports_desk import Desk, quoted
from huikuan.services.imports_items_post import ENTRY, POSTING, plain_column, sql_id
from huikuan.services.imports_types import Progress
from huikuan.services.reversals import add_reversals
from huikuan.services.writing import Unit
from huikuan.store.arrow import is_sqlite
from huikuan.store.bulk import drop_temp_table, fill_temp_table, instant, run
from huikuan.store.rows import reserve_ids

CHUNK_ENTRIES = 30_000
_LEGS, _ENTRIES, _DELTAS = "import_legs", "import_entries", "import_deltas"
_LONG_AGO = date(1900, 1, 1)


def post_applications(
    desk: Desk, *, source_id: int, actor_id: int | None, now: datetime, progress: Progress | None = None
) -> int:
    """Writes every new and changed application; gives the number of rows they have."""
    _take_back_changed(desk, actor_id, now)
    _split(desk)
    total = int(desk.one("SELECT count(*) FROM apps WHERE status <> 'unchanged'"))
    _move_balances(desk)
    done = 0
    while True:
        posted = _post_chunk(desk, done, source_id, actor_id, now)
        if not posted:
            break
        done += posted
        if progress:
            progress("post", done, total)
    for name in (_LEGS, _ENTRIES, _DELTAS):
        drop_temp_table(name)
    post_special(desk, source_id=source_id, actor_id=actor_id, now=now, progress=progress, done=done, total=total)
    return int(desk.one("SELECT count(*) FROM rows WHERE status <> 'unchanged'"))


def _take_back_changed(desk: Desk, actor_id: int | None, now: datetime) -> None:
    found = desk.all(
        "SELECT entity_id, known_entry FROM apps WHERE status = 'changed' AND NOT known_reversed ORDER BY known_entry"
    )
    for entity_id in sorted({entity for entity, _ in found}):
        unit = Unit(entity_id, actor_id, now)
        entries = [int(entry) for entity, entry in found if entity == entity_id]
        add_reversals(unit, desk.books[entity_id], entries, on=_LONG_AGO, memo=f"changed in {desk.file_name}"[:300])
        unit.flush()


def _split(desk: Desk) -> None:
    """Table ``legs`` for the plain applications: all in the currency of the books, no settlement waiting to be met.

    There, base values are the amounts themselves and every balance moves by a sum, whatever the order.
    """
    desk.con.execute(
        """CREATE OR REPLACE TABLE special AS SELECT DISTINCT app FROM rows r
        WHERE status <> 'unchanged' AND (r.currency <> r.base
            OR (r.receipt IS NOT NULL AND r.item IN (SELECT item FROM unmet)))"""
    )
    # A reversal of a special application is special too, and comes after it.
    desk.con.execute(
        """INSERT INTO special SELECT a.app FROM apps a JOIN apps o ON o.entity_id = a.entity_id
            AND o.application_key = a.reverses_key AND a.reverses_in_file
        WHERE o.app IN (SELECT app FROM special) AND a.app NOT IN (SELECT app FROM special)"""
    )
    contra = " ".join(f"WHEN {quoted(name)} THEN {quoted(account.value)}" for name, account in CONTRA_BY_SOURCE.items())
    clearing, unapplied = LedgerAccount.CLEARING.value, LedgerAccount.UNAPPLIED.value
    desk.con.execute(
        f"""CREATE OR REPLACE TABLE plain AS SELECT r.*, CASE r.source {contra} ELSE '{clearing}' END AS contra
        FROM rows r WHERE r.status <> 'unchanged' AND r.app NOT IN (SELECT app FROM special)"""
    )
    net = f"SELECT app, sum(minor) AS net FROM plain WHERE receipt IS NULL AND contra = '{clearing}' GROUP BY app"
    desk.con.execute(
        f"""CREATE OR REPLACE TABLE legs AS SELECT app,
            row_number() OVER (PARTITION BY app ORDER BY place, row) AS line,
            ledger_account, account_id, item, receipt, currency, minor FROM (
        SELECT app, 1 AS place, row, ledger_account, account_id, item, receipt, currency, -minor AS minor FROM plain
        UNION ALL SELECT app, 0, min(row), '{unapplied}', receipt_account, NULL, receipt, currency,
            CAST(sum(minor) AS BIGINT) FROM plain WHERE receipt IS NOT NULL
            GROUP BY app, receipt, receipt_account, currency HAVING sum(minor) <> 0
        UNION ALL SELECT p.app, 2, row, contra, account_id, item, NULL, currency, minor FROM plain p
            LEFT JOIN ({net}) n ON n.app = p.app
            WHERE receipt IS NULL AND (contra <> '{clearing}' OR n.net <> 0))"""
    )
    desk.con.execute(
        """CREATE OR REPLACE TABLE plain_apps AS SELECT row_number() OVER (ORDER BY app) AS number, *
        FROM apps WHERE status <> 'unchanged' AND app IN (SELECT app FROM plain)"""
    )
    desk.con.execute("CREATE OR REPLACE TABLE posted (app BIGINT, entry BIGINT)")


def _move_balances(desk: Desk) -> None:
    """Receipts, then items, each in the order of their ids, as everybody who applies does."""
    _move(
        desk,
        "SELECT receipt AS id, -CAST(sum(minor) AS BIGINT) AS minor FROM legs WHERE item IS NULL GROUP BY receipt",
        "store_receiptbalance",
        "receipt_id",
        ("unapplied_minor", "open_base_minor"),
    )
    control = "item IS NOT NULL AND ledger_account IN ('trade', 'notes', 'advances')"
    _move(
        desk,
        f"SELECT item AS id, CAST(sum(minor) AS BIGINT) AS minor FROM legs WHERE {control} GROUP BY item",
        "store_openitembalance",
        "item_id",
        ("open_minor", "open_base_minor"),
    )


def _move(desk: Desk, sql: str, table: str, key: str, columns: tuple[str, ...]) -> None:
    for batch in desk.stream(f"SELECT * FROM ({sql}) WHERE minor <> 0 ORDER BY id", CHUNK_ENTRIES):
        fill_temp_table(_DELTAS, pa.Table.from_batches([batch]))
        if not is_sqlite():
            rows = f"SELECT 1 FROM {table} b JOIN {_DELTAS} d ON d.id = b.{key} ORDER BY b.{key} FOR UPDATE OF b"
            run(f"SELECT count(*) FROM ({rows}) locked")
        changes = ", ".join(f"{column} = {table}.{column} + d.minor" for column in columns)
        run(f"UPDATE {table} SET {changes} FROM {_DELTAS} d WHERE d.id = {table}.{key}")


def _post_chunk(desk: Desk, done: int, source_id: int, actor_id: int | None, now: datetime) -> int:
    apps = desk.arrow(
        f"""SELECT app, entity_id, application_key, effective, posting_day, recorded_at, reverses_entry, reverses_key
        FROM plain_apps WHERE number > {done} AND number <= {done + CHUNK_ENTRIES} ORDER BY number"""
    )
    if not apps.num_rows:
        return 0
    numbers = pa.array(reserve_ids("store_journalentry", apps.num_rows), pa.int64())
    desk.put("fresh", pa.table({"app": apps["app"], "entry": numbers}))
    desk.con.execute("INSERT INTO posted SELECT * FROM fresh")
    legs = desk.arrow(
        """SELECT f.entry AS entry_id, l.line, l.ledger_account, l.account_id, l.item, l.receipt, l.currency, l.minor
        FROM legs l JOIN fresh f ON f.app = l.app ORDER BY f.entry, l.line"""
    )
    fill_temp_table(_LEGS, pa.table({name: plain_column(legs[name]) for name in legs.schema.names}))
    columns = "entry_id, line, ledger_account, account_id, item, receipt, currency, minor, minor"
    run(f"{POSTING} SELECT {columns} FROM {_LEGS}")
    recorded = "a.recorded_at" if "recorded_at" in desk.columns else "CAST(NULL AS TIMESTAMPTZ)"
    entries = desk.arrow(
        f"""SELECT f.entry AS id, a.entity_id, a.application_key, a.effective, a.posting_day, {recorded} AS recorded_at,
            coalesce(a.reverses_entry, o.entry) AS reverses_id,
            CASE WHEN coalesce(a.reverses_entry, o.entry) IS NULL THEN '{EntryKind.APPLICATION.value}'
                 ELSE '{EntryKind.REVERSAL.value}' END AS kind
        FROM apps a JOIN fresh f ON f.app = a.app
        LEFT JOIN (SELECT p.entry, x.entity_id, x.application_key, x.app FROM posted p JOIN apps x ON x.app = p.app) o
            ON a.reverses_in_file AND o.entity_id = a.entity_id AND o.application_key = a.reverses_key AND o.app < a.app
        ORDER BY f.entry"""
    )
    fill_temp_table(_ENTRIES, pa.table({name: plain_column(entries[name]) for name in entries.schema.names}))
    run(
        f"""{ENTRY} SELECT id, entity_id, kind, effective, posting_day, %s, {sql_id(actor_id)}, reverses_id, %s,
            application_key, recorded_at, '' FROM {_ENTRIES}""",
        [instant(now), source_id],
    )
    return int(apps.num_rows)
