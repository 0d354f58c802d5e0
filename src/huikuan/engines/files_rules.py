"""What must hold between the columns of a row, and the values that follow from others when a file leaves them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.refusals import DataError
from huikuan.engines.files_dates import start_of_day
from huikuan.engines.files_faults import Faults
from huikuan.engines.profiles import Profile
from huikuan.engines.schemas import AMOUNT, NEGATIVE_KINDS

Columns = dict[str, Any]

CURRENCY_OF_ANOTHER = frozenset({"applications"})
"""Kinds whose rows may name no currency: an application is in its item's."""


@dataclass(frozen=True, slots=True)
class Run:
    """What holds for a whole run: its profile, currency and snapshot date; ``heading`` gives a field's column."""

    profile: Profile
    currency: str | None
    snapshot_date: date | None
    heading: Callable[[str], str]


def apply_rules(kind: str, columns: Columns, raw: Columns, faults: Faults, run: Run) -> None:
    """Fills defaults and checks each row; ``columns`` is changed in place, ``raw`` is what the file says."""
    if "currency" in columns:
        _fill_currency(kind, columns, raw.get("currency"), faults, run)
    if kind == "items":
        _item_defaults(columns, faults, run)
        _item_signs(columns, faults, run)
        _item_checks(columns, faults, run)
    elif kind == "applications":
        columns["effective_date"] = pc.coalesce(columns["effective_date"], columns["posting_date"])
        columns["posting_date"] = pc.coalesce(columns["posting_date"], columns["effective_date"])
        _refuse_zero(columns, faults, run, "application.zero_amount", "an application of nothing")
    elif kind == "receipts":
        columns["posting_date"] = pc.coalesce(columns["posting_date"], columns["effective_date"])
        columns["effective_date"] = pc.coalesce(columns["effective_date"], columns["posting_date"])
        _refuse_zero(columns, faults, run, "receipt.zero_amount", "a receipt of nothing")
        negative = pc.less(columns["amount"], 0)
        reason = "the receipt is negative: it is read as money given back"
        faults.warn(negative, run.heading("amount"), "receipt.negative", reason, columns["amount"])
    elif kind == "customers":
        own = pc.equal(columns["parent_id"], columns["customer_id"])
        faults.refuse(own, run.heading("parent_id"), "customer.own_parent", "a customer cannot be its own parent")
    if "recorded_at" in columns:
        columns["recorded_at"] = pc.coalesce(columns["recorded_at"], start_of_day(columns["posting_date"]))


def _fill_currency(kind: str, columns: Columns, given: Any, faults: Faults, run: Run) -> None:
    filled = columns["currency"]
    if run.currency:
        filled = pc.coalesce(filled, pa.scalar(run.currency))
    elif filled.null_count and kind not in CURRENCY_OF_ANOTHER:
        reason = "the row names no currency and the run gives none"
        faults.refuse(
            pc.is_null(filled if given is None else given), run.heading("currency"), "currency.missing", reason
        )
    columns["currency"] = filled


def _refuse_zero(columns: Columns, faults: Faults, run: Run, code: str, what: str) -> None:
    zero = pc.equal(columns["amount"], 0)
    faults.refuse(zero, run.heading("amount"), code, f"the amount is zero: {what} is not booked")


def _item_defaults(columns: Columns, faults: Faults, run: Run) -> None:
    columns["kind"] = pc.coalesce(columns["kind"], pa.scalar("invoice"))
    columns["document_number"] = pc.coalesce(columns["document_number"], columns["item_id"])
    columns["posting_date"] = pc.coalesce(columns["posting_date"], columns["document_date"])
    columns["effective_date"] = pc.coalesce(columns["effective_date"], columns["document_date"])
    days = columns.pop("terms")
    if days.null_count < len(days):
        start = pc.cast(columns["document_date"], pa.int32())
        columns["due_date"] = pc.coalesce(columns["due_date"], pc.cast(pc.add(start, days), pa.date32()))


