"""``huikuan age`` on the database: the ageing engine over the snapshot's relations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from huikuan.core.ageing import BUCKETS, Basis, BucketBy
from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import Refusal
from huikuan.engines.age_options import AgeingAnswer, AgeOptions
from huikuan.engines.age_relations import age_relations
from huikuan.queries.bridge import bridge_lines
from huikuan.queries.directory import accounts_table, entities_table, names_of_accounts
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.frame import Frame, frame_at
from huikuan.queries.open_rows import CASH_CONTROLS, OPEN_ITEMS, OPEN_RECEIPTS, texts
from huikuan.store.models import Entity

_FROM_ITEM = (
    "region",
    "sales_rep",
    "product",
    "contract_number",
    "po_number",
    "document_number",
    "kind",
    "ledger_account",
)
_FROM_ACCOUNT = ("customer_id", "customer", "entity")
BY = (*_FROM_ACCOUNT, "currency", *_FROM_ITEM)


def age_database(
    *,
    as_of: date,
    known_on: datetime | date | None = None,
    by: Sequence[str] = ("customer_id",),
    buckets: Sequence[int] = BUCKETS,
    bucket_by: BucketBy = "due",
    basis: Basis = "posting",
    entity: str | None = None,
) -> AgeingAnswer:
    """The ageing of every entity, or of the one with the code ``entity``, as ``engines.age.age`` gives it for files:
    amounts are exact decimals in major units. ``by``: customer_id (the source's number), customer (name), entity
    (code), currency and facts of the item. A bare date for ``known_on`` is the end of that day in the entities' zone.

    Refuses ``entity.unknown``, ``ageing.unknown_column`` and what the engine refuses.
    """
    options = AgeOptions(as_of=as_of, by=by, buckets=buckets, bucket_by=bucket_by, basis=basis)
    frame = _frame(as_of, known_on, entity)
    with read_facts(frame, basis) as facts:
        _give_people(facts)
        table = age_relations(
            facts.snapshot.con,
            items=_items(facts, options.by),
            applications=None,
            receipts=_receipts(facts),
            options=options,
        )
        bridge = _bridge(facts) if basis == "effective" else None
        snapshot = facts.snapshot
        table = _in_major_units(facts, table)
    return AgeingAnswer(table, bridge, snapshot.provisional, snapshot.known_seq)


def _frame(as_of: date, known_on: datetime | date | None, entity: str | None) -> Frame:
    entities = Entity.objects.filter(code=entity) if entity else Entity.objects.all()
    allowed = tuple(entities.values_list("id", flat=True))
    if entity and not allowed:
        raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity)
    midnight = datetime.fromisoformat(f"{as_of.isoformat()}T00:00:00+00:00")
    return frame_at(now=midnight, entity_ids=allowed, as_of=as_of, known_on=known_on)


def _give_people(facts: Facts) -> None:
    """Brings in ``people``: account_id, customer_id (the number a source knows it by), customer, entity."""
    entities = {number: row.code for number, row in entities_table().items()}
    accounts = accounts_table()
    names = names_of_accounts(facts.frame)
    columns = list(zip(*(names.get(number, ("", "")) for number in accounts["account_id"].to_pylist()), strict=True))
    external, name = columns or ((), ())
    codes = [entities.get(number, "") for number in accounts["entity_id"].to_pylist()]
    text = pa.string()
    people = {
        "account_id": accounts["account_id"],
        "customer_id": pa.array(external, text),
        "customer": pa.array(name, text),
        "entity": pa.array(codes, text),
    }
    facts.give("people", pa.table(people))


def _items(facts: Facts, by: Sequence[str]) -> str:
    """What is open on each item, as the engine takes items: they count from the start, being netted already."""
    # What a document does not say is null, as it is for money, which has no such facts: one group for both.
    extra = "".join(f", nullif(i.{name}, '') AS {name}" for name in _FROM_ITEM if name in by)
    return (
        f"(SELECT i.item_id, i.currency, i.due_date, i.document_date, DATE '1900-01-01' AS posting_date,"
        f" s.open_minor AS amount, p.customer_id, p.customer, p.entity{extra}"
        f" FROM ({OPEN_ITEMS.sums(facts.counting.counts)}) AS s"
        " JOIN items AS i ON i.item_id = s.item_id"
        f" LEFT JOIN people AS p ON p.account_id = i.account_id WHERE {facts.mine_of('i')})"
    )


def _receipts(facts: Facts) -> str:
    return (
        "(SELECT r.receipt_id, r.currency, DATE '1900-01-01' AS posting_date, r.open_minor AS amount, p.customer_id,"
        " p.customer, p.entity"
        f" FROM ({OPEN_RECEIPTS.with_facts(OPEN_RECEIPTS.sums(facts.counting.counts))}) AS r"
        f" LEFT JOIN people AS p ON p.account_id = r.account_id WHERE {facts.mine_of('r')}"
        f" AND r.ledger_account IN ({texts(CASH_CONTROLS)}))"
    )


def _major(minor: str) -> str:
    """SQL of exact major units, four places, of minor units of the row's currency."""
    groups = sorted(set(EXPONENTS.values()))
    cases = " ".join(
        f"WHEN currency IN ({', '.join(repr(code) for code, p in EXPONENTS.items() if p == places)})"
        f" THEN ({minor}::DECIMAL(28,0) * {10 ** (4 - places)})::DECIMAL(34,0)"
        for places in groups
    )
    return f"((CASE {cases} END) * 0.0001::DECIMAL(4,4))::DECIMAL(38,4)"


def _in_major_units(facts: Facts, table: Any) -> Any:
    facts.give("aged", table)
    names = [name for name in table.column_names if name not in ("open_minor", "items")]
    kept = "".join(f'"{name}", ' for name in names)
    return facts.table(f"SELECT {kept}{_major('open_minor')} AS open_amount, items FROM aged")


def _bridge(facts: Facts) -> Any:
    rows = bridge_lines(facts)
    schema = pa.schema(
        {"currency": pa.string(), "line": pa.string(), "amount_minor": pa.int64(), "records": pa.int64()}
    )
    facts.give("lines", pa.Table.from_pylist(rows, schema=schema))
    return facts.table(f"SELECT currency, line, {_major('amount_minor')} AS amount, records FROM lines")
