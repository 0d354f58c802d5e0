"""Closing a month: the points that are looked at before, computed ones and those a person ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from huikuan.core.refusals import Refusal

COMPUTED_POINTS = (
    "sealed",
    "control_accounts",
    "unidentified",
    "unapplied",
    "settlements",
    "imports",
    "rates",
    "revaluation",
    "gl_accounts",
    "gl_export",
)
MANUAL_POINTS = ("bank_statements", "source_feeds", "disputes", "bad_debts", "ageing")
MANDATORY_POINTS = frozenset({"sealed", "control_accounts"})
"""No reason overrides these: the books would be closed while they contradict themselves."""

UNAPPLIED_DAYS = 30
"""Money may lie unapplied so long before the list asks about it."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a month's list. ``count``: how much is still to do; ``names``: which (currencies, accounts);
    ``is_idle``: done because the month asks for nothing here."""

    code: str
    is_done: bool
    count: int = 0
    names: tuple[str, ...] = ()
    is_manual: bool = False
    marked_at: datetime | None = None
    marked_by: str = ""
    note: str = ""
    is_idle: bool = False


def open_points(points: Sequence[Point]) -> list[str]:
    return [point.code for point in points if not point.is_done]


def decide_close(points: Sequence[Point], month: date, reason: str) -> list[str]:
    """Whether a month may be closed for good: every point is done, or a reason is given for those that are not.

    Gives the points left open. Refuses ``closing.mandatory`` and ``closing.points_open``.
    """
    left = open_points(points)
    binding = [code for code in left if code in MANDATORY_POINTS]
    if binding:
        raise Refusal(
            "closing.mandatory", "{month} cannot be closed while this is open: {points}",
            month=f"{month:%Y-%m}", points=", ".join(binding),
        )  # fmt: skip
    if left and not reason.strip():
        raise Refusal(
            "closing.points_open", "{count} points of {month} are open: say why it is closed all the same",
            count=len(left), month=f"{month:%Y-%m}", points=", ".join(left),
        )  # fmt: skip
    return left
