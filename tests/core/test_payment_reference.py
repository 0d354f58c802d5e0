"""Payment references: check digits as the standards give them, what fits, and that a payment under one is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.payment_reference import (
    ReferenceScheme,
    is_ogm,
    is_qr,
    is_rf,
    ogm_of,
    payment_reference,
    printed_reference,
    rf_of,
)
from huikuan.engines.match_structured import structured_of

pytestmark = pytest.mark.practice("E8")
VALID = {ReferenceScheme.RF: is_rf, ReferenceScheme.QR: is_qr, ReferenceScheme.OGM: is_ogm}


def test_check_digits_are_those_of_the_standards() -> None:
    assert is_rf("RF18539007547034") and not is_rf("RF19539007547034")
    assert rf_of("539007547034") == "RF18539007547034"
    assert is_ogm("010806817183") and ogm_of(108068171) == "010806817183"
    assert is_qr("210000000003139471430009017") and not is_qr("210000000003139471430009018")


@pytest.mark.parametrize(
    ("scheme", "number", "printed"),
    [
        (ReferenceScheme.RF, "539007547034", "RF18 5390 0754 7034"),
        (ReferenceScheme.RF, "inv-2026/000123", "RF98 INV2 0260 0012 3"),
        (ReferenceScheme.QR, "INV-2026-000123", "00 00000 00000 00002 02600 01237"),
        (ReferenceScheme.OGM, "108068171", "+++010/8068/17183+++"),
        (ReferenceScheme.OGM, "INV-2026-000123", "+++202/6000/12320+++"),
        (ReferenceScheme.RF, "发票-7", ""),
        (ReferenceScheme.RF, "A" * 22, ""),
        (ReferenceScheme.QR, "ABC", ""),
        (ReferenceScheme.OGM, "12345678901", ""),
        (ReferenceScheme.OGM, "000", ""),
        (ReferenceScheme.NONE, "INV-1", ""),
        (ReferenceScheme.RF, "", ""),
    ],
)
def test_what_fits_and_how_it_is_printed(scheme: ReferenceScheme, number: str, printed: str) -> None:
    assert printed_reference(payment_reference(scheme, number)) == printed


@given(st.sampled_from(list(VALID)), st.from_regex(r"[A-Z]{0,4}-?[0-9]{4}[/ -]?[0-9]{1,6}", fullmatch=True))
def test_what_is_issued_is_read_back(scheme: ReferenceScheme, number: str) -> None:
    reference = payment_reference(scheme, number)
    if not reference:
        assert scheme is ReferenceScheme.OGM or not number.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ0-/ ")
        return
    assert VALID[scheme](reference)
    for text in (f"Zahlung {printed_reference(reference)} vielen Dank", f"REF {reference}"):
        assert reference in [whole for _, whole, _, _ in structured_of(text.upper())]


def test_a_word_behind_that_keeps_the_check_digits_right_hides_no_reference() -> None:
    assert payment_reference(ReferenceScheme.RF, "A96060") == "RF17A96060"
    found = [whole for _, whole, _, _ in structured_of("ZAHLUNG RF17 A960 60 VIELEN DANK")]
    assert found == ["RF17A96060VIELEN", "RF17A96060"]
