"""Finding items by what a person types: a document, PO or contract number, a source's number, a customer, an amount."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.money import EXPONENTS
from huikuan.queries.cache import answers
from huikuan.queries.directory import accounts_key, accounts_table, find_customers
from huikuan.queries.facts import NEXT_FLOOR, Facts, Floor
from huikuan.queries.layers import numbers_of, rows_with
from huikuan.queries.open_rows import OPEN_ITEMS

_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,4})?")
_TEXTS = ("document_number", "po_number", "contract_number", "external_id")


def amount_of(text: str) -> Decimal | None:
    """``25,097.98`` → the amount; ``None`` where the text is none. Separators and currency signs are left out."""
    plain = re.sub(r"[\s,，'¥￥$€£]", "", text)
    return abs(Decimal(plain)) if _AMOUNT.fullmatch(plain) else None


def amount_sql(value: Decimal) -> str:
    """SQL of that amount in minor units of the row's currency; null where the currency has no such places."""
    parts = []
    for places in sorted(set(EXPONENTS.values())):
        minor = value.scaleb(places)
        whole = str(int(minor)) if minor == int(minor) else "NULL"
        parts.append((places, whole))
    cases = " ".join(
        f"WHEN currency IN ({', '.join(repr(code) for code, p in EXPONENTS.items() if p == places)}) THEN {whole}"
        for places, whole in parts
        if places != 2
    )
    usual = next(whole for places, whole in parts if places == 2)
    return f"CASE {cases} ELSE {usual} END"


def bound_sql(value: Decimal, *, upper: bool) -> str:
    """SQL of an amount as a bound in minor units of the row's currency: rounded inwards where there are no such
    places."""
    rounding = ROUND_FLOOR if upper else ROUND_CEILING
    cases = []
    for places in sorted(set(EXPONENTS.values()) - {2}):
        codes = ", ".join(f"'{code}'" for code, p in EXPONENTS.items() if p == places)
        cases.append(f"WHEN currency IN ({codes}) THEN {int(value.scaleb(places).to_integral_value(rounding))}")
    return f"CASE {' '.join(cases)} ELSE {int(value.scaleb(2).to_integral_value(rounding))} END"


FEW = 2_000
"""Items found, up to which they are brought together one by one; of customers found, a tenth of it."""


def give_near(facts: Facts, text: str, *, by_customer: bool = True) -> str | None:
    """Brings in ``open_items`` with nothing but what was meant, and gives the name of a relation with those items'
    facts; ``None`` where so much was found that looking through everything is less work."""
    text = text.strip()
    customers = find_customers(facts.frame, text) if by_customer else []
    if len(customers) > FEW // 10:
        return None
    found = numbers_of(_items(facts, text)["item_id"])
    if (value := amount_of(text)) and len(found) <= FEW:
        facts.need("open_items")
        open_at = facts.table(f"SELECT item_id FROM open_items WHERE abs(open_minor) = {amount_sql(value)}")
        found = numbers_of(pa.chunked_array([pa.array(found)]), open_at["item_id"])
    if len(found) > FEW:
        return None
    accounts = rows_with(accounts_table(), accounts_key(), "customer_id", customers)["account_id"].to_pylist()
    items = facts.facts_of(OPEN_ITEMS, found)
    if accounts:
        theirs = facts.naming("items", "account_id", accounts)
        items = pa.concat_tables([items, theirs.filter(pc.invert(pc.is_in(theirs["item_id"], pa.array(found))))])
    facts.give("near_items", items)
    facts.need_rows(numbers_of(items["item_id"]))
    return "near_items"


def give_hits(facts: Facts, text: str, *, by_customer: bool = True) -> str:
    """Brings in ``hits`` (item_id) and ``hit_customers``; gives the predicate of rows that were meant. Not
    ``by_customer``: what stands on the item itself, not whose it is."""
    text = text.strip()
    hits = _items(facts, text)
    facts.give("hits", hits)
    predicate = "item_id IN (SELECT item_id FROM hits)" if hits.num_rows else "false"
    if by_customer:
        customers = find_customers(facts.frame, text)
        facts.give("accounts", accounts_table())
        facts.give("hit_customers", pa.table({"customer_id": pa.array(customers, pa.int64())}))
        whose = "account_id IN (SELECT account_id FROM accounts JOIN hit_customers USING (customer_id))"
        predicate = f"({predicate} OR {whose})"
    value = amount_of(text)
    return f"({predicate} OR abs(open_minor) = {amount_sql(value)})" if value else predicate


