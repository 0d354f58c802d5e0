"""Why an explanation is proposed: one line a clerk understands, in English or Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from huikuan.core.money import EXPONENTS
from huikuan.engines.match_book import UNIT, Book
from huikuan.engines.match_context import Context
from huikuan.engines.match_cuts import cut_of
from huikuan.engines.match_explanation import AMBIGUOUS, Explanation
from huikuan.engines.match_references import Mention
from huikuan.engines.match_types import Lang

SHOWN = 4
"""Document numbers named in full."""

_WORDS: dict[str, tuple[str, str]] = {
    "named_one": ("{numbers} named in the text", "附言写明 {numbers}"),
    "named_many": ("{numbers} named in the text", "附言写明 {numbers}"),
    "order": ("order or contract {token} named in the text: {numbers}", "附言写明订单或合同 {token}：{numbers}"),
    "soft": ("{token} read as {numbers}", "{token} 视为 {numbers}"),
    "partly": ("{numbers}, of which the text names {count}", "{numbers}，其中附言写明 {count} 张"),
    "bare": ("{numbers}, not named in the text", "{numbers}，附言未写明"),
    "all": ("everything open ({count} items)", "全部未清 {count} 项"),
    "due": ("everything due ({count} items)", "全部到期 {count} 项"),
    "month": ("one month's items ({count})", "同一月份的 {count} 项"),
    "period": ("the month named in the text ({count} items)", "附言所写月份的 {count} 项"),
    "oldest": ("the oldest {count} items", "最早的 {count} 项"),
    "exact_one": ("amount exact", "金额完全一致"),
    "exact_many": ("amounts add up to {amount} exactly", "合计恰为 {amount}"),
    "early_payment_discount": ("less an early-payment discount of {cut}", "扣现金折扣 {cut}"),
    "late": ("taken {days} days after its last day", "已过折扣期 {days} 天"),
    "bank_charge": ("less a bank charge of {cut}", "扣银行手续费 {cut}"),
    "exchange": ("a difference of {cut} from exchange", "汇兑差额 {cut}"),
    "short_payment": ("{cut} short", "少付 {cut}"),
    "retention": ("{cut} kept back, it stays open", "扣留质保金等 {cut}，仍欠"),
    "part": ("paid in part, {left} stays open", "部分付款，仍欠 {left}"),
    "part_of": ("{number} paid in part, {left} stays open", "{number} 部分付款，仍欠 {left}"),
    "over": ("{over} more than owed stays on account", "多付 {over} 记作预收"),
    "account": ("account known from {count} payments", "账号曾付款 {count} 笔"),
    "account_one": ("account known from one payment", "账号曾付款 1 笔"),
    "listed": ("account in the customer file", "账号在客户档案中"),
    "alias": ("payer's name known from {count} payments", "户名曾付款 {count} 笔"),
    "name": ("payer's name is the customer's", "户名与客户名称一致"),
    "prefix": ("payer's name is the beginning of the customer's", "户名为客户名称的前段"),
    "fuzzy": ("payer's name resembles the customer's", "户名与客户名称相近"),
    "pinyin": ("payer's name is the customer's in pinyin", "户名为客户名称的拼音"),
    "short": ("one of the payer's and the customer's name is part of the other", "户名与客户名称一个包含另一个"),
    "text": ("the customer's name stands in the text", "附言中有客户名称"),
    "group": ("payer belongs to the same group", "付款方属同一集团"),
    "stranger": ("nothing else points to this customer", "无其他线索指向该客户"),
    "ambiguous": ("{others} other combinations fit", "另有 {others} 种组合同样吻合"),
    "ambiguous_one": ("one other combination fits", "另有 1 种组合同样吻合"),
    "on_account": (
        "{customer}: nothing open explains the amount, it stays on account",
        "{customer}：未清项目均不吻合，记作预收",
    ),
    "duplicate": (
        "{customer}: what the text names is paid already, it stays on account",
        "{customer}：附言所写单据已付清，记作预收",
    ),
    "twin": (
        "{customer}: the same payment again (line {line}), it stays on account",
        "{customer}：与流水 {line} 重复付款，记作预收",
    ),
    "nobody_known": (
        "not a customer's money: this payer never was one (lines seen: {count})",
        "非客户款：该付款方 {count} 笔均非客户",
    ),
    "nobody_words": ("not a customer's money, by its text", "据附言判断为非客户款"),
    "nobody": ("no customer recognised", "未识别出客户"),
    "outgoing": ("money going out", "付出款项"),
}


def money(units: int, currency: str) -> str:
    """``250979800`` → ``25,097.98``."""
    places = EXPONENTS.get(currency, 2)
    sign, size = ("-" if units < 0 else ""), abs(units)
    cents = f"{size % UNIT:04d}"[:places]
    return f"{sign}{size // UNIT:,}" + (f".{cents}" if places else "")


class Speaker:
    """Puts explanations into words of one language."""

    def __init__(self, book: Book, lang: Lang, opened: Sequence[int]) -> None:
        """``opened``: what is open per item, before any of the lines."""
        self.book, self.opened, self.at = book, opened, 1 if lang == "zh" else 0
        self.between = "；" if self.at else "; "

    def say(self, key: str, **values: object) -> str:
        """One phrase."""
        return _WORDS[key][self.at].format(**values)

    def numbers(self, items: Sequence[int]) -> str:
        """The first document numbers and how many more."""
        shown = [self.book.shown[item] for item in items[:SHOWN]]
        more = len(items) - len(shown)
        if self.at:
            return "、".join(shown) + (f" 等 {len(items)} 张" if more else "")
        if more:
            return ", ".join(shown) + f" and {more} more"
        return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + f" and {shown[-1]}"

    def quotes(self, tokens: Sequence[str]) -> str:
        """Words of the text, each in quotes."""
        return ("、" if self.at else ", ").join(f"“{token}”" for token in tokens[:SHOWN])

    def reason(self, context: Context, made: Explanation) -> str:
        """Why this explanation."""
        if not made.items:
            return self._without_items(context, made)
        parts = [self._which(context, made), *self._how_much(context, made), self._who(context, made)]
        if made.others >= AMBIGUOUS:
            others = max(round(made.others), 1)
            parts.append(self.say("ambiguous_one" if others == 1 else "ambiguous", others=f"{others:,}"))
        text = self.between.join(part for part in parts if part)
        return text[:1].upper() + text[1:]

    def _without_items(self, context: Context, made: Explanation) -> str:
        if made.kind == "outgoing":
            text = self.say("outgoing")
        elif made.kind == "not_customer":
            share, count, words = context.nobody
            known = share > 0.5 and count > 0
            key = "nobody_known" if known else "nobody_words" if words > 1 else "nobody"
            text = self.say(key, count=count)
        else:
            names = self.book.names[made.customer]
            customer = names[0] if names else self.book.customer_ids[made.customer]
            key = "twin" if made.duplicate_of else made.kind
            text = self.say(key, customer=customer, line=made.duplicate_of)
        return text[:1].upper() + text[1:]

    def _which(self, context: Context, made: Explanation) -> str:
        items = set(made.items)
        hard, soft, order = set(), {}, {}
        for at, mention in enumerate(context.found.mentions):
            mine = items & set(context.open_of[at])
            if mention.kind in ("order", "contract"):
                order.update(dict.fromkeys(mine, _written(context, mention)))
            elif mention.kind in ("truncated", "mangled"):
                soft.update(dict.fromkeys(mine, _written(context, mention)))
            else:
                hard |= mine
        numbers = self.numbers(made.items)
        named = hard | set(soft) | set(order)
        if items <= named:
            if items <= hard:
                return self.say("named_one" if len(items) == 1 else "named_many", numbers=numbers)
            if items <= hard | set(soft):
                tokens = dict.fromkeys(soft[item] for item in made.items[:SHOWN] if item in soft)
                return self.say("soft", token=self.quotes(list(tokens or soft.values())), numbers=numbers)
            return self.say("order", token=next(iter(order.values())), numbers=numbers)
        if named:
            return self.say("partly", numbers=numbers, count=len(named))
        if made.shape in ("all", "due", "month", "period", "oldest") and len(items) > 1:
            return self.say(made.shape, count=len(items))
        return self.say("bare", numbers=numbers)

    def _how_much(self, context: Context, made: Explanation) -> list[str]:
        fit, line = made.fit, context.line
        currency = line.currency
        cut = money(sum(fit.deducted), currency)
        if fit.over:
            return [self.say("over", over=money(fit.over, currency))]
        if fit.how == "part":
            left = money(int(sum(self.opened[item] for item in made.items) - sum(fit.applied)), currency)
            rests = [item for item, share in zip(made.items, fit.applied, strict=True) if self.opened[item] != share]
            if len(rests) == 1 < len(made.items):
                return [self.say("part_of", number=self.book.shown[rests[0]], left=left)]
            return [self.say("part", left=left)]
        if fit.reason:
            kept = fit.reason == "short_payment" and not fit.late_days and cut_of(line.text) == "retention"
            said = [self.say("retention" if kept else fit.reason, cut=cut)]
            if fit.late_days:
                said.append(self.say("late", days=fit.late_days))
            return said
        if len(made.items) == 1:
            return [self.say("exact_one")]
        return [self.say("exact_many", amount=money(line.amount, currency))]

    def _who(self, context: Context, made: Explanation) -> str:
        owners = {self.book.customer_of[item] for item in made.items}
        known = [context.strength[owner] for owner in sorted(owners) if owner in context.strength]
        if not known:
            return self.say("stranger")
        best = max(known, key=lambda payer: payer.strength)
        if best.kind == "account" and best.count == 1:
            return self.say("account_one")
        return self.say(best.kind, count=best.count)


def _written(context: Context, mention: Mention) -> str:
    """What a mention rests on as the text writes it."""
    start, stop = context.found.texts[mention.field].original(mention.start, mention.stop)
    return " ".join(context.line.texts[mention.field][start:stop].split())
