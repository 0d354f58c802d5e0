"""What the database knows about the rows of a file, brought to the desk: entities, customers, items, receipts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.grants import held_by, is_chief
from huikuan.services.books import Books, load_rates, open_books
from huikuan.services.imports_desk import Desk, quoted
from huikuan.store.arrow import is_sqlite, read_arrow, text_of
from huikuan.store.bulk import run
from huikuan.store.models import Entity

IMPORT_LOCK = 7203
"""Advisory lock class: one import at a time for each entity and source."""

FEW = 20_000
"""Up to so many keys are looked up one by one; beyond, everything of the source is read."""


def postable_entities(actor_id: int | None) -> set[int] | None:
    """Ids of the entities a person may import into; ``None`` for all (a superuser, or the system itself)."""
    if actor_id is None or is_chief(actor_id):
        return None
    return {entity_id for entity_id, held in held_by(actor_id).items() if Right.IMPORT in held.whole}


def put_entities(desk: Desk, actor_id: int | None) -> None:
    """Table ``entities`` (code, entity_id, base) for every code of the file, ``''`` being the run's own.

    Unknown codes get negative ids when the run may create them, else no row. Opens the books of each, which holds off
    period changes until the transaction ends.
    """
    codes = [code or "" for (code,) in desk.all("SELECT DISTINCT entity FROM staged")]
    allowed = postable_entities(actor_id)
    known = {entity.code: entity for entity in Entity.objects.filter(code__in=codes)}
    if "" in codes:
        default = _default_entity(desk)
        if default is not None:
            known[""] = default
    may_create = desk.options.create_entities is not None and allowed is None
    new = sorted(code for code in codes if code and code not in known) if may_create else []
    # A row without an entity belongs to none, whatever may be created.
    _note_entities(desk, [code for code in codes if not (code and may_create)], known)
    for code, entity in known.items():
        if allowed is not None and entity.id not in allowed:
            where = "entity IS NULL" if not code else f"entity = {quoted(code)}"
            reason = quoted(f"you may not post into the entity {entity.code}")
            desk.note("staged", where, "entity", "entity.forbidden", reason)
    rows = sorted((code, int(entity.id), entity.currency) for code, entity in known.items())
    for entity_id in sorted({entity_id for _, entity_id, _ in rows}):
        desk.books[entity_id] = open_books(entity_id)
    for number, code in enumerate(new, start=1):
        currency = desk.options.create_entities or ""
        rows.append((code, -number, currency))
        desk.books[-number] = Books(-number, code, currency, ZoneInfo("UTC"), {}, load_rates(currency))
    desk.new_entities = new
    code_column, ids, bases = zip(*rows, strict=True) if rows else ((), (), ())
    desk.put(
        "entities",
        pa.table(
            {
                "code": pa.array(code_column, pa.string()),
                "entity_id": pa.array(ids, pa.int64()),
                "base": pa.array(bases, pa.string()),
            }
        ),
    )


def _default_entity(desk: Desk) -> Entity | None:
    if desk.options.entity_id is not None:
        return Entity.objects.get(id=desk.options.entity_id)
    found = list(Entity.objects.all()[:2])
    return found[0] if len(found) == 1 else None


def _note_entities(desk: Desk, codes: Sequence[str], known: dict[str, Entity]) -> None:
    for code in codes:
        if code in known:
            continue
        if code:
            reason = f"there is no entity {code!r}: add it first, or have unknown entities created"
            where = f"entity = {quoted(code)}"
            desk.note("staged", where, "entity", "entity.unknown", quoted(reason), value="entity")
        else:
            reason = "the row names no entity: name the one it belongs to"
            if not Entity.objects.exists():
                reason = "there is no entity yet: add one first"
            desk.note("staged", "entity IS NULL", "entity", "entity.missing", quoted(reason))


def entities_to_lock(desk: Desk) -> list[int]:
    """The entities whose codes the file names, and the run's own for rows without one."""
    codes = [code for (code,) in desk.all("SELECT DISTINCT entity FROM staged")]
    ids = set(Entity.objects.filter(code__in=[code for code in codes if code]).values_list("id", flat=True))
    default = _default_entity(desk) if None in codes else None
    return sorted(ids | ({default.id} if default else set()))


def lock_source(entity_ids: Sequence[int], source_id: int) -> None:
    """On PostgreSQL, waits for other imports of the same entities and source; SQLite has one writer anyway."""
    if not is_sqlite():
        for entity_id in entity_ids:
            run("SELECT pg_advisory_xact_lock(%s, %s)", [IMPORT_LOCK, (entity_id * 1009 + source_id) % 2**31])


