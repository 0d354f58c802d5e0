"""Explanations of a line: every way worth considering in which it pays what is open."""

from __future__ import annotations

import re

from huikuan.engines.match_bare import SETS_MAX
from huikuan.engines.match_book import UNIT
from huikuan.engines.match_context import Context, soft_hits
from huikuan.engines.match_cuts import count_of, cut_of, is_first
from huikuan.engines.match_doubted import GUESSED, doubt_less, drop_padded, settle_over
from huikuan.engines.match_explanation import PLAIN, WHOLE, Explanation, Found, keep, trim
from huikuan.engines.match_family import family_pool
from huikuan.engines.match_fit import (
    CLEAR,
    CUSTOMARY,
    SHORT,
    Fit,
    discount_of,
    fit_exact,
    fit_over,
    fit_part,
    is_prepaid,
    names_cut,
    states_charge,
)
from huikuan.engines.match_lines import Pool
from huikuan.engines.match_named import is_by_orders, named_by, numbered_by
from huikuan.engines.match_payers import WHOLE as WHOLE_NAME
from huikuan.engines.match_references import Mention
from huikuan.engines.match_rivals import Rivals
from huikuan.engines.match_score import CREDIT_WORDS
from huikuan.engines.match_sums import cancels

SCOPES_MAX = 6
CREDITS_MAX = 18
WEAK = 0.3
"""A payer less believable than this is not searched without a mention."""
START_MIN = 6
"""Digits from which on the beginning of a number tells something."""
SAME_AMOUNT_MAX = 40
"""Items of one amount in the whole book beyond which the amount alone says nothing."""

_PERCENT = re.compile(r"(\d{1,3})\s?%")


