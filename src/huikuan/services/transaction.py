"""One business transaction: atomic, retried where the database asks for it, with database refusals given a name."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from huikuan.core.refusals import Conflict, Refusal

T = TypeVar("T")

_RETRY_STATES = {"40P01", "40001"}  # deadlock detected, serialization failure
_ATTEMPTS = 8

_CONSTRAINTS: dict[str, tuple[str, str]] = {
    "item_balance_bounded": ("application.over_applied", "someone else used the item meanwhile; nothing was changed"),
    "receipt_balance_bounded": (
        "application.fund_exceeded",
        "someone else used the receipt meanwhile; nothing was changed",
    ),
    "item_identity": ("item.exists", "an item with this source, entity and external id exists"),
    "receipt_identity": ("receipt.exists", "a receipt with this source, entity and external id exists"),
    "reverses_id": ("entry.already_reversed", "this entry has been reversed already"),
    "idempotency_once": ("idempotency.in_flight", "the same request is being carried out right now"),
    "customer_ref_identity": ("customer.exists", "someone else has just added this customer"),
    "account_once": ("account.exists", "the customer has an account with this entity"),
    "store_entity_code": ("entity.exists", "an entity with this code exists"),
    "match_learned_once": ("match.learned_meanwhile", "someone else has just taught the matcher the same"),
    "remittance_advice_once": ("remittance.kept", "someone else has just handed in this advice"),
    "bank_line_receipt_once": ("bank_line.taken", "someone else has just said of which line this receipt is"),
    "bank_account_once": ("bank_account.added", "someone else has just added this account"),
}
_FOUND_NEXT_TIME = {"idempotency.in_flight", "customer.exists", "match.learned_meanwhile", "remittance.kept"}
_FOUND_NEXT_TIME |= {"bank_line.taken", "bank_account.added"}
"""The twin of this request has just finished: the next try finds what it made."""


def run_in_transaction(work: Callable[[], T]) -> T:
    """Runs ``work`` in one transaction; a deadlock or a busy database is tried again, a constraint becomes a refusal.

    ``work`` may run several times and must take everything it decides on from the database.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic():
                return work()
        except IntegrityError as error:
            named = _named(error)
            if isinstance(named, Conflict) and named.code in _FOUND_NEXT_TIME and attempt < _ATTEMPTS - 1:
                continue
            if named is error:
                raise _without_row(error) from None
            raise named from error
        except OperationalError as error:
            if connection.in_atomic_block or not _is_passing(error) or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - spreads retries, guards nothing
    raise AssertionError("unreachable")


def _is_passing(error: DatabaseError) -> bool:
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    return state in _RETRY_STATES or "database is locked" in str(error)


def _named(error: IntegrityError) -> Refusal | IntegrityError:
    diagnosis = getattr(error.__cause__, "diag", None)
    # PostgreSQL's sentence quotes the row, where anything may stand.
    text = str(error) if diagnosis is None else str(diagnosis.constraint_name)
    for name, (code, message) in _CONSTRAINTS.items():
        if name in text or _sqlite_columns(name) in text:
            return Conflict(code, message)
    return error


def _without_row(error: IntegrityError) -> IntegrityError:
    """An error nobody expected, as it may stand in a log: which rule was broken, and not the row that broke it."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None:
        return error
    return IntegrityError(
        f"{diagnosis.sqlstate}: {diagnosis.constraint_name or diagnosis.column_name} of {diagnosis.table_name}"
    )


def _sqlite_columns(name: str) -> str:
    """SQLite names the columns of a broken unique constraint, not the constraint."""
    return {
        "item_identity": "store_openitem.external_id",
        "receipt_identity": "store_receipt.external_id",
        "idempotency_once": "store_idempotencykey.key",
        "reverses_id": "store_journalentry.reverses_id",
        "customer_ref_identity": "store_customerref.external_id",
        "account_once": "store_customeraccount.customer_id",
        "store_entity_code": "store_entity.code",
    }.get(name, name)
