"""The gallery of refusals of the file reader: one input each in ``files/`` and, beside it, exactly what is said.

Options of a run stand in a ``.toml`` of the same name. ``HUIKUAN_ACCEPT=1`` writes what is said now: read the diff.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from huikuan.cli.language import fault_line, refusal_line
from huikuan.core.refusals import BadData
from huikuan.engines.files import read_table
from tests.errors.told import is_chinese, is_told

GALLERY = Path(__file__).parent / "files"


def report(path: Path, lang: str = "en") -> str:
    """What reading the file says, line by line, as the shell does."""
    beside = path.with_suffix(".toml")
    options: dict[str, Any] = tomllib.loads(beside.read_text()) if beside.exists() else {}
    kind = options.pop("kind", "items")
    try:
        result = read_table(path, kind, **options)
    except BadData as refusal:
        lines = [f"error [{error.code}] {fault_line(error, lang)}" for error in refusal.errors]
        return "\n".join([*lines, f"refused: {refusal_line(refusal, lang)}"]) + "\n"
    lines = [f"warning [{warning.code}] {fault_line(warning, lang)}" for warning in result.warnings]
    return "\n".join([*lines, f"read: {result.rows} rows"]) + "\n"


@pytest.mark.parametrize("path", sorted(GALLERY.glob("*.csv")), ids=lambda path: path.stem)
def test_says_exactly(path: Path) -> None:
    said, expected = report(path), path.with_suffix(".txt")
    is_told(said, expected)


def test_says_it_in_chinese() -> None:
    """``faults.zh.txt``: what the shell says of every file with ``--lang zh``."""
    told = [line for path in sorted(GALLERY.glob("*.csv")) for line in report(path, "zh").splitlines()]
    said = "".join(f"{line}\n" for line in told if not line.startswith("read: "))
    expected = GALLERY / "faults.zh.txt"
    is_told(said, expected)
    is_chinese(said)
