"""Who paid, against who owes: the customer itself, somebody else with a paper (委托付款书), or an alert."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from huikuan.core.banking import plain_number

_HAN_NAME = re.compile(r"[一-鿿·]{2,4}")
_HOUSES = ("公司", "集团", "厂", "店", "行", "部", "中心", "所", "局", "院", "校", "社", "会", "站", "馆", "处", "场")
"""How names of businesses and offices end or what they hold; a short name without any is a person's."""


class Payer(StrEnum):
    """What is known of who paid."""

    UNSAID = "unsaid"
    """The bank named nobody."""
    OWN = "own"
    COVERED = "covered"
    """Somebody else, with a paper that was good on the day."""
    OTHER = "other"
    """Somebody else, and no paper: it is not to post itself."""
    PRIVATE = "private"
    """A person's account, and no paper: an alert, never a channel."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """A paper by which ``payer_name`` pays for a customer; ``payer_account`` empty is any account of theirs."""

    payer_name: str
    payer_account: str
    valid_from: date
    valid_to: date | None


def plain_name(name: str) -> str:
    """A name as it is compared: no width, case, space or punctuation."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in folded if char.isalnum())


def is_private_name(name: str) -> bool:
    """Whether a Chinese name is a person's: two to four characters, none of a business. Other scripts do not tell."""
    name = name.strip()
    return bool(_HAN_NAME.fullmatch(name)) and not any(word in name for word in _HOUSES)


def judge_payer(
    name: str,
    account: str,
    on: date,
    *,
    own_names: Iterable[str],
    own_accounts: Iterable[str],
    mandates: Iterable[Mandate],
) -> Payer:
    """Who paid, by the bank's word. An account known to be the customer's settles it; else the name does."""
    number = plain_number(account)
    if number and number in {plain_number(one) for one in own_accounts}:
        return Payer.OWN
    wanted = plain_name(name)
    if not wanted:
        return Payer.UNSAID
    if wanted in {plain_name(one) for one in own_names}:
        return Payer.OWN
    for paper in mandates:
        is_good = paper.valid_from <= on and (paper.valid_to is None or on <= paper.valid_to)
        # Of this account only, where the paper names one; blanks, dashes and small letters tell no accounts apart.
        is_account = not paper.payer_account or (number != "" and plain_number(paper.payer_account) == number)
        if is_good and plain_name(paper.payer_name) == wanted and is_account:
            return Payer.COVERED
    return Payer.PRIVATE if is_private_name(name) else Payer.OTHER
