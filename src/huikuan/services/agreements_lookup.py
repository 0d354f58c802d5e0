"""Finding what a person names on the command line: an agreement by its number, a party by its name."""

from __future__ import annotations

from dataclasses import dataclass

from huikuan.core.agreements import STANDING, AgreementState, AgreementStep, Party, PartyKind
from huikuan.core.money import to_decimal
from huikuan.core.refusals import Refusal
from huikuan.store.models import Customer, Entity, SettlementAgreement
from huikuan.store.public_ids import inner_id, public_id

_OVER = (AgreementState.UNDONE, AgreementState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class FoundAgreement:
    """An agreement; ``unsigned``: the parties, by their numbers within it, who have not signed."""

    number: int
    account_id: int
    currency: str
    unsigned: tuple[int, ...]


def find_agreement(text: str) -> FoundAgreement:
    """By opaque id, or by its number where one that stands bears it. Refuses ``agreement.unknown`` and
    ``agreement.ambiguous``."""
    inner = inner_id("agr", text)
    if inner is not None:
        rows = list(SettlementAgreement.objects.filter(id=inner))
    else:
        rows = list(SettlementAgreement.objects.filter(number=text).exclude(state__in=_OVER)[:2])
    if not rows:
        raise Refusal("agreement.unknown", "there is no such agreement")
    if len(rows) > 1:
        raise Refusal("agreement.ambiguous", "{text} fits several: use the opaque id", text=text)
    row = rows[0]
    signed = row.events.filter(step=AgreementStep.SIGNED).values("party_id")
    unsigned = row.parties.exclude(id__in=signed).order_by("ordinal").values_list("ordinal", flat=True)
    return FoundAgreement(row.pk, row.account_id, row.currency, tuple(unsigned))


def party_of(text: str) -> Party:
    """One of our entities by its code, a customer by its opaque id or its very name, else somebody outside."""
    text = " ".join(text.split())
    entity = Entity.objects.filter(code=text).first()
    if entity is not None:
        return Party(PartyKind.ENTITY, entity.name, entity.pk)
    number = inner_id("cus", text)
    found = Customer.objects.filter(id=number) if number is not None else Customer.objects.filter(name=text)
    customers = list(found[:2])
    if len(customers) == 1:
        return Party(PartyKind.CUSTOMER, customers[0].name, customers[0].pk)
    return Party(PartyKind.OTHER, text)


def listed(*, every: bool) -> list[list[str]]:
    """Agreements as lines of a table: number, state, amount, currency, customer, parties, opaque id."""
    found = SettlementAgreement.objects.select_related("account__customer").prefetch_related("parties").order_by("id")
    if not every:
        found = found.exclude(state__in=[*_OVER, *STANDING])
    return [
        [
            row.number,
            row.state,
            str(to_decimal(row.amount_minor, row.currency)),
            row.currency,
            row.account.customer.name,
            ", ".join(party.name for party in sorted(row.parties.all(), key=lambda one: one.ordinal)),
            public_id("agr", row.pk),
        ]
        for row in found
    ]
