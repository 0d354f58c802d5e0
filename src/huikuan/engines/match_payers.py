"""Who pays: accounts, names in any script, aliases that were learned, names in the text, groups."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import fuzz

from huikuan.engines.han import simplified
from huikuan.engines.likeness import plain_name
from huikuan.engines.match_book import Book
from huikuan.engines.match_grams import HAN, Grams
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_packed import packed
from huikuan.engines.match_text import plain_account

PAYERS_MAX = 12
WHOLE_HAN, WHOLE_LATIN = 5, 10
"""Characters of a name, without its legal form, from which on it stands in a text by no accident."""
WHOLE = 0.9
"""How far such a name can be believed: as far as an account that was seen a few times."""
OTHER_NAME = 0.8
"""How far another name than the first of a customer can be believed where names of others begin with it."""
OTHER_FORM = 0.5
"""How far a customer can be believed whose name differs from the one written in its legal form only, as a share of what
it is otherwise."""
FAMILY_MAX = 60
"""Members of the largest group whose names are told apart."""
HAN_START, LATIN_START = 3, 6
"""Characters of a name by which names that begin alike are found."""
NAMESAKE = 0.6
"""How far a person's name can be believed with an account that was never seen, as a share of what it is otherwise."""
LIKE_IN_TEXT = 0.5
"""How like a customer's name a word of a text must be to stand for it."""
_HAN_WORD = re.compile(r"[\u3400-\u9fff（）()]{5,40}")
_PERSON = re.compile(r"[\u3400-\u9fff]{2,3}")
_SPACES = re.compile(r"[\W_]+")
_WORD = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
_PINYIN_FORMS = re.compile(
    r"(gufen|jituan|zeren)*(youxian(zeren)?)?gongsi$|(co)?(ltd|limited|gmbh|inc|corp|llc|company)+$"
)


@packed
@dataclass(frozen=True, slots=True)
class Payer:
    """A customer that may be behind a line. ``strength``: 0 to 1, how far this alone can be believed; ``kind``:
    account, listed (an account in the customer file), alias, name, prefix, fuzzy, pinyin, short, text, group;
    ``count``: confirmed lines behind it."""

    customer: int
    strength: float
    kind: str
    count: int = 0


_FORMS = re.compile(
    r"(?<![\w])(?:e\.?\s?K\.?|e\.?\s?Kfr\.?|mbH|EURL|SASU|Co\.?\s?KG|PTE|KGaA|GbR|S\.?\s?L|S\.?\s?r\.?\s?l|Sp\.?\s?z\s?o\.?\s?o)\.?(?![\w])",
    re.IGNORECASE,
)


@lru_cache(maxsize=200_000)
def name_key(name: str) -> str:
    """A name as it is compared: without legal form, case, spaces and punctuation."""
    key = _SPACES.sub("", plain_name(_FORMS.sub(" ", name)))
    return key or _SPACES.sub("", plain_name(name))


def _whole_name(name: str) -> str:
    """A name with its legal form, without accents, case, spaces and punctuation."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return _SPACES.sub("", simplified(plain).casefold())


@lru_cache(maxsize=50_000)
def _syllable(char: str) -> str:
    from pypinyin import Style, pinyin

    return pinyin(char, style=Style.NORMAL, errors="default")[0][0]


def pinyin_key(key: str) -> str:
    """A Chinese name's key in Latin letters, syllable by syllable."""
    return "".join(_syllable(char) if HAN.match(char) else char for char in key)


def latin_key(key: str) -> str:
    """A Latin name's key without the legal form in pinyin or English that was written into it."""
    return _PINYIN_FORMS.sub("", key) or key


