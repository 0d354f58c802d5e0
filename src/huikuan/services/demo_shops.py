"""The demo's shop on a platform: its last ten days of sales, which the platform pays out the day after. The last payout
keeps more than agreed and brings an order nobody sold."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.core.payouts import FeeRule, ShopKind
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.demo_bank_files import DemoLine
from huikuan.services.demo_writer import ITEM_SOURCE
from huikuan.services.shop_files import import_shop_file
from huikuan.services.shops import NewShop, add_shop
from huikuan.store.models import BankAccount, Shop

NAME = "青禾商城 旗舰店"
PAYER = "青禾支付服务有限公司"
_PAYER_ACCOUNT = "6214880099001122"
_PLATFORM = NewCustomer("QINGHE", "青禾网络科技有限公司", country="CN", language="zh-hans", segment="key", terms_days=0)
_DAYS = 10
_RATE_BP = 200
_KEPT_MORE = Decimal("36.00")
"""Of one order, above what is agreed."""
_STRANGE = Decimal("268.00")
"""An order in the platform's list that is not among the sales."""
_CENT = Decimal("0.01")
_EVENING = time(18, 25)

Order = tuple[date, str, Decimal]


def add_shops(entity_id: int, days: list[date], last: date, *, chief_id: int, clerk_id: int, now: datetime) -> None:
    """The shop with its sales and the platform's list of its last payout, as of the last evening, before the bank's
    statements come; ``days``: those of the statements. Again, nothing more happens."""
    if Shop.objects.filter(entity_id=entity_id).exists():
        return
    evening = min(datetime.combine(last, _EVENING, ZoneInfo("Asia/Shanghai")), now)
    made = add_customers(entity_id, [_PLATFORM], source=ITEM_SOURCE, actor_id=chief_id, now=evening)
    new = NewShop(
        made[_PLATFORM.external_id],
        NAME,
        ShopKind.MARKETPLACE,
        "CNY",
        settle_days=1,
        in_working_days=True,
        payer_names=(PAYER,),
        bank_account_id=BankAccount.objects.filter(entity_id=entity_id, currency="CNY").values_list("id")[0][0],
        fees=(FeeRule("", _RATE_BP),),
    )
    shop = add_shop(entity_id, new, actor_id=chief_id, now=evening)
    sold = _orders(last)
    clerk: dict[str, Any] = {"actor_id": clerk_id, "now": evening}
    rows = [f"{number},{day},{amount}" for day, number, amount in sold]
    import_shop_file(shop, f"订单-{last:%Y%m%d}.csv", _csv("订单编号,付款时间,买家实付金额", rows), **clerk)
    listed = _listed(sold, days)
    head = "结算单号,结算日期,订单编号,类型,订单金额,手续费,结算金额"
    import_shop_file(shop, f"结算-{days[-1]:%Y%m%d}.csv", _csv(head, listed), is_details=True, **clerk)


def payout_lines(days: list[date], last: date) -> list[DemoLine]:
    """What the platform paid on the days of the statements: on each what was sold since the payout before."""
    sold, since, lines = _orders(last), date.min, []
    for day in days:
        paid = sum((amount - _fee(amount) for on, _, amount in sold if since <= on < day), Decimal(0))
        text = "商户结算"
        if day == days[-1]:
            paid += _STRANGE - _fee(_STRANGE) - _KEPT_MORE
            text += f" {_number(day)}"
        lines.append(DemoLine(day, paid, PAYER, _PAYER_ACCOUNT, text, f"HD{day:%y%m%d}QH", f"QH-{day:%y%m%d}"))
        since = day
    return lines


def _orders(last: date) -> list[Order]:
    """Three to eight orders a day, the same every time."""
    chance = Random(f"shop:{last.isoformat()}")  # noqa: S311 - a demo
    made = []
    for day in (last - timedelta(days=back) for back in range(_DAYS, 0, -1)):
        for place in range(1, chance.randint(4, 9)):
            amount = Decimal(chance.randrange(39_00, 899_00)) / 100
            made.append((day, f"QH{day:%y%m%d}{place:04}", amount))
    return made


def _fee(amount: Decimal) -> Decimal:
    return (amount * _RATE_BP / 10_000).quantize(_CENT, ROUND_HALF_UP)


def _number(day: date) -> str:
    return f"QHJS{day:%Y%m%d}"


def _listed(sold: list[Order], days: list[date]) -> list[str]:
    """The platform's list of the last payout: its orders, one with a larger fee, and one that is not ours."""
    paid_on, since = days[-1], days[-2]
    orders = [(number, amount, _fee(amount)) for day, number, amount in sold if since <= day < paid_on]
    number, amount, fee = orders[0]
    orders[0] = (number, amount, fee + _KEPT_MORE)
    orders.append((f"QH{paid_on:%y%m%d}9999", _STRANGE, _fee(_STRANGE)))
    return [
        f"{_number(paid_on)},{paid_on},{number},订单,{amount:.2f},{-fee:.2f},{amount - fee:.2f}"
        for number, amount, fee in orders
    ]


def _csv(head: str, rows: list[str]) -> bytes:
    return "\r\n".join([head, *rows, ""]).encode("utf-8-sig")
