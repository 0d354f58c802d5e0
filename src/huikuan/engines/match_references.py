"""Numbers of documents found in the texts of a line, however they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from huikuan.engines.match_book import Book
from huikuan.engines.match_index import CONTRACT, CORE, NUMBER, ORDER, SHARED_MAX
from huikuan.engines.match_packed import packed
from huikuan.engines.match_structured import structured_of
from huikuan.engines.match_text import FOLDED, Text, noise_of, normal_text, tokens_of

EMPTY = Text("", None)
FIELDS = ("remittance_text", "end_to_end_id", "bank_reference")
BANK_FIELD = 2
JOINED_MAX = 5
"""Pieces a number may have been broken into."""
LISTED_MIN = 5
"""Digits of a number after which a blank may stand for the comma of a shortened list."""
STRUCTURED_MIN = 5.0
"""A number inside of bare digits that is no rarer than this may be there by chance."""
RANGE_MAX = 200
"""Documents a range may name."""

KINDS = ((NUMBER, "number"), (ORDER, "order"), (CONTRACT, "contract"))
"""What a number is to an item, and how that is called; the surest first."""

_JOINT = re.compile(r"[ \-./_:#\\\r\n\t–]{0,3}")
_LIST = re.compile(r"\s*(?:[,;+&、，；/]|和|及|与|跟|UND|AND|ET|Y|U\.?)\s*")
_RANGE = re.compile(r"\s*(?:-|–|—|~|～|至|到|TO|BIS|THRU|THROUGH|A|À)\s*")
_WORDS_BETWEEN = frozenset(["AND", "UND", "ET", "Y", "U", "TO", "BIS", "THRU", "THROUGH", "A"])
_LABEL = re.compile(
    r"(?:INVOICE|INVOICES|INV|RECHNUNG(?:EN)?|RECHN|RG|RE|RNR|FACTURES?|FACT|BILL|DOC(?:UMENT)?|BELEG|REF|NO|NR|N°|NUM"
    r"|发票号?码?|发票|单号|编号|合同号?|订单号?|号码?|CONTRACT|ORDER|P\.?O|BESTELLUNG|COMMANDE|CREDIT NOTE|CN|GS)"
    r"[\s.:：#-]*$"
)
_WORD_BEFORE = re.compile(
    r"(?:INVOICES?|INVNO|INV|RECHNUNGS?(?:NUMMER|NR)?|RGNR|RNR|RG|RE|NR|NO|FACTURES?|FACT|BILL|ORDER|BESTELLUNG|BESTNR|PO|REF|DOC)(?=[A-Z]*\d)"
)
_PAID = re.compile(
    r"(?:(?:PREVIOUSLY|ALREADY|BEREITS|SCHON|D[EÉ]J[AÀ]|LAST)\s*(?:PAID|PAY[EÉ]E?S?|BE?ZAHLT|R[EÉ]GL[EÉ]E?S?|REMITTED|SETTLED)"
    r"|(?:已|上次|前次|之前)\s*(?:已)?\s*(?:付|支付|付清|结清|汇))[^,;，；.]{0,30}$"
)
_TAIL = re.compile(
    r"(?:尾号|尾数|[后末][0-9一二三四五六七八几]{0,2}位(?:数字?|号码?)?|ENDING(?: (?:IN|WITH|ON))?|LAST \d(?: DIGITS)?"
    r"|ENDEND (?:AUF|MIT)|ENDZIFFERN?|ENDNR|(?:TERMINANT|FINISSANT) PAR)[为是]?[\s.:#-]*$"
)
"""Words after which the last digits of a number stand."""
_TAILS = re.compile(r"尾[号数]|位|LAST|END|PAR")
_NEXT_TAIL = re.compile(r"\s*[,;+&、；/.。]?\s*")
_UNITS = frozenset("年月日元%")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGIT = re.compile(r"[0-9]")
_PIECES = re.compile(r"[A-Z]+\d+|\d+")
_DATED = re.compile(r"20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
"""A long number that begins so was made up of a day and a time: its beginning is no number of a document."""


@packed
@dataclass(slots=True)
class Mention:
    """One number in a text: the places of the items it may mean, how it was recognised, how rare such a hit is by
    chance (a decimal logarithm), and where it stands. ``doubtful``: it may as well be a date, an amount, a
    telephone."""

    items: list[int]
    kind: str
    rarity: float
    field: int
    start: int
    stop: int
    token: str
    doubtful: bool = False

    @property
    def is_collective(self) -> bool:
        """An order or a contract: it names whatever was billed under it."""
        return self.kind in ("order", "contract")


@packed
@dataclass(slots=True)
class Found:
    """The numbers of a line. ``loose``: tokens with digits that led nowhere: (token, field, start, stop, at the end of
    its text); ``tails``: where digits stand, as (field, start), of which the text says that they are the last ones of a
    number; ``paid``: items the text says were paid before."""

    mentions: list[Mention] = field(default_factory=list)
    loose: list[tuple[str, int, int, int, bool]] = field(default_factory=list)
    tails: set[tuple[int, int]] = field(default_factory=set)
    texts: list[Text] = field(default_factory=list)
    paid: set[int] = field(default_factory=set)


def find_references(book: Book, texts: tuple[str, ...]) -> Found:
    """Every mention in the texts of ``FIELDS``, in their order."""
    found = Found()
    for number, raw in enumerate(texts):
        text = normal_text(raw) if raw else EMPTY
        found.texts.append(text)
        if _DIGIT.search(text.text):
            _Scan(book, text.text, number, found).run()
    return found


class _Scan:
    def __init__(self, book: Book, text: str, number: int, found: Found) -> None:
        self.book, self.text, self.number, self.found = book, text, number, found
        self.tokens = tokens_of(text)
        self.last: str | None = None
        self.last_stop = -1
        self.tail_stop = -1
        self.has_tails = _TAILS.search(text) is not None
        self.last_items: list[int] = []

    @cached_property
    def noise(self) -> list[tuple[int, int]]:
        """What looks like a date, an amount, a telephone or an account number; seldom asked for."""
        return noise_of(self.text)

    def run(self) -> None:
        used = self._structured()
        at = 0
        while at < len(self.tokens):
            token, start, stop = self.tokens[at]
            if self.has_tails and token.isdigit() and self._is_tail(start, stop):
                self.tail_stop = stop
                self.found.tails.add((self.number, start))
            if used and any(start < b and a < stop for a, b in used):
                at += 1
                continue
            if self.number == BANK_FIELD:
                at += self._own_number(token, start, stop)
                continue
            step = self._continue(at)
            at += step or self._joined(at) or self._single(token, start, stop)

    def _is_tail(self, start: int, stop: int) -> bool:
        """The text says that the digits from ``start`` to ``stop`` are the last ones of a number, or one more of
        them."""
        if self.text[stop : stop + 1] in _UNITS:
            return False
        if self.tail_stop >= 0 and _NEXT_TAIL.fullmatch(self.text, self.tail_stop, start):
            return True
        return _TAIL.search(self.text, max(0, start - 20), start) is not None

    def _own_number(self, token: str, start: int, stop: int) -> int:
        """In the bank's own reference only a whole number with letters is believed."""
        found = self._look(token, 1) if not token.isdigit() and len(token) >= 6 else None
        if found is not None:
            self._add(found[0], found[1], found[2] / 2, start, stop, token)
        return 1

    def _structured(self) -> list[tuple[int, int]]:
        used: list[tuple[int, int]] = []
        for carried, whole, start, stop in structured_of(self.text) if len(self.text) >= 5 else ():
            if used and start < used[-1][1] and used[-1][0] < stop:
                continue
            items = self._lead(whole) or self._lead(carried.lstrip("0"))
            rarity = 8.0
            if not items:
                items = self._by_tail(carried) or self._inside(carried)
                if items and self.text[start:stop].isdigit():
                    # Nothing but its check digits tells that these digits are a reference.
                    rarity = min(self.book.rarity(len(self.book.cores[items[0]]), 0), rarity)
            if items:
                self._add(items, "structured", rarity, start, stop, whole, doubtful=rarity < STRUCTURED_MIN)
                used.append((start, stop))
        return used

    def _lead(self, number: str) -> list[int]:
        found = self.book.keys.find(number)
        return found.get(NUMBER) or found.get(CORE) or []

    def _by_tail(self, carried: str) -> list[int]:
        """A long number of which the reference carries the end."""
        digits = carried.lstrip("0")
        return self.book.by_tail.find(digits).get(NUMBER, []) if len(digits) >= 6 else []

    def _inside(self, digits: str) -> list[int]:
        """A number of a document carried inside a longer one (customer and invoice in a structured reference)."""
        best: list[int] = []
        for size in sorted(self.book.core_lengths, reverse=True):
            for start in range(len(digits) - size, -1, -1):
                if items := self._lead(digits[start : start + size]):
                    best += items
            if best:
                break
        return best[:SHARED_MAX]

    def _continue(self, at: int) -> int:
        """A shortened list or the end of a range after a number just found: "10023, 24, 27-29"."""
        if self.last is None:
            return 0
        token, start, stop = self.tokens[at]
        between = self.text[self.last_stop : start]
        if token in _WORDS_BETWEEN and at + 1 < len(self.tokens) and not between.strip():
            nxt, nstart, nstop = self.tokens[at + 1]
            if nxt.isdigit() and self._short(nxt, self.text[self.last_stop : nstart], nstart, nstop):
                return 2
            return 0
        if len(token) >= len(self.last) + 1 or not between:
            return 0
        digits = token if token.isdigit() else token.translate(FOLDED)
        return 1 if digits.isdigit() and _DIGIT.search(token) and self._short(digits, between, start, stop) else 0

    def _short(self, digits: str, between: str, start: int, stop: int) -> bool:
        last = self.last or ""
        run = len(last) - len(last.rstrip("0123456789"))
        if len(digits) > run:
            return False
        number = last[: len(last) - len(digits)] + digits
        if _RANGE.fullmatch(between):
            return self._range(last, number, start, stop)
        listed = _LIST.fullmatch(between)
        if not listed and (between != " " or run < LISTED_MIN or len(digits) < 2):
            return False
        items = self._near(self._lead(number) or self._lead(number.lstrip("0")))
        if not items:
            return False
        # Only a blank between: it may be anything else.
        self._add(items, "list", 5.0 if listed else 2.0, start, stop, number, doubtful=not listed)
        self._remember(number, stop, items)
        return True

    def _near(self, items: list[int]) -> list[int]:
        """Of several meanings those of the customers named just before."""
        families = {self.book.family_of[self.book.customer_of[one]] for one in self.last_items}
        return [one for one in items if self.book.family_of[self.book.customer_of[one]] in families]

    def _range(self, first: str, number: str, start: int, stop: int) -> bool:
        run = len(number) - len(number.rstrip("0123456789"))
        head, low, high = first[: len(first) - run], int(first[len(first) - run :]), int(number[len(number) - run :])
        if not low < high <= low + RANGE_MAX or number[: len(number) - run] != head:
            return False
        hit = False
        for value in range(low + 1, high + 1):
            each = f"{head}{value:0{run}d}"
            items = self._near(self._lead(each) or self._lead(each.lstrip("0")))
            if items:
                hit = True
                self._add(items, "range", 5.0, start, stop, each)
        if hit:
            self._remember(number, stop, self.last_items)
        return hit

    def _joined(self, at: int) -> int:
        """The longest run of pieces that is a number of an item."""
        tokens, text = self.tokens, self.text
        widest = 1
        while widest < JOINED_MAX and at + widest < len(tokens):
            if not _JOINT.fullmatch(text, tokens[at + widest - 1][2], tokens[at + widest][1]):
                break
            widest += 1
        for width in range(widest, 0, -1):
            joined = tokens[at][0] if width == 1 else "".join(token[0] for token in tokens[at : at + width])
            if len(joined) < 3 or not _DIGIT.search(joined):
                continue
            found, cut = self._look(joined, width), 0
            if found is None and (label := _WORD_BEFORE.match(joined)):
                cut = label.end()
                joined = joined[cut:]
                found = self._look(joined, width) if len(joined) >= 4 else None
            if found is not None:
                items, kind, rarity = found
                start, stop = tokens[at][1] + cut, tokens[at + width - 1][2]
                before = self.last
                if before and _RANGE.fullmatch(text, self.last_stop, start) and len(before) == len(joined):
                    self._range(before, joined, start, stop)
                else:
                    self._add(items, kind, rarity, start, stop, joined)
                self._remember(joined, stop, items)
                return width
        return 0

    def _look(self, joined: str, width: int) -> tuple[list[int], str, float] | None:
        book = self.book
        found = book.keys.find(joined)
        for kind, told in KINDS if found else ():
            if kind in found:
                digits = len(_DIGIT.findall(joined))
                return found[kind], told, book.rarity(digits, len(joined) - digits)
        if joined.isdigit():
            core = joined.lstrip("0")
            if len(core) >= 4 and (width == 1 or len(core) >= 6):
                if core != joined:
                    found = book.keys.find(core)
                items = found.get(CORE) or found.get(NUMBER)
                if items:
                    return items, "number", book.rarity(len(core), 0)
        return None

    def _single(self, token: str, start: int, stop: int) -> int:
        """One token whose parts are numbers, or which is disfigured."""
        if not _DIGIT.search(token):
            return 1
        if self._glued(token, start):
            if token.isdigit():
                self.found.loose.append((token, self.number, start, stop, False))
            return 1
        folded = token.translate(FOLDED)
        if (len(folded) >= 4 and not token.isdigit()) or len(folded) >= 5:
            items = self.book.by_folded.find(folded).get(NUMBER)
            if not items and folded != token:
                found = self.book.keys.find(folded.lstrip("0"))
                items = found.get(CORE) or found.get(NUMBER)
            if items:
                self._add(items, "mangled", self.book.rarity(len(folded), 0) - 1.0, start, stop, token)
                self._remember(self.book.numbers[items[0]], stop, items)
                return 1
        if stop == self.tail_stop or (
            len(token) >= 3 and not _YEAR.fullmatch(token) and not any(a < stop and start < b for a, b in self.noise)
        ):
            end = not self.text[stop:].strip(" .")
            self.found.loose.append((token, self.number, start, stop, end))
        return 1

    def _glued(self, token: str, start: int) -> bool:
        pieces = list(_PIECES.finditer(token))
        hits = []
        for piece in pieces:
            whole = piece[0]
            digits = whole.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            for one in (whole, digits):
                if len(one) >= 4 and (found := self._look(one, 1)) is not None:
                    at = start + piece.start() + len(whole) - len(one)
                    hits.append((found, at, start + piece.end(), one))
                    break
            else:
                hits += self._chunks(digits, start + piece.end() - len(digits))
        for (items, kind, rarity), first, stop, one in hits:
            self._add(items, kind, rarity - 0.5, first, stop, one)
            self._remember(one, stop, items)
        return bool(hits)

    def _chunks(self, digits: str, start: int) -> list[tuple[Any, int, int, str]]:
        """Numbers of one length written without a space: "1002310024"; or one number inside a longer one."""
        for size in self.book.core_lengths:
            if len(digits) >= 2 * size and len(digits) % size == 0:
                parts = [digits[at : at + size] for at in range(0, len(digits), size)]
                found = [self._look(part, 1) for part in parts]
                if all(found):
                    return [
                        (one, start + at * size, start + (at + 1) * size, parts[at]) for at, one in enumerate(found)
                    ]
        if len(digits) >= 10:
            for size in self.book.core_lengths:
                if size < 6 or len(digits) <= size:
                    continue
                for at in (len(digits) - size, *(() if _DATED.match(digits) else (0,))):
                    if (one := self._look(digits[at : at + size], 1)) is not None:
                        items, kind, rarity = one
                        return [((items, kind, rarity - 1.0), start + at, start + at + size, digits[at : at + size])]
        return []

    def _add(
        self, items: list[int], kind: str, rarity: float, start: int, stop: int, token: str, doubtful: bool = False
    ) -> None:
        if len(items) > SHARED_MAX:
            return
        doubtful |= kind in ("number", "mangled") and any(a < stop and start < b for a, b in self.noise)
        if _PAID.search(self.text, max(0, start - 60), start):
            self.found.paid.update(items)
            return
        labelled = bool(_LABEL.search(self.text, max(0, start - 14), start))
        rarity = max(rarity + labelled - 2.0 * (doubtful and kind != "list"), 0.1)
        self.found.mentions.append(Mention(items, kind, rarity, self.number, start, stop, token, doubtful))

    def _remember(self, number: str, stop: int, items: list[int]) -> None:
        self.last, self.last_stop, self.last_items = number, stop, items
