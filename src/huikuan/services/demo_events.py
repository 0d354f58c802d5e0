"""What can happen in the demo: one dataclass per kind of event, in the order in which a day's events are played.

A new kind of event is a dataclass here, a line in ``demo.HANDLERS`` that calls the service, and something in
``demo_fates`` that makes it happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from huikuan.core.accounts import Charge, EntryKind, ItemKind, LedgerAccount
from huikuan.core.applications import Order
from huikuan.core.periods import PeriodState


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``phase`` orders the events of one day: what comes in, what is done with it, what is taken back."""

    phase: ClassVar[int]
    entity: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemIn(Event):
    """A document comes in. ``ref`` is the plan's own name for it; ``number`` is given when all is in order."""

    phase: ClassVar[int] = 0
    ref: str
    customer: str
    kind: ItemKind
    currency: str
    amount_minor: int
    document_date: date
    due_date: date
    effective_date: date
    charge: Charge = Charge.PRINCIPAL
    discount_date: date | None = None
    discount_bp: int | None = None
    disputed: bool = False
    opening: bool = False
    contract_number: str = ""
    po_number: str = ""
    sales_rep: str = ""
    region: str = ""
    product: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptIn(Event):
    """Money comes in; ``payer`` is whose it is, ``is_known`` whether we see that at once. ``mentions``: the items
    the remittance text names."""

    phase: ClassVar[int] = 1
    ref: str
    payer: str
    is_known: bool
    currency: str
    amount_minor: int
    value_date: date
    mentions: tuple[str, ...] = ()
    number: str = ""
    remittance_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify(Event):
    phase: ClassVar[int] = 2
    receipt: str
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyCredit(Event):
    phase: ClassVar[int] = 3
    credit: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """So much of an item; ``paid_minor`` where the receipt's currency is another one."""

    item: str
    amount_minor: int
    take_discount: bool = False
    paid_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply(Event):
    """A receipt's money to the ``parts`` the customer named, or in ``order``."""

    phase: ClassVar[int] = 4
    receipt: str
    parts: tuple[Part, ...] = ()
    order: Order | None = None
    from_account: LedgerAccount = LedgerAccount.UNAPPLIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Event):
    """Write-off, offset or assignment of (part of) an item."""

    phase: ClassVar[int] = 5
    kind: EntryKind
    item: str
    amount_minor: int
    memo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover(Event):
    phase: ClassVar[int] = 6
    item: str
    receipt: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Park(Event):
    phase: ClassVar[int] = 7
    receipt: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Event):
    phase: ClassVar[int] = 8
    receipt: str
    amount_minor: int
    from_account: LedgerAccount = LedgerAccount.UNAPPLIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Unapply(Event):
    """The receipt's application is taken back: it went to the wrong item."""

    phase: ClassVar[int] = 9
    receipt: str
    memo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce(Event):
    """The bank takes the money back; what it paid is owed again."""

    phase: ClassVar[int] = 10
    receipt: str
    memo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revalue(Event):
    phase: ClassVar[int] = 11
    month: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePeriod(Event):
    phase: ClassVar[int] = 12
    month: date
    state: PeriodState


EVENT_KINDS: tuple[type[Event], ...] = (
    ItemIn,
    ReceiptIn,
    Identify,
    ApplyCredit,
    Apply,
    Settle,
    Recover,
    Park,
    Refund,
    Unapply,
    Bounce,
    Revalue,
    ClosePeriod,
)
