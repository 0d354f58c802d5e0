"""What is open, added up per account, currency and ageing bucket: the small table most pages are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from huikuan.core.ageing import BUCKETS, UNAPPLIED, BucketBy, bucket_labels, check_buckets
from huikuan.core.money import exponent_of
from huikuan.core.refusals import Refusal
from huikuan.queries.cache import answers
from huikuan.queries.directory import accounts_table, entities_table
from huikuan.queries.facts import Facts
from huikuan.queries.open_rows import BOOK_VALUE, CASH_CONTROLS, OPEN_ITEMS, OPEN_RECEIPTS, day_of, ids, texts


@dataclass(frozen=True, slots=True)
class Buckets:
    """Upper bounds in days and what days are counted from. Refuses ``ageing.bad_buckets`` and ``ageing.bad_choice``."""

    bounds: tuple[int, ...] = BUCKETS
    bucket_by: BucketBy = "due"

    @staticmethod
    def asked(bounds: Sequence[int], bucket_by: str) -> Buckets:
        if bucket_by not in ("due", "document"):
            raise Refusal(
                "ageing.bad_choice", "{value!r} is not one of {allowed}", value=bucket_by, allowed="due, document"
            )
        return Buckets(check_buckets(tuple(bounds)), "due" if bucket_by == "due" else "document")

    @property
    def labels(self) -> list[str]:
        """In order, unapplied money last."""
        return [*bucket_labels(self.bounds), UNAPPLIED]

    @property
    def day(self) -> str:
        """The item's column that days are counted from."""
        return "due_date" if self.bucket_by == "due" else "document_date"

    def number(self, as_of: str, day: str) -> str:
        """SQL of a bucket's place among the labels; ``as_of`` and ``day`` are SQL dates."""
        cases = " ".join(f"WHEN {day} >= {as_of} - {bound} THEN {place}" for place, bound in enumerate(self.bounds))
        return f"(CASE {cases} ELSE {len(self.bounds)} END)::SMALLINT"

    def day_range(self, facts: Facts, label: str, day: str | None = None) -> str:
        """The predicate of one bucket on an item's day; nothing for an unknown label."""
        if label not in self.labels[:-1]:
            return "false"
        day = day or self.day
        place, as_of = self.labels.index(label), facts.frame.as_of
        latest = "" if place == 0 else f"{day} < {day_of(as_of - timedelta(days=self.bounds[place - 1]))}"
        earliest = "" if place == len(self.bounds) else f"{day} >= {day_of(as_of - timedelta(days=self.bounds[place]))}"
        return " AND ".join(part for part in (earliest, latest) if part)


DUE = Buckets()


def need_cells(facts: Facts, buckets: Buckets = DUE) -> None:
    """Brings in ``cells``: customer_id, account_id, entity_id, currency, bucket (place among the labels), open_minor,
    open_base, items, days_past_due_max (of items owed), for the frame's entities.

    ``items`` counts items; the unapplied bucket has none. Money in suspense is nobody's yet and not here.
    """
    facts.give("all_cells", facts.kept(("cells", buckets), lambda: _make(facts, buckets)))
    facts.give("accounts", accounts_table())
    facts.view(
        "cells",
        "SELECT a.customer_id, c.* FROM all_cells AS c JOIN accounts AS a USING (account_id)"
        f" WHERE {facts.mine_of('c')}",
    )


def need_cells_of(facts: Facts, account_ids: Sequence[int], buckets: Buckets = DUE) -> None:
    """``need_cells`` of a few accounts, which the caller has seen to be in the frame: worked out alone, so that after a
    posting they do not wait for everybody's."""
    facts.need("open_items", "open_receipts")
    facts.give("accounts", accounts_table())
    own = _cells_sql(facts, buckets, "open_items", "open_receipts", f"account_id IN ({ids(account_ids)})")
    facts.view("cells", f"SELECT a.customer_id, c.* FROM {own} AS c JOIN accounts AS a USING (account_id)")


def _make(facts: Facts, buckets: Buckets) -> Any:
    """Cells of the floor, with those of the accounts that changed since worked out anew."""
    facts.need("open_items", "open_receipts")
    items, receipts = facts.opened["open_items"], facts.opened["open_receipts"]
    if items.floor_seq is None or receipts.floor_seq is None:
        return facts.table(_cells_sql(facts, buckets, "open_items", "open_receipts", "true"))
    key = ("cells", facts.snapshot.ledger, items.floor_seq, receipts.floor_seq, facts.frame.as_of, buckets)
    book = f"SELECT *, {BOOK_VALUE} FROM"
    on_floor = _cells_sql(facts, buckets, f"({book} open_items_kept)", f"({book} open_receipts_kept)", "true")
    floor = answers.get_or_make(key, lambda: facts.table(on_floor))
    if items.since is None and receipts.since is None:
        return floor
    facts.give("floor_cells", floor)
    facts.give("touched", facts.table(_touched_sql(facts)))
    anew = _cells_sql(facts, buckets, "open_items", "open_receipts", "account_id IN (SELECT account_id FROM touched)")
    return facts.table(f"SELECT * FROM floor_cells ANTI JOIN touched USING (account_id) UNION ALL BY NAME {anew}")


