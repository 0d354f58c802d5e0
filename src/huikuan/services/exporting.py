"""Taking figures out of the house as a file: asked whether the person may, and written into the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.rights import demand_seen
from huikuan.services.transaction import run_in_transaction


def record_export(
    table: str,
    *,
    form: str,
    rows: int,
    columns: Iterable[str],
    filters: Iterable[str],
    as_of: date,
    entity_ids: Iterable[int],
    actor_id: int | None,
    now: datetime,
) -> None:
    """Writes down that ``rows`` rows of a table went out as ``form`` (xlsx, csv): one event per entity.

    ``filters`` are the names of what it was narrowed by, not what was looked for. Refuses ``right.missing`` where the
    person may not take figures of one of the entities out.
    """
    chosen = sorted(set(entity_ids))

    def work() -> None:
        for entity_id in chosen:
            demand_seen(actor_id, Right.EXPORT, entity_id=entity_id)
        for entity_id in chosen:
            record(
                "ledger.exported",
                now=now,
                actor_id=actor_id,
                entity_id=entity_id,
                subject=f"table:{table}",
                form=form,
                rows=rows,
                columns=list(columns),
                filters=sorted(filters),
                as_of=as_of.isoformat(),
                entities=len(chosen),
            )

    run_in_transaction(work)
