"""Amounts of yuan in Chinese capitals, as bills and receipts write them (支付结算办法, annex on filling in bills).

Zeros inside are written once as 零; an amount to the yuan ends in 整, one with fen does not, one to the jiao need not
and here does not. Where the annex allows two ways, the one it names first is taken: 零 stands between yuan and jiao
where the yuan's last digit is nought (1,680.32: 壹仟陆佰捌拾元零叁角贰分), and not behind 万 where only the
ten thousands' last digit is (107,000.53: 壹拾万柒仟元零伍角叁分).
"""

from __future__ import annotations

from huikuan.core.refusals import Refusal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
YUAN_MAX = 10**15
"""From here on there is no usual way of writing it."""


def capitals(fen: int) -> str:
    """``capitals(140950)`` → ``壹仟肆佰零玖元伍角``. Refuses ``capitals.out_of_range``: below nothing, 10^15 yuan."""
    if not 0 <= fen < YUAN_MAX * 100:
        raise Refusal("capitals.out_of_range", "this amount is not written in capitals")
    yuan, rest = divmod(fen, 100)
    jiao, last = divmod(rest, 10)
    whole = f"{_whole(yuan)}元" if yuan else ""
    if not rest:
        return f"{whole or '零元'}整"
    gap = "零" if yuan and (yuan % 10 == 0 or not jiao) else ""
    return whole + gap + (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[last]}分" if last else "")


def _whole(number: int) -> str:
    """A number above nought, without 元."""
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if number >= size:
            high, low = divmod(number, size)
            gap = "零" if 0 < low < size // 10 else ""
            return _whole(high) + unit + gap + (_whole(low) if low else "")
    text, has_gap = "", False
    for place, digit in zip(_PLACES, f"{number:04d}", strict=True):
        if digit == "0":
            has_gap = bool(text)
            continue
        text += ("零" if has_gap else "") + _DIGITS[int(digit)] + place
        has_gap = False
    return text
