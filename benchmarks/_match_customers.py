"""Customers of a generated company: names in four languages, groups, near namesakes, accounts, how each pays."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass, field

from pypinyin import lazy_pinyin

from benchmarks import _match_words as words


@dataclass(slots=True)
class Habit:
    """How one customer pays; shares are chances per payment."""

    mode: str
    """What he mostly does: single, several, statement, oldest, all_due, round_on_account, round_oldest."""
    style: str
    """What he writes: doc, core (digits without their prefix), po, contract, month, plain, none, structured."""
    listing: str
    """How he writes several numbers: comma, slash, space, glued, shortened, range, and."""
    reliability: float
    """How often he writes a reference at all."""
    lead_days: int
    """Days after due he pays; negative = before."""
    every_days: int
    """He pays on one day in so many; 0 = whenever something is due."""
    discount_taker: bool
    charge_minor: int
    """What his bank deducts each time; 0 = nothing."""
    mangling: float
    """How often what he writes arrives damaged."""


@dataclass(slots=True)
class Customer:
    """One customer; ``known`` accounts and ``aliases`` stand in the master data, the others are met on lines only."""

    customer_id: str
    name: str
    language: str
    country: str
    currency: str
    group: int
    parent_id: str | None
    aliases: list[str]
    printed: list[str]
    accounts: list[str]
    known: list[str]
    habit: Habit
    terms_days: int
    discount_percent: int
    weight: float
    recurring_minor: int
    series: int
    pays_for_group: bool = False
    contracts: list[str] = field(default_factory=list)
    since: int = 0
    """First day he buys."""


def fold(text: str) -> str:
    """Upper case without accents, as banks that know only ASCII send it; Chinese stays."""
    text = text.replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("Ü", "UE")
    plain = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).upper()


def pinyin(text: str) -> str:
    """Chinese as one capitalised word."""
    return "".join(lazy_pinyin(text)).capitalize()


def latin(city: str, brand: str, trade: str) -> str:
    """The English name a Chinese firm uses abroad."""
    return f"{words.CITIES[city]} {pinyin(brand)} {words.TRADES[trade]} Co., Ltd."


def account(chance: random.Random, country: str) -> str:
    """An account number in the country's form. Check digits are not meant to hold."""
    digits = "".join(chance.choice("0123456789") for _ in range(19))
    if country == "CN":
        return "62" + digits[:17]
    if country in ("DE", "FR"):
        return f"{country}{digits[:2]}{digits[:18]}"
    return digits[: chance.choice((8, 10, 12))]


def _chinese(chance: random.Random, brand: str | None = None) -> tuple[str, list[str], list[str]]:
    """Name, forms it is printed in (the first is the usual one), aliases somebody has recorded."""
    city, brand = chance.choice(list(words.CITIES)), brand or chance.choice(words.BRANDS)
    trade = chance.choice(list(words.TRADES))
    form = chance.choices(words.FORMS_ZH, (60, 10, 8, 8, 7, 7))[0]
    name = chance.choice(
        (f"{city}{brand}{trade}{form}", f"{city}市{brand}{trade}{form}", f"{brand}{trade}({city}){form}")
    )
    english = latin(city, brand, trade)
    short = chance.choice((f"{city}{brand}", f"{brand}{trade}", f"{city}{brand}{trade}"))
    wide = name.replace("(", "（").replace(")", "）")
    printed = [
        chance.choices((name, wide, english.upper(), short), (70, 14, 10, 6))[0],
        english.upper(),
        short,
        english,
    ]
    aliases = [alias for alias in (english, short) if chance.random() < 0.3]
    return name, [*printed, name], aliases


def _western(chance: random.Random, language: str, brand: str | None = None) -> tuple[str, list[str], list[str]]:
    stems, trades, forms = {
        "en": (words.ENGLISH, words.ENGLISH_TRADES, words.FORMS_EN),
        "de": (words.GERMAN, words.GERMAN_TRADES, words.FORMS_DE),
        "fr": (words.FRENCH, words.FRENCH_TRADES, words.FORMS_FR),
    }[language]
    stem = brand or chance.choice(stems)
    second = chance.choice(stems) if chance.random() < 0.45 else ""
    trade, form = chance.choice(trades), chance.choice(forms)
    name = " ".join(part for part in (stem, f"& {second}" if second else "", trade, form) if part)
    bare = re.sub(rf" {re.escape(form)}$", "", name)
    short = "".join(part[0] for part in bare.replace("&", "").split()).upper() + f" {trade}"
    printed = [chance.choices((fold(name), name, fold(bare), short), (55, 25, 14, 6))[0], fold(name), bare, short, name]
    return name, printed, [short] if chance.random() < 0.25 else []


