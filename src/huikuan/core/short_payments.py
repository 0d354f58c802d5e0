"""Short payments: when an item that was paid counts as paid short, for which reasons, and how such a case goes on.

A case is open until somebody accepts it (the customer need not pay) or rejects it (it must); a rejected one may still
be accepted. It is paid when money settles the item after all, and withdrawn when the payment it came from is undone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Role

SHARE_BP = 1_000
"""Usual limit of what becomes a case by itself: a rest of a tenth of the item. More is a part payment."""
SHARE_BP_MAX = 5_000
REASONS_MAX = 30
DAYS_MAX = 120
NOTE_MAX = 500
_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")


class ShortPaymentState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    """The customer need not pay it: written off, or a credit memo is due."""
    REJECTED = "rejected"
    """The customer was told that it owes it."""
    PAID = "paid"
    WITHDRAWN = "withdrawn"
    """The payment it came from was undone."""


LIVE = (ShortPaymentState.OPEN, ShortPaymentState.REJECTED)
"""States in which the item is still watched; an item has one such case at most."""


class Outcome(StrEnum):
    """How an accepted case leaves the books."""

    WRITE_OFF = "write_off"
    CREDIT_MEMO = "credit_memo"
    """A credit memo is to come; the case is settled when it is applied."""


@dataclass(frozen=True, slots=True)
class ShortReason:
    """A reason for holding money back: the role it falls to, and within how many working days it is decided.

    ``name`` is empty for the reasons the product brings.
    """

    code: str
    owner_role: Role
    days: int
    name: str = ""
    is_active: bool = True


UNSTATED = "unstated"
DEFAULT_REASONS: tuple[ShortReason, ...] = (
    ShortReason(UNSTATED, Role.COLLECTOR, 3),
    ShortReason("price", Role.SALES_REP, 7),
    ShortReason("quantity", Role.SALES_REP, 7),
    ShortReason("quality", Role.SALES_REP, 10),
    ShortReason("discount", Role.COLLECTOR, 5),
    ShortReason("rebate", Role.SALES_MANAGER, 10),
    ShortReason("bank_charge", Role.COLLECTOR, 3),
    ShortReason("freight", Role.SALES_REP, 7),
    ShortReason("tax", Role.AR_CLERK, 10),
    ShortReason("penalty", Role.SALES_MANAGER, 10),
    ShortReason("retention", Role.COLLECTOR, 20),
    ShortReason("other", Role.COLLECTOR, 7),
)
"""The reasons an entity starts with."""


def is_short(original_minor: int, open_minor: int, share_bp: int) -> bool:
    """Whether money that was named for an item left it short: something is open, and no more than ``share_bp``
    hundredths of a percent of the item.

    Worked example: of 25,097.98 came 24,596.02; open are 501.96, two percent: short. Had 12,500.00 come, the rest
    would be a part payment's.
    """
    return open_minor > 0 and open_minor * 10_000 <= original_minor * share_bp


def check_open(state: ShortPaymentState, *, rejected_too: bool = False) -> None:
    """Refuses ``short_payment.closed``: what was decided is decided."""
    if state == ShortPaymentState.OPEN or (rejected_too and state == ShortPaymentState.REJECTED):
        return
    raise Conflict("short_payment.closed", "This case has been decided already.")


def check_amount(amount_minor: int, open_minor: int) -> None:
    """Refuses ``short_payment.amount``: more than is open, or nothing."""
    if not 0 < amount_minor <= open_minor:
        raise Refusal(
            "short_payment.amount",
            "{amount} is not within the {open} still open on the item",
            amount=amount_minor,
            open=max(open_minor, 0),
        )


def check_reasons(reasons: Sequence[ShortReason], share_bp: int) -> None:
    """Refuses ``short_payment.bad_code``, ``short_payment.code_twice``, ``short_payment.no_name``,
    ``short_payment.bad_days``, ``short_payment.bad_share``, ``short_payment.too_many`` and
    ``short_payment.unstated_stays``."""
    known = {one.code for one in DEFAULT_REASONS}
    codes = [one.code for one in reasons]
    for one in reasons:
        if not _CODE.fullmatch(one.code):
            raise Refusal(
                "short_payment.bad_code", "{reason!r} is no code: small letters, digits, _", reason=one.code[:40]
            )
        if not one.name and one.code not in known:
            raise Refusal("short_payment.no_name", "The reason {reason} has no name.", reason=one.code)
        if not 0 <= one.days <= DAYS_MAX:
            raise Refusal("short_payment.bad_days", "A reason has 0 to {most} working days.", most=DAYS_MAX)
    if len(set(codes)) < len(codes):
        raise Refusal("short_payment.code_twice", "Two reasons have the same code.")
    if len(codes) > REASONS_MAX:
        raise Refusal("short_payment.too_many", "There are at most {most} reasons.", most=REASONS_MAX)
    if not any(one.code == UNSTATED and one.is_active for one in reasons):
        raise Refusal("short_payment.unstated_stays", "The reason for what nobody has explained yet must stay.")
    if not 0 <= share_bp <= SHARE_BP_MAX:
        most = SHARE_BP_MAX // 100
        raise Refusal("short_payment.bad_share", "The limit is between 0 and {most} %.", most=most)
