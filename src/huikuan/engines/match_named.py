"""What a line names of one customer."""

from __future__ import annotations

from huikuan.engines.match_context import Context
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


def numbered_by(context: Context, state: State, customer: int) -> list[int]:
    """Open items of a customer whose own numbers stand in the text, also where each may as well be something else."""
    of = state.book.customer_of
    found = (context.open_of[at] for at, one in enumerate(context.found.mentions) if not one.is_collective)
    return list(dict.fromkeys(some[0] for some in found if len(some) == 1 and of[some[0]] == customer))
