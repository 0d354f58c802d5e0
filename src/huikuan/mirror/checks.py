"""The outcome of one check of ``huikuan verify``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """``count``: rows looked at; ``detail``: the first place where it fails, empty where it holds."""

    name: str
    ok: bool
    detail: str = ""
    count: int = 0
