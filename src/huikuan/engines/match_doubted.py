"""Explanations of one line that rule one another out, or cast doubt on one another."""

from __future__ import annotations

from huikuan.engines.match_context import Context
from huikuan.engines.match_explanation import Explanation, Found
from huikuan.engines.match_fit import CLEAR, SAID

GUESSED = ("charge", "exchange", "short")
"""Fits whose difference may be anything."""
LESS = ("discount", "late_discount", "habit_discount", "charge", "exchange", "short", "part")
"""Fits that leave a difference."""
DOUBTFUL = ("discount", "late_discount", "habit_discount", *GUESSED)
"""Fits that an open credit memo may explain as well."""


def drop_padded(context: Context, found: Found) -> None:
    """Where what is named explains the amount with a difference, what nobody named besides and still a difference
    explain nothing, but for a credit memo and a discount or a charge that is known."""
    named = context.listed()
    if not named or not any(one.fit.how in LESS and named.issuperset(one.items) for one in found.values()):
        return
    for key, one in list(found.items()):
        if one.fit.how not in LESS or named.isdisjoint(one.items):
            continue
        besides = [share for item, share in zip(one.items, one.fit.applied, strict=True) if item not in named]
        is_clear = one.fit.how in CLEAR or (one.fit.how == "charge" and one.shape == "credits")
        if besides and (not is_clear or max(besides) > 0):
            del found[key]


def doubt_less(found: Found) -> None:
    """A credit memo that is exactly the discount of the same items, or exactly a difference that the text or the past
    tells; a charge the payer is known for that is exactly their discount: neither is surer than the other. But a
    difference of which nothing is known casts no doubt on the credit memo."""
    less: dict[tuple[bool, tuple[int, ...]], list[Explanation]] = {}
    for one in found.values():
        if one.fit.how in DOUBTFUL:
            less.setdefault((one.fit.how in GUESSED, one.items), []).append(one)
    for made in list(found.values()) if less else ():
        credited = made.fit.how in ("exact", "charge") and any(share < 0 for share in made.fit.applied)
        if not credited and made.fit.how != "charge":
            continue
        items = made.items
        if credited:
            items = tuple(item for item, share in zip(made.items, made.fit.applied, strict=True) if share > 0)
            for guess in less.get((True, items), ()):
                guess.others = max(guess.others, 1.0)
                made.others = max(made.others, float(guess.fit.known >= SAID))
        for discount in less.get((False, items), ()):
            # A discount that nobody offered and the payer never took casts no doubt on the credit memo.
            is_offered = discount.fit.how != "habit_discount" or discount.fit.known > 0
            made.others = max(made.others, float(is_offered or not credited))
            discount.others = max(discount.others, 1.0)
