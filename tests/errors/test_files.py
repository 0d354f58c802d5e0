"""The gallery of refusals of the file reader: one input each in ``files/`` and, beside it, exactly what is said.

Options of a run stand in a ``.toml`` of the same name. ``HUIKUAN_ACCEPT=1`` writes what is said now: read the diff.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from huikuan.core.refusals import BadData
from huikuan.engines.files import read_table

GALLERY = Path(__file__).parent / "files"


def report(path: Path, **options: Any) -> str:
    """What reading the file says, line by line."""
    kind = options.pop("kind", "items")
    try:
        result = read_table(path, kind, **options)
    except BadData as refusal:
        lines = [f"error [{error.code}] {error}" for error in refusal.errors]
        return "\n".join([*lines, f"refused: {refusal}"]) + "\n"
    lines = [f"warning [{warning.code}] {warning}" for warning in result.warnings]
    return "\n".join([*lines, f"read: {result.rows} rows"]) + "\n"


@pytest.mark.parametrize("path", sorted(GALLERY.glob("*.csv")), ids=lambda path: path.stem)
def test_says_exactly(path: Path) -> None:
    options = path.with_suffix(".toml")
    said = report(path, **(tomllib.loads(options.read_text()) if options.exists() else {}))
    expected = path.with_suffix(".txt")
    if os.environ.get("HUIKUAN_ACCEPT"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
