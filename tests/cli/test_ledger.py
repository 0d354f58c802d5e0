"""``huikuan ledger``: posting from the shell."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from huikuan.cli.main import group
from huikuan.store.models import OpenItemBalance, ReceiptBalance
from tests.databases import LedgerDb
from tests.services.ledger import Ledger


@pytest.mark.practice("D2")
def test_money_is_applied_to_an_item_in_another_currency(sqlite_db: LedgerDb) -> None:
    books = Ledger()
    books.rate("USD", "7.20")
    books.rate("EUR", "7.80")
    item = books.item(400_00, "EUR", external_id="EU-1")
    receipt = books.receipt(550_00, "USD", external_id="USD-1")
    command = ["ledger", "apply", "USD-1", "--on", "2026-03-10", "--to"]
    refused = CliRunner().invoke(group, [*command, "EU-1=400.00"])
    assert refused.exit_code != 0
    done = CliRunner().invoke(group, [*command, "EU-1=400.00@440.00"])
    assert done.exit_code == 0, done.output
    assert OpenItemBalance.objects.get(item_id=item).open_minor == 0
    assert ReceiptBalance.objects.get(receipt_id=receipt).unapplied_minor == 110_00


@pytest.mark.practice("E1")
def test_a_receipt_bounces_and_stands_after_all(sqlite_db: LedgerDb) -> None:
    books = Ledger()
    item, receipt = books.item(100_00), books.receipt(100_00, external_id="R-7")
    books.apply(receipt, (item, 100_00))
    for command, left in (["bounce", "R-7", "--on", "2026-03-12"], 100_00), (["reinstate", "R-7", "--memo", "no"], 0):
        done = CliRunner().invoke(group, ["ledger", *command])
        assert done.exit_code == 0, done.output
        assert OpenItemBalance.objects.get(item_id=item).open_minor == left
    assert done.output.startswith("rcp_")
    assert CliRunner().invoke(group, ["ledger", "reinstate", "R-7"]).exit_code != 0
