"""The unified social credit code: its alphabet, both check characters, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.refusals import Refusal
from huikuan.core.registration import (
    UNIFIED_ALPHABET,
    check_unified_code,
    is_unified_code,
    make_unified_code,
    normalise_unified_code,
    organisation_check_character,
    unified_check_character,
)

pytestmark = pytest.mark.practice("A1")

# Codes as large companies print them on their own pages: the algorithm must agree with the registers.
KNOWN = ["914403001922038216", "9144030071526726XG", "91330100799655058B", "91110000802100433B"]

bodies = st.builds(
    "{}{}{}".format,
    st.text(UNIFIED_ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(UNIFIED_ALPHABET, min_size=9, max_size=9),
)


@pytest.mark.parametrize("code", KNOWN)
def test_known_codes_are_valid(code: str) -> None:
    assert check_unified_code(code) == code
    assert organisation_check_character(code[8:16]) == code[16]


@given(bodies)
def test_a_body_has_exactly_one_check_character(body: str) -> None:
    good = [char for char in UNIFIED_ALPHABET if is_unified_code(body + char)]
    assert good == [unified_check_character(body)]


@given(bodies, st.integers(0, 16), st.sampled_from(UNIFIED_ALPHABET))
def test_any_single_mistyped_character_is_caught(body: str, place: int, char: str) -> None:
    code = body + unified_check_character(body)
    mistyped = code[:place] + char + code[place + 1 :]
    assert is_unified_code(mistyped) == (mistyped == code)


def test_as_people_write_it() -> None:
    assert normalise_unified_code(" 9144 0300-7152 6726 xg ") == "9144030071526726XG"
    assert check_unified_code("９１４４０３００７１５２６７２６ＸＧ") == "9144030071526726XG"


def test_made_codes_carry_both_check_characters() -> None:
    code = make_unified_code("310115", "YX123456")
    assert check_unified_code(code) == code
    assert code[:8] == "91310115"
    assert code[16] == organisation_check_character("YX123456")


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "registration.bad_form", "'' is not a unified social credit code"),
        ("HRB 12345", "registration.bad_form", "'HRB 12345' is not a unified social credit code"),
        (
            "914403001922038Z16",
            "registration.bad_form",
            "'914403001922038Z16' is not a unified social credit code",
        ),
        (
            "914403001922038217",
            "registration.bad_check",
            "914403001922038217: the check character is 7, by the other characters it would be 6",
        ),
    ],
)
def test_refusals(text: str, code: str, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_unified_code(text)
    assert (refused.value.code, refused.value.message) == (code, message)
