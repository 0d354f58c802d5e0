"""A damaged .xls is refused before a library follows its chains of sectors for ever."""

from __future__ import annotations

import struct

import pytest

from huikuan.bank.ole import is_sound
from huikuan.bank.reading import read_statements
from huikuan.bank.statement import BadStatement

pytestmark = pytest.mark.practice("E2")

END, FREE, TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
SECTOR = 512


def container(
    fat: dict[int, int], *, directory: int = 1, difat: int = END, length: int = 5_000, start: int = 2
) -> bytes:
    """A header, the table (sector 0), the directory (1) and ten sectors of one stream. ``fat``: what follows which,
    where it differs from a sound file."""
    header = bytearray(SECTOR)
    header[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIII", header, 44, 1, directory, 0, 4096, END, 0, difat, 0, 0)
    struct.pack_into("<109I", header, 76, 0, *[FREE] * 108)
    following = {0: TABLE, 1: END} | {at: at + 1 for at in range(2, 11)} | {11: END} | fat
    table = struct.pack("<128I", *(following.get(at, FREE) for at in range(128)))
    entries = bytearray(SECTOR)
    for place, (kind, first, size) in enumerate(((5, END, 0), (2, start, length))):
        entries[place * 128 + 66] = kind
        struct.pack_into("<II", entries, place * 128 + 116, first, size)
    return bytes(header + table + entries) + bytes(SECTOR * 10)


def test_a_sound_container_is_sound() -> None:
    assert is_sound(container({}))


@pytest.mark.parametrize(
    "data",
    [
        container({11: 2}),
        container({1: 1}),
        container({}, start=900),
        container({}, directory=900),
        container({127: 0}, difat=0),
        container({}, length=1 << 30),
        container({})[:700],
    ],
    ids=["stream", "directory", "no such sector", "no directory", "list of tables", "too long", "cut off"],
)
def test_chains_without_an_end_are_refused(data: bytes) -> None:
    assert not is_sound(data)
    with pytest.raises(BadStatement) as refused:
        read_statements(data, "x.xls")
    assert [error.code for error in refused.value.errors] == ["file.broken"]
