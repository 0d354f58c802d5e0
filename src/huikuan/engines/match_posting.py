"""What does not post itself, however likely it is: reasons a person who applies cash would give for looking again. Some
of them hold always; of the others a company's own past may show that looking again has never changed anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from huikuan.engines.match_bar import LEAST
from huikuan.engines.match_book import UNIT
from huikuan.engines.match_explanation import AMBIGUOUS, Explanation
from huikuan.engines.match_fit import CUSTOMARY, STATED, WRITTEN
from huikuan.engines.match_score import PLACE

KNOWN_PAYER = 0.85
"""How surely the payer must be known for money to go on its account by itself."""
RIVAL_MAX = 0.05
"""How much likelier another payer may be."""
VAGUE_PAYER = 0.6
"""A payer less sure than this does not make up for a round amount that no number names."""
STRANGER = 0.3
"""A payer less sure than this pays no item that no number names, whatever its amount."""
PAID_FOR = math.log1p(3)
"""Unless its account or name has paid for that customer three times: one of many it pays for is no stranger's."""
NAMED_ELSE = 1.0
"""How rare a number must be that names another item than those paid, to hold an explanation back."""
OVER_SHARE = 2
"""Money over beyond what the items get, divided by this, is meant for something else."""
MANY = 4
"""So many unnamed items may add up to the amount by chance."""
UNHEARD = 3.0
"""Log-odds of a text's words below which they do not tell that the money is not a customer's."""
LEAST_ON_ACCOUNT = 0.95
"""Money goes on account by itself from this confidence on: that nothing fits is told from what is not seen, and where
payers change their ways that is wrong first."""
ODD = UNIT // 2
"""A charge that nobody ever took and that is no multiple of this may as well be less money: no bank charges 55.66."""
OPENED = 100
"""For each time that so much missing stayed open, a charge must have been confirmed so often: what banks charge and
what somebody will not pay may be the same round sum."""
NEVER = "never"
"""What holds an explanation back whatever the past says."""
VOUCHED_MIN = 20
"""Past lines that one kind of doubt must have held back, and that were right, before it holds back no more; for each
wrong one as many again."""
VOUCHED_WRONG = 0.005
"""The share of a kind that may have been wrong: the bar counts them among all lines."""


def may_post(best: Explanation, hold: str, confidence: float, vouched: Mapping[str, float]) -> bool:
    """Nothing but the bar keeps it from posting itself. ``hold``: as ``hold_of`` gives it, ``vouched``: as
    ``vouched_by`` does."""
    return confidence >= least_sure(best) and (not hold or confidence >= vouched.get(hold, 2.0))


def is_named(best: Explanation) -> bool:
    """A number of the text, of an order or a contract at least, names what it pays."""
    return bool(best.features[PLACE["rarity"]])


def least_sure(best: Explanation) -> float:
    """The confidence below which it never posts itself, however many errors would be allowed."""
    return LEAST_ON_ACCOUNT if best.kind in ("on_account", "duplicate") else LEAST


def hold_of(best: Explanation) -> str:
    """What besides the bar holds it back: nothing (empty), ``NEVER``, or the kind of doubt, such as ``charge.named`` (a
    bank charge never confirmed before, of items that the text names)."""
    if best.others >= AMBIGUOUS or best.is_shaky:
        return NEVER
    return _doubt_of_sum(best) or _doubt_of_payer(best) or _doubt_of_text(best)


def holds_of(ranked: Iterable[Sequence[Explanation]]) -> list[str]:
    """``hold_of`` of each line's first explanation, the lines of one run in the order of their days; empty for a line
    without one. Oldest first goes on from what the line before left: a chain of guesses that nobody has confirmed is a
    doubt of its own (``oldest_on``) from its second link on."""
    begun: set[int] = set()
    holds = []
    for explanations in ranked:
        hold = hold_of(explanations[0]) if explanations else ""
        if explanations and explanations[0].is_way:
            best = explanations[0]
            if hold != NEVER and best.customer in begun:
                hold = _kind(best, "oldest_on")
            begun.add(best.customer)
        holds.append(hold)
    return holds


def back_of(best: Explanation, hold: str) -> int:
    """The degree of doubt: 0 where the text names every item, no other open one, and the amount is theirs to the cent;
    1 of all others, 2 of what only the past's answer lets through. ``hold``: as ``hold_of`` gives it."""
    if hold:
        return 2
    is_plain = best.kind == "items" and best.shape == "named" and best.fit.how == "exact"
    return int(not is_plain or best.features[PLACE["missed_open"]] > NAMED_ELSE)


