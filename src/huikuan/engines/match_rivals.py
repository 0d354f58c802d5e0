"""Rivals: every other set of items that explains an amount as simply as one that nothing written points to.

One item, or a whole (everything, everything due, all of a month; with credit memos or without; less the discounts still
allowed) is as simple as it gets: 1. Two items, or a run of neighbours by date: 2. Three: 3. Items of different members
of a group: one more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from huikuan.engines.match_bare import OLDEST_MIN, SETS_MAX, BareExplainer
from huikuan.engines.match_book import NEVER, UNIT
from huikuan.engines.match_context import Context
from huikuan.engines.match_explanation import WHOLE, Explanation, Found
from huikuan.engines.match_family import family_pool
from huikuan.engines.match_fit import discount_of
from huikuan.engines.match_lines import Line, Pool
from huikuan.engines.match_named import is_by_orders
from huikuan.engines.match_sums import find_sums

LIKELY = 12.0
"""A payer so many times less believable than the likeliest is none whose items could be meant instead."""

VAGUE = 3
"""A contract with more open items than this does not tell which of them are paid."""
SEVERAL_MIN = 4
"""Lines a payer has sent at least, half of them for several items, to be one who pays several at once."""

NET = ("discount", "late_discount")
"""Fits in which every item is less by what was offered for it."""
Ways = dict[frozenset[int], int]
"""Sets of items that give an amount, with how simple they are."""


class Rivals(BareExplainer):
    """Counts them among what the plausible payers of a line have open."""

    def _doubt_bare(self, context: Context, found: Found) -> None:
        """Sets ``others`` of explanations that nothing written points to: to the number of their rivals at least."""
        vague = self._vague(context)
        named = context.listed() - vague
        bare = [
            one
            for one in found.values()
            if one.items and one.fit.how in WHOLE and one.shape != "global" and named.isdisjoint(one.items)
        ]
        if not bare:
            return
        contested = self.state.book.contested
        # What is contested is not paid without a word as simply as what is not.
        less = [2 * any(map(contested.__getitem__, one.items)) for one in bare]
        widest = max(len(one.items) + more for one, more in zip(bare, less, strict=True))
        ways = self._ways(context, min(widest, SETS_MAX))
        for one in bare:
            if one.shape == "period" and one.fit.how == "exact":
                # A month that is named is as simple with a credit memo of another.
                ways.setdefault(frozenset(one.items), 2)
        said = {way for way in ways if self._is_said(context, way)}
        for one, more in zip(bare, less, strict=True):
            own = frozenset(one.items)
            if context.periods and not self._is_said(context, own):
                one.doubt = "month"
            simple = ways.get(own, len(own)) + more
            among = said if own in said or self._is_said(context, own) else ways
            if own <= vague:
                # What a contract names that covers many items: others of these may be meant as well.
                among, simple = {way for way in ways if way <= vague}, 1 if own == vague else simple
            counted = [way for way in among if way != own and (ways[way] <= simple or way in said)]
            if not counted:
                counted = self._short_as_well(context, one)
                ways.update(dict.fromkeys(counted, simple))
            if not counted and not self._is_due(context, own):
                counted = self._oldest_due(context, one, found)
                ways.update(dict.fromkeys(counted, simple))
            if not counted and not said:
                counted = self._in_two(context, one) or self._older(context, one)
                ways.update(dict.fromkeys(counted, simple))
            rivals = len(counted)
            if counted:
                one.rival = min((ways[way], tuple(sorted(way))) for way in counted)[1]
            if self._may_be_oldest(context, one):
                owner = self.state.book.customer_of[one.items[0]]
                parts = self._pays_in_parts(owner)
                rivals += parts
                if parts and not counted:
                    one.rival = tuple(self.state.pool(owner, context.line).items[:1])
                one.doubt = one.doubt if parts or own in said else "round"
            one.others = max(one.others, float(rivals))

    def _doubt_orders(self, context: Context, found: Found) -> None:
        """Of what orders name, other items less their discounts are meant as well; late ones of who may take such."""
        less = [one for one in found.values() if one.fit.how in NET and is_by_orders(context, one)]
        for one in less if len(less) > 1 else ():
            rivals = [
                other.items
                for other in less
                if other.items != one.items and (other.fit.how == "discount" or self._takes_late(other.customer, False))
            ]
            if rivals and one.others < len(rivals):
                one.others, one.rival = float(len(rivals)), min(rivals)

    def _vague(self, context: Context) -> frozenset[int]:
        """Items that only orders or contracts with many open items name: they say whose they are, not which."""
        many: set[int] = set()
        sure: set[int] = set()
        for at, mention in enumerate(context.found.mentions):
            opened = context.open_of[at]
            is_vague = mention.is_collective and len(opened) > VAGUE
            (many if is_vague else sure).update(opened)
        return frozenset(many - sure)

    def _is_due(self, context: Context, items: Iterable[int]) -> bool:
        """Some of it is due."""
        due, day = self.state.book.due, context.line.day
        return any(due[item] <= day for item in items)

    def _short_as_well(self, context: Context, made: Explanation) -> list[frozenset[int]]:
        """Others that come to as much as items less a charge: as simple, or due where these are not."""
        own = frozenset(made.items)
        is_due = self._is_due(context, own)
        if made.fit.how != "charge" or (is_due and len(own) < 2):
            return []
        ways = self._ways(context, SETS_MAX, sum(made.fit.taken()))
        simple = ways.get(own, len(own))
        return [
            way for way in ways if way != own and (ways[way] <= simple or (not is_due and self._is_due(context, way)))
        ]

    def _oldest_due(self, context: Context, made: Explanation, found: Found) -> list[frozenset[int]]:
        """The same customer's oldest items, all due, where they give the amount too."""
        day, due = context.line.day, self.state.book.due
        return [
            frozenset(one.items)
            for one in found.values()
            if one.shape == "oldest"
            and one.fit.how == "exact"
            and one.customer == made.customer
            and one is not made
            and all(due[item] <= day for item in one.items)
        ]

    def _in_two(self, context: Context, made: Explanation) -> list[frozenset[int]]:
        """The set with two older items, to the cent, in the place of one of a whole thousand."""
        due, opened = self.state.book.due, self.state.open_now
        for item in made.items if made.fit.how == "exact" else ():
            if opened[item] % (1000 * UNIT) or opened[item] <= 0:
                continue
            pool = self.state.pool(self.state.book.customer_of[item], context.line)
            older = {one for one in pool.items if due[one] < due[item] and one not in made.items and opened[one] > 0}
            left = {opened[one]: one for one in older}
            for one in older:
                other = left.get(opened[item] - opened[one], one)
                if other != one:
                    return [frozenset(made.items) - {item} | {one, other}]
        return []

    def _older(self, context: Context, made: Explanation) -> list[frozenset[int]]:
        """Instead of one item, neighbours that were due before it: who pays what is due pays these first. Of who mostly
        pays several items at once, any two or three that were due before it."""
        if len(made.items) > 1 or made.fit.how != "exact":
            return []
        due, opened, item = self.state.book.due, self.state.open_now, made.items[0]
        owner = self.state.book.customer_of[item]
        pool = self.state.pool(owner, context.line)
        older = [one for one in pool.items if due[one] <= due[item] and one != item and opened[one] > 0]
        if sum(opened[one] for one in older) < context.line.amount:
            return []
        amounts = [opened[one] for one in older]
        found = _runs(Pool(older, amounts, pool.latest), range(len(older)), context.line.amount)
        several, lines = self.knowledge.habit(self.state.book.customer_ids[owner], "several")
        if not found and several * 2 >= max(lines, SEVERAL_MIN):
            sums = find_sums(amounts, context.line.amount, size_max=SETS_MAX, keep=4)
            found = [[older[at] for at in one] for one in sums.sets if 1 < len(one) <= SETS_MAX]
        return [frozenset(one) for one in found]

    def _may_be_oldest(self, context: Context, made: Explanation) -> bool:
        """A sum in whole thousands may be meant for what is oldest; so may one in whole hundreds of a payer who has
        paid in part or on account before."""
        amount = context.line.amount
        if amount % (100 * UNIT):
            return False
        owner = self.state.book.customer_of[made.items[0]]
        items = self.state.pool(owner, context.line).items
        if made.fit.how == "exact" and set(made.items) == set(items[: len(made.items)]):
            return False
        if amount % (1000 * UNIT) == 0:
            return True
        return self._parts_of(owner) > 0

    def _pays_in_parts(self, customer: int) -> bool:
        """It pays in part or on account more than now and then: what its round sums are meant for is open."""
        parts = self._parts_of(customer)
        lines = self.knowledge.habit(self.state.book.customer_ids[customer], "lines")[1]
        return parts >= OLDEST_MIN and parts * 5 >= lines

    def _parts_of(self, customer: int) -> int:
        name = self.state.book.customer_ids[customer]
        return sum(self.knowledge.habit(name, habit)[0] for habit in ("part", "account", "over"))

    def _ways(self, context: Context, limit: int, amount: int = 0) -> Ways:
        """Every way up to ``limit`` in which a plausible payer's items, or its group's, give the line's amount, or
        another."""
        line, ways, payers = context.line, Ways(), context.payers
        line = replace(line, amount=amount) if amount else line
        least = payers[0].strength / LIKELY if payers else 0.0
        for payer in payers:
            if payer.customer < 0 or payer.strength < least:
                continue
            pool = self.state.pool(payer.customer, line)
            if payer.kind == "group":
                _note(ways, [(item,) for item in pool.of_amount(line.amount)], 1)
            else:
                self._ways_in(pool, line, limit, 0, ways)
        if limit > 1:
            family = family_pool(self.state, context)
            if family is not None:
                self._ways_in(family, line, limit - 1, 1, ways)
        return ways

    def _ways_in(self, pool: Pool, line: Line, limit: int, less: int, ways: Ways) -> None:
        """Those in one pool; ``less`` simple for the pool of a group."""
        amount, items = line.amount, pool.items
        if sum([one for one in pool.amounts if one > 0]) < amount:
            return
        for amounts in (pool.amounts, *self._nets(pool, line)):
            _note(ways, [(items[at],) for at, one in enumerate(amounts) if one == amount], 1 + less)
            _note(ways, self._wholes(pool, amounts, line), 1 + less)
            if limit > 1:
                sums = find_sums(amounts, amount, size_max=limit, keep=40)
                _note(ways, [[items[at] for at in one] for one in sums.sets if len(one) == 2], 2 + less)
                _note(ways, [[items[at] for at in one] for one in sums.sets if len(one) == 3], 3 + less)
        if limit > 1:
            for month in self._months_of(pool).values():
                _note(ways, self._all_but_one(month, amount), 2 + less)
            _note(ways, _runs(pool, range(len(items)), amount), 2 + less)
            dated = self.state.book.dated
            by_date = sorted(range(len(items)), key=lambda at: dated[items[at]])
            if by_date != list(range(len(items))):
                _note(ways, _runs(pool, by_date, amount), 2 + less)

    def _nets(self, pool: Pool, line: Line) -> list[list[int]]:
        """What is open of each less the discount that is still allowed, where one is; and less the late ones too, where
        the payer may take such."""
        book, state, day = self.state.book, self.state, line.day
        until, percents = book.discount_until, book.discounts
        offered = [item for item in pool.items if percents[item]]
        if not offered:
            return []
        in_time, late = ({item for item in offered if (until[item] >= day) is wanted} for wanted in (True, False))
        equal = _have_equal(pool, in_time, late)
        is_late = any(self._takes_late(book.customer_of[item], equal) for item in late)
        latest = [day] if in_time else []
        return [
            [
                amount - (discount_of(state, item, amount) if until[item] >= least else 0)
                for item, amount in zip(pool.items, pool.amounts, strict=True)
            ]
            for least in (*latest, *([-NEVER] if is_late else []))
        ]

    def _wholes(self, pool: Pool, amounts: list[int], line: Line) -> list[list[int]]:
        """Everything, everything due, each month's; with credit memos and without."""
        due, share_of = self.state.book.due, dict(zip(pool.items, amounts, strict=True)).__getitem__
        wholes = [pool.items, [item for item in pool.items if due[item] <= line.day], *self._months_of(pool).values()]
        wholes += [left for whole in wholes if len(left := self._agreed(whole)) < len(whole)]
        found, has_credits = [], min(amounts) < 0
        for whole in wholes:
            shares = list(map(share_of, whole))
            if sum(shares) == line.amount:
                found.append(whole)
            if has_credits and sum([one for one in shares if one > 0]) == line.amount:
                found.append([item for item in whole if share_of(item) > 0])
        return found


def _have_equal(pool: Pool, some: set[int], others: set[int]) -> bool:
    """An item of the ones has the amount of one of the others."""
    open_of = dict(zip(pool.items, pool.amounts, strict=True))
    return not {open_of[item] for item in some}.isdisjoint(open_of[item] for item in others)


def _note(ways: Ways, sets: Iterable[Iterable[int]], simple: int) -> None:
    for one in sets:
        key = frozenset(one)
        ways[key] = min(ways.get(key, 99), simple)


def _runs(pool: Pool, order: Iterable[int], amount: int) -> list[list[int]]:
    """Neighbours among the invoices that add up to the amount."""
    places = [at for at in order if pool.amounts[at] > 0]
    seen, total, found = {0: 0}, 0, []
    for count, at in enumerate(places, 1):
        total += pool.amounts[at]
        seen[total] = count
        start = seen.get(total - amount)
        if start is not None:
            found.append([pool.items[one] for one in places[start:count]])
    return found
