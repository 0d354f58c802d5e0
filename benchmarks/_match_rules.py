"""The usual rules and a fuzzy matcher, each at its honest best: what the matcher is compared with.

All of them work through the lines in order of days, know the accounts and names that history showed, close an
item once it is posted, read numbers however they are punctuated or glued, and take a discount that is allowed.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process

from benchmarks._match_customers import fold
from benchmarks._match_data import Company
from benchmarks._match_score import Explanation, minor
from benchmarks._match_text import bare, core

TOKENS_JOINED_MAX = 5
NUMBER_MIN = 5
PAYERS_MAX = 6


@dataclass(slots=True)
class Row:
    """An open item as rules see it."""

    item_id: str
    customer_id: str
    currency: str
    number: str
    open_minor: int
    discount_date: date | None = None
    discount_percent: int = 0

    def discount(self, day: date) -> int:
        """What may be deducted on ``day``, half up."""
        allowed = self.discount_date is not None and day <= self.discount_date
        return (self.open_minor * self.discount_percent + 50) // 100 if allowed else 0


@dataclass(slots=True)
class Asked:
    """A line as rules see it."""

    line_id: str
    day: date
    amount_minor: int
    currency: str
    name: str
    account: str
    text: str


@dataclass(slots=True)
class Book:
    """Open items with the indexes the rules look things up in, and who paid from where."""

    rows: dict[str, Row] = field(default_factory=dict)
    by_number: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    by_customer: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    by_amount: dict[tuple[str, int], list[Row]] = field(default_factory=lambda: defaultdict(list))
    payers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    names: list[tuple[str, str]] = field(default_factory=list)


def read_book(items: Any, customers: Any, history: Any) -> Book:
    """Indexes over the tables."""
    book = Book()
    columns = ["item_id", "customer_id", "currency", "document_number", "amount", "open_amount", "settled_date"]
    columns += ["discount_date", "discount_percent"]
    for item, customer, currency, number, amount, left, settled, discount_date, percent in zip(
        *(items.column(name).to_pylist() for name in columns), strict=True
    ):
        if settled is not None:
            continue
        row = Row(item, customer, currency, number or item, minor(amount if left is None else left))
        row.discount_date, row.discount_percent = discount_date, int(percent or 0)
        book.rows[item] = row
        book.by_customer[customer].append(row)
        book.by_amount[currency, row.open_minor].append(row)
        for key in {bare(row.number), core(row.number)}:
            book.by_number[key].append(row)
    columns = ["customer_id", "name", "aliases", "payer_accounts"]
    for customer, name, aliases, accounts in zip(*(customers.column(n).to_pylist() for n in columns), strict=True):
        for one in (name, *(aliases or "").split(";")):
            if one:
                book.payers[bare(fold(one))].add(customer)
                book.names.append((fold(one), customer))
        for account in filter(None, (accounts or "").split(";")):
            book.payers[account].add(customer)
    columns = ["customer_id", "payer_name", "payer_account"]
    for customer, name, account in zip(*(history.column(n).to_pylist() for n in columns), strict=True):
        for key in (account, bare(fold(name or ""))):
            if key and customer:
                book.payers[key].add(customer)
    return book


def read_lines(lines: Any) -> list[Asked]:
    """Lines in order of days."""
    names = ["line_id", "booking_date", "amount", "currency", "payer_name", "payer_account", "remittance_text"]
    rows = zip(*(lines.column(name).to_pylist() for name in [*names, "end_to_end_id"]), strict=True)
    return [
        Asked(line, day, minor(amount), currency, name or "", account or "", f"{text or ''} {end or ''}")
        for line, day, amount, currency, name, account, text, end in sorted(rows, key=lambda row: (row[1], row[0]))
    ]


def numbers_in(text: str, known: dict[str, list[Row]]) -> list[Row]:
    """Open items whose number stands in ``text``, also when blanks and signs divide it; longest first."""
    tokens = re.findall(r"[^\W_]+", text.upper())
    found: dict[str, Row] = {}
    place = 0
    while place < len(tokens):
        for count in range(min(TOKENS_JOINED_MAX, len(tokens) - place), 0, -1):
            key = "".join(tokens[place : place + count])
            rows = known.get(key) or known.get(key.lstrip("0")) or []
            if not rows and count == 1:
                rows = [row for digits in re.findall(r"\d{5,}", key) for row in known.get(digits.lstrip("0"), ())]
            if len(key) >= NUMBER_MIN and rows:
                found |= {row.item_id: row for row in rows if row.open_minor}
                place += count - 1
                break
        place += 1
    return list(found.values())


def payers_of(line: Asked, book: Book) -> set[str]:
    """The customers this account has paid for, else those of this name; of more than a few nothing follows."""
    for key in (line.account, bare(fold(line.name))):
        found = book.payers.get(key, set()) if key else set()
        if 0 < len(found) <= PAYERS_MAX:
            return found
    return set()


def fits(line: Asked, rows: list[Row]) -> bool:
    """The rows add up to the line, in full or net of the discount allowed."""
    total = sum(row.open_minor for row in rows)
    return bool(rows) and line.amount_minor in (total, total - sum(row.discount(line.day) for row in rows))


def _post(line: Asked, rows: list[Row]) -> Explanation:
    """Posts ``line`` to ``rows`` in turn; the surplus stays on account."""
    told = Explanation("auto", 1.0)
    rest = line.amount_minor
    net = fits(line, rows) and sum(row.open_minor for row in rows) != rest
    for row in sorted(rows, key=lambda row: row.open_minor > 0):  # credit memos first: they add to what there is
        off = row.discount(line.day) if net else 0
        used = min(rest, row.open_minor - off) if row.open_minor > 0 else row.open_minor
        if used:
            told.applied[row.item_id] = used
            told.customer_id = row.customer_id
        told.closing_minor += off
        rest -= used
        row.open_minor -= used + off
    told.unapplied_minor = rest
    return told


def by_reference(line: Asked, book: Book) -> Explanation | None:
    """Exact numbers in the text, adding up to the line."""
    rows = [row for row in numbers_in(line.text, book.by_number) if row.currency == line.currency]
    if fits(line, rows):
        return _post(line, rows)
    exact = [row for row in rows if fits(line, [row])]
    return _post(line, exact) if len(exact) == 1 else None


def by_amount_and_payer(line: Asked, book: Book) -> Explanation | None:
    """The payer's only item of this amount, else everything he owes."""
    mine = [row for payer in sorted(payers_of(line, book)) for row in book.by_customer.get(payer, ())]
    rows = [row for row in mine if row.open_minor and row.currency == line.currency]
    exact = [row for row in rows if fits(line, [row])]
    if len(exact) == 1:
        return _post(line, exact)
    return _post(line, rows) if not exact and fits(line, rows) else None


