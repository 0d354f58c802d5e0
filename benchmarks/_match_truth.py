"""Which lines can be decided at all: the generator's own rule, stated once and applied to every line.

A line is **determinable** when what stands on it singles out the truth:

* *named*: every number needed arrived whole (compared without blanks and signs), names no other open item, and the
  amount is that of the items named, or more, or less by a discount, by a part or deduction that is said, or by a charge
  this customer's bank has taken before; or
* *summed*: the payer is known (his account or his name leads to one group, from master data or an earlier line) and the
  truth is the only simple explanation of the amount: no other of the same or a simpler kind. Kinds, simplest first: one
  item, or everything open, everything due, all of a month, each with or without credit memos, net of a discount still
  allowed (1); two items, or a run of neighbours by date (2); three items (3). An item of another member of the group
  makes a kind one worse. Words that name a month leave only that month's items; or
* nothing fits, and the payer is known to pay on account, in advance or twice, or is one of the bank's own.

It is **ambiguous** when the payer is known, nothing is written that could decide, and another explanation as simple as
the truth gives the same amount: a machine that posts it guesses, even where the guess is right. All other lines are
**open**: information is missing or contradicts itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from benchmarks._match_customers import Customer, fold
from benchmarks._match_items import Item, day_of
from benchmarks._match_text import PIECE_MIN, Writing, bare, core

Open = list[tuple[Item, int]]
"""Items with what was open of each when a line came."""

NAMED = {"exact", "credit", "discount", "late_discount", "charge", "exchange", "short", "part", "over", "third_party"}
"""What a named payment may be and still be decided by the names."""
TAIL_MIN = 6
"""Last digits of a number that name it among the items of a known payer."""
HABITS_MIN = 3
"""Times a customer must have done something for it to count as his habit."""


@dataclass(slots=True, eq=False)
class Line:
    """A bank line with its truth. ``rows``: item and cash applied (credit memos negative); ``closes``: deductions that
    end the item with less cash; amounts in minor units."""

    day: int
    amount_minor: int
    currency: str
    kind: str
    payer: Customer | None = None
    payer_name: str = ""
    payer_account: str = ""
    text: str = ""
    end_to_end_id: str = ""
    said: bool = False
    """Words name the deduction or the part."""
    writing: Writing = field(default_factory=lambda: Writing(""))
    rows: list[tuple[Item, int]] = field(default_factory=list)
    deductions: list[tuple[Item, str, int, bool]] = field(default_factory=list)
    unapplied_minor: int = 0
    owed: Open = field(default_factory=list)
    label: str = "open"
    line_id: str = ""
    bank_reference: str = ""


def simple_explanations(owed: Open, amount: int, day: int, payer: Customer) -> dict[frozenset[str], int]:
    """Every simple set of items that gives ``amount``, with its kind (1 to 4)."""
    found: dict[frozenset[str], int] = {}

    def note(chosen: Iterable[tuple[Item, int]], kind: int, minor: int | None = None) -> None:
        chosen = list(chosen)
        if chosen and (sum(one for _, one in chosen) if minor is None else minor) == amount:
            key = frozenset(item.item_id for item, _ in chosen)
            worse = any(item.customer is not payer for item, _ in chosen)
            found[key] = min(found.get(key, 9), kind + worse)

    pool = sorted(owed, key=lambda pair: (pair[0].document_day, pair[0].item_id))
    invoices = [pair for pair in pool if pair[1] > 0]
    for pair in pool:
        note([pair], 1)
    for given in (pool, invoices):
        _wholes(given, day, note)
    usual = [(item, minor - taken(item, minor)) for item, minor in invoices if may_take(item, day)]
    for pair in usual:
        note([pair], 1)
    note([*usual, *(pair for pair in invoices if not may_take(pair[0], day))], 1)
    for start in range(min(len(invoices), 80)):
        total = invoices[start][1]
        for stop in range(start + 1, len(invoices)):
            total += invoices[stop][1]
            if total == amount:
                note(invoices[start : stop + 1], 2)
    if len(pool) <= 80:
        for two in combinations(pool, 2):
            if two[0][1] + two[1][1] == amount:
                note(two, 2)
    if len(pool) <= 25:
        for three in combinations(pool, 3):
            if three[0][1] + three[1][1] + three[2][1] == amount:
                note(three, 3)
    return found


def _wholes(given: Open, day: int, note: object) -> None:
    assert callable(note)
    note(given, 1)
    note([pair for pair in given if pair[0].due_day <= day], 1)
    months: dict[tuple[int, int], Open] = defaultdict(list)
    for pair in given:
        issued = day_of(pair[0].document_day)
        months[issued.year, issued.month].append(pair)
    for chosen in months.values():
        note(chosen, 1)


def may_take(item: Item, day: int) -> bool:
    """The discount is still allowed on ``day``."""
    return item.discount_day is not None and day <= item.discount_day


def taken(item: Item, minor: int) -> int:
    """The discount on ``minor``, half up."""
    return (minor * item.discount_percent + 50) // 100


def is_oldest_first(line: Line) -> bool:
    """The money went to what was due first, item after item, as far as it went."""
    rest, paid = line.amount_minor, {item.item_id: cash for item, cash in line.rows}
    owed = [pair for pair in line.owed if pair[1] > 0]
    for item, minor in sorted(owed, key=lambda pair: (pair[0].due_day, pair[0].document_day, pair[0].item_id)):
        if rest and paid.get(item.item_id) != min(rest, minor):
            return False
        rest -= min(rest, minor)
    return True


class Judge:
    """Labels lines in the order they came in, knowing what a careful clerk could know at each."""

    def __init__(self, customers: list[Customer], items: list[Item]) -> None:
        self.payers: dict[str, set[str]] = defaultdict(set)
        self.groups = {one.customer_id: one.group for one in customers}
        self.habits: dict[tuple[str, str], int] = defaultdict(int)
        self.cores: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            self.cores[core(item.document_number)].append(item)
        names = set()
        for one in customers:
            for name in (one.name, *one.aliases):
                self.payers[bare(fold(name))].add(one.customer_id)
                names.add((bare(fold(name)), one.group))
            for account in one.known:
                self.payers[account].add(one.customer_id)
        self.names = sorted(names)

    def judge(self, line: Line) -> str:
        """Labels one line, then learns from its truth."""
        known = self._payer(line)
        line.label = self._label(line, known)
        self._learn(line)
        return line.label

    def _payer(self, line: Line) -> set[str]:
        """Customers the payer may be: of one group only, or none."""
        for key in (line.payer_account, bare(fold(line.payer_name))):
            found = self.payers.get(key, set()) if key else set()
            if len({self.groups[one] for one in found}) == 1:
                return found
        name = bare(fold(line.payer_name))
        if len(name) < (5 if any(sign > "一" for sign in name) else 9):
            return set()
        place, groups = bisect_left(self.names, (name, -1)), set()
        while place < len(self.names) and self.names[place][0].startswith(name):
            groups.add(self.names[place][1])
            place += 1
        return {one for one, group in self.groups.items() if groups == {group}} if len(groups) == 1 else set()

    def _learn(self, line: Line) -> None:
        payer = line.payer
        self.habits[payer.customer_id if payer else bare(line.payer_name), line.kind] += 1
        if payer is None or line.kind == "third_party":
            return
        for key in (line.payer_account, bare(fold(line.payer_name))):
            if key:
                self.payers[key].add(payer.customer_id)

    def _label(self, line: Line, known: set[str]) -> str:
        payer = line.payer
        if payer is None:
            return "determinable" if self.habits[bare(line.payer_name), line.kind] >= HABITS_MIN else "open"
        right = not known or payer.group in {self.groups[one] for one in known} or line.kind == "third_party"
        if line.kind == "misleading" or not right:
            return "open"
        if line.kind in ("duplicate", "prepaid", "round_on_account", "round_oldest"):
            return self._label_unfitting(line, known)
        if line.kind in NAMED and self._named(line, known):
            return "determinable"
        if not known or line.kind == "third_party":
            return "open"
        owed = line.owed
        if line.writing.clue == "month" and line.rows:
            issued = day_of(line.rows[0][0].document_day)
            owed = [pair for pair in owed if day_of(pair[0].document_day).replace(day=1) == issued.replace(day=1)]
        truth = frozenset(item.item_id for item, _ in line.rows)
        found = simple_explanations(owed, line.amount_minor, line.day, payer)
        if truth not in found:
            return "open"
        others = [key for key, kind in found.items() if kind <= found[truth] and key != truth]
        if not others:
            return "determinable"
        return "open" if line.writing.pieces else "ambiguous"

    def _label_unfitting(self, line: Line, known: set[str]) -> str:
        assert line.payer is not None
        if line.payer.customer_id not in known or len(known) > 1:
            return "open"
        if simple_explanations(line.owed, line.amount_minor, line.day, line.payer):
            return "open"
        if line.kind == "round_oldest" and not is_oldest_first(line):
            return "open"
        if line.kind.startswith("round"):
            return "determinable" if self.habits[line.payer.customer_id, line.kind] >= HABITS_MIN else "open"
        return "determinable"

    def _named(self, line: Line, known: set[str]) -> bool:
        assert line.payer is not None
        if line.kind in ("charge", "exchange") and self.habits[line.payer.customer_id, line.kind] < HABITS_MIN:
            return False
        if line.kind in ("short", "part") and not line.said:
            return False
        netted = -sum(cash for _, cash in line.rows if cash < 0)
        if netted and netted == sum(
            taken(item, cash) for item, cash in line.rows if cash > 0 and may_take(item, line.day)
        ):
            return False  # as good as a discount
        text, pieces = bare(line.text + " " + line.end_to_end_id), [bare(piece) for piece in line.writing.pieces]
        if not pieces or len(pieces[0]) < PIECE_MIN or not all(piece in text for piece in pieces):
            return False
        if not known and max(len(piece) for piece in pieces) < PIECE_MIN + 2:
            return False
        truth = {item.item_id for item, _ in line.rows}
        if line.writing.structured or any(
            core(item.document_number) in text or bare(item.document_number) in text for item, _ in line.rows
        ):
            near = [item for piece in pieces for item in self.cores.get(core(piece), ())]
            return not any(
                item.item_id not in truth and (not known or item.customer.group == line.payer.group)
                and item.document_day <= line.day and (item.settled_day is None or item.settled_day > line.day)
                for item in near
            )  # fmt: skip
        named = [
            pair for pair in line.owed
            if any(piece in (bare(pair[0].po_number), bare(pair[0].contract_number)) for piece in pieces)
            or any(len(piece) >= TAIL_MIN and bare(pair[0].document_number).endswith(piece) for piece in pieces)
        ]  # fmt: skip
        if {item.item_id for item, _ in named} == truth:
            return True
        found = simple_explanations(named, line.amount_minor, line.day, line.payer)
        return list(found) == [frozenset(truth)]
