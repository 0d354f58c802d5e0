"""Which lines are the same money told twice: the key a line is stored under, and the lines a file brings anew."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from huikuan.bank.statement import Line, Statement, StatementFormat

_NO_REFERENCE = re.compile(r"(?:NON?REF|NOTPROVIDED|N/?A|0*)", re.IGNORECASE)
_GERMAN = re.compile(r"DE\d\d(\d{18})")
_SORT_CODE = re.compile(r"(\d{8})/(\d{1,10})")


def account_key(account: str) -> str:
    """An account identification as it is compared: without spaces and dashes, in capitals; a German bank code and
    number (``70150000/123456``) are the same account as their IBAN."""
    text = re.sub(r"[\s\-.]", "", account).upper()
    found = _SORT_CODE.fullmatch(text)
    if found:
        return found[1] + found[2].zfill(10)
    iban = _GERMAN.fullmatch(text)
    return iban[1] if iban else text


def has_reference(line: Line) -> bool:
    """Whether the bank gave the line a reference that tells it from others."""
    return bool(line.bank_reference) and not _NO_REFERENCE.fullmatch(line.bank_reference)


def _text_of(line: Line) -> str:
    text = "|".join((line.payer_name, line.payer_account, line.remittance_text, line.end_to_end_id))
    return re.sub(r"\s+", "", text).casefold()


def _content(line: Line) -> str:
    """What tells a line from others on its account and day: the bank's reference, else its text."""
    told = f"R{line.bank_reference}" if has_reference(line) else f"T{_text_of(line)}"
    return f"{line.booking_date}|{line.amount.normalize():f}|{line.currency}|{told}"


class Fingerprints:
    """Gives each line of one account its key, line by line, in the order of the file.
    Remembers some sixty bytes of a line."""

    def __init__(self, account: str) -> None:
        self.account = account_key(account)
        self._seen: set[int] = set()
        self._again: dict[int, int] = {}

    def of(self, line: Line) -> str:
        """32 hexadecimal digits: account, day, amount, currency and the bank's reference (else the text), and the how
        manieth such line of the file it is. Two genuine equal payments get two keys, the same file the same ones."""
        content = _content(line)
        short = int.from_bytes(hashlib.blake2b(content.encode(), digest_size=8).digest(), "big")
        count = 1
        if short in self._seen:
            count = self._again[short] = self._again.get(short, 1) + 1
        self._seen.add(short)
        told = f"{self.account}|{content}|{count}"
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def fingerprints(lines: Iterable[Line], account: str) -> list[str]:
    """The keys of a statement's lines, in order; see ``Fingerprints.of``."""
    keys = Fingerprints(account)
    return [keys.of(line) for line in lines]


@dataclass(frozen=True, slots=True)
class KnownLine:
    """A line that is stored already (of the same account), and the format of the file that brought it."""

    key: str
    line: Line
    format: StatementFormat


def find_known(known: Sequence[KnownLine], statement: Statement) -> dict[int, str]:
    """Which lines of ``statement`` are known: ordinal → key of the known line. The rest are new.

    ``known`` are the stored lines of the account for the statement's days. Lines are paired one to one: by the bank's
    reference, then by text, and, where another format brought the known line (whose texts and references are not
    comparable), by day and amount, the likest texts first. So a part of a day, the whole day and the same day in
    another format add every payment once, and two genuine equal payments both survive.
    """
    pool = _Pool(known)
    found: dict[int, str] = {}
    for level in (pool.by_reference_and_text, pool.by_reference, pool.by_text):
        for line in statement.booked:
            if line.ordinal not in found and (same := level(line)) is not None:
                found[line.ordinal] = same.key
    for line in statement.booked:
        if line.ordinal not in found and (same := pool.by_likeness(line, statement.format)) is not None:
            found[line.ordinal] = same.key
    return found


_LIKELY_MAX = 200
"""Lines of one day and amount whose texts are compared; of more the first that is left is taken."""


class _Pool:
    """Known lines that are still free, found by what they say. Each is given out once."""

    def __init__(self, known: Sequence[KnownLine]) -> None:
        self._taken: set[int] = set()
        self._index: dict[tuple[object, ...], deque[KnownLine]] = defaultdict(deque)
        for one in known:
            day = _day_and_amount(one.line)
            text, reference = _text_of(one.line), one.line.bank_reference
            self._index[("any", *day)].append(one)
            self._index[("text", *day, text)].append(one)
            if has_reference(one.line):
                self._index[("reference", *day, reference)].append(one)
                self._index[("both", *day, reference, text)].append(one)
            else:
                self._index[("no reference", *day, text)].append(one)

    def _take(self, *key: object) -> KnownLine | None:
        waiting = self._index.get(key)
        while waiting:
            one = waiting.popleft()
            if id(one) not in self._taken:
                self._taken.add(id(one))
                return one
        return None

    def by_reference_and_text(self, line: Line) -> KnownLine | None:
        if not has_reference(line):
            return None
        return self._take("both", *_day_and_amount(line), line.bank_reference, _text_of(line))

    def by_reference(self, line: Line) -> KnownLine | None:
        return self._take("reference", *_day_and_amount(line), line.bank_reference) if has_reference(line) else None

    def by_text(self, line: Line) -> KnownLine | None:
        """Two references that differ are two payments, whatever the text."""
        kind = "no reference" if has_reference(line) else "text"
        return self._take(kind, *_day_and_amount(line), _text_of(line))

    def by_likeness(self, line: Line, statement_format: StatementFormat) -> KnownLine | None:
        """Among the lines of another format that are left on the day with the amount, the likest."""
        waiting = self._index.get(("any", *_day_and_amount(line)))
        if not waiting:
            return None
        left = [one for one in waiting if id(one) not in self._taken]
        self._index["any", *_day_and_amount(line)] = deque(left)
        fitting = [one for one in left if one.format is not statement_format]
        if not fitting:
            return None
        best = fitting[0]
        if 1 < len(fitting) <= _LIKELY_MAX:
            best = max(fitting, key=lambda one: (_likeness(line, one.line), -one.line.ordinal))
        self._taken.add(id(best))
        return best


def _day_and_amount(line: Line) -> tuple[object, ...]:
    return line.booking_date, line.amount, line.currency


def _likeness(line: Line, known: Line) -> float:
    """How many of the four-letter pieces of the shorter text stand in the longer, 0 to 1."""
    pieces, others = _pieces(line), _pieces(known)
    least = min(len(pieces), len(others))
    return len(pieces & others) / least if least else 0.0


def _pieces(line: Line) -> set[str]:
    text = _text_of(line)
    return {text[at : at + 4] for at in range(len(text) - 3)}
