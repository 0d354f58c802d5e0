"""How long names and texts are kept: off by default, counted before, erased once, told in the log."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import override_settings

from huikuan.cli.schedule import schedule
from huikuan.core.keeping import Kept, erase_before, parse_keeping
from huikuan.jobs.registry import erase_old as job
from huikuan.services.keeping import erase_old
from huikuan.services.rights import Forbidden
from huikuan.store.models import (
    AuditEvent,
    BankAccount,
    BankLine,
    BankLineText,
    BankStatement,
    RemittanceAdvice,
    RemittanceAdviceRow,
    User,
)
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import Ledger

pytestmark = pytest.mark.practice("K6")
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WHO: dict[str, Any] = {"actor_id": None, "now": NOW}


@pytest.fixture
def entity_id(ledger_db: LedgerDb) -> int:
    """A line and an advice of 2024, and a line of last week."""
    entity_id = Ledger().entity_id
    account = BankAccount.objects.create(entity_id=entity_id, name="Main", number="1", currency="CNY", created_at=NOW)
    statement = BankStatement.objects.create(
        entity_id=entity_id, account=account, format="csv", file_name="x.csv", file_sha256="a" * 64, file_bytes=1,
        currency="CNY", lines_total=2, lines_new=2, in_minor=100, out_minor=0, imported_at=NOW,
    )  # fmt: skip
    for ordinal, day in ((1, date(2024, 1, 5)), (2, date(2026, 11, 15))):
        line = BankLine.objects.create(
            entity_id=entity_id, account=account, statement=statement, ordinal=ordinal, row=1, kind="interest",
            booking_date=day, value_date=day, amount_minor=-1, currency="CNY", fingerprint=f"f{ordinal}",
        )  # fmt: skip
        BankLineText.objects.create(line=line, payer_name="Li Hua", remittance_text="rent")
    advice = RemittanceAdvice.objects.create(
        entity_id=entity_id, file_name="a.csv", file_sha256="b" * 64, file_bytes=1, payer_name="Li Hua",
        received_at=datetime(2024, 1, 5, tzinfo=UTC),
    )  # fmt: skip
    RemittanceAdviceRow.objects.create(advice=advice, ordinal=1, document_number="I1", note="from Li Hua")
    return entity_id


def test_days_are_read_and_refused() -> None:
    assert parse_keeping(" bank_texts=1095, remittances = 400 ") == {Kept.BANK_TEXTS: 1095, Kept.REMITTANCES: 400}
    assert parse_keeping("") == {}
    assert erase_before(400, date(2026, 11, 22)) == date(2025, 10, 18)
    for code, text in (("unknown", "ledger=400"), ("bad_days", "bank_texts=ten"), ("too_short", "bank_texts=89")):
        with refused(f"keeping.{code}"):
            parse_keeping(text)


def test_counted_first_then_erased_once(entity_id: int) -> None:
    days = parse_keeping("bank_texts=400,remittances=400")
    counted = erase_old(days, dry_run=True, **WHO)
    told = [(one.kind.value, one.entity, one.count) for one in counted]
    assert told == [("bank_texts", "E1", 1), ("remittances", "E1", 1)]
    assert BankLineText.objects.filter(payer_name="Li Hua").count() == 2
    assert [one.count for one in erase_old({Kept.REMITTANCES: 400}, **WHO)] == [1]
    assert RemittanceAdviceRow.objects.get().note == "" and RemittanceAdviceRow.objects.get().document_number == "I1"
    assert [one.count for one in erase_old(days, **WHO)] == [1, 0]
    kept = BankLineText.objects.exclude(payer_name="")
    assert [text.line.booking_date for text in kept] == [date(2026, 11, 15)]
    assert [one.count for one in erase_old(days, **WHO)] == [0, 0]
    codes = set(AuditEvent.objects.values_list("code", flat=True))
    assert {"bank_line.erased", "remittance.erased"} <= codes


def test_the_job_does_nothing_unless_it_is_told_to(entity_id: int) -> None:
    assert job(NOW) is None
    assert BankLineText.objects.filter(payer_name="Li Hua").count() == 2
    with override_settings(KEEP_DAYS="bank_texts=400"):
        (said,) = job(NOW) or ()
        assert said.params["n"] == 1 and job(NOW) is None
    with override_settings(KEEP_DAYS="bank_texts=1"), refused("keeping.too_short"):
        job(NOW)


def test_in_the_shell_and_who_may(entity_id: int) -> None:
    def run(*given: str) -> str:
        result = CliRunner().invoke(schedule, ["erase", *given], catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    assert "nothing is erased" in run()
    # Whenever this is run, the line of 2024 is older and that of 2026 is not.
    days = (datetime.now(UTC).date() - date(2025, 12, 31)).days
    assert "1 would be erased" in run("--keep", f"bank_texts={days}", "--dry-run")
    assert "1 erased" in run("--keep", "remittances=400")
    clerk = User.objects.create_user("clerk", password="x" * 12)
    with pytest.raises(Forbidden):
        erase_old({Kept.BANK_TEXTS: 400}, actor_id=clerk.pk, now=NOW)
