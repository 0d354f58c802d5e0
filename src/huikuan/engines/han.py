"""Chinese characters in one script, so that what Taiwan and Hong Kong write is compared with what the mainland does."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@lru_cache(maxsize=256)
def simplified(text: str) -> str:
    """A text with its traditional Chinese characters as simplified ones: ``臺灣盛誠國際`` → ``台湾盛诚国际``."""
    if text.isascii():
        return text
    told: str = _converter().convert(text)
    return told
