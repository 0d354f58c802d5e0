"""The last line of a list."""

from __future__ import annotations


def total_line(total: int, shown: int, what: str) -> str:
    """``1,234 lines, 100 shown``; how many are shown only where it is not all."""
    return f"{total:,} {what}" + (f", {shown:,} shown" if total > shown else "")
