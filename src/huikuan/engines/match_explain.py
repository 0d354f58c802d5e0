"""Explanations of a line: every way worth considering in which it pays what is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from huikuan.engines.match_context import Context, soft_hits
from huikuan.engines.match_family import family_pool
from huikuan.engines.match_fit import Fit, Terms, fit_exact, fit_less, fit_over, fit_part, terms_of, terms_of_all
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_lines import Pool, State
from huikuan.engines.match_sums import find_sums

SCOPES_MAX = 4
CREDITS_MAX = 18
WEAK = 0.3
"""A payer less believable than this is not searched without a mention."""
SAME_AMOUNT_MAX = 40
"""Items of one amount in the whole book beyond which the amount alone says nothing."""


@dataclass(slots=True)
class Explanation:
    """One explanation. ``items`` are places in the book, ``shape`` how the set came about (named, single, all, due, month,
    oldest, sum, credits, global, none), ``others`` how many other sets fit as well."""

    kind: str
    customer: int
    items: tuple[int, ...]
    fit: Fit
    shape: str
    others: float = 0.0
    pool_size: int = 0
    swaps: int = 0
    features: list[float] = field(default_factory=list)
    score: float = 0.0
    confidence: float = 0.0
    duplicate_of: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        return (self.kind, self.customer if not self.items else -1, self.items, self.fit.over > 0, self.fit.reason)


class Explainer:
    """Finds explanations against one state of the items."""

    def __init__(self, state: State, knowledge: Knowledge) -> None:
        self.state, self.knowledge = state, knowledge
        self.everybody = terms_of_all(knowledge)
        self._terms: dict[int, Terms] = {}
        self._months: dict[int, tuple[int, int]] = {}

    def explain(self, context: Context) -> list[Explanation]:
        """Everything found, in no order yet; at least that it stays on account or is nobody's."""
        found: dict[tuple[object, ...], Explanation] = {}
        line = context.line
        if line.amount <= 0:
            _keep(found, [Explanation("outgoing", -1, (), Fit("none", (), ()), "none")])
            return list(found.values())
        scopes = self._scopes(context)
        certain = False
        if len(context.named) > 1:
            certain |= self._across(context, found)
        for customer in scopes:
            pool = self.state.pool(customer, line)
            named = _ordered(context, self.state, customer)
            settled = False
            if named and pool.items:
                settled = self._named(context, customer, named, pool, found)
                certain |= settled
            strength = context.strength.get(customer)
            if not settled and pool.items and (named or (strength is not None and strength.strength >= WEAK)):
                self._unnamed(context, customer, pool, found)
            elif pool.items and settled:
                self._equals(context, customer, pool, found)
        if not certain and not any(one.fit.how == "exact" and one.shape in _PLAIN for one in found.values()):
            self._family(context, found)
        if not certain and (not context.payers or context.payers[0].strength < 0.75):
            self._anywhere(context, found)
        self._rest(context, scopes, found)
        for made in found.values():
            if len(made.items) > 1 and made.fit.how == "exact":
                self._swap(context, made)
        return list(found.values())

    def _family(self, context: Context, found: dict[tuple[object, ...], Explanation]) -> None:
        """What the payer's group owes together."""
        pool = family_pool(self.state, context)
        if pool is None:
            return
        payer, mine = context.payers[0].customer, set(pool.items)
        named = [one for owner in context.named if (one := _ordered(context, self.state, owner))]
        hard = [item for one, _ in named for item in one if item in mine]
        soft = [item for _, one in named for item in one if item in mine]
        if hard or soft:
            self._named(context, payer, (hard, soft), pool, found)
        else:
            self._unnamed(context, payer, pool, found)

    def _swap(self, context: Context, made: Explanation) -> None:
        """Counts items outside the set that could stand for one of it that is not named: same customer, same amount."""
        named = {one for opened in context.open_of.values() for one in opened}
        customer_of, inside = self.state.book.customer_of, set(made.items)
        for item, amount in zip(made.items, made.fit.applied, strict=True):
            if item in named:
                continue
            equal = self.state.pool(customer_of[item], context.line).by_amount.get(amount, ())
            made.swaps += sum(one not in inside and self._alike(context, made, one) for one in equal)
        made.others = max(made.others, float(made.swaps))

    def _alike(self, context: Context, made: Explanation, item: int) -> bool:
        """Outside a month that the text names nothing can stand for what is in it."""
        if made.shape != "period":
            return True
        month = self._month(self.state.book.dated[item])
        return any((year, number) == month for year, number, _, _ in context.periods)

    def _scopes(self, context: Context) -> list[int]:
        weights: dict[int, float] = {payer.customer: 4 * payer.strength for payer in context.payers}
        of = self.state.book.customer_of
        for at, mention in enumerate(context.found.mentions):
            customers = {of[one] for one in context.open_of[at] or mention.items[:8]}
            if len(customers) <= 12:
                for customer in customers:
                    weights[customer] = weights.get(customer, 0.0) + mention.rarity / len(customers)
        return sorted(weights, key=lambda one: (-weights[one], one))[:SCOPES_MAX]

    def _terms_of(self, customer: int) -> Terms:
        terms = self._terms.get(customer)
        if terms is None:
            terms = self._terms[customer] = terms_of(
                self.knowledge, self.state.book.customer_ids[customer], self.everybody
            )
        return terms

    def _amounts(self, items: Iterable[int]) -> list[int]:
        return [self.state.open_now[item] for item in items]

    def _fits(
        self, context: Context, customer: int, items: Sequence[int], shape: str, size: int, others: float = 0.0
    ) -> list[Explanation]:
        """The items with every small difference that explains the amount."""
        fits = fit_less(self.state, context.line, items, self._amounts(items), self._terms_of(customer))
        return [Explanation("items", customer, tuple(items), fit, shape, others, size) for fit in fits]

    def _across(self, context: Context, found: dict[tuple[object, ...], Explanation]) -> bool:
        """Everything named, whoever's it is: a parent pays for its children."""
        items: list[int] = []
        for at in range(len(context.found.mentions)):
            opened = context.open_of[at]
            if len(opened) == 1 and opened[0] not in items:
                items.append(opened[0])
        of = self.state.book.customer_of
        owners = {of[item] for item in items}
        if len(owners) < 2 or len(items) > 60:
            return False
        made = self._fits(context, of[items[0]], items, "named", len(items))
        _keep(found, made)
        return any(one.fit.how == "exact" for one in made)

    def _named(
        self,
        context: Context,
        customer: int,
        named: tuple[list[int], list[int]],
        pool: Pool,
        found: dict[tuple[object, ...], Explanation],
    ) -> bool:
        """Explanations around the items named: ``named`` are those of numbers, and those of orders and contracts."""
        hard, soft = named
        line, size = context.line, len(pool.items)
        made: list[Explanation] = []
        base = hard or soft
        if len(base) <= 200:
            made += self._fits(context, customer, base, "named", size)
        if hard and soft and set(soft) - set(hard):
            both = hard + [one for one in soft if one not in hard]
            made += self._fits(context, customer, both, "named", size)
        exact = any(one.fit.how == "exact" for one in made)
        if not exact:
            made += self._named_sums(context, customer, hard, soft, pool)
            exact = any(one.fit.how == "exact" for one in made)
        settled = exact or any(one.fit.how in ("discount", "charge") for one in made)
        if not exact and hard:
            amounts = self._amounts(hard)
            part = fit_part(self.state, line, hard, amounts, True)
            if part is not None:
                kind = "items" if part.how == "short" else "part_payment"
                made.append(_trim(Explanation(kind, customer, tuple(hard), part, "named", 0.0, size)))
            over = fit_over(line, hard, amounts)
            if over is not None:
                made.append(Explanation("overpayment", customer, tuple(hard), over, "named", 0.0, size))
            for item in hard[:6] if len(hard) > 1 else ():
                made += self._fits(context, customer, [item], "single", size)
        over = fit_over(line, soft, self._amounts(soft)) if soft and not hard and not exact else None
        if over is not None:
            made.append(Explanation("overpayment", customer, tuple(soft), over, "named", 0.0, size))
        if not exact and not hard:
            part = fit_part(self.state, line, soft, self._amounts(soft), False) if len(soft) <= 60 else None
            if part is not None:
                made.append(_trim(Explanation("part_payment", customer, tuple(soft), part, "oldest", 1.0, size)))
        _keep(found, made)
        return settled

    def _named_sums(
        self, context: Context, customer: int, hard: list[int], soft: list[int], pool: Pool
    ) -> list[Explanation]:
        line, size = context.line, len(pool.items)
        made: list[Explanation] = []
        base = sum(self._amounts(hard))
        rest = [one for one in pool.items if one not in hard]
        credits = [one for one in rest if self.state.open_now[one] < 0][:CREDITS_MAX]
        if soft:
            choice = [one for one in soft if one not in hard]
            made += self._sums(context, customer, hard, choice, line.amount - base, "named", size)
        if hard and credits and base > line.amount:
            made += self._sums(context, customer, hard, credits, line.amount - base, "credits", size)
        if hard and not made and line.amount > base:
            made += self._sums(context, customer, hard, rest, line.amount - base, "sum", size)
        if len(hard) > 1:
            made += self._sums(context, customer, [], hard, line.amount, "subset", size)
        if hard and credits and not made:
            everything = hard + credits
            made += self._fits(context, customer, everything, "credits", size)
        return made

    def _sums(
        self,
        context: Context,
        customer: int,
        given: list[int],
        choice: list[int],
        target: int,
        shape: str,
        size: int,
        size_max: int = 99,
    ) -> list[Explanation]:
        """``given`` with every set of ``choice`` that makes up the rest exactly; fewest first."""
        if not choice:
            return []
        sums = find_sums(self._amounts(choice), target, size_max=size_max)
        made = []
        for place, one in enumerate(sums.sets[:4]):
            items = given + [choice[at] for at in one]
            others = sum(len(other) <= max(len(one), 2) for other in sums.sets) - 1
            others = max(others, 0) if sums.is_exact or len(one) <= 3 else max(sums.count - 1, 0)
            others += max(sums.count - len(sums.sets), 0) * (sums.is_exact and len(sums.sets) >= 12)
            fit = fit_exact(items, self._amounts(items))
            made.append(Explanation("items", customer, tuple(items), fit, shape, float(others), size))
        return made

    def _equals(
        self, context: Context, customer: int, pool: Pool, found: dict[tuple[object, ...], Explanation]
    ) -> None:
        """Rivals of a named explanation: single items of exactly the line's amount."""
        for item in pool.by_amount.get(context.line.amount, ())[:4]:
            fit = fit_exact((item,), (context.line.amount,))
            _keep(found, [Explanation("items", customer, (item,), fit, "single", 0.0, len(pool.items))])

    def _unnamed(
        self, context: Context, customer: int, pool: Pool, found: dict[tuple[object, ...], Explanation]
    ) -> None:
        """Explanations by amount alone: single items, whole statements, oldest first, exact sums."""
        line, size = context.line, len(pool.items)
        equal = pool.by_amount.get(line.amount, [])
        made = []
        for item in equal[:6]:
            fit = fit_exact((item,), (line.amount,))
            made.append(Explanation("items", customer, (item,), fit, "single", float(len(equal) - 1), size))
        if not equal:
            made += self._single_less(context, customer, pool)
        made += self._structured(context, customer, pool)
        exact = any(one.fit.how == "exact" for one in made)
        if not equal and not exact:
            made += self._sums(context, customer, [], pool.items, line.amount, "sum", size)
            exact = any(one.fit.how == "exact" for one in made)
        if not exact:
            made += self._oldest(context, customer, pool)
        _keep(found, made)

    def _single_less(self, context: Context, customer: int, pool: Pool) -> list[Explanation]:
        amount, made = context.line.amount, []
        for item, opened in zip(pool.items, pool.amounts, strict=True):
            if 0.88 * opened <= amount <= 1.012 * opened or (amount < opened <= amount + 400_000):
                made += self._fits(context, customer, [item], "single", len(pool.items))
        by_how: dict[str, int] = {}
        for one in made:
            by_how[one.fit.how] = by_how.get(one.fit.how, 0) + 1
        for one in made:
            one.others = float(by_how[one.fit.how] - 1)
        return made[:12]

    def _structured(self, context: Context, customer: int, pool: Pool) -> list[Explanation]:
        """Sets people pay without naming their parts: everything, everything due, a month, the oldest."""
        line, state, size = context.line, self.state, len(pool.items)
        if size < 2 and not context.periods:
            return []
        sets: list[tuple[str, list[int]]] = [("all", pool.items)]
        due = [one for one in pool.items if state.book.due[one] <= line.day]
        if 1 < len(due) < size:
            sets.append(("due", due))
        months: dict[tuple[int, int], list[int]] = {}
        for item in pool.items:
            months.setdefault(self._month(state.book.dated[item]), []).append(item)
        if len(months) > 1:
            sets += [("month", items) for _, items in sorted(months.items(), reverse=True)[:6] if len(items) > 1]
        for year, month, _, _ in context.periods:
            if items := months.get((year, month)):
                sets.append(("period", items))
        made: list[Explanation] = []
        for shape, items in sets:
            total = sum(self._amounts(items))
            if total > 0 and total * 0.9 <= line.amount <= total * 1.02:
                made += self._fits(context, customer, items, shape, size)
            if shape == "period":
                made += self._sums(context, customer, [], items, line.amount, shape, size, 6)
                equal = [one for one in items if state.open_now[one] == line.amount]
                made += [
                    Explanation(
                        "items", customer, (one,), fit_exact((one,), (line.amount,)), shape, len(equal) - 1.0, size
                    )
                    for one in equal[:3]
                ]
            bare = [one for one in items if state.open_now[one] > 0]
            if 1 < len(bare) < len(items):
                made += [one for one in self._fits(context, customer, bare, shape, size) if one.fit.how == "exact"]
        running, oldest = 0, []
        for item in pool.items:
            running += state.open_now[item]
            oldest.append(item)
            if running == line.amount and len(oldest) > 1:
                fit = fit_exact(oldest, self._amounts(oldest))
                made.append(Explanation("items", customer, tuple(oldest), fit, "oldest", 0.0, size))
        exact = {one.items for one in made if one.fit.how == "exact"}
        for one in made:
            if one.shape == "period":
                continue
            one.others = float(max(len(exact - {one.items}), 0)) if one.fit.how == "exact" else 0.0
        return made

    def _month(self, day: int) -> tuple[int, int]:
        held = self._months.get(day)
        if held is None:
            when = date(1970, 1, 1) + timedelta(days=day)
            held = self._months[day] = (when.year, when.month)
        return held

    def _oldest(self, context: Context, customer: int, pool: Pool) -> list[Explanation]:
        """As far as the money goes, the oldest first; or all of it and something over."""
        items, line, taken = [], context.line, 0
        for item in pool.items:
            if self.state.open_now[item] <= 0:
                continue
            items.append(item)
            taken += self.state.open_now[item]
            if taken >= line.amount:
                break
        if not items or len(items) > 100:
            return []
        amounts, size = self._amounts(items), len(pool.items)
        part = fit_part(self.state, line, items, amounts, False)
        if part is not None:
            kind = "items" if part.how == "short" and len(items) == 1 else "part_payment"
            return [_trim(Explanation(kind, customer, tuple(items), part, "oldest", 1.0, size))]
        over = fit_over(line, items, amounts)
        return [Explanation("overpayment", customer, tuple(items), over, "all", 0.0, size)] if over else []

    def _anywhere(self, context: Context, found: dict[tuple[object, ...], Explanation]) -> None:
        """Items of exactly the amount, whoever's they are."""
        line, state = context.line, self.state
        places = state.book.same_amount(line.amount, line.amount, 600)
        fitting = [
            one
            for one in places
            if state.open_now[one] == line.amount and state.fits(one, line) and state.book.opens[one] <= line.day
        ]
        if not fitting or len(fitting) > SAME_AMOUNT_MAX:
            return
        for item in fitting:
            fit = fit_exact((item,), (line.amount,))
            customer = state.book.customer_of[item]
            made = Explanation("items", customer, (item,), fit, "global", float(len(fitting) - 1), len(fitting))
            _keep(found, [made])
            for token, number, start, stop, at_end in context.found.loose:
                hits, kind = soft_hits(state.book, [item], token, at_end)
                if hits:
                    from huikuan.engines.match_references import Mention

                    context.open_of[len(context.found.mentions)] = hits
                    context.found.mentions.append(Mention(hits, kind, 2.0, number, start, stop, token))

    def _rest(self, context: Context, scopes: list[int], found: dict[tuple[object, ...], Explanation]) -> None:
        """Not a customer's money; on account of each likely customer, a duplicate where what is named is paid."""
        none = Fit("none", (), ())
        _keep(found, [Explanation("not_customer", -1, (), none, "none")])
        for customer in scopes[:3]:
            kind = "on_account"
            for at, mention in enumerate(context.found.mentions):
                if not context.open_of[at] and any(
                    self.state.book.customer_of[one] == customer and self.state.fits(one, context.line)
                    for one in mention.items
                ):
                    kind = "duplicate"
            fit = Fit("account", (), (), "", context.line.amount)
            _keep(found, [Explanation(kind, customer, (), fit, "none")])


