"""Bank accounts of ours and the lines of their statements: kinds, and how a file's account number names one of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

NUMBER_MAX = 64
_SUFFIX_MIN = 8
"""Digits from which on a number without its country and bank is taken for the account: fewer fit too many."""


SOURCE = "bank"
"""The source of receipts that came from lines of bank statements."""


class AccountKind(StrEnum):
    """Where the money lies."""

    BANK = "bank"
    ALIPAY = "alipay"
    WECHAT = "wechat"
    PLATFORM = "platform"
    """A shop platform or payment provider that pays out."""
    CASH = "cash"


class LineKind(StrEnum):
    """What a line of a bank statement is, by its sign and by what the bank says of it."""

    RECEIPT = "receipt"
    """Money in: it is posted as a receipt."""
    RETURN = "return"
    """Money that had come in and was taken back."""
    FEE = "fee"
    INTEREST = "interest"
    PAYMENT = "payment"
    """Any other money out."""
    NOTHING = "nothing"
    """A line without an amount."""


class Tie(StrEnum):
    """How a line of a bank statement goes with a receipt."""

    POSTED = "posted"
    """The line was posted as this receipt."""
    LINKED = "linked"
    """The receipt had been recorded before; a person says that the line is the same money."""
    BOUNCED = "bounced"
    """The line took the money of this receipt back."""


_FEE = re.compile(
    r"\b(fees?|charges?|commission|entgelte?|geb(ü|ue)hr(en)?|spesen|kontof(ü|ue)hrung|CHRG|COMM|FEES)\b|手续费|服务费|工本费|账户管理费|年费",
    re.IGNORECASE,
)
_INTEREST = re.compile(r"\b(interest|zinsen|int(ér|er)(ê|e)ts|INTR)\b|利息|结息", re.IGNORECASE)


_WALLET_FEE = re.compile(
    r"(收取?|扣除|退还?|退回)?(交易|支付|技术|退款)*(手续费|服务费|佣金)(退还|退回|扣除|收取)?|收费|退费|fees?",
    re.IGNORECASE,
)


def is_wallet_fee(transaction_text: str) -> bool:
    """Whether a wallet says by the kind of a line that it is its fee, kept or given back."""
    return bool(_WALLET_FEE.fullmatch(transaction_text.strip()))


def decide_line_kind(minor: int, *, is_return: bool, said: str, is_fee: bool = False) -> LineKind:
    """``minor``: credits positive. ``said``: the bank's code and text of the line. A payment that names a payee is
    told from a fee by the caller leaving ``said`` empty. ``is_fee``: a wallet's fee, whichever way it goes."""
    if is_fee and minor:
        return LineKind.FEE
    if minor > 0:
        return LineKind.RECEIPT
    if minor == 0:
        return LineKind.NOTHING
    if is_return:
        return LineKind.RETURN
    if _FEE.search(said):
        return LineKind.FEE
    return LineKind.INTEREST if _INTEREST.search(said) else LineKind.PAYMENT


def plain_number(text: str) -> str:
    """An account number as it is compared: letters and digits alone, in capitals. ``DE89 3704…`` and ``de893704…`` are
    one; a mail address (a wallet's name) keeps its signs."""
    if "@" in text:
        return "".join(text.split()).lower()[:NUMBER_MAX]
    return re.sub(r"[^0-9A-Z*]", "", text.upper())[:NUMBER_MAX]


def is_same_number(ours: str, theirs: str) -> bool:
    """Whether two plain numbers name one account: the same; one is the other's end (an IBAN ends with the number that a
    bank's own formats give); or one hides some of its figures behind ``*`` and shows eight at least that fit."""
    if not ours or not theirs:
        return False
    if "*" in ours or "*" in theirs:
        return _is_masked_of(ours, theirs) or _is_masked_of(theirs, ours)
    short, long = sorted((ours, theirs), key=len)
    return short == long or (len(short) >= _SUFFIX_MIN and long.endswith(short))


def _is_masked_of(masked: str, full: str) -> bool:
    head, _, rest = masked.partition("*")
    tail = rest.rpartition("*")[2]
    shown = len(head) + len(tail)
    return shown >= _SUFFIX_MIN and len(full) > shown and full.startswith(head) and full.endswith(tail)


@dataclass(frozen=True, slots=True)
class Span:
    """What a statement says of the account over a stretch of days. Balances in minor units; none where it is silent."""

    key: int
    from_date: date | None
    to_date: date | None
    opening_minor: int | None
    closing_minor: int | None


def find_gaps(spans: Sequence[Span]) -> dict[int, int]:
    """Statements that do not begin where the one before ended: by key, how much lies between (opening less closing).

    Statements of one account. The one before is the last that ended on an earlier day. It is no gap where the balance
    fits one that ended on the very day (several statements of a day follow each other), or where a statement with a
    lower key began on the same day with the same balance (the same days told again, or more of them). A day in between
    without a statement is no gap as long as the balance is the same.
    """
    ends: dict[date, list[int]] = {}
    begins: dict[tuple[date, int], int] = {}
    for one in spans:
        if one.to_date is not None and one.closing_minor is not None:
            ends.setdefault(one.to_date, []).append(one.closing_minor)
        if one.from_date is not None and one.opening_minor is not None:
            place = (one.from_date, one.opening_minor)
            begins[place] = min(begins.get(place, one.key), one.key)
    days = sorted(ends)
    gaps = {}
    for one in spans:
        if one.from_date is None or one.opening_minor is None:
            continue
        at = bisect_left(days, one.from_date)
        if at == 0 or begins[one.from_date, one.opening_minor] < one.key:
            continue
        before = ends[days[at - 1]]
        if one.opening_minor not in before and one.opening_minor not in ends.get(one.from_date, ()):
            gaps[one.key] = one.opening_minor - before[-1]
    return gaps
