"""Settlement agreements in stories: a round of three, a thing taken for debts, and where they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from huikuan.core.agreements import Claim, Party, PartyKind, ThingKind
from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.money import parse_amount
from huikuan.services.agreements import (
    NewInKind,
    NewThreeParty,
    propose_in_kind,
    propose_three_party,
    sign_agreement,
    value_thing,
    withdraw_agreement,
)
from huikuan.services.agreements_posting import invoice_thing, keep_rest, lose_rest, post_agreement, undo_agreement
from huikuan.services.documents import add_document
from huikuan.store.models import CustomerAccount, OpenItem, SettlementAgreement

if TYPE_CHECKING:
    from tests.scenarios.runner import Step, Story

STEPS = {
    "propose the round",
    "take the thing",
    "all sign",
    "one signs",
    "value the thing",
    "post the agreement",
    "invoice of the thing",
    "keep the rest",
    "write the rest off",
    "withdraw the agreement",
    "take the agreement back",
}


def do(step: Step, what: str, name: str) -> None:
    """One row about an agreement; its number is kept as ``agreement NAME``."""
    story, ledger = step.story, step.ledger
    given: dict[str, Any] = {"on": step.day, **ledger.common}
    if what in ("propose the round", "take the thing"):
        story.documents[f"agreement {name}"] = propose(step, what, name)
        return
    row = SettlementAgreement.objects.get(id=story.documents[f"agreement {name}"])
    minor = 0 if step.row["amount"] in ("", "-", "—") else step.money()[0]
    paper = add_document(
        b"signed", "paper.txt", evidence_type=EvidenceType.CONTRACT,
        links=[(LinkKind.ACCOUNT, row.account_id)], **ledger.common,
    )  # fmt: skip
    if what in ("all sign", "one signs"):
        parties = list(row.parties.order_by("ordinal").values_list("ordinal", flat=True))
        sign_agreement(row.pk, parties if what == "all sign" else parties[:1], paper, **given)
    elif what == "value the thing":
        value_thing(row.pk, minor, "somebody", paper, **given)
    elif what == "post the agreement":
        post_agreement(row.pk, document_id=paper, **given)
    elif what == "invoice of the thing":
        invoice_thing(row.pk, "1", minor, paper, **given)
    elif what == "keep the rest":
        keep_rest(row.pk, **given)
    elif what == "write the rest off":
        lose_rest(row.pk, memo="nothing more to be had", **given)
    elif what == "withdraw the agreement":
        withdraw_agreement(row.pk, **given)
    else:
        undo_agreement(row.pk, memo="wrong", **given)


def propose(step: Step, what: str, name: str) -> int:
    """``to I-1 60.00 + I-2 40.00; through Paint`` is a round with Paint, to which we owe the row's amount."""
    ledger, lines, amount = step.ledger, tuple(step.lines()), step.money()[0]
    given: dict[str, Any] = {"on": step.day, **ledger.common}
    if what == "take the thing":
        new = NewInKind(ledger.entity_id, name, lines, amount, "a van", ThingKind.VEHICLE, "")
        return propose_in_kind(new, **given)
    found = re.search(r"through ([^;]+)", step.details)
    other = Party(PartyKind.OTHER, found[1] if found else "somebody")
    account = OpenItem.objects.get(id=lines[0][0]).account_id
    them = Party(PartyKind.CUSTOMER, "", CustomerAccount.objects.get(id=account).customer_id)
    us = Party(PartyKind.ENTITY, "", ledger.entity_id)
    owes = re.search(r"owes ([\d.,]+)", step.details)
    theirs = parse_amount(owes[1].replace(",", ""), ledger.currency) if owes else amount
    claims = (Claim(us, other, amount), Claim(other, them, theirs))
    return propose_three_party(NewThreeParty(ledger.entity_id, name, lines, claims), **given)


def standing(story: Story, table: Any) -> list[tuple[str, ...]]:
    """Where agreements stand."""
    names = [row["agreement"] for row in table.named()]
    rows = [SettlementAgreement.objects.get(id=story.documents[f"agreement {name}"]) for name in names]
    return [(name, row.state) for name, row in zip(names, rows, strict=True)]