def _touched_sql(facts: Facts) -> str:
    parts = ["SELECT NULL::BIGINT AS account_id WHERE false"]
    for kind in (OPEN_ITEMS, OPEN_RECEIPTS):
        if facts.opened[kind.name].since is not None:
            name = kind.name
            parts.append(f"SELECT account_id FROM {name}_kept SEMI JOIN {name}_since USING ({kind.key_names})")
            parts.append(f"SELECT account_id FROM {name}_changed")
    return f"SELECT DISTINCT account_id FROM ({' UNION ALL '.join(parts)})"


def _cells_sql(facts: Facts, buckets: Buckets, items: str, receipts: str, where: str) -> str:
    as_of = day_of(facts.frame.as_of)
    return (
        f"(SELECT account_id, entity_id, currency, {buckets.number(as_of, buckets.day)} AS bucket,"
        " sum(open_minor)::BIGINT AS open_minor, sum(open_base)::BIGINT AS open_base, count(*)::BIGINT AS items,"
        f" max({as_of} - due_date) FILTER (WHERE open_minor > 0) AS days_past_due_max"
        f" FROM {items} WHERE {where} GROUP BY ALL UNION ALL"
        f" SELECT account_id, entity_id, currency, {len(buckets.bounds) + 1}::SMALLINT, -sum(open_minor)::BIGINT,"
        f" -sum(open_base)::BIGINT, 0, NULL FROM {receipts}"
        f" WHERE ledger_account IN ({texts(CASH_CONTROLS)}) AND {where} GROUP BY ALL)"
    )


def bucket_columns(buckets: Buckets) -> str:
    """Sums per bucket as columns ``b0``, ``b1``, ...; empty where the bucket holds nothing."""
    return ", ".join(
        f"sum(open_minor) FILTER (WHERE bucket = {place})::BIGINT AS b{place}" for place in range(len(buckets.labels))
    )


def cells_of(row: Mapping[str, Any], buckets: Buckets) -> dict[str, int]:
    """The buckets of a row that hold something, by label."""
    return {label: int(minor) for place, label in enumerate(buckets.labels) if (minor := row[f"b{place}"]) is not None}


def overdue(buckets: Buckets, amount: str = "open_minor") -> str:
    """SQL of what is past due: every bucket but the first and unapplied money."""
    return f"coalesce(sum({amount}) FILTER (WHERE bucket BETWEEN 1 AND {len(buckets.bounds)}), 0)::BIGINT"


def unapplied(buckets: Buckets, amount: str = "open_minor") -> str:
    """SQL of unapplied money, negative."""
    return f"coalesce(sum({amount}) FILTER (WHERE bucket = {len(buckets.bounds) + 1}), 0)::BIGINT"


def book_currency(entity_ids: Sequence[int]) -> str:
    """The currency these entities keep their books in; empty where they keep them in several."""
    found = {entity.currency for number, entity in entities_table().items() if number in entity_ids}
    return found.pop() if len(found) == 1 else ""


def currency_order(entity_ids: Sequence[int]) -> str:
    """How amounts of several books are put in order: SQL that puts rows by currency, those of the books first. Empty
    for one book, in whose currency all amounts have a value to be put in order by."""
    if book_currency(entity_ids):
        return ""
    books = sorted({entity.currency for number, entity in entities_table().items() if number in entity_ids})
    cases = " ".join(f"WHEN '{code}' THEN {place}" for place, code in enumerate(books))
    return f"CASE currency {cases} ELSE {len(books)} END, currency" if cases else "currency"


def book_value(amount: str) -> str:
    """SQL that makes book values of entities comparable where they keep books in one currency: at the smallest unit
    any of them has. Over books in several currencies nothing is to be put in order by it."""
    places = {number: exponent_of(entity.currency) for number, entity in entities_table().items()}
    finest = max(places.values(), default=0)
    cases = " ".join(f"WHEN {n} THEN {10 ** (finest - p)}" for n, p in sorted(places.items()) if p != finest)
    return f"({amount})::HUGEINT * CASE entity_id {cases} ELSE 1 END" if cases else f"({amount})"
