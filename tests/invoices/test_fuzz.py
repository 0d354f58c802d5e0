"""Whatever bytes come: invoices with faults, or a refusal; never a crash, never a hang."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core.refusals import Refusal
from huikuan.invoices.reading import parse_invoice
from huikuan.invoices.rules import check_invoice
from tests.invoices import builders as build
from tests.invoices.builders import Fapiao, Sample

pytestmark = pytest.mark.practice("D10")

SEEDS = [
    build.ubl(Sample()),
    build.cii(Sample(is_credit=True, preceding="X")),
    build.pdf_with(build.cii(Sample())),
    build.fapiao_xml(Fapiao()),
    build.ofd_attached(Fapiao()),
    build.ofd_tagged(Fapiao()),
    build.pdf_with(None, text=build.fapiao_text(Fapiao())),
    build.fapiao_xlsx([Fapiao()]),
]


def survive(data: bytes) -> None:
    try:
        documents = parse_invoice(data, "fuzzed")
    except Refusal as refusal:
        if not refusal.code.startswith("invoice."):
            raise
        return
    for document in documents:
        for fault in check_invoice(document):
            assert fault.rule and fault.reason


def mutate(seed: bytes, rng: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(data))
        choice = rng.randrange(5)
        if choice == 0:
            data[at] = rng.randrange(256)
        elif choice == 1:
            del data[at : at + rng.randint(1, 40)]
        elif choice == 2:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 20)))
        elif choice == 3:
            data[at:at] = data[at : at + rng.randint(1, 200)]
        else:
            data[at : at + 1] = rng.choice([b"-", b"9" * 30, b"1e999", b"NaN", b"\0", b"&#0;", b"<", "９".encode()])
        if not data:
            return b""
    return bytes(data)


@settings(max_examples=250, deadline=None)
@given(st.integers(0, len(SEEDS) - 1), st.integers(0, 2**32))
def test_mutated_invoices(seed: int, number: int) -> None:
    survive(mutate(SEEDS[seed], random.Random(number)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([b"", b"<", b"%PDF-1.7\n", b"PK\x03\x04", b"<Invoice>", b"\xff\xfe<"]), st.binary(max_size=400))
def test_any_bytes(start: bytes, rest: bytes) -> None:
    survive(start + rest)


def test_a_part_without_a_name() -> None:
    """Found by the long run: the library that unpacks stumbles over it when asked whether it is a folder."""
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = ""
        archive.writestr(info, b"<a/>")
    survive(packed.getvalue())


@pytest.mark.soak
def test_many_mutated_invoices() -> None:
    rng = random.Random(7)
    for _ in range(20_000):
        survive(mutate(rng.choice(SEEDS), rng))
