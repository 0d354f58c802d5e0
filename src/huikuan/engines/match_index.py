"""Numbers of documents, orders and contracts → the items they may mean: worked out for whole columns at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.engines.match_text import FOLDED, plain_number

SHARED_MAX = 400
"""Items one number may lead to; more say nothing."""

Keys = dict[str, Any]
"""A key leads to one place, or to the rising places that share it."""


def plain_column(column: Any) -> Any:
    """``plain_number`` of every row; nulls are empty."""
    text = pc.fill_null(_flat(column), "")
    plain = pc.replace_substring_regex(pc.ascii_upper(text), "[^A-Z0-9]+", "")
    ascii_only = pc.string_is_ascii(text)
    if not pc.all(ascii_only, min_count=0).as_py():
        other = pc.invert(ascii_only)
        mended = pa.array([plain_number(one) for one in text.filter(other).to_pylist()], pa.string())
        plain = pc.replace_with_mask(plain, other, mended)
    return plain


def core_column(plain: Any) -> Any:
    """``digits_of`` of every plain number."""
    return pc.ascii_ltrim(pc.replace_substring_regex(plain, "[^0-9]+", ""), "0")


def _flat(column: Any) -> Any:
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return flat.cast(pa.string()) if not pa.types.is_string(flat.type) else flat


def index_keys(parts: Iterable[tuple[Any, Any]]) -> tuple[Keys, Any]:
    """Pairs of keys (an Arrow array) and their places (a numpy array) → what each key leads to, and the keys."""
    held = list(parts)
    encoded = pa.concat_arrays([keys for keys, _ in held]).dictionary_encode()
    unique = encoded.dictionary
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    places = np.concatenate([one for _, one in held])
    counts = np.bincount(codes, minlength=len(unique))
    only = np.zeros(len(unique), dtype=np.int64)
    only[codes] = places
    names = unique.to_pylist()
    keys: Keys = dict(zip(names, only.tolist(), strict=True))
    _share(keys, names, codes, places, counts)
    return keys, unique


def _share(keys: Keys, names: list[str], codes: Any, places: Any, counts: Any) -> None:
    """Keys that several places have lead to all of them."""
    several = counts[codes] > 1
    codes, places = codes[several], places[several]
    order = np.lexsort((places, codes))
    codes, places = codes[order], places[order]
    fresh = np.ones(len(codes), dtype=bool)
    fresh[1:] = (codes[1:] != codes[:-1]) | (places[1:] != places[:-1])
    codes, places = codes[fresh], places[fresh]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    sizes = np.diff(np.append(starts, len(codes)))
    flat, stops = places.tolist(), starts + np.minimum(sizes, SHARED_MAX + 1)
    for code, start, stop in zip(codes[starts].tolist(), starts.tolist(), stops.tolist(), strict=True):
        keys[names[code]] = flat[start:stop] if stop - start > 1 else flat[start]


def number_keys(shown: Any, item_ids: Any, numbers: Any, cores: Any) -> tuple[Keys, Keys, dict[int, int]]:
    """By the number of a document (and an item's own id), by its digits and each longer run of them; and how many
    keys have so many digits."""
    places = np.arange(len(numbers))
    lengths, sizes = pc.utf8_length(numbers), pc.utf8_length(cores)
    own = plain_column(item_ids)
    telling = pc.and_(pc.greater_equal(pc.utf8_length(own), 5), pc.match_substring_regex(own, "[0-9]"))
    by_number, named = index_keys(
        [
            _where(numbers, places, pc.greater_equal(lengths, 3)),
            _where(own, places, pc.and_(telling, pc.not_equal(own, numbers))),
        ]
    )
    long = pc.greater_equal(sizes, 4)
    by_core, cored = index_keys(
        [
            _where(cores, places, pc.and_(long, pc.not_equal(cores, numbers))),
            _runs(_flat(shown), places, cores, long),
        ]
    )
    counts: dict[int, int] = {}
    for unique in (named, cored):
        digits = pc.utf8_length(pc.replace_substring_regex(unique, "[^0-9]+", "")).to_numpy(zero_copy_only=False)
        for size, count in enumerate(np.bincount(digits).tolist() if len(digits) else ()):
            if count:
                counts[size] = counts.get(size, 0) + count
    return by_number, by_core, counts


def _where(keys: Any, places: Any, mask: Any) -> tuple[Any, Any]:
    return keys.filter(mask), places[mask.to_numpy(zero_copy_only=False)]


def _runs(shown: Any, places: Any, cores: Any, long: Any) -> tuple[Any, Any]:
    """Runs of four and more digits that are not all the digits of their number, nor a year."""
    apart = pc.and_(long, pc.match_substring_regex(shown, "[0-9][^0-9]+[0-9]"))
    shown, places = _where(shown, places, apart)
    split = pc.split_pattern_regex(shown, "[^0-9]+")
    runs, at = split.flatten(), pc.list_parent_indices(split).to_numpy(zero_copy_only=False)
    bare = pc.ascii_ltrim(runs, "0")
    kept = pc.and_(pc.greater_equal(pc.utf8_length(bare), 4), pc.not_equal(bare, cores.filter(apart).take(at)))
    kept = pc.and_(kept, pc.invert(pc.match_substring_regex(runs, "^(19|20)[0-9][0-9]$")))
    return _where(bare, places[at], kept)


def order_keys(column: Any) -> Keys:
    """By the number of an order or a contract, and by its digits."""
    flat = _flat(column)
    if flat.null_count == len(flat):
        return {}
    encoded = flat.dictionary_encode()
    plain = plain_column(encoded.dictionary)
    cores = core_column(plain)
    told = pc.and_(pc.greater_equal(pc.utf8_length(plain), 4), pc.match_substring_regex(plain, "[0-9]"))
    bare = pc.and_(told, pc.and_(pc.not_equal(cores, plain), pc.greater_equal(pc.utf8_length(cores), 5)))
    places = np.nonzero(flat.is_valid().to_numpy(zero_copy_only=False))[0]
    codes = encoded.indices.drop_null()
    parts = []
    for keys, mask in ((plain, told), (cores, bare)):
        parts.append(_where(keys.take(codes), places, mask.take(codes)))
    return index_keys(parts)[0]


def folded_keys(numbers: list[str]) -> Keys:
    """Numbers of five and more characters with letters read as the digits they look like, where that changes them."""
    folded = "\n".join(numbers).translate(FOLDED).split("\n") if numbers else []
    kept = [
        (key, at)
        for at, (key, number) in enumerate(zip(folded, numbers, strict=True))
        if key != number and len(key) >= 5
    ]
    return index_keys([_pairs(kept)])[0]


def tail_keys(cores: list[str]) -> Keys:
    """The last ten digits of numbers longer than that."""
    return index_keys([_pairs([(core[-10:].lstrip("0"), at) for at, core in enumerate(cores) if len(core) > 10])])[0]


def _pairs(kept: list[tuple[str, int]]) -> tuple[Any, Any]:
    return pa.array([key for key, _ in kept], pa.string()), np.asarray([at for _, at in kept], dtype=np.int64)


def places_of(held: Any) -> list[int]:
    """What a key leads to, as a list."""
    if held is None:
        return []
    return [held] if isinstance(held, int) else list(held)
