"""What never posts itself, however likely it is: reasons a person who applies cash would give for looking again."""

from __future__ import annotations

from huikuan.engines.match_explanation import AMBIGUOUS, Explanation
from huikuan.engines.match_fit import STATED
from huikuan.engines.match_score import PLACE

KNOWN_PAYER = 0.85
"""How surely the payer must be known for money to go on its account by itself."""
RIVAL_MAX = 0.05
"""How much likelier another payer may be."""
VAGUE_PAYER = 0.6
"""A payer less sure than this does not make up for a round amount that no number names."""
STRANGER = 0.3
"""A payer less sure than this pays no item that no number names, whatever its amount."""
CUSTOMARY = 2
"""Times a charge (of all customers; of the line's own each counts three) or a customer's difference of exchange must
have been confirmed before it may end an item by itself."""
NAMED_ELSE = 1.0
"""How rare a number must be that names another item than those paid, to hold an explanation back."""
MANY = 4
"""So many unnamed items may add up to the amount by chance."""
UNHEARD = 1.0
"""Log-odds of a text's words below which they do not tell that the money is not a customer's."""


def may_post(best: Explanation) -> bool:
    """Nothing but the bar keeps it from posting itself."""
    if best.others >= AMBIGUOUS or best.is_shaky:
        return False
    return _adds_up(best) and _is_of_payer(best) and not _contradicts(best)


def _adds_up(best: Explanation) -> bool:
    """A difference that ends an item is one that was confirmed before (a charge of that amount, differences of exchange
    of that customer), money that does not add up is explained by the text, and a sum of many items that no number names
    is no accident."""
    how, fit = best.fit.how, best.fit
    if how == "charge":
        return fit.known >= max(CUSTOMARY, fit.known_open)
    if how == "exchange":
        return fit.known >= CUSTOMARY
    if how == "short":
        # Of several that no number names, nobody can tell which of them is short.
        return fit.known >= STATED and (len(best.items) == 1 or best.features[PLACE["rarity"]] > 0)
    if how in ("part", "over"):
        return bool(best.features[PLACE["part_words"]])
    if how == "discount":
        return best.shape != "sum" or len(best.items) == 1
    return len(best.items) < MANY or best.shape not in ("sum", "subset")


def _is_of_payer(best: Explanation) -> bool:
    """The payer is known well enough for what it is said to do: money goes on account by itself only where nobody else
    is the likelier payer, and where the text says that it is paid in advance, that it is for something paid already, or
    nothing is open that it might pay; money that is not a customer's has been seen before."""
    features = best.features
    if best.kind == "not_customer":
        return features[PLACE["nobody_share"]] > 0 or features[PLACE["nobody_words"]] >= UNHEARD
    if best.kind in ("on_account", "duplicate"):
        if features[PLACE["strength"]] < KNOWN_PAYER or features[PLACE["rival"]] > RIVAL_MAX:
            return False
        return best.kind == "duplicate" or best.is_way or not best.pool_size
    if not features[PLACE["rarity"]] and features[PLACE["strength"]] < STRANGER:
        return False
    return features[PLACE["round_exact"]] < 2 or features[PLACE["strength"]] >= VAGUE_PAYER


def _contradicts(best: Explanation) -> bool:
    """It pays what no number names, while the text names something else, open or paid; or the text speaks of payment in
    advance."""
    features = best.features
    named = features[PLACE["rarity"]]
    if best.items and (features[PLACE["order"]] or not named) and features[PLACE["advance_items"]]:
        return True
    if named or best.kind == "duplicate":
        return False
    if features[PLACE["part_words_whole"]]:
        return True
    open_else = best.items and features[PLACE["missed_open"]] > NAMED_ELSE
    return bool(open_else) or features[PLACE["missed_paid"]] > NAMED_ELSE
