"""What the headings of a shop's daily sales and of a platform's settlement report mean, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Sequence

from huikuan.bank.headings import fold
from huikuan.bank.rows import Cell

_RULES: tuple[tuple[str, str], ...] = (
    ("paid_out_on", r"(结算|打款|出款|到账|入账|提现)(日期?|时间)"),
    ("paid_out_on", r"(settlement|payout|deposit|disbursement|transfer)date|availableon.*|paidouton"),
    ("day", r"(交易|订单|支付|付款|下单|创建|订单创建|销售|营业|消费|完成)?(日期时间|日期|时间|营业日)"),
    ("day", r"(账单|账务|记账|发生|业务)(日期|时间)|营业日"),
    ("day", r"(transaction|order|sales?|business|trading|purchase|posted|trans|txn)?(date|day|time|datetime)"),
    ("day", r"dateandtime|created(at|date|on)?"),
    ("payout_ref", r"(结算|打款|出款|提现)(单号|批次号?|编号|流水号?)"),
    ("payout_ref", r"(settlement|payout|batch|transfer|disbursement)(id|no|number|ref|reference)?"),
    ("refund", r"(商家|买家|实际|总)?退款(总)?(金额|额)?元?|退货(金额|额)"),
    ("refund", r"(amount)?refund(s|ed|edamount|amount)?|returns?(amount)?"),
    ("counted", r"(现金)?(实点|实盘|清点|实缴|实存|盘点|实收现金)(金额|数|现金)?"),
    ("counted", r"(cash)?counted(cash|amount|total)?|cashinhand|actualcash"),
    ("charge", r"(其他|推广|广告|活动|运费险|营销|赔付)(费用?|扣款|服务费|支出|金额)+"),
    ("charge", r"(other|advertising|marketing|shipping)(fees?|charges?|amount)+|adjustments?(amount)?"),
    ("fee", r"(平台|技术|交易|支付|收单|软件|渠道)?(手续费|服务费|佣金|扣点|交易费|抽成|费用)(金额|元)*"),
    ("fee", r"平台技术服务费|技术服务费"),
    ("fee", r"(total|platform|transaction|processing|selling|referral|service|merchant)?(fees?|mdr)(amount)?"),
    ("fee", r"(platform)?(commissions?|charges?)(amount)?"),
    ("net", r"(实际|商家|本次|应)?(结算|到账|入账|打款|实结|净|结算净)(金额|额|收入)|净额"),
    ("net", r"(net|payout|settled|settlement|deposit|paidout)(amount|total|proceeds|sales)|amountpaid|net|proceeds"),
    ("gross", r"(订单|应结订单|交易|销售|成交|支付|实付|买家实付|买家支付)(总|实付|实际)*(金额|额|款|元)+"),
    ("gross", r"(实收|营业|商品|应收|收入|订单总|流水)(总|实际)*(金额|额|款|元)+|金额元?|流水"),
    ("gross", r"(gross|order|sales?|total|transaction|item|product)(amount|sales|total|price|value|revenue)+"),
    ("gross", r"gross|amount|sales|total"),
    ("out", r"支出(金额)?元?"),
    ("order", r"(商户|商家|平台|店铺|外部|原|主|业务|子)?(订单|交易|单据|小票|业务基础订单)(号|单号|编号|id)|单号"),
    ("order", r"(merchant|platform|external|receipt)?(order|invoice|receipt|ticket)(id|no|number|ref|reference)?"),
    ("order", r"merchantreference"),
    ("method", r"(支付|付款|收款|结算)(方式|渠道|类型|方法)"),
    ("method", r"(payment|pay)(method|type|channel|mode)|tender(type)?|card(type|brand)"),
    ("status", r"(业务|交易|账务|订单|支付|当前)?状态|(transaction|order|payment)?status|state"),
    ("kind", r"(业务|交易|账务|订单|单据|收支|款项|费用)?(类型|类别|名目)"),
    ("kind", r"(transaction|order|row|record)?(type|kind)|description"),
    ("responsible", r"(收银员|责任人|当班人?|班长|营业员|店员|经手人|收款员|负责人)(姓名)?"),
    ("responsible", r"cashier|operator|responsible(person)?|staff|employee|clerk"),
    ("currency", r"币种|货币|currency(code)?|ccy"),
)
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _RULES)
_IN_BRACKETS = re.compile(r"[(（\[][^)）\]]*[)）\]]")


def meanings(cells: Sequence[Cell]) -> dict[str, int]:
    """The columns of a row of headings by what they mean; the first of a meaning."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        text = fold(_IN_BRACKETS.sub("", cell)) if isinstance(cell, str) and len(cell) < 60 else ""
        name = next((name for name, pattern in _COMPILED if text and pattern.fullmatch(text)), None)
        if name == "order" and name in found and text.startswith(("商户", "商家", "merchant")):
            found[name] = at  # the number that we gave beats the wallet's own
        elif name:
            found.setdefault(name, at)
    return found


def is_sales(columns: dict[str, int]) -> bool:
    """Whether columns are those of sales: a day beside an amount."""
    return bool(columns.keys() & {"gross", "counted", "net"}) and bool(columns.keys() & {"day", "paid_out_on"})
