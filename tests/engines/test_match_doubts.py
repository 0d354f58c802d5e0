"""Every kind of doubt that the past may let through has words, in both languages."""

from __future__ import annotations

import inspect
import re

import pytest

from huikuan.engines import match_posting, match_rivals
from huikuan.engines.match_doubts import ENDING, doubt_words, vouched_words
from huikuan.engines.match_types import KINDS, BarReport

pytestmark = pytest.mark.practice("E3")


def kinds_in_code() -> set[str]:
    """What the code calls them."""
    posting = inspect.getsource(match_posting)
    found = {f"payer.{kind}" for kind in KINDS if kind != "outgoing"}
    found |= set(re.findall(r'_kind\(best, "(\w+)"', posting)) | set(re.findall(r'return "(\w+)"', posting))
    found |= set(re.findall(r'how (?:==|in) \(?"(\w+)"', posting)) - {"discount", "exact"}
    return found | set(re.findall(r'\.doubt = .*?"(\w+)"', inspect.getsource(match_rivals)))


def test_every_kind_has_words() -> None:
    kinds = kinds_in_code()
    assert {"charge", "part", "oldest", "advance", "month", "round", "part_words", "names_open"} <= kinds
    for kind in sorted(kinds):
        assert doubt_words(kind, "en") != kind, kind
        assert re.search(r"[一-鿿]", doubt_words(kind, "zh")), kind


def test_the_kinds_let_through_are_told_with_their_figure() -> None:
    vouched = {"charge.bare": 0.93, "part.named": 0.96, "payer.items": 0.91}
    bar = BarReport(threshold=0.95, threshold_doubted=0.925, reason="", vouched=vouched)
    assert vouched_words(bar, "en") == [
        "less a bank charge that was hardly ever confirmed before (no number in the text): from 93.0%",
        "paid in part, and no word that it is a part (the text names what is paid): from 96.0%",
        "who pays is hardly known: from 92.5%",
    ]
    assert vouched_words(bar, "zh", ENDING) == [
        "少于应收，差额按银行手续费，但此前很少确认过（附言未写明单据）：93.0% 起",
        "付款方不太明确：92.5% 起",
    ]
    assert vouched_words(BarReport(vouched=vouched), "en") == []
