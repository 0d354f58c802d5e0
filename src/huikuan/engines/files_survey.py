"""How the dates and amounts of a file are written, decided from every row before any is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import ErrorList
from huikuan.engines.files_amounts import NumberSurvey
from huikuan.engines.files_dates import DateSurvey
from huikuan.engines.files_faults import Faults, extend
from huikuan.engines.files_mapping import Layout
from huikuan.engines.files_rules import Run
from huikuan.engines.files_source import Batch, Source
from huikuan.engines.files_text import as_text, nullify
from huikuan.engines.schemas import fields_of

CHUNK_ROWS = 100_000
NUMBERS = frozenset({"amount", "percent"})

_THREE_PLACES = [code for code, places in EXPONENTS.items() if places == 3]


def decide_formats(
    source: Source, layout: Layout, run: Run, errors: ErrorList, warnings: ErrorList
) -> tuple[dict[str, str], int | None]:
    """The format of each column of dates or numbers, and how many rows there are (``None`` where the profile says all
    and no pass was needed). Columns that leave no single reading go to ``errors``, guesses to ``warnings``."""
    profile, fields = layout.profile, fields_of(layout.profile.kind)
    formats: dict[str, str] = {}
    surveys: dict[str, DateSurvey | NumberSurvey] = {}
    for name in layout.columns:
        kind = fields[name].type
        if kind == "date" and profile.date_format:
            formats[name] = profile.date_format
        elif kind in NUMBERS and profile.number_format:
            formats[name] = profile.number_format
        elif kind == "date":
            surveys[name] = DateSurvey()
        elif kind in NUMBERS:
            surveys[name] = NumberSurvey()
    if not surveys:
        return formats, None
    percents = {name for name in surveys if fields[name].type == "percent"}
    watched = [*surveys, "currency"] if "currency" in layout.columns else list(surveys)
    rows = 0
    for batch in source.batches([layout.columns[name] for name in watched], CHUNK_ROWS):
        rows += len(batch.rows)
        _feed(surveys, percents, _texts(source.name, watched, batch, profile.null_values), run, len(batch.rows))
    for name, survey in surveys.items():
        column = layout.headings[name]
        formats[name], notes, fault = survey.decide(source.name, column)
        extend(warnings, notes)
        extend(errors, [fault] if fault else [])
    return formats, rows


def _texts(file: str, names: list[str], batch: Batch, null_values: tuple[str, ...]) -> dict[str, Any]:
    """The columns that are text, trimmed; typed ones need no deciding."""
    nobody = Faults(file, batch.rows, ErrorList(0), ErrorList(0))
    return {
        name: nullify(as_text(array, nobody, None), null_values)
        for name, array in zip(names, batch.arrays, strict=True)
        if pa.types.is_string(array.type)
    }


def _feed(
    surveys: Mapping[str, DateSurvey | NumberSurvey], percents: set[str], texts: dict[str, Any], run: Run, count: int
) -> None:
    for name, survey in surveys.items():
        if name not in texts:
            continue
        filled = pc.is_valid(texts[name])
        text = texts[name].filter(filled)
        if isinstance(survey, DateSurvey):
            survey.feed(text)
        elif name in percents:
            survey.feed(pc.utf8_rtrim(text, "%％ "), filled.filter(filled))
        else:
            survey.feed(text, _three_places(texts.get("currency"), run, count).filter(filled))


def _three_places(currencies: Any, run: Run, count: int) -> Any:
    """True for rows whose currency has three decimals, which make ``1.234`` clear."""
    usual = run.profile.constants.get("currency") or run.currency or ""
    if currencies is None:
        return pa.repeat(pa.scalar(usual in _THREE_PLACES), count)
    return pc.is_in(pc.utf8_upper(pc.fill_null(currencies, usual)), value_set=pa.array(_THREE_PLACES, pa.string()))
