"""Customers that may be one: pairs by likeness with a score and reasons, and the merges made so far."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db.models import Count, Max

from huikuan.engines.likeness import Candidate, Pair, find_pairs
from huikuan.queries.cache import answers
from huikuan.queries.directory import accounts_version, actors_of, database_key, external_ids_of
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.store.models import (
    Customer,
    CustomerAccount,
    CustomerAlias,
    CustomerChange,
    CustomerMerge,
    CustomerPayerAccount,
    DistinctCustomers,
)
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class Twin:
    """One side of a pair."""

    id: int
    public_id: str
    name: str
    registration_number: str
    country: str
    external_ids: list[str]
    entities: list[str]


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two customers that may be one. ``score``: 0 to 100; ``reasons``: registration, payer_account, name."""

    first: Twin
    second: Twin
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A merge as the survivor's page shows it."""

    id: int
    public_id: str
    merged_name: str
    survivor_name: str
    survivor_public_id: str
    reason: str
    accounts: int
    at: datetime
    actor: str
    undone_at: datetime | None
    undone_by: str


@dataclass(frozen=True, slots=True)
class _Kept:
    version: tuple[Any, ...]
    pairs: tuple[Pair, ...]

    @property
    def nbytes(self) -> int:
        return 200 * len(self.pairs)


def duplicate_page(frame: Frame, *, page: int = 1, size: int = 50, customer: str = "") -> Page[PairRow]:
    """Pairs of customers the frame shows, the surest first; of one customer (opaque id) only, where it is given. What a
    person said are two is not among them."""
    seen = set(CustomerAccount.objects.filter(frame.visible("")).values_list("customer_id", flat=True))
    apart = set(DistinctCustomers.objects.values_list("first_id", "second_id"))
    wanted = inner_id("cus", customer) if customer else None
    pairs = [
        pair
        for pair in _pairs()
        if pair.first in seen
        and pair.second in seen
        and (pair.first, pair.second) not in apart
        and (not customer or wanted in (pair.first, pair.second))
    ]
    shown = pairs[(page - 1) * size : page * size]
    twins = twins_of(frame, {number for pair in shown for number in (pair.first, pair.second)})
    rows = [PairRow(twins[pair.first], twins[pair.second], pair.score, pair.reasons) for pair in shown]
    return Page(rows=rows, total=len(pairs), page=page, size=size)


AT_ONCE_MAX = 5_000
"""Among so many customers pairs are looked for while the person waits; among more it takes the interpreter seconds, in
which nobody else's page would come: the scheduler does it, and keeps the pairs in a file for every process."""


def _pairs() -> tuple[Pair, ...]:
    """Of few customers as they are now; of very many as they were when the scheduler last looked."""
    version = _version()
    if version[0] > AT_ONCE_MAX and (found := _found_before()) is not None:
        return found.pairs
    return _find(version).pairs


def keep_found() -> int | None:
    """Looks for pairs among very many customers, if any changed since the last time; gives how many were found."""
    version = _version()
    if version[0] <= AT_ONCE_MAX:
        return None
    before = _found_before()
    return None if before is not None and before.version == version else len(_find(version).pairs)


def _find(version: tuple[Any, ...]) -> _Kept:
    found: _Kept = answers.get_or_make(
        ("duplicates", database_key(), version), lambda: _Kept(version, tuple(find_pairs(_candidates())))
    )
    if version[0] > AT_ONCE_MAX:
        _write(found)
    return found


def _file() -> Path:
    return Path(settings.HUIKUAN_HOME) / "kept" / "duplicates.json"


def _write(found: _Kept) -> None:
    path = _file()
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{uuid4().hex}")
    pairs = [(pair.first, pair.second, pair.score, pair.reasons) for pair in found.pairs]
    draft.write_text(json.dumps([database_key(), found.version, pairs]))
    draft.replace(path)


