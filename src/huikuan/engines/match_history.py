"""The confirmed past: what each line turned out to pay, what was open before it, what it teaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from huikuan.engines.match_book import NEVER, NOTE, UNIT, Book, smallest_unit, units_of
from huikuan.engines.match_explanation import Explanation
from huikuan.engines.match_fit import CHARGE_MAX, KEPT_PERCENTS, PART_PERCENTS, PERCENTS, SHORT
from huikuan.engines.match_learn import NOBODY, ConfirmedLine
from huikuan.engines.match_lines import Line, read_lines
from huikuan.engines.match_terms import step_of

CLOSED_DAYS = 3
"""Days after a line within which an item it paid must be settled to have been closed by it."""


@dataclass(slots=True)
class Truth:
    """What a line turned out to be: per item what of its money went there, and whose it was (``None``: nobody's).
    ``closed``: items that were settled with it. ``unknown``: it paid items that were not given. ``contrary``: a code
    for how it contradicts itself or the items."""

    applied: dict[int, int] = field(default_factory=dict)
    customer: str | None = None
    unknown: bool = False
    closed: set[int] = field(default_factory=set)
    contrary: str = ""


@dataclass(slots=True)
class Past:
    """The history in canonical order. ``is_gross``: its ``applied`` holds deductions as well. ``known_share``: how many
    of the items it paid are among the items given. ``rows``: of each line its first row, as a spreadsheet shows it."""

    lines: list[Line]
    truths: list[Truth]
    is_gross: bool
    known_share: float
    rows: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)


def read_past(history: Any, book: Book) -> Past:
    """A checked table of history → lines with their truths; several rows of a line are one line."""
    lines = read_lines(history)
    items = history.column("item_id").to_pylist()
    numbers = history.column("document_number").to_pylist()
    customers = history.column("customer_id").to_pylist()
    applied = units_of(history.column("applied")).tolist()
    given = history.column("applied").is_valid().to_pylist()
    by_shown: dict[tuple[str, int], int] = {}
    if any(number and not item for number, item in zip(numbers, items, strict=True)):
        by_shown = {(number, book.customer_of[at]): at for at, number in enumerate(book.shown)}
    first: dict[str, int] = {}
    truths: dict[str, Truth] = {}
    for at, line in enumerate(lines):
        first.setdefault(line.line_id, at)
        truth = truths.setdefault(line.line_id, Truth())
        truth.customer = truth.customer or customers[at] or None
        place = book.item_place.get(items[at]) if items[at] else None
        if place is None and numbers[at] and not items[at] and customers[at] in book.customer_place:
            place = by_shown.get((numbers[at], book.customer_place[customers[at]]))
        if place is not None:
            share = applied[at] if given[at] else int(book.amounts[place])
            truth.applied[place] = truth.applied.get(place, 0) + share
        elif items[at]:
            truth.unknown = True
    order = sorted(first.values(), key=lambda at: lines[at].order)
    kept = [lines[at] for at in order]
    facts = [truths[line.line_id] for line in kept]
    _close(facts, kept, book)
    over = sum(
        sum(truth.applied.values()) > line.amount for line, truth in zip(kept, facts, strict=True) if truth.applied
    )
    under = sum(
        0 < sum(truth.applied.values()) <= line.amount and _is_cut(truth, book)
        for line, truth in zip(kept, facts, strict=True)
    )
    paid = {item for truth in facts for item in truth.applied}
    named = len(paid) + sum(truth.unknown for truth in facts)
    for line, truth in zip(kept, facts, strict=True):
        truth.contrary = _contrary(line, truth, book)
    _contrary_sums(facts, book)
    return Past(kept, facts, over > under, len(paid) / named if named else 0.0, [at + 2 for at in order])


def _contrary(line: Line, truth: Truth, book: Book) -> str:
    """How a line contradicts itself or the items: an item got more than it was, or the other sign; all of them got far
    more than the money and any deduction."""
    for item, share in truth.applied.items():
        amount = int(book.amounts[item])
        if share * amount < 0:
            return "sign"
        if abs(share) > abs(amount):
            return "item"
    total = sum(truth.applied.values())
    return "line" if line.amount > 0 and total > line.amount + total // 3 else ""


def _contrary_sums(facts: list[Truth], book: Book) -> None:
    """Lines that together apply more to an item than it was: one of them is mistyped, and which is not told."""
    applied: dict[int, int] = {}
    for truth in facts:
        for item, share in truth.applied.items() if not truth.contrary else ():
            applied[item] = applied.get(item, 0) + share
    amounts = book.amounts
    over = {item for item, total in applied.items() if abs(total) > abs(int(amounts[item]))}
    for truth in facts if over else ():
        if not truth.contrary and not over.isdisjoint(truth.applied):
            truth.contrary = "items"


def _close(facts: list[Truth], lines: list[Line], book: Book) -> None:
    """An item is closed by the last line that paid it, when it counts as settled soon after."""
    last: dict[int, int] = {}
    for at, truth in enumerate(facts):
        for item in truth.applied:
            last[item] = at
    for item, at in last.items():
        if int(book.settled[item]) <= lines[at].day + CLOSED_DAYS:
            facts[at].closed.add(item)


def _is_cut(truth: Truth, book: Book) -> bool:
    """An item got less than it was, and was settled."""
    return any(
        0 < share < int(book.amounts[item]) and int(book.settled[item]) < NEVER for item, share in truth.applied.items()
    )


def _closes(past: Past, book: Book) -> list[int]:
    """Per item the last day on which it was open, where something else than a payment of the past settled it, or what
    was left of it: the day before, unless a line of that day has its very amount, and the past may be mistyped."""
    paid = {(line.day, line.amount) for line in past.lines}
    settled, amounts = book.settled.tolist(), book.amounts.tolist()
    closes = [day if (day, amount) in paid else day - 1 for day, amount in zip(settled, amounts, strict=True)]
    left: dict[int, int] = {}
    for line, truth in zip(past.lines, past.truths, strict=True):
        for item, share in truth.applied.items():
            left[item] = left.get(item, amounts[item]) - share
            is_paid = item in truth.closed or left[item] * amounts[item] <= 0
            if is_paid or closes[item] < line.day:
                closes[item] = NEVER
    return closes


class Ledger:
    """What was open of every item as the past goes by."""

    def __init__(self, book: Book, past: Past) -> None:
        self.book, self.past = book, past
        self.left = book.amounts.copy()
        self.done = 0
        self.closes: list[int] = _closes(past, book)
        """Per item the last day before something else than a payment of the past settled it."""

    def advance(self, stop: int) -> None:
        """Takes in the lines up to ``stop`` (exclusive) as they turned out."""
        for at in range(self.done, stop):
            truth = self.past.truths[at]
            for item, share in truth.applied.items():
                self.left[item] -= share
                if item in truth.closed or int(self.left[item]) * int(self.book.amounts[item]) <= 0:
                    self.left[item] = 0
        self.done = max(self.done, stop)

    def open_on(self, day: int) -> list[int]:
        """What is open per item at the start of a day, as far as the past has gone by."""
        opened = self.left.copy()
        opened[self.book.settled < day] = 0
        return list(opened.tolist())


def open_today(book: Book, past: Past | None) -> list[int]:
    """What is open per item now: its open amount where given, else its amount less what the past applied; nothing of
    what is settled."""
    left = book.amounts.copy()
    if past is not None:
        for truth in past.truths:
            for item, share in truth.applied.items():
                left[item] -= share
                if int(left[item]) * int(book.amounts[item]) < 0:
                    left[item] = 0
    left[book.open_given] = book.open_amounts[book.open_given]
    left[book.settled < NEVER] = 0
    return list(left.tolist())


def confirmed(line: Line, truth: Truth, book: Book, opened: Sequence[int]) -> ConfirmedLine:
    """What a line with its truth teaches. ``opened``: what was open per item before it."""
    owners = dict.fromkeys(book.customer_ids[book.customer_of[item]] for item in truth.applied)
    customers = tuple(owners) or (truth.customer or NOBODY,)
    return ConfirmedLine(line.account, line.payer_key, line.text, customers, habits_of(line, truth, book, opened))


def habits_of(line: Line, truth: Truth, book: Book, opened: Sequence[int]) -> tuple[str, ...]:
    """Words for how a line paid: its number of items, and how the amount fitted."""
    if not truth.applied:
        return ("lines", "account") if truth.customer else ("lines", "none")
    count = len(truth.applied)
    words = ["lines", "single" if count == 1 else "several"]
    if any(share < 0 for share in truth.applied.values()):
        words.append("credits")
    total = sum(truth.applied.values())
    if total < line.amount:
        return (*words, "over")
    short = {item: opened[item] - share for item, share in truth.applied.items() if 0 < share < opened[item]}
    closed = [item for item in short if item in truth.closed]
    if short and not closed and (part := part_of(truth, book)):
        words.append(f"share:{part}")
    if not short:
        return (*words, "exact")
    diff, whole = sum(short.values()), sum(opened[item] for item in truth.applied)
    if not closed and len(short) == 1 and _is_oldest(line, truth, book, opened):
        return (*words, "part", "oldest", f"step:{step_of(line.amount)}")
    less = (diff, sum(opened[item] for item in short), line.currency, len(short))
    percent = percent_of(*less)
    own = any(book.discounts[item] for item in short)
    late = [item for item in short if book.discounts[item] and line.day > book.discount_until[item]]
    if percent and own and late:
        words.append("late_closed" if any(item in truth.closed for item in late) else "late_open")
        if len(late) < len(short) and truth.closed.isdisjoint(late):
            words.append("mixed_each" if closed else "mixed_whole")
    if kept := 0 if closed or own else percent_of(*less, percents=KEPT_PERCENTS):
        words.append(f"kept:{kept}")
    if percent and closed:
        return (*words, "discount" if own else "habit_discount", f"percent:{percent}")
    if diff <= CHARGE_MAX and diff * 5 <= whole:
        return (*words, "charge", f"charge:{diff}") if closed else (*words, "short", f"open:{diff}")
    if closed and diff * 60 <= whole:
        # A whole sum is a charge, however much it is.
        return (*words, "exchange", *([] if diff % UNIT else [f"charge:{diff}"]))
    return (*words, "short" if diff * 6 <= whole else "part")


def part_of(truth: Truth, book: Book) -> int:
    """The usual share of one item's whole amount that was paid, in 1/10,000 of a percent, or 0."""
    if len(truth.applied) != 1:
        return 0
    ((item, applied),) = truth.applied.items()
    whole, near = int(book.amounts[item]), 100 * UNIT * smallest_unit(book.currencies[item])
    if not 0 < applied < whole:
        return 0
    return next((one for one in PART_PERCENTS if abs(whole * one - applied * 100 * UNIT) <= near), 0)


def _is_oldest(line: Line, truth: Truth, book: Book, opened: Sequence[int]) -> bool:
    """The money went to the oldest items of the customer (of its group, where several are paid), as far as it went."""
    owners = {book.customer_of[item] for item in truth.applied}
    members = book.families[book.family_of[next(iter(owners))]] if len(owners) > 1 else list(owners)
    items = [item for one in members for item in book.of_customer.get(one, ())]
    if len(members) > 1:
        items.sort(key=lambda item: (book.due[item], book.dated[item], item))
    left = sum(truth.applied.values())
    for item in items:
        if opened[item] <= 0 or book.opens[item] > line.day or book.settled[item] < line.day:
            continue
        if book.currencies[item] != line.currency or book.kinds[item] == NOTE:
            continue
        share = min(int(opened[item]), left)
        if truth.applied.get(item) != share:
            return False
        left -= share
        if not left:
            return True
    return False


def percent_of(diff: int, whole: int, currency: str, count: int = 1, *, percents: Sequence[int] = PERCENTS) -> int:
    """The usual percentage of the whole of so many items that the difference is, or 0."""
    grain = smallest_unit(currency)
    for percent in percents:
        if abs(whole * percent - diff * 100 * UNIT) <= 100 * UNIT * grain * count:
            return percent
    return 0


def is_right(line: Line, truth: Truth, made: Explanation, book: Book) -> bool:
    """The explanation names the same items with the same money, and closes with a deduction only what was closed; or
    nothing of the same customer, or nobody."""
    if truth.unknown:
        return False
    items, applied, customer = made.items, made.fit.applied, made.customer
    if not items:
        if truth.applied:
            return False
        owner = book.customer_ids[customer] if customer >= 0 else None
        return owner == truth.customer
    if set(items) != set(truth.applied):
        return False
    total, fit = sum(truth.applied.values()), made.fit
    if total not in (sum(applied), sum(fit.taken()), sum(applied) + sum(fit.deducted)):
        return False
    if any(
        less and (why != SHORT) != (item in truth.closed)
        for item, (_, less, why) in zip(items, fit.rows(), strict=True)
    ):
        return False
    return len(items) == 1 or _same_split(items, applied, truth, line)


def _same_split(items: Sequence[int], applied: Sequence[int], truth: Truth, line: Line) -> bool:
    """Per item the same, but for the way a deduction is spread over them."""
    slack = max(line.amount // 8, 1)
    return all(abs(share - truth.applied[item]) <= slack for item, share in zip(items, applied, strict=True))
