"""One question's view of the ledger: the snapshot, what is open in it, and answers kept from before.

What is open in all that was ever posted, up to a sealed number, is worked out once per process (the *floor*). A
question about a day lays over it what was posted since and takes out what counts later, so that neither a busy ledger
nor another day starts from nothing. A floor is never changed, only followed by the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.ageing import Basis
from huikuan.mirror.narrow import rows_naming
from huikuan.mirror.reader import Snapshot, open_snapshot, same_again
from huikuan.queries.ahead import followed, is_laying
from huikuan.queries.asking import current, once
from huikuan.queries.cache import answers
from huikuan.queries.few import is_among, without
from huikuan.queries.frame import Frame
from huikuan.queries.layers import Layers, numbers_of, rows_with
from huikuan.queries.open_rows import BOOK_VALUE, OPEN_ITEMS, OPEN_RECEIPTS, Counting, OpenRows, basis_day, ids
from huikuan.queries.patches import added, changed, moved, with_book_value, with_facts
from huikuan.store.models import CustomerAccount

_RELATIONS = re.compile(r"\b(?:FROM|JOIN)\s+(journal|items|receipts)\b")
NEXT_FLOOR = 5_000
"""Sealed entries above a floor before the next floor is laid."""
REMEMBERED = 20_000
"""So many facts of items that changed since the floor are remembered."""
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
class Standing:
    """What was open on a day of all that was posted up to a floor: ``table``, kept under ``key``, and where only a few
    postings of the floor count later, what taking them out changes (``later``, sums per row)."""

    table: Any
    key: Hashable
    floor: Floor
    later: Any = None

    @property
    def nbytes(self) -> int:
        return 0 if self.table is self.floor.table else int(self.table.nbytes)


@dataclass(frozen=True, slots=True)
class Opened:
    """What is open on a day, in layers; ``touched``: the items or receipts any of whose rows may have changed, all rows
    of which are in the upper layers."""

    layers: Layers
    touched: Any = None

    @property
    def nbytes(self) -> int:
        return self.layers.nbytes + (0 if self.touched is None else int(self.touched.nbytes))


class Facts:
    """Asks the snapshot in SQL. ``journal``, ``items``, ``receipts`` are there; ``open_items`` and ``open_receipts``
    after ``need`` was called for them. Use within ``read_facts``."""

    def __init__(self, snapshot: Snapshot, frame: Frame, basis: Basis) -> None:
        self.snapshot = snapshot
        self.frame = frame
        self.basis = basis
        self.counting = Counting(frame.as_of, basis)
        self.opened: dict[str, Opened] = {}
        self.given: set[str] = set()

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

    def few_mine(self, rows: Any) -> Any:
        """Of a few Arrow rows with ``entity_id`` and ``account_id``, those the frame shows: ``mine``."""
        seen = is_among(rows["entity_id"], self.frame.whole_ids)
        if self.frame.narrowed:
            seen = pc.or_(seen, pc.fill_null(is_among(rows["account_id"], self.reached["account_id"]), False))
        return rows.filter(seen)

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
        params, con = self._params(given), self._con(sql)
        return (con.sql(sql, params=params) if params else con.sql(sql)).to_arrow_table()

    def rows(self, sql: str, given: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The answer as rows. Few are meant: they do not go through Arrow, which plans a statement twice."""
        asked = self._con(sql).execute(sql, self._params(given) or None)
        columns = asked.description or []
        if any("TIME ZONE" in str(column[1]) for column in columns):
            asked.abort()  # instants come out of Arrow alone
            rows: list[dict[str, Any]] = self.table(sql, given).to_pylist()
            return rows
        names = [column[0] for column in columns]
        return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]

    def _con(self, sql: str) -> Any:
        """The connection, with the relations the statement reads from."""
        self.snapshot.relate(*_RELATIONS.findall(sql))
        return self.snapshot.bare

    def _params(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        params = {}
        for name, value in (given or {}).items():
            if hasattr(value, "schema"):
                self.give(name, value)
            else:
                params[name] = value
        return params

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
        self.snapshot.give(name, table)

    def view(self, name: str, sql: str) -> None:
        self.snapshot.given.pop(name, None)
        self._con(sql).execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")

    def kept(self, question: Hashable, make: Callable[[], Any]) -> Any:
        """An Arrow answer for this frame's day, basis and knowledge; made once and kept while there is room."""
        key = (self.snapshot.cache_key, self.frame.as_of, self.basis, question, is_laying())
        return answers.get_or_make(key, make)

    def need(self, *names: str) -> None:
        """Brings in ``open_items`` or ``open_receipts`` as of the frame's day."""
        for name in names:
            if name not in self.given:
                self.given.add(name)
                kind = OPEN_ITEMS if name == OPEN_ITEMS.name else OPEN_RECEIPTS
                self._give_open(kind, self.open(kind))

    def need_items_of(self, account_ids: Sequence[int]) -> None:
        """Brings in ``open_items`` with the items of some accounts alone."""
        self._give_rows(OPEN_ITEMS, self.open_of(OPEN_ITEMS, account_ids))

    def need_rows(self, item_ids: Sequence[int]) -> None:
        """Brings in ``open_items`` with these items alone."""
        self._give_rows(OPEN_ITEMS, self.near(OPEN_ITEMS, "item_id", item_ids))

    def open_of(self, kind: OpenRows, account_ids: Sequence[int]) -> Any:
        """The open rows of some accounts, found by an index. Where nothing is kept yet, they are worked out from these
        accounts' postings."""

        def find() -> Any:
            if answers.get(("floor", self.snapshot.ledger, OPEN_ITEMS.name)) is None and not self.opened:
                return self._from_postings(kind, account_ids)
            return self.near(kind, "account_id", account_ids)

        state = (self.snapshot.cache_key, self.frame.as_of, self.basis)
        return once(("open of", *state, kind.name, tuple(account_ids)), find)

    def near(self, kind: OpenRows, column: str, numbers: Sequence[int]) -> Any:
        """Open rows with one of the numbers in a column, found by an index."""
        opened = self.open(kind)
        layers = opened.layers
        rows = rows_with(layers.base, layers.key, column, numbers)
        if opened.touched is not None:
            fresh = layers.fresh.filter(is_among(layers.fresh[column], numbers))
            rows = pa.concat_tables([without(rows, kind.number, opened.touched), fresh])
        return with_book_value(rows)

    def _from_postings(self, kind: OpenRows, account_ids: Sequence[int]) -> Any:
        journal = self.naming("journal", "account_id", account_ids)
        self.give("near_journal", journal)
        self.give("near_named", self.naming(kind.relation, kind.number, numbers_of(journal[kind.number].drop_null())))
        rows = kind.with_facts(kind.sums(self.counting.counts, "near_journal"), "near_named")
        return self.table(f"SELECT *, {BOOK_VALUE} FROM ({rows})")

    def _give_rows(self, kind: OpenRows, rows: Any) -> None:
        self.give(f"{kind.name}_near", rows)
        self.view(kind.name, f"SELECT * FROM {kind.name}_near")

    def open(self, kind: OpenRows) -> Opened:
        """What is open as of the frame's day, in layers."""
        if kind.name not in self.opened:
            self.opened[kind.name] = self.kept(kind.name, lambda: self._open(kind))
        return self.opened[kind.name]

    def _give_open(self, kind: OpenRows, opened: Opened) -> None:
        name = kind.name
        self.give(f"{name}_kept", opened.layers.base)
        rows = f"SELECT * FROM {name}_kept"
        if opened.touched is not None:
            self.give(f"{name}_gone", opened.layers.gone)
            self.give(f"{name}_fresh", opened.layers.fresh)
            rows = f"{rows} ANTI JOIN {name}_gone USING ({kind.number}) UNION ALL BY NAME SELECT * FROM {name}_fresh"
        self.view(name, f"SELECT *, {BOOK_VALUE} FROM ({rows})")

    def _open(self, kind: OpenRows) -> Opened:
        standing = self._standing(kind)
        parts = [standing.later] if standing.later is not None else []
        if self.reaches_above(standing.floor):
            journal = self.rows_above("journal", standing.floor.known_seq)
            parts.append(moved(kind, journal, basis_day(self.basis), self.frame.as_of))
        parts = [part for part in parts if part.num_rows]
        if not parts:
            return Opened(Layers(standing.table, standing.key))
        since = parts[0] if len(parts) == 1 else added(kind, pa.concat_tables(parts))
        touched = numbers_of(since[kind.number])
        gone = rows_with(standing.table, standing.key, kind.number, touched)
        fresh, new = changed(kind, gone, since)
        if new.num_rows:
            facts = self.facts_of(kind, numbers_of(new[kind.number]))
            fresh = pa.concat_tables([fresh, with_facts(kind, new, facts, gone.column_names).cast(fresh.schema)])
        return Opened(Layers(standing.table, standing.key, gone, fresh), touched)

    def facts_of(self, kind: OpenRows, numbers: Any) -> Any:
        """The items or receipts with these numbers: most came with the postings that are not in the floor, the others
        never change and are remembered."""
        snapshot, number = self.snapshot, kind.number
        found = snapshot.relations.tails[kind.relation]
        found = found.filter(is_among(found[number], numbers))
        missing = np.setdiff1d(numbers, numbers_of(found[number]))
        if not len(missing):
            return found
        key = ("facts of", snapshot.ledger, kind.name)
        seen = answers.get(key)
        if seen is not None:
            known = seen.filter(pc.less_equal(seen["ledger_seq"], snapshot.relations.in_files))
            known = known.filter(is_among(known[number], missing))
            found, missing = pa.concat_tables([found, known]), np.setdiff1d(missing, numbers_of(known[number]))
        if len(missing):
            came = self.naming(kind.relation, number, missing)
            found = pa.concat_tables([found, came])
            older = [seen] if seen is not None and seen.num_rows < REMEMBERED else []
            answers.put(key, pa.concat_tables([*older, came.filter(pc.is_valid(came["ledger_seq"]))]).combine_chunks())
        return found

    def _standing(self, kind: OpenRows) -> Standing:
        floor = self.open_floor(kind)
        key = ("standing", self.snapshot.ledger, kind.name, floor.known_seq, self.frame.as_of, self.basis)
        return answers.get_or_make(key, lambda: self._stand(kind, floor, key))

    def _stand(self, kind: OpenRows, floor: Floor, key: Hashable) -> Standing:
        below = self.below(floor)
        if self._mostly_later(floor):
            table = self.table(kind.with_facts(kind.sums(f"{below} AND {self.counting.counts}")))
            return Standing(table.combine_chunks(), key, floor)
        later = self.table(kind.changes([(f"{below} AND {self.counting.is_later}", -1)]))
        on_floor = ("standing", self.snapshot.ledger, kind.name, floor.known_seq)
        if later.num_rows <= LAID_OVER_MAX:
            return Standing(floor.table, on_floor, floor, later if later.num_rows else None)
        return Standing(self._follow(kind, floor.table, later), key, floor)

    def _mostly_later(self, floor: Floor) -> bool:
        """Most of the journal counts after the frame's day: adding up the rest is less work than taking that out."""
        if self.frame.as_of >= self.frame.today:
            return False
        sql = f"SELECT count(*) FILTER (WHERE {self.counting.is_later}) > count(*) / 2 AS most FROM journal"
        key = ("mostly later", self.snapshot.ledger, floor.known_seq, self.frame.as_of, self.basis)
        return bool(answers.get_or_make(key, lambda: self.table(f"{sql} WHERE {self.below(floor)}"))["most"][0].as_py())

    def rows_above(self, relation: str, seq: int) -> Any:
        """The rows of a relation that came after a sealed number: few, and in memory."""
        in_files, tail = self.snapshot.relations.in_files, self.snapshot.relations.tails[relation]
        if in_files <= seq:
            return tail.filter(pc.or_kleene(pc.is_null(tail["ledger_seq"]), pc.greater(tail["ledger_seq"], seq)))
        sql = f"SELECT * FROM {relation} WHERE ledger_seq > {seq} AND ledger_seq <= {in_files}"
        key = ("above", self.snapshot.ledger, relation, seq, in_files)
        return pa.concat_tables([answers.get_or_make(key, lambda: self.table(sql).cast(tail.schema)), tail])

    # -- floors ------------------------------------------------------------------------------------------------------
    def open_floor(self, kind: OpenRows) -> Floor:
        """What is open in everything ever posted up to a sealed number this snapshot knows."""
        return self.floor(
            kind.name,
            lambda sealed: self.table(kind.with_facts(kind.sums(sealed))).combine_chunks(),
            lambda kept, between: self._follow(kind, kept, self.table(kind.changes([(between, 1)]))),
        )

    def _follow(self, kind: OpenRows, kept: Any, since: Any) -> Any:
        changed = self.table(kind.changed(), {"kept": kept, "since": since})
        rows = kind.laid_over("kept", "since", "changed")
        return self.table(rows, {"kept": kept, "since": since, "changed": changed}).combine_chunks()

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
        if known - found.known_seq < NEXT_FLOOR:
            return found
        between = f"ledger_seq > {found.known_seq} AND ledger_seq <= {known}"
        return followed(newest, found, known - found.known_seq, lambda: Floor(known, follow(found.table, between)))

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
