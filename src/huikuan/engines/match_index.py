"""Numbers of documents, orders and contracts → the items they may mean: sorted columns of fingerprints, so that a
million items are ready in a second or two and processes share them without a copy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.engines.match_columns import core_column, fingerprints, flat, folded_column, plain_column
from huikuan.engines.match_columns import fingerprint as fingerprint_of

SHARED_MAX = 400
"""Items one number may lead to; more say nothing."""
NUMBER, CORE, ORDER, CONTRACT = range(4)
"""What a key is to an item: its number (or own id); the digits of that or a run of them; its order; its contract."""

Part = tuple[Any, Any, Any, int]
Hits = dict[int, list[int]]
"""What a key leads to: rising places by what it is to them."""
NONE: Hits = {}


class Keys:
    """Keys with the places they lead to. ``marks``: the fingerprint of a key with what it is to its place; ``places``:
    of each, one place; ``digits``: of each, how many of the key's characters are digits."""

    def __init__(self, marks: Any, places: Any, digits: Any) -> None:
        order = np.argsort(marks)
        marks, places = marks[order], places[order]
        fresh = np.ones(len(marks), dtype=bool)
        fresh[1:] = marks[1:] != marks[:-1]
        self.digits = digits[order[np.flatnonzero(fresh)]]
        """Of each different mark."""
        marks, starts, places = _share(marks, places, fresh)
        bits = max(len(self.digits).bit_length(), 1)
        self._shift = 64 - bits
        self.kinds = marks[starts[:-1]] & np.uint64(3)
        edges = np.searchsorted(marks[starts[:-1]], np.arange(1 << bits, dtype=np.uint64) << np.uint64(self._shift))
        self._marks = marks[starts[:-1]].data
        self._starts, self._places = starts.data, places.data
        self._edges = np.append(edges, len(starts) - 1).data

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Keys:
        """``parts``: keys (an Arrow array) or their fingerprints, places (a numpy array), how many digits each key has,
        what they are."""
        held = [(_marks(keys, kind), places, digits.astype(np.uint16)) for keys, places, digits, kind in parts]
        nothing = (np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint16))
        return cls(*(np.concatenate(column) for column in zip(*held, nothing, strict=True)))

    def rows(self) -> tuple[Any, Any, Any]:
        """Marks, places and digits as ``Keys`` takes them."""
        sizes = np.diff(self._starts)
        return np.repeat(self._marks, sizes), np.asarray(self._places), np.repeat(self.digits, sizes)

    def lengths(self) -> dict[int, int]:
        """How many different numbers have so many digits; those of orders and contracts are not among them."""
        told = np.bincount(self.digits[self.kinds < ORDER]).tolist()
        return {size: count for size, count in enumerate(told) if count}

    def __len__(self) -> int:
        return len(self._marks)

    def find(self, key: str) -> Hits:
        """Where a key leads; of the places that share it no more than ``SHARED_MAX`` and one."""
        mark = fingerprint_of(key) << 2
        bucket = mark >> self._shift
        found: Hits = NONE
        for at in range(self._edges[bucket], self._edges[bucket + 1]):
            kind = self._marks[at] - mark
            if 0 <= kind < 4:
                start, stop = self._starts[at], self._starts[at + 1]
                found = found or {}
                found[kind] = self._places[start : min(stop, start + SHARED_MAX + 1)].tolist()
        return found


def _marks(keys: Any, kind: int) -> Any:
    marks = keys if isinstance(keys, np.ndarray) else fingerprints(keys)
    return marks << np.uint64(2) | np.uint64(kind)


def _share(marks: Any, places: Any, fresh: Any) -> tuple[Any, Any, Any]:
    """Sorted marks with their places → marks, where each begins and the last ends, places: rising within a mark, each
    once."""
    several = ~fresh
    several[:-1] |= several[1:]
    shared = np.flatnonzero(several)
    if len(shared):
        places = places.copy()
        runs = np.cumsum(fresh)[shared]
        places[shared] = np.sort(runs << 32 | places[shared]) & (1 << 32) - 1
        kept = np.ones(len(marks), dtype=bool)
        kept[1:] = fresh[1:] | (places[1:] != places[:-1])
        marks, places, fresh = marks[kept], places[kept], fresh[kept]
    return marks, np.append(np.flatnonzero(fresh), len(marks)), places


