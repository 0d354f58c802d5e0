"""Ten million items with sixteen million applications, in bounded memory, next to hand-written SQL."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

ROWS = 10_000_000
PEAK_MB_MAX = 2500
"""DuckDB may hold 2 GB; the rest is the answer and the interpreter."""


def measured(method: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.age", "--measure", method, "--rows", str(ROWS), "--data", str(folder)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.soak
@pytest.mark.practice("D3")
def test_ten_million_items_as_of_the_past(tmp_path: Path) -> None:
    measured("make", tmp_path)
    raw, engine, known = (measured(method, tmp_path) for method in ("raw", "engine", "known"))
    assert Decimal(raw["total"]) == Decimal(engine["total"]) == Decimal(known["total"])
    assert max(engine["peak_mb"], known["peak_mb"]) < PEAK_MB_MAX
