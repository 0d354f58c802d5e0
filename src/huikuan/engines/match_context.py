"""What a line reveals, gathered once: its mentions, its payers, and which of the open items they point to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

from rapidfuzz.distance import OSA

from huikuan.engines.match_book import Book
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_lines import Line, Pool, State
from huikuan.engines.match_packed import packed
from huikuan.engines.match_payers import WHOLE, WHOLE_HAN, Directory, Payer, find_payers
from huikuan.engines.match_references import Found, Mention, find_references
from huikuan.engines.match_text import periods_of

FOREIGN_PAYER = 0.6
"""How believable a payer must be for what others were billed to be looked at once more."""
FOREIGN_RARITY = 3.0
"""A number rarer than this means what it says."""
FOREIGN_ORDER_MAX = 6
"""Digits of an order number of others up to which it may be the end of a number of the payer."""
SOFT_POOL_MAX = 150
"""Open items of one customer with which a disfigured number is compared."""

LOOSE_MAX = 100
"""Numbers of one line that lead nowhere by themselves and are compared with what is open; of more the first ones."""
GROUP_MAX = 24
"""Payers, the members of a group and whom they have paid for included, with whose open items a disfigured number is
compared."""


_BEHALF = re.compile(
    r"代付(?:货?款)?[\s:：]*([\u3400-\u9fffA-Za-z()（）]{3,40})"
    r"|代\s*([\u3400-\u9fffA-Za-z()（）]{2,40}?)\s*(?:付|支付|汇|缴|还)"
    r"|(?:on behalf of|i\.\s?A\.|im Auftrag(?: von)?|pour (?:le )?compte de|for account of)\s+([^,;/|]{3,60})",
    re.IGNORECASE,
)
PAID_TAIL = re.compile(r"\d{5,8}")
PAID_MAX = 3
"""So many paid items at most may end in the same digits."""


@packed
@dataclass(slots=True)
class Context:
    """A line with what it reveals. ``strength``: per customer how far the payer alone points to it; ``nobody``: the
    share of the payer's past that was not a customer's money, how many lines that is, and the log-odds of the words;
    ``periods``: months named, as (year, month)."""

    line: Line
    found: Found
    payers: list[Payer]
    strength: dict[int, Payer]
    nobody: tuple[float, int, float]
    periods: list[tuple[int, int, int, int]]
    upper: str = ""
    open_of: dict[int, list[int]] = field(default_factory=dict)
    named: dict[int, list[int]] = field(default_factory=dict)

    def listed(self) -> set[int]:
        """Open items that its mentions may mean."""
        return {one for opened in self.open_of.values() for one in opened}


class Gatherer:
    """Gathers contexts against one state of the items and one state of knowledge."""

    def __init__(self, state: State, directory: Directory, knowledge: Knowledge) -> None:
        self.state, self.directory, self.knowledge = state, directory, knowledge
        self._payers: dict[tuple[str, str], list[Payer]] = {}
        self._whole: dict[tuple[str, str, str], list[Payer]] = {}
        self._named: dict[str, list[Payer]] = {}
        self._nobody: dict[tuple[str, str], tuple[float, int]] = {}

    def gather(self, line: Line) -> Context:
        """What the line reveals."""
        found = find_references(self.state.book, line.texts)
        payers = self.who(line)
        strength = {payer.customer: payer for payer in payers}
        share, count = self._share_of_nobody(line)
        context = Context(
            line,
            found,
            payers,
            strength,
            (share, count, self.knowledge.word_score(line.text)),
            _periods(line, found.texts[0].text),
            found.texts[0].text,
        )
        self._set_aside(context)
        self._place(context)
        if found.loose:
            self._soften(context)
        return context

    def payers_of(self, line: Line) -> list[Payer]:
        """Customers that account and name point to."""
        key = (line.account, line.name)
        payers = self._payers.get(key)
        if payers is None:
            payers = self._payers[key] = find_payers(self.directory, self.knowledge, line.account, line.name, "")
        return payers

    def who(self, line: Line) -> list[Payer]:
        """Customers that account, name and text point to, the likeliest first."""
        key = (line.account, line.name, line.text)
        held = self._whole.get(key)
        if held is None:
            held = self._whole[key] = self._for_member(self._who(line), line.text)
        return held

    def _for_member(self, payers: list[Payer], text: str) -> list[Payer]:
        """Whom of its group the payer pays for, where the text names one: itself it would not need to tell from the
        others."""
        if not text or not payers or payers[0].customer < 0 or payers[0].strength < FOREIGN_PAYER:
            return payers
        member = self.directory.member_in_text(payers[0].customer, text)
        if member is None:
            return payers
        meant = Payer(member, max(payers[0].strength, WHOLE), "text", payers[0].count)
        return [meant, *(replace(one, strength=one.strength * 0.6) for one in payers if one.customer != member)]

    def _who(self, line: Line) -> list[Payer]:
        payers = self.payers_of(line)
        behalf = _BEHALF.search(line.text) if line.text else None
        if behalf is not None:
            meant = [one for one in self.directory.by_name(behalf[1] or behalf[2] or behalf[3]) if one.strength >= 0.4]
            if meant:
                held = {one.customer: one for one in meant}
                rest = [replace(one, strength=one.strength * 0.6) for one in payers if one.customer not in held]
                both = [replace(one, strength=max(one.strength, 0.8), kind="text") for one in meant[:3]]
                return sorted(both + rest, key=lambda one: (-one.strength, one.customer))
        if line.text and (not payers or payers[0].strength < 0.9):
            return find_payers(self.directory, self.knowledge, line.account, line.name, line.text)
        return self._with_named(payers, line.text) if len(line.text) >= WHOLE_HAN else payers

    def _with_named(self, payers: list[Payer], text: str) -> list[Payer]:
        """Whoever's account it is: a customer whose whole name stands in the text may be who pays."""
        sure = {one.customer for one in payers if one.strength >= WHOLE}
        found = self._named.get(text)
        if found is None:
            found = self._named[text] = self.directory.in_text(text, WHOLE)
        named = {one.customer: one for one in found if one.customer not in sure}
        if not named:
            return payers
        rest = [one for one in payers if one.customer not in named]
        return sorted([*rest, *named.values()], key=lambda one: (-one.strength, one.customer))

    def _share_of_nobody(self, line: Line) -> tuple[float, int]:
        key = (line.account, line.name)
        held = self._nobody.get(key)
        if held is None:
            account = self.knowledge.share_of_nobody("account", line.account)
            alias = self.knowledge.share_of_nobody("alias", line.payer_key)
            held = self._nobody[key] = account if account[1] else alias
        return held

    def _place(self, context: Context) -> None:
        """Which open items each mention may mean, and whose."""
        state, line, book = self.state, context.line, self.state.book
        for at, mention in enumerate(context.found.mentions):
            opened = [one for one in mention.items if state.is_open(one, line)]
            if len(opened) > 1:
                # What came after the line is meant only where nothing else is.
                opened = [one for one in opened if book.opens[one] <= line.day] or opened
            if len(opened) > 1 and not mention.is_collective:
                mine = [one for one in opened if book.customer_of[one] in context.strength]
                opened = mine or opened
            context.open_of[at] = opened
            for one in opened:
                context.named.setdefault(book.customer_of[one], []).append(one)

    def _set_aside(self, context: Context) -> None:
        """Bare digits that are by chance a number (or an order) of customers who have nothing to do with the payer, for
        another amount, and the last digits of something the payer owes: they led nowhere."""
        if not context.payers or context.payers[0].strength < FOREIGN_PAYER:
            return
        of, found, kept = self.state.book.customer_of, context.found, []
        for one in found.mentions:
            is_short = one.kind == "order" and one.token.isdigit() and len(one.token) <= FOREIGN_ORDER_MAX
            foreign = is_short or (one.kind in ("number", "mangled") and one.rarity < FOREIGN_RARITY)
            if not foreign or any(
                of[item] in context.strength or self.state.open_now[item] == context.line.amount for item in one.items
            ):
                kept.append(one)
                continue
            pool = self.state.pool(context.payers[0].customer, context.line)
            hits, kind = soft_hits(self.state.book, pool.items[:SOFT_POOL_MAX], one.token, False)
            if hits and kind == "truncated":
                found.loose.append((one.token, one.field, one.start, one.stop, False))
            else:
                kept.append(one)
        if len(kept) < len(found.mentions):
            found.mentions = kept
            found.loose.sort(key=lambda token: (token[1], token[2]))

    def _soften(self, context: Context) -> None:
        """Reads tokens that led nowhere as pieces or misspellings of what the likely payers have open, and
        what was broken as one where that leads further."""
        customers = [
            payer.customer
            for at, payer in enumerate(context.payers)
            if at < 3 or (at < GROUP_MAX and (payer.kind == "group" or payer.count))
        ]
        customers += [one for one in context.named if one not in customers][:2]
        loose = context.found.loose[:LOOSE_MAX]
        joined = _joined(loose)
        for customer in customers:
            pool = self.state.pool(customer, context.line)
            if not pool.items or len(pool.items) > SOFT_POOL_MAX:
                continue
            read: list[tuple[int, int, int]] = []
            for tokens, only in ((joined, "truncated"), (loose, ""), (joined, "")):
                for token in tokens:
                    field, start, stop = place = token[1:4]
                    if any(one[0] == field and one[1] < stop and start < one[2] for one in read):
                        continue
                    if self._compare(context, pool, token, only):
                        read.append(place)
        if len(context.found.mentions) == 0:
            self._read_paid(context)

    def _read_paid(self, context: Context) -> None:
        """Reads the last digits of a number of what the likely payer has paid already: it does not mean what is open
        in the same amount."""
        book, opened = self.state.book, self.state.open_now
        if not context.payers or context.payers[0].strength < FOREIGN_PAYER:
            return
        owned = book.of_customer.get(context.payers[0].customer, ())
        for text, number, start, stop, _ in context.found.loose:
            is_said = (number, start) in context.found.tails
            if not is_said and not PAID_TAIL.fullmatch(text):
                continue
            hits = [item for item in owned if not opened[item] and book.cores[item].endswith(text)]
            if 0 < len(hits) <= PAID_MAX:
                context.open_of[len(context.found.mentions)] = []
                context.found.mentions.append(
                    Mention(hits, "truncated", len(text) - 3.0 + is_said, number, start, stop, text)
                )

    def _compare(self, context: Context, pool: Pool, token: tuple[str, int, int, int, bool], only: str) -> bool:
        """The token read as a piece or a misspelling (or ``only`` as one of these) of what is open; whether it led
        anywhere."""
        text, number, start, stop, at_end = token
        hits, kind = soft_hits(self.state.book, pool.items, text, at_end)
        if not hits or len(hits) > 8 or kind != (only or kind):
            return False
        rarity = max(len(text) - 1.5 - len(str(len(pool.items))) * 0.7, 0.5)
        context.open_of[len(context.found.mentions)] = hits
        context.found.mentions.append(Mention(hits, kind, min(rarity, 4.0), number, start, stop, text))
        for one in hits:
            context.named.setdefault(self.state.book.customer_of[one], []).append(one)
        return True