def _items(facts: Facts, text: str) -> Any:
    return facts.kept(("items found", text), lambda: _find_items(facts, text))


def _find_items(facts: Facts, text: str) -> Any:
    value = amount_of(text)
    matches = "contains(found_by, $wanted)"
    if value:
        matches += f" OR abs(amount_minor) = {amount_sql(value)}"
    letters = give_texts(facts, "item_texts", "items", "item_id", _TEXTS)
    if not value and not may_stand(text, letters):
        matches = "found_by = $wanted AND false"
    return facts.table(f"SELECT item_id FROM item_texts WHERE {matches}", {"wanted": text.lower()})


def give_texts(facts: Facts, name: str, relation: str, key: str, columns: Sequence[str]) -> frozenset[int]:
    """Brings in a relation of ``key``, currency, amount_minor and ``found_by``: what stands in ``columns``, in lower
    case, a line each. It is kept in memory: read from files, every letter a person types would take as long as this.
    Gives the bytes that stand in any of them (``may_stand``): a customer's name need not be looked for among numbers of
    documents that are Latin letters and figures."""
    lines = f"lower(concat_ws(chr(10), {', '.join(columns)}))"

    def make(only: str, source: str = relation) -> Any:
        return facts.table(f"SELECT {key}, currency, amount_minor, {lines} AS found_by FROM {source} WHERE {only}")

    floor = facts.floor(name, make, lambda kept, between: pa.concat_tables([kept, make(between)]))
    table, letters = (
        floor.table,
        answers.get_or_make((name, "letters", facts.snapshot.ledger, floor.known_seq), lambda: _letters(floor.table)),
    )
    if facts.reaches_above(floor):
        facts.give("texts_above", facts.rows_above(relation, floor.known_seq))
        above = (f"{name} above", facts.snapshot.cache_key, floor.known_seq)
        later = answers.get_or_make(above, lambda: make("true", "texts_above"))
        table, letters = pa.concat_tables([table, later]), letters | _letters(later)
    facts.give(name, table)
    return letters


def stands_nowhere(facts: Facts, name: str, relation: str, columns: Sequence[str], text: str) -> bool:
    """Whether a text certainly stands in none of ``columns``: its letters in none of the texts kept (``give_texts``),
    itself in nothing that came since. Most of what people type is a customer's name, which no document's number
    holds. ``False`` where that cannot be told without looking."""
    floor: Floor | None = answers.get(("floor", facts.snapshot.ledger, name))
    if floor is None or not 0 <= facts.snapshot.known_seq - floor.known_seq < NEXT_FLOOR:
        return False
    letters = answers.get((name, "letters", facts.snapshot.ledger, floor.known_seq))
    if letters is None or may_stand(text, letters):
        return False
    rows = facts.rows_above(relation, floor.known_seq) if facts.reaches_above(floor) else None
    return rows is None or not any(
        pc.any(pc.match_substring(pc.utf8_lower(rows[column]), text.lower())).as_py() for column in columns
    )


def finds_no_item(facts: Facts, text: str, *, by_customer: bool) -> bool:
    """Whether ``give_hits`` would certainly find nothing."""
    text = text.strip()
    if amount_of(text) or not stands_nowhere(facts, "item_texts", "items", _TEXTS, text):
        return False
    return not (by_customer and find_customers(facts.frame, text))


def may_stand(text: str, letters: frozenset[int]) -> bool:
    """Whether a text can stand in texts made of these bytes."""
    return set(text.lower().encode()) <= letters


def _letters(table: Any) -> frozenset[int]:
    found = np.zeros(256, bool)
    for chunk in table["found_by"].chunks:
        if len(chunk):
            found[np.bincount(np.frombuffer(chunk.buffers()[2], np.uint8), minlength=256) > 0] = True
    return frozenset(np.flatnonzero(found).tolist())
