"""What a line names of one customer."""

from __future__ import annotations

from collections.abc import Iterable

from huikuan.engines.match_context import Context
from huikuan.engines.match_explanation import Explanation
from huikuan.engines.match_lines import State


def named_by(context: Context, state: State, customer: int) -> tuple[list[int], list[int]] | None:
    """Open items of a customer that are named: by their numbers, in the order of the text; by orders and contracts."""
    if customer not in context.named:
        return None
    hard: dict[int, None] = {}
    soft: dict[int, None] = {}
    of = state.book.customer_of
    for at, mention in sorted(enumerate(context.found.mentions), key=lambda one: (one[1].field, one[1].start, one[0])):
        mine = [one for one in context.open_of[at] if of[one] == customer]
        into = soft if mention.is_collective or len(mine) > 1 or mention.doubtful else hard
        into.update(dict.fromkeys(mine))
    return list(hard), [one for one in soft if one not in hard]


def is_told(context: Context, items: Iterable[int]) -> bool:
    """Each of the items is named by itself: by its own number, or by an order under which nothing else was billed."""
    told = {
        item
        for at, one in enumerate(context.found.mentions)
        if not one.is_collective or len(one.items) == 1
        for item in context.open_of[at]
    }
    return told.issuperset(items)


def is_by_orders(context: Context, made: Explanation) -> bool:
    """Its items are named by orders or contracts only, which leave open which of theirs are meant."""
    naming = [
        mention.is_collective
        for at, mention in enumerate(context.found.mentions)
        if any(one in made.items for one in context.open_of[at])
    ]
    return bool(naming) and all(naming)


def numbered_by(context: Context, state: State, customer: int) -> list[int]:
    """Open items of a customer whose own numbers stand in the text, also where each may as well be something else."""
    of = state.book.customer_of
    found = (context.open_of[at] for at, one in enumerate(context.found.mentions) if not one.is_collective)
    return list(dict.fromkeys(some[0] for some in found if len(some) == 1 and of[some[0]] == customer))
