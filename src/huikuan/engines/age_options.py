"""What an ageing is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from huikuan.core.ageing import BUCKETS, UNAPPLIED, Basis, BucketBy, bucket_labels, check_buckets, end_of_day
from huikuan.core.refusals import DataError, Refusal

RESERVED = frozenset({"bucket", "open_amount", "open_minor", "items", "total"})
"""Names of the answer's own columns: nothing can be grouped by a column of such a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeOptions:
    """One ageing question. ``known_on`` is an instant compared with ``recorded_at`` (files; a bare date means the end
    of that day, UTC); ``known_seq`` is a sealed
    sequence number compared with ``ledger_seq`` (the ledger's mirror); neither: everything there is.

    ``checks``: look for over-applied items, applications dated before their item and the like on the way (files);
    the ledger refuses those when they are posted, so its callers leave it out.

    Refuses ``ageing.bad_buckets``, ``ageing.bad_by`` and ``ageing.bad_choice``.
    """

    as_of: date
    known_on: datetime | date | None = None
    known_seq: int | None = None
    by: Sequence[str] = ("customer_id",)
    buckets: Sequence[int] = BUCKETS
    bucket_by: BucketBy = "due"
    basis: Basis = "posting"
    snapshot_date: date | None = None
    wide: bool = False
    checks: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "buckets", check_buckets(self.buckets))
        object.__setattr__(self, "by", _check_by(self.by))
        for value, allowed in ((self.bucket_by, ("due", "document")), (self.basis, ("posting", "effective"))):
            if value not in allowed:
                raise Refusal(
                    "ageing.bad_choice", "{value!r} is not one of {allowed}", value=value, allowed=", ".join(allowed)
                )
        if isinstance(self.known_on, datetime) and self.known_on.tzinfo is None:
            raise Refusal("ageing.bad_known_on", "known_on needs an offset: {value}", value=self.known_on)

    @property
    def known_at(self) -> datetime | None:
        """The last instant, in UTC, of which what was recorded counts."""
        if self.known_on is None or isinstance(self.known_on, datetime):
            return self.known_on and self.known_on.astimezone(UTC)
        return end_of_day(self.known_on)

    @property
    def labels(self) -> list[str]:
        """Bucket labels in order, unapplied cash last."""
        return [*bucket_labels(self.buckets), UNAPPLIED]


def _check_by(by: Sequence[str]) -> tuple[str, ...]:
    """Group columns once each; the currency is always there and need not be named."""
    by = (by,) if isinstance(by, str) else by
    names = tuple(dict.fromkeys(name for name in by if name != "currency"))
    if bad := sorted(RESERVED.intersection(names)):
        raise Refusal("ageing.bad_by", "{names} cannot be grouped by: the answer has it", names=", ".join(bad))
    return names


@dataclass(frozen=True, slots=True)
class AgeingAnswer:
    """An ageing with what goes with it. ``table`` and ``bridge`` (only on the effective basis) are Arrow tables.

    ``known_seq`` is the last ledger sequence number the answer rests on and ``provisional`` says that it also holds
    entries not yet sealed, so that a later answer may differ (database only).
    """

    table: Any
    bridge: Any | None = None
    provisional: bool = False
    known_seq: int | None = None
    warnings: list[DataError] = field(default_factory=list)
