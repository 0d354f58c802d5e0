"""What is unusual in the facts of an ageing: accepted, counted as the rules say, and reported.

The ageing itself raises flags on its way over the rows; only where one is raised is looked closer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from huikuan.core.ageing import UNAPPLIED, AgeingQuestion, check_snapshot, start_of_day
from huikuan.core.refusals import BadData, DataError, DataWarning
from huikuan.engines.age_options import AgeingAnswer, AgeOptions
from huikuan.engines.age_relations import check_by, fetch, lacks_applications
from huikuan.engines.age_sql import (
    FLAGS,
    Facts,
    Relation,
    age_sql,
    fact_counts,
    fact_day,
    item_counts,
    item_day,
    wide_sql,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXAMPLES = 5
"""How many examples a warning names."""


def run_checked(con: DuckDBPyConnection, facts: Facts, options: AgeOptions) -> AgeingAnswer:
    """The ageing with its warnings. Refuses open amounts asked outside their snapshot (see
    ``core.ageing.check_snapshot``), unknown group columns, and with ``BadData`` currencies that do not fit."""
    check_by(facts, options)
    _check_snapshot(con, facts, options)
    facts = replace(facts, compare_currency=_several_currencies(con, facts))
    flagged = con.sql(age_sql(facts, replace(options, checks=True))).to_arrow_table()
    warnings = _warnings(con, facts, options, flagged)
    # Some rows of a checked ageing stand in it only for their flags.
    table = flagged.filter(_above_zero(flagged, "items")).drop_columns(list(FLAGS))
    if options.wide:
        con.register("aged_long", table)
        table = con.sql(wide_sql("aged_long", options, facts.amount_name, facts.amount_type)).to_arrow_table()
    return AgeingAnswer(table, warnings=warnings)


def _sum(column: Any) -> int:
    import pyarrow.compute as pc

    return pc.sum(column).as_py() or 0


def _above_zero(table: Any, column: str) -> Any:
    import pyarrow.compute as pc

    return pc.greater(table.column(column), 0)


def _warnings(con: DuckDBPyConnection, facts: Facts, options: AgeOptions, flagged: Any) -> list[DataError]:
    warnings: list[DataError] = []
    applied, receipts = facts.applications, facts.use
    if _sum(flagged.column("unmatched")) or _sum(flagged.column("unusual")):
        if applied is not None:
            if facts.compare_currency:
                _refuse_currencies(con, _item_currencies(facts, applied))
            warnings += _found(con, "applications", *_unknown_items(facts, applied, options))
            warnings += _found(con, "applications", *_before_item(facts, applied, options))
        if "settled_date" in facts.items.columns:
            warnings += _found(con, "items", *_settled_before_item(facts, options))
    if applied is not None and receipts is not None:
        _refuse_currencies(con, _receipt_currencies(facts, applied, receipts))
        warnings += _found(con, "applications", *_unknown_receipts(applied, receipts, options))
        warnings += _found(con, "applications", *_before_receipt(applied, receipts, options))
    return [*warnings, *_over_applied(flagged)]


def _over_applied(flagged: Any) -> list[DataError]:
    """Items applied by more than they amount to, and receipts by more than they hold; one example per group."""
    found: list[DataError] = []
    rows = flagged.select(["bucket", "over_applied", "over_example"]).filter(_above_zero(flagged, "over_applied"))
    for file, code, message, wanted in (
        ("items", "ageing.over_applied", _OVER, False),
        ("receipts", "ageing.receipt_over_used", _OVER_USED, True),
    ):
        cases = [row for row in rows.to_pylist() if (row["bucket"] == UNAPPLIED) is wanted]
        if count := sum(row["over_applied"] for row in cases):
            examples = sorted(str(row["over_example"]) for row in cases)[:EXAMPLES]
            found.append(_warning(file, code, message, count, examples))
    return found


_OVER_USED = "receipts applied to more than they hold, which show as a positive unapplied amount"
_UNKNOWN = "applications of items that are not among the items, which are left out"
_BEFORE = "applications dated before their item, which count from the item's day"
_SETTLED = "items settled before their own day, which count as settled from it"
_OVER = "items applied by more than they amount to, which show with the opposite sign"
_NO_RECEIPT = "applications of receipts that are not among the receipts"
_EARLY_USE = "applications dated before their receipt, whose use counts from the receipt's day"


def _warning(file: str, code: str, message: str, count: int, examples: Sequence[str] = ()) -> DataWarning:
    shown = ": " + ", ".join([*examples, *["..."] * (count > len(examples))]) if examples else ""
    return DataWarning(file, None, None, f"{message} ({count:,}){shown}", code)


def _found(con: DuckDBPyConnection, file: str, code: str, message: str, rows: str) -> list[DataError]:
    """A warning from a SELECT of one text column ``example`` per case; nothing where there are none."""
    found = fetch(con, f"SELECT example, count(*) OVER () FROM ({rows}) ORDER BY example LIMIT {EXAMPLES}")
    return [_warning(file, code, message, found[0][1], [str(example) for example, _ in found])] if found else []


def _unknown_items(facts: Facts, applied: Relation, options: AgeOptions) -> tuple[str, str, str]:
    rows = (
        f"SELECT a.item_id AS example FROM {applied.sql} AS a ANTI JOIN {facts.items.sql} AS i"
        f" ON a.item_id = i.item_id WHERE {fact_counts(applied, options, 'a')}"
    )
    return "ageing.unknown_item", _UNKNOWN, rows


def _before_item(facts: Facts, applied: Relation, options: AgeOptions) -> tuple[str, str, str]:
    when, owed = fact_day(applied, options.basis, "a"), item_day(facts.items, options.basis)
    rows = (
        f"SELECT concat(a.item_id, ' (', {when}, ' before ', {owed}, ')') AS example"
        f" FROM {applied.sql} AS a JOIN {facts.items.sql} AS i ON a.item_id = i.item_id"
        f" WHERE {when} < {owed} AND {fact_counts(applied, options, 'a')}"
    )
    return "ageing.application_before_item", _BEFORE, rows


def _settled_before_item(facts: Facts, options: AgeOptions) -> tuple[str, str, str]:
    day = item_day(facts.items, options.basis)
    rows = (
        f"SELECT concat(i.item_id, ' (', i.settled_date, ' before ', {day}, ')') AS example"
        f" FROM {facts.items.sql} AS i WHERE i.settled_date < {day} AND {item_counts(facts, options)}"
    )
    if facts.applications is not None:
        rows += f" AND {lacks_applications(facts.applications)}"
    return "ageing.settled_before_item", _SETTLED, rows


def _unknown_receipts(applied: Relation, receipts: Relation, options: AgeOptions) -> tuple[str, str, str]:
    rows = (
        f"SELECT a.receipt_id AS example FROM {applied.sql} AS a ANTI JOIN {receipts.sql} AS r"
        f" ON a.receipt_id = r.receipt_id WHERE a.receipt_id IS NOT NULL AND {fact_counts(applied, options, 'a')}"
    )
    return "ageing.unknown_receipt", _NO_RECEIPT, rows


def _before_receipt(applied: Relation, receipts: Relation, options: AgeOptions) -> tuple[str, str, str]:
    when, came = fact_day(applied, options.basis, "a"), fact_day(receipts, options.basis, "r")
    rows = (
        f"SELECT concat(a.receipt_id, ' (', {when}, ' before ', {came}, ')') AS example"
        f" FROM {applied.sql} AS a JOIN {receipts.sql} AS r ON a.receipt_id = r.receipt_id"
        f" WHERE {when} < {came} AND {fact_counts(applied, options, 'a')}"
    )
    return "ageing.application_before_receipt", _EARLY_USE, rows


def _several_currencies(con: DuckDBPyConnection, facts: Facts) -> bool:
    """Whether an application could be in another currency than its item."""
    applied = facts.applications
    if applied is None or "currency" not in applied.columns:
        return False
    found = fetch(
        con,
        f"SELECT DISTINCT currency FROM {facts.items.sql} UNION SELECT DISTINCT currency FROM {applied.sql}"
        " WHERE currency IS NOT NULL",
    )
    return len(found) > 1


def _item_currencies(facts: Facts, applied: Relation) -> str:
    return (
        "SELECT a.item_id AS id, a.currency AS theirs, i.currency AS its, 'item' AS what"
        f" FROM {applied.sql} AS a JOIN {facts.items.sql} AS i ON a.item_id = i.item_id"
        " WHERE a.currency <> i.currency"
    )


def _receipt_currencies(facts: Facts, applied: Relation, receipts: Relation) -> str:
    """An application states what it takes off an item, in the item's currency: what that used of a receipt in
    another currency cannot be known from the files."""
    return (
        "SELECT a.receipt_id AS id, i.currency AS theirs, r.currency AS its, 'receipt' AS what"
        f" FROM {applied.sql} AS a JOIN {receipts.sql} AS r ON a.receipt_id = r.receipt_id"
        f" JOIN {facts.items.sql} AS i ON a.item_id = i.item_id WHERE i.currency <> r.currency"
    )


def _refuse_currencies(con: DuckDBPyConnection, rows: str) -> None:
    """Refuses with ``BadData`` where a SELECT of applications in a currency that does not fit finds any."""
    found = fetch(con, f"SELECT *, count(*) OVER () FROM ({rows}) ORDER BY id LIMIT 1000")
    if not found:
        return
    errors = []
    for name, theirs, its, what, _ in found:
        reason = f"an application in {theirs} cannot count against {what} {name} in {its}"
        errors.append(DataError("applications", None, "currency", reason, "ageing.currency_mismatch", str(name)))
    raise BadData(errors, found[0][-1])


def _check_snapshot(con: DuckDBPyConnection, facts: Facts, options: AgeOptions) -> None:
    """Looks for stated open amounts that count only where the question would be refused because of them."""
    if "open_amount" not in facts.items.columns:
        return
    day = options.snapshot_date
    known_at = options.known_at
    early = known_at is not None and day is not None and known_at < start_of_day(day)
    if day is not None and options.as_of >= day and not early:
        return
    settled = " AND i.settled_date IS NULL" if "settled_date" in facts.items.columns else ""
    untold = f" AND {lacks_applications(facts.applications)}" if facts.applications is not None else ""
    used = fetch(con, f"SELECT 1 FROM {facts.items.sql} AS i WHERE i.open_amount IS NOT NULL{settled}{untold} LIMIT 1")
    question = AgeingQuestion(as_of=options.as_of, known_on=known_at, snapshot_date=day)
    check_snapshot(question, bool(used))
