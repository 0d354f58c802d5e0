"""How an amount fits a set of items: exactly, less a discount, less a charge, in part, or with something over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from huikuan.engines.match_book import UNIT, smallest_unit
from huikuan.engines.match_cuts import OPEN, Cut, cut_of, is_converted, paid_in, shares_in
from huikuan.engines.match_lines import Line, State
from huikuan.engines.match_packed import packed
from huikuan.engines.match_terms import RATE_MAX, Terms

DISCOUNT = "early_payment_discount"
SHORT = "short_payment"
"""The reason after which the rest of an item stays open."""
OWN_CHARGE_MIN = 2
"""Times a payer's own charge must have been seen to be thought of where the difference is a discount as well."""
CHARGE_MAX = 80 * UNIT
"""What banks keep of a transfer, in major units of a currency with cents."""
CUSTOMARY = 2
"""Times a charge (of all customers; of the line's own each counts three) or a customer's difference of exchange must
have been confirmed before it may end an item by itself."""
SOME_MAX = 8
"""Discounts among which some are looked for."""
STATED = 1.0
"""``known`` of a short payment that the text explains."""
WRITTEN = 2.0
"""``known`` of a short payment that the text tells to the cent, or as its percentage."""
SAID = 2.0
"""``known`` of a charge that the text tells, seen or not."""
CLEAR = ("exact", "discount", "late_discount")
"""Fits that may come on top of all credit memos; a charge or less money besides has too many ways of coming about."""
PERCENTS = (20_000, 30_000, 10_000, 15_000, 25_000, 50_000, 5_000, 40_000)
"""Discounts people take without an agreement, in 1/10,000 of a percent."""


KEPT_PERCENTS = (50_000, 100_000, 30_000, 150_000, 200_000, 80_000, 20_000)
"""Shares that are kept back until a guarantee ends, in 1/10,000 of a percent."""
PART_PERCENTS = (500_000, 300_000, 700_000, 400_000, 600_000, 200_000, 800_000, 250_000, 750_000)
"""Shares of an item that are paid in turn, in 1/10,000 of a percent."""
KEPT_MIN = 2
"""Times a payer has kept a share back before it is expected to."""


@packed
@dataclass(slots=True)
class Fit:
    """One way an amount fits a set: ``how`` (exact, discount, late_discount, habit_discount, charge, exchange, short,
    part, over), per item what of the money it gets, what is deducted and why (``reasons``: empty where nothing is),
    and what is left over. ``is_new``: nothing confirmed tells yet what becomes of what is deducted."""

    how: str
    applied: tuple[int, ...]
    deducted: tuple[int, ...]
    reasons: tuple[str, ...] = ()
    over: int = 0
    known: float = 0.0
    known_open: int = 0
    late_days: int = 0
    is_new: bool = False

    def rows(self) -> Iterator[tuple[int, int, str]]:
        """Per item what it gets, what is deducted, and why."""
        return zip(self.applied, self.deducted, self.reasons or ("",) * len(self.applied), strict=True)

    def taken(self) -> tuple[int, ...]:
        """Per item by what it is reduced: what was paid short stays open."""
        if not self.reasons:
            return self.applied
        return tuple([share + cut if why != SHORT else share for share, cut, why in self.rows()])

    def cuts(self) -> dict[str, int]:
        """What is deducted in all, by reason."""
        found: dict[str, int] = {}
        for _, cut, why in self.rows() if self.reasons else ():
            if cut:
                found[why] = found.get(why, 0) + cut
        return found


def discount_of(state: State, item: int, amount: int, percent: int = 0) -> int:
    """The discount of an item, rounded half up to the smallest unit of its currency; by its own percentage or one
    given, in 1/10,000 of a percent."""
    book = state.book
    percent = percent or book.discounts[item]
    if not percent or amount <= 0:
        return 0
    grain = smallest_unit(book.currencies[item])
    whole = 100 * UNIT * grain
    return (2 * amount * percent + whole) // (2 * whole) * grain


def fit_exact(items: Sequence[int], amounts: Sequence[int]) -> Fit:
    """The items are paid as they are."""
    return Fit("exact", tuple(amounts), (0,) * len(items))


