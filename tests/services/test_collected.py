"""What came in by channel: money apart from bills, what was taken back not counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huikuan.core.channels import Channel
from huikuan.core.notes import Settles
from huikuan.queries.collected import collected
from huikuan.queries.frame import Frame, frame_at
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger, entry_of_receipt
from tests.services.test_notes import MATURES, steps, take

pytestmark = pytest.mark.practice("E1")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def frame_of(ledger: Ledger, **more: object) -> Frame:
    return frame_at(now=NOW, entity_ids=(ledger.entity_id,), **more)  # type: ignore[arg-type]


def test_by_channel_and_currency_without_what_was_taken_back(ledger: Ledger) -> None:
    ledger.rate("USD", "7")
    frame = frame_of(ledger)
    assert collected(frame, DAY, DAY) == []
    ledger.receipt(100, channel=Channel.TRANSFER)
    ledger.receipt(250, channel=Channel.TRANSFER, customer=None)
    ledger.receipt(40)
    ledger.receipt(70, "USD", channel=Channel.CARD)
    ledger.receipt(9, channel=Channel.CARD, on=DAY - timedelta(days=1))
    take(ledger, 1_000, settles=Settles.AT_ONCE)
    take(ledger, 5_000, settles=Settles.AT_MATURITY)  # settles nothing yet: no receipt
    bounced = ledger.receipt(800, channel=Channel.CHEQUE)
    later = DAY + timedelta(days=1)
    ledger.reverse(entry_of_receipt(bounced), on=later)
    found = {(line.currency, line.channel): (line.receipts, line.amount_minor) for line in collected(frame, DAY, DAY)}
    own = ledger.currency
    assert found == {
        (own, "transfer"): (2, 350),
        (own, ""): (1, 40),
        (own, "note"): (1, 1_000),
        ("USD", "card"): (1, 70),
    }
    order = [(line.currency, line.channel) for line in collected(frame, DAY, DAY)]
    assert order == [(own, "transfer"), (own, ""), (own, "note"), ("USD", "card")]
    assert [line.is_bill for line in collected(frame, DAY, DAY)] == [False, False, True, False]
    # On the day itself nobody knew that the cheque would bounce.
    that_day = {line.channel: line.amount_minor for line in collected(frame_of(ledger, as_of=DAY), DAY, DAY)}
    assert that_day["cheque"] == 800


@pytest.mark.parametrize("settles", list(Settles))
def test_a_bill_is_money_when_it_is_paid(ledger: Ledger, settles: Settles) -> None:
    note = take(ledger, 1_000_00, settles=settles)
    taken = [(line.channel, line.is_bill) for line in collected(frame_of(ledger), DAY, DAY)]
    assert taken == ([("note", True)] if settles is Settles.AT_ONCE else [])
    steps(ledger, note)("pay")
    [paid] = collected(frame_of(ledger), MATURES, MATURES)
    assert (paid.channel, paid.is_bill, paid.amount_minor) == ("note_paid", False, 1_000_00)
