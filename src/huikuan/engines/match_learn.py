"""What confirmed lines teach: who is behind an account or a name, which texts are not customers' money, how customers
pay. Learned and unlearned line by line, at once; shown; forgotten on demand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from huikuan.engines.match_text import normal_text

NOBODY = ""
"""The customer of money that is not a customer's."""
EVERYBODY = "*"
"""The customer under whom habits of all customers together are kept."""
_WORD = re.compile(r"[A-ZÄÖÜÉÈÀ]{3,}|[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class ConfirmedLine:
    """A line and what it turned out to be, as a person or an audit confirmed it. ``payer_account`` and ``payer_key`` as
    ``plain_account`` and ``name_key`` give them; ``customers``: whose items it paid (``NOBODY``: not a customer's);
    ``habits``: words for how it was paid, such as ``single``, ``several``, ``discount``, ``charge:1500``."""

    payer_account: str
    payer_key: str
    text: str
    customers: tuple[str, ...]
    habits: tuple[str, ...] = ()


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text that may tell whose money it is: Latin words, pairs of Chinese characters."""
    found: dict[str, None] = {}
    for word in _WORD.findall(normal_text(text).text)[:12]:
        if word.isascii() or not "\u3400" <= word[0] <= "\u9fff":
            found[word] = None
        else:
            for at in range(max(len(word) - 1, 1)):
                found[word[at : at + 2]] = None
    return tuple(found)


@dataclass(slots=True)
class Knowledge:
    """Counts of confirmed lines: ``accounts`` and ``aliases`` by key and customer, ``words`` by word as (customers'
    lines, others), ``habits`` by customer and habit. ``lines``: how many were learned."""

    accounts: dict[str, dict[str, int]] = field(default_factory=dict)
    aliases: dict[str, dict[str, int]] = field(default_factory=dict)
    words: dict[str, list[int]] = field(default_factory=dict)
    habits: dict[str, dict[str, int]] = field(default_factory=dict)
    lines: int = 0
    others: int = 0

    def learn(self, line: ConfirmedLine) -> None:
        """Takes in one confirmed line, at once."""
        self._count(line, 1)

    def unlearn(self, line: ConfirmedLine) -> None:
        """Takes back a line that was learned: its posting was undone."""
        self._count(line, -1)

    def _count(self, line: ConfirmedLine, step: int) -> None:
        other = line.customers == (NOBODY,)
        self.lines += step
        self.others += step * other
        for held, key in ((self.accounts, line.payer_account), (self.aliases, line.payer_key)):
            if key:
                for customer in line.customers:
                    _step(held.setdefault(key, {}), customer, step)
                if not held[key]:
                    del held[key]
        for word in words_of(line.text):
            counts = self.words.setdefault(word, [0, 0])
            counts[other] += step
            if counts == [0, 0]:
                del self.words[word]
        for customer in (*line.customers, EVERYBODY):
            for habit in line.habits:
                _step(self.habits.setdefault(customer, {}), habit, step)
            if not self.habits.get(customer, True):
                del self.habits[customer]

    def owners(self, kind: str, key: str) -> list[tuple[str, int, int]]:
        """Customers behind an account or alias: (customer, its lines, all lines), the commonest first."""
        held = (self.accounts if kind == "account" else self.aliases).get(key)
        if not held:
            return []
        total = sum(held.values())
        return [(name, count, total) for name, count in sorted(held.items(), key=lambda one: (-one[1], one[0]))[:16]]

    def share_of_nobody(self, kind: str, key: str) -> tuple[float, int]:
        """The share of an account's or alias's lines that were not a customer's money, and the lines."""
        held = (self.accounts if kind == "account" else self.aliases).get(key)
        if not held:
            return 0.0, 0
        total = sum(held.values())
        return held.get(NOBODY, 0) / total, total

    def word_score(self, text: str) -> float:
        """Log-odds that a text is of money that is not a customer's, by its three most telling words."""
        import math

        if not self.others:
            return 0.0
        own = max(self.lines - self.others, 1)
        scores = []
        for word in words_of(text):
            counts = self.words.get(word)
            if counts and sum(counts) >= 2:
                scores.append(math.log((counts[1] + 0.2) / (self.others + 1)) - math.log((counts[0] + 0.2) / (own + 1)))
        return sum(sorted(scores, key=abs, reverse=True)[:3])

    def habit(self, customer: str, habit: str) -> tuple[int, int]:
        """How often a customer did something, of how many of its lines."""
        held = self.habits.get(customer)
        if not held:
            return 0, 0
        return held.get(habit, 0), held.get("lines", 0)

    def habits_like(self, customer: str, start: str) -> dict[str, int]:
        """A customer's habits whose word begins so (``charge:``) with their counts."""
        return {name: count for name, count in self.habits.get(customer, {}).items() if name.startswith(start)}

    def forget(self, kind: str, key: str, customer_id: str | None = None) -> int:
        """Drops an ``account``, ``alias``, ``word`` or the ``habit``s of a customer (its key); returns the counts
        dropped. With ``customer_id`` only what led there."""
        if kind == "word":
            return sum(self.words.pop(key, [0]))
        held: dict[str, dict[str, int]] = {
            "account": self.accounts,
            "alias": self.aliases,
            "habit": self.habits,
        }[kind]
        found = held.get(key, {})
        if customer_id is None:
            return sum(held.pop(key, {}).values())
        dropped = found.pop(customer_id, 0)
        if not found:
            held.pop(key, None)
        return dropped

    def to_rows(self) -> list[dict[str, Any]]:
        """Plain rows (kind, key, customer_id, count, detail), the commonest first within a kind; ``from_rows`` reads
        them back."""
        rows: list[dict[str, Any]] = [
            _row("total", "lines", "", self.lines, ""),
            _row("total", "others", "", self.others),
        ]
        for kind, held in (("account", self.accounts), ("alias", self.aliases)):
            rows += [_row(kind, key, name, count) for key, by in held.items() for name, count in by.items()]
        rows += [
            _row("habit", name, name, count, habit) for name, by in self.habits.items() for habit, count in by.items()
        ]
        rows += [_row("word", word, "", sum(counts), f"{counts[0]}/{counts[1]}") for word, counts in self.words.items()]
        return sorted(rows, key=lambda row: (row["kind"], -row["count"], row["key"], row["customer_id"], row["detail"]))

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Knowledge:
        """What ``to_rows`` gave, or a part of it."""
        made = cls()
        for row in rows:
            kind, key, count = row["kind"], row["key"], int(row["count"])
            if kind == "total":
                setattr(made, key, count)
            elif kind == "word":
                made.words[key] = [int(part) for part in row["detail"].split("/")]
            elif kind == "habit":
                made.habits.setdefault(key, {})[row["detail"]] = count
            else:
                held = made.accounts if kind == "account" else made.aliases
                held.setdefault(key, {})[row["customer_id"]] = count
        return made


def _step(held: dict[str, int], key: str, step: int) -> None:
    count = held.get(key, 0) + step
    if count > 0:
        held[key] = count
    else:
        held.pop(key, None)


def _row(kind: str, key: str, customer: str, count: int, detail: str = "") -> dict[str, Any]:
    return {"kind": kind, "key": key, "customer_id": customer, "count": count, "detail": detail}
