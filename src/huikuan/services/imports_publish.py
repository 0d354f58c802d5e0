"""Publishing: the comparison made again under lock, then everything written in one transaction, or nothing."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from huikuan.core.refusals import BadData, DataError, Refusal
from huikuan.engines.files import write_annotated
from huikuan.services.auditing import record
from huikuan.services.customers import add_entity
from huikuan.services.imports_applications import plan_applications
from huikuan.services.imports_applications_post import post_applications
from huikuan.services.imports_batches import State, folder_of, hold, original_of
from huikuan.services.imports_changes import repost_items, repost_receipts
from huikuan.services.imports_customers import make_missing_customers, plan_customers, post_customers
from huikuan.services.imports_desk import Desk
from huikuan.services.imports_items import Counts, plan_items, write_item_plan
from huikuan.services.imports_items_post import post_new_items
from huikuan.services.imports_lookup import entities_to_lock, lock_source, postable_entities
from huikuan.services.imports_receipts import plan_receipts, post_new_receipts, write_receipt_plan
from huikuan.services.imports_stage import FAULTS_KEPT, read_faults
from huikuan.services.imports_types import SHOWN, ImportOptions, ImportResult, Progress
from huikuan.services.notes_following import sweep_notes
from huikuan.services.short_payment_state import sweep_short_payments
from huikuan.services.source_settlements import propose
from huikuan.services.transaction import run_in_transaction
from huikuan.store.bulk import can_notice_writers, writers_version
from huikuan.store.models import Entity, ImportBatch

log = logging.getLogger("huikuan.imports")

ANNOTATED = "annotated"

_PLANNERS = {
    "items": plan_items,
    "customers": plan_customers,
    "receipts": plan_receipts,
    "applications": plan_applications,
}


@dataclass(slots=True)
class Outcome:
    """What a publish did, before it is told."""

    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    settlements: int = 0
    rows_left_out: int = 0
    warnings: list[DataError] = field(default_factory=list)
    warnings_total: int = 0


def open_desk(batch: ImportBatch, now: datetime) -> Desk:
    options = ImportOptions.from_json(batch.options)
    columns = dict(batch.summary.get("columns", {}))
    return Desk(folder_of(batch), batch.file_name, options, columns, now_day=_business_day(options, now))


def _business_day(options: ImportOptions, now: datetime) -> date:
    from zoneinfo import ZoneInfo

    entity = Entity.objects.filter(id=options.entity_id).first() if options.entity_id else Entity.objects.first()
    return now.astimezone(ZoneInfo(entity.timezone if entity else "UTC")).date()


def compare(desk: Desk, source_id: int, actor_id: int | None) -> Counts:
    """Works out what a file would change; faults it finds are on the desk."""
    return _PLANNERS[desk.options.kind](desk, source_id, actor_id)


def publish_batch(
    batch: ImportBatch,
    *,
    actor_id: int | None,
    now: datetime,
    good_rows_only: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Posts a staged batch, all of it or (``good_rows_only``) its good rows.

    Raises ``BadData`` with every fault when there is one and the good rows alone were not asked for. Refuses
    ``import.not_staged``, ``import.in_progress`` and ``import.nothing``.
    """
    with hold(batch):
        result = publish_held(batch, actor_id=actor_id, now=now, good_rows_only=good_rows_only, progress=progress)
    seal_after(now)
    return result


def publish_held(
    batch: ImportBatch, *, actor_id: int | None, now: datetime, good_rows_only: bool, progress: Progress | None
) -> ImportResult:
    """``publish_batch`` for who holds the batch already, without sealing."""
    found = ImportBatch.objects.filter(id=batch.id, state__in=[State.PUBLISHING, State.QUEUED])
    found.update(state=State.STAGED)
    batch.refresh_from_db()
    if batch.state != State.STAGED:
        raise Refusal("import.not_staged", "this import is {state}, not staged", state=str(batch.state))
    _check_staged(batch, good_rows_only)
    ImportBatch.objects.filter(id=batch.id).update(state=State.PUBLISHING)
    try:
        outcome = _publish(batch, actor_id, now, good_rows_only, progress)
    except BaseException:
        ImportBatch.objects.filter(id=batch.id, state=State.PUBLISHING).update(state=State.STAGED)
        raise
    batch.refresh_from_db()
    annotated = outcome.rows_left_out > 0 and annotate(batch) is not None
    return ImportResult(
        batch.id,
        outcome.rows,
        outcome.counts.changes,
        outcome.settlements,
        annotated,
        outcome.warnings,
        outcome.warnings_total,
    )


def _check_staged(batch: ImportBatch, good_rows_only: bool) -> None:
    """Faults the reader found are known without looking at the database."""
    total = int(batch.summary.get("file_errors", 0))
    if total and not good_rows_only:
        errors, _ = read_faults(folder_of(batch), batch.file_name)
        raise BadData(errors, max(total, len(errors)))
    if not batch.summary.get("staged_good"):
        raise Refusal("import.nothing", "no row of this file can be posted")


def _publish(
    batch: ImportBatch, actor_id: int | None, now: datetime, good_rows_only: bool, progress: Progress | None
) -> Outcome:
    if progress:
        progress("compare", 0, None)
    with contextlib.ExitStack() as stack:
        early = _compare_early(stack, batch, actor_id, now) if can_notice_writers() else None

        def work() -> Outcome:
            with contextlib.ExitStack() as inner:
                compared = early.take() if early else None
                if compared is None:
                    desk = inner.enter_context(open_desk(batch, now))
                    _create_entities(desk, actor_id, now)
                    lock_source(entities_to_lock(desk), batch.source_id)
                    compared = desk, _compare_all(desk, batch.source_id, actor_id)
                return _post(batch, *compared, actor_id, now, good_rows_only, progress)

        return run_in_transaction(work)


