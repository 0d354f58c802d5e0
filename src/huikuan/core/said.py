"""Sentences of a log that are kept as they were meant: a template and its fields, so that each reader gets them in a
language of his or her own. As text they are English, for a terminal and for the process's own log."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

Fields = dict[str, str | int]

_MARK = "\x02"


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence: an English ``template`` with ``{named}`` fields, which is also the key of its translation.
    ``code`` is the refusal it tells of, if it is one."""

    template: str
    params: Fields = field(default_factory=dict)
    code: str = ""

    def __str__(self) -> str:
        text = fill(self.template, self.params)
        return f"{self.code}: {text}" if self.code else text


Line = tuple[Said, ...]
"""What a log says at once, sentence by sentence."""


def fill(template: str, params: Fields) -> str:
    """The sentence, numbers with thousands separators."""
    if not params:
        return template
    return template.format(**{k: f"{v:,}" if isinstance(v, int) else v for k, v in params.items()})


def line_text(line: Iterable[Said]) -> str:
    """A line in English."""
    return "; ".join(map(str, line))


def keep_line(line: Iterable[Said]) -> str:
    """A line as one text of a database; ``read_line`` gives it back."""
    rows = [[one.template, one.params, one.code] for one in line]
    return _MARK + json.dumps(rows, ensure_ascii=False) if rows else ""


def read_line(text: str) -> Line:
    """What ``keep_line`` kept; a text of anybody else is one sentence without fields."""
    if not text.startswith(_MARK):
        return (Said(text),) if text else ()
    return tuple(Said(template, params, code) for template, params, code in json.loads(text[len(_MARK) :]))
