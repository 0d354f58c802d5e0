"""Settlement agreements: debts that end without money, because three parties or more give up what goes round between
them (抹账), or because a thing is taken for them (以物抵债).

All pure. Amounts are positive minor units of one currency where nothing else is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from huikuan.core.accounts import LedgerAccount
from huikuan.core.applications import OpenRow, settlement_legs
from huikuan.core.journal import PostingDraft
from huikuan.core.money import share, split
from huikuan.core.refusals import Conflict, Refusal


class AgreementKind(StrEnum):
    THREE_PARTY = "three_party"
    IN_KIND = "in_kind"


class AgreementState(StrEnum):
    """``posted``: the debts are closed; for a thing, title has passed. ``done``: its invoice is there too, and it is
    decided what becomes of the rest of the debt."""

    PROPOSED = "proposed"
    SIGNED = "signed"
    POSTED = "posted"
    DONE = "done"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"


LIVE = (AgreementState.PROPOSED, AgreementState.SIGNED)
"""States in which an agreement still holds its items for itself."""
STANDING = (AgreementState.POSTED, AgreementState.DONE)


class AgreementStep(StrEnum):
    """What happens to an agreement; only ever added."""

    SIGNED = "signed"
    """By one party, with the paper that proves it."""
    VALUED = "valued"
    POSTED = "posted"
    INVOICED = "invoiced"
    KEPT = "kept"
    """The rest of the debt stays open."""
    LOST = "lost"
    """The rest of the debt is a loss."""
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"


class ThingKind(StrEnum):
    """What is taken for a debt."""

    GOODS = "goods"
    EQUIPMENT = "equipment"
    VEHICLE = "vehicle"
    REAL_ESTATE = "real_estate"
    SECURITIES = "securities"
    OTHER = "other"


class PartyKind(StrEnum):
    ENTITY = "entity"
    CUSTOMER = "customer"
    OTHER = "other"
    """Somebody outside this ledger, a supplier for one."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who takes part. ``number`` is the entity's or the customer's; nobody else has one."""

    kind: PartyKind
    name: str
    number: int = 0

    @property
    def key(self) -> tuple[PartyKind, int, str]:
        """What makes two parties the same: the number where there is one, else the name."""
        return self.kind, self.number, "" if self.number else self.name.casefold()


@dataclass(frozen=True, slots=True)
class Claim:
    """``owed_by`` owes ``owed_to`` so much, and under the agreement owes it no more."""

    owed_by: Party
    owed_to: Party
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Outside:
    """A claim of which one side is ours and the other stands outside this ledger: positive where we owed it, negative
    where it was owed to us. ``account_id``: the customer account of the other side, where it has one with us."""

    amount_minor: int
    account_id: int | None = None


def parties_of(claims: Iterable[Claim]) -> list[Party]:
    """Everybody who takes part, in the order named."""
    found: dict[tuple[PartyKind, int, str], Party] = {}
    for claim in claims:
        found.setdefault(claim.owed_by.key, claim.owed_by)
        found.setdefault(claim.owed_to.key, claim.owed_to)
    return list(found.values())


def check_balanced(claims: Sequence[Claim]) -> None:
    """Each party must be released from as much as it gives up: then nobody gains and nobody loses.

    A owes us 100, we owe B 100, B owes A 100: everybody gives up 100 and is released from 100. Refuses
    ``agreement.amount``, ``agreement.own_debt``, ``agreement.too_few``, ``agreement.none_of_ours`` and
    ``agreement.unbalanced``, which names the first party that does not balance.
    """
    for claim in claims:
        if claim.amount_minor <= 0:
            raise Refusal("agreement.amount", "each debt of the agreement must be more than nothing")
        if claim.owed_by.key == claim.owed_to.key:
            raise Refusal("agreement.own_debt", "{name} cannot owe itself", name=claim.owed_by.name)
    parties = parties_of(claims)
    if len(parties) < 3:
        raise Refusal("agreement.too_few", "such a settlement takes three parties or more: between two it is an offset")
    if not any(party.kind == PartyKind.ENTITY for party in parties):
        raise Refusal("agreement.none_of_ours", "none of the parties is one of our legal entities")
    given: dict[tuple[PartyKind, int, str], int] = defaultdict(int)
    released = given.copy()
    for claim in claims:
        given[claim.owed_to.key] += claim.amount_minor
        released[claim.owed_by.key] += claim.amount_minor
    for party in parties:
        if given[party.key] != released[party.key]:
            raise Refusal(
                "agreement.unbalanced",
                "{name} would give up {given} and be released from {released}: these must be the same",
                name=party.name,
                given=given[party.key],
                released=released[party.key],
            )


def check_line(row: OpenRow, amount_minor: int, taken_minor: int, document: str) -> None:
    """``amount_minor`` (with the item's sign) of an item must be open and not be held by anything else: ``taken_minor``
    of it is covered by bills or named in other agreements.

    Refuses ``application.over_applied`` and ``agreement.held``.
    """
    if not amount_minor or (amount_minor > 0) != (row.open_minor > 0) or abs(amount_minor) > abs(row.open_minor):
        raise Refusal(
            "application.over_applied",
            "{amount} is more than the {open} still open on the item",
            amount=abs(amount_minor),
            open=abs(row.open_minor),
            item_id=row.item_id,
            currency=row.currency,
        )
    available = abs(row.open_minor) - taken_minor
    if abs(amount_minor) > available:
        raise Refusal(
            "agreement.held",
            "only {available} of {document} is free: a bill or another agreement covers the rest",
            available=max(available, 0),
            document=document,
            currency=row.currency,
        )


