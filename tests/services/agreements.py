"""Settlement agreements for tests: proposed, signed, and what refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from huikuan.core.agreements import AgreementState, Claim, Party, PartyKind
from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Role
from huikuan.services import verifying
from huikuan.services.agreements import NewThreeParty, propose_three_party, sign_agreement
from huikuan.services.approvals import ApprovalNeeded
from huikuan.services.documents import add_document
from huikuan.services.sealing import seal
from huikuan.store.models import CustomerAccount, RoleGrant, SettlementAgreement, User
from tests.services.ledger import DAY, NOW, Ledger

LATER = DAY + timedelta(days=5)
WHO: dict[str, Any] = {"actor_id": None, "now": NOW}
B = Party(PartyKind.OTHER, "Blue Paint Ltd")


def us(ledger: Ledger) -> Party:
    return Party(PartyKind.ENTITY, "", ledger.entity_id)


def them(ledger: Ledger, name: str = "C1") -> Party:
    return Party(PartyKind.CUSTOMER, "", CustomerAccount.objects.get(id=ledger.accounts[name]).customer_id)


def ring(ledger: Ledger, amount: int = 100_00) -> tuple[Claim, ...]:
    """We owe B, and B owes the customer."""
    return Claim(us(ledger), B, amount), Claim(B, them(ledger), amount)


def paper(ledger: Ledger, name: str = "C1") -> int:
    return add_document(
        b"signed and stamped", "agreement.txt", evidence_type=EvidenceType.CONTRACT,
        links=[(LinkKind.ACCOUNT, ledger.accounts[name])], **WHO,
    )  # fmt: skip


def propose(ledger: Ledger, *lines: tuple[int, int], claims: tuple[Claim, ...] | None = None, **more: Any) -> int:
    amount = sum(minor for _, minor in lines)
    new = NewThreeParty(ledger.entity_id, "M-1", lines, ring(ledger, amount) if claims is None else claims)
    return propose_three_party(replace(new, **more), on=DAY, **WHO)


def sign_all(ledger: Ledger, number: int, on: date = DAY) -> None:
    parties = SettlementAgreement.objects.get(id=number).parties.values_list("ordinal", flat=True)
    assert sign_agreement(number, list(parties), paper(ledger), on=on, **WHO) == AgreementState.SIGNED


def state_of(number: int) -> str:
    return SettlementAgreement.objects.get(id=number).state


def refuses(code: str, do: Any, *given: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        do(*given, **more)
    assert caught.value.code == code
    return caught.value


def proven() -> None:
    """The books prove themselves."""
    seal(now=NOW)
    assert [one.detail for one in verifying.verify().checks if not one.ok] == []


def person(name: str, *grants: tuple[int, Role]) -> int:
    user = User.objects.create_user(name, password="x" * 12)
    for entity_id, role in grants:
        RoleGrant.objects.create(user=user, entity_id=entity_id, role=role.value, reach="all", granted_at=NOW)
    return int(user.pk)


def asks_first(do: Any, *given: Any, **more: Any) -> ApprovalNeeded:
    with pytest.raises(ApprovalNeeded) as caught:
        do(*given, **more)
    return caught.value