def fit_less(
    state: State, line: Line, items: Sequence[int], amounts: Sequence[int], terms: Terms, some: bool = False
) -> list[Fit]:
    """Ways in which the line pays all items with a small difference; the likeliest first. ``some``: discounts of some
    of the items only are one of them."""
    total = sum(amounts)
    diff = total - line.amount
    if diff == 0:
        return [fit_exact(items, amounts)]
    share = told_share(line, total, diff) if len(items) > 1 else 0
    kept = 0 if share else keeps_share(terms, line, total, diff)
    if share or (kept and not any(state.book.discounts[item] for item in items)):
        share = share or kept
        cuts = [discount_of(state, item, amount, share) for item, amount in zip(items, amounts, strict=True)]
        fit = _cut(amounts, cuts, diff, "short", [SHORT] * len(cuts), 0)
        fit.known = WRITTEN
        return [fit]
    said = _said(line, amounts)
    fits = []
    if diff > 0 and diff * 8 <= total and said != "retention":
        fits += [
            fit
            for fit in _discounts(state, line, items, amounts, diff, terms, some)
            if not said or fit.how != "habit_discount"
        ]
    grain = smallest_unit(line.currency)
    charge_max = CHARGE_MAX * grain // 100 if grain > 100 else CHARGE_MAX
    charge_max = max(charge_max, diff if terms.charges.get(diff, 0) >= CUSTOMARY else 0)
    is_rate, alike = 0 < abs(diff) <= total * RATE_MAX, terms.alike(diff, line.amount, total)
    known = max(terms.known_charge(diff), alike)
    exchanges = max(float(terms.exchanges), float(alike), SAID if said == "exchange" else 0.0)
    if diff > 0 and (said in OPEN or names_cut(line, diff)):
        if diff * 3 <= total:
            fits.append(_taken(amounts, diff, "short", SHORT, _told(line, total, diff)))
    elif fits:
        if terms.charges.get(diff, 0) >= OWN_CHARGE_MIN:
            fits.append(_taken(amounts, diff, "charge", "bank_charge", float(known)))
    elif said == "charge" and 0 < diff <= charge_max:
        told = 0.0 if states_another(line, diff) else SAID
        fits.append(_taken(amounts, diff, "charge", "bank_charge", max(float(known), told)))
    elif (
        not (is_rate and said == "exchange")
        and 0 < diff <= charge_max
        and (diff * 12 <= total or (known and diff * 3 <= total))
    ):
        charge = _taken(amounts, diff, "charge", "bank_charge", float(known))
        is_share = line.currency == "CNY" and not known and _is_share(total, diff, grain)
        short = _taken(amounts, diff, "short", SHORT, 0.0)
        short.known_open = terms.open_all.get(diff, 0)
        charge.known_open = 0 if terms.charges.get(diff, 0) >= OWN_CHARGE_MIN else short.known_open
        # Who pays at home pays the charge beside.
        charge.is_new = line.currency == "CNY" and diff not in terms.charges and not alike
        fits += [short] if is_share else [charge, short]
    elif is_rate and (diff < 0 or line.currency != "CNY" or exchanges):
        if diff > 0:
            fits.append(_taken(amounts, diff, "exchange", "exchange", exchanges))
            fits.append(_taken(amounts, diff, "short", SHORT, 0.0))
            fits[-1].known_open = terms.open_all.get(diff, 0)
        elif -diff <= charge_max * 3:
            # What the past says of money that was missing says nothing of money over.
            told = SAID if said == "exchange" else 0.0
            over = Fit("exchange", tuple(amounts), (0,) * len(items), (), -diff, told)
            fits.append(over)
    return fits


def _said(line: Line, amounts: Sequence[int]) -> Cut:
    """What the words say of missing money; those beside a credit memo are the credit memo's."""
    said = cut_of(line.text) if line.text else ""
    if not said and line.text and is_converted(line.text, line.currency):
        return "exchange"
    return "" if said in OPEN and said != "retention" and min(amounts) < 0 else said


_PREPAID = re.compile(
    r"预付|预收|定金|订金|押金|ANZAHLUNG|VORAUS|VORKASSE|ARRHES|ACOMPTE|ACCONTO|ANTICIP|DOWN ?PAYMENT|PREPAY|PRE-PAY"
    r"|ADVANCE|DEPOSIT"
)


def is_prepaid(line: Line) -> bool:
    """The text says that money comes before its invoice; "on account" alone says no such thing."""
    return bool(line.text) and bool(_PREPAID.search(line.text.upper()))


_DECIMALS = re.compile(r"(?<![\d.])\d+\.\d\d(?!\d)|(?<![\d.])\d+(?=元)")
_BANK = re.compile(r"FEE|CHARGE|CHGS?|SPESEN|GEB(?:UE|Ü)HR|FRAIS|COMMISSION|手续费|费用")


def names_cut(line: Line, diff: int) -> bool:
    """The text states the very amount that is missing, and not as a bank's charge."""
    if not line.text or not diff:
        return False
    return _written(diff) in _amounts_in(line.text) and not _BANK.search("".join(line.text.upper().split()))


