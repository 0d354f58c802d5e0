"""Pages keep to the content policy and say nothing that cannot be translated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huikuan import web
from tools import messages

WEB = Path(web.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
SAME_IN_EVERY_LANGUAGE = set(
    "中文 English CSV Excel SHA UTC ms Ctrl Space Enter Esc K a d j k m n o p s t u w x z 收款收据 人民币".split()
)
"""Names of languages, formats, units and keys."""
NO_WORDS_OF_OURS = re.compile(r'<(\w+)[^>]*(?:class="code"|lang="en")[^>]*>.*?</\1>', re.DOTALL)
"""What a person types or a program sends, and what stands in English on purpose and says so."""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_no_inline_script_style_or_handler(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", text))
    assert "|safe" not in text
    assert "autoescape off" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_every_form_that_changes_something_carries_its_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
        if 'method="post"' in form:
            assert "{% csrf_token %}" in form


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_visible_words_are_translated(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # 500.html is shown when nothing works, so in both languages at once; swap.html is attributes only.
    if path.name in ("500.html", "swap.html"):
        return
    text = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}", "", text, flags=re.DOTALL)
    bare = re.sub(r"<[^>]*>", "\n", NO_WORDS_OF_OURS.sub("", TAGS.sub("", text)))
    words = set(re.findall(r"[A-Za-z]+|[\u4e00-\u9fff]+", re.sub(r"&\w+;", " ", bare)))
    assert words - SAME_IN_EVERY_LANGUAGE == set()


FETCHES = re.compile(r"\{% pager |\"parts/(?:chips|find)\.html\"|\{% th ")
"""Parts whose links ask for a piece of the page."""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_colon_is_that_of_the_language(path: Path) -> None:
    """``{% translate ": " %}`` is full width in Chinese; a bare one is not."""
    text = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"[%}]\}(</\w+>)?: ", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_links_that_fetch_say_where_the_answer_goes(path: Path) -> None:
    """A link with hx-get and no target around it puts the whole next page inside itself."""
    text = path.read_text(encoding="utf-8")
    if path.relative_to(WEB / "templates").as_posix() in ("tables/bar.html", "tables/rows.html", "items/table.html"):
        return  # Always inside the list of a table, or of a customer's page.
    for found in FETCHES.finditer(text):
        before = text[: found.start()]
        assert "parts/swap.html" in before or "hx-disable>" in before[before.rfind("<div") :], found.group()


def test_the_chinese_catalog_is_complete() -> None:
    assert list(messages.faults("zh_Hans", messages.read_sources())) == []


def test_every_name_translations_go_by_is_read() -> None:
    named = re.compile(r"\bn?p?gettext(?:_lazy)? as (\w+)")
    names = {name for path in WEB.parent.rglob("*.py") for name in named.findall(path.read_text(encoding="utf-8"))}
    assert names - set(messages.KEYWORDS) == set()


def test_scripts_carry_no_words_for_people() -> None:
    for path in (WEB / "static" / "js").glob("*.js"):
        assert not re.search(r"[\u4e00-\u9fff]", path.read_text(encoding="utf-8"))