@dataclass(slots=True)
class Early:
    """A comparison made before the write lock was taken; good only while nobody has written since."""

    desk: Desk
    counts: Counts
    version: int

    def take(self) -> tuple[Desk, Counts] | None:
        """Gives it once: a second try of the transaction compares anew."""
        version, self.version = self.version, -1
        return (self.desk, self.counts) if version == writers_version() else None


def _compare_early(
    stack: contextlib.ExitStack, batch: ImportBatch, actor_id: int | None, now: datetime
) -> Early | None:
    """SQLite has one writer: what is worked out before the lock is taken does not keep the others waiting."""
    version = writers_version()
    desk = stack.enter_context(open_desk(batch, now))
    if desk.options.create_entities is not None:
        return None
    return Early(desk, _compare_all(desk, batch.source_id, actor_id), version)


def _compare_all(desk: Desk, source_id: int, actor_id: int | None) -> Counts:
    counts = compare(desk, source_id, actor_id)
    if desk.options.kind == "items":
        write_item_plan(desk)
    elif desk.options.kind == "receipts":
        write_receipt_plan(desk)
    return counts


def _post(
    batch: ImportBatch,
    desk: Desk,
    counts: Counts,
    actor_id: int | None,
    now: datetime,
    good_rows_only: bool,
    progress: Progress | None,
) -> Outcome:
    errors, total = desk.faults(warning=False, limit=FAULTS_KEPT)
    if total and not good_rows_only:
        raise BadData(errors, total)
    outcome = Outcome(counts=counts)
    outcome.rows_left_out = int(batch.summary.get("file_errors", 0)) + total
    outcome.warnings, outcome.warnings_total = desk.faults(warning=True, limit=SHOWN)
    outcome.rows, outcome.settlements = _write(desk, batch, actor_id, now, progress)
    _finish(batch, actor_id, now, outcome)
    return outcome


def _create_entities(desk: Desk, actor_id: int | None, now: datetime) -> None:
    currency = desk.options.create_entities
    if currency is None or postable_entities(actor_id) is not None:
        return
    codes = [code for (code,) in desk.all("SELECT DISTINCT entity FROM staged WHERE entity IS NOT NULL ORDER BY 1")]
    known = set(Entity.objects.filter(code__in=codes).values_list("code", flat=True))
    for code in codes:
        if code not in known:
            add_entity(code, code, currency, actor_id=actor_id, now=now)


def _write(
    desk: Desk, batch: ImportBatch, actor_id: int | None, now: datetime, progress: Progress | None
) -> tuple[int, int]:
    """Rows written and settlements proposed."""
    common: dict[str, Any] = {"source_id": batch.source_id, "actor_id": actor_id, "now": now}
    if batch.kind == "customers":
        return post_customers(desk, **common), 0
    if batch.kind == "applications":
        posted = post_applications(desk, progress=progress, **common)
        for entity_id in sorted(desk.books):
            sweep_short_payments(entity_id, actor_id=actor_id, now=now)
            sweep_notes(entity_id, actor_id=actor_id, now=now)
        return posted, 0
    make_missing_customers(desk, plan="plan", **common)
    if batch.kind == "receipts":
        rows = post_new_receipts(desk, progress=progress, **common)
        return rows + repost_receipts(desk, **common), 0
    rows = post_new_items(desk, progress=progress, **common)
    rows += repost_items(desk, **common)
    return rows, _propose(desk, batch)


def _propose(desk: Desk, batch: ImportBatch) -> int:
    by_day: dict[date, list[tuple[int, int]]] = {}
    rows = desk.all(
        "SELECT item, minor, settled_on FROM reduced UNION ALL SELECT item, minor, settled_on FROM vanished"
    )
    for item, minor, day in rows:
        by_day.setdefault(day, []).append((int(item), int(minor)))
    return sum(propose(batch.id, sorted(found), settled_on=day) for day, found in sorted(by_day.items()))


def _finish(batch: ImportBatch, actor_id: int | None, now: datetime, outcome: Outcome) -> None:
    """The batch is published in the very transaction that writes its rows: both are there, or neither."""
    summary = {**batch.summary, "changes": outcome.counts.changes, "rows_posted": outcome.rows}
    summary["settlements"] = outcome.settlements
    ImportBatch.objects.filter(id=batch.id).update(
        state=State.PUBLISHED, published_at=now, published_by_id=actor_id, summary=summary, failure=None
    )
    record(
        "import.published",
        now=now,
        actor_id=actor_id,
        entity_id=batch.entity_id,
        subject=f"import:{batch.id}",
        kind=batch.kind,
        feed=batch.feed,
        rows=outcome.rows,
        sha256=batch.file_sha256,
    )


def annotate(batch: ImportBatch) -> Path | None:
    """The file as handed in with every row's faults beside it; ``None`` where the file has no fault."""
    folder, original = folder_of(batch), original_of(batch)
    errors, _ = read_faults(folder, batch.file_name)
    if not any(error.row for error in errors):
        return None
    target = folder / f"{ANNOTATED}{original.suffix}"
    try:
        write_annotated(original, errors, target, name=batch.file_name)
    except BadData:
        return None  # a file that cannot be read at all cannot be marked either
    return target


def seal_after(now: datetime) -> None:
    """Seals what was just written, so that it is known from now on. The scheduler does it again if this fails."""
    from huikuan.services.sealing import seal

    try:
        seal(now=now)
    except Exception:
        log.exception("sealing after an import failed; the scheduler tries again")
