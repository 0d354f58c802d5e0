"""Every table by its key, as addresses name it."""

from __future__ import annotations

from huikuan.web.tables.audit import AUDIT
from huikuan.web.tables.cash import CASH
from huikuan.web.tables.columns import Table
from huikuan.web.tables.customers import CUSTOMERS
from huikuan.web.tables.imports import IMPORTS, SETTLEMENTS
from huikuan.web.tables.items import ITEMS
from huikuan.web.tables.journal import JOURNAL

TABLES: dict[str, Table] = {
    table.key: table for table in (CUSTOMERS, ITEMS, CASH, JOURNAL, SETTLEMENTS, IMPORTS, AUDIT)
}