def _item_signs(columns: Columns, faults: Faults, run: Run) -> None:
    amount, kind = columns["amount"], columns["kind"]
    _refuse_zero(columns, faults, run, "item.zero_amount", "an item of nothing")
    credit = pc.is_in(kind, value_set=pa.array(NEGATIVE_KINDS))
    negative, positive = pc.less(amount, 0), pc.greater(amount, 0)
    wrong_credit = pc.fill_null(pc.and_(credit, positive), False)
    wrong_debit = pc.fill_null(pc.and_(pc.invert(credit), negative), False)
    column = run.heading("amount")
    if run.profile.negative_invoice == "credit_memo":
        turned = pc.and_(wrong_debit, pc.equal(kind, "invoice"))
        columns["kind"] = pc.if_else(turned, pa.scalar("credit_memo"), kind)
        wrong_debit = pc.and_not(wrong_debit, turned)
    reason = (
        "the amount is negative but the item is not a credit memo: give its kind, "
        "or use a profile with negative_invoice = credit_memo"
    )
    faults.refuse(wrong_debit, column, "item.negative", reason, amount)
    if run.profile.positive_credit == "negate":
        for name in ("amount", "open_amount"):
            turned_values = pc.cast(pc.negate(columns[name]), AMOUNT)
            columns[name] = pc.if_else(wrong_credit, turned_values, columns[name])
        return
    reason = (
        "a credit memo, deposit or payment on account must be negative, or use a profile with positive_credit = negate"
    )
    faults.refuse(wrong_credit, column, "item.positive_credit", reason, amount)


def _item_checks(columns: Columns, faults: Faults, run: Run) -> None:
    amount, opened, document = columns["amount"], columns["open_amount"], columns["document_date"]
    before = pc.less(columns["due_date"], document)
    reason = "the due date is before the document date"
    faults.warn(before, run.heading("due_date"), "item.due_before_document", reason, columns["due_date"])
    early = pc.less(columns["settled_date"], document)
    reason = "the item was settled before its document date"
    faults.warn(early, run.heading("settled_date"), "item.settled_before_document", reason, columns["settled_date"])
    if opened.null_count < len(opened):
        larger = pc.greater(pc.abs(opened), pc.abs(amount))
        against = pc.less(pc.multiply(pc.sign(opened), pc.sign(amount)), 0)
        reason = "the open amount does not lie between zero and the amount"
        faults.warn(pc.or_(larger, against), run.heading("open_amount"), "item.open_amount_outside", reason, opened)
    if run.snapshot_date is not None:
        after = pc.greater(columns["posting_date"], pa.scalar(run.snapshot_date))
        reason = f"the item is posted after the snapshot of {run.snapshot_date}"
        faults.warn(after, run.heading("posting_date"), "item.after_snapshot", reason, columns["posting_date"])
    _check_discount(columns["discount_percent"], faults, run)


def _check_discount(percent: Any, faults: Faults, run: Run) -> None:
    outside = pc.or_(pc.less(percent, 0), pc.greater(percent, 100))
    column = run.heading("discount_percent")
    faults.refuse(outside, column, "percent.outside", "the percentage is not 0 to 100", percent)
    largest = pc.max(percent).as_py()
    if largest is not None and 0 < largest < 1:
        # A spreadsheet keeps 2 % as 0.02.
        reason = "no percentage reaches 1: they are read as percent (0.02 is 0.02 %), not as parts of one"
        faults.warn(pc.greater(percent, 0), column, "percent.fractions", reason, percent)


def currency_fault(
    file: str, kind: str, run_currency: str | None, profile: Profile, has_column: bool
) -> DataError | None:
    """The reason why a file's amounts would have no currency, or two."""
    fixed = profile.constants.get("currency")
    if fixed and run_currency and run_currency != fixed:
        reason = f"the profile {profile.name} says {fixed}, the run {run_currency}"
        return DataError(file, None, "currency", reason, "currency.conflict")
    if not (has_column or fixed or run_currency or profile.currency or kind in CURRENCY_OF_ANOTHER):
        reason = "the file has no currency column: name its currency (--currency)"
        return DataError(file, None, "currency", reason, "currency.missing")
    return None
