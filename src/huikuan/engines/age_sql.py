"""The SQL of ageing: text built over named relations, the same for files and for the ledger's mirror.

Relations (names, or SELECTs in parentheses), one row per fact:

items         item_id, currency, amount, posting_date; any of effective_date, document_date, due_date; the group
              columns; any of settled_date, open_amount (files); recorded_at or ledger_seq where known-on is asked
applications  item_id, amount, posting_date; any of effective_date, currency; recorded_at or ledger_seq
receipts      receipt_id, currency, amount, posting_date; any of effective_date and the group columns; recorded_at or
              ledger_seq. Several rows per receipt are added up: money in is positive, its use negative

``posting_date``, ``recorded_at`` and ``ledger_seq`` are never null. Amounts are DECIMAL with at most four places
(major units) or integers (minor units), exact throughout: no float anywhere. Every
name of a column goes through ``quote``, every text through ``literal``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from huikuan.core.ageing import Basis
from huikuan.engines.age_options import AgeOptions

EXACT = "DECIMAL(38,4)"
FLAGS = ("unmatched", "unusual", "over_applied", "over_example")
"""Columns of a checked ageing."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as SQL, with its columns and their types."""

    sql: str
    columns: dict[str, str]

    def first_of(self, alias: str, *names: str) -> str:
        """The first of these columns that is there and not null."""
        there = [f"{alias}.{name}" for name in names if name in self.columns]
        return there[0] if len(there) == 1 else f"coalesce({', '.join(there)})"


