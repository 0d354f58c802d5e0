"""A run of the matcher over very many lines: a portion at a time, so that memory stays bounded, told how far it is, and
gone on with by whoever comes next when its process dies.

What a portion found stands in the database as proposals; beside it, in the run's folder, stands what its lines want,
which says in the end what has to be looked at together (``engines.match_claims``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from huikuan.core.refusals import Conflict
from huikuan.engines.match_claims import Claim, contested, groups_of
from huikuan.engines.match_lines import read_lines
from huikuan.engines.match_run import NO_GROUP
from huikuan.queries.bank_lines import MatchLine, lines_by_id
from huikuan.queries.matching_tables import lines_table
from huikuan.queries.matching_work import matching_folder
from huikuan.services.matching_engine import Basis
from huikuan.store.batch_locks import PATIENCE, hold_folder
from huikuan.store.batch_work import Progress, write_progress

PORTION = 2_000
"""Lines looked at together, or more where one group of customers has more."""
_READ = 5_000


@contextmanager
def hold_matching(entity_id: int, patience: int = PATIENCE) -> Iterator[Path]:
    """Keeps others from matching the entity's lines; gives the folder. Refuses ``match.at_work``."""
    folder = matching_folder(entity_id)
    with hold_folder(folder, patience) as mine:
        if not mine:
            raise Conflict("match.at_work", "These lines are being matched right now.")
        write_progress(folder, Progress())
        yield folder


def teller(folder: Path) -> Callable[[str, int, int], None]:
    """Says how far a run is: ``look`` or ``post``, how many lines, of how many."""
    return lambda stage, done, total: write_progress(folder, Progress("", stage, done, total))


@dataclass(slots=True)
class Trail:
    """What a run looked at: by line, whether it found an explanation, what the line wants, its group, its portion.
    With a ``folder`` each portion is kept there."""

    folder: Path | None = None
    run_id: int = 0
    explained: dict[int, bool] = field(default_factory=dict)
    portion_of: dict[str, int] = field(default_factory=dict)
    groups: dict[int, list[int]] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    portions: int = 0

    def add(self, groups: Mapping[int, int], explained: Mapping[int, bool], claims: Mapping[str, Claim]) -> None:
        """Notes a portion: of each line its group, whether it was explained, what it wants."""
        if self.folder is not None:
            wants = {line: [claim.held, claim.every] for line, claim in claims.items()}
            path = self.folder / f"run-{self.run_id}-{self.portions}.json"
            draft = path.with_suffix(".new")
            draft.write_text(json.dumps([list(groups.items()), list(explained.items()), wants]))
            draft.replace(path)
        self._take(groups, explained, claims)

    def _take(self, groups: Mapping[int, int], explained: Mapping[int, bool], claims: Mapping[str, Claim]) -> None:
        for line, group in groups.items():
            if group != NO_GROUP:
                self.groups.setdefault(group, []).append(line)
        self.explained.update(explained)
        self.claims.update(claims)
        self.portion_of.update(dict.fromkeys(claims, self.portions))
        self.portions += 1

    def read(self) -> bool:
        """Takes in what a run that died kept; whether there was anything."""
        folder = self.folder
        while folder is not None and (path := folder / f"run-{self.run_id}-{self.portions}.json").exists():
            groups, explained, wants = json.loads(path.read_text())
            claims = {line: Claim(tuple(held), tuple(every)) for line, (held, every) in wants.items()}
            self._take(dict(groups), dict(explained), claims)
        return self.portions > 0

    def clear(self) -> None:
        """Removes what was kept: the run is over."""
        if self.folder is not None:
            for path in self.folder.glob("run-*"):
                path.unlink(missing_ok=True)

    def together(self) -> list[int]:
        """Lines to be looked at once more, together, with all of their groups."""
        found = {int(line) for line in contested(self.claims, self.portion_of)}
        for lines in self.groups.values():
            split = len({self.portion_of.get(str(line)) for line in lines}) > 1
            if split or not found.isdisjoint(lines):
                found.update(lines)
        return sorted(found)


def portions_of(line_ids: Iterable[int], basis: Basis) -> Iterator[dict[int, int]]:
    """Lines with their groups, in portions: those of a group are in one."""
    held: dict[int, list[int]] = {}
    wanted = sorted(line_ids)
    for start in range(0, len(wanted), _READ):
        lines = lines_of(wanted[start : start + _READ])
        rows = read_lines(lines_table(lines))
        for line, group in zip(lines, groups_of(rows, basis.ready.directory, basis.model.knowledge), strict=True):
            held.setdefault(group, []).append(line.line_id)
    together = [(NO_GROUP, [line]) for line in held.pop(NO_GROUP, ())]
    portion: dict[int, int] = {}
    for group, numbers in [*sorted(held.items()), *together]:
        if portion and len(portion) + len(numbers) > PORTION:
            yield portion
            portion = {}
        portion |= dict.fromkeys(numbers, group)
    if portion:
        yield portion


def lines_of(line_ids: Sequence[int]) -> list[MatchLine]:
    """These lines as they are now, those that are money in."""
    found = lines_by_id(line_ids)
    return [found[one] for one in line_ids if one in found]