def by_two(line: Asked, book: Book) -> Explanation | None:
    """Any two of reference, payer and amount agree."""
    posted = by_reference(line, book) or by_amount_and_payer(line, book)
    if posted:
        return posted
    payers = payers_of(line, book)
    rows = [
        row for row in numbers_in(line.text, book.by_number) if row.currency == line.currency and row.open_minor > 0
    ]
    mine = [row for row in rows if row.customer_id in payers]
    return _post(line, mine) if mine else None


RULES: dict[str, Callable[[Asked, Book], Explanation | None]] = {
    "exact reference in the text": by_reference,
    "amount and payer": by_amount_and_payer,
    "any two of reference, payer, amount": by_two,
}


def run_rule(name: str, company: Company) -> dict[str, Explanation]:
    """Every line through one rule."""
    book = read_book(company.items, company.customers, company.history)
    rule = RULES[name]
    return {line.line_id: told for line in read_lines(company.lines) if (told := rule(line, book))}


def run_fuzzy(company: Company) -> dict[str, Explanation]:
    """The best item by likeness of name and number among those of exactly this amount, else of the likest customers;
    ``confidence`` is its likeness, and the caller's threshold decides what posts itself."""
    book = read_book(company.items, company.customers, company.history)
    lines = read_lines(company.lines)
    names = [name for name, _ in book.names]
    likeness = process.cdist([fold(line.name) for line in lines], names, scorer=fuzz.token_set_ratio, dtype=np.uint8)
    found = {}
    for line, scores in zip(lines, likeness, strict=True):
        near = np.argpartition(-scores, 5)[:5]
        best: dict[str, float] = {}
        for place in near:
            customer = book.names[place][1]
            best[customer] = max(best.get(customer, 0.0), float(scores[place]))
        best |= dict.fromkeys(sorted(payers_of(line, book)), 100.0)
        rows = [row for row in book.by_amount.get((line.currency, line.amount_minor), ()) if row.open_minor]
        rows += [row for one in best for row in book.by_customer.get(one, ()) if row.currency == line.currency]
        text = bare(line.text)
        marked = [
            (0.4 * best.get(row.customer_id, 0.0) + 0.4 * fuzz.partial_ratio(bare(row.number), text)
             + 20 * fits(line, [row]), row)
            for row in rows if row.open_minor > 0
        ]  # fmt: skip
        if marked:
            score, row = max(marked, key=lambda pair: (pair[0], pair[1].item_id))
            told = _post(line, [row]) if fits(line, [row]) else Explanation("propose")
            told.confidence = score / 100
            found[line.line_id] = told
    return found


def best_threshold(marked: list[tuple[float, bool]], max_error: float = 0.001) -> float:
    """The least threshold whose wrong share over ``marked`` (score, right) is at most ``max_error``; if there is none,
    the one with the smallest wrong share among those that post a tenth of the lines."""
    ordered, wrong, best, least = sorted(marked, reverse=True), 0, 2.0, (1.0, 2.0)
    for count, (score, right) in enumerate(ordered, 1):
        wrong += not right
        last = count == len(ordered) or ordered[count][0] < score
        if last and wrong / count <= max_error:
            best = score
        if last and count >= len(ordered) // 10:
            least = min(least, (wrong / count, score))
    posted = sum(score >= best for score, _ in ordered)
    return best if posted >= len(ordered) // 10 else least[1]


def run_oracle(company: Company) -> dict[str, Explanation]:
    """Knows the truth of every line that can be decided, and posts nothing else: no method can post more rightly."""
    found = {}
    for line in company.truth:
        if line.label != "determinable":
            continue
        told = Explanation("auto", 1.0, customer_id=line.payer.customer_id if line.payer else None)
        for item, cash in line.rows:
            told.applied[item.item_id] = told.applied.get(item.item_id, 0) + cash
        told.closing_minor = sum(cash for _, _, cash, closes in line.deductions if closes)
        told.unapplied_minor = line.unapplied_minor
        found[line.line_id] = told
    return found


def lookup_seconds(items: Any, lines: Any) -> float:
    """Processor time of one dictionary look-up per token of every line: the floor for anything that reads the text."""
    known = {bare(number): place for place, number in enumerate(items.column("document_number").to_pylist())}
    texts = [text or "" for text in lines.column("remittance_text").to_pylist()]
    started = time.process_time()
    hits = sum(1 for text in texts for token in re.findall(r"\w+", text) if token in known)
    assert hits >= 0
    return time.process_time() - started
