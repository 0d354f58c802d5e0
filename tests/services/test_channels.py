"""By which channel money came; money sent back to another than who paid."""

from __future__ import annotations

import pytest

from huikuan.core.approvals import ApprovalKind
from huikuan.core.channels import Channel, channel_of_line
from huikuan.core.rights import Role
from huikuan.queries.frame import frame_at
from huikuan.queries.receipts import receipts_by_channel
from huikuan.services.approvals import ApprovalNeeded, decide_approval, request_approval, set_ladder
from huikuan.services.receipts import refund_receipt
from huikuan.store.models import AuditEvent, ReceiptChannel, RoleGrant, User
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger

pytestmark = pytest.mark.practice("E1", "E8")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def person(ledger: Ledger, name: str, role: Role) -> int:
    user = User.objects.create_user(name, password="x" * 12)
    RoleGrant.objects.create(user=user, entity_id=ledger.entity_id, role=role.value, granted_at=NOW)
    return int(user.pk)


def test_the_channel_is_kept_where_it_is_said(ledger: Ledger) -> None:
    plain, card = ledger.receipt(100), ledger.receipt(100, channel=Channel.CARD)
    assert dict(ReceiptChannel.objects.values_list("receipt_id", "channel")) == {card: "card"}
    assert plain != card
    frame = frame_at(now=NOW, entity_ids=(ledger.entity_id,))
    assert receipts_by_channel(frame, Channel.CARD.value)["receipt_id"].to_pylist() == [card]
    assert receipts_by_channel(frame, Channel.NOTE.value).num_rows == 0


def test_another_payee_is_a_right_of_its_own_and_needs_a_reason(ledger: Ledger) -> None:
    clerk, cfo = person(ledger, "clerk", Role.AR_CLERK), person(ledger, "cfo", Role.CFO)
    receipt = ledger.receipt(100)
    with refused("refund.say_why"):
        ledger.refund(receipt, 10, other_payee=True)
    reason = "to Acme Holding: the customer was wound up"
    with refused("right.missing"):
        ledger.refund(receipt, 10, other_payee=True, memo=reason, actor_id=clerk)
    with refused("right.missing"):
        ledger.refund(receipt, 10, actor_id=cfo)
    ledger.refund(receipt, 10, other_payee=True, memo=reason, actor_id=cfo)
    ledger.refund(receipt, 10, actor_id=clerk)
    assert ledger.money_of(receipt) == (0, 80, 0)
    assert AuditEvent.objects.filter(code="receipt.refund_other", actor_id=cfo).count() == 1


def test_it_is_approved_like_any_other(ledger: Ledger) -> None:
    cfo, other = person(ledger, "cfo", Role.CFO), person(ledger, "other", Role.CFO)
    set_ladder(ledger.entity_id, ApprovalKind.REFUND, [(Role.CFO, 50)], actor_id=None, now=NOW)
    receipt = ledger.receipt(100)
    with pytest.raises(ApprovalNeeded) as needed:
        refund_receipt(ledger.entity_id, receipt, 60, on=DAY, memo="to Acme", other_payee=True, actor_id=cfo, now=NOW)
    number = request_approval(needed.value.proposal, actor_id=cfo, now=NOW)
    decide_approval(number, True, actor_id=other, now=NOW, today=DAY)
    assert ledger.money_of(receipt) == (0, 40, 0)


def test_a_bank_line_says_by_which_channel_its_money_came() -> None:
    """By the bank's own code, in whichever language the format speaks."""
    said = {
        "PMNT-RCDT-ESCT": Channel.TRANSFER,
        "PMNT-IDDT-ESDD": Channel.DIRECT_DEBIT,
        "PMNT-MCRD-POSP": Channel.CARD,
        "PMNT-RCHQ-CCHQ": Channel.CHEQUE,
        "PMNT-CNTR-CDPT": Channel.CASH,
        "NTRF-166": Channel.TRANSFER,
        "NDDT": Channel.DIRECT_DEBIT,
        "NCHK": Channel.CHEQUE,
        "CHECK": Channel.CHEQUE,
        "115": Channel.CHEQUE,
        "195": Channel.TRANSFER,
        "": Channel.TRANSFER,
    }
    assert {code: channel_of_line(code) for code in said} == said
    assert channel_of_line("", is_wallet=True) == Channel.E_PAYMENT
    assert channel_of_line("PMNT-RCDT", mandate_id="M1") == Channel.DIRECT_DEBIT
