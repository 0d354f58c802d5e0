"""Opaque ids: one number, one id, and nothing else is one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.public_ids import decode_id, encode_id

numbers = st.integers(0, 2**63 - 1)
KEY = b"k" * 32


@given(numbers, st.sampled_from(["cus", "itm"]), st.binary(min_size=1, max_size=64))
def test_an_id_gives_its_number_back(number: int, prefix: str, key: bytes) -> None:
    assert decode_id(prefix, encode_id(prefix, number, key), key) == number


@given(numbers, numbers)
def test_two_numbers_never_share_an_id(a: int, b: int) -> None:
    assert (encode_id("itm", a, KEY) == encode_id("itm", b, KEY)) == (a == b)


@given(numbers)
def test_ids_are_of_one_kind_and_one_installation(number: int) -> None:
    text = encode_id("itm", number, KEY)
    assert decode_id("cus", text, KEY) is None
    assert decode_id("itm", text, b"other") != number
    assert encode_id("cus", number, KEY)[4:] != text[4:]


@given(st.text(max_size=30))
def test_any_text_may_be_asked(text: str) -> None:
    number = decode_id("itm", text, KEY)
    assert number is None or encode_id("itm", number, KEY) == text


def test_neighbours_do_not_look_alike() -> None:
    ids = [encode_id("itm", number, KEY)[4:] for number in range(1000)]
    assert len({text[:4] for text in ids}) > 950
