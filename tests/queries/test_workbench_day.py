"""Today's work: what was decided, whose money it was."""

from __future__ import annotations

import pytest

from huikuan.queries.workbench_day import day_page
from tests.databases import LedgerDb
from tests.services.desk import Counter
from tests.services.ledger import NOW

pytestmark = pytest.mark.practice("E4")


def test_a_line_split_between_customers_names_them_all(sqlite_db: LedgerDb) -> None:
    desk = Counter.open()
    mine, theirs = desk.books.item(70_00), desk.books.item(30_00, customer="C2")
    desk.apply(desk.line("100.00"), desk.leg(mine, 70_00), desk.leg(theirs, 30_00))
    [told] = day_page(desk.books.entity_id, show="all", page=1, size=10, now=NOW).rows
    assert (told.customers, told.customer) == (("Customer C1", "Customer C2"), "Customer C1 · Customer C2")
