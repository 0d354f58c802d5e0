"""A company that was never there: customers, items, past and new bank lines, and what each line truly paid.

Everything follows from one seed. Seeds 1 to 3 are for building and tuning the matcher; **seeds 101 to 105 are for
reporting only: nothing is ever tuned on them**, nor looked at line by line. Truth is known because payments are made
first and written down afterwards: the customer decides what he pays, then names, numbers and texts suffer on their way.
Which lines can be decided at all is said by the rule in ``_match_truth``.

``drift``: with the cut between past and new lines, some customers pay another way, numbers of one series come from a
new system, accounts change six times as often and twice as many references arrive damaged.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import _match_words as words
from benchmarks._match_customers import Customer, make_customers
from benchmarks._match_items import Item, day_of, make_items, open_on, series_of
from benchmarks._match_lines import Payments
from benchmarks._match_truth import Judge, Line

DEV_SEEDS = (1, 2, 3)
TEST_SEEDS = (101, 102, 103, 104, 105)
"""For reporting only: never tune on them."""
AMOUNT = pa.decimal128(18, 4)
LINES_PER_DAY = 50
"""Of a company of the usual size; more lines make a longer time, not a larger company."""
GL_SHARE = 0.05
DUPLICATE_SHARE = 0.006


@dataclass(slots=True)
class Company:
    """What was generated. The tables are as files hold them; ``truth`` has the new lines in the order of ``lines``."""

    seed: int
    items: pa.Table
    customers: pa.Table
    lines: pa.Table
    history: pa.Table
    truth: list[Line]
    past: list[Line]

    def write(self, folder: Path, suffix: str = ".parquet") -> dict[str, Path]:
        """The four files."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = {}
        for name in ("items", "customers", "lines", "history"):
            paths[name] = folder / f"{name}{suffix}"
            pq.write_table(getattr(self, name), paths[name])
        return paths


