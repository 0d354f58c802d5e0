"""The formats vouchers can be written in, and what each asks the entity for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from huikuan.core.gl import VoucherFile
from huikuan.core.refusals import Refusal
from huikuan.letters import gl_csv, gl_datev, gl_kingdee, gl_sap, gl_yonyou


@dataclass(frozen=True, slots=True)
class Option:
    """A question of a format. ``pattern``: what an answer looks like; ``default`` empty: it must be answered."""

    key: str
    pattern: str
    default: str = ""
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    code: str
    title: str
    ending: str
    content_type: str
    write: Callable[[VoucherFile], bytes]
    options: tuple[Option, ...] = ()

    def file_name(self, entity: str, month: str, number: int) -> str:
        """DATEV insists on how its files begin."""
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", entity)
        start = "EXTF_Buchungsstapel" if self.code == "datev" else f"gl-{self.code}"
        return f"{start}_{plain}_{month}_{number:02}.{self.ending}"


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: dict[str, Format] = {
    found.code: found
    for found in (
        Format("csv", "CSV", "csv", "text/csv; charset=utf-8", gl_csv.write),
        Format(
            "yonyou",
            "用友 U8 / T+",
            "txt",
            "text/plain; charset=gbk",
            gl_yonyou.write,
            (Option("voucher_word", r".{1,2}", "记"), Option("prepared_by", r".{1,20}", "huikuan")),
        ),
        Format(
            "kingdee",
            "金蝶云星空",
            "xlsx",
            _XLSX,
            gl_kingdee.write,
            (
                Option("account_book", r".{1,80}"),
                Option("account_book_name", r".{0,80}", is_required=False),
                Option("voucher_group", r".{1,80}", "PRE001"),
                Option("voucher_group_name", r".{0,80}", "记", is_required=False),
            ),
        ),
        Format(
            "sap",
            "SAP",
            "csv",
            "text/csv; charset=utf-8",
            gl_sap.write,
            (Option("company_code", r"[A-Za-z0-9]{1,4}"), Option("document_type", r"[A-Za-z0-9]{2}", "SA")),
        ),
        Format(
            "datev",
            "DATEV",
            "csv",
            "text/csv; charset=windows-1252",
            gl_datev.write,
            (
                Option("consultant", r"[1-9][0-9]{3,6}"),
                Option("mandate", r"[1-9][0-9]{0,4}"),
                Option("account_length", r"[4-8]", "4"),
                Option("fiscal_year_start", r"[1-9]|1[0-2]", "1"),
            ),
        ),
    )
}


def find_format(code: str) -> Format:
    """Refuses ``gl.unknown_format``."""
    try:
        return FORMATS[code]
    except KeyError:
        raise Refusal("gl.unknown_format", "there is no format {format}", format=code[:20]) from None


def known_options(given: Mapping[str, str]) -> dict[str, str]:
    """The answers to the questions of every format, blank ones left out. Refuses ``gl.option_bad``."""
    patterns = {option.key: option.pattern for found in FORMATS.values() for option in found.options}
    answers = {key: given.get(key, "").strip() for key in patterns}
    for key, value in answers.items():
        if value and not re.fullmatch(patterns[key], value):
            raise Refusal("gl.option_bad", "{value!r} will not do for {option}", value=value, option=key)
    return {key: value for key, value in answers.items() if value}


def complete_options(code: str, given: Mapping[str, str]) -> dict[str, str]:
    """The answers a format needs, with its defaults. Refuses ``gl.option_missing`` and ``gl.option_bad``."""
    answers: dict[str, str] = {}
    for option in find_format(code).options:
        value = given.get(option.key, "").strip() or option.default
        if not value and option.is_required:
            raise Refusal("gl.option_missing", "{format} needs {option}", format=code, option=option.key)
        if value and not re.fullmatch(option.pattern, value):
            raise Refusal("gl.option_bad", "{value!r} will not do for {option}", value=value, option=option.key)
        answers[option.key] = value
    return answers
