"""Bars and links made by the template tags."""

from __future__ import annotations

from django.template import Context
from django.test import RequestFactory

from huikuan.web.tags import address, ageing_bar, cell_bar, here, pager


def test_a_stacked_bar_fills_its_length_and_leaves_credits_out() -> None:
    segments = ageing_bar([("not_due", 250), ("1-30", 250), (">90", 500), ("unapplied", -400)], "CNY")["segments"]
    assert [(s.css, s.x, s.width) for s in segments] == [("b0", 0, 250), ("b1", 250, 250), ("b4", 500, 500)]
    assert segments[0].title.endswith("2.50 CNY")


def test_a_sliver_is_still_seen_and_nothing_owed_is_no_bar() -> None:
    assert ageing_bar([("not_due", 10**9), (">90", 1)], "CNY")["segments"][1].width == 2
    assert ageing_bar([("unapplied", -5)], "CNY")["segments"] == []
    assert cell_bar(None, 100, "b1") == ""
    assert cell_bar(-5, 100, "b1") == ""
    assert 'width="1"' in cell_bar(1, 10**9, "b1")
    assert 'class="b1" x="-100" y="0" width="100"' in cell_bar(50, 50, "b1")


def test_links_carry_the_frame_and_leave_empty_things_out() -> None:
    kept = {"as_of": "2026-03-31", "entity": "CN01"}
    assert address(kept, "customers", q="a&b", sort="") == "/customers/?as_of=2026-03-31&entity=CN01&q=a%26b"
    assert address({}, "customers") == "/customers/"


def test_a_changed_filter_goes_back_to_the_first_page() -> None:
    context = Context({"request": RequestFactory().get("/customers/?q=x&page=4&as_of=2026-03-31")})
    assert here(context, sort="name") == "/customers/?q=x&as_of=2026-03-31&sort=name"
    assert here(context, q=None) == "/customers/?as_of=2026-03-31"
    assert here(context, page=5) == "/customers/?q=x&as_of=2026-03-31&page=5"


class _Rows:
    def __init__(self, total: int, page: int, size: int) -> None:
        self.total, self.page, self.size = total, page, size


def test_the_pager_says_which_rows_of_how_many() -> None:
    context = Context({"request": RequestFactory().get("/customers/?page=3")})
    shown = pager(context, _Rows(120, 3, 50))
    assert (shown["first"], shown["last"], shown["pages"], shown["number"]) == (101, 120, 3, 3)
    assert shown["href"]["first"] == "/customers/"
    assert pager(context, _Rows(0, 1, 50))["first"] == 0
    assert pager(context, _Rows(10, 9, 50))["number"] == 1
