"""What a gallery of refusals says beside what it is to say."""

from __future__ import annotations

import os
import re
from pathlib import Path


def is_told(said: str, expected: Path) -> None:
    """``HUIKUAN_ACCEPT=1`` writes what is said now."""
    if os.environ.get("HUIKUAN_ACCEPT"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


def is_chinese(said: str, but: str = "\0") -> None:
    """No line holds an English sentence behind its place, but those with a library's own words (``but``)."""
    rows = [row for row in said.splitlines() if but not in row]
    assert not [row for row in rows if re.search(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}", row.partition("] ")[2])]
