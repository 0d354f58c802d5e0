"""Collections written as pain.008, and what is refused before a bank refuses it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from lxml import etree

from huikuan.bank.pain008 import Collection, Creditor, write_pain008
from huikuan.bank.pain008_check import check_pain008
from huikuan.bank.xml_writing import latin
from huikuan.core.refusals import BadData

pytestmark = pytest.mark.practice("E1")

CREDITOR = Creditor("Müller & Söhne GmbH", "DE89370400440532013000", "DE98ZZZ09999999999", "COBADEFFXXX")
ONE = Collection(
    "E2E-1",
    Decimal("10.50"),
    date(2026, 12, 1),
    "M-1",
    date(2025, 1, 1),
    "Bäckerei Kern",
    "DE02120300000000202051",
    "RE 1",
)
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def write(*collections: Collection, creditor: Creditor = CREDITOR, message_id: str = "MSG-1") -> bytes:
    return write_pain008(creditor, collections, message_id=message_id, now=NOW)


def test_groups_and_control_sums() -> None:
    first = replace(ONE, end_to_end_id="E2E-2", sequence="FRST", amount=Decimal(100))
    data = write(ONE, first, replace(ONE, end_to_end_id="E2E-3"))
    root = etree.fromstring(data)
    found = {
        tag: [one.text for one in root.iter(f"{{*}}{tag}")]
        for tag in ("NbOfTxs", "CtrlSum", "SeqTp", "PmtInfId", "Nm", "EndToEndId", "InstdAmt")
    }
    assert found["NbOfTxs"] == ["3", "1", "2"]
    assert found["CtrlSum"] == ["121.00", "100.00", "21.00"]
    assert found["SeqTp"] == ["FRST", "RCUR"]
    assert found["PmtInfId"] == ["MSG-1-1", "MSG-1-2"]
    assert found["Nm"][:2] == ["Mueller + Soehne GmbH", "Mueller + Soehne GmbH"]
    assert check_pain008(data) == []


def test_letters_that_sepa_does_not_know() -> None:
    assert latin("Ærø Café_№ 5 中文", 70) == ".ro Cafe-. 5 .."
    assert latin("x" * 80, 70) == "x" * 70


def test_every_fault_at_once() -> None:
    bad = replace(
        ONE, amount=Decimal("0.005"), payer_iban="DE00", mandate_id="", sequence="X", mandate_signed_on=date(2027, 1, 1)
    )
    with pytest.raises(BadData) as refused:
        write(ONE, bad, creditor=replace(CREDITOR, creditor_id="?"), message_id="/x")
    codes = sorted(error.code.partition(".")[2] for error in refused.value.errors)
    assert codes == [
        *("bad_amount", "bad_creditor_id", "bad_iban", "bad_id", "bad_id", "bad_sequence", "repeated", "signed_late"),
    ]
    with pytest.raises(BadData) as refused:
        write()
    assert refused.value.errors[0].code == "collection.none"


def test_a_message_that_was_tampered_with() -> None:
    data = write(ONE)
    assert {one.code for one in check_pain008(data.replace(b">10.50<", b">11.50<", 1))} == {"pain.sum"}
    swapped = data.replace(b"<PmtMtd>DD</PmtMtd>", b"").replace(b"<BtchBookg>", b"<PmtMtd>DD</PmtMtd><BtchBookg>")
    assert check_pain008(swapped) == []
    late = data.replace(b"<SeqTp>RCUR</SeqTp>", b"<SeqTp>EVER</SeqTp>").replace(b"<MsgId>MSG-1</MsgId>", b"")
    assert {one.code for one in check_pain008(late)} == {"pain.value", "pain.missing"}
