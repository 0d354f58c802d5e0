"""Columns of numbers and names, and where each of them leads."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.engines.match_columns import core_column, fingerprint, fingerprints, folded_column, plain_column
from huikuan.engines.match_grams import Grams
from huikuan.engines.match_index import CONTRACT, NUMBER, ORDER, SHARED_MAX, Keys
from huikuan.engines.match_text import FOLDED, digits_of, plain_number

pytestmark = pytest.mark.practice("E3")


def test_keys_lead_to_all_places_that_share_them() -> None:
    parts = [
        (
            pa.array(["A", "B", "A", "C", "1234567890123456"]),
            np.asarray([0, 1, 2, 3, 9]),
            np.asarray([0, 0, 0, 0, 16]),
            NUMBER,
        ),
        (pa.array(["B", "D", "A", "A"]), np.asarray([1, 0, 5, 2]), np.zeros(4), NUMBER),
        (pa.array(["A"]), np.asarray([7]), np.zeros(1), ORDER),
    ]
    keys = Keys.of(parts)
    assert keys.lengths() == {0: 4, 16: 1}
    again = Keys(*keys.rows())
    assert [again.find(key) for key in "ABCD"] == [keys.find(key) for key in "ABCD"]
    assert keys.find("A") == {NUMBER: [0, 2, 5], ORDER: [7]}
    assert [keys.find(key) for key in "BCD"] == [{NUMBER: [1]}, {NUMBER: [3]}, {NUMBER: [0]}]
    assert keys.find("1234567890123456") == {NUMBER: [9]}
    assert (keys.find("E"), keys.find(""), keys.find("1234567890123457")) == ({}, {}, {})
    assert Keys.of([]).find("A") == {}


def test_of_a_number_that_very_many_items_share_only_the_first_are_told() -> None:
    keys = Keys.of([(pa.array(["X"] * 1000), np.arange(1000)[::-1].copy(), np.zeros(1000), CONTRACT)])
    assert keys.find("X") == {CONTRACT: list(range(SHARED_MAX + 1))}


def test_whole_columns_are_read_as_single_numbers_are() -> None:
    shown = ["Inv-2026/0001", "", None, "ＩＮＶ：１００２３", "发票 No. 77-b", "000123", "RE 12.345", "ß9", "0"]
    plain = plain_column(pa.array(shown))
    assert plain.to_pylist() == [plain_number(one or "") for one in shown]
    core, digits = core_column(plain)
    assert core.to_pylist() == [digits_of(one) for one in plain.to_pylist()]
    assert digits.tolist() == [sum(char.isdigit() for char in one) for one in plain.to_pylist()]
    folded, changed = folded_column(plain)
    assert folded.to_pylist() == [one.translate(FOLDED) for one in plain.to_pylist()]
    assert changed.tolist() == [one.translate(FOLDED) != one for one in plain.to_pylist()]
    assert plain_column(pa.array(shown).slice(3, 4)).to_pylist() == plain.to_pylist()[3:7]


@given(st.lists(st.text("AB019", max_size=30), max_size=40))
def test_fingerprints_of_columns_are_those_of_single_numbers(texts: list[str]) -> None:
    column = pa.array(["before", *texts], pa.string()).slice(1)
    assert fingerprints(column).tolist() == [fingerprint(one) for one in texts]


def test_names_that_share_the_rarest_pieces_are_nearest() -> None:
    grams = Grams(["mueller", "muller", "meier", "宁波宏图", "宏图", "x"])
    assert grams.nearest("mueler", 2) == [0, 1]
    assert grams.nearest("宁波宏", 12) == [3]
    assert grams.nearest("x", 12) == [5]
    assert grams.nearest("zzz", 12) == []
