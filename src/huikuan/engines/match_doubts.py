"""The kinds of doubt that hold a line back until the past has answered them, in words."""

from __future__ import annotations

from collections.abc import Collection

from huikuan.engines.match_bar import least_of
from huikuan.engines.match_types import BarReport, Lang

_DOUBTS: dict[str, tuple[str, str]] = {
    "charge": (
        "less a bank charge that was hardly ever confirmed before",
        "少于应收，差额按银行手续费，但此前很少确认过",
    ),
    "odd_charge": (
        "less an odd sum that nobody ever took off as a bank charge",
        "少于应收，差额不是整数，也从未按银行手续费确认过",
    ),
    "exchange": ("a difference of exchange that was hardly ever confirmed before", "汇兑差额，但此前很少确认过"),
    "late_discount": (
        "a discount taken late, and no past that tells what becomes of it",
        "折扣已过期，历史未说明如何处理",
    ),
    "habit_discount": ("a discount nobody offered and the payer never took", "未约定、付款方也未扣过的折扣"),
    "short": ("paid short, and no word why", "少付而未说明原因"),
    "part": ("paid in part, and no word that it is a part", "部分付款而未说明"),
    "over": ("a little more than owed", "比应收略多"),
    "many": ("four items or more that add up, not all of them named", "四项及以上单据合计相符，附言未全部写明"),
    "sum_discount": ("several items not all named, less discounts", "多项单据扣除折扣后相符，附言未全部写明"),
    "oldest": ("the oldest first as far as the money goes", "按最早先付，付到钱用完为止"),
    "oldest_on": (
        "the oldest first, after lines that did so and nobody has confirmed",
        "按最早先付，其前几笔同样如此且尚未确认",
    ),
    "advance": ("the text speaks of payment in advance", "附言说是预付款"),
    "month": ("the text names a month that is not that of what is paid", "附言所写月份与所付单据不同"),
    "round": ("a round sum, which may be meant for what is oldest", "整数金额，也可能是付最早的"),
    "part_words": ("paid in full, though the text speaks of a part", "付清，但附言说是部分付款"),
    "names_open": ("the text names something else that is open", "附言写了另一未清单据"),
    "names_paid": ("the text names something that is paid already", "附言写了已付清的单据"),
    "deposit": ("a share paid in advance, of an order that is not billed yet", "按比例预付，所指订单尚未开票"),
    "payer": ("who pays is hardly known", "付款方不太明确"),
    "payer.on_account": ("kept on account though something is open that it might pay", "记作预收，但有未清项目可付"),
    "payer.duplicate": ("paid twice, by somebody hardly known", "重复付款，付款方不太明确"),
    "payer.not_customer": ("not a customer's money, of a kind never seen before", "非客户款，此前未见过"),
}
"""What a person who applies cash would look at again, by the code of ``match_posting.hold_of``."""
_NAMING: dict[str, tuple[str, str]] = {
    "named": ("the text names what is paid", "附言写明单据"),
    "bare": ("no number in the text", "附言未写明单据"),
}
ENDING = frozenset(
    (
        "charge",
        "odd_charge",
        "exchange",
        "many",
        "sum_discount",
        "advance",
        "month",
        "round",
        "part_words",
        "names_open",
        "names_paid",
        "payer.items",
    )
)
"""Kinds of lines that pay items to their end."""


def doubt_words(kind: str, lang: Lang) -> str:
    """One kind, such as ``charge.bare``; one without words as it is."""
    at, (root, _, detail) = int(lang == "zh"), kind.partition(".")
    said = (_DOUBTS.get(kind) or _DOUBTS.get(root) or (kind, kind))[at]
    if detail not in _NAMING:
        return said
    return f"{said}（{_NAMING[detail][at]}）" if at else f"{said} ({_NAMING[detail][at]})"


def vouched_words(bar: BarReport, lang: Lang, only: Collection[str] | None = None) -> list[str]:
    """The kinds that the past lets through (``only`` these), each with the confidence from which on it does."""
    least = least_of(bar, 2)
    if least is None:
        return []
    between, after = ("：", " 起") if lang == "zh" else (": from ", "")
    return [
        f"{doubt_words(kind, lang)}{between}{max(above, least):.1%}{after}"
        for kind, above in sorted(bar.vouched.items())
        if only is None or kind in only or kind.partition(".")[0] in only
    ]
