"""What stands on a bank line: how a payer writes numbers, and what the way through the banks does to it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from benchmarks import _match_words as words
from benchmarks._match_customers import Customer, fold
from benchmarks._match_items import Item, day_of

PIECE_MIN = 4
"""Fewer characters than this name nothing."""


@dataclass(slots=True)
class Writing:
    """What a payer wrote. ``pieces``: what must arrive whole for the text to name every item; ``clue``: month or all,
    where the words say which items without numbers."""

    text: str
    pieces: list[str] = field(default_factory=list)
    clue: str = ""
    structured: bool = False


def bare(text: str) -> str:
    """Letters, digits and Chinese only, upper case: what is left when blanks and signs do not count."""
    return re.sub(r"[\W_]+", "", text).upper()


def core(number: str) -> str:
    """The last run of digits long enough to tell apart, without leading zeros; else the number itself."""
    runs = [run.lstrip("0") for run in re.findall(r"\d+", number)]
    long = [run for run in runs if len(run) >= PIECE_MIN + 1]
    return long[-1] if long else number


def mod97(digits: str) -> int:
    """The remainder by 97 of digits and letters as ISO 7064 counts them."""
    return int("".join(str(int(sign, 36)) for sign in digits)) % 97


def creditor_reference(number: str) -> str:
    """ISO 11649: RF, check digits, reference; printed in groups of four."""
    reference = bare(number)[-21:]
    whole = f"RF{98 - mod97(reference + 'RF00'):02d}{reference}"
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def qr_reference(number: str) -> str:
    """27 digits with a check digit by modulo 10, recursive."""
    digits = re.sub(r"\D", "", number)[-26:].zfill(26)
    carry = 0
    for digit in digits:
        carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
    return digits + str((10 - carry) % 10)


def belgian(number: str) -> str:
    """+++123/4567/89012+++ with its check by modulo 97."""
    digits = re.sub(r"\D", "", number)[-10:].zfill(10)
    whole = digits + f"{int(digits) % 97 or 97:02d}"
    return f"+++{whole[:3]}/{whole[3:7]}/{whole[7:]}+++"


def _one_of(chance: random.Random, table: dict[str, Sequence[str]], language: str) -> str:
    return chance.choice(list(table[language]))


def money(minor: int, language: str) -> str:
    """As people write it."""
    whole = f"{abs(minor) / 100:,.2f}"
    return whole.translate(str.maketrans(",.", ".,")) if language in ("de", "fr") else whole


def _shortened(chance: random.Random, numbers: list[str]) -> tuple[str, list[str]] | None:
    """``INV-10023, 24, 27-29``: the first whole, the others by their ends; None where the numbers do not allow it."""
    first, tails = numbers[0], []
    for number in numbers[1:]:
        shared = next((at for at, (a, b) in enumerate(zip(first, number, strict=False)) if a != b), len(first))
        tail = number[min(shared, len(number) - 2) :]
        if len(number) != len(first) or len(tail) > 3 or not tail.isdigit():
            return None
        tails.append(tail.lstrip("0").zfill(2))
    parts = [first]
    for at, tail in enumerate(tails):
        runs = int(numbers[at + 1][-6:]) - int(numbers[at][-6:]) == 1 if numbers[at][-6:].isdigit() else False
        if runs and at and at + 1 < len(tails) and parts[-1].endswith("-"):
            continue
        parts.append(tail)
    return chance.choice((", ", "/", ",", "、", "+")).join(parts), [first, *tails]


def _as_range(numbers: list[str]) -> tuple[str, list[str]] | None:
    ends = [re.search(r"\d+$", number) for number in numbers]
    if any(end is None for end in ends):
        return None
    values = [int(end[0]) for end in ends if end]
    if len(values) < 3 or values != list(range(values[0], values[0] + len(values))):
        return None
    return f"{numbers[0]}-{numbers[-1]}", [numbers[0], numbers[-1]]


def listing(chance: random.Random, numbers: list[str], style: str) -> tuple[str, list[str]]:
    """Several numbers as one text, with the pieces that must arrive."""
    if style in ("shortened", "range") and len(numbers) > 1:
        short = (_as_range if style == "range" else lambda given: _shortened(chance, given))(sorted(numbers))
        if short:
            return short
    sign = {"slash": "/", "space": " ", "glued": "", "and": " & "}.get(style, chance.choice((", ", ",", "; ", "、")))
    if style == "glued" and not all(number[:1].isalpha() for number in numbers):
        sign = " "
    return sign.join(numbers), numbers


def _reference(chance: random.Random, item: Item, style: str) -> str:
    if style == "po" and item.po_number:
        return item.po_number
    if style == "contract" and item.contract_number:
        return item.contract_number
    if style == "core":
        return core(item.document_number)
    if chance.random() < 0.06:
        return bare(item.document_number)
    return item.document_number


def _structured(chance: random.Random, customer: Customer, item: Item) -> Writing:
    number = item.document_number
    if customer.country == "FR" or len(re.sub(r"\D", "", number)) > 20:
        text = creditor_reference(number)
        return Writing(text, [bare(number)[-21:]], structured=True)
    text = chance.choice((creditor_reference, qr_reference, belgian))(number)
    return Writing(text, [re.sub(r"\D", "", number)[-10:].lstrip("0")], structured=True)


def write(chance: random.Random, customer: Customer, items: list[Item], day: int, style: str) -> Writing:
    """What ``customer`` writes when he pays ``items`` in ``style``."""
    language, habit = customer.language, customer.habit
    invoices = [item for item in items if item.amount_minor > 0]
    if style == "none" or not invoices:
        return Writing("")
    if style == "structured" and len(items) == 1:
        return _structured(chance, customer, items[0])
    months = {(day_of(item.document_day).year, day_of(item.document_day).month) for item in invoices}
    if style == "month" and len(months) == 1:
        return Writing(_month(chance, language, *months.pop()), clue="month")
    if style in ("plain", "month", "structured"):
        if habit.mode == "all_due" and chance.random() < 0.5:
            return Writing(_one_of(chance, words.ALL_OPEN, language), clue="all")
        return Writing(_one_of(chance, words.GOODS, language))
    numbers = list(dict.fromkeys(_reference(chance, item, style) for item in invoices))
    text, pieces = listing(chance, numbers, habit.listing)
    table = {"po": words.PO_WORDS, "contract": words.CONTRACT_WORDS}.get(style, words.INVOICE_WORDS)
    said = f"{_one_of(chance, table, language)}{chance.choice((' ', '', ': '))}{text}".strip()
    if chance.random() < 0.25:
        goods = _one_of(chance, words.GOODS, language)
        said = f"{goods} {said}" if chance.random() < 0.5 else f"{said} {goods}"
    return Writing(said, pieces)


def _month(chance: random.Random, language: str, year: int, month: int) -> str:
    return _one_of(chance, words.MONTH_WORDS, language).format(
        y=year, m=month, mm=f"{month:02d}", mmm=words.MONTHS_EN[month - 1]
    )


def noise(chance: random.Random, language: str, day: date, minor: int) -> str:
    """Something numeric that names no item: a phone, a date, an amount, a person."""
    return _one_of(chance, words.NOISE, language).format(
        phone=f"1{chance.choice('3589')}{chance.randrange(10**9):09d}" if language == "zh" else _phone(chance),
        person=chance.choice(words.SURNAMES) + chance.choice(words.GIVEN),
        date=chance.choice((f"{day:%Y%m%d}", f"{day:%d.%m.%Y}", f"{day:%d/%m/%y}", f"{day:%Y-%m-%d}")),
        amount=money(minor, language),
        small=chance.randrange(1000, 999_999),
    )


def _phone(chance: random.Random) -> str:
    return f"+{chance.choice((44, 49, 33, 1))} {chance.randrange(100, 999)} {chance.randrange(10**6, 10**7)}"


def mangle(chance: random.Random, text: str, pieces: list[str]) -> str:
    """One piece damaged: two digits exchanged, one wrong, lost or doubled, letters for digits, its end cut off."""
    piece = chance.choice(pieces)
    if len(piece) < PIECE_MIN or piece not in text:
        return text
    at = chance.randrange(len(piece) - 3, len(piece))
    kind = chance.choice(("swap", "wrong", "lost", "double", "letters", "cut", "prefix"))
    if kind == "swap":
        damaged = piece[: at - 1] + piece[at] + piece[at - 1] + piece[at + 1 :]
    elif kind == "letters":
        damaged = piece.replace("0", "O", 1) if "0" in piece else piece.replace("1", "l", 1).replace("5", "S", 1)
    elif kind == "prefix":
        damaged = re.sub(r"^\D+", "", piece) or piece
    else:
        instead = {"wrong": chance.choice("0123456789"), "lost": "", "double": piece[at] * 2}
        damaged = piece[: -chance.randrange(1, 3)] if kind == "cut" else piece[:at] + instead[kind] + piece[at + 1 :]
    return text.replace(piece, damaged, 1)


def carry(chance: random.Random, text: str, channel: str) -> str:
    """What is left of a text when the banks have passed it on."""
    if channel == "cn":
        return text[: chance.choice((60, 60, 60, 30))]
    if channel == "swift":
        lines = [text[start : start + 35] for start in range(0, min(len(text), 140), 35)]
        return chance.choice((" ", "", " ")).join(fold(line) for line in lines)
    if channel == "wrapped":
        return " ".join(text[start : start + 27] for start in range(0, min(len(text), 162), 27))
    return text[:140]
