"""Bank files handed in: what became of each statement in them, and how far the worker is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q
from django_tasks_db.models import DBTaskResult

from huikuan.core.said import Line, read_line
from huikuan.queries.directory import actors_of
from huikuan.queries.frame import Frame
from huikuan.store.batch_locks import is_held
from huikuan.store.batch_work import read_progress
from huikuan.store.models import BankAccount, BankUpload
from huikuan.store.public_ids import public_id


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What became of one statement of a file: see ``services.bank_uploads.Outcome``, whose fields are in ``said``.
    ``statement_public_id``: its page, once it is imported or where it was known. ``notes``: remarks of the reader."""

    file_name: str
    file: int
    place: int
    state: str
    said: dict[str, Any]
    account_name: str
    entity_id: int | None
    statement_public_id: str
    notes: list[Line]


@dataclass(frozen=True, slots=True)
class UploadDetail:
    """An upload. ``stage``, ``done``, ``total``: how far the worker is while ``state`` is waiting or working;
    ``is_stopped``: nobody works on it any more although it is not done."""

    id: int
    created_at: datetime
    created_by: str
    created_by_id: int | None
    state: str
    files: list[str]
    outcomes: list[OutcomeRow]
    entity_ids: tuple[int, ...]
    stage: str = ""
    done: int = 0
    total: int | None = None
    is_stopped: bool = False

    @property
    def percent(self) -> int | None:
        return min(self.done * 100 // self.total, 100) if self.total else None

    def count(self, *states: str) -> int:
        return sum(one.state in states for one in self.outcomes)


def upload_detail(upload_id: int) -> UploadDetail | None:
    """An upload with everything that was said of it; the caller has to ask who may see it (``entity_ids`` are the
    entities of the accounts its statements went to)."""
    row = BankUpload.objects.filter(id=upload_id).first()
    if row is None:
        return None
    numbers = {one["account_id"] for one in row.outcomes if one.get("account_id")}
    accounts = {one.pk: one for one in BankAccount.objects.filter(id__in=numbers)}
    progress = read_progress(upload_folder(upload_id))
    outcomes = [_outcome(row, one, accounts) for one in row.outcomes]
    return UploadDetail(
        id=row.pk,
        created_at=row.created_at,
        created_by=actors_of([row.created_by_id]).get(row.created_by_id, ""),
        created_by_id=row.created_by_id,
        state=row.state,
        files=[one["name"] for one in row.files],
        outcomes=outcomes,
        entity_ids=tuple(
            sorted(
                {one.entity_id for one in accounts.values()}
                | {number for number in (row.entity_id,) if number is not None}
            )
        ),
        stage=progress.stage,
        done=progress.done,
        total=progress.total,
        is_stopped=_is_stopped(row),
    )


def _is_stopped(row: BankUpload) -> bool:
    """A task that failed or is gone, or whose worker died; and work nobody was given, which no page is still doing by
    now."""
    if row.state == BankUpload.State.DONE:
        return False
    if row.task_id is None:
        return True
    folder = upload_folder(row.pk)
    status = DBTaskResult.objects.filter(id=row.task_id).values_list("status", flat=True).first()
    has_begun = status == "RUNNING" and read_progress(folder).task == str(row.task_id)
    return status not in ("READY", "RUNNING") or (has_begun and not is_held(folder))


def upload_folder(upload_id: int) -> Path:
    """Where who works on an upload says how far it is, and which it holds meanwhile."""
    return Path(settings.HUIKUAN_HOME) / "uploads" / f"bank-{upload_id}"


def _outcome(row: BankUpload, one: dict[str, Any], accounts: dict[int, BankAccount]) -> OutcomeRow:
    account = accounts.get(one.get("account_id") or 0)
    number = one.get("statement_id")
    return OutcomeRow(
        file_name=row.files[one["file"]]["name"],
        file=one["file"],
        place=one["place"],
        state=one["state"],
        said=one,
        notes=[read_line(text) for text in one.get("notes", ())],
        account_name=account.name if account else "",
        entity_id=account.entity_id if account else row.entity_id,
        statement_public_id=public_id("bst", number) if number else "",
    )


def undecided_uploads(frame: Frame, user_id: int) -> list[tuple[int, str]]:
    """Number and files of the latest uploads on which a person has to say something: one's own, and those the system
    took from a folder of an entity that is seen whole."""
    found = BankUpload.objects.filter(
        Q(created_by_id=user_id) | Q(created_by=None, entity_id__in=frame.whole_ids), state=BankUpload.State.DONE
    )
    undecided = {"needs_account", "needs_date_order", "not_tied"}
    return [
        (row.pk, ", ".join(one["name"] for one in row.files))
        for row in found.order_by("-id")[:50]
        if not row.said.get("given_up") and any(one["state"] in undecided for one in row.outcomes)
    ][:10]


LAYOUTS_MAX = 20


def layouts_used(entity_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Layouts of earlier uploads of these entities, the latest first, each once: the upload's number and its name."""
    found: dict[tuple[str, str], int] = {}
    rows = BankUpload.objects.filter(Q(entity_id__in=list(entity_ids)) | Q(entity=None), said__has_key="layout")
    for number, said in rows.order_by("-id").values_list("id", "said")[: LAYOUTS_MAX * 5]:
        found.setdefault((said["layout"]["name"], said["layout"]["text"]), number)
    return [(number, name) for (name, _text), number in found.items()][:LAYOUTS_MAX]
