"""The demo company's bank accounts and the statements of its last days: payments that somebody still has to apply,
with the habits payers have: several invoices at once, numbers without their beginning, discounts and charges kept
back, parts, no word at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from huikuan.core.money import to_decimal
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.demo_bank_files import HD_NUMBER, YX_IBAN, DemoLine, camt053, chinese_table
from huikuan.services.demo_shops import add_shops, payout_lines
from huikuan.services.sealing import seal
from huikuan.store.models import BankAccount, CustomerPayerAccount, Entity, OpenItemBalance

_LINES = {"HD": 28, "YX": 14}
_OPENING = {"HD": Decimal("3862451.07"), "YX": Decimal("418220.55")}
_DAYS = 3
_EVENING = time(18, 30)


@dataclass(frozen=True, slots=True)
class Owed:
    """What a customer owes in the entity's currency: numbers and amounts of its oldest items."""

    name: str
    payer_account: str
    items: tuple[tuple[str, Decimal], ...]


def add_bank_accounts(*, actor_id: int, now: datetime) -> dict[str, Entity]:
    """The bank accounts of the entities there are; gives the entities by code."""
    entities = {row.code: row for row in Entity.objects.filter(code__in=list(_LINES)).order_by("id")}
    names = {
        "HD": NewAccount("云城银行 基本户", HD_NUMBER, "云城银行"),
        "YX": NewAccount("Hansebank Geschäftskonto", YX_IBAN, "Hansebank"),
    }
    done = set(BankAccount.objects.values_list("entity__code", flat=True))
    for code, entity in entities.items():
        if code not in done:
            add_account(entity.pk, names[code], actor_id=actor_id, now=now)
    return entities


def add_bank(last: date, *, actor_id: int, chief_id: int, now: datetime) -> None:
    """Statements of the entities there are, with the payouts of a shop, as of the last evening; again, nothing more
    happens."""
    evening = min(datetime.combine(last, _EVENING, ZoneInfo("Asia/Shanghai")), now)
    entities = add_bank_accounts(actor_id=actor_id, now=evening)
    for code, entity in entities.items():
        lines = _lines(entity, code, last)
        if code == "HD":
            days = _working_days(last)
            add_shops(entity.pk, days, last, chief_id=chief_id, clerk_id=actor_id, now=now)
            lines = sorted(lines + payout_lines(days, last), key=lambda line: line.day)
        files = _files(code, lines, last)
        if files:
            work_upload(keep_upload(files, actor_id=actor_id, now=evening), actor_id=actor_id, now=evening)
    seal(now=now)


def _files(code: str, lines: Sequence[DemoLine], last: date) -> list[BankFile]:
    opening, files = _OPENING[code], []
    for day in _working_days(last):
        of_day = [line for line in lines if line.day == day]
        if not of_day:
            continue
        if code == "HD":
            data, name = chinese_table(of_day, opening), f"账户明细-{day:%Y%m%d}.csv"
        else:
            data, name = camt053(of_day, day, opening, day.timetuple().tm_yday), f"camt053-{day:%Y%m%d}.xml"
        opening += sum((line.amount for line in of_day), Decimal(0))
        files.append(BankFile(name, data))
    return files


def _working_days(last: date) -> list[date]:
    """The last working days before ``last``, the earliest first."""
    days: list[date] = []
    day = last
    while len(days) < _DAYS:
        day -= timedelta(1)
        if day.weekday() < 5:
            days.append(day)
    return days[::-1]


def _lines(entity: Entity, code: str, last: date) -> list[DemoLine]:
    owed = owed_by(entity)
    chance = Random(f"bank:{code}:{last.isoformat()}")  # noqa: S311 - a demo, and the same every time
    days = _working_days(last)
    lines = []
    for number in range(min(_LINES[code], len(owed))):
        day = days[number * _DAYS // _LINES[code]]
        lines.append(_payment(owed[number], number, day, code, chance))
    for day in days:
        fee = Decimal(chance.randrange(200, 3_000)) / 100
        text = "网银转账手续费" if code == "HD" else "Entgelt Kontofuehrung"
        lines.append(DemoLine(day, -fee, "", "", text, f"F{day:%y%m%d}"))
    if code == "YX" and lines and lines[0].end_to_end:
        first = lines[0]
        text = f"Rueckgabe {first.text}"
        lines.append(
            DemoLine(days[-1], -first.amount, first.name, first.account, text, "R0001", first.end_to_end, "AC04")
        )
    return sorted(lines, key=lambda line: line.day)


def owed_by(entity: Entity) -> list[Owed]:
    """Customers that owe something in the entity's own currency, those who owe most items first."""
    columns = "item__account_id item__account__customer_id item__account__customer__name item__document_number".split()
    found: dict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    names: dict[int, tuple[int, str]] = {}
    rows = OpenItemBalance.objects.filter(
        item__entity_id=entity.pk, item__currency=entity.currency, open_minor__gt=0, is_current=True
    ).exclude(item__account__shops__isnull=False)
    listed = rows.order_by("item__due_date", "item_id").values_list(*columns, "open_minor")
    for account_id, customer_id, name, document, minor in listed:
        found[account_id].append((document, to_decimal(minor, entity.currency)))
        names[account_id] = (customer_id, name)
    accounts = dict(
        CustomerPayerAccount.objects.filter(customer_id__in=[one for one, _ in names.values()]).values_list(
            "customer_id", "number"
        )
    )
    order = sorted(found, key=lambda number: (-len(found[number]), number))
    return [Owed(names[one][1], accounts.get(names[one][0], ""), tuple(found[one])) for one in order]


WAYS = (0, 1, 0, 2, 0, 1, 3, 0, 2, 0, 1, 4, 0, 5, 0, 1, 0, 2, 0, 6)
"""Which way each payment of a day goes: three in four name what they pay and pay it in full; the others are a clerk's,
from a bank's charge to no word at all."""


def _payment(owed: Owed, number: int, day: date, code: str, chance: Random) -> DemoLine:
    """One payment, in one of the ways payers pay."""
    first, amount = owed.items[0]
    few = owed.items[: chance.choice((2, 3))]
    total = sum((part for _, part in few), Decimal(0))
    digits = first.rpartition("-")[2] or first
    chinese = code == "HD"
    ways: tuple[tuple[Decimal, str, str], ...] = (
        (amount, f"货款 {first}" if chinese else f"Rechnung {first}", owed.payer_account),
        (total, ("付" if chinese else "INV ") + ", ".join(one for one, _ in few), owed.payer_account),
        (amount, f"发票{digits}" if chinese else f"RE {digits.lstrip('0')}", owed.payer_account),
        (amount - Decimal(15), f"{first} 扣手续费" if chinese else f"{first} abzgl. Spesen", owed.payer_account),
        (total, "货款" if chinese else "Zahlung", owed.payer_account),
        ((amount * 6 / 10).quantize(Decimal("0.01")), f"{first} 部分付款" if chinese else f"Teilzahlung {first}", ""),
        (amount, "往来款" if chinese else "laut Absprache", ""),
    )
    paid, text, account = ways[WAYS[number % len(WAYS)]]
    if paid <= 0:
        paid = amount
    return DemoLine(
        day, paid, owed.name, account, text, f"{code}{day:%y%m%d}{number:03}", f"E2E-{day:%y%m%d}-{number:03}"
    )