def entity_legs(
    lines: Sequence[tuple[OpenRow, int]],
    outside: Sequence[Outside],
    currency: str,
    to_base: Callable[[int], int],
) -> tuple[PostingDraft, ...]:
    """What one of our entities posts for an agreement of several parties: its customers' items go, and what it owed (or
    was owed) outside this ledger goes against ``payables``, a leg for each party.

    The outside legs take the value at which the items stand in the books (of those given up first); an entity with no
    item in it uses ``to_base``. What two sides with items differ by is an exchange difference. ``lines``: items with
    the amounts settled, each with its item's sign.
    """
    items = [leg for row, amount in lines for leg in settlement_legs(row, amount, LedgerAccount.PAYABLES)[:1]]
    given = [-leg.amount_minor for leg in items if leg.amount_minor < 0]
    given_base = -sum(leg.base_minor for leg in items if leg.amount_minor < 0)
    freed = [leg.amount_minor for leg in items if leg.amount_minor > 0]
    freed_base = sum(leg.base_minor for leg in items if leg.amount_minor > 0)
    total = sum(freed) + sum(one.amount_minor for one in outside if one.amount_minor > 0)
    if given:
        valued, base = -1, share(given_base, total, sum(given))
    elif freed:
        valued, base = 1, share(freed_base, total, sum(freed))
    else:
        valued, base = 0, to_base(total)
    legs = list(items)
    for sign, own_base in ((1, freed_base), (-1, given_base)):
        ours = [one for one in outside if one.amount_minor * sign > 0]
        if not ours:
            continue
        weights = [abs(one.amount_minor) for one in ours]
        rest = base - own_base if sign == valued else share(base, sum(weights), total)
        for one, part in zip(ours, split(rest, weights), strict=True):
            legs.append(PostingDraft(LedgerAccount.PAYABLES, currency, one.amount_minor, sign * part, one.account_id))
    difference = sum(leg.base_minor for leg in legs)
    if difference:
        account_id = legs[0].account_id
        legs.append(PostingDraft(LedgerAccount.EXCHANGE_DIFFERENCE, currency, 0, -difference, account_id))
    return tuple(legs)


def kind_legs(lines: Sequence[tuple[OpenRow, int]]) -> tuple[PostingDraft, ...]:
    """A thing was taken for (part of) items: they go against ``assets_received``, from which the general ledger takes
    the thing to where it belongs, and its input tax apart, when its invoice is there."""
    return tuple(leg for row, amount in lines for leg in settlement_legs(row, amount, LedgerAccount.ASSETS_RECEIVED))


def loss_legs(lines: Sequence[tuple[OpenRow, int]]) -> tuple[PostingDraft, ...]:
    """What the thing did not cover and nobody will pay: written off."""
    return tuple(leg for row, amount in lines for leg in settlement_legs(row, amount, LedgerAccount.BAD_DEBT))


def spread_price(price_minor: int, debts: Sequence[tuple[OpenRow, int]]) -> list[int]:
    """How much of each debt the price of a thing closes: the oldest due first, in the order in which the debts came.

    Price 80,000.00 for debts of 50,000.00 (due in March) and 50,000.00 (due in April): 50,000.00 and 30,000.00. Refuses
    ``agreement.price`` and ``agreement.over_debt``.
    """
    if price_minor <= 0:
        raise Refusal("agreement.price", "say for how much the thing is taken")
    total = sum(amount for _, amount in debts)
    if price_minor > total:
        raise Refusal(
            "agreement.over_debt",
            "{amount} is more than the {open} of debt it is taken for",
            amount=price_minor,
            open=total,
        )
    order = sorted(
        range(len(debts)),
        key=lambda n: (debts[n][0].due_date, debts[n][0].document_date, debts[n][0].item_id),
    )
    parts = [0] * len(debts)
    for index in order:
        parts[index] = min(price_minor, debts[index][1])
        price_minor -= parts[index]
    return parts


def check_valuation(price_minor: int, valued_minor: int | None) -> None:
    """A thing closes no more debt than it was valued at: what is given up beyond is a loss, and decided as one.

    Refuses ``agreement.not_valued`` and ``agreement.above_valuation``.
    """
    if valued_minor is None:
        raise Refusal("agreement.not_valued", "say at how much the thing was valued, by whom and when")
    if price_minor > valued_minor:
        raise Refusal(
            "agreement.above_valuation",
            "{amount} is more than the {valued} it was valued at: agree on less, and decide on the rest as a loss",
            amount=price_minor,
            valued=valued_minor,
        )


def check_state(state: AgreementState, allowed: Iterable[AgreementState]) -> None:
    """Refuses ``agreement.state`` (a conflict) where an agreement has moved on, or not come so far."""
    if state not in tuple(allowed):
        raise Conflict("agreement.state", "the agreement has moved on meanwhile, or has not come so far")
