"""Exports among random work: whenever and however often a month is exported, the files together are the journal."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from huikuan.core.accounts import LedgerAccount
from huikuan.core.gl import AccountRule
from huikuan.core.refusals import Refusal
from huikuan.queries.general_ledger import reconcile
from huikuan.services import general_ledger
from huikuan.store.models import GlExport, JournalEntry, Posting
from tests import databases
from tests.services.ledger import NOW
from tests.simulation.machine import Books

EVERY_ACCOUNT = [AccountRule(account.value, "", str(1000 + place)) for place, account in enumerate(LedgerAccount)]


class ExportingBooks(Books):
    """Books whose months are exported now and then, in the middle of everything."""

    @rule(month=st.integers(0, 3))
    def export(self, month: int) -> None:
        if getattr(self, "ledger", None) is not None:
            self.export_month(date(2026, 1 + month, 1))

    def export_month(self, month: date) -> None:
        entity_id = self.ledger.entity_id
        general_ledger.map_accounts(entity_id, EVERY_ACCOUNT, only_new=True, actor_id=None, now=NOW)
        with contextlib.suppress(Refusal):
            general_ledger.export_month(entity_id, month, format_code="csv", actor_id=None, now=NOW)

    def check_exports(self) -> None:
        """Everything is exported, and the lines of all vouchers are the postings, each once."""
        months = {day.replace(day=1) for day in JournalEntry.objects.values_list("posting_date", flat=True)}
        for month in months:
            self.export_month(month)
            self.export_month(month)
            result = reconcile(self.ledger.entity_id, month, "csv")
            assert result.is_equal and result.waiting == 0, month
        exported: Counter[tuple[str, str, int, int]] = Counter()
        for made in GlExport.objects.all():
            vouchers, entries = general_ledger._vouchers_of(made)
            assert entries == made.entries > 0
            for line in (line for voucher in vouchers for line in voucher.lines):
                exported[line.ledger_account, line.currency, line.amount_minor, line.base_minor] += 1
        legs = Posting.objects.exclude(amount_minor=0, base_minor=0)
        posted = Counter(legs.values_list("ledger_account", "currency", "amount_minor", "base_minor"))
        assert exported == posted
        assert sum(made.entries for made in GlExport.objects.all()) == JournalEntry.objects.count()


@pytest.mark.practice("D8", "K7")
@pytest.mark.parametrize("vendor", ["sqlite", "postgres"])
def test_the_union_of_exports_is_the_journal(vendor: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    count = iter(range(10**6))

    def fresh() -> contextlib.AbstractContextManager[databases.LedgerDb]:
        home = tmp_path / str(next(count))
        home.mkdir()
        if vendor == "sqlite":
            return databases.fresh_sqlite(request.getfixturevalue("sqlite_template"), home)
        return request.getfixturevalue("postgres").fresh(home)

    class OnAFreshDatabase(ExportingBooks):
        def __init__(self) -> None:
            super().__init__()
            self.stack = contextlib.ExitStack()
            self.stack.enter_context(fresh())

        def teardown(self) -> None:
            with self.stack:
                if getattr(self, "ledger", None) is not None:
                    self.check_exports()

    run_state_machine_as_test(
        OnAFreshDatabase,
        settings=settings(
            max_examples=4, stateful_step_count=20, database=None, deadline=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
        ),
    )  # fmt: skip