def _entity_ids(desk: Desk) -> list[int]:
    return sorted(number for number in desk.books if number > 0)


def _keys_clause(desk: Desk, column: str, keys_sql: str) -> tuple[str, list[Any]]:
    """SQL that narrows a look-up to the file's keys where these are few."""
    count = int(desk.one(f"SELECT count(*) FROM ({keys_sql})") or 0)
    if count > FEW:
        return "", []
    keys = [key for (key,) in desk.all(keys_sql)]
    if is_sqlite():
        return f" AND {column} IN (SELECT value FROM json_each(%s))", [json.dumps(keys)]
    return f" AND {column} = ANY(%s)", [keys]


def _in_entities(desk: Desk, column: str) -> str:
    return f"{column} IN ({', '.join(map(str, _entity_ids(desk))) or '0'})"


_REF_SCHEMA = pa.schema(
    [("entity_id", pa.int64()), ("customer_key", pa.string()), ("account_id", pa.int64()), ("customer", pa.int64())]
)


def put_customer_refs(desk: Desk, source_id: int, keys_sql: str) -> None:
    """Table ``refs`` (entity_id, customer_key, account_id, customer): how the source calls customers we know, in every
    entity (a group-wide number is known once it is known anywhere)."""
    narrow, params = _keys_clause(desk, "r.external_id", keys_sql)
    sql = (
        "SELECT r.entity_id, r.external_id, r.account_id, a.customer_id FROM store_customerref r"
        f" JOIN store_customeraccount a ON a.id = r.account_id WHERE r.source_id = {int(source_id)}{narrow}"
    )
    desk.put_batches("refs", _REF_SCHEMA, read_arrow(sql, params, _REF_SCHEMA))


_ITEM_FIELDS: tuple[tuple[str, Any, str], ...] = (
    ("entity_id", pa.int64(), "i.entity_id"),
    ("external_id", pa.string(), "i.external_id"),
    ("item", pa.int64(), "i.id"),
    ("account_id", pa.int64(), "i.account_id"),
    ("version", pa.int64(), "i.version"),
    ("kind", pa.string(), "i.kind"),
    ("document_number", pa.string(), "i.document_number"),
    ("po_number", pa.string(), "i.po_number"),
    ("contract_number", pa.string(), "i.contract_number"),
    ("document_date", pa.date32(), "i.document_date"),
    ("due_date", pa.date32(), "i.due_date"),
    ("posting_date", pa.date32(), "i.posting_date"),
    ("effective_date", pa.date32(), "i.effective_date"),
    ("currency", pa.string(), "i.currency"),
    ("minor", pa.int64(), "i.amount_minor"),
    ("discount_date", pa.date32(), "i.discount_date"),
    ("discount_bp", pa.int64(), "i.discount_bp"),
    ("disputed", pa.bool_(), "i.disputed"),
    ("sales_rep", pa.string(), "i.sales_rep"),
    ("region", pa.string(), "i.region"),
    ("product", pa.string(), "i.product"),
    ("open_minor", pa.int64(), "b.open_minor"),
    ("open_base", pa.int64(), "b.open_base_minor"),
    ("ledger_account", pa.string(), "i.ledger_account"),
    ("entry", pa.int64(), "i.entry_id"),
    ("proposed_minor", pa.int64(), "p.amount_minor"),
    ("rejected_minor", pa.int64(), "j.amount_minor"),
)
ITEM_SCHEMA = pa.schema([(name, kind) for name, kind, _ in _ITEM_FIELDS])


def put_items(desk: Desk, source_id: int, keys_sql: str, *, all_open: bool = False) -> None:
    """Table ``known``: the current version of each item of the file, with its balance and the settlement proposed for
    it, if any; with ``all_open`` also every other item of the source that is still open."""
    narrow, params = _keys_clause(desk, "i.external_id", keys_sql)
    if narrow and all_open:
        narrow = f" AND (b.open_minor <> 0 OR ({narrow.removeprefix(' AND ')}))"
    columns = ", ".join(text_of(sql, kind) for _, kind, sql in _ITEM_FIELDS)
    sql = (
        f"SELECT {columns} FROM store_openitem i JOIN store_openitembalance b ON b.item_id = i.id"
        " LEFT JOIN store_sourcesettlement p ON p.item_id = i.id AND p.state = 'proposed'"
        " LEFT JOIN (SELECT item_id, max(amount_minor) AS amount_minor FROM store_sourcesettlement"
        " WHERE state = 'rejected' AND decided_at IS NOT NULL GROUP BY item_id) j ON j.item_id = i.id"
        f" WHERE b.is_current AND i.source_id = {int(source_id)} AND {_in_entities(desk, 'i.entity_id')}{narrow}"
    )
    desk.put_batches("known", ITEM_SCHEMA, read_arrow(sql, params, ITEM_SCHEMA))