def _found_before() -> _Kept | None:
    """The pairs in the file; ``None`` where there are none of this database."""
    try:
        written = _file().stat().st_mtime_ns
        return answers.get_or_make(("duplicates", database_key(), "file", written), _read)
    except (OSError, ValueError):
        return None


def _read() -> _Kept:
    database, version, pairs = json.loads(_file().read_text())
    if tuple(database) != database_key():
        raise ValueError("of another database")
    return _Kept(tuple(version), tuple(Pair(one, two, score, tuple(why)) for one, two, score, why in pairs))


def _version() -> tuple[Any, ...]:
    return (
        *accounts_version(),
        CustomerChange.objects.aggregate(last=Max("id"))["last"],
        *CustomerAlias.objects.aggregate(count=Count("id"), last=Max("id")).values(),
        *CustomerPayerAccount.objects.aggregate(count=Count("id"), last=Max("id")).values(),
    )


def _candidates() -> list[Candidate]:
    names: dict[int, list[str]] = {}
    numbers: dict[int, str] = {}
    pinyins: dict[int, tuple[str, ...]] = {}
    rows = Customer.objects.filter(merged_into__isnull=True)
    columns = rows.values_list("id", "name", "registration_number", "search_text")
    for number, name, registration, search_text in columns.iterator(chunk_size=20_000):
        names[number], numbers[number] = [name], registration
        pinyins[number] = _pinyins_of(search_text)
    for number, name in CustomerAlias.objects.values_list("customer_id", "name").iterator(chunk_size=20_000):
        if number in names:
            names[number].append(name)
    payers: dict[int, set[str]] = defaultdict(set)
    for number, text in CustomerPayerAccount.objects.values_list("customer_id", "number").iterator(chunk_size=20_000):
        payers[number].add(text)
    return [
        Candidate(number, tuple(found), numbers[number], frozenset(payers.get(number, ())), pinyins[number])
        for number, found in names.items()
    ]


def _pinyins_of(search_text: str) -> tuple[str, ...]:
    """A Chinese name's search line is "name pinyin initials", another's the name; both are good to compare by."""
    lines = []
    for line in search_text.split("\n"):
        words = line.rsplit(" ", 2)
        lines.append(words[1] if len(words) == 3 and not words[0].isascii() else line.replace(" ", ""))
    return tuple(lines)


def twins_of(frame: Frame, customer_ids: set[int]) -> dict[int, Twin]:
    """Customers as two columns of a comparison show them."""
    wanted = sorted(customer_ids)
    refs = external_ids_of(frame, wanted)
    entities: dict[int, list[str]] = defaultdict(list)
    mine = CustomerAccount.objects.filter(frame.visible(""), customer__in=wanted).order_by("entity__code")
    for number, name in mine.values_list("customer_id", "entity__name"):
        if name not in entities[number]:
            entities[number].append(name)
    return {
        one.id: Twin(
            id=one.id,
            public_id=public_id("cus", one.id),
            name=one.name,
            registration_number=one.registration_number,
            country=one.country,
            external_ids=refs.get(one.id, []),
            entities=entities[one.id],
        )
        for one in Customer.objects.filter(id__in=wanted)
    }


def merges_into(customer_ids: list[int]) -> list[MergeRow]:
    """The merges into these customers, newest first, undone ones too."""
    found = list(
        CustomerMerge.objects.filter(survivor__in=customer_ids).select_related("merged", "survivor").order_by("-id")
    )
    people = actors_of({one.actor_id for one in found} | {one.undone_by_id for one in found})
    return [
        MergeRow(
            id=one.id,
            public_id=public_id("mrg", one.id),
            merged_name=one.merged.name,
            survivor_name=one.survivor.name,
            survivor_public_id=public_id("cus", one.survivor_id),
            reason=one.reason,
            accounts=len(one.accounts),
            at=one.at,
            actor=people.get(one.actor_id, ""),
            undone_at=one.undone_at,
            undone_by=people.get(one.undone_by_id, ""),
        )
        for one in found
    ]
