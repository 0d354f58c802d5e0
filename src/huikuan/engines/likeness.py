"""How alike two customers are: names without their legal form, in any script, and numbers that only one can have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from huikuan.engines.han import simplified

ALIKE = 88
"""From this score of names on (0 to 100), two customers are proposed as one."""
ALIAS_LESS = 5
"""Taken off where one of the two names is not the legal one."""
BLOCK_MAX = 200
"""A first word that more customers share says nothing; they are not compared because of it."""

_CHINESE_FORMS: tuple[str, ...] = (
    *("股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "股份公司", "集团公司", "分公司", "总公司"),
    *("公司", "集团", "厂", "商行", "经营部"),
)
_LATIN_FORMS = frozenset(
    "gmbh mbh ag kg ohg ug se ltd limited llc llp inc incorporated corp corporation co company plc pty bv nv sa sas"
    " sarl srl spa ab as oy aps oyj kk bhd sdn pte pvt the and und et group holding holdings international".split()
)
_PINYIN_FORM = re.compile(r"(gufen|jituan|zeren)*(youxian(zeren)?)?gongsi$")
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_BRACKETS = re.compile(r"[()（）\[\]【】]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer as it is compared: every name it goes by, the legal one first, its registration number and its payer
    accounts. ``pinyins``: Chinese names in pinyin where they are at hand already; worked out otherwise."""

    id: int
    names: tuple[str, ...]
    registration_number: str = ""
    payer_accounts: frozenset[str] = frozenset()
    pinyins: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers that may be one, the lower number first. ``score``: 0 to 100; ``reasons``: codes, the strongest
    first: ``registration``, ``payer_account``, ``name``."""

    first: int
    second: int
    score: int
    reasons: tuple[str, ...]


@lru_cache(maxsize=50_000)
def plain_name(name: str) -> str:
    """A name without its legal form, accents, brackets and case; Chinese characters as simplified ones.

    ``上海華聯貿易有限公司`` → ``上海华联贸易``; ``Müller & Söhne GmbH`` → ``muller sohne``.
    """
    text = unicodedata.normalize("NFKC", _BRACKETS.sub(" ", name))
    text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)).lower()
    if _HAN.search(text):
        text = simplified("".join(text.split()))
        for form in _CHINESE_FORMS:
            text = text.removesuffix(form) or text
        return text
    words = [word for word in _WORD.findall(text.replace(".", "").replace("'", "")) if word not in _LATIN_FORMS]
    return " ".join(words) or text.strip()


@lru_cache(maxsize=50_000)
def pinyin_name(name: str) -> str:
    """The plain name in pinyin, for comparing it with one written in Latin letters."""
    from pypinyin import lazy_pinyin

    plain = plain_name(name)
    return " ".join(lazy_pinyin(plain)) if _HAN.search(plain) else plain


def name_score(first: str, second: str) -> int:
    """How alike two names are, 0 to 100."""
    one, other = plain_name(first), plain_name(second)
    if bool(_HAN.search(one)) != bool(_HAN.search(other)):
        left, right = pinyin_name(first).replace(" ", ""), pinyin_name(second).replace(" ", "")
        return round(fuzz.ratio(left, right))
    if _HAN.search(one):
        return round(fuzz.ratio(one, other))
    return round(max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)))


def find_pairs(candidates: Iterable[Candidate], *, alike: int = ALIKE) -> list[Pair]:
    """Pairs that may be one customer, the surest first. Compared are those that share a number or the beginning of a
    name in some script, so that a hundred thousand customers take seconds and not days."""
    rows = {one.id: one for one in candidates}
    pairs: list[Pair] = []
    for first, second in sorted(_to_compare(rows.values())):
        if (pair := compare(rows[first], rows[second], alike=alike)) is not None:
            pairs.append(pair)
    return sorted(pairs, key=lambda pair: (-pair.score, pair.first, pair.second))


def compare(first: Candidate, second: Candidate, *, alike: int = ALIKE) -> Pair | None:
    """The pair, where anything speaks for it. Two different registration numbers speak against alike names."""
    same_number = bool(first.registration_number) and first.registration_number == second.registration_number
    same_payer = bool(first.payer_accounts & second.payer_accounts)
    score = max(
        (
            name_score(one, other) - (ALIAS_LESS if place or other_place else 0)
            for place, one in enumerate(first.names)
            for other_place, other in enumerate(second.names)
        ),
        default=0,
    )
    if first.registration_number and second.registration_number and not same_number:
        score -= 10
    reasons = [
        code
        for code, holds in (("registration", same_number), ("payer_account", same_payer), ("name", score >= alike))
        if holds
    ]
    if not reasons:
        return None
    floor = 99 if same_number else 90 if same_payer else 0
    low, high = sorted((first.id, second.id))
    return Pair(low, high, min(max(score, floor), 100), tuple(reasons))


def _to_compare(rows: Iterable[Candidate]) -> set[tuple[int, int]]:
    blocks: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        keys = {("number", row.registration_number)} if row.registration_number else set()
        keys |= {("payer", number) for number in row.payer_accounts}
        keys |= {("name", key) for name in row.names for key in _ends(plain_name(name), 4)}
        pinyins = row.pinyins if row.pinyins is not None else [pinyin_name(name) for name in row.names]
        for pinyin in pinyins:
            plain = _PINYIN_FORM.sub("", pinyin.replace(" ", ""))
            keys |= {("pinyin", key) for key in (plain[:8], plain[-8:])}
        for key in keys:
            blocks.setdefault(key, set()).add(row.id)
    found: set[tuple[int, int]] = set()
    for members in blocks.values():
        if 1 < len(members) <= BLOCK_MAX:
            ordered: Sequence[int] = sorted(members)
            found |= {(one, other) for at, one in enumerate(ordered) for other in ordered[at + 1 :]}
    return found


def _ends(text: str, size: int) -> set[str]:
    return {text[:size], text[-size:]} - {""}