def _ordered(context: Context, state: State, customer: int) -> tuple[list[int], list[int]] | None:
    """Open items of a customer that are named: by their numbers, in the order of the text; by orders and contracts."""
    if customer not in context.named:
        return None
    hard: dict[int, None] = {}
    soft: dict[int, None] = {}
    of = state.book.customer_of
    for at, mention in sorted(enumerate(context.found.mentions), key=lambda one: (one[1].field, one[1].start, one[0])):
        mine = [one for one in context.open_of[at] if of[one] == customer]
        into = soft if mention.kind in ("order", "contract") or len(mine) > 1 or mention.doubtful else hard
        into.update(dict.fromkeys(mine))
    return list(hard), [one for one in soft if one not in hard]


def _trim(made: Explanation) -> Explanation:
    """Without the items that get nothing."""
    fit = made.fit
    kept = [at for at in range(len(made.items)) if fit.applied[at] or fit.deducted[at]]
    if len(kept) < len(made.items):
        made.items = tuple(made.items[at] for at in kept)
        fit.applied = tuple(fit.applied[at] for at in kept)
        fit.deducted = tuple(fit.deducted[at] for at in kept)
    return made


def _keep(found: dict[tuple[object, ...], Explanation], made: Iterable[Explanation]) -> None:
    """Takes in what is new; the same set found in a better way keeps the better way."""
    for one in made:
        held = found.get(one.key)
        if held is None or _RANK[one.shape] < _RANK[held.shape]:
            found[one.key] = one


_PLAIN = ("named", "single", "all", "due", "period", "credits")
_RANK = {
    shape: at
    for at, shape in enumerate("named credits subset period group single all due month oldest sum global none".split())
}
