"""Whole columns of texts at once, byte by byte: plain numbers, digits, what eyes take letters for, fingerprints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.engines.match_text import FOLDED, plain_number

PRIMES = (2_071_723_301, 1_913_931_139)
"""What fingerprints are remainders by: two primes below 2**31."""
_WIDTHS = np.asarray([(1 << 8 * size) - 1 for size in range(8)] + [(1 << 64) - 1], dtype=np.uint64)
"""By a number of bytes the mask that keeps so many of a word."""
_PLAIN, _DIGIT, _FOLD = (np.zeros(256, dtype=np.uint8) for _ in range(3))
"""By a byte: its letter or digit in upper case, else 0; 1 for a digit; what it is taken for."""
for _byte in range(128):
    _char = chr(_byte).upper()
    _PLAIN[_byte] = ord(_char) if _char.isalnum() else 0
    _DIGIT[_byte] = _char.isdigit()
    _FOLD[_byte] = ord(chr(_byte).translate(FOLDED))


@dataclass(frozen=True, slots=True)
class Bytes:
    """A column of texts: the bytes of all, and where each begins (one more: where the last ends)."""

    data: Any
    starts: Any

    @property
    def lengths(self) -> Any:
        return np.diff(self.starts)

    def kept(self, mask: Any) -> Bytes:
        """Without the bytes that the mask leaves out."""
        return self if mask.all() else Bytes(self.data[mask], _running(mask)[self.starts])

    def counted(self, mask: Any) -> Any:
        """How many bytes of each text the mask holds."""
        return np.diff(_running(mask)[self.starts])

    def array(self) -> Any:
        """The column as Arrow has it."""
        starts = pa.py_buffer(self.starts.astype(np.int32))
        data = pa.py_buffer(np.ascontiguousarray(self.data))
        return pa.StringArray.from_buffers(len(self.starts) - 1, starts, data)


def flat(column: Any) -> Any:
    """A column of texts in one piece."""
    one = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return one.cast(pa.string()) if not pa.types.is_string(one.type) else one


def bytes_of(array: Any) -> Bytes:
    """The bytes of an array of texts; nulls have none."""
    if array.null_count:
        array = pc.fill_null(array, "")
    starts = np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    if not len(starts):
        starts = np.zeros(1, dtype=np.int32)
    held = array.buffers()[2]
    data = np.frombuffer(held, dtype=np.uint8) if held is not None and held.size else np.zeros(0, dtype=np.uint8)
    return Bytes(data[starts[0] : starts[-1]], starts.astype(np.int64) - int(starts[0]))


def plain_column(column: Any) -> Any:
    """``plain_number`` of every row; nulls are empty."""
    text = pc.fill_null(flat(column), "")
    held = bytes_of(text)
    upper = _PLAIN[held.data]
    plain = Bytes(upper, held.starts).kept(upper > 0).array()
    if (held.data > 127).any():
        mask = pa.array(held.counted(held.data > 127) > 0)
        mended = pa.array([plain_number(one) for one in text.filter(mask).to_pylist()], pa.string())
        plain = pc.replace_with_mask(plain, mask, mended)
    return plain


def core_column(plain: Any) -> tuple[Any, Any]:
    """``digits_of`` of every plain number, and how many digits it has."""
    held = bytes_of(plain)
    digits = held.kept(_DIGIT[held.data] > 0)
    return pc.ascii_ltrim(digits.array(), "0"), digits.lengths


def folded_column(plain: Any) -> tuple[Any, Any]:
    """Plain numbers with letters read as the digits they look like, and which of them that changes."""
    held = bytes_of(plain)
    folded = _FOLD[held.data]
    return Bytes(folded, held.starts).array(), held.counted(folded != held.data) > 0


def fingerprints(keys: Any) -> Any:
    """``fingerprint`` of every text of an array."""
    held = bytes_of(keys)
    padded = np.concatenate([held.data, np.zeros(8, dtype=np.uint8)])
    words = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))
    starts, lengths = held.starts[:-1], held.lengths
    sums = [np.zeros(len(lengths), dtype=np.uint64) for _ in PRIMES]
    some = np.arange(len(lengths))
    for at in range(0, int(lengths.max(initial=0)), 8):
        some = some[lengths[some] > at]
        word = words[starts[some] + at] & _WIDTHS[np.minimum(lengths[some] - at, 8)]
        for sum_, prime in zip(sums, PRIMES, strict=True):
            sum_[some] += word % np.uint64(prime) * np.uint64(pow(2, 8 * at, prime)) % np.uint64(prime)
    first, second = (sum_ % np.uint64(prime) for sum_, prime in zip(sums, PRIMES, strict=True))
    return first << np.uint64(31) | second


def fingerprint(key: str) -> int:
    """62 bits that tell a text from others: its bytes, read as one number, by two primes. (Among four million numbers
    two share one once in half a million books.)"""
    number = int.from_bytes(key.encode(), "little")
    return (number % PRIMES[0]) << 31 | number % PRIMES[1]


def _running(mask: Any) -> Any:
    """How many of a mask are set before each place."""
    sums = np.zeros(len(mask) + 1, dtype=np.int32)
    np.cumsum(mask, out=sums[1:], dtype=np.int32)
    return sums
