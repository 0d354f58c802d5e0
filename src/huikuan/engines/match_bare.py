"""Explanations by amount alone: single items, whole statements, the oldest first, exact sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import accumulate

from huikuan.engines.match_book import NOTE, UNIT
from huikuan.engines.match_context import Context
from huikuan.engines.match_cuts import count_of, paid_in, shares_in
from huikuan.engines.match_explanation import Explanation, Found, keep, trim
from huikuan.engines.match_fit import (
    CLEAR,
    DISCOUNT,
    WRITTEN,
    Fit,
    discount_of,
    fit_exact,
    fit_less,
    fit_over,
    fit_part,
    fit_share,
    keeps_share,
    told_share,
)
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_lines import Pool, State
from huikuan.engines.match_sums import find_counted, find_sums
from huikuan.engines.match_terms import Terms, terms_of, terms_of_all


def _is_written(made: Explanation) -> bool:
    return made.fit.how == "short" and made.fit.known >= WRITTEN


SETS_MAX = 3
"""Sets of more items are counted where they are searched."""
PROMPT_MIN, PROMPT_LONG = 2, 10
"""Discounts a payer must have taken in time, and none late, before a late one is out of the question: at all, and where
an older debt is equal to a newer one."""
MEMOS_MAX = 12
"""Open credit memos of which one or two may be taken off a month."""
OLDEST_MIN = 3
"""Times a customer has paid its oldest items as far as the money went, before that counts as its way."""

FOLLOWED_MIN = 2
"""Times from which on it is followed through a run so, though none of its lines posts itself by that."""


class BareExplainer:
    """Finds explanations that nothing in the text points to, against one state of the items."""

    def __init__(self, state: State, knowledge: Knowledge) -> None:
        self.state, self.knowledge = state, knowledge
        self.everybody = terms_of_all(knowledge)
        self._terms: dict[int, Terms] = {}
        self._months: dict[int, tuple[int, int]] = {}

    def _terms_of(self, customer: int) -> Terms:
        terms = self._terms.get(customer)
        if terms is None:
            terms = self._terms[customer] = terms_of(
                self.knowledge, self.state.book.customer_ids[customer], self.everybody
            )
        return terms

    def _pays_oldest(self, customer: int, amount: int, least: int = OLDEST_MIN) -> bool:
        """Where no items fit, this customer's money has gone to its oldest ones, as far as it went; and in no rounder
        sums than this amount, where it is no whole thousand: 3,300 of who pays ten thousands is meant for something."""
        owner = self.state.book.customer_ids[customer]
        oldest, part, *other = (
            self.knowledge.habit(owner, name)[0] for name in ("oldest", "part", "short", "over", "account")
        )
        step = self._terms_of(customer).step
        is_way = oldest >= least and oldest >= 3 * (part - oldest + sum(other))
        return is_way and (not step or amount % min(step, 1000 * UNIT) == 0)

    def _pays_on_account(self, customer: int) -> bool:
        """What fits nothing has gone on this customer's account, always."""
        owner = self.state.book.customer_ids[customer]
        account, *other = (self.knowledge.habit(owner, name)[0] for name in ("account", "part", "short", "over"))
        return account >= OLDEST_MIN and account >= 3 * sum(other)

    def _amounts(self, items: Iterable[int]) -> list[int]:
        return list(map(self.state.open_now.__getitem__, items))

    def _fits(
        self, context: Context, customer: int, items: Sequence[int], shape: str, size: int, others: float = 0.0
    ) -> list[Explanation]:
        """The items with every small difference that explains the amount."""
        some = shape in ("named", "period")
        fits = fit_less(self.state, context.line, items, self._amounts(items), self._terms_of(customer), some)
        return [Explanation("items", customer, tuple(items), fit, shape, others, size) for fit in fits]

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
        amounts = self._amounts(choice)
        counted = count_of(context.line.text) if given and context.line.text else 0
        counted -= sum(self.state.open_now[item] > 0 for item in given)
        sums = find_counted(amounts, target, counted) if counted > 0 else None
        sums = sums or find_sums(amounts, target, size_max=size_max)
        made = []
        for one in sums.sets[:4]:
            items = given + [choice[at] for at in one]
            others: float = sum(len(other) <= max(len(one), 2) for other in sums.sets) - 1
            others = max(others, 0) if sums.is_exact or len(one) <= 3 else max(sums.count - 1, 0)
            others += max(sums.count - len(sums.sets), 0) * (sums.is_exact and len(sums.sets) >= 12)
            fit = fit_exact(items, self._amounts(items))
            made.append(Explanation("items", customer, tuple(items), fit, shape, float(others), size))
        return made

    def _unnamed(self, context: Context, customer: int, pool: Pool, found: Found, named: Sequence[int] = ()) -> None:
        """Explanations by amount alone: single items, whole statements, oldest first, exact sums."""
        line, size = context.line, len(pool.items)
        equal = pool.of_amount(line.amount)
        made = []
        for item in equal[:6]:
            fit = fit_exact((item,), (line.amount,))
            made.append(Explanation("items", customer, (item,), fit, "single", float(len(equal) - 1), size))
        if not equal:
            made += self._single_less(context, customer, pool)
        shares = self._shares(context, customer, pool)
        made += self._structured(context, customer, pool)
        exact = any(one.fit.how == "exact" for one in made)
        if not equal and not exact:
            made += self._sums(context, customer, [], pool.items, line.amount, "sum", size)
            exact = any(one.fit.how == "exact" for one in made)
        elif not equal:
            made += self._rivals(context, customer, pool, made)
        if not exact:
            made += self._net_sums(context, customer, pool)
            made += self._oldest(context, customer, pool)
        elif self._pays_oldest(customer, line.amount) and all(
            one.shape == "sum" for one in made if one.fit.how == "exact"
        ):
            # Some that come to the amount by chance are no reason to leave its way.
            made += self._oldest(context, customer, pool)
        for one in made if shares else ():
            one.others += len(shares)
        is_told = bool(shares and context.line.text and paid_in(context.line.text))
        for one in shares:
            one.others = len(shares) - 1.0 + (exact and not is_told)
        made += shares
        if named:
            # What the text names is not paid in part by leaving it for older items.
            made = [one for one in made if one.fit.how in ("exact", "discount") or set(named) <= set(one.items[:1])]
        keep(found, made)

    def _shares(self, context: Context, customer: int, pool: Pool) -> list[Explanation]:
        """Single items of which this payer pays the share that the text tells, or one as it has of others."""
        terms, size = self._terms_of(customer), len(pool.items)
        if not terms.parts and not (context.line.text and paid_in(context.line.text)):
            return []
        whole, made = self.state.book.amounts, []
        for item, opened in zip(pool.items, pool.amounts, strict=True):
            fit = fit_share(terms, context.line, int(whole[item]), opened)
            if fit is not None:
                made.append(Explanation("part_payment", customer, (item,), fit, "single", 0.0, size))
        return made[:6]

    def _shares_of(self, context: Context, customer: int, pool: Pool, named: set[int]) -> list[Explanation]:
        """``_shares`` of what the text names."""
        shares = [one for one in self._shares(context, customer, pool) if not named.isdisjoint(one.items)]
        for one in shares:
            one.shape, one.others = "named", len(shares) - 1.0
        return shares

    def _single_less(self, context: Context, customer: int, pool: Pool) -> list[Explanation]:
        amount, made, state = context.line.amount, [], self.state
        terms = self._terms_of(customer)
        tells_share = bool(context.line.text and shares_in(context.line.text))
        keeps = bool(terms.kept)
        for item, opened in zip(pool.items, pool.amounts, strict=True):
            is_near = 0.88 * opened <= amount <= 1.012 * opened or (amount < opened <= amount + 400_000)
            if is_near or (
                (tells_share and told_share(context.line, opened, opened - amount))
                or (keeps and keeps_share(terms, context.line, opened, opened - amount))
            ):
                made += self._fits(context, customer, [item], "single", len(pool.items))
        # What the text tells to the cent has no rival in what it does not.
        made.sort(key=_is_written, reverse=True)
        alike = Counter((one.fit.how, _is_written(one)) for one in made)
        # Of equal debts less the same, one in time and one late, either may be meant.
        equal = {item: state.open_now[item] for one in made for item in one.items}
        twins = Counter(equal.values() if self._takes_late(customer, True) else ())
        for one in made:
            one.others = float(max(alike[one.fit.how, _is_written(one)], twins[equal[one.items[0]]]) - 1)
        return made[:12]

    def _takes_late(self, customer: int, has_equal: bool) -> bool:
        """It has taken a discount late; or little is known of it, since it has taken few. ``has_equal``: of two equal
        debts one is late and one is not; who would leave the older unpaid?"""
        taken = self.knowledge.habit(self.state.book.customer_ids[customer], "discount")[0]
        return taken < (PROMPT_LONG if has_equal else PROMPT_MIN) or any(self._terms_of(customer).own_late)

    def _rivals(self, context: Context, customer: int, pool: Pool, made: list[Explanation]) -> list[Explanation]:
        """Other sets of up to three items that add up as a whole statement does; each makes it less sure."""
        exact = [one for one in made if one.fit.how == "exact"]
        widest = max(len(one.items) for one in exact)
        rivals = self._sums(
            context, customer, [], pool.items, context.line.amount, "sum", len(pool.items), min(widest, 3)
        )
        held = {frozenset(one.items) for one in exact}
        rivals = [one for one in rivals if frozenset(one.items) not in held]
        for one in exact:
            among = (
                rivals if one.shape != "period" else [rival for rival in rivals if self._is_said(context, rival.items)]
            )
            one.others += sum(len(rival.items) <= len(one.items) for rival in among)
        for rival in rivals:
            rival.others += len(exact)
        return rivals

    def _net_sums(self, context: Context, customer: int, pool: Pool) -> list[Explanation]:
        """Exact sums of items that are each paid net of the discount they still allow."""
        line, book, size = context.line, self.state.book, len(pool.items)
        cuts = [
            discount_of(self.state, item, amount) if book.discount_until[item] >= line.day else 0
            for item, amount in zip(pool.items, pool.amounts, strict=True)
        ]
        if not any(cuts):
            return []
        net = [amount - cut for amount, cut in zip(pool.amounts, cuts, strict=True)]
        sums, made = find_sums(net, line.amount, size_max=8), []
        for one in sums.sets[:3]:
            if not any(cuts[at] for at in one):
                continue
            cut = tuple(cuts[at] for at in one)
            fit = Fit("discount", tuple(net[at] for at in one), cut, tuple(DISCOUNT if less else "" for less in cut))
            others = max(sum(len(other) <= len(one) for other in sums.sets) - 1, 0)
            items = tuple(pool.items[at] for at in one)
            made.append(Explanation("items", customer, items, fit, "sum", float(others), size))
        return made

    def _structured(self, context: Context, customer: int, pool: Pool) -> list[Explanation]:
        """Sets people pay without naming their parts: everything, everything due, a month, the oldest."""
        line, state, size = context.line, self.state, len(pool.items)
        if size < 2 and not context.periods:
            return []
        made: list[Explanation] = []
        has_credits = min(pool.amounts) < 0
        for shape, items in self._sets(context, pool):
            total = sum(map(state.open_now.__getitem__, items))
            if total > 0 and total * 0.88 <= line.amount <= total * 1.02:
                fits = self._fits(context, customer, items, shape, size)
                made += fits if min(self._amounts(items)) > 0 else [one for one in fits if one.fit.how in CLEAR]
            if shape == "period":
                if len({self._month(state.book.dated[one]) for one in items}) == 1:
                    # Of several months some of the items come to the amount by chance.
                    made += self._sums(context, customer, [], items, line.amount, shape, size, 6)
                made += self._less_memos(context, customer, items, pool)
                left_out = self._all_but_one(items, line.amount)
                for whole in left_out[:4]:
                    fit = fit_exact(whole, self._amounts(whole))
                    others = float(len(left_out) - 1)
                    made.append(Explanation("items", customer, tuple(whole), fit, shape, others, size))
            bare = [one for one in items if state.open_now[one] > 0] if has_credits else items
            if 1 < len(bare) < len(items):
                made += [one for one in self._fits(context, customer, bare, shape, size) if one.fit.how == "exact"]
        agreed = self._agreed(pool.items)
        for items in (pool.items, agreed) if len(agreed) < size else (pool.items,):
            amounts = self._amounts(items)
            running = list(accumulate(amounts))
            for count, total in enumerate(running, 1) if line.amount in running else ():
                if total == line.amount and count > 1:
                    fit = fit_exact(items[:count], amounts[:count])
                    made.append(Explanation("items", customer, tuple(items[:count]), fit, "oldest", 0.0, size))
        exact = {one.items for one in made if one.fit.how == "exact"}
        for one in made:
            if one.shape == "period":
                continue
            one.others = float(max(len(exact - {one.items}), 0)) if one.fit.how == "exact" else 0.0
        return made

    def _less_memos(self, context: Context, customer: int, items: Sequence[int], pool: Pool) -> list[Explanation]:
        """All invoices among the items less one or two open credit memos, of whatever month."""
        whole = [one for one in items if self.state.open_now[one] > 0]
        missing = sum(self._amounts(whole)) - context.line.amount
        memos = [one for one in pool.items if self.state.open_now[one] < 0][:MEMOS_MAX] if missing > 0 else []
        return self._sums(context, customer, whole, memos, -missing, "period", len(pool.items), 2) if memos else []

    def _all_but_one(self, items: Sequence[int], amount: int) -> list[list[int]]:
        """The items without one of them, where that is the amount; they are more than three."""
        left = sum(self._amounts(items)) - amount
        if left <= 0 or len(items) <= SETS_MAX:
            return []
        return [[one for one in items if one != item] for item in items if self.state.open_now[item] == left]

    def _sets(self, context: Context, pool: Pool) -> list[tuple[str, list[int]]]:
        """Everything, everything due, each of the latest months, the months that the text names."""
        book, size = self.state.book, len(pool.items)
        sets: list[tuple[str, list[int]]] = [("all", pool.items)]
        due_dates, day = book.due, context.line.day
        due = [one for one in pool.items if due_dates[one] <= day]
        if 1 < len(due) < size:
            sets.append(("due", due))
        months = self._months_of(pool)
        if len(months) > 1:
            sets += [("month", items) for _, items in sorted(months.items(), reverse=True)[:6] if len(items) > 1]
        named = dict.fromkeys((year, month) for year, month, _, _ in context.periods)
        meant = [months[one] for one in named if one in months]
        sets += [("period", items) for items in meant]
        if len(meant) > 1:
            sets.append(("period", [item for items in meant for item in items]))
        return sets + [(shape, left) for shape, items in sets if 0 < len(left := self._agreed(items)) < len(items)]

    def _agreed(self, items: list[int]) -> list[int]:
        """Without what the customer contests: that is paid when it is named."""
        book = self.state.book
        return [one for one in items if not book.contested[one]] if book.has_contested else items

    def _months_of(self, pool: Pool) -> dict[tuple[int, int], list[int]]:
        """The items of a pool by the month of their date."""
        months, dated, held = pool.months, self.state.book.dated, self._months
        for item in pool.items if not months else ():
            month = held.get(dated[item]) or self._month(dated[item])
            if month in months:
                months[month].append(item)
            else:
                months[month] = [item]
        return months

    def _month(self, day: int) -> tuple[int, int]:
        held = self._months.get(day)
        if held is None:
            when = date(1970, 1, 1) + timedelta(days=day)
            held = self._months[day] = (when.year, when.month)
        return held

    def _is_said(self, context: Context, items: Iterable[int]) -> bool:
        """All of months that the text names, but for credit memos."""
        months, opened = {(year, month) for year, month, _, _ in context.periods}, self.state.open_now
        return bool(months) and all(
            opened[item] < 0 or self._month(self.state.book.dated[item]) in months for item in items
        )

    def _twins(self, pool: Pool, item: int) -> int:
        """How many items of the pool are like it: of the same days, with as much open."""
        book, held = self.state.book, self.state.open_now
        like = (book.due[item], book.dated[item], held[item])
        return sum((book.due[one], book.dated[one], held[one]) == like for one in pool.items if one != item)

    def _oldest(self, context: Context, customer: int, pool: Pool) -> list[Explanation]:
        """As far as the money goes, the oldest first; or all of it and something over."""
        items, line, taken = [], context.line, 0
        for item in pool.items:
            if self.state.open_now[item] <= 0 or self.state.book.kinds[item] == NOTE:
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
            twins = self._twins(pool, items[-1]) if taken > line.amount else 0
            made = trim(Explanation(kind, customer, tuple(items), part, "oldest", float(twins), size))
            # Twice is no way yet that anything posts itself by, but where its money went is told best by it.
            made.is_way = self._pays_oldest(customer, line.amount, FOLLOWED_MIN)
            made.is_shaky = not self._pays_oldest(customer, line.amount)
            return [made]
        over = fit_over(line, items, amounts)
        return [Explanation("overpayment", customer, tuple(items), over, "all", 0.0, size)] if over else []