def states_charge(line: Line, charge: int) -> bool:
    """The text states the very amount as a bank's charge."""
    return bool(line.text) and cut_of(line.text) == "charge" and _written(charge) in _amounts_in(line.text)


def told_share(line: Line, whole: int, diff: int) -> int:
    """The percentage, in 1/10,000 of a percent, that the text says is held back and that is, to the smallest unit, what
    is missing of the whole; 0 where there is none."""
    shares, grain = shares_in(line.text) if line.text and diff > 0 else (), smallest_unit(line.currency)
    return next((one for one in shares if abs(whole * one - diff * 100 * UNIT) <= 100 * UNIT * grain), 0)


def keeps_share(terms: Terms, line: Line, whole: int, diff: int) -> int:
    """The share, in 1/10,000 of a percent, that is missing of the whole to the smallest unit, and that this payer keeps
    back, more often than it takes it as a discount; the text tells of nothing else. 0: no such share."""
    if diff <= 0 or not terms.kept or (line.text and (cut_of(line.text) not in ("", "retention"))):
        return 0
    if line.text and shares_in(line.text):
        return 0
    near = 100 * UNIT * smallest_unit(line.currency)
    for share, count in terms.kept.items():
        if (
            count >= KEPT_MIN
            and count > terms.percents.get(share, 0)
            and abs(whole * share - diff * 100 * UNIT) <= near
        ):
            return share
    return 0


def _is_share(whole: int, diff: int, grain: int) -> bool:
    """What is missing is a share that is kept back until a guarantee ends, and no bank's charge by accident."""
    return any(abs(whole * share - diff * 100 * UNIT) <= 100 * UNIT * grain for share in KEPT_PERCENTS)


def _told(line: Line, whole: int, diff: int) -> float:
    """How well the text explains that less is paid: to the cent, in words, or by another figure."""
    if names_cut(line, diff) or told_share(line, whole, diff):
        return WRITTEN
    return 0.0 if states_another(line, diff) or shares_in(line.text) else STATED


def states_another(line: Line, diff: int) -> bool:
    """The text states amounts, but neither the one that is missing nor only that of the line."""
    found = _amounts_in(line.text)
    return bool(found - {_written(line.amount)}) and _written(diff) not in found


def _written(amount: int) -> str:
    return f"{amount // UNIT}.{amount % UNIT // 100:02d}"


@lru_cache(maxsize=64)
def _amounts_in(text: str) -> frozenset[str]:
    """Amounts that the text states, with two places."""
    flat = text.replace(" ", "").replace(",", ".")
    return frozenset([one if "." in one else f"{one}.00" for one in _DECIMALS.findall(flat)])


def _taken(amounts: Sequence[int], diff: int, how: str, reason: str, known: float) -> Fit:
    """The difference is taken of the largest item."""
    at = max(range(len(amounts)), key=lambda at: amounts[at])
    deducted = tuple([diff if one == at else 0 for one in range(len(amounts))])
    applied = tuple(amount - less for amount, less in zip(amounts, deducted, strict=True))
    return Fit(how, applied, deducted, _each(deducted, reason), 0, known)


def _each(deducted: Sequence[int], reason: str) -> tuple[str, ...]:
    return tuple([reason if cut else "" for cut in deducted])


def _discounts(
    state: State, line: Line, items: Sequence[int], amounts: Sequence[int], diff: int, terms: Terms, some: bool
) -> list[Fit]:
    book, grain = state.book, smallest_unit(line.currency)
    own = [discount_of(state, item, amount) for item, amount in zip(items, amounts, strict=True)]
    fits = []
    if any(own):
        late = [line.day - book.discount_until[item] for item in items]
        within = [cut if days <= 0 else 0 for cut, days in zip(own, late, strict=True)]
        partly = _some_of(own, diff) if some else []
        is_late = any(cut and days > 0 for cut, days in zip(partly, late, strict=False))
        ways = ((within, "discount"), (own, "late_discount"), (partly, "late_discount" if is_late else "discount"))
        for cuts, how in ways:
            # Who rounds the other way is a cent off, on each.
            if any(cuts) and abs(sum(cuts) - diff) <= grain * len(items):
                days = [one for one, cut in zip(late, cuts, strict=True) if cut]
                whys, known, is_new = _whys(late, days, terms)
                fits.append(_cut(amounts, cuts, diff, how, whys, max(0, *days)))
                fits[-1].known, fits[-1].is_new = float(known), is_new
                break
    if not fits:
        total, near = sum(amounts), grain * len(items) if min(amounts) > 0 else 1 << 62
        for percent in dict.fromkeys([*terms.percents, *PERCENTS]):
            whole = (2 * total * percent + 100 * UNIT * grain) // (200 * UNIT * grain) * grain
            if abs(whole - diff) > near:
                # Rounded item by item it is no further off than that either.
                continue
            cuts = [discount_of(state, item, amount, percent) for item, amount in zip(items, amounts, strict=True)]
            if diff in (sum(cuts), whole):
                fit = _cut(amounts, cuts, diff, "habit_discount", [DISCOUNT] * len(cuts), 0)
                fit.known = float(terms.percents.get(percent, 0))
                fits.append(fit)
                break
    return fits


