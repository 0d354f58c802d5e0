"""From a file's headings to the columns that are read: profile, own headings, or a guess that is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from huikuan.core.refusals import DataError, DataWarning, ErrorList
from huikuan.engines.files_guess import AUTO, EXACT, ColumnGuess, guess_mapping, header_score, unit_of
from huikuan.engines.files_source import COLUMNS_MAX
from huikuan.engines.profiles import Profile, detect_profile, named_profile, with_columns
from huikuan.engines.schemas import ONE_OF, fields_of

HEADER_WITHIN = 20
"""The headings stand in one of the first rows; titles may stand above them."""


@dataclass(slots=True)
class Layout:
    """How a file is read: ``columns`` gives field → position; ``headings`` field → heading; ``width`` is how
    many cells a row has, which may be more than there are headings."""

    profile: Profile
    profile_name: str | None
    header: list[str]
    header_row: int
    width: int
    columns: dict[str, int] = field(default_factory=dict)
    warnings: list[DataWarning] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Fields whose column could not be settled and has been reported."""

    @property
    def headings(self) -> dict[str, str]:
        return {name: self.header[position] for name, position in self.columns.items()}


def resolve_layout(
    file: str,
    head: Sequence[Sequence[str]],
    kind: str,
    profile: str | Profile | None,
    mapping: Mapping[str, str] | None,
    errors: ErrorList,
) -> Layout:
    """Finds the headings and what they mean; faults of the layout go to ``errors``."""
    chosen = named_profile(profile) if isinstance(profile, str) else profile
    row = chosen.header_row if chosen and chosen.header_row else find_header(head, kind, chosen)
    header = [cell.strip() for cell in head[row - 1]] if row <= len(head) else []
    while header and not header[-1]:
        header.pop()
    if not header:
        errors.add(DataError(file, row, None, "no headings were found", "file.no_header"))
    if chosen is None and not mapping:
        chosen = detect_profile(header, kind)
    name = chosen.name if chosen else None
    layout = Layout(chosen or Profile("", kind), name, header, row, _width(head, row))
    if len(header) > COLUMNS_MAX:
        errors.add(DataError(file, row, None, f"the file has {len(header):,} columns", "file.too_large"))
        return layout
    if chosen and chosen.kind != kind:
        errors.add(
            DataError(file, None, None, f"the profile {chosen.name} reads {chosen.kind}, not {kind}", "profile.kind")
        )
        return layout
    if mapping:
        layout.profile = with_columns(chosen, kind, mapping)
    if layout.profile.columns:
        _by_profile(file, layout, errors)
    elif header:
        _by_headings(file, layout, head[row:], kind, errors)
    _check_needed(file, layout, kind, errors)
    _check_units(file, layout, kind, errors)
    layout.warnings += [DataWarning(file, None, None, note, "profile.note") for note in layout.profile.notes]
    return layout


def _width(head: Sequence[Sequence[str]], row: int) -> int:
    """Cells per row: as many as the headings' row has, or more where the rows below end in the same empty cells."""
    own = len(head[row - 1]) if row <= len(head) else 0
    below = [cells for cells in head[row:] if any(cells)]
    wider = {len(cells) for cells in below}
    if len(wider) == 1 and not any(cell.strip() for cells in below for cell in cells[own:]):
        return max(own, *wider)
    return own


def find_header(head: Sequence[Sequence[str]], kind: str, profile: Profile | None) -> int:
    """The row (from 1) of the headings: the first of the top rows naming the most fields; row 1 where none has two."""
    wanted = set(profile.columns.values()) if profile else set()
    best, best_score = 1, 1
    for number, cells in enumerate(head[:HEADER_WITHIN], start=1):
        score = len(wanted & {cell.strip() for cell in cells}) if wanted else header_score(cells, kind)
        if score > best_score:
            best, best_score = number, score
    if best == 1 and head and not any(cell.strip() for cell in head[0]):
        return next((at for at, cells in enumerate(head, 1) if any(cell.strip() for cell in cells)), 1)
    return best


