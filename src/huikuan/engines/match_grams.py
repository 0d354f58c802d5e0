"""Pieces of names and the names that share them: which of many names are worth comparing with one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

GRAM_MAX = 4000
"""A piece of a name that more names share is not looked at."""
LISTS_MAX = 24
"""The rarest pieces of a name that are looked at."""
HAN = re.compile(r"[\u3400-\u9fff]")
_BITS = np.uint64(21)


class Grams:
    """Pairs of Chinese characters and triples of Latin ones, with the names that hold them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.count = len(keys)
        marks, places = _pieces(keys)
        order = np.argsort(marks, kind="stable")
        marks, places = marks[order], places[order]
        once = np.ones(len(marks), dtype=bool)
        once[1:] = (marks[1:] != marks[:-1]) | (places[1:] != places[:-1])
        marks, self._places = marks[once], places[once]
        self._marks, starts = np.unique(marks, return_index=True)
        self._starts = np.append(starts, len(marks)).tolist()

    def nearest(self, key: str, most: int) -> list[int]:
        """Places of the names that share the rarest pieces with a key, the likest first; equal ones in their order."""
        marks = _marks_of(key)
        found = self._marks.searchsorted(np.asarray(marks, dtype=np.uint64))
        lists = []
        for at, mark in zip(found.tolist(), marks, strict=True):
            if at < len(self._marks) and int(self._marks[at]) == mark:
                start, stop = self._starts[at], self._starts[at + 1]
                if stop - start <= GRAM_MAX:
                    lists.append(self._places[start:stop])
        if not lists:
            return []
        lists = sorted(lists, key=len)[:LISTS_MAX]
        weights = np.repeat([1.0 / np.log(2.0 + len(one)) for one in lists], [len(one) for one in lists])
        scores = np.bincount(np.concatenate(lists), weights, self.count)
        some = np.flatnonzero(scores)
        if len(some) > most:
            some = some[scores[some] >= np.partition(scores[some], -most)[-most]]
        return list(some[np.argsort(-scores[some], kind="stable")[:most]].tolist())


def _marks_of(key: str) -> list[int]:
    """The pieces of one key as numbers (``_pieces``), rising, each once."""
    size, bits, marks = 2 if HAN.search(key) else 3, int(_BITS), set()
    for at in range(max(len(key) - size + 1, 1)):
        first, second, third = (*map(ord, key[at : at + size]), 0, 0, 0)[:3]
        marks.add((first << bits | second) << bits | third)
    return sorted(marks)


def _pieces(keys: Sequence[str]) -> tuple[Any, Any]:
    """Every piece of every key as a number, and which key it is of. A key shorter than a piece is one."""
    lengths = np.asarray([len(key) for key in keys], dtype=np.int64)
    sizes = np.asarray([2 if HAN.search(key) else 3 for key in keys], dtype=np.int64)
    text = np.frombuffer("".join(keys).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    text = np.append(text, np.zeros(2, dtype=np.uint64))
    counts = np.maximum(lengths - sizes + 1, 1)
    places = np.repeat(np.arange(len(keys)), counts)
    inside = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    start = (np.cumsum(lengths) - lengths)[places] + inside
    left = np.minimum(lengths, sizes)[places]
    marks = np.zeros(len(places), dtype=np.uint64)
    for at in range(3):
        marks = marks << _BITS | np.where(left > at, text[np.minimum(start + at, len(text) - 1)], np.uint64(0))
    return marks, places
