"""The demo's world before anything happens in it: our two legal entities, their customers, people, goods, rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import TypeVar

from huikuan.core.exchange import Rate
from huikuan.core.periods import month_of, next_month
from huikuan.services.demo_names import COUNTRIES, Name, Namer, payer_account, seeded

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EntityPlan:
    code: str
    name: str
    currency: str
    timezone: str
    country: str
    regions: tuple[str, ...]
    sales_reps: tuple[str, ...]


HD = EntityPlan(
    "HD",
    "华东云岫机电有限公司",
    "CNY",
    "Asia/Shanghai",
    "CN",
    ("华东", "华南", "华北", "西南"),
    ("陆知远", "沈若溪", "秦牧野", "顾清和", "温书桓", "叶小满"),
)
YX = EntityPlan(
    "YX",
    "Yunxiu Antriebstechnik GmbH",
    "EUR",
    "Europe/Berlin",
    "DE",
    ("Nord", "Süd", "West", "Export"),
    ("Jorunn Täschner", "Veit Ollenbrock", "Marike Süderhoff", "Ansgar Quellmann"),
)
ENTITIES = (HD, YX)

PRODUCTS = ("减速机", "伺服驱动", "直线模组", "控制柜", "备件", "安装服务")
PRODUCTS_YX = ("Gearbox", "Servo drive", "Linear module", "Control cabinet", "Spare parts", "Service")
RATE_SOURCE = "demo"

_IN_CNY = {"CNY": "1", "USD": "7.1520", "EUR": "7.7840", "JPY": "0.047600", "KWD": "23.2600"}
"""Where the random walk of the rates starts: one unit in yuan."""

_CURRENCY_OF = {"US": "USD", "JP": "JPY", "KW": "KWD", "CN": "CNY", "GB": "USD"}
_LANGUAGE_OF = {"CN": "zh-hans"}


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """A customer's account with one entity and how it behaves there.

    ``pays``: on which days; ``size``: typical invoice in yuan; ``per_month``: tenths of an invoice a month (17 = 1.7).
    """

    entity: EntityPlan
    customer: str
    currency: str
    terms_days: int
    discount: tuple[int, int] | None
    behaviour: str
    pays: str
    size: int
    per_month: int
    credit_limit: int
    sales_rep: str
    region: str


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    external_id: str
    name: Name
    language: str
    segment: str
    payer_account: str
    accounts: tuple[AccountPlan, ...]


_SEGMENTS = (
    (("key", (80_000, 260_000), (24, 44)), 13),
    (("mid", (15_000, 90_000), (10, 19)), 35),
    (("small", (2_000, 18_000), (4, 9)), 52),
)
"""Name, typical invoice in yuan (from, to), tenths of an invoice a month (from, to); weight."""
_BEHAVIOURS = (("punctual", 46), ("slow", 27), ("erratic", 17), ("bad", 10))
_RUNS = (("weekly", 40), ("twice", 38), ("monthly", 22))
_TERMS = ((0, 6), (30, 44), (45, 14), (60, 24), (90, 12))


def make_customers(seed: str, count: int) -> list[CustomerPlan]:
    """``count`` customers, C0001 on: three in five Chinese, the others from ten countries; every ninth serves both
    entities."""
    rng = seeded(seed, "customers")
    namer = Namer(seeded(seed, "names"))
    customers = []
    for number in range(1, count + 1):
        chinese = rng.randrange(5) < 3
        country = "CN" if chinese else rng.choice(("DE", "DE", "DE", *COUNTRIES))
        name = namer.chinese() if chinese else namer.foreign(country)
        customers.append(_customer(f"C{number:04d}", name, rng, serves_both=number % 9 == 5))
    return customers


def _customer(external_id: str, name: Name, rng: Random, *, serves_both: bool) -> CustomerPlan:
    segment, sizes, rates = pick(_SEGMENTS, rng)
    country = name.country
    at_home = HD if country in ("CN", "JP", "KW") or (country == "US" and rng.randrange(2)) else YX
    entities = (at_home, YX if at_home is HD else HD) if serves_both else (at_home,)
    accounts = []
    for entity in entities:
        terms = pick(_TERMS, rng)
        size, per_month = rng.randrange(*sizes), rng.randrange(*rates)
        if entity is YX:
            # Fewer customers, who order more often: enough payments to prove what the matcher may do.
            size, per_month = size * 6 // 10, per_month * 20 // 10
        else:
            size, per_month = size * 9 // 10, per_month * 12 // 10
        accounts.append(
            AccountPlan(
                entity=entity,
                customer=external_id,
                currency=_currency(entity, country),
                terms_days=terms,
                discount=(10, 200) if terms in (30, 60) and rng.randrange(6) == 0 else None,
                behaviour=pick(_BEHAVIOURS, rng),
                pays=pick(_RUNS, rng),
                size=size,
                per_month=per_month,
                credit_limit=-(-size * per_month * (terms + 45) // 3_000_000) * 10_000,
                sales_rep=rng.choice(entity.sales_reps),
                region=rng.choice(entity.regions),
            )
        )
    return CustomerPlan(
        external_id, name, _LANGUAGE_OF.get(country, "en"), segment, payer_account(country, rng), tuple(accounts)
    )


def _currency(entity: EntityPlan, country: str) -> str:
    """Both sides' own where it is common, else what the trade invoices in."""
    wanted = _CURRENCY_OF.get(country, "EUR")
    return entity.currency if entity is YX and wanted == "CNY" else wanted


def pick(weighted: Sequence[tuple[T, int]], rng: Random) -> T:
    """One of the values, by weight."""
    at = rng.randrange(sum(weight for _, weight in weighted))
    for value, weight in weighted:
        at -= weight
        if at < 0:
            return value
    raise AssertionError("unreachable")


def make_rates(seed: str, first: date, last: date) -> list[Rate]:
    """Monthly rates for both base currencies from the month of ``first`` on: a walk of up to 1 % a month."""
    rng = seeded(seed, "rates")
    in_cny = {currency: Decimal(text) for currency, text in _IN_CNY.items()}
    rates: list[Rate] = []
    month = month_of(first)
    while month <= last:
        for entity in ENTITIES:
            for currency, value in in_cny.items():
                if currency != entity.currency:
                    rate = (value / in_cny[entity.currency]).quantize(Decimal("0.00000001"))
                    rates.append(Rate(currency, entity.currency, month, rate, RATE_SOURCE))
        for currency in ("USD", "EUR", "JPY", "KWD"):
            in_cny[currency] *= 1 + Decimal(rng.randint(-100, 100)) / 10_000
        month = next_month(month)
    return rates
