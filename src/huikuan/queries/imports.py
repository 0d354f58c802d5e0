"""Files handed in: the list of them, and one with what it holds, what is wrong in it and what it changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from huikuan.core.refusals import DataError, DataWarning
from huikuan.engines.files import ColumnGuess
from huikuan.engines.schemas import fields_of
from huikuan.queries.frame import Frame
from huikuan.queries.import_work import state_of
from huikuan.queries.listing import PAGE_SIZE_MAX, Page
from huikuan.store.models import Entity, ImportBatch


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A file handed in. ``state``: checking, stopped (a check that died), staged, queued, publishing, published or
    discarded."""

    id: int
    file_name: str
    kind: str
    feed: str
    source: str
    state: str
    entity_id: int | None
    entity_name: str
    rows_total: int
    rows_good: int
    errors_total: int
    warnings_total: int
    created_at: datetime
    created_by: str
    published_at: datetime | None
    published_by: str

    @property
    def rows_bad(self) -> int:
        return self.rows_total - self.rows_good


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    currency: str
    rows: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ImportDetail(ImportRow):
    """``changes`` counts rows: new, unchanged, changed, vanished, reduced, late. ``entity_ids``: the entities whose
    books it touches, all of which a reader must be allowed to see. ``rows_posted``, ``settlements``: once published.
    ``failure``: why the worker did not do what was asked last (``code``, ``template``, ``params``)."""

    entity_ids: tuple[int, ...] = ()
    profile: str | None = None
    mapping: list[ColumnGuess] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    errors: list[DataError] = field(default_factory=list)
    warnings: list[DataError] = field(default_factory=list)
    sample_columns: list[str] = field(default_factory=list)
    sample: list[list[str | None]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    new_customers: int = 0
    new_entities: list[str] = field(default_factory=list)
    totals: list[CurrencyTotal] = field(default_factory=list)
    rows_posted: int = 0
    settlements: int = 0
    failure: dict[str, Any] | None = None


def import_page(frame: Frame, *, page: int = 1, size: int = 50) -> Page[ImportRow]:
    """Files handed in for the frame's entities, the newest first. A file holds anybody's customers, so it is listed
    for those who see the whole entity; one for several entities for those who see all of them."""
    found = _in_frame(frame)
    size = min(max(size, 1), PAGE_SIZE_MAX)
    start = (max(page, 1) - 1) * size
    rows = found.select_related("source", "entity", "created_by", "published_by").order_by("-id")
    return Page([ImportRow(**_basics(batch)) for batch in rows[start : start + size]], found.count(), page, size)


def import_detail(batch_id: int) -> ImportDetail | None:
    """One file; ``None`` where there is none. The caller checks the right to its ``entity_ids``."""
    batch = (
        ImportBatch.objects.select_related("source", "entity", "created_by", "published_by").filter(id=batch_id).first()
    )
    if batch is None:
        return None
    data: dict[str, Any] = batch.summary
    return ImportDetail(
        **_basics(batch),
        entity_ids=tuple(data.get("entities", ())) or ((batch.entity_id,) if batch.entity_id else ()),
        profile=data.get("profile"),
        mapping=[ColumnGuess(*guess) for guess in data.get("mapping", ())],
        fields=list(fields_of(batch.kind)),
        errors=[DataError(batch.file_name, *fault) for fault in data.get("errors", ())],
        warnings=[DataWarning(batch.file_name, *fault) for fault in data.get("warnings", ())],
        sample_columns=list(data.get("sample_columns", ())),
        sample=list(data.get("sample", ())),
        changes=dict(data.get("changes", {})),
        new_customers=int(data.get("new_customers", 0)),
        new_entities=list(data.get("new_entities", ())),
        totals=[CurrencyTotal(*total) for total in data.get("totals", ())],
        rows_posted=int(data.get("rows_posted", 0)),
        settlements=int(data.get("settlements", 0)),
        failure=batch.failure,
    )


def _in_frame(frame: Frame) -> QuerySet[ImportBatch]:
    found = ImportBatch.objects.exclude(state=ImportBatch.State.DISCARDED)
    mine = Q(entity_id__in=frame.whole_ids)
    if not Entity.objects.exclude(id__in=frame.whole_ids).exists():
        mine |= Q(entity_id=None)
    return found.filter(mine)


def _basics(batch: ImportBatch) -> dict[str, Any]:
    data: dict[str, Any] = batch.summary
    return {
        "id": batch.pk,
        "file_name": batch.file_name,
        "kind": batch.kind,
        "feed": batch.feed,
        "source": batch.source.code,
        "state": state_of(batch),
        "entity_id": batch.entity_id,
        "entity_name": batch.entity.name if batch.entity else "",
        "rows_total": int(data.get("rows_total", 0)),
        "rows_good": int(data.get("rows_good", 0)),
        "errors_total": int(data.get("errors_total", 0)),
        "warnings_total": int(data.get("warnings_total", 0)),
        "created_at": batch.created_at,
        "created_by": _name_of(batch.created_by),
        "published_at": batch.published_at,
        "published_by": _name_of(batch.published_by),
    }


def _name_of(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""