class Names:
    """Every name of every customer as it is compared, Chinese ones in pinyin too, and how they begin."""

    def __init__(self, book: Book) -> None:
        self.keys: list[str] = []
        self.customers: list[int] = []
        self.pinyins: list[bool] = []
        for customer, names in enumerate(book.names):
            for name in names:
                key = name_key(name)
                self._add(key, customer, False)
                if HAN.search(key):
                    self._add(pinyin_key(key), customer, True)
        self.ordered = sorted((key, at) for at, key in enumerate(self.keys))
        self.starts: dict[str, list[int]] = {}
        for at, key in enumerate(self.keys):
            size = HAN_START if HAN.match(key) else LATIN_START
            if len(key) >= size:
                self.starts.setdefault(key[:size], []).append(at)
        self.grams = Grams(self.keys)

    def _add(self, key: str, customer: int, is_pinyin: bool) -> None:
        if key:
            self.keys.append(key)
            self.customers.append(customer)
            self.pinyins.append(is_pinyin)


class Directory:
    """The names and accounts of all customers, ready to be looked up."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.exact: dict[str, list[int]] = {}
        self.accounts: dict[str, list[int]] = {}
        self.registrations: dict[str, int] = {number: at for at, number in enumerate(book.registrations) if number}
        for customer, names in enumerate(book.names):
            for name in names:
                held = self.exact.setdefault(name_key(name), [])
                if customer not in held:
                    held.append(customer)
            for account in book.listed_accounts[customer].split(";"):
                plain = plain_account(account)
                if len(plain) >= 4 and customer not in self.accounts.setdefault(plain, []):
                    self.accounts[plain].append(customer)
        self.exact.pop("", None)
        self._names: Names | None = None
        self._fuzzy_cache: dict[str, list[Payer]] = {}
        self._tails: dict[int, list[tuple[str, int]]] = {}

    @property
    def names(self) -> Names:
        """Names to be compared with; made when first needed."""
        if self._names is None:
            self._names = Names(self.book)
        return self._names

    def by_name(self, name: str) -> list[Payer]:
        """Customers a name may mean, the likeliest first."""
        if name in self._fuzzy_cache:
            return self._fuzzy_cache[name]
        found = self._by_name(name)
        if len(self._fuzzy_cache) > 200_000:
            self._fuzzy_cache.clear()
        self._fuzzy_cache[name] = found
        return found

    def by_form(self, name: str) -> int | None:
        """Of several customers whose names differ in their legal form only the one that is written so."""
        namesakes, names = self.exact.get(name_key(name), ()), self.book.names
        if len(namesakes) < 2:
            return None
        whole = _whole_name(name)
        meant = [one for one in namesakes if any(_whole_name(other) == whole for other in names[one])]
        return meant[0] if len(meant) == 1 else None

    def _by_name(self, name: str) -> list[Payer]:
        key = name_key(name)
        if len(key) < 2:
            return []
        han = bool(HAN.search(key))
        found: dict[int, Payer] = {}
        if key in self.exact:
            owners = self.exact[key]
            if len(owners) == 1 and key != name_key(self.book.names[owners[0]][0]):
                # Another name of a customer: it may be short for others whose names begin with it.
                self._prefixes(key, han, found)
                found.pop(owners[0], None)
            strength = OTHER_NAME if found else 0.96
            return [Payer(one, strength / len(owners), "name") for one in owners[:PAYERS_MAX]] + _best(found)
        variants = [key] if han else list(dict.fromkeys([key, latin_key(key)]))
        for variant in variants:
            self._prefixes(variant, han, found)
            self._alike(variant, found)
        return _doubted(_best(found))

    def _prefixes(self, key: str, han: bool, found: dict[int, Payer]) -> None:
        """Names that begin with the key: a bank cut the name off at 27 or 35 characters."""
        if len(key) < (3 if han else 8):
            return
        names = self.names
        at = bisect_left(names.ordered, (key, -1))
        hits: list[int] = []
        while at < len(names.ordered) and names.ordered[at][0].startswith(key) and len(hits) < 20:
            hits.append(names.ordered[at][1])
            at += 1
        owners = {names.customers[one] for one in hits}
        for one in hits:
            share = len(key) / len(names.keys[one])
            kind = "pinyin" if names.pinyins[one] else "prefix"
            _offer(found, Payer(names.customers[one], (0.75 + 0.2 * share) / len(owners), kind))

    def _alike(self, key: str, found: dict[int, Payer]) -> None:
        """Names that share rare pieces with the key, compared letter by letter."""
        names, is_han = self.names, bool(HAN.match(key))
        for one in names.grams.nearest(key, 12):
            other, customer = names.keys[one], names.customers[one]
            ratio = fuzz.ratio(key, other)
            if ratio >= 72:
                strength = min(0.92, 0.35 + (ratio - 72) / 28 * 0.57)
                _offer(found, Payer(customer, strength, "pinyin" if names.pinyins[one] else "fuzzy"))
                continue
            small, large = min(len(key), len(other)), max(len(key), len(other))
            if small >= (2 if is_han else 5) and fuzz.partial_ratio(key, other) >= 88:
                _offer(found, Payer(customer, 0.3 + 0.45 * (small / large), "short"))

    def like_in_text(self, text: str) -> list[Payer]:
        """Customers like whose name a Chinese word of a text is, as of those written without their town; none where
        several are."""
        found = [
            best
            for word in _HAN_WORD.findall(simplified(text))
            if (likely := self.by_name(word)) and (best := likely[0]).strength >= LIKE_IN_TEXT
        ]
        return [replace(one, kind="text") for one in found] if len({one.customer for one in found}) == 1 else []

    def member_in_text(self, customer: int, text: str) -> int | None:
        """Who else of a customer's group the text names, by the whole name or by what its name adds to another
        member's (its branch); ``None`` where it names nobody or several."""
        book, flat = self.book, _SPACES.sub("", simplified(text.lower()))
        family = book.family_of[customer]
        tails = self._tails.get(family)
        if tails is None:
            tails = self._tails[family] = _tails_of(book, book.families[family])
        found = {member for tail, member in tails if tail in flat}
        return found.pop() if len(found) == 1 and customer not in found else None

    def in_text(self, text: str, least: float = 0.0) -> list[Payer]:
        """Customers whose name stands in a text, as far as it can be believed ``least``."""
        found: dict[int, Payer] = {}
        lower, names = simplified(text.lower()), self.names
        flat, past = _SPACES.sub("", lower), 0
        for at, size in _beginnings(lower):
            near = names.starts.get(flat[at : at + size], ()) if at >= past else ()
            held = [one for one in near if not names.pinyins[one] and flat.startswith(names.keys[one], at)]
            if not held:
                continue
            longest = max(len(names.keys[one]) for one in held)
            past = at + longest
            is_whole = longest >= (WHOLE_HAN if size == HAN_START else WHOLE_LATIN)
            strength = WHOLE if is_whole else 0.5 + min(longest, 20) / 50
            for one in held if strength >= least else ():
                if len(names.keys[one]) == longest:
                    _offer(found, Payer(names.customers[one], strength, "text"))
        best = sorted(found.values(), key=lambda payer: (-payer.strength, payer.customer))[:3]
        return _doubted(best)


