"""Imports: a file is staged and compared (nothing written), looked at, then published in one transaction.

``preview_upload`` → ``publish`` or ``discard``. Faults in a file never raise in a preview: they are in its answer.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from huikuan.core.money import exponent_of
from huikuan.core.refusals import DataError, DataWarning, Refusal
from huikuan.core.rights import Right
from huikuan.engines.files import Profile
from huikuan.engines.profiles import named_profile
from huikuan.services.imports_batches import (
    create_batch,
    discard_batch,
    folder_of,
    get_batch,
    keep_original,
    make_folder,
    original_of,
    published_before,
    sweep,
)
from huikuan.services.imports_desk import GROUPED, Desk
from huikuan.services.imports_items import Counts
from huikuan.services.imports_lookup import check_entity
from huikuan.services.imports_publish import annotate, compare, open_desk, publish_batch
from huikuan.services.imports_stage import FAULTS_KEPT, Staged, read_faults, stage_file, write_faults
from huikuan.services.imports_types import (
    GROUP_PROFILES,
    SHOWN,
    CurrencyTotal,
    ImportOptions,
    ImportResult,
    Preview,
    Progress,
    check_options,
    profile_names,
)
from huikuan.services.rights import demand, demand_anywhere
from huikuan.services.sources import source_id_of
from huikuan.store.models import ImportBatch

__all__ = [
    "ImportOptions",
    "ImportResult",
    "Preview",
    "annotated",
    "discard",
    "errors_of",
    "preview_again",
    "preview_upload",
    "profile_names",
    "publish",
    "sweep",
]


def preview_upload(
    *,
    actor_id: int | None,
    now: datetime,
    file_name: str,
    kind: str,
    path: str | Path | None = None,
    data: bytes | None = None,
    progress: Progress | None = None,
    **asked: Any,
) -> Preview:
    """Stages a file (``path``, or ``data``) and says what posting it would change.

    ``asked``: see ``asked_options``, which says what is refused; faults of the file do not raise, they are in the
    preview.
    """
    demand_anywhere(actor_id, Right.IMPORT)
    options = asked_options(kind, **asked)
    folder = make_folder()
    try:
        given = data if data is not None else Path(path or "")
        original, sha256 = keep_original(folder, file_name, given)
        return work_out(options, Handed(original, folder, file_name, sha256), actor_id, now, progress)
    except BaseException:
        shutil.rmtree(Path(settings.HUIKUAN_HOME) / folder, ignore_errors=True)
        raise


def asked_options(
    kind: str,
    *,
    profile: str | Profile | None = None,
    mapping: Mapping[str, str] | None = None,
    currency: str | None = None,
    entity_id: int | None = None,
    feed: str = "incremental",
    create_entities: str | None = None,
    source: str | None = None,
    customer_scope: str | None = None,
    snapshot_date: date | None = None,
) -> ImportOptions:
    """How a file is to be read, checked as far as that goes without the file.

    ``mapping``: field → heading in the file. ``entity_id``: for rows without an entity (the only one there is, by
    default). ``create_entities``: currency of the books of entities not known yet. ``source``: the system the numbers
    in the file belong to (default: the profile's name, else ``files``).
    """
    options = ImportOptions(
        kind=kind,
        feed=feed,
        source=source or "",
        profile=profile.to_dict() if isinstance(profile, Profile) else profile or None,
        mapping=dict(mapping) if mapping else None,
        currency=currency,
        entity_id=entity_id,
        create_entities=create_entities,
        customer_scope=customer_scope or "",
        snapshot_date=snapshot_date,
    )
    check_options(replace(options, customer_scope=customer_scope or "entity"))
    for code in (currency, create_entities):
        if code is not None:
            exponent_of(code)
    if isinstance(options.profile, str):
        named_profile(options.profile)
    check_entity(entity_id)
    return options


def preview_again(
    *,
    batch_id: int,
    actor_id: int | None,
    now: datetime,
    mapping: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    **changes: Any,
) -> Preview:
    """The same file read with other columns (``mapping``: field → heading, replacing all that was read before) or other
    options, as a new batch; the former one is discarded. Refuses ``import.unknown`` and ``import.published``."""
    former = get_batch(batch_id)
    answer = preview_upload(
        actor_id=actor_id,
        now=now,
        file_name=former.file_name,
        kind=former.kind,
        path=original_of(former),
        progress=progress,
        **asked_again(former, mapping, changes),
    )
    discard_batch(former)
    return answer


def asked_again(former: ImportBatch, mapping: Mapping[str, str] | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked of a batch, with changes: the options of another check of the same file."""
    options = ImportOptions.from_json(former.options)
    given: dict[str, Any] = {
        "profile": options.read_profile(),
        "mapping": options.mapping,
        "currency": options.currency,
        "entity_id": options.entity_id,
        "feed": options.feed,
        "create_entities": options.create_entities,
        "source": former.source.code,
        "customer_scope": options.customer_scope,
        "snapshot_date": options.snapshot_date,
        **changes,
    }
    if mapping is not None:
        given["profile"], given["mapping"] = _mapped(given["profile"], former, dict(mapping)), None
    return given


def _mapped(profile: str | Profile | None, former: ImportBatch, mapping: dict[str, str]) -> Profile:
    """The layout used before with other columns: its formats and rules stay."""
    if profile is None and former.summary.get("profile"):
        profile = str(former.summary["profile"])
    if isinstance(profile, str):
        profile = named_profile(profile)
    if profile is None:
        return Profile("mapping", former.kind, columns=mapping)
    return replace(profile, columns=mapping, detect=())


def publish(
    *,
    batch_id: int,
    actor_id: int | None,
    now: datetime,
    good_rows_only: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Posts a staged import in one transaction. See ``imports_publish.publish_batch`` for what it refuses."""
    batch = get_batch(batch_id)
    demand_import(batch, actor_id)
    return publish_batch(batch, actor_id=actor_id, now=now, good_rows_only=good_rows_only, progress=progress)


def discard(batch_id: int, *, actor_id: int | None = None) -> None:
    """Gives up a staged import and removes its files. Refuses ``right.missing``, ``import.unknown`` and
    ``import.published``."""
    batch = get_batch(batch_id)
    demand_import(batch, actor_id)
    discard_batch(batch)


def demand_import(batch: ImportBatch, actor_id: int | None) -> None:
    """Refuses ``right.missing`` to one who may not import into every entity a batch touches."""
    touched: set[int] = set(batch.summary.get("entities", ()))
    if batch.entity_id is not None:
        touched.add(batch.entity_id)
    for entity_id in touched:
        demand(actor_id, Right.IMPORT, entity_id=entity_id)
    if not touched:
        demand_anywhere(actor_id, Right.IMPORT)


def errors_of(batch_id: int) -> list[DataError]:
    """The errors of a staged file, up to as many as are kept in full; those that many rows share, once each."""
    batch = get_batch(batch_id)
    together: dict[object, DataError] = {}
    rows: Counter[object] = Counter()
    for error in _in_order(read_faults(folder_of(batch), batch.file_name)[0]):
        key = (
            (error.code, error.column, error.reason) if error.code in GROUPED else (error.row, error.column, error.code)
        )
        together.setdefault(key, error)
        rows[key] += 1
    return [
        replace(error, reason=f"{error.reason} (in {rows[key]:,} rows, this is the first)")
        if rows[key] > 1 and error.code in GROUPED
        else error
        for key, error in together.items()
    ]


def annotated(batch_id: int) -> tuple[str, Path]:
    """Name and path of the file as handed in, each row's faults beside it.

    Refuses ``import.no_faults`` and, for a file that cannot be read at all, ``import.no_rows_to_mark``.
    """
    batch = get_batch(batch_id)
    path = annotate(batch)
    if path is None and batch.summary.get("errors_total"):
        raise Refusal("import.no_rows_to_mark", "the fault is the whole file's: there are no rows to mark")
    if path is None:
        raise Refusal("import.no_faults", "this file has no faults to mark")
    name = Path(batch.file_name)
    return f"{name.stem}-faults{name.suffix}", path


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as it was handed in: where it lies, in which folder, its name and what it holds."""

    original: Path
    folder: str
    file_name: str
    sha256: str


def work_out(
    options: ImportOptions,
    handed: Handed,
    actor_id: int | None,
    now: datetime,
    progress: Progress | None,
    batch: ImportBatch | None = None,
) -> Preview:
    """Stages and compares a file; its batch, made here unless there is one, is staged when this returns."""
    staged = stage_file(handed.original, handed.file_name, options, progress)
    options = replace(
        options,
        source=options.source or staged.profile or "files",
        customer_scope=options.customer_scope or ("group" if staged.profile in GROUP_PROFILES else "entity"),
    )
    source_id = source_id_of(options.source)
    summary = {"columns": staged.columns, "profile": staged.profile}
    if batch is None:
        batch = create_batch(
            options,
            source_id=source_id,
            file_name=handed.file_name,
            sha256=handed.sha256,
            folder=handed.folder,
            actor_id=actor_id,
            now=now,
            summary=summary,
        )
    else:
        batch.source_id, batch.options, batch.summary = source_id, options.to_json(), summary
    preview = _start(batch, staged, options)
    _note_repeated(preview, batch, handed.sha256)
    if progress:
        progress("compare", 0, None)
    with open_desk(batch, now) as desk:
        _mark_faulty(desk, staged)
        counts = compare(desk, source_id, actor_id) if staged.rows_good else Counts()
        _take_counts(preview, desk, counts)
        touched = sorted(number for number in desk.books if number > 0)
        found, _ = desk.faults(warning=False, limit=FAULTS_KEPT, grouped=False)
        write_faults(handed.original.parent, [*staged.errors, *staged.warnings, *found])
    batch.summary = {**batch.summary, **_summary(preview, staged), "entities": touched}
    if len(touched) == 1 and not preview.new_entities:
        batch.entity_id = touched[0]
    batch.state, batch.failure = ImportBatch.State.STAGED, None
    batch.save(update_fields=["source", "options", "summary", "entity", "state", "failure"])
    return preview


def _mark_faulty(desk: Desk, staged: Staged) -> None:
    if staged.errors_total:
        (desk.folder / "faulty").touch()


def _start(batch: ImportBatch, staged: Staged, options: ImportOptions) -> Preview:
    return Preview(
        batch_id=batch.id,
        kind=options.kind,
        feed=options.feed,
        profile=staged.profile,
        source=options.source,
        mapping=staged.mapping,
        rows_total=staged.rows_total,
        rows_good=staged.rows_good,
        errors=_in_order(staged.errors)[:SHOWN],
        errors_total=staged.errors_total,
        warnings=staged.warnings[:SHOWN],
        warnings_total=staged.warnings_total,
        sample_columns=staged.sample_columns,
        sample=staged.sample,
    )


def _in_order(faults: list[DataError]) -> list[DataError]:
    """Faults of the whole file first, then row by row."""
    return sorted(faults, key=lambda fault: fault.row or 0)


def _note_repeated(preview: Preview, batch: ImportBatch, sha256: str) -> None:
    before = published_before(sha256, batch.kind)
    if before is not None and before.published_at is not None:
        reason = f"this very file was posted before, on {before.published_at:%Y-%m-%d %H:%M} UTC (import {before.id})"
        preview.warnings.insert(0, DataWarning(batch.file_name, None, None, reason, "import.repeated"))
        preview.warnings_total += 1


def _take_counts(preview: Preview, desk: Desk, counts: Counts) -> None:
    errors, errors_total = desk.faults(warning=False, limit=SHOWN)
    warnings, warnings_total = desk.faults(warning=True, limit=SHOWN)
    preview.rows_good -= desk.faulty_rows()
    preview.errors = _in_order([*preview.errors, *errors])[:SHOWN]
    preview.errors_total += errors_total
    preview.warnings = [*preview.warnings, *warnings][:SHOWN]
    preview.warnings_total += warnings_total
    preview.changes = counts.changes
    preview.new_customers = counts.new_customers
    preview.new_entities = desk.new_entities
    preview.totals = [CurrencyTotal(*total) for total in counts.totals]


def _summary(preview: Preview, staged: Staged) -> dict[str, Any]:
    """What the batch keeps of its preview, so that it can be shown again without reading the file."""

    def plain(fault: Any) -> list[Any]:
        return [fault.row, fault.column, fault.reason, fault.code, fault.value]

    return {
        "file_errors": staged.errors_total,
        "staged_good": staged.rows_good,
        "rows_total": preview.rows_total,
        "rows_good": preview.rows_good,
        "errors": [plain(fault) for fault in preview.errors],
        "errors_total": preview.errors_total,
        "warnings": [plain(fault) for fault in preview.warnings],
        "warnings_total": preview.warnings_total,
        "mapping": [[guess.column, guess.field, guess.confidence, guess.why] for guess in preview.mapping],
        "sample_columns": preview.sample_columns,
        "sample": preview.sample,
        "changes": preview.changes,
        "new_customers": preview.new_customers,
        "new_entities": preview.new_entities,
        "totals": [[total.currency, total.rows, total.amount_minor] for total in preview.totals],
    }