def _habit(chance: random.Random, language: str, recurring: bool) -> Habit:
    mode = chance.choices(
        ("single", "several", "statement", "oldest", "all_due", "round_on_account", "round_oldest"),
        (40, 26, 11, 7, 10, 3, 3) if not recurring else (85, 5, 5, 0, 5, 0, 0),
    )[0]
    style = chance.choices(
        ("doc", "core", "po", "contract", "month", "plain", "none", "structured"),
        (44, 20, 8, 4, 5, 9, 5, 0 if language == "zh" else 9),
    )[0]
    if mode == "statement" and chance.random() < 0.5:
        style = "month"
    return Habit(
        mode=mode,
        style=style,
        listing=chance.choice(("comma", "comma", "comma", "slash", "space", "glued", "shortened", "range", "and")),
        reliability=chance.choice((1.0, 0.98, 0.95, 0.8)),
        lead_days=round(chance.gauss(6, 12)),
        every_days=chance.choice((0, 0, 0, 7, 14, 30)),
        discount_taker=chance.random() < 0.5,
        charge_minor=chance.choice((1500, 2000, 2500)) if language in ("en", "fr") and chance.random() < 0.12 else 0,
        mangling=chance.choice((0.0, 0.03, 0.08, 0.25)),
    )


def _currency(chance: random.Random, language: str) -> str:
    if language == "zh":
        return "CNY"
    return "EUR" if language in ("de", "fr") else chance.choices(("USD", "EUR", "GBP"), (70, 15, 15))[0]


def make_customer(chance: random.Random, place: int, group: int, parent: Customer | None, series: int) -> Customer:
    """One customer; a child shares his parent's brand more often than not."""
    language = parent.language if parent else chance.choices(("zh", "en", "de", "fr"), (55, 23, 15, 7))[0]
    country = {"zh": "CN", "en": chance.choice(("GB", "US", "SG")), "de": "DE", "fr": "FR"}[language]
    brand = None
    if parent and chance.random() < 0.8:
        brand = next((one for one in words.BRANDS if one in parent.name), None) or parent.name.split()[0]
    name, printed, aliases = _chinese(chance, brand) if language == "zh" else _western(chance, language, brand)
    recurring = chance.random() < 0.14
    accounts = [account(chance, country) for _ in range(chance.choices((1, 2, 3), (72, 20, 8))[0])]
    if parent and chance.random() < 0.3:
        accounts = [parent.accounts[0], *accounts]
    customer = Customer(
        customer_id=f"{chance.choice(('C', 'C', 'K'))}{10_000 + place}",
        name=name,
        language=language,
        country=country,
        currency=parent.currency if parent else _currency(chance, language),
        group=group,
        parent_id=parent.customer_id if parent else None,
        aliases=aliases,
        printed=printed,
        accounts=accounts,
        known=[one for one in accounts if chance.random() < 0.25],
        habit=_habit(chance, language, recurring),
        terms_days=chance.choice((0, 14, 30, 30, 30, 45, 60, 90)),
        discount_percent=chance.choice((0, 0, 0, 2, 3)) if language != "zh" else chance.choice((0,) * 9 + (2,)),
        weight=min(12.0, chance.paretovariate(1.3)),
        recurring_minor=chance.choice((50_000, 98_000, 120_000, 199_900, 260_000)) if recurring else 0,
        series=series,
    )
    prefix = chance.choice(("HT", "XS-", "SC", "CTR-"))
    customer.contracts = [
        f"{prefix}{chance.choice((2024, 2025, 25))}{chance.choice(('-', '', '/'))}{chance.randrange(100, 9999):04d}"
        for _ in range(2)
    ]
    return customer


def make_customers(chance: random.Random, count: int, series: int) -> list[Customer]:
    """``count`` customers; one in eight belongs to a group of two to five. ``series``: how many number series the
    company has; a customer keeps his."""
    made: list[Customer] = []
    group = 0
    while len(made) < count:
        group += 1
        parent = make_customer(chance, len(made), group, None, chance.randrange(series))
        made.append(parent)
        if chance.random() < 0.06:
            parent.pays_for_group = chance.random() < 0.6
            for _ in range(chance.randrange(1, 5)):
                made.append(make_customer(chance, len(made), group, parent, parent.series))
    for first, second in zip(made[::37], made[18::37], strict=False):
        if chance.random() < 0.3 and first.country == second.country:
            second.accounts[0] = first.accounts[0]  # strangers who pay through the same agent
    return made[:count]
