"""What an import is asked to do, what its preview shows, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from huikuan.core.refusals import DataError, Refusal
from huikuan.engines.files import ColumnGuess, Profile
from huikuan.engines.profiles import BUILT_IN
from huikuan.engines.schemas import fields_of

KINDS = ("items", "customers", "receipts", "applications")
FEEDS = ("incremental", "snapshot")
SCOPES = ("entity", "group")
GROUP_PROFILES = frozenset({"sap_history", "sap_open"})
"""Layouts of systems that number customers once for the whole group."""

SHOWN = 200
"""Errors and warnings a preview lists; the annotated file has them all."""

Progress = Callable[[str, int, int | None], None]
"""Called with the stage (``read``, ``compare``, ``post``), rows done and, where known, rows in all."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be read and what may be made on the way.

    ``source``: the system its numbers belong to. ``entity_id``: for rows without an entity. ``create_entities``: the
    currency in which unknown entities are opened; without it they are refused. ``customer_scope``: ``group`` makes the
    same customer number in several entities one customer. ``snapshot_date``: the day open amounts hold for.
    """

    kind: str
    feed: str = "incremental"
    source: str = "files"
    profile: str | dict[str, Any] | None = None
    mapping: dict[str, str] | None = None
    currency: str | None = None
    entity_id: int | None = None
    create_entities: str | None = None
    customer_scope: str = "entity"
    snapshot_date: date | None = None

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["snapshot_date"] = self.snapshot_date.isoformat() if self.snapshot_date else None
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ImportOptions:
        day = data.get("snapshot_date")
        return cls(**{**data, "snapshot_date": date.fromisoformat(day) if day else None})

    def read_profile(self) -> str | Profile | None:
        return Profile.from_dict(self.profile) if isinstance(self.profile, dict) else self.profile


def check_options(options: ImportOptions) -> None:
    """Refuses ``import.bad_kind``, ``import.bad_feed`` and ``import.bad_scope``."""
    if options.kind not in KINDS:
        raise Refusal("import.bad_kind", "{kind!r} is not one of {known}", kind=options.kind, known=", ".join(KINDS))
    if options.feed not in FEEDS or (options.feed == "snapshot" and options.kind != "items"):
        raise Refusal("import.bad_feed", "a {feed} feed of {kind} is not known", feed=options.feed, kind=options.kind)
    if options.customer_scope not in SCOPES:
        raise Refusal("import.bad_scope", "{scope!r} is not entity or group", scope=options.customer_scope)


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What the good rows of a file come to in one currency."""

    currency: str
    rows: int
    amount_minor: int


@dataclass(slots=True)
class Preview:
    """A file as it would be posted; nothing has been written to the ledger.

    ``changes`` counts rows: new, unchanged, changed, vanished and reduced (snapshot, or settled in the source), late
    (their month is closed, so they count from the next open one), not_reposted (changed, with a refund or the like on
    the old version that a person has to post again). ``mapping``: what each column of the file is read as.
    """

    batch_id: int
    kind: str
    feed: str
    profile: str | None
    source: str
    mapping: list[ColumnGuess]
    rows_total: int = 0
    rows_good: int = 0
    errors: list[DataError] = field(default_factory=list)
    errors_total: int = 0
    warnings: list[DataError] = field(default_factory=list)
    warnings_total: int = 0
    sample_columns: list[str] = field(default_factory=list)
    sample: list[list[str | None]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    new_customers: int = 0
    new_entities: list[str] = field(default_factory=list)
    totals: list[CurrencyTotal] = field(default_factory=list)

    @property
    def rows_bad(self) -> int:
        return self.rows_total - self.rows_good

    @property
    def fields(self) -> list[str]:
        return list(fields_of(self.kind))

    @property
    def columns(self) -> dict[str, str]:
        """Field → column it is read from."""
        return {guess.field: guess.column for guess in self.mapping if guess.field}


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What was written. ``rows`` posted or changed; ``annotated`` says that rows were left out and a marked file made;
    ``settlements`` proposed, to be decided by a person."""

    batch_id: int
    rows: int
    changes: dict[str, int]
    settlements: int = 0
    annotated: bool = False
    warnings: list[DataError] = field(default_factory=list)
    warnings_total: int = 0


def profile_names() -> list[str]:
    """The built-in layouts by name."""
    return sorted(BUILT_IN)