def make_company(
    seed: int, *, lines: int = 4000, history: int = 12_000, items: int = 0, drift: bool = False
) -> Company:
    """A company with ``lines`` new lines after ``history`` past ones. ``items``: open items there shall be at least;
    those beyond what its customers owe belong to further ones who pay nothing in this time."""
    chance = random.Random(f"huikuan {seed}")
    days = (lines + history) // LINES_PER_DAY * 7 // 5 + 160  # the first months only fill the books
    series = series_of(chance)
    customers = make_customers(chance, 900, len(series))
    for customer in chance.sample(customers, len(customers) // 5):
        customer.since = chance.randrange(days)
    cut_guess = days - lines // LINES_PER_DAY * 7 // 5
    made = make_items(chance, customers, series, days, 0.0155, cut_guess if drift else None)
    found = _all_lines(chance, seed, customers, made, days, cut_guess if drift else None)
    judge = Judge(customers, made)
    for line in found:
        judge.judge(line)
    cut_day = _cut(found, lines)
    owing = sum(item.document_day <= cut_day and open_on(item, cut_day) != 0 for item in made)
    further = _further(chance, customers, series, items - owing, cut_day)
    return company_of(seed, found, made, customers, further, lines, history)


def _cut(found: list[Line], lines: int) -> int:
    """The day the new lines begin: past and new ones meet between two days."""
    cut = len(found) - lines
    while cut and found[cut].day == found[cut - 1].day:
        cut -= 1
    return found[cut].day


def company_of(
    seed: int,
    found: list[Line],
    made: list[Item],
    customers: list[Customer],
    further: list[Item],
    lines: int,
    history: int,
) -> Company:
    """The tables of a company from its lines in order of days and all its items."""
    cut_day = _cut(found, lines)
    cut = next(place for place, line in enumerate(found) if line.day == cut_day)
    start = cut - history
    if start < 0:
        raise ValueError(f"only {cut} past lines could be made")
    while start and found[start].day == found[start - 1].day:
        start -= 1  # the history is of whole days
    past, new = found[start:cut], found[cut : cut + lines]
    known = [item for item in made if item.document_day <= new[-1].day and open_on(item, past[0].day)]
    random.Random(seed).shuffle(known)
    more = {item.customer.customer_id: item.customer for item in further}
    return Company(
        seed,
        _items_table(known, further, cut_day),
        _customers_table(customers + sorted(more.values(), key=_key)),
        _lines_table(new),
        _history_table(past),
        new,
        past,
    )


def _key(customer: Customer) -> str:
    return customer.customer_id


def _all_lines(
    chance: random.Random, seed: int, customers: list[Customer], items: list[Item], days: int, drift_day: int | None
) -> list[Line]:
    groups: dict[int, list[Customer]] = {}
    owing: dict[int, list[Item]] = {}
    for customer in customers:
        groups.setdefault(customer.group, []).append(customer)
    for item in items:
        owing.setdefault(item.customer.group, []).append(item)
    found: list[Line] = []
    for group, members in groups.items():
        payments = Payments(random.Random(f"{seed} {group}"), members, owing.get(group, []), drift_day)
        lines = list(payments.run(days))
        found += lines
        for line in lines:
            if line.kind in ("exact", "credit") and chance.random() < DUPLICATE_SHARE:
                day = line.day + chance.choice((1, 2, 3, 7))
                if day < days:
                    live = [(i, open_on(i, day)) for i in owing[group] if i.document_day <= day and open_on(i, day)]
                    found.append(payments.again(line, day, [p for p in live if payments._pays(line.payer, p[0])]))  # type: ignore[arg-type]
    found += _gl_lines(chance, round(len(found) * GL_SHARE), days)
    chance.shuffle(found)
    found.sort(key=lambda line: line.day)
    for place, line in enumerate(found):
        line.line_id = f"L{place + 1:07d}"
        line.bank_reference = f"{chance.randrange(10**11):011d}"
    return found


def _gl_lines(chance: random.Random, count: int, days: int) -> list[Line]:
    """Money no customer paid. A company meets a few kinds again and again."""
    kinds = chance.sample(words.GL_LINES, 8)
    values = {
        "bank": chance.choice(words.BANKS), "city": chance.choice(list(words.CITIES)),
        "german": chance.choice(("Köln", "Berlin")), "own": "恒通设备(苏州)有限公司",
        "small": chance.randrange(100, 999),
    }  # fmt: skip
    made = []
    for _ in range(count):
        kind, payer, text, least, most = chance.choice(kinds)
        day = day_of(when := chance.randrange(days))
        while day.weekday() >= 5:
            day = day_of(when := chance.randrange(days))
        said = text.format(
            **values,
            y=day.year,
            q=(day.month + 2) // 3,
            mm=f"{day.month:02d}",
            dd=f"{day.day:02d}",
            big=chance.randrange(10**9),
        )
        line = Line(when, chance.randrange(least, most), "CNY" if chance.random() < 0.8 else "EUR", kind, text=said)
        line.payer_name = payer.format(**values) if chance.random() < 0.9 else ""
        made.append(line)
    return made


def _further(
    chance: random.Random, customers: list[Customer], series: list[str], count: int, cut_day: int
) -> list[Item]:
    """Open items of customers who do not pay now: they make the index larger and names and amounts less telling."""
    if count <= 0:
        return []
    more = make_customers(chance, max(50, count // 60), len(series))
    for place, customer in enumerate(more):
        customer.customer_id, customer.parent_id = f"N{100_000 + place}", None
    rate = count / sum(one.weight for one in more) / 110
    found: list[Item] = []
    while len(found) < count:
        found += make_items(chance, more, series, 110, rate, first=100_000 + 4 * len(found))
        rate *= 0.5
    for place, item in enumerate(found[:count]):
        item.item_id = f"N{place:08d}"
        item.document_day += cut_day - 110
        item.due_day += cut_day - 110
        item.discount_day = None if item.discount_day is None else item.discount_day + cut_day - 110
    return found[:count]


def decimals(values: list[int]) -> pa.Array:
    """Minor units → exact decimals."""
    return pa.array([Decimal(value).scaleb(-2) for value in values], AMOUNT)


def table(columns: dict[str, list[Any]], types: dict[str, Any]) -> pa.Table:
    """Empty texts become nulls: a file has nothing there."""
    made = {}
    for name, values in columns.items():
        kind = types.get(name, pa.string())
        made[name] = (
            values if isinstance(values, pa.Array) else pa.array([v if v != "" else None for v in values], kind)
        )
    return pa.table(made)


def _items_table(known: list[Item], further: list[Item], cut_day: int) -> pa.Table:
    rows = known + further
    opens = [open_on(item, cut_day) for item in rows]
    settled = [
        None if left else day_of(max(day for day, _ in item.moves if day < cut_day))
        for item, left in zip(rows, opens, strict=True)
    ]
    get: Callable[[Callable[[Item], Any]], list[Any]] = lambda pick: [pick(item) for item in rows]  # noqa: E731
    return table(
        {
            "item_id": get(lambda i: i.item_id),
            "kind": get(lambda i: i.kind),
            "customer_id": get(lambda i: i.customer.customer_id),
            "document_number": get(lambda i: i.document_number),
            "po_number": get(lambda i: i.po_number),
            "contract_number": get(lambda i: i.contract_number),
            "document_date": get(lambda i: day_of(i.document_day)),
            "due_date": get(lambda i: day_of(i.due_day)),
            "currency": get(lambda i: i.currency_code),
            "amount": decimals(get(lambda i: i.amount_minor)),
            "open_amount": pa.array(
                [None if day else Decimal(left).scaleb(-2) for day, left in zip(settled, opens, strict=True)], AMOUNT
            ),
            "settled_date": settled,
            "discount_date": get(lambda i: None if i.discount_day is None else day_of(i.discount_day)),
            "discount_percent": get(lambda i: Decimal(i.discount_percent) if i.discount_percent else None),
        },
        {name: pa.date32() for name in ("document_date", "due_date", "settled_date", "discount_date")}
        | {"discount_percent": pa.decimal128(9, 4)},
    )


def _customers_table(customers: list[Customer]) -> pa.Table:
    return table(
        {
            "customer_id": [one.customer_id for one in customers],
            "name": [one.name for one in customers],
            "aliases": [";".join(one.aliases) for one in customers],
            "parent_id": [one.parent_id for one in customers],
            "country": [one.country for one in customers],
            "language": [one.language for one in customers],
            "payer_accounts": [";".join(one.known) for one in customers],
        },
        {},
    )


def line_columns(lines: list[Line]) -> dict[str, list[Any]]:
    """The columns of bank lines."""
    return {
        "line_id": [line.line_id for line in lines],
        "booking_date": [day_of(line.day) for line in lines],
        "amount": decimals([line.amount_minor for line in lines]),
        "currency": [line.currency for line in lines],
        "payer_name": [line.payer_name for line in lines],
        "payer_account": [line.payer_account for line in lines],
        "remittance_text": [line.text for line in lines],
        "end_to_end_id": [line.end_to_end_id for line in lines],
        "bank_reference": [line.bank_reference for line in lines],
    }


def _lines_table(lines: list[Line]) -> pa.Table:
    return table(line_columns(lines), {"booking_date": pa.date32()})


def _history_table(lines: list[Line]) -> pa.Table:
    repeated, customers, items, numbers, applied = [], [], [], [], []
    for line in lines:
        payer = line.payer.customer_id if line.payer else ""
        rows: list[tuple[str, str, str, int]] = [
            (item.customer.customer_id, item.item_id, item.document_number, minor) for item, minor in line.rows
        ]
        if line.unapplied_minor or not rows:
            rows.append((payer, "", "", line.unapplied_minor or line.amount_minor))
        for customer, item, number, minor in rows:
            repeated.append(line)
            customers.append(customer)
            items.append(item)
            numbers.append(number)
            applied.append(minor)
    columns = line_columns(repeated) | {
        "customer_id": customers, "item_id": items, "document_number": numbers, "applied": decimals(applied),
    }  # fmt: skip
    return table(columns, {"booking_date": pa.date32()})