def soft_hits(book: Book, items: list[int], token: str, at_end: bool) -> tuple[list[int], str]:
    """Items whose number the token may be a piece or a misspelling of; the better of the two kinds."""
    written = "".join(char for char in token if char.isdigit())
    digits = written.lstrip("0")
    if len(digits) < len(written) >= 3:
        tails = [item for item in items if book.cores[item].endswith(written)]
        if tails:
            return tails, "truncated"
    size, cores, numbers = len(digits), book.cores, book.numbers
    is_start = at_end and len(token) >= 4
    pieces = [
        item
        for item in items
        if (size >= 3 and cores[item].endswith(digits))
        or (is_start and (numbers[item].startswith(token) or (size >= 4 and cores[item].startswith(digits))))
    ]
    if pieces:
        return pieces, "truncated"
    near = []
    if size >= 5:
        most = 1 if size < 9 else 2
        alike = [item for item in items if -1 <= len(cores[item]) - size <= 1]
        near = [item for item in alike if OSA.distance(cores[item], digits, score_cutoff=most) <= most]
    if not near and len(token) >= 5:
        for item in items:
            for order in book.orders_of(item):
                if order.startswith(token) or (len(token) >= 6 and OSA.distance(order, token, score_cutoff=1) <= 1):
                    near.append(item)
                    break
    return near, "mangled"


def _joined(loose: list[tuple[str, int, int, int, bool]]) -> list[tuple[str, int, int, int, bool]]:
    """Loose tokens that a blank or the end of a line broke, as one."""
    joined = []
    for one, other in pairwise(loose):
        if one[1] == other[1] and 0 < other[2] - one[3] <= 2:
            joined.append((one[0] + other[0], one[1], one[2], other[3], other[4]))
    return joined


def _periods(line: Line, text: str) -> list[tuple[int, int, int, int]]:
    return periods_of(text, date(1970, 1, 1) + timedelta(days=line.day)) if text else []
