"""Explanations of one line that rule one another out, or cast doubt on one another."""

from __future__ import annotations

from huikuan.engines.match_context import Context
from huikuan.engines.match_cuts import says_more
from huikuan.engines.match_explanation import Explanation, Found
from huikuan.engines.match_fit import CLEAR, SAID

GUESSED = ("charge", "exchange", "short")
"""Fits whose difference may be anything."""
LESS = ("discount", "late_discount", "habit_discount", "charge", "exchange", "short", "part")
"""Fits that leave a difference."""
SEEN = 2.0
"""How rare a number must be that names nothing open, to be one of a document that is paid."""
DOUBTFUL = ("discount", "late_discount", "habit_discount", *GUESSED)
"""Fits that an open credit memo may explain as well."""


def drop_padded(context: Context, found: Found) -> None:
    """Where what is named explains the amount with a difference, what nobody named besides and still a difference
    explain nothing, but for a credit memo and a discount or a charge that is known; nor is what is named and a part of
    something else likelier than what is named and something over, but of whom always pays so."""
    named = context.listed()
    if not named:
        return
    ways = {one.fit.how for one in found.values() if one.items and named.issuperset(one.items)}
    is_less = not ways.isdisjoint(LESS)
    for key, one in list(found.items()) if is_less or "over" in ways else ():
        if one.fit.how not in LESS or named.isdisjoint(one.items):
            continue
        if not is_less and (one.fit.how != "part" or one.is_way):
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


def settle_over(context: Context, found: Found) -> None:
    """Money over what is named is told once: as a difference of exchange where the text speaks of one, else as what is
    over. It may be for a document that nobody could read: where the text says that there are more (``etc.``), or one
    of its numbers is of nothing that is open."""
    overs = [(key, one) for key, one in found.items() if one.fit.over and one.items]
    more = bool(overs) and (says_more(context.line.text) or _has_unread(context))
    plain = {one.items: key for key, one in overs if one.fit.how == "over"}
    for key, one in overs:
        one.is_shaky |= more
        if one.fit.how == "exchange" and one.items in plain:
            del found[key if one.fit.known < SAID else plain[one.items]]


def _has_unread(context: Context) -> bool:
    """A number of the text is of nothing that is open: of something paid or another's, or of nothing at all though it
    has as many digits as one that was found."""
    found, opened = context.found, context.open_of
    if any(one.rarity >= SEEN and not one.doubtful and not opened[at] for at, one in enumerate(found.mentions)):
        return True
    read = [one for at, one in enumerate(found.mentions) if opened[at]]
    places, sizes = {(one.field, one.start) for one in read}, {_digits(one.token) for one in read}
    return any(
        _digits(token) in sizes and field == 0 and (field, start) not in places
        for token, field, start, *_ in found.loose
    )


def _digits(token: str) -> int:
    return sum(char.isdigit() for char in token)
