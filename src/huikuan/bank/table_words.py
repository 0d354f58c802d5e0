"""Words inside a bank's table: which way money went, currencies, states, totals, and facts before the headings."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from huikuan.bank.statement import LineStatus
from huikuan.core.money import EXPONENTS

_CREDIT = frozenset(
    "贷 贷方 收 收入 入 入账 来账 转入 收款 存入 收方 收到 进账 c cr crdt credit credits h haben in incoming"
    " deposit moneyin received gutschrift bij +".split()
)
_DEBIT = frozenset(
    "借 借方 支 支出 出 出账 往账 转出 付款 支取 付 付方 d dr dbit debit debits s soll out outgoing"
    " withdrawal moneyout sent lastschrift af -".split()
)
_NEUTRAL = frozenset("其他 其它 不计收支 中性 中性交易 / neutral".split())
_CURRENCIES = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "人民币(cny)": "CNY",
    "rmb": "CNY",
    "元": "CNY",
    "¥": "CNY",
    "01": "CNY",
    "美元": "USD",
    "美金": "USD",
    "欧元": "EUR",
    "港币": "HKD",
    "港元": "HKD",
    "英镑": "GBP",
    "日元": "JPY",
    "日圆": "JPY",
    "澳元": "AUD",
    "加元": "CAD",
    "加拿大元": "CAD",
    "澳大利亚元": "AUD",
    "瑞士法郎": "CHF",
    "新加坡元": "SGD",
    "新加坡币": "SGD",
    "澳门元": "MOP",
    "新台币": "TWD",
    "韩元": "KRW",
    "泰铢": "THB",
    "€": "EUR",
    "£": "GBP",
    "euro": "EUR",
    "us$": "USD",
    "hk$": "HKD",
}
_FAILED = re.compile(
    r"失败|关闭|撤销|取消|作废|declin|fail|revert|cancel|denied|expired|void|reject|removed", re.IGNORECASE
)
_WAITING = re.compile(r"处理中|待|等待|进行中|pending|processing|on hold|in.?progress|placed|unclaimed", re.IGNORECASE)
TOTALS = re.compile(
    r"合计|总计|小计|共计|累计|汇总|本页|总笔数|总金额|总交易|期[初末]|承前|过次|打印|制表|说明|备注|注[:：]|"
    r"温馨提示|特别提示|以上|导出|-{5,}|"
    r"(sub|grand)?\s?totals?\b|summe|opening|closing|balance (brought|carried)|brought forward|carried forward|"
    r"end of|page \d|generated|printed|disclaimer|note[:s]",
    re.IGNORECASE,
)
OPENING = re.compile(
    r"期初(账户)?余额|上期余额|承前(页)?余额|昨日余额|opening (ledger )?balance|balance brought forward|"
    r"(previous|beginning|starting|start) balance|anfangssaldo|alter kontostand",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"期末(账户)?余额|本期余额|closing (ledger )?balance|ending balance|end balance|balance carried forward|"
    r"endsaldo|schlusssaldo|neuer kontostand",
    re.IGNORECASE,
)
_KEYS = (
    (
        "account",
        re.compile(
            r"(本方|查询|客户|我方|交易)?(账号|帐号|账户|卡号|支付宝账户|支付宝账号|微信支付商户号|商户号)|"
            r"account( ?(number|no\.?))?|a/c( no\.?)?|konto(nummer)?|iban|card number|acct|inquirer account number",
            re.IGNORECASE,
        ),
    ),
    (
        "owner",
        re.compile(
            r"(账户|账号|本方|客户|单位)?(户名|名称|姓名)|账户名|微信昵称|公司名称|account (name|holder)|name|"
            r"kontoinhaber|customer name",
            re.IGNORECASE,
        ),
    ),
    ("currency", re.compile(r"币种|币别|货币|currency|währung|ccy", re.IGNORECASE)),
    ("bank", re.compile(r"开户(银行|行|机构|网点)|(bank|branch)( name)?|bic|swift", re.IGNORECASE)),
    ("from_date", re.compile(r"(起始|开始|起)(日期|时间|日)|查询起始日期?|(from|start)( date)?|von", re.IGNORECASE)),
    ("to_date", re.compile(r"(终止|截止|结束|止)(日期|时间|日)|查询截止日期?|(to|end)( date)?|bis", re.IGNORECASE)),
    (
        "period",
        re.compile(
            r"(查询|起止|交易|账单|对账|统计)?(日期|时间|期间|时间段|日期范围|区间|周期)(范围|段)?|(statement )?period|"
            r"date range|zeitraum",
            re.IGNORECASE,
        ),
    ),
    ("opening", OPENING),
    ("closing", CLOSING),
)
_PLACEHOLDER = re.compile(r"[-–—/\\*_\s]+")
_DATES = re.compile(r"\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")


def tidy(value: object) -> str:
    """A cell as text on one line; what only holds a place (``---``, ``/``) is empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    text = " ".join(str(value).lstrip("`'").split())
    return "" if _PLACEHOLDER.fullmatch(text) else text