class Explainer(Rivals):
    """Finds explanations against one state of the items."""

    def explain(self, context: Context) -> list[Explanation]:
        """Everything found, in no order yet; at least that it stays on account or is nobody's."""
        found: Found = {}
        line = context.line
        if line.amount <= 0:
            keep(found, [Explanation("outgoing", -1, (), Fit("none", (), ()), "none")])
            return list(found.values())
        scopes = self._scopes(context)
        certain = False
        if len(context.named) > 1:
            certain |= self._across(context, found)
        for customer in scopes:
            pool = self.state.pool(customer, line)
            named = named_by(context, self.state, customer)
            settled = False
            if named and pool.items:
                settled = self._named(context, customer, named, pool, found)
                certain |= settled
            strength = context.strength.get(customer)
            if not settled and pool.items and (named or (strength is not None and strength.strength >= WEAK)):
                self._unnamed(context, customer, pool, found, named[0] if named else ())
            elif pool.items and settled:
                self._equals(context, customer, pool, found)
        if not certain and not any(one.fit.how == "exact" and one.shape in PLAIN for one in found.values()):
            self._family(context, found)
        if not certain and (not context.payers or context.payers[0].strength < 0.75):
            self._anywhere(context, found)
        self._rest(context, scopes, found)
        listed = context.listed()
        for made in found.values():
            if made.items and made.fit.how in WHOLE:
                self._swap(context, made, listed)
        drop_padded(context, found)
        doubt_less(found)
        settle_over(context, found)
        self._doubt_over(context, found)
        self._doubt_short(context, found)
        self._doubt_words(context, found)
        self._doubt_orders(context, found)
        self._doubt_bare(context, found)
        return list(found.values())

    def _family(self, context: Context, found: Found) -> None:
        """What the payer's group owes together."""
        pool = family_pool(self.state, context)
        if pool is None:
            return
        payer, mine = context.payers[0].customer, set(pool.items)
        named = [one for owner in context.named if (one := named_by(context, self.state, owner))]
        hard = [item for one, _ in named for item in one if item in mine]
        soft = [item for _, one in named for item in one if item in mine]
        if hard or soft:
            self._named(context, payer, (hard, soft), pool, found)
        else:
            self._unnamed(context, payer, pool, found)

    def _swap(self, context: Context, made: Explanation, named: set[int]) -> None:
        """Counts what could stand for a part of the set that is not named, or be left out of it or added to it: equal
        items of the same customer outside; items that cancel each other out, with which or without which it fits as
        well."""
        customer_of, inside = self.state.book.customer_of, set(made.items)
        loose = [item for item in made.items if item not in named]
        for item in loose if made.fit.how == "exact" and len(made.items) > 1 else ():
            equal = self.state.pool(customer_of[item], context.line).of_amount(self.state.open_now[item])
            alike = [one for one in equal if one not in inside and self._alike(context, made, one)]
            made.swaps += len(alike)
            if alike:
                made.rival = tuple(sorted({*inside - {item}, alike[0]}))
        if len(made.items) == 1:
            made.swaps += bool(loose) and self._is_credited(context, made.items[0])
        elif (by_orders := is_by_orders(context, made)) or loose:
            made.swaps += cancels(self._amounts(made.items if by_orders else loose))
            owners = {customer_of[item] for item in made.items}
            pools = [self.state.pool(owner, context.line) for owner in sorted(owners)]
            made.swaps += cancels(self._amounts([one for pool in pools for one in pool.items if one not in inside]))
        if made.shape == "sum" and len(loose) > 2 and not all(self._alike(context, made, one) for one in loose):
            made.swaps += 1
        made.others = max(made.others, float(made.swaps))

    def _doubt_short(self, context: Context, found: Found) -> None:
        """Where a text speaks of a credit memo and of no amount, one that is open may be a part of what is missing; and
        so may one that is most of it, where nothing tells what is missing."""
        is_told = CREDIT_WORDS.search(context.upper) is not None
        for made in found.values():
            if (made.fit.how == "short" and is_told) or (made.fit.how in GUESSED and made.fit.known < CUSTOMARY):
                missing = sum(made.fit.deducted)
                least = 1 if is_told else missing // 2
                amounts = self.state.pool(made.customer, context.line).amounts
                is_credit = any(least <= -one <= missing for one in amounts)
                made.is_shaky |= is_credit and not names_cut(context.line, missing)

    def _doubt_over(self, context: Context, found: Found) -> None:
        """Money over beside digits with which a number of something else that is open begins may be for that: a bank
        cut the text off."""
        starts = [token for token, *_ in context.found.loose if len(token) >= START_MIN and token.isdigit()]
        numbers = self.state.book.numbers
        for made in found.values() if starts else ():
            if made.items and made.fit.how == "over":
                rest = set(self.state.pool(made.customer, context.line).items).difference(made.items)
                made.is_shaky |= any(numbers[item].startswith(token) for item in rest for token in starts)

    def _doubt_words(self, context: Context, found: Found) -> None:
        """Where a text says how many documents are paid, other numbers of them rest on a guess; so does the rest of an
        item of which something was paid, where the text speaks of a first part."""
        text = context.line.text
        counted, first = (count_of(text), is_first(text)) if text else (0, False)
        for made in found.values() if counted > 1 or first else ():
            if counted > 1 and made.items:
                made.is_counted = sum(share > 0 for share in made.fit.applied) == counted
                made.is_shaky |= not made.is_counted
            if first:
                whole, opened = self.state.book.amounts, self.state.open_now
                made.is_shaky |= any(0 < opened[item] < whole[item] for item in made.items)

    def _is_credited(self, context: Context, item: int) -> bool:
        """A credit memo of the very amount of an item is open. Of the one that is paid unnamed: something else is
        meant. Of another: the two come to nothing, and may be meant with it as well as not."""
        pool = self.state.pool(self.state.book.customer_of[item], context.line)
        return any(-amount in pool.amounts for amount in pool.amounts if amount < 0)

    def _alike(self, context: Context, made: Explanation, item: int) -> bool:
        """Outside a month that the text names nothing can stand for what is in it; nor do many items of other months
        explain it."""
        if made.shape != "period" and (made.shape != "sum" or not context.periods):
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

    def _across(self, context: Context, found: Found) -> bool:
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
        keep(found, made)
        return any(one.fit.how == "exact" for one in made)

    def _named(
        self,
        context: Context,
        customer: int,
        named: tuple[list[int], list[int]],
        pool: Pool,
        found: Found,
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
            exact = any(one.fit.how == "exact" and (hard or one.shape != "subset") for one in made)
        settled = exact or any(one.fit.how in ("discount", "charge") for one in made)
        shares = [] if exact else self._shares_of(context, customer, pool, {*hard, *soft})
        made += shares
        if not exact and hard:
            amounts = self._amounts(hard)
            part = fit_part(self.state, line, hard, amounts, True) if not shares else None
            is_told = any(one.items == tuple(hard) and SHORT in one.fit.reasons for one in made)
            if part is not None and not (part.how == "short" and is_told):
                kind = "items" if part.how == "short" else "part_payment"
                made.append(trim(Explanation(kind, customer, tuple(hard), part, "named", 0.0, size)))
            over = fit_over(line, hard, amounts)
            if over is not None:
                made.append(Explanation("overpayment", customer, tuple(hard), over, "named", 0.0, size))
            for item in hard[:6] if len(hard) > 1 else ():
                made += self._fits(context, customer, [item], "single", size)
        over = fit_over(line, soft, self._amounts(soft)) if soft and not hard and not exact else None
        if over is not None:
            made.append(Explanation("overpayment", customer, tuple(soft), over, "named", 0.0, size))
        if not exact and not hard and not shares:
            part = fit_part(self.state, line, soft, self._amounts(soft), False) if len(soft) <= 60 else None
            if part is not None:
                made.append(trim(Explanation("part_payment", customer, tuple(soft), part, "oldest", 1.0, size)))
        numbered = numbered_by(context, self.state, customer)
        if exact and len(numbered) > 1 and sum(self._amounts(numbered)) > line.amount:
            # Every number of the text, less a credit memo, says more than the few that fit without the others.
            memos = self._memos(pool, numbered)
            made += self._credited(context, customer, numbered, memos, size) if memos else []
        keep(found, made)
        return settled

    def _memos(self, pool: Pool, named: list[int]) -> list[int]:
        """Open credit memos that are not named."""
        return [one for one in pool.items if self.state.open_now[one] < 0 and one not in named][:CREDITS_MAX]

    def _named_sums(
        self, context: Context, customer: int, hard: list[int], soft: list[int], pool: Pool
    ) -> list[Explanation]:
        line, size = context.line, len(pool.items)
        made: list[Explanation] = []
        base = sum(self._amounts(hard))
        rest = [one for one in pool.items if one not in hard]
        memos = self._memos(pool, hard + soft)
        if soft:
            choice = [one for one in soft if one not in hard]
            made += self._sums(context, customer, hard, choice, line.amount - base, "named", size)
            for one in made:  # Of what a contract names more items are meant as well as fewer.
                one.others = max(one.others, len(made) - 1.0)
                if SETS_MAX < len(one.items) - len(hard) < len(choice):
                    # So many of all that it covers may come to the amount by chance.
                    one.shape = "subset"
        if memos:
            made += self._credited(context, customer, hard or soft, memos, size)
        if hard and not made and line.amount > base:
            made += self._sums(context, customer, hard, rest, line.amount - base, "sum", size)
        if len(hard) > 1:
            made += self._sums(context, customer, [], hard, line.amount, "subset", size)
        if hard and memos and not made:
            everything = hard + memos
            made += [one for one in self._fits(context, customer, everything, "credits", size) if one.fit.how in CLEAR]
        return made

    def _credited(
        self, context: Context, customer: int, base: list[int], memos: list[int], size: int
    ) -> list[Explanation]:
        """What is named less open credit memos: exactly, or less one of them and a bank's charge that the text states
        or that is well known."""
        missing = sum(self._amounts(base)) - context.line.amount
        if missing <= 0:
            return []
        made = self._sums(context, customer, base, memos, -missing, "credits", size)
        terms = self._terms_of(customer)
        for memo in memos if not made else ():
            charge = missing + self.state.open_now[memo]
            is_known = terms.known_charge(charge) >= CUSTOMARY or states_charge(context.line, charge)
            if charge > 0 and is_known:
                # Unless the text tells of a charge, less money may be as well.
                doubt = float(cut_of(context.line.text) != "charge")
                fits = self._fits(context, customer, [*base, memo], "credits", size, doubt)
                made += [one for one in fits if one.fit.how == "charge"]
        return made

    def _equals(self, context: Context, customer: int, pool: Pool, found: Found) -> None:
        """Rivals of a named explanation: single items of exactly the line's amount."""
        for item in pool.of_amount(context.line.amount)[:4]:
            fit = fit_exact((item,), (context.line.amount,))
            keep(found, [Explanation("items", customer, (item,), fit, "single", 0.0, len(pool.items))])
        shares = self._shares(context, customer, pool)
        for made in list(found.values()) if shares else ():
            if made.fit.how == "exact" and is_by_orders(context, made):
                made.others = max(made.others, float(len(shares)))
        for one in shares:
            one.others = float(len(shares))
        keep(found, shares)

    def _anywhere(self, context: Context, found: Found) -> None:
        """Items of exactly the amount, whoever's they are."""
        line, state = context.line, self.state
        places = state.book.same_amount(line.amount, line.amount, 600)
        fitting = [
            one
            for one in places
            if state.open_now[one] == line.amount and state.is_open(one, line) and state.book.opens[one] <= line.day
        ]
        if not fitting or len(fitting) > SAME_AMOUNT_MAX:
            return
        for item in fitting:
            fit = fit_exact((item,), (line.amount,))
            customer = state.book.customer_of[item]
            made = Explanation("items", customer, (item,), fit, "global", float(len(fitting) - 1), len(fitting))
            keep(found, [made])
            for token, number, start, stop, at_end in context.found.loose:
                hits, kind = soft_hits(state.book, [item], token, at_end)
                if hits:
                    context.open_of[len(context.found.mentions)] = hits
                    context.found.mentions.append(Mention(hits, kind, 2.0, number, start, stop, token))

    def _again(self, context: Context, customer: int) -> int:
        """Of how many paid items of the customer that its numbers name the line has the amount: one, or all of them."""
        book, line, named = self.state.book, context.line, list[int]()
        for at, mention in enumerate(context.found.mentions):
            if context.open_of[at] or mention.doubtful:
                continue
            mine = [one for one in mention.items if book.customer_of[one] == customer and self.state.fits(one, line)]
            if any(line.amount in self._whole_and_less([one]) for one in mine):
                return 1
            named += mine[:1] if mine and mine[0] not in named else []
        return len(named) if len(named) > 1 and line.amount in self._whole_and_less(named) else 0

    def _whole_and_less(self, items: list[int]) -> tuple[int, int]:
        """What the items came to, and that less their discounts."""
        amounts = [int(self.state.book.amounts[item]) for item in items]
        cuts = [discount_of(self.state, item, amount) for item, amount in zip(items, amounts, strict=True)]
        return sum(amounts), sum(amounts) - sum(cuts)

    def _share_of(self, context: Context, customer: int) -> str:
        """What a percentage in the text is of: of something ``open``, unless it is paid in advance and nothing open has
        that share: of an ``order``."""
        told = _PERCENT.search(context.upper)
        if told is None or not is_prepaid(context.line):
            return "open" if told else ""
        share, amounts = int(told[1]), self.state.pool(customer, context.line).amounts
        near = [amount for amount in amounts if abs(amount * share - context.line.amount * 100) <= 100 * UNIT]
        return "open" if near else "order"

    def _rest(self, context: Context, scopes: list[int], found: Found) -> None:
        """Not a customer's money; on account of each likely customer, a duplicate where what is named is paid."""
        none = Fit("none", (), ())
        keep(found, [Explanation("not_customer", -1, (), none, "none")])
        named = context.listed()
        told = [one.customer for one in context.payers if one.kind == "text" and one.strength >= WHOLE_NAME]
        for customer in scopes[:3]:
            again = self._again(context, customer)
            # Several were paid for others perhaps: whose account it goes on is not told.
            kind = "duplicate" if again == 1 else "on_account"
            for made in found.values() if again else ():
                # However short the number: what it names was paid with this very amount.
                made.is_shaky |= bool(made.items) and named.isdisjoint(made.items)
            fit = Fit("account", (), (), (), context.line.amount)
            owed = 0 if is_prepaid(context.line) else len(self.state.pool(customer, context.line).items)
            made = Explanation(kind, customer, (), fit, "none", pool_size=owed)
            # A number that nobody could read may be of what is paid; a percentage is of something.
            unread = bool(context.found.loose) and kind != "duplicate" and not is_prepaid(context.line)
            # The customer whose name the text tells may be meant, and not the one whose account it came from.
            other = any(one != customer for one in told)
            share = self._share_of(context, customer)
            made.is_shaky = unread or other or share == "open"
            made.doubt = "deposit" if share else ""
            is_round = context.line.amount % (100 * UNIT) == 0
            made.is_way = bool(owed and is_round and not context.found.mentions) and self._pays_on_account(customer)
            keep(found, [made])