def _some_of(cuts: Sequence[int], diff: int) -> list[int]:
    """The only discounts among several that come to the difference; nothing where there are none or others."""
    places = [at for at, cut in enumerate(cuts) if cut]
    if not 1 < len(places) <= SOME_MAX:
        return []
    sets = [one for size in range(1, len(places)) for one in combinations(places, size)]
    fitting = [one for one in sets if sum(map(cuts.__getitem__, one)) == diff]
    return [cut if at in fitting[0] else 0 for at, cut in enumerate(cuts)] if len(fitting) == 1 else []


def _whys(late: Sequence[int], cut_late: Sequence[int], terms: Terms) -> tuple[list[str], int, bool]:
    """Per item why its discount is missing, how often such was confirmed, and whether that tells nothing yet. ``late``:
    days after each one's last day; ``cut_late``: of those with a discount. One in time beside a late one counts by its
    own days, unless the past has left all of such lines open."""
    if max(cut_late) <= 0:
        return [DISCOUNT] * len(late), 0, False
    if terms.lets_pass():
        return [DISCOUNT] * len(late), terms.own_late[0], False
    if min(cut_late) > 0:
        return [SHORT] * len(late), terms.own_late[1], not terms.keeps_late()
    each, whole = terms.mixed
    if whole >= max(CUSTOMARY, 3 * each):
        return [SHORT] * len(late), whole, False
    return [SHORT if days > 0 else DISCOUNT for days in late], max(each - whole, 0), each - whole < CUSTOMARY


def _cut(amounts: Sequence[int], cuts: Sequence[int], diff: int, how: str, whys: Sequence[str], late: int) -> Fit:
    """Discounts per item, each with what it is told as; what rounding leaves goes to the largest."""
    exact = list(cuts)
    exact[max(range(len(cuts)), key=lambda at: (cuts[at] > 0, amounts[at]))] += diff - sum(cuts)
    applied = tuple(amount - cut for amount, cut in zip(amounts, exact, strict=True))
    reasons = tuple([why if cut else "" for cut, why in zip(exact, whys, strict=True)])
    return Fit(how, applied, tuple(exact), reasons, late_days=late)


def fit_share(terms: Terms, line: Line, whole: int, opened: int) -> Fit | None:
    """The line pays the share of an item that the text tells, or that this payer has paid of its items before, and
    leaves something open."""
    if line.amount >= opened:
        return None
    habits = [share for share, count in terms.parts.items() if count >= KEPT_MIN]
    near, told = 100 * UNIT * smallest_unit(line.currency), paid_in(line.text) if line.text else ()
    if not any(abs(whole * share - line.amount * 100 * UNIT) <= near for share in (*told, *habits)):
        return None
    return Fit("part", (line.amount,), (0,), known=WRITTEN)


def fit_part(state: State, line: Line, items: Sequence[int], amounts: Sequence[int], in_order: bool) -> Fit | None:
    """The line pays less than the items: credit memos first, then in the order given (named) or the oldest first."""
    total = sum(amounts)
    if not 0 < line.amount < total:
        return None
    left = line.amount - sum(amount for amount in amounts if amount < 0)
    applied = []
    for amount in amounts:
        share = amount if amount < 0 else min(amount, left)
        left -= share if amount > 0 else 0
        applied.append(share)
    short = total - line.amount
    is_short = (
        all(applied)
        and (in_order or (len(items) == 1 and line.amount % (100 * UNIT) != 0))
        and short * 6 <= total
        and not (short * 20 > total and short % (100 * UNIT) == 0 and len(items) == 1)
    )
    deducted = [0] * len(applied)
    if is_short:
        deducted[max(range(len(applied)), key=lambda at: amounts[at] - applied[at])] = short
        return Fit("short", tuple(applied), tuple(deducted), _each(deducted, SHORT))
    return Fit("part", tuple(applied), tuple(deducted))


def fit_over(line: Line, items: Sequence[int], amounts: Sequence[int]) -> Fit | None:
    """The line pays more than the items."""
    over = line.amount - sum(amounts)
    if over <= 0 or sum(amounts) <= 0:
        return None
    return Fit("over", tuple(amounts), (0,) * len(items), (), over)
