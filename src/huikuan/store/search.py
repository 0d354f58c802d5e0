"""What a customer can be found by: names as written, and Chinese ones by pinyin and its initials."""

from __future__ import annotations

from collections.abc import Iterable


def search_text_of(name: str, aliases: Iterable[str] = ()) -> str:
    """Lower-case names, pinyin and initials, one line each. ``上海贸易`` → ``上海贸易 shanghaimaoyi shmy``."""
    # Loaded when the first name comes: its dictionary is a quarter of the server's start.
    from pypinyin import Style, lazy_pinyin

    lines = []
    for text in (name, *aliases):
        words = [text.lower()]
        if any("\u4e00" <= char <= "\u9fff" for char in text):
            words.append("".join(lazy_pinyin(text)).lower())
            words.append("".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower())
        lines.append(" ".join(words))
    return "\n".join(lines)
