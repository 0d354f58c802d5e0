"""Whatever the bytes are, the reader reads or refuses; nothing else ever comes out."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core.refusals import BadData
from huikuan.engines.files import read_table, write_table

QUICK = settings(deadline=None, max_examples=50)
HEAD = "item_id,customer_id,document_date,due_date,currency,amount,region\n"
GOOD = HEAD + "".join(f'I{n},C{n},2026-01-{n:02},2026-02-01,CNY,"1,{n:03}.50",华东\n' for n in range(1, 29))


def survives(data: bytes, name: str) -> bool:
    """Reads and gives whether it was accepted; anything but ``BadData`` fails the test."""
    try:
        read_table(data, "items", name=name, currency="CNY")
    except BadData:
        return False
    return True


@QUICK
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.xlsx", "a.parquet", ""]))
def test_any_bytes(data: bytes, name: str) -> None:
    survives(data, name)


@QUICK
@given(st.text(st.sampled_from("\",;\n\r\t|=+-1234567890./年月日¥ \u3000\ufeff'aé甲"), max_size=200))
def test_any_cells(text: str) -> None:
    survives((HEAD + text).encode(), "a.csv")
    survives((HEAD + text).encode("gb18030", "replace"), "a.csv")


@QUICK
@given(st.lists(st.lists(st.text(max_size=8), min_size=6, max_size=6), min_size=1, max_size=5))
def test_any_rows(rows: list[list[str]]) -> None:
    names = HEAD.strip().split(",")[:6]
    columns = {name: [row[at].replace("\0", "") for row in rows] for at, name in enumerate(names)}
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    survives(stream.getvalue(), "a.parquet")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_file_cut_anywhere(encoding: str) -> None:
    data = GOOD.encode(encoding)
    assert survives(data, "a.csv")
    accepted = [length for length in range(0, len(data) - 1, 19) if survives(data[:length], "a.csv")]
    # A cut can only be accepted where it leaves whole rows: the last cell may be shorter, never a row.
    for length in accepted:
        text = data[:length].decode(encoding)
        assert text.rstrip("\n").rsplit("\n", 1)[-1].count(",") in {6, 7}


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_flipped_bytes(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_table(read_table(GOOD.encode(), "items").table, path)
    good = path.read_bytes()
    chance = random.Random(7)
    for _ in range(40):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        survives(bytes(data), path.name)
    for length in range(0, len(good) - 1, max(len(good) // 20, 1)):
        assert not survives(good[:length], path.name)