def _by_profile(file: str, layout: Layout, errors: ErrorList) -> None:
    for name, heading in layout.profile.columns.items():
        places = [at for at, text in enumerate(layout.header) if text == heading]
        if not places:
            known = fields_of(layout.profile.kind)[name]
            if known.needed:
                reason = f"the column {heading!r} (for {name}) is missing; the file has {_listed(layout.header)}"
                errors.add(DataError(file, layout.header_row, heading, reason, "column.missing"))
                layout.asked.add(name)
            continue
        if len(places) > 1:
            reason = f"the heading {heading!r} stands {len(places)} times: make it unique"
            errors.add(DataError(file, layout.header_row, heading, reason, "column.duplicate"))
        layout.columns[name] = places[0]


def _by_headings(file: str, layout: Layout, rows: Sequence[Sequence[str]], kind: str, errors: ErrorList) -> None:
    guesses = guess_mapping(layout.header, rows[:100], kind)
    foreign = False
    for at, guess in enumerate(guesses):
        if guess.field and guess.confidence >= AUTO:
            layout.columns[guess.field] = at
            if guess.confidence < EXACT:
                foreign = foreign or fields_of(kind)[guess.field].needed
                reason = f"the column is read as {guess.field}: {guess.why}"
                layout.warnings.append(DataWarning(file, layout.header_row, guess.column, reason, "column.guessed"))
    _refuse_rivals(file, layout, guesses, kind, errors)
    if foreign:
        _stand_in(file, layout, "document_date", "posting_date", kind)
        _stand_in(file, layout, "customer_id", "customer_name" if kind == "items" else "name", kind)


def _refuse_rivals(file: str, layout: Layout, guesses: Sequence[ColumnGuess], kind: str, errors: ErrorList) -> None:
    """Two columns for one field are asked about, not guessed; where it is only a label, neither is used."""
    for guess in {guess.why: guess for guess in guesses if guess.rival_for}.values():
        if fields_of(kind)[guess.rival_for or ""].type in {"text", "list", "bool"}:
            layout.warnings.append(
                DataWarning(file, layout.header_row, guess.column, f"{guess.why}; none is used", "column.ambiguous")
            )
        else:
            reason = f"{guess.why}; say which one by a profile or a mapping"
            errors.add(DataError(file, layout.header_row, guess.column, reason, "column.ambiguous"))
            layout.asked.add(guess.rival_for or "")


def _stand_in(file: str, layout: Layout, missing: str, other: str, kind: str) -> None:
    """In a foreign file the posting date stands for a missing document date, the name for a missing number."""
    if missing in fields_of(kind) and missing not in layout.columns and other in layout.columns:
        layout.columns[missing] = layout.columns[other]
        heading = layout.header[layout.columns[other]]
        reason = f"the file has no {missing}: this column stands for it"
        layout.warnings.append(DataWarning(file, layout.header_row, heading, reason, "column.stands_in"))


def _check_needed(file: str, layout: Layout, kind: str, errors: ErrorList) -> None:
    have = set(layout.columns) | set(layout.profile.constants) | layout.asked
    for name, one in fields_of(kind).items():
        if one.needed and name not in have:
            reason = f"the required column {name} is missing; the file has {_listed(layout.header)}"
            errors.add(DataError(file, layout.header_row, name, reason, "column.missing"))
    for group in ONE_OF[kind]:
        if not have.intersection(group):
            reason = f"a column {' or '.join(group)} is required; the file has {_listed(layout.header)}"
            errors.add(DataError(file, layout.header_row, group[0], reason, "column.missing"))


def _check_units(file: str, layout: Layout, kind: str, errors: ErrorList) -> None:
    for name, position in layout.columns.items():
        heading = layout.header[position]
        unit = unit_of(heading)
        if fields_of(kind)[name].type == "amount" and unit != layout.profile.amount_unit and unit > 1:
            reason = f"the heading says amounts are in units of {unit:,}: use a profile with amount_unit = {unit}"
            errors.add(DataError(file, layout.header_row, heading, reason, "column.unit"))


def _listed(header: Sequence[str]) -> str:
    shown = [heading or "(empty)" for heading in header[:12]]
    return ", ".join(shown) + (f" and {len(header) - 12} more" if len(header) > 12 else "") if shown else "no columns"