_RECEIPT_FIELDS: tuple[tuple[str, Any, str], ...] = (
    ("entity_id", pa.int64(), "i.entity_id"),
    ("external_id", pa.string(), "i.external_id"),
    ("receipt", pa.int64(), "i.id"),
    ("account_id", pa.int64(), "b.account_id"),
    ("first_account_id", pa.int64(), "i.account_id"),
    ("version", pa.int64(), "i.version"),
    ("reference", pa.string(), "i.reference"),
    ("posting_date", pa.date32(), "i.posting_date"),
    ("effective_date", pa.date32(), "i.effective_date"),
    ("currency", pa.string(), "i.currency"),
    ("minor", pa.int64(), "i.amount_minor"),
    ("unapplied_minor", pa.int64(), "b.unapplied_minor"),
    ("open_base", pa.int64(), "b.open_base_minor"),
    ("open_minor", pa.int64(), "b.unidentified_minor + b.unapplied_minor + b.on_account_minor"),
    ("entry", pa.int64(), "i.entry_id"),
)
RECEIPT_SCHEMA = pa.schema([(name, kind) for name, kind, _ in _RECEIPT_FIELDS])


def put_receipts(desk: Desk, source_id: int, keys_sql: str) -> None:
    """Table ``known_receipts``: the current version of each receipt of the file, with where its money stands."""
    narrow, params = _keys_clause(desk, "i.external_id", keys_sql)
    columns = ", ".join(text_of(sql, kind) for _, kind, sql in _RECEIPT_FIELDS)
    sql = (
        f"SELECT {columns} FROM store_receipt i JOIN store_receiptbalance b ON b.receipt_id = i.id"
        f" WHERE b.is_current AND i.source_id = {int(source_id)} AND {_in_entities(desk, 'i.entity_id')}{narrow}"
    )
    desk.put_batches("known_receipts", RECEIPT_SCHEMA, read_arrow(sql, params, RECEIPT_SCHEMA))


def check_entity(entity_id: int | None) -> None:
    """Refuses ``entity.unknown``."""
    if entity_id is not None and not Entity.objects.filter(id=entity_id).exists():
        raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)


_LEG_SCHEMA = pa.schema(
    [
        ("entity_id", pa.int64()),
        ("application_key", pa.string()),
        ("entry", pa.int64()),
        ("effective_date", pa.date32()),
        ("reversed", pa.bool_()),
        ("item", pa.int64()),
        ("item_key", pa.string()),
        ("minor", pa.int64()),
        ("receipt", pa.int64()),
        ("receipt_key", pa.string()),
    ]
)


def put_application_legs(desk: Desk, source_id: int, keys_sql: str) -> None:
    """Table ``app_legs``: what the ledger has posted under the file's application ids, a row per item."""
    narrow, params = _keys_clause(desk, "e.external_id", keys_sql)
    effective = text_of("e.effective_date", pa.date32())
    sql = (
        f"SELECT e.entity_id, e.external_id, e.id, {effective}, x.id IS NOT NULL, p.item_id, i.external_id,"
        " -p.amount_minor, p.receipt_id, r.external_id FROM store_journalentry e"
        " JOIN store_posting p ON p.entry_id = e.id JOIN store_openitem i ON i.id = p.item_id"
        " LEFT JOIN store_receipt r ON r.id = p.receipt_id"
        " LEFT JOIN store_journalentry x ON x.reverses_id = e.id"
        " WHERE e.external_id <> '' AND p.ledger_account IN ('trade', 'notes', 'advances', 'source_settlement')"
        f" AND e.source_id = {int(source_id)} AND {_in_entities(desk, 'e.entity_id')}{narrow}"
    )
    desk.put_batches("app_legs", _LEG_SCHEMA, read_arrow(sql, params, _LEG_SCHEMA))


def put_unmet(desk: Desk) -> None:
    """Table ``unmet``: items a source reported as settled whose money has not come, with how much of it."""
    schema = pa.schema([("item", pa.int64()), ("minor", pa.int64())])
    sql = (
        "SELECT s.item_id, CAST(sum(s.amount_minor"
        " - CASE WHEN s.amount_minor < 0 THEN -s.met_minor ELSE s.met_minor END) AS bigint)"
        " FROM store_sourcesettlement s WHERE s.state = 'posted' GROUP BY s.item_id"
    )
    desk.put_batches("unmet", schema, read_arrow(sql, [], schema))
