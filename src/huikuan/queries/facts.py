"""One question's view of the ledger: the snapshot, what is open in it, and answers kept from before.

What is open in all that was ever posted, up to a sealed number, is worked out once per process (the *floor*). A
question about a day lays over it what was posted since and takes out what counts later, so that neither a busy ledger
nor another day starts from nothing. A floor is never changed, only followed by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import pyarrow as pa

from huikuan.core.ageing import Basis
from huikuan.mirror.narrow import rows_naming
from huikuan.mirror.reader import Snapshot, open_snapshot, same_again
from huikuan.queries.asking import current, once
from huikuan.queries.cache import answers
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import BOOK_VALUE, OPEN_ITEMS, OPEN_RECEIPTS, Counting, OpenRows, ids
from huikuan.store.models import CustomerAccount

NEXT_FLOOR = 5_000
"""Sealed entries above a floor before the next floor is laid."""
LAID_OVER_MAX = 2_000
"""So many changed rows are laid over the kept ones at every look; more are worth a copy."""


@dataclass(frozen=True, slots=True)
class Floor:
    """An answer that holds for everything up to a sealed number."""

    known_seq: int
    table: Any

    @property
    def nbytes(self) -> int:
        return int(self.table.nbytes)


@dataclass(frozen=True, slots=True)
class Opened:
    """What is open on a day: ``kept`` rows, and, where a few changed, the sums ``since`` and the ``changed`` rows.
    ``floor_seq``: the sealed number of the floor that ``kept`` is; ``None`` where it was worked out for this day."""

    kept: Any
    floor_seq: int | None
    since: Any = None
    changed: Any = None

    @property
    def nbytes(self) -> int:
        """Without the floor, which counts for itself."""
        own = [self.since, self.changed] if self.floor_seq is not None else [self.kept]
        return sum(int(table.nbytes) for table in own if table is not None)


class Facts:
    """Asks the snapshot in SQL. ``journal``, ``items``, ``receipts`` are there; ``open_items`` and ``open_receipts``
    after ``need`` was called for them. Use within ``read_facts``."""

    def __init__(self, snapshot: Snapshot, frame: Frame, basis: Basis) -> None:
        self.snapshot = snapshot
        self.frame = frame
        self.basis = basis
        self.counting = Counting(frame.as_of, basis)
        self.opened: dict[str, Opened] = {}

    @property
    def mine(self) -> str:
        """The predicate of what the frame shows, on rows with ``entity_id`` and ``account_id``."""
        return self.mine_of()

    def mine_of(self, alias: str = "") -> str:
        """``mine`` of a relation with an alias."""
        way, frame = f"{alias}." if alias else "", self.frame
        whole = f"{way}entity_id IN ({ids(frame.whole_ids)})"
        if not frame.narrowed:
            return whole
        self.give("reached", self.reached)
        return f"({whole} OR {way}account_id IN (SELECT account_id FROM reached))"

    def seen(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of a few rows with ``entity_id`` and ``account_id``, those the frame shows."""
        frame = self.frame
        if not frame.narrowed:
            return [row for row in rows if row["entity_id"] in frame.entity_ids]
        named = {(row["entity_id"], row["account_id"]) for row in rows}
        mine = {
            entity_id: frame.seen_among(entity_id, [account for other, account in named if other == entity_id])
            for entity_id, _ in frame.narrowed
        }
        whole = frame.whole_ids
        return [row for row in rows if row["entity_id"] in whole or row["account_id"] in mine.get(row["entity_id"], ())]

    @cached_property
    def reached(self) -> Any:
        """account_id of the accounts seen in the entities that are not seen whole; read anew for every question."""
        some = [entity_id for entity_id, _ in self.frame.narrowed]
        mine = CustomerAccount.objects.filter(self.frame.visible("", "entity_id"), entity_id__in=some)
        return pa.table({"account_id": pa.array(mine.order_by("id").values_list("id", flat=True), pa.int64())})

    @cached_property
    def scope(self) -> Hashable:
        """What the frame shows, for the key of a kept answer: nobody may be given what was worked out for another."""
        if not self.frame.narrowed:
            return self.frame.entity_ids
        numbers = self.reached["account_id"].combine_chunks().buffers()[1]
        return self.frame.whole_ids, sha256(numbers or b"").digest()

    def table(self, sql: str, given: Mapping[str, Any] | None = None) -> Any:
        """The answer to a query as an Arrow table. ``given``: Arrow tables by name, and ``$name`` parameters."""
        params = {}
        for name, value in (given or {}).items():
            if hasattr(value, "schema"):
                self.give(name, value)
            else:
                params[name] = value
        found = self.snapshot.con.sql(sql, params=params) if params else self.snapshot.con.sql(sql)
        return found.to_arrow_table()

    def rows(self, sql: str, given: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.table(sql, given).to_pylist()
        return found

    def naming(self, relation: str, column: str, numbers: Iterable[int]) -> Any:
        """The rows of a relation whose ``column`` is one of a few numbers, by the database's index and not by looking
        through the journal (see ``mirror.narrow``). Of any day: what counts, the question says."""
        return rows_naming(self.snapshot, relation, column, numbers)

    def legs(self, column: str, numbers: Iterable[int]) -> list[dict[str, Any]]:
        """``naming`` of the journal, in the ledger's order."""
        found: list[dict[str, Any]] = self.naming("journal", column, numbers).to_pylist()
        found.sort(key=lambda leg: (leg["ledger_seq"] is None, leg["ledger_seq"], leg["entry_id"], leg["line"]))
        return found

    def give(self, name: str, table: Any) -> None:
        """Makes an Arrow table a relation of this question."""
        self.snapshot.con.register(name, table)

    def view(self, name: str, sql: str) -> None:
        self.snapshot.con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")

    def kept(self, question: Hashable, make: Callable[[], Any]) -> Any:
        """An Arrow answer for this frame's day, basis and knowledge; made once and kept while there is room."""
        key = (self.snapshot.cache_key, self.frame.as_of, self.basis, question)
        return answers.get_or_make(key, make)

    def need(self, *names: str) -> None:
        """Brings in ``open_items`` or ``open_receipts`` as of the frame's day."""
        for name in names:
            if name not in self.opened:
                kind = OPEN_ITEMS if name == OPEN_ITEMS.name else OPEN_RECEIPTS
                self.opened[name] = self.kept(name, lambda kind=kind: self._open(kind))  # type: ignore[misc]
                self._give_open(kind, self.opened[name])

    def need_items_of(self, account_ids: Sequence[int]) -> None:
        """Brings in ``open_items``, of which only those of some accounts are looked at: before there is a floor, these
        alone are worked out."""
        if "open_items" in self.opened or answers.get(("floor", self.snapshot.ledger, "open_items")) is not None:
            self.need("open_items")
            return
        where = f"{self.counting.counts} AND account_id IN ({ids(account_ids)})"
        sql = OPEN_ITEMS.with_facts(OPEN_ITEMS.sums(where))
        rows = self.kept(("open_items_of", tuple(account_ids)), lambda: self.table(sql))
        self._give_open(OPEN_ITEMS, Opened(rows, None))

    def _give_open(self, kind: OpenRows, opened: Opened) -> None:
        name = kind.name
        self.give(f"{name}_kept", opened.kept)
        rows = f"SELECT * FROM {name}_kept"
        if opened.since is not None:
            self.give(f"{name}_since", opened.since)
            self.give(f"{name}_changed", opened.changed)
            rows = kind.laid_over(f"{name}_kept", f"{name}_since", f"{name}_changed")
        self.view(name, f"SELECT *, {BOOK_VALUE} FROM ({rows})")

    def _open(self, kind: OpenRows) -> Opened:
        if self._mostly_later():
            return Opened(self.table(kind.with_facts(kind.sums(self.counting.counts))), None)
        floor = self.open_floor(kind)
        parts = [(f"{self.below(floor)} AND {self.counting.is_later}", -1)]
        if self.reaches_above(floor):
            parts.append((f"{self.above(floor)} AND {self.counting.counts}", 1))
        since = self.table(kind.changes(parts))
        if not since.num_rows:
            return Opened(floor.table, floor.known_seq)
        changed = self.table(kind.changed(), {"kept": floor.table, "since": since})
        if since.num_rows <= LAID_OVER_MAX:
            return Opened(floor.table, floor.known_seq, since, changed)
        return Opened(self._lay_over(kind, floor.table, since, changed), None)

    def _lay_over(self, kind: OpenRows, kept: Any, since: Any, changed: Any) -> Any:
        given = {"kept": kept, "since": since, "changed": changed}
        return self.table(kind.laid_over("kept", "since", "changed"), given)

    def _mostly_later(self) -> bool:
        """Most of the journal counts after the frame's day: adding up the rest is less work than taking that out."""
        if self.frame.as_of >= self.frame.today:
            return False
        sql = f"SELECT count(*) FILTER (WHERE {self.counting.is_later}) > count(*) / 2 AS most FROM journal"
        return bool(self.kept("mostly_later", lambda: self.table(sql))["most"][0].as_py())

    # -- floors ------------------------------------------------------------------------------------------------------
    def open_floor(self, kind: OpenRows) -> Floor:
        """What is open in everything ever posted up to a sealed number this snapshot knows."""
        return self.floor(
            kind.name,
            lambda sealed: self.table(kind.with_facts(kind.sums(sealed))),
            lambda kept, between: self._follow(kind, kept, self.table(kind.changes([(between, 1)]))),
        )

    def _follow(self, kind: OpenRows, kept: Any, since: Any) -> Any:
        changed = self.table(kind.changed(), {"kept": kept, "since": since})
        return self._lay_over(kind, kept, since, changed)

    def floor(self, name: Hashable, make: Callable[[str], Any], follow: Callable[[Any, str], Any]) -> Floor:
        """The newest floor called ``name`` that this snapshot's knowledge reaches.

        ``make`` works it out from the postings (or facts) a predicate lets through; ``follow`` from an older one and
        those in between.
        """
        known, newest = self.snapshot.known_seq, ("floor", self.snapshot.ledger, name)
        found: Floor | None = answers.get(newest)
        if found is None or found.known_seq > known:
            # The past as it was known then is below the newest floor and gets its own.
            key = newest if found is None else (*newest, known)
            return answers.get_or_make(key, lambda: Floor(known, make(f"ledger_seq <= {known}")))
        if known - found.known_seq >= NEXT_FLOOR:
            between = f"ledger_seq > {found.known_seq} AND ledger_seq <= {known}"
            found = Floor(known, follow(found.table, between))
            answers.put(newest, found)
        return found

    def below(self, floor: Floor) -> str:
        return f"ledger_seq <= {floor.known_seq}"

    def above(self, floor: Floor) -> str:
        """The predicate of what came after a floor was laid."""
        return f"(ledger_seq > {floor.known_seq} OR ledger_seq IS NULL)"

    def reaches_above(self, floor: Floor) -> bool:
        return self.snapshot.unsealed or self.snapshot.known_seq > floor.known_seq


@contextmanager
def read_facts(frame: Frame, basis: Basis = "posting") -> Iterator[Facts]:
    """Everything asked inside is answered from one state of the ledger; inside ``asking``, everything the request
    asks."""
    mine = current()
    if mine is None:
        with open_snapshot(frame.known_on) as snapshot:
            yield Facts(snapshot, frame, basis)
        return
    key = ("snapshot", frame.known_on)
    snapshot = once(key, lambda: mine.closing.enter_context(open_snapshot(frame.known_on)))
    if key in mine.busy:
        # A question inside a question has relations of its own.
        with same_again(snapshot) as another:
            yield Facts(another, frame, basis)
        return
    mine.busy.add(key)
    try:
        yield Facts(snapshot, frame, basis)
    finally:
        mine.busy.discard(key)
