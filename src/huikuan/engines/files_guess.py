"""Which column of a foreign file is which of ours: by heading in Chinese and English, and by content."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from huikuan.engines.files_amounts import DOT, parse_number
from huikuan.engines.files_dates import parse_date
from huikuan.engines.files_source import ERRORS_COLUMN
from huikuan.engines.files_text import Wrong, fold
from huikuan.engines.files_words import LIKELY, SURE, WEAK, headings
from huikuan.engines.schemas import fields_of

EXACT = 1.0
AUTO = 0.7
"""Guesses at least this sure are used without asking (and reported); weaker ones are only proposed."""
_BY_CONTENT = 0.4
_CONTRADICTED = 0.15
_BRACKETS = re.compile(r"[(\[{（【].*?[)\]}）】]")
_UNITS = ((10000, ("万", "万元")), (1000, ("千元", "千", "000", "k", "thousand", "thousands", "in thousands")))


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What one column seems to be. ``field`` is ``None`` where nothing fits or two columns fit equally well;
    ``confidence`` is 0 to 1, 1 for our own heading; ``why`` is one short sentence; ``rival_for``
    the field for which this column is one of several equal candidates."""

    column: str
    field: str | None
    confidence: float
    why: str
    rival_for: str | None = None


def bare_heading(heading: str) -> str:
    """A heading as it is compared: without what stands in brackets (a unit, a currency)."""
    text = unicodedata.normalize("NFKC", heading)
    return fold(_BRACKETS.sub("", text)) or fold(text)


def unit_of(heading: str) -> int:
    """1000 or 10000 where a heading says that its amounts are in thousands or in 万, else 1."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    inside = [one.strip("()[]{}【】 '") for one in _BRACKETS.findall(text)]
    parts = [word.strip() for one in inside for word in re.split(r"[:：,，]|单位", one)]
    for unit, words in _UNITS:
        if any(part == word for part in parts for word in words) or (unit == 10000 and text.endswith("万元")):
            return unit
    return 1


def _candidates(header: Sequence[str], kind: str) -> list[list[tuple[str, float]]]:
    known = headings(kind)
    names = fields_of(kind)
    found: list[list[tuple[str, float]]] = []
    for heading in header:
        text = heading.strip()
        if text == ERRORS_COLUMN:
            found.append([])
        elif text in names:
            found.append([(text, EXACT)])
        elif text.casefold().replace(" ", "_") in names:
            found.append([(text.casefold().replace(" ", "_"), EXACT - 0.01)])
        else:
            found.append(known.get(bare_heading(text), []))
    return found


def _looks(cells: Sequence[str]) -> dict[str, float]:
    """The share of the filled cells that read as dates and as amounts."""
    filled = [cell.strip() for cell in cells if cell.strip()][:100]
    if not filled:
        return {}
    dates = [cell for cell in filled if _is_date(cell)]
    amounts = [cell for cell in filled if not isinstance(parse_number(cell, DOT), Wrong)]
    return {
        "date": len(dates) / len(filled),
        "amount": len(amounts) / len(filled),
        "points": sum("." in cell for cell in amounts) / len(filled),
        "unique": len(set(filled)) / len(filled),
    }


def _is_date(cell: str) -> bool:
    if re.fullmatch(r"\d{1,7}|\d+\.\d+", cell):
        return False  # a bare number is not proof of a date
    return any(not isinstance(parse_date(cell, order), Wrong) for order in ("dmy", "mdy"))


def _contradicts(field_type: str, looks: dict[str, float]) -> bool:
    if not looks:
        return False
    if field_type == "amount":
        return looks["amount"] < 0.5
    if field_type == "date":
        return looks["date"] < 0.5 and looks["amount"] < 0.5
    return False


def guess_mapping(header: Sequence[str], sample_rows: Sequence[Sequence[str]], kind: str) -> list[ColumnGuess]:
    """One guess per column of ``header``, from its heading and up to a hundred ``sample_rows``.

    Two columns that fit one field equally well are not guessed: both come back without a field.
    """
    fields = fields_of(kind)
    candidates = _candidates(header, kind)
    columns = [[row[at] if at < len(row) else "" for row in sample_rows] for at in range(len(header))]
    looks = [_looks(cells) for cells in columns]
    pairs = []
    for at, options in enumerate(candidates):
        for field, score in options:
            contradicted = score < SURE and _contradicts(fields[field].type, looks[at])
            pairs.append((score - _CONTRADICTED if contradicted else score, field, at))
    chosen: dict[int, ColumnGuess] = {}
    taken: set[str] = set()
    for score in sorted({pair[0] for pair in pairs}, reverse=True):
        level = [(field, at) for one, field, at in pairs if one == score]
        for field in dict.fromkeys(field for field, _ in level):
            rivals = [at for name, at in level if name == field and at not in chosen]
            if field in taken or not rivals:
                continue
            taken.add(field)
            if len(rivals) > 1:
                named = ", ".join(header[at] for at in rivals)
                for at in rivals:
                    chosen[at] = ColumnGuess(header[at], None, 0.5, f"{field} could be any of: {named}", field)
            else:
                chosen[rivals[0]] = ColumnGuess(header[rivals[0]], field, score, _why(score))
    _guess_by_content(header, looks, fields_missing(kind, taken), chosen)
    return [chosen.get(at, ColumnGuess(heading, None, 0.0, "not used")) for at, heading in enumerate(header)]


def _why(score: float) -> str:
    if score >= EXACT - 0.01:
        return "our own heading"
    if score in {LIKELY - _CONTRADICTED, WEAK - _CONTRADICTED}:
        return "the heading suggests it, the content does not"
    return "the heading says so" if score >= SURE else "the heading suggests it"


def fields_missing(kind: str, taken: set[str]) -> list[str]:
    """Needed fields that no column was found for."""
    return [name for name, field in fields_of(kind).items() if field.needed and name not in taken]


def _guess_by_content(
    header: Sequence[str], looks: Sequence[dict[str, float]], missing: list[str], chosen: dict[int, ColumnGuess]
) -> None:
    """Proposes columns for needed fields by what their cells look like; never sure enough to be used unasked."""
    for field, trait, words in (
        ("document_date", "date", "the cells look like dates"),
        ("posting_date", "date", "the cells look like dates"),
        ("effective_date", "date", "the cells look like dates"),
        ("amount", "points", "the cells look like amounts"),
        ("amount", "amount", "the cells look like amounts"),
        ("item_id", "unique", "every cell is different"),
        ("receipt_id", "unique", "every cell is different"),
        ("application_id", "unique", "every cell is different"),
        ("customer_id", "unique", "every cell is different"),
    ):
        if field not in missing or any(guess.field == field for guess in chosen.values()):
            continue
        free = [at for at, look in enumerate(looks) if at not in chosen and look.get(trait, 0) >= 0.8]
        plain = [at for at in free if trait != "unique" or looks[at]["date"] < 0.5]
        if plain and header[plain[0]] != ERRORS_COLUMN:
            chosen[plain[0]] = ColumnGuess(header[plain[0]], field, _BY_CONTENT, words)


def header_score(cells: Sequence[str], kind: str) -> int:
    """How many different fields the cells of a row name: the row of headings names the most."""
    return len({options[0][0] for options in _candidates(cells, kind) if options})