@lru_cache(maxsize=2048)
def direction(text: str) -> int | None:
    """1 for money in, -1 for money out, 0 for neither; ``None`` for a word that says nothing of it."""
    word = re.sub(r"\s", "", unicodedata.normalize("NFKC", text).casefold())
    if word in _CREDIT:
        return 1
    if word in _DEBIT:
        return -1
    if re.search(r"[\u4e00-\u9fff]", word) and re.search(r"[a-z]", word):  # in two languages
        return direction("".join(re.findall(r"[\u4e00-\u9fff]", word)))
    return 0 if not word or word in _NEUTRAL else None


@lru_cache(maxsize=2048)
def currency_of(text: str) -> str | None:
    """The ISO code of a currency by code, Chinese name or sign; ``None`` for another word."""
    word = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).strip("[]()【】:")
    if word.upper() in EXPONENTS:
        return word.upper()
    if word.casefold() in _CURRENCIES:
        return _CURRENCIES[word.casefold()]
    inside = re.search(r"[A-Z]{3}", word)
    if inside and inside[0] in EXPONENTS and len(word) <= 16:
        return inside[0]
    return next((code for name, code in _CURRENCIES.items() if len(name) > 1 and word.startswith(name)), None)


@lru_cache(maxsize=2048)
def status_of(text: str) -> LineStatus:
    """Whether a state means that money moved. What failed or was closed is information only."""
    if _FAILED.search(text):
        return LineStatus.INFORMATION
    return LineStatus.PENDING if _WAITING.search(text) else LineStatus.BOOKED


def facts_of(rows: list[list[str]]) -> dict[str, str]:
    """What stands before (or behind) the table: account, owner, currency, bank, days, balances."""
    found: dict[str, str] = {}
    for cells in rows:
        for at, cell in enumerate(cells):
            following = next((one for one in cells[at + 1 :] if one), "")
            for key, value in _pairs(cell, following):
                name = _name_of(key)
                if name == "period":
                    days = _DATES.findall(value)
                    if len(days) == 2:
                        found.setdefault("from_date", days[0])
                        found.setdefault("to_date", days[1])
                elif name and value:
                    found.setdefault(name, value)
    return found


def _name_of(key: str) -> str | None:
    """The fact a key names, by the whole key or its Chinese part."""
    chinese = "".join(re.findall(r"[\u4e00-\u9fff]+", key.partition("/")[0]))
    for text in (key, chinese):
        found = next((name for name, pattern in _KEYS if text and pattern.fullmatch(text)), None)
        if found:
            return found
    return None


def _pairs(cell: str, following: str) -> list[tuple[str, str]]:
    """``key: value`` pairs in a cell; a key alone has its value in the next cell."""
    text = unicodedata.normalize("NFKC", cell).lstrip("#")
    pieces = re.split(r"\s{2,}|\t| (?=[\u4e00-\u9fff]{2,8}[A-Za-z ]{0,30}:)", text)
    pairs = []
    for piece in pieces:
        key, colon, value = piece.partition(":")
        if "[" in key and not colon:
            key = key.partition("[")[0]
        elif "[" in key:
            key = re.sub(r"\[.*?\]", "", key)
        key = re.sub(r"\s(?=[\u4e00-\u9fff])", "", key).strip(" \u3000.")
        if len(key) <= 40:
            pairs.append((key, (value.strip(" []") if colon and value.strip() else following.strip(" []"))))
    return pairs