def vouched_by(past: Iterable[tuple[str, float, bool]], least: float) -> dict[str, float]:
    """Kinds of doubt that the past answers, each with the confidence from which on it does.

    ``past``: per line what held it back, its confidence and whether it was right; less sure ones than ``least`` do not
    count. A kind is answered from the least confidence on above which enough lines were right, for each wrong one of
    the kind as many again, and hardly any was wrong (``VOUCHED_WRONG``).
    """
    held: dict[str, list[tuple[float, bool]]] = {}
    for hold, confidence, right in past:
        if hold and hold != NEVER and confidence >= least:
            held.setdefault(hold, []).append((confidence, right))
    vouched = {}
    for hold, some in held.items():
        # Equally sure ones come together: the wrong ones first.
        some.sort(key=lambda one: (-one[0], one[1]))
        enough = VOUCHED_MIN * (1 + sum(not right for _, right in some))
        wrong = 0
        for count, (confidence, right) in enumerate(some, 1):
            wrong += not right
            if count - wrong >= enough and wrong <= VOUCHED_WRONG * count:
                vouched[hold] = confidence
    return vouched


def _kind(best: Explanation, doubt: str) -> str:
    return f"{doubt}.{'named' if best.features[PLACE['rarity']] else 'bare'}"


def _doubt_of_sum(best: Explanation) -> str:
    """A difference that ends an item is one that was confirmed before (a charge of that amount, differences of exchange
    of that customer), money that does not add up is explained by the text, and a sum of many items that no number names
    is no accident."""
    how, fit, several = best.fit.how, best.fit, len(best.items) > 1
    unnamed = several and best.features[PLACE["rarity"]] == 0
    if how == "charge" and fit.is_new and not best.features[PLACE["rarity"]]:
        return NEVER
    if how == "charge":
        held = fit.known < max(CUSTOMARY, OPENED * fit.known_open) or fit.is_new
    elif how == "exchange":
        held = fit.known < CUSTOMARY
    elif how == "short":
        held = fit.known < STATED or unnamed
    elif how in ("part", "over"):
        held = not best.features[PLACE["part_words"]] and (how == "over" or fit.known < WRITTEN)
        if not best.features[PLACE["rarity"]] and best.features[PLACE["strength"]] < KNOWN_PAYER:
            # The amount does not tell either whose it is.
            return NEVER
    elif how == "late_discount":
        held = fit.is_new
    elif how == "habit_discount":
        held = not fit.known and not best.features[PLACE["discount_words"]]
    elif how == "discount":
        return _kind(best, "sum_discount") if best.shape == "sum" and several else ""
    else:
        is_chosen = best.shape in ("sum", "subset") and len(best.items) >= MANY and not best.is_counted
        return _kind(best, "many") if is_chosen else ""
    if held and how == "over" and fit.over * OVER_SHARE > sum(fit.applied):
        return NEVER
    if held and unnamed and how in ("charge", "exchange", "short"):
        # Which items are meant, and which of them is short, nobody can tell.
        return NEVER
    return _kind(best, _way(best)) if held else ""


def _way(best: Explanation) -> str:
    """How the amount fits, as the past is asked about it."""
    is_odd = best.fit.how == "charge" and best.fit.known < 1 and sum(best.fit.deducted) % ODD
    return "oldest" if best.is_way else "odd_charge" if is_odd else best.fit.how


def _doubt_of_payer(best: Explanation) -> str:
    if _is_of_payer(best):
        return ""
    # Of an unknown payer neither the amount alone nor words never heard before tell whose money it is.
    unknown = best.kind == "not_customer" or (best.kind == "items" and best.features[PLACE["stranger"]])
    return NEVER if unknown else f"payer.{best.kind}"


def _is_of_payer(best: Explanation) -> bool:
    """The payer is known well enough for what it is said to do: money goes on account by itself only where nobody else
    is the likelier payer, and where the text says that it is paid in advance, that it is for something paid already, or
    nothing is open that it might pay; money that is not a customer's has been seen before."""
    features = best.features
    if best.kind == "not_customer":
        return bool(features[PLACE["nobody_share"]] > 0 or features[PLACE["nobody_words"]] >= UNHEARD)
    if best.kind in ("on_account", "duplicate"):
        if features[PLACE["strength"]] < KNOWN_PAYER or features[PLACE["rival"]] > RIVAL_MAX:
            return False
        return best.kind == "duplicate" or best.is_way or not best.pool_size
    is_stranger = features[PLACE["strength"]] < STRANGER and features[PLACE["count"]] < PAID_FOR
    if not features[PLACE["rarity"]] and is_stranger:
        return False
    return bool(features[PLACE["round_exact"]] < 2 or features[PLACE["strength"]] >= VAGUE_PAYER)


def _doubt_of_text(best: Explanation) -> str:
    """It pays what no number names, while the text names something else, open or paid; or the text speaks of payment in
    advance, or of a part."""
    features = best.features
    named = features[PLACE["rarity"]]
    is_share = best.fit.how == "part" and best.fit.known >= WRITTEN
    if best.items and not is_share and (features[PLACE["order"]] or not named) and features[PLACE["advance_items"]]:
        return _kind(best, "advance")
    if named or best.kind == "duplicate":
        return ""
    if best.doubt:
        return best.doubt
    if features[PLACE["part_words_whole"]]:
        return "part_words"
    if best.items and features[PLACE["missed_open"]] > NAMED_ELSE:
        return "names_open"
    return "names_paid" if features[PLACE["missed_paid"]] > NAMED_ELSE else ""
