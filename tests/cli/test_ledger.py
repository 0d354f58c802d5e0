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
