"""Changing fields that several people may be editing: what each of them saw decides, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from huikuan.core.refusals import Conflict
from huikuan.store.models import CustomerChange


@dataclass(frozen=True, slots=True)
class Change:
    """A field as the person saw it and as it shall be. ``was`` ``None``: whatever it is now."""

    to: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """Somebody else changed the field meanwhile: from ``was`` to ``theirs``; ``yours`` is what was to be written."""

    field: str
    was: str
    theirs: str
    yours: str


class ChangedMeanwhile(Conflict):
    """Nothing was written; ``conflicts`` says which fields and how (HTTP 409)."""

    def __init__(self, conflicts: list[FieldConflict]) -> None:
        self.conflicts = conflicts
        super().__init__(
            "customer.changed_meanwhile", "Somebody else has changed this meanwhile: look at both values, then save."
        )


def decide_changes(now_there: Mapping[str, str], asked: Mapping[str, Change]) -> dict[str, str]:
    """The fields to write. A field the person left alone is not written, so two people may edit different fields.

    Raises ``ChangedMeanwhile`` where both changed the same field to different values.
    """
    conflicts, wanted = [], {}
    for field, change in asked.items():
        here = now_there[field]
        if change.to == here or (change.was is not None and change.to == change.was):
            continue
        if change.was is not None and change.was != here:
            conflicts.append(FieldConflict(field, change.was, here, change.to))
            continue
        wanted[field] = change.to
    if conflicts:
        raise ChangedMeanwhile(conflicts)
    return wanted


def keep_history(
    customer_id: int,
    subject: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    actor_id: int | None,
    now: datetime,
) -> None:
    """One row per field, with values that may be erased; the audit trail holds the names of fields only."""
    CustomerChange.objects.bulk_create(
        [
            CustomerChange(
                customer_id=customer_id,
                at=now,
                actor_id=actor_id,
                subject=subject,
                field=field,
                before=before.get(field, "")[:500],
                after=value[:500],
            )
            for field, value in after.items()
        ]
    )