def _tails_of(book: Book, family: Sequence[int]) -> list[tuple[str, int]]:
    """What tells the members of a group apart in a text: whole names, and what a name adds to another member's."""
    if not 1 < len(family) <= FAMILY_MAX:
        return []
    plain = [(_SPACES.sub("", simplified(name.lower())), one) for one in family for name in book.names[one][:1]]
    heads = [name for name, _ in plain if len(name) >= HAN_START]
    found = []
    for name, one in plain:
        rests = [name[len(head) :] for head in heads if name != head and name.startswith(head)]
        tail = min(rests, key=len, default=name)
        if len(tail) >= (HAN_START if HAN.search(tail) else LATIN_START):
            found.append((tail, one))
    # A name within another's would stand in every text of that one.
    return [(tail, one) for tail, one in found if not any(tail in other for other, of in found if of != one)]


def _beginnings(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text without its spaces a name may begin, and by how many characters it is looked up: at every word,
    at every Chinese character."""
    at = 0
    for found in _WORD.finditer(text):
        size = found.end() - found.start()
        if found[0] >= "\u3400":
            for place in range(at, at + size - HAN_START + 1):
                yield place, HAN_START
        else:
            yield at, LATIN_START
        at += size


def find_payers(directory: Directory, knowledge: Knowledge, account: str, name: str, text: str) -> list[Payer]:
    """Customers behind a line, the strongest evidence first; the relatives of the best stand behind it."""
    book = directory.book
    found = _by_account(directory, knowledge, account) if account else {}
    named = _by_names(directory, knowledge, name) if name else {}
    if account and not found and _PERSON.fullmatch(name_key(name)):
        # Many bear one name: from an account never seen it may be another person.
        named = {one: replace(payer, strength=payer.strength * NAMESAKE) for one, payer in named.items()}
    if len(found) > 1 and any(one in found and payer.strength >= 0.6 for one, payer in named.items()):
        # An account of several customers: the name decides between them.
        found = {
            one: payer if one in named else replace(payer, strength=payer.strength * 0.4)
            for one, payer in found.items()
        }
    for one, payer in named.items():
        held = found.get(one)
        if held is None:
            found[one] = payer
        else:
            stronger = held if held.strength >= payer.strength else payer
            both = 1 - (1 - held.strength) * (1 - payer.strength)
            found[one] = replace(stronger, strength=min(both, 0.99), count=max(held.count, payer.count))
    if text and (not found or max(payer.strength for payer in found.values()) < 0.9):
        for payer in directory.in_text(text) or directory.like_in_text(text):
            _offer(found, payer)
    best = _best(found)
    held_customers = {payer.customer for payer in best}
    for payer in best[:2]:
        family = book.families[book.family_of[payer.customer]]
        if 1 < len(family) <= 60:
            best += [Payer(one, payer.strength * 0.5, "group") for one in family if one not in held_customers]
            held_customers.update(family)
    return best


def _by_account(directory: Directory, knowledge: Knowledge, account: str) -> dict[int, Payer]:
    found: dict[int, Payer] = {}
    for customer_id, count, total in knowledge.owners("account", account):
        place = directory.book.customer_place.get(customer_id)
        if place is not None:
            _offer(found, Payer(place, count / (total + 0.4), "account", count))
    owners = directory.accounts.get(account, [])
    for place in owners:
        _offer(found, Payer(place, 0.97 / len(owners), "listed", found[place].count if place in found else 0))
    return found


def _by_names(directory: Directory, knowledge: Knowledge, name: str) -> dict[int, Payer]:
    found: dict[int, Payer] = {}
    for customer_id, count, total in knowledge.owners("alias", name_key(name)):
        place = directory.book.customer_place.get(customer_id)
        if place is not None:
            _offer(found, Payer(place, 0.98 * count / (total + 0.4), "alias", count))
    for payer in directory.by_name(name):
        _offer(found, payer)
    meant = directory.by_form(name)
    if meant is not None:
        # Those that differ from it in their legal form only are other companies.
        found = {
            one: payer if one == meant else replace(payer, strength=payer.strength * OTHER_FORM)
            for one, payer in found.items()
        }
        _offer(found, Payer(meant, 0.96, "name"))
    return found


def _offer(found: dict[int, Payer], payer: Payer) -> None:
    held = found.get(payer.customer)
    if held is None or held.strength < payer.strength:
        found[payer.customer] = payer


def _best(found: dict[int, Payer]) -> list[Payer]:
    return sorted(found.values(), key=lambda payer: (-payer.strength, payer.customer))[:PAYERS_MAX]


def _doubted(best: list[Payer]) -> list[Payer]:
    """Two names nearly as alike as each other weaken both."""
    if len(best) < 2 or best[0].strength - best[1].strength > 0.12:
        return best
    close = sum(1 for payer in best if best[0].strength - payer.strength <= 0.12)
    factor = 1.0 / (1.0 + 0.5 * (close - 1))
    return [Payer(one.customer, one.strength * factor, one.kind, one.count) for one in best]
