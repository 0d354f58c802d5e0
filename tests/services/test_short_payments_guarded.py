"""Short payments: whom a case may fall to, and what an approval was given for."""

from __future__ import annotations

import pytest

from huikuan.core.approvals import ApprovalKind, ApprovalState
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Role
from huikuan.core.short_payments import Outcome
from huikuan.services import approvals, short_payments
from huikuan.services.approvals import ApprovalNeeded
from huikuan.services.customers import add_entity
from huikuan.store.models import ApprovalRequest, RoleGrant, User
from tests.services.ledger import DAY, NOW
from tests.services.test_short_payments import Desk, desk

__all__ = ["desk"]
pytestmark = pytest.mark.practice("E7")


def test_a_case_falls_to_nobody_who_could_not_see_to_it(desk: Desk) -> None:
    item, _, _ = desk.paid_short()
    stranger = User.objects.create_user("stranger").pk
    elsewhere = add_entity("E9", "Elsewhere", "EUR", actor_id=None, now=NOW)
    RoleGrant.objects.create(user_id=stranger, entity_id=elsewhere, role="collector", granted_at=NOW)
    before = desk.case().owner_id
    for owner in (stranger, desk.people["auditor"]):
        for deed in (
            lambda who: short_payments.change_short_payment(desk.case().pk, owner_id=who, **desk.by("collector")),
            lambda who: short_payments.open_short_payment(
                desk.books.entity_id, item, owner_id=who, **desk.by("collector")
            ),
        ):
            with pytest.raises(Refusal) as refusal:
                deed(owner)
            assert refusal.value.code == "short_payment.unknown_owner"
    assert desk.case().owner_id == before


def test_an_approval_is_for_no_more_than_was_asked(desk: Desk) -> None:
    entity = desk.books.entity_id
    approvals.set_ladder(entity, ApprovalKind.SHORT_PAYMENT, [(Role.CFO, 100_00)], **desk.by("cfo"))
    item, _, _ = desk.paid_short()
    short_payments.open_short_payment(entity, item, 200_00, **desk.by("collector"))
    with pytest.raises(ApprovalNeeded) as needed:
        short_payments.accept_short_payment(
            desk.case().pk, Outcome.CREDIT_MEMO, note="bonus", on=DAY, **desk.by("collector")
        )
    request = approvals.request_approval(needed.value.proposal, **desk.by("collector"))
    short_payments.open_short_payment(entity, item, 500_00, **desk.by("collector"))
    decide = {"actor_id": desk.people["cfo"], "now": NOW, "today": NOW.date()}
    with pytest.raises(Refusal) as refusal:
        approvals.decide_approval(request, True, **decide)
    assert refusal.value.code == "short_payment.grown"
    assert (desk.case().state, ApprovalRequest.objects.get().state) == ("open", ApprovalState.OPEN)
    short_payments.open_short_payment(entity, item, 150_00, **desk.by("collector"))
    approvals.decide_approval(request, True, **decide)
    assert (desk.case().state, desk.case().amount_minor) == ("accepted", 150_00)
