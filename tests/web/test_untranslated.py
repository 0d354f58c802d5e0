"""Every page of the demo company in Chinese and in English: no word of the product is left in the other language.

What the company's own data says (names, numbers, references) may be in any language; everything else may not.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve
from django.urls.resolvers import URLResolver

from huikuan.core.clocks import zone_names
from huikuan.services.demo import fill_demo
from huikuan.services.demo_plan import DemoSize
from huikuan.store.models import User
from tests.databases import LedgerDb

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PER_PAGE = 1
"""So many addresses of one page and one set of parameters."""
PAGES_MAX = 160
LATIN = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’]+")
CHINESE = re.compile(r"[\u3400-\u9fff]+")
NAMES_OF_THINGS = frozenset(
    "CSV Excel XLSX Parquet UTC PO ERP KB MB Enter Esc Space Ctrl English API UTF GB SQLite PostgreSQL CNY EUR"
    " USD JPY KWD SHA PDF XML OFD UBL CII DATEV SAP URL ID HTTP HTTPS JSON IP OK QR TOTP VAT IBAN BIC huikuan"
    " BUKRS BLART Beraternummer Mandantennummer SKR Deutsch Office done refused https"
    " Webhook Webhooks xlsx csv parquet pdf PNG XRechnung Peppol ZUGFeRD Factur webhook hk whsec GBK AM PM"
    " camt MT BAI OFX remt pain eml toml RF ISO OGM".split()
)
"""Words a Chinese page may hold: formats, keys on the keyboard, currencies, this product."""
CODES = re.compile(r"\w_\w|^[a-z]+(\.[a-z]+)+$|^[0-9a-f]{32,}$")
"""Codes and hashes that a page shows as they are: ``item.posted``, ``ar_clerk``, the head of the chain."""
CHINESE_NAMES = ("中文", "用友", "金蝶", "金蝶云星空")
"""Words an English page may hold: the other language's own name, and names of products."""
PATHS = re.compile(r"(?:https?:/|~)?/[\w./~-]+")
DOWNLOADS = re.compile(r"\.(xlsx|csv|json|zip|pdf|xml)$|/annotated$|/download/?$|/logout/|/static/|^/api/|/file/?$")
SHOWN = ("title", "placeholder", "aria-label", "alt")


class Words(HTMLParser):
    """The texts a reader of a page sees, hears or gets told, and where its links lead."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "textarea", "code", "pre", "kbd"):
            self._silent += 1
        self.texts += [given[name] for name in SHOWN if given.get(name)]
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        if given.get("hx-get", "").startswith("/"):
            self.links.append(given["hx-get"])

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "textarea", "code", "pre", "kbd"):
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(data.strip())


@pytest.fixture
def company(sqlite_db: LedgerDb) -> str:
    """A small demo company; gives everything its data says, as one text."""
    fill_demo(DemoSize(8, 2, 1), now=NOW)
    said: set[str] = set()
    for model in apps.get_app_config("store").get_models():
        columns = [
            field.attname
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField)
        ]
        for row in model._default_manager.values_list(*columns).distinct()[:20_000] if columns else ():
            said.update(str(value) for value in row if value)
    return "\n".join(said | zone_names()).lower()


def pages_without_arguments() -> set[str]:
    """The addresses of the product's own pages that need nothing to be named."""

    def walk(patterns: list[Any], start: str) -> Iterator[str]:
        for pattern in patterns:
            path = start + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, path)
            elif re.fullmatch(r"[\w/-]*", path) and pattern.callback.__module__.startswith("huikuan.web"):
                yield f"/{path}"

    return set(walk(get_resolver().url_patterns, ""))


def crawl(browser: Client) -> dict[str, Words]:
    """Pages reached by links from the first one and those of the urlconf, a few of each kind."""
    waiting = deque(["/", *sorted(pages_without_arguments())])
    seen: set[str] = set()
    kinds: Counter[Any] = Counter()
    read: dict[str, Words] = {}
    while waiting and len(read) < PAGES_MAX:
        href = waiting.popleft().partition("#")[0]
        parts = urlsplit(href)
        if href in seen or DOWNLOADS.search(parts.path):
            continue
        seen.add(href)
        try:
            name = resolve(parts.path).view_name
        except Resolver404:
            continue
        kind = (name, frozenset(key for key, _value in parse_qsl(parts.query)))
        kinds[kind] += 1
        kinds[name] += 1
        if kinds[kind] > PER_PAGE or kinds[name] > 5:
            continue
        answer = browser.get(href)
        if answer.status_code != 200 or "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        words = Words()
        words.feed(answer.content.decode())
        read[href] = words
        waiting.extend(words.links)
    return read


def reader(language: str) -> Client:
    browser = Client(headers={"accept-language": language})
    browser.force_login(User.objects.get(username="demo"))
    browser.cookies["django_language"] = language
    return browser


@pytest.mark.practice("J3", "K3")
def test_no_word_is_left_in_the_other_language(company: str) -> None:
    chinese = crawl(reader("zh-hans"))
    assert len(chinese) > 60
    foreign: dict[str, str] = {}
    for href, words in chinese.items():
        for text in words.texts:
            if text.lower() in company:
                continue
            left = [
                word
                for word in LATIN.findall(PATHS.sub(" ", text))
                if word not in NAMES_OF_THINGS and word.lower() not in company and not CODES.search(text)
            ]
            if left:
                foreign.setdefault(text, href)
    assert not foreign, "not in Chinese: " + "; ".join(f"{text!r} on {href}" for text, href in foreign.items())
    english = crawl(reader("en"))
    for href, words in english.items():
        for text in words.texts:
            if any(part not in company and part not in CHINESE_NAMES for part in CHINESE.findall(text)):
                foreign.setdefault(text, href)
    assert not foreign, "not in English: " + "; ".join(f"{text!r} on {href}" for text, href in foreign.items())