@dataclass(frozen=True, slots=True)
class Facts:
    """The relations an ageing is made of. ``use`` (files): the bare receipts, where applications may name them."""

    items: Relation
    applications: Relation | None = None
    receipts: Relation | None = None
    use: Relation | None = None
    compare_currency: bool = False

    @property
    def amount_type(self) -> str:
        """Exact sums: decimals of major units, or integers of minor units."""
        return EXACT if self.items.columns["amount"].startswith("DECIMAL") else "BIGINT"

    @property
    def amount_name(self) -> str:
        return "open_amount" if self.amount_type == EXACT else "open_minor"

    @property
    def states_history(self) -> bool:
        """Some items tell their own history, so that it matters whether an item has any application at all."""
        return bool({"settled_date", "open_amount"} & self.items.columns.keys())


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def day_literal(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def instant_literal(instant: datetime) -> str:
    return f"TIMESTAMPTZ '{instant.replace(tzinfo=None).isoformat(sep=' ')}+00'"


def item_day(items: Relation, basis: Basis, alias: str = "i") -> str:
    if basis == "posting":
        return f"{alias}.posting_date"
    return items.first_of(alias, "effective_date", "document_date", "posting_date")


def fact_day(relation: Relation, basis: Basis, alias: str) -> str:
    """The day an application or a receipt counts from."""
    return f"{alias}.posting_date" if basis == "posting" else relation.first_of(alias, "effective_date", "posting_date")


def known(options: AgeOptions, alias: str) -> str:
    """The predicate of what was recorded by then, with a leading AND; empty where everything counts."""
    if options.known_seq is not None:
        return f" AND {alias}.ledger_seq <= {int(options.known_seq)}"
    if options.known_at is not None:
        return f" AND {alias}.recorded_at <= {instant_literal(options.known_at)}"
    return ""


def item_counts(facts: Facts, options: AgeOptions, alias: str = "i") -> str:
    return f"{item_day(facts.items, options.basis, alias)} <= {day_literal(options.as_of)}{known(options, alias)}"


def fact_counts(relation: Relation, options: AgeOptions, alias: str) -> str:
    return f"{fact_day(relation, options.basis, alias)} <= {day_literal(options.as_of)}{known(options, alias)}"


def settled_counts(options: AgeOptions, alias: str = "i") -> str:
    """A settlement is recorded at the start of its day, UTC: it is known when that day had begun."""
    last = options.as_of if options.known_at is None else min(options.as_of, options.known_at.date())
    return f"coalesce({alias}.settled_date <= {day_literal(last)}, false)"


def aged_day(facts: Facts, options: AgeOptions, alias: str = "i") -> str:
    """The day days are counted from: the due date (at once where there is none), or the document date."""
    names = ("due_date", "document_date", "posting_date")
    return facts.items.first_of(alias, *(names if options.bucket_by == "due" else names[1:]))


def bucket_number(options: AgeOptions, day: str) -> str:
    """The bucket's place in the list, by comparing dates: no arithmetic per row."""
    cases = " ".join(
        f"WHEN {day} >= {day_literal(options.as_of - timedelta(days=bound))} THEN {place}"
        for place, bound in enumerate(options.buckets)
    )
    return f"(CASE {cases} ELSE {len(options.buckets)} END)::SMALLINT"


def bucket_label(options: AgeOptions, number: str = "bucket_number") -> str:
    cases = " ".join(f"WHEN {place} THEN {literal(label)}" for place, label in enumerate(options.labels))
    return f"CASE {number} {cases} END"


def _applied(facts: Facts, options: AgeOptions) -> str:
    """Per item, what has been applied. Where items tell their own history every application has to be seen, counted
    or not; else those that do not count are left out early."""
    if facts.applications is None:
        return "SELECT NULL::VARCHAR AS item_id, NULL::BIGINT AS applied, NULL::DATE AS first_day WHERE false"
    counts = fact_counts(facts.applications, options, "a")
    where, only = ("", f" FILTER (WHERE {counts})") if facts.states_history else (f" WHERE {counts}", "")
    parts = ["a.item_id", f"sum(a.amount){only} AS applied"]
    if options.checks:
        parts.append(f"min({fact_day(facts.applications, options.basis, 'a')}){only} AS first_day")
        if facts.compare_currency:
            parts.append("min(a.currency) AS currency_min, max(a.currency) AS currency_max")
    return f"SELECT {', '.join(parts)} FROM {facts.applications.sql} AS a{where} GROUP BY a.item_id"


def _open(facts: Facts, options: AgeOptions) -> str:
    """What one item still owes: its applications tell; without any, its settlement, then its stated open amount."""
    rest = "i.amount - coalesce(a.applied, 0)"
    if not facts.states_history:
        return rest
    cases = ["WHEN a.item_id IS NOT NULL THEN " + rest]
    if "settled_date" in facts.items.columns:
        cases.append(
            f"WHEN i.settled_date IS NOT NULL THEN CASE WHEN {settled_counts(options)} THEN 0 ELSE i.amount END"
        )
    stated = "coalesce(i.open_amount, i.amount)" if "open_amount" in facts.items.columns else "i.amount"
    return f"CASE {' '.join(cases)} ELSE {stated} END"


def _check_columns(facts: Facts, options: AgeOptions) -> str:
    """Flags for what is unusual, made on the way at little cost; the checks look closer where one is raised."""
    day = item_day(facts.items, options.basis)
    settled = " OR i.settled_date < i.posting_date" if "settled_date" in facts.items.columns else ""
    currency = " OR a.currency_min <> i.currency OR a.currency_max <> i.currency" if facts.compare_currency else ""
    return (
        f", coalesce(i.item_id IS NULL AND a.applied IS NOT NULL, false) AS unmatched"
        f", coalesce(a.first_day < {day}{settled}{currency}, false) AS unusual"
    )


def open_items_sql(facts: Facts, options: AgeOptions, columns: Sequence[str]) -> str:
    """One row per item that counts, paid or not: ``columns`` of the item, its amount, ``open``, ``aged_day``."""
    taken = ["item_id", "currency", "amount", "posting_date", *columns]
    names = dict.fromkeys(
        [*taken, *(n for n in ("effective_date", "document_date", "due_date") if n in facts.items.columns)]
    )
    names |= dict.fromkeys(n for n in ("settled_date", "open_amount") if n in facts.items.columns)
    picked = ", ".join(f"i.{quote(name)}" for name in names)
    kept = ", ".join(f"i.{quote(name)}" for name in dict.fromkeys(taken))
    flags = _check_columns(facts, options) if options.checks else ""
    return (
        f"SELECT {kept}, {_open(facts, options)} AS open, {aged_day(facts, options)} AS aged_day{flags}"
        f" FROM (SELECT {picked} FROM {facts.items.sql} AS i WHERE {item_counts(facts, options)}) AS i"
        f" {'FULL' if options.checks else 'LEFT'} JOIN ({_applied(facts, options)}) AS a ON a.item_id = i.item_id"
    )


def unapplied_sql(facts: Facts, receipts: Relation, options: AgeOptions) -> str:
    """One row per receipt and currency with what is left of it, where that is not zero."""
    groups = ", ".join(
        f"any_value(r.{quote(name)}) AS {quote(name)}"
        if name in receipts.columns
        else f"NULL::{facts.items.columns[name]} AS {quote(name)}"
        for name in options.by
    )
    return (
        f"SELECT r.receipt_id, r.currency, {groups + ', ' if groups else ''}sum(r.amount) AS rest,"
        f" max(r.amount) AS came FROM {receipts.sql} AS r WHERE {fact_counts(receipts, options, 'r')}"
        " GROUP BY r.receipt_id, r.currency HAVING sum(r.amount) <> 0"
    )


def _grouped(facts: Facts, options: AgeOptions) -> str:
    """Sums per group, currency and bucket number; with checks also how many flags were raised."""
    names = "".join(f"{quote(name)}, " for name in options.by)
    keep, flags = "open <> 0", ""
    if options.checks:
        keep = "open <> 0 OR unmatched OR unusual"
        over = "FILTER (WHERE open <> 0 AND (open > 0) <> (amount > 0))"
        flags = (
            ", count(*) FILTER (WHERE unmatched) AS unmatched, count(*) FILTER (WHERE unusual) AS unusual,"
            f" count(*) {over} AS over_applied, min(item_id) {over} AS over_example"
        )
    items = (
        f"SELECT {names}currency, {bucket_number(options, 'aged_day')} AS bucket_number, sum(open) AS open,"
        f" count(*) FILTER (WHERE open <> 0) AS items{flags}"
        f" FROM ({open_items_sql(facts, options, options.by)}) WHERE {keep} GROUP BY ALL"
    )
    if facts.receipts is None:
        return items
    no_flags = ""
    if options.checks:
        over = "FILTER (WHERE rest < 0 AND came > 0)"
        no_flags = f", 0, 0, count(*) {over}, min(receipt_id) {over}"
    return (
        f"{items} UNION ALL SELECT {names}currency, {len(options.labels) - 1}, -sum(rest), count(*){no_flags}"
        f" FROM ({unapplied_sql(facts, facts.receipts, options)}) GROUP BY ALL"
    )


def age_sql(facts: Facts, options: AgeOptions) -> str:
    """The ageing in long form, sorted. With ``checks`` rows without open items may stand in it (they carry flags) and
    ``FLAGS`` follow: how many rows are unmatched, unusual, over-applied, and one of the latter."""
    names = "".join(f"{quote(name)}, " for name in options.by)
    order = "".join(f"{quote(name)} NULLS LAST, " for name in options.by)
    flags = f", {', '.join(FLAGS)}" if options.checks else ""
    return (
        f"SELECT {names}currency, {bucket_label(options)} AS bucket, open::{facts.amount_type} AS {facts.amount_name},"
        f" items{flags} FROM ({_grouped(facts, options)}) ORDER BY {order}currency, bucket_number"
    )


def wide_sql(long: str, options: AgeOptions, amount_name: str, amount_type: str) -> str:
    """The long form turned: one row per group and currency, a column per bucket (zero where empty), total, items."""
    names = "".join(f"{quote(name)}, " for name in options.by)
    order = "".join(f"{quote(name)} NULLS LAST, " for name in options.by)
    cells = ", ".join(
        f"coalesce(sum({amount_name}) FILTER (WHERE bucket = {literal(label)}), 0)::{amount_type} AS {quote(label)}"
        for label in options.labels
    )
    return (
        f"SELECT {names}currency, {cells}, sum({amount_name})::{amount_type} AS total, sum(items)::BIGINT AS items"
        f" FROM {long} GROUP BY ALL ORDER BY {order}currency"
    )


def with_basis(options: AgeOptions, basis: Basis) -> AgeOptions:
    return replace(options, basis=basis, wide=False, checks=False)
