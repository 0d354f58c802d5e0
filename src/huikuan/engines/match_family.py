"""Groups that pay as one: what the members owe together, where one of them pays for several."""

from __future__ import annotations

from huikuan.engines.match_context import Context
from huikuan.engines.match_lines import Pool, State

FAMILY_MAX = 60
POOL_MAX = 600
PAYS = 0.3
"""A payer less believable than this does not bring its group in."""


def family_pool(state: State, context: Context) -> Pool | None:
    """What the likeliest payer's group owes together, oldest due first; ``None`` where it stands alone, where it owes
    nothing beyond one member's items, or where too much would have to be searched."""
    if not context.payers or context.payers[0].strength < PAYS or context.payers[0].customer < 0:
        return None
    book, line = state.book, context.line
    family = book.families[book.family_of[context.payers[0].customer]]
    if not 1 < len(family) <= FAMILY_MAX:
        return None
    pools = [pool for one in family if (pool := state.pool(one, line)).items]
    if len(pools) < 2 or sum(len(pool.items) for pool in pools) > POOL_MAX:
        return None
    items = [item for pool in pools for item in pool.items]
    items.sort(key=lambda item: (book.due[item], book.dated[item], item))
    return Pool(items, [state.open_now[item] for item in items], max(pool.latest for pool in pools))
