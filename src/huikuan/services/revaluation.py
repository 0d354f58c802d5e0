"""Period-end exchange differences: open foreign-currency rows at the closing rate, taken back on the next day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection

from huikuan.core.accounts import CONTROL_ACCOUNTS, EntryKind, LedgerAccount
from huikuan.core.journal import EntryDraft, PostingDraft, reverse_draft
from huikuan.core.periods import month_end
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.services.writing import Unit


def revalue(entity_id: int, month: date, *, actor_id: int | None, now: datetime) -> list[int]:
    """Posts unrealised differences of a month end, one entry per currency, each with its reversal on the next day.

    The book value of what is open in a currency, with what was revalued for that day before, is compared with its
    value at the closing rate; the difference goes to ``exchange_unrealised`` against ``revaluation``, in base currency
    only. So a second run changes nothing, and one after a late entry or a corrected rate posts what is missing. Gives
    the entries' ids, reversals not counted. Refuses ``revaluation.period_closed`` and ``exchange.no_rate``.
    """
    day = month_end(month)

    def work() -> list[int]:
        demand(actor_id, Right.CLOSE_PERIOD, entity_id=entity_id)
        # Alone: two runs at once would each post the whole difference.
        books = open_books(entity_id, exclusive=True)
        for counted in (day, day + timedelta(days=1)):
            if books.posting_day(counted, may_post_soft_closed=True).is_late:
                raise Refusal("revaluation.period_closed", "{day} lies in a closed period", day=counted.isoformat())
        unit = Unit(entity_id, actor_id, now)
        ids = []
        for currency, amount, book in open_foreign(entity_id, books.currency, day):
            difference = books.to_base(amount, currency, day) - book
            if difference:
                ids.append(_add_pair(unit, currency, difference, day))
        unit.flush()
        record("revaluation.post", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"period:{day:%Y-%m}")
        return ids

    return run_in_transaction(work)


def _add_pair(unit: Unit, currency: str, difference: int, day: date) -> int:
    legs = (
        PostingDraft(LedgerAccount.REVALUATION, currency, 0, difference),
        PostingDraft(LedgerAccount.EXCHANGE_UNREALISED, currency, 0, -difference),
    )
    entry_id = unit.add_entry(EntryDraft(EntryKind.REVALUATION, day, day, legs))
    next_day = day + timedelta(days=1)
    unit.add_entry(reverse_draft(entry_id, legs, effective_date=next_day, posting_date=next_day))
    return entry_id


def open_foreign(entity_id: int, base: str, day: date) -> list[tuple[str, int, int]]:
    """Per foreign currency: open amount and its book value on the control accounts and by revaluation so far, by
    posting date up to ``day``."""
    accounts = [account.value for account in (*CONTROL_ACCOUNTS, LedgerAccount.REVALUATION)]
    marks = ", ".join(["%s"] * len(accounts))
    sql = (
        "SELECT p.currency, sum(p.amount_minor), sum(p.base_minor) FROM store_posting p"
        " JOIN store_journalentry e ON e.id = p.entry_id"
        f" WHERE e.entity_id = %s AND e.posting_date <= %s AND p.currency <> %s AND p.ledger_account IN ({marks})"
        " GROUP BY p.currency ORDER BY p.currency"
    )
    with connection.cursor() as cursor:
        day_value = day.isoformat() if connection.vendor == "sqlite" else day
        cursor.execute(sql, [entity_id, day_value, base, *accounts])
        return [(currency, int(amount), int(book)) for currency, amount, book in cursor.fetchall()]
