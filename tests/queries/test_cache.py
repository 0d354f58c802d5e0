"""Kept answers: bounded by memory, made once however many ask."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from huikuan.queries.cache import Cache
from huikuan.queries.customers import customer_page
from tests.queries.conftest import Shop

pytestmark = pytest.mark.practice("J1")


def test_the_longest_unused_goes_first() -> None:
    cache = Cache(bytes_max=30_000)
    table = pa.table({"x": pa.array(range(1000), pa.int64())})
    for key in "abc":
        cache.put(key, table)
        cache.get("a")
    assert cache.get("a") is table
    assert cache.get("b") is None
    assert cache.get("c") is table
    assert cache.bytes_kept <= cache.bytes_max


def test_an_answer_larger_than_the_cache_is_still_given() -> None:
    cache = Cache(bytes_max=10)
    table = pa.table({"x": [1]})
    assert cache.get_or_make("a", lambda: table) is table
    assert cache.get("a") is table


def test_many_ask_and_one_makes() -> None:
    cache, made, lock = Cache(), [], threading.Lock()

    def make() -> str:
        time.sleep(0.05)
        with lock:
            made.append(1)
        return "answer"

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: cache.get_or_make("key", make), range(8))) == {"answer"}
    assert len(made) == 1


def test_a_failure_is_not_kept() -> None:
    cache = Cache()
    with pytest.raises(ZeroDivisionError):
        cache.get_or_make("key", lambda: 1 // 0)
    assert cache.get_or_make("key", lambda: 7) == 7


def test_pages_are_asked_for_from_many_threads(shop: Shop) -> None:
    from django.db import connections

    def ask(number: int) -> int:
        try:
            return customer_page(shop.frame(), sort=("name", "-open")[number % 2]).totals["CNY"].open_minor
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(12)))) == 1
