"""One question's view of the ledger: the snapshot, what is open in it, and answers kept from before.

What is open as of a day is worked out once per process and sealed sequence number; postings made since are laid over
it, so that a busy ledger does not start from nothing on every page.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from huikuan.core.ageing import Basis
from huikuan.mirror.reader import Snapshot, open_snapshot
from huikuan.queries import open_rows
from huikuan.queries.cache import answers
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import Counting

LAID_OVER_MAX = 50_000
"""From this many sealed entries since the kept answer, working it out anew is as quick."""


class Facts:
    """Asks the snapshot in SQL. ``journal``, ``items``, ``receipts`` are there; ``open_items`` and ``open_receipts``
    after ``need`` was called for them. Use within ``read_facts``."""

    def __init__(self, snapshot: Snapshot, frame: Frame, basis: Basis) -> None:
        self.snapshot = snapshot
        self.frame = frame
        self.basis = basis
        self.counting = Counting(frame.as_of, basis)
        self._there: set[str] = set()

    @property
    def ledger(self) -> Hashable:
        """Which ledger this is, however far it reaches."""
        return self.snapshot.ledger

    @property
    def mine(self) -> str:
        """The predicate of what belongs to the frame's entities."""
        return f"entity_id IN ({open_rows.ids(self.frame.entity_ids)})"

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

    def give(self, name: str, table: Any) -> None:
        """Makes an Arrow table a relation of this question."""
        self.snapshot.con.register(name, table)

    def kept(self, question: Hashable, make: Callable[[], Any]) -> Any:
        """An Arrow answer for this frame's day, basis and knowledge; made once and kept while there is room."""
        key = (self.snapshot.cache_key, self.frame.as_of, self.basis, question)
        return answers.get_or_make(key, make)

    def kept_for_any_day(self, question: Hashable, make: Callable[[], Any]) -> Any:
        """An Arrow answer that does not depend on the frame's day."""
        return answers.get_or_make((self.snapshot.cache_key, self.basis, question), make)

    def need(self, *names: str) -> None:
        """Brings in ``open_items`` or ``open_receipts``."""
        for name in names:
            if name not in self._there:
                self.give(name, self.kept(name, lambda name=name: self._open(name)))  # type: ignore[misc]
                self._there.add(name)

    def _open(self, name: str) -> Any:
        fresh, since, merged = {
            "open_items": (open_rows.open_items_sql, open_rows.item_sums, open_rows.merged_items_sql),
            "open_receipts": (open_rows.open_receipts_sql, open_rows.open_receipts_sql, open_rows.merged_receipts_sql),
        }[name]
        return self.grown(
            (name, self.frame.as_of),
            lambda only: self.table(fresh(replace(self.counting, only=only))),
            lambda after: self.table(since(replace(self.counting, after=after))),
            lambda kept, later: self.table(merged(), {"kept": kept, "since": later}),
        )

    def grown(
        self,
        question: Hashable,
        make: Callable[[str], Any],
        make_since: Callable[[int], Any],
        merge: Callable[[Any, Any], Any],
    ) -> Any:
        """An answer that grows with the ledger: what is kept up to a sealed number, and what came after it laid over.

        ``make`` takes a predicate of the postings to count, ``make_since`` the number to go on from.
        """
        key = ("base", self.ledger, self.basis, question)
        known = self.snapshot.known_seq
        kept: Base | None = answers.get(key)
        if kept is None or not kept.known_seq <= known <= kept.known_seq + LAID_OVER_MAX:
            base = Base(known, make("ledger_seq IS NOT NULL" if self.snapshot.unsealed else ""))
            if kept is None or kept.known_seq < known:
                answers.put(key, base)
            if not self.snapshot.unsealed:
                return base.table
            kept = base
        elif kept.known_seq == known and not self.snapshot.unsealed:
            return kept.table
        since = make_since(kept.known_seq)
        return merge(kept.table, since) if since.num_rows else kept.table


@dataclass(frozen=True, slots=True)
class Base:
    """An answer and the sealed number it reaches up to."""

    known_seq: int
    table: Any

    @property
    def nbytes(self) -> int:
        return int(self.table.nbytes)


@contextmanager
def read_facts(frame: Frame, basis: Basis = "posting") -> Iterator[Facts]:
    """Everything asked inside is answered from one state of the ledger."""
    with open_snapshot(frame.known_on) as snapshot:
        yield Facts(snapshot, frame, basis)