def index_items(shown: Any, item_ids: Any, orders: Iterable[Part]) -> tuple[Keys, Any]:
    """Every item by its numbers, and the plain numbers of the documents with their digits. ``orders``: as of
    ``order_parts``."""
    plain = plain_column(shown)
    core, in_plain = core_column(plain)
    own = plain_column(item_ids)
    _, in_own = core_column(own)
    places, sizes = np.arange(len(plain)), pc.utf8_length(core)
    telling = pc.and_(pc.greater_equal(pc.utf8_length(own), 5), pa.array(in_own > 0))
    long = pc.greater_equal(sizes, 4)
    parts: list[Part] = []
    for keys, counts, mask, kind in (
        (plain, in_plain, pc.greater_equal(pc.utf8_length(plain), 3), NUMBER),
        (own, in_own, pc.and_(telling, pc.not_equal(own, plain)), NUMBER),
        (core, sizes.to_numpy(), pc.and_(long, pc.not_equal(core, plain)), CORE),
    ):
        mine, at = _where(keys, places, mask)
        parts.append((mine, at, counts[at], kind))
    runs, at = _runs(flat(shown), places, core, long)
    parts.append((runs, at, pc.utf8_length(runs).to_numpy(), CORE))
    return Keys.of([*parts, *orders]), (plain, core)


def _where(keys: Any, places: Any, mask: Any) -> tuple[Any, Any]:
    return keys.filter(mask), places[mask.to_numpy(zero_copy_only=False)]


def _runs(shown: Any, places: Any, cores: Any, long: Any) -> tuple[Any, Any]:
    """Runs of four and more digits that are not all the digits of their number, nor a year."""
    apart = pc.and_(long, pc.match_substring_regex(shown, "[0-9][^0-9]+[0-9]"))
    shown, places = _where(shown, places, apart)
    split = pc.split_pattern_regex(shown, "[^0-9]+")
    runs, at = split.flatten(), pc.list_parent_indices(split).to_numpy(zero_copy_only=False)
    told = pc.greater_equal(pc.utf8_length(runs), 4)
    runs, at = runs.filter(told), at[told.to_numpy(zero_copy_only=False)]
    bare = pc.ascii_ltrim(runs, "0")
    kept = pc.and_(pc.greater_equal(pc.utf8_length(bare), 4), pc.not_equal(bare, cores.filter(apart).take(at)))
    kept = pc.and_(kept, pc.invert(pc.match_substring_regex(runs, "^(19|20)[0-9][0-9]$")))
    return _where(bare, places[at], kept)


def order_parts(names: Any, codes: Any, kind: int) -> list[Part]:
    """By the numbers of orders or contracts (``names``, and which of them each item's is: -1 for none), and by their
    digits."""
    if not len(names):
        return []
    plain = plain_column(names)
    core, digits = core_column(plain)
    told = pc.and_(pc.greater_equal(pc.utf8_length(plain), 4), pa.array(digits > 0))
    bare = pc.and_(told, pc.and_(pc.not_equal(core, plain), pc.greater_equal(pc.utf8_length(core), 5)))
    places = np.flatnonzero(codes >= 0)
    codes, parts = codes[places], []
    for keys, mask in ((plain, told), (core, bare)):
        mine = mask.to_numpy(zero_copy_only=False)[codes]
        parts.append((fingerprints(keys)[codes[mine]], places[mine], np.zeros(len(places[mine])), kind))
    return parts


def folded_keys(plain: Any) -> Keys:
    """Numbers of five and more characters with letters read as the digits they look like, where that changes them."""
    folded, changed = folded_column(plain)
    mask = pc.and_(pa.array(changed), pc.greater_equal(pc.utf8_length(plain), 5))
    return _numbers(*_where(folded, np.arange(len(plain)), mask))


def tail_keys(core: Any) -> Keys:
    """The last ten digits of numbers longer than that."""
    tails, places = _where(core, np.arange(len(core)), pc.greater(pc.utf8_length(core), 10))
    return _numbers(pc.ascii_ltrim(pc.utf8_slice_codeunits(tails, -10), "0"), places)


def _numbers(keys: Any, places: Any) -> Keys:
    return Keys.of([(keys, places, np.zeros(len(places)), NUMBER)])
