"""What may be decided about a bank line, and how an explanation becomes postings: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from huikuan.core.refusals import Refusal


class Deed(StrEnum):
    """What was done with a line."""

    APPLY = "apply"
    """Money applied to items; what is left stays unapplied, goes on account or stays to be decided."""
    ON_ACCOUNT = "on_account"
    """The customer's money, kept as an advance."""
    UNAPPLIED = "unapplied"
    """The customer's money, not applied for now."""
    NOT_CUSTOMER = "not_customer"
    """Not a customer's money: it stays in suspense under its class."""
    UNDO = "undo"


class Rest(StrEnum):
    """What becomes of money that is not applied."""

    UNAPPLIED = "unapplied"
    ON_ACCOUNT = "on_account"
    OPEN = "open"
    """The line stays on the workbench with what is left."""


class NotCustomers(StrEnum):
    """Whose money it is when it is no customer's."""

    INTEREST = "interest"
    TAX_REFUND = "tax_refund"
    OWN_TRANSFER = "own_transfer"
    LOAN = "loan"
    PLATFORM_PAYOUT = "platform_payout"
    SUPPLIER_REFUND = "supplier_refund"
    OTHER = "other"


class How(StrEnum):
    """How a deduction is posted."""

    DISCOUNT = "discount"
    WRITE_OFF = "write_off"
    CASE = "case"
    """It stays open on the item, as a short payment with a reason and an owner."""


@dataclass(frozen=True, slots=True)
class Leg:
    """What of the line's money goes to an item (credits negative), and what the payer kept of it, why. Minor units of
    the line's currency. ``open_minor``: what was open on the item when it was proposed."""

    item_id: int
    account_id: int
    minor: int
    deduction_minor: int = 0
    deduction_reason: str = ""
    open_minor: int = 0

    @property
    def kept_minor(self) -> int:
        """What the payer kept of the item. Money over it is no deduction: it stays with the customer."""
        return 0 if self.deduction_reason == "overpayment" else self.deduction_minor


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a field of the line that were recognised, and as what."""

    field: str
    start: int
    stop: int
    kind: str
    recognised: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One way to understand a line, as the matcher ranked it. ``reason``: by language (``en``, ``zh``).
    ``ambiguous``: how many other combinations fit as well. ``back``: of the first, its degree of doubt in the order of
    the bar (0: everything named, to the cent)."""

    rank: int
    kind: str
    confidence: float
    account_id: int | None
    legs: tuple[Leg, ...] = ()
    unapplied_minor: int = 0
    ambiguous: int = 0
    reason: dict[str, str] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    back: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values; ``explanation_of`` reads it back."""
        return asdict(self)


def explanation_of(values: Mapping[str, Any]) -> Explanation:
    return Explanation(
        **{
            **values,
            "legs": tuple(Leg(**leg) for leg in values.get("legs", ())),
            "spans": tuple(Span(**span) for span in values.get("spans", ())),
        }
    )


@dataclass(frozen=True, slots=True)
class ItemNow:
    """An item as it stands when the decision is posted. ``discount_minor``: early-payment discount still allowed."""

    item_id: int
    account_id: int
    open_minor: int
    discount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Deduction:
    """What the payer kept of an item, and how it is posted."""

    item_id: int
    minor: int
    reason: str
    how: How


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be posted: credits used (credit item → its parts), money applied, deductions; ``rest_minor`` of the
    money is left. ``money``: item, amount, whether it takes its discount."""

    credits: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    money: tuple[tuple[int, int, bool], ...]
    deductions: tuple[Deduction, ...]
    rest_minor: int


NEEDS_A_PERSON = frozenset({"short_payment", "overpayment"})
"""Deductions nobody agreed on: neither posted by itself nor accepted with many others."""
SMALL = ("bank_charge", "exchange")
"""Deductions that a policy may write off when they are small."""


def decide_plan(
    available_minor: int,
    legs: Sequence[Leg],
    items: Mapping[int, ItemNow],
    *,
    charge_minor_max: int = 0,
    charge_bp_max: int = 0,
) -> Plan:
    """How legs become postings. Credits are used up against the items in their order, money pays what is left of them.

    A discount is posted as such when it is just what is allowed, a bank's charge is written off when it is small, every
    other deduction stays open as a case. Refuses ``match.nothing``, ``match.item_twice``, ``match.over_item``,
    ``match.over_line`` and ``match.credit_unused``.
    """
    if not legs:
        raise Refusal("match.nothing", "There is nothing to apply.")
    if len({leg.item_id for leg in legs}) < len(legs):
        raise Refusal("match.item_twice", "An item is named twice: add up its amounts.")
    credit = [leg for leg in legs if leg.minor < 0]
    owed = [leg for leg in legs if leg.minor > 0]
    for leg in legs:
        now = items[leg.item_id]
        if abs(leg.minor) + leg.kept_minor > abs(now.open_minor) or leg.minor * now.open_minor <= 0:
            raise Refusal("match.over_item", "That is more than is still open on an item; it was used meanwhile.")
    needed = {leg.item_id: leg.minor for leg in owed}
    used = tuple((leg.item_id, _use(-leg.minor, needed)) for leg in credit)
    spent = sum(needed.values())
    if spent > available_minor:
        raise Refusal("match.over_line", "That is more than is left of the line's money.")
    deductions = [_deduction(leg, items[leg.item_id], charge_minor_max, charge_bp_max) for leg in owed]
    discounted = {one.item_id for one in deductions if one is not None and one.how == How.DISCOUNT}
    return Plan(
        credits=used,
        money=tuple((number, minor, number in discounted) for number, minor in needed.items() if minor),
        deductions=tuple(one for one in deductions if one is not None),
        rest_minor=available_minor - spent,
    )


def _use(credit_minor: int, needed: dict[int, int]) -> tuple[tuple[int, int], ...]:
    parts = []
    for item_id, minor in needed.items():
        part = min(credit_minor, minor)
        if part:
            parts.append((item_id, part))
            needed[item_id] = minor - part
            credit_minor -= part
    if credit_minor:
        raise Refusal("match.credit_unused", "The credits are more than the items they are used for.")
    return tuple(parts)


def _deduction(leg: Leg, now: ItemNow, minor_max: int, bp_max: int) -> Deduction | None:
    if leg.kept_minor <= 0:
        return None
    how = How.CASE
    # What money pays must remain: the discount is posted together with it.
    if leg.deduction_reason == "early_payment_discount" and leg.deduction_minor == now.discount_minor:
        how = How.DISCOUNT
    elif leg.deduction_reason in SMALL and leg.deduction_minor <= minor_max:
        how = How.WRITE_OFF if leg.deduction_minor * 10_000 <= bp_max * (leg.minor + leg.deduction_minor) else How.CASE
    return Deduction(leg.item_id, leg.deduction_minor, leg.deduction_reason or "unstated", how)
