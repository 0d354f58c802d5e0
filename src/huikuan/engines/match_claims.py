"""A run cut into portions: which lines have to be looked at together again, so that all is as in one go.

Lines of one group of customers are always together. Lines of different groups meet only in the last pass, over an item
that more than one of them wants. Who is moved there, and whom that can move in turn, is followed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from huikuan.engines.match_book import Book
from huikuan.engines.match_joint import Judged
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_lines import Line
from huikuan.engines.match_payers import Directory, find_payers
from huikuan.engines.match_run import NO_GROUP


@dataclass(frozen=True, slots=True)
class Claim:
    """What a line wants. ``held``: the items it would pay now; where others wanted them too, all it ever may.
    ``every``: the items of all its explanations."""

    held: tuple[str, ...]
    every: tuple[str, ...]


def groups_of(lines: Sequence[Line], directory: Directory, knowledge: Knowledge) -> list[int]:
    """The group of customers that each line's payer points to, ``NO_GROUP`` for none: as a run groups them."""
    known: dict[tuple[str, str], int] = {}
    for line in lines:
        key = (line.account, line.name)
        if key not in known:
            payers = find_payers(directory, knowledge, line.account, line.name, "")
            known[key] = directory.book.family_of[payers[0].customer] if payers else NO_GROUP
    return [known[line.account, line.name] for line in lines]


def claims_of(judged: Sequence[Judged], book: Book) -> dict[str, Claim]:
    """What each line of a portion wants."""
    found = {}
    for one in judged:
        every = dict.fromkeys(item for made in one.ranked for item in made.items)
        held = every if one.lost or one.rivals else one.ranked[0].items if one.ranked else ()
        found[one.line.line_id] = Claim(*(tuple(book.item_ids[item] for item in items) for items in (held, every)))
    return found


def contested(claims: Mapping[str, Claim], portion_of: Mapping[str, int]) -> set[str]:
    """Lines that a run in one go might have answered otherwise: those that want an item wanted in another portion, and
    whoever wants an item that one of these may turn to."""
    wanted: dict[str, list[str]] = {}
    for line, claim in claims.items():
        for item in claim.held:
            wanted.setdefault(item, []).append(line)
    waiting = [item for item, lines in wanted.items() if len({portion_of[line] for line in lines}) > 1]
    seen, found = set(waiting), set[str]()
    while waiting:
        for line in wanted.get(waiting.pop(), ()):
            if line not in found:
                found.add(line)
                more = [item for item in claims[line].every if item not in seen]
                seen.update(more)
                waiting += more
    return found
