"""What the words of a text say about money that is missing (kept back, contested, a rebate, a bank's charge,
another currency), about the first part of a sum, and about how many documents are paid."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from huikuan.engines.match_text import normal_text

Cut = Literal["", "retention", "claim", "rebate", "charge", "exchange"]
"""``retention``: kept back until a guarantee ends; ``claim``: something is wrong with the goods, a penalty;
``rebate``: a bonus, which a credit memo settles; ``charge``: a bank kept it; ``exchange``: it was paid in another
currency. After the first three the rest stays open."""
OPEN: tuple[Cut, ...] = ("retention", "claim", "rebate")
"""Words after which the rest stays open."""

_DISCOUNT = re.compile(r"SKONTO|DISC(?:OUNT|\.|\b)|ESCOMPTE|SCONTO|现金折扣|折扣")
_RETENTION = re.compile(
    r"质保|质量保证金|保修金|保固|留尾款|尾款暂?留|暂[扣留]|保留款|RETENTION|RETAINAGE|RETAINED|EINBEHALT|RETENUE|RITENUTA"
    r"|RETENCI[OÓ]N"
)
_CLAIM = re.compile(
    r"M(?:AE|Ä)NGEL|K(?:UE|Ü)RZUNG|PREISDIFF|PRICE DIFF|FREIGHT|REKLAM|BESCH(?:AE|Ä)DIG|MINDERUNG|FEHLMENGE"
    r"|VERTRAGSSTRAFE|GUTSCHRIFT|ABZUG|ABZ(?:(?:UE|Ü)GL|GL|\.)|AVARIE|MANQUANT|LITIGE|RETOUR|P(?:E|É)NALIT|D(?:E|É)FAUT"
    r"|\bMOINS\b|DETRATTO|DEDOTTO|CONTESTA|DANN[OI]\b|DAMAGE|SHORTAGE|SHORT[ -](?:DELIVER|SHIP)|QUALITY|CLAIM|PENALTY"
    r"|RETURNED|DEDUCT|DEBIT NOTE|DISPUTE|LIQUIDATED|质量|破损|损坏|短缺|短少|少付|缺货|差价|数量|违约|罚|扣款|返工"
    r"|瑕疵|赔偿|退货|索赔|扣(?!.{0,3}[折费息]).{0,4}款"
)
_REBATE = re.compile(r"返利|返点|折让|红字|红票|REBATE|BONUS|R[ÜU]CKVERG[ÜU]TUNG|RISTOURNE|REMISE ARRI|AVOIR")
_EXCHANGE = re.compile(r"/EXCH/|EXCHANGE (?:RATE|DIFF)|KURSDIFF|UMRECHNUNGSKURS|(?:TAUX|DIFF\w*) DE CHANGE|汇率|汇兑")
_CHARGE = re.compile(
    r"(?:BANK|WIRE|TRANSFER|REMITTANCE|INTERMEDIARY)[ -]?(?:FEE|CHARGE|COST)|SPESEN|(?:BANK|WEISUNGS)GEB(?:UE|Ü)HR"
    r"|FRAIS (?:BANC|DE VIR)|(?:COMMISSION\w*|SPESE) BANC|手续费|汇[款兑]?费|电汇费|转账费|邮电费"
    r"|\b(?:BK|BANK)? ?CHGS?\b"
    r"|\b(?:LESS|NET OF|AFTER|MINUS|MOINS|ABZ(?:GL|UEGL|ÜGL)?\.?|MENOS?) (?:CHARGE|FEE|COST|KOSTEN|FRAIS|GASTOS)S?\b"
)

_SHARE = re.compile(r"(?<![\d.])(\d{1,2}(?:\.\d{1,2})?)\s?%")
SHARE_MAX = 40
"""A share above this is what is paid, and not what is kept."""


@lru_cache(maxsize=4096)
def shares_in(text: str) -> tuple[int, ...]:
    """Percentages that a text tells of money held back (``留质保金10%``), in 1/10,000 of a percent; none where its
    words speak of something else."""
    told = normal_text(text).text
    if "%" not in told or cut_of(text) not in OPEN:
        return ()
    found = (float(one) for one in _SHARE.findall(told))
    return tuple(dict.fromkeys(round(one * 10_000) for one in found if 0 < one <= SHARE_MAX))


@lru_cache(maxsize=4096)
def paid_in(text: str) -> tuple[int, ...]:
    """Percentages that a text says are paid of something (``预付40%``, ``30 % deposit``), in 1/10,000 of a percent;
    none where its words speak of money held back or of a discount."""
    told = normal_text(text).text
    if "%" not in told or cut_of(text) in OPEN or _DISCOUNT.search(told):
        return ()
    found = (float(one) for one in _SHARE.findall(told))
    return tuple(dict.fromkeys(round(one * 10_000) for one in found if one >= 1))


@lru_cache(maxsize=4096)
def cut_of(text: str) -> Cut:
    """What the words of a text say of money that is missing; nothing where they speak of a discount."""
    told = normal_text(text).text
    both = (told, "".join(told.split()))  # A bank's line may break a word.
    if any(map(_RETENTION.search, both)):
        return "retention"
    if any(map(_DISCOUNT.search, both)):
        return ""
    if any(map(_CHARGE.search, both)):
        return "charge"
    if _CLAIM.search(told):
        return "claim"
    if _REBATE.search(told):
        return "rebate"
    return "exchange" if _EXCHANGE.search(told) else ""


_FIRST = re.compile(r"首付|首期|首款|第一[期笔次]|(?:FIRST|1ST|ERSTE) (?:INSTAL|RATE|PART)|PREMIER ACOMPTE")
_COUNT = re.compile(
    r"(?:等|共|合计)\s?(\d{1,2}|[二两三四五六七八九十])\s?(?:张|笔|份)|(\d{1,2})\s?张\s?(?:发票|票|单据)"
    r"|(?<![\d.,])(\d{1,2}) (?:INVOICES|RECHNUNGEN|FACTURES|FATTURE)"
)
_MORE = re.compile(r"(?:\+|AND|PLUS|UND) ?(\d{1,2}) (?:MORE|OTHERS?|WEITERE|ANDERE)")
_NUMERALS = {char: at for at, char in enumerate("二三四五六七八九十", 2)} | {"两": 2}


_ENDLESS = re.compile(
    r"(?<![A-Z])(?:ETC|U\.? ?A|E\.? ?A|U\.? ?S\.? ?W|ET AL|AND OTHERS|UND (?:WEITERE|ANDERE)|ET AUTRES|ED ALTRI"
    r"|Y OTR[OA]S|EN ANDERE)(?![A-Z])|等(?!\s?[0-9二两三四五六七八九十])|及其[他它余]|…|\.\.\."
)


@lru_cache(maxsize=4096)
def says_more(text: str) -> bool:
    """The text says that more documents are paid than it names, and not how many (``etc.``, ``u.a.``, ``等``)."""
    return bool(text) and _ENDLESS.search(normal_text(text).text) is not None


_OTHER = re.compile(
    r"(?<![A-Z])(EUR|USD|GBP|CHF|CNY|HKD|JPY|SGD|TWD|KRW|INR|AUD|NZD|CAD|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|ZAR|BRL|MXN|AED)"
    r"\s?\d[\d.,]*\d(?![\d%])"
)
_RATE = re.compile(r"(?<![A-Z])(?:RATE|KURS|COURS|TAUX|CAMBIO|KOERS)[\s:.]{0,2}\d{1,3}[.,]\d{3,}")


@lru_cache(maxsize=4096)
def is_converted(text: str, currency: str) -> bool:
    """The text states an amount in another currency than the money's, or a rate of exchange."""
    told = normal_text(text).text
    return any(one != currency for one in _OTHER.findall(told)) or _RATE.search(told) is not None


@lru_cache(maxsize=4096)
def is_first(text: str) -> bool:
    """The text speaks of the first part of a sum."""
    return _FIRST.search(normal_text(text).text) is not None


@lru_cache(maxsize=4096)
def count_of(text: str) -> int:
    """How many documents the text says are paid (``FW22234等5张``, ``10023 + 4 more``); 0 where it does not say."""
    told = normal_text(text).text
    if found := _COUNT.search(told):
        digits = found[1] or found[2] or found[3]
        return int(digits) if digits.isdigit() else _NUMERALS[digits]
    more = _MORE.search(told)
    return int(more[1]) + 1 if more else 0
