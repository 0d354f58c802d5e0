"""Whatever bytes come: statements, or ``BadStatement`` with what is wrong; never a crash, never a hang."""

from __future__ import annotations

import io
import random
import time
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.bank.balances import check_balances
from huikuan.bank.identity import fingerprints
from huikuan.bank.reading import read_statements
from huikuan.bank.remittance import parse_remittance
from huikuan.bank.statement import BadStatement
from tests.bank.pdfs import pdf_of
from tests.bank.seeds import SEEDS, TEXTS
from tests.bank.test_remittance import REMT, TEXT, mail

SECONDS_MAX = 10.0


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["交易日期", "收入", "支出", "余额", "对方户名"])
    sheet.append(["2026-04-15", 300.0, None, 1300.0, "杭州云杉"])
    book.save(stream := io.BytesIO())
    return stream.getvalue()


def archive() -> bytes:
    with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("camt.xml", TEXTS["camt.xml"])
    return packed.getvalue()


FILES = [*SEEDS, workbook(), archive()]
ADVICES = [TEXT.encode(), REMT.encode(), pdf_of(TEXT.splitlines()), mail("x", (TEXT.encode(), "text/plain", "a.txt"))]
PIECES = [
    b"-",
    b"9" * 30,
    b"1e999",
    b"NaN",
    b"\0",
    b"&#0;",
    b"<",
    "９".encode(),
    b"?",
    b"+",
    b":61:",
    b'"',
    b",,,,",
    b"\r",
    b"=" * 80,
]


def survive(data: bytes) -> None:
    started, told = time.process_time(), [True]
    try:
        for statement in read_statements(data, "fuzzed"):
            check_balances(statement)
            keys = fingerprints(statement.lines, statement.account)
            assert len(set(keys)) == len(keys)
            assert all(line.amount.is_finite() and line.row > 0 for line in statement.lines)
    except BadStatement as bad:
        told = [bool(error.code and error.reason) for error in bad.errors]
    assert told and all(told)
    assert time.process_time() - started < SECONDS_MAX


def survive_advice(data: bytes) -> None:
    started, told = time.process_time(), [True]
    try:
        for advice in parse_remittance(data, "fuzzed.eml" if data[:5] == b"From:" else "fuzzed"):
            assert advice.documents
    except BadStatement as bad:
        told = [bool(error.code and error.reason) for error in bad.errors]
    assert told and all(told)
    assert time.process_time() - started < SECONDS_MAX


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
            data[at : at + 1] = rng.choice(PIECES)
        if not data:
            return b""
    return bytes(data)


@pytest.mark.practice("E2")
@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(FILES) - 1), st.integers(0, 2**32))
def test_mutated_files(seed: int, number: int) -> None:
    survive(mutate(FILES[seed], random.Random(number)))


@pytest.mark.practice("E5")
@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(ADVICES) - 1), st.integers(0, 2**32))
def test_mutated_advices(seed: int, number: int) -> None:
    survive_advice(mutate(ADVICES[seed], random.Random(number)))


STARTS = [
    b"",
    b"<",
    b"PK\x03\x04",
    b"<Document>",
    b"\xff\xfe<",
    b":20:",
    b"01,",
    b"OFXHEADER:100\n<OFX>",
    b"\xd0\xcf\x11\xe0",
    b"<table>",
]


@pytest.mark.practice("E2")
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=400))
def test_any_bytes(start: bytes, rest: bytes) -> None:
    survive(start + rest)
    survive_advice(start + rest)


@pytest.mark.practice("E2")
@pytest.mark.parametrize(
    "data",
    [
        b":20:A\n:25:1\n" + b":86:" + b"x" * 3_000_000,
        b"<OFX>" + b"<STMTTRN>" * 200_000,
        b'"' + b"a,b\n" * 300_000,
        b"<Document>" + b"<a>" * 100_000,
        b"01,1,1,260101,0000,1,,,2/\n03,1,USD" + b",010,1,," * 200_000,
        (b",".join(b"%d" % number for number in range(100_000)) + b"\n") * 3,
        b":20:A\n:61:" + b"1" * 500_000,
        b"<table>" + b"<tr><td>" * 300_000,
        b":20:A\n:25:1\n:61:2601020102C5,NTRFX\n:86:166" + b"?20" * 300_000 + b"\n",
    ],
)
def test_hostile_files_end_soon(data: bytes) -> None:
    survive(data)


@pytest.mark.soak
@pytest.mark.practice("E2", "E5")
def test_many_mutated_files() -> None:
    rng = random.Random(7)
    for _ in range(20_000):
        survive(mutate(rng.choice(FILES), rng))
    for _ in range(4_000):
        survive_advice(mutate(rng.choice(ADVICES), rng))
