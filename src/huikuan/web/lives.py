"""The life of an item or a receipt as a page shows it: the query's rows with their links."""

from __future__ import annotations

from dataclasses import dataclass

from huikuan.queries.lives import LifeRow
from huikuan.web.frames import Seat
from huikuan.web.tags import address


@dataclass(frozen=True, slots=True)
class LifeLine:
    """A posting with what it was set against. ``change_minor`` has the sign in which the object itself is counted."""

    row: LifeRow
    change_minor: int
    counterpart_label: str
    counterpart_href: str
    undo_href: str = ""


def life_line(seat: Seat, row: LifeRow, change_minor: int) -> LifeLine:
    other = row.counterpart
    if other is None:
        return LifeLine(row, change_minor, "", "")
    href = address(seat.kept, other.kind, other.public_id) if other.public_id else ""
    return LifeLine(row, change_minor, other.label, href)
