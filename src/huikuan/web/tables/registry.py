"""Every table by its key, as addresses name it."""

from __future__ import annotations

from huikuan.web.tables.advices import ADVICES
from huikuan.web.tables.agreements import AGREEMENTS
from huikuan.web.tables.audit import AUDIT
from huikuan.web.tables.bank import LINES as BANK_LINES
from huikuan.web.tables.bank import STATEMENTS as BANK_STATEMENTS
from huikuan.web.tables.cash import CASH
from huikuan.web.tables.cash_slips import SLIPS
from huikuan.web.tables.columns import Table
from huikuan.web.tables.customers import CUSTOMERS
from huikuan.web.tables.debits import MANDATES, PAYMENTS, RUNS
from huikuan.web.tables.einvoices import EINVOICES
from huikuan.web.tables.imports import IMPORTS, SETTLEMENTS
from huikuan.web.tables.items import ITEMS
from huikuan.web.tables.journal import JOURNAL
from huikuan.web.tables.notes import NOTES
from huikuan.web.tables.people import PEOPLE
from huikuan.web.tables.shops import PAYOUTS, SHOPS
from huikuan.web.tables.short_payments import SHORT_PAYMENTS

TABLES: dict[str, Table] = {
    table.key: table
    for table in (
        CUSTOMERS,
        ITEMS,
        CASH,
        NOTES,
        SLIPS,
        RUNS,
        PAYMENTS,
        MANDATES,
        SHOPS,
        PAYOUTS,
        AGREEMENTS,
        SHORT_PAYMENTS,
        JOURNAL,
        SETTLEMENTS,
        IMPORTS,
        EINVOICES,
        AUDIT,
        PEOPLE,
        BANK_STATEMENTS,
        BANK_LINES,
        ADVICES,
    )
}
