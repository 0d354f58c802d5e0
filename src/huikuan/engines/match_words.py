"""Why an explanation is proposed: one line a clerk understands, in English or Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from huikuan.core.money import EXPONENTS
from huikuan.engines.match_book import UNIT, Book
from huikuan.engines.match_context import Context
from huikuan.engines.match_cuts import cut_of
from huikuan.engines.match_doubts import doubt_words
from huikuan.engines.match_explanation import AMBIGUOUS, WHOLE, Explanation
from huikuan.engines.match_fit import SHORT
from huikuan.engines.match_joint import Judged
from huikuan.engines.match_payers import latin_key, name_key, pinyin_key
from huikuan.engines.match_posting import NEVER
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
    "rounded": ("rounded down by {cut}", "抹零 {cut}"),
    "of": ("{what} ({numbers})", "{what}（{numbers}）"),
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
    "name_of": ("payer's name is that of {customer}", "户名与客户 {customer} 的名称一致"),
    "pinyin": ("payer's name is the customer's in pinyin", "户名为客户名称的拼音"),
    "pinyin_prefix": ("payer's name is the beginning of the customer's in pinyin", "户名为客户名称拼音的前段"),
    "pinyin_fuzzy": ("payer's name resembles the customer's in pinyin", "户名与客户名称的拼音相近"),
    "short": ("one of the payer's and the customer's name is part of the other", "户名与客户名称一个包含另一个"),
    "text": ("the customer's name stands in the text", "附言中有客户名称"),
    "group": ("payer belongs to the same group", "付款方属同一集团"),
    "stranger": ("nothing else points to this customer", "无其他线索指向该客户"),
    "ambiguous": ("{others} other combinations fit", "另有 {others} 种组合同样吻合"),
    "ambiguous_one": ("one other combination fits", "另有 1 种组合同样吻合"),
    "ambiguous_as": ("{others} other combinations fit, such as {rival}", "另有 {others} 种组合同样吻合，如 {rival}"),
    "ambiguous_one_as": ("one other combination fits: {rival}", "另有 1 种组合同样吻合：{rival}"),
    "in_part": ("{numbers} in part", "{numbers} 的一部分"),
    "on_account": (
        "{customer}: nothing open explains the amount, it stays on account",
        "{customer}：未清项目均不吻合，记作预收",
    ),
    "held": ("over the bar, yet held back: {doubt}", "已过自动入账线，仍待人工确认：{doubt}"),
    "held_guess": ("over the bar, yet it rests on a guess", "已过自动入账线，但其中有推测，待人工确认"),
    "kept": ("{customer}: kept on account", "{customer}：记作预收"),
    "other_currency": (
        "{numbers} named in the text, but in {currency}",
        "附言写明的 {numbers} 为 {currency}，币种不同",
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
    "nothing": ("no money: the amount is zero", "金额为零"),
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

    def reason(self, judged: Judged, made: Explanation, held: str = "") -> str:
        """Why this one of a line's explanations. ``held``: what holds a line back that is over the bar."""
        context = judged.context
        if made.items:
            parts = [self._which(context, made), *self._how_much(context, made), self._who(context, made)]
        else:
            parts = [self._without_items(judged, made)]
        if made.kind != "outgoing":
            parts.append(self._in_other_currency(context))
        if made.items and made.others >= AMBIGUOUS:
            parts.append(self._doubled(judged, made))
        if held:
            doubt = doubt_words(held, "zh" if self.at else "en")
            parts.append(self.say("held_guess" if held == NEVER else "held", doubt=doubt))
        text = self.between.join(part for part in parts if part)
        return text[:1].upper() + text[1:]

    def _doubled(self, judged: Judged, made: Explanation) -> str:
        """How many other sets fit as well, and one of them."""
        others = max(round(made.others), 1)
        key, rival = "ambiguous_one" if others == 1 else "ambiguous", self._rival(judged, made)
        return self.say(f"{key}_as" if rival else key, others=f"{others:,}", rival=rival)

    def _rival(self, judged: Judged, made: Explanation) -> str:
        """One of the sets that fit as well; empty where it is not a set of its own."""
        if made.rival:
            numbers, least = self._set(made.rival), min(self.opened[item] for item in made.rival)
            return self.say("in_part", numbers=numbers) if least > judged.line.amount else numbers
        mine = (set(made.items), made.fit.reasons)
        for other in judged.ranked:
            if other.items and other.fit.how in WHOLE and (set(other.items), other.fit.reasons) != mine:
                return ", ".join([self._set(other.items), *self._less(judged.context, other)])
        return ""

    def _set(self, items: Sequence[int]) -> str:
        """Items that together are one combination."""
        shown = " + ".join(self.book.shown[item] for item in items[:SHOWN])
        return f"{shown} + … ({len(items)})" if len(items) > SHOWN else shown

    def _in_other_currency(self, context: Context) -> str:
        """Numbers of the text that are open in another currency than the money's."""
        book, currency = self.book, context.line.currency
        meant = [
            item
            for at, mention in enumerate(context.found.mentions)
            if not context.open_of[at]
            for item in mention.items
            if self.opened[item] and book.currencies[item] != currency and book.customer_of[item] in context.strength
        ]
        if not meant:
            return ""
        return self.say("other_currency", numbers=self.numbers(meant), currency=book.currencies[meant[0]])

    def _without_items(self, judged: Judged, made: Explanation) -> str:
        context = judged.context
        if made.kind == "outgoing":
            return self.say("outgoing" if judged.line.amount else "nothing")
        if made.kind == "not_customer":
            share, count, words = context.nobody
            known = share > 0.5 and count > 0
            key = "nobody_known" if known else "nobody_words" if words > 1 else "nobody"
            return self.say(key, count=count)
        key = "twin" if made.duplicate_of else made.kind
        if key == "on_account" and (made is not judged.ranked[0] or any(map(_is_whole, judged.ranked))):
            # What is open does explain the amount, or may: this is only another way to take the money.
            key = "kept"
        return self.say(key, customer=self._name(made.customer), line=made.duplicate_of)

    def _name(self, customer: int) -> str:
        names = self.book.names[customer]
        return names[0] if names else self.book.customer_ids[customer]

    def _which(self, context: Context, made: Explanation) -> str:
        items = set(made.items)
        hard, soft, order = set(), {}, {}
        for at, mention in enumerate(context.found.mentions):
            mine = items & set(context.open_of[at])
            if mention.is_collective:
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
        if fit.over:
            return [self.say("over", over=money(fit.over, currency))]
        if fit.how == "part":
            left = money(int(sum(self.opened[item] for item in made.items) - sum(fit.applied)), currency)
            rests = [item for item, share in zip(made.items, fit.applied, strict=True) if self.opened[item] != share]
            if len(rests) == 1 < len(made.items):
                return [self.say("part_of", number=self.book.shown[rests[0]], left=left)]
            return [self.say("part", left=left)]
        if fit.reasons:
            return self._less(context, made)
        if len(made.items) == 1:
            return [self.say("exact_one")]
        return [self.say("exact_many", amount=money(line.amount, currency))]

    def _less(self, context: Context, made: Explanation) -> list[str]:
        """What the money is less than what it pays, and why; nothing where it is not."""
        fit, line, cuts = made.fit, context.line, made.fit.cuts()
        said = []
        for why, cut in cuts.items():
            key = why
            if why == SHORT and not fit.late_days and cut_of(line.text) == "retention":
                key = "retention"
            elif why == "bank_charge" and cut < UNIT and line.amount % UNIT == 0:
                key = "rounded"
            told = self.say(key, cut=money(cut, line.currency))
            if len(cuts) > 1:
                mine = [item for item, one in zip(made.items, fit.reasons, strict=True) if one == why]
                told = self.say("of", what=told, numbers=self.numbers(mine))
            said.append(told)
        return [*said, self.say("late", days=fit.late_days)] if fit.late_days else said

    def _who(self, context: Context, made: Explanation) -> str:
        owners = {self.book.customer_of[item] for item in made.items}
        known = [context.strength[owner] for owner in sorted(owners) if owner in context.strength]
        if not known:
            return self.say("stranger")
        best = max(known, key=lambda payer: payer.strength)
        if best.kind == "account" and best.count == 1:
            return self.say("account_one")
        if best.kind == "name" and len(owners) > 1:
            return self.say("name_of", customer=self._name(best.customer))
        key = self._how_in_pinyin(context.line.name, best.customer) if best.kind == "pinyin" else best.kind
        return self.say(key, count=best.count)

    def _how_in_pinyin(self, name: str, customer: int) -> str:
        """How near a payer's name in Latin letters comes to a customer's in pinyin."""
        key = name_key(name)
        written = {key, latin_key(key)}
        known = {pinyin_key(name_key(one)) for one in self.book.names[customer]}
        if written & known:
            return "pinyin"
        begins = any(one.startswith(other) for one in known for other in written if other)
        return "pinyin_prefix" if begins else "pinyin_fuzzy"


def _is_whole(made: Explanation) -> bool:
    return bool(made.items) and made.fit.how in WHOLE


def _written(context: Context, mention: Mention) -> str:
    """What a mention rests on as the text writes it."""
    start, stop = context.found.texts[mention.field].original(mention.start, mention.stop)
    written = context.line.texts[mention.field][start:stop]
    # Between a label and its number (``no. K-2025``) stands what is of neither.
    return " ".join(written.split()).lstrip(" .:：#/-")
