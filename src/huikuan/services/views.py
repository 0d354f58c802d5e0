"""Saved views of tables: a person's own, shared with everybody when the person says so, and the usual one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from huikuan.core.refusals import Refusal
from huikuan.services.auditing import record
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import TableView, UsualView

NAME_MAX = 60
VIEWS_MAX = 50
"""So many views of one table a person may keep."""


def save_view(
    table: str,
    name: str,
    asked: Mapping[str, str],
    *,
    is_shared: bool,
    is_usual: bool,
    actor_id: int,
    now: datetime,
) -> int:
    """Keeps a view under its name; one's own of that name is replaced. Gives its id.

    Refuses ``view.no_name``, ``view.long_name`` and ``view.too_many``.
    """
    name = " ".join(name.split())
    if not name:
        raise Refusal("view.no_name", "Give the view a name.")
    if len(name) > NAME_MAX:
        raise Refusal("view.long_name", "A view's name has at most {most} characters.", most=NAME_MAX)

    def work() -> int:
        mine = TableView.objects.filter(owner_id=actor_id, table=table)
        found = mine.select_for_update().filter(name=name).first()
        if found is None and mine.count() >= VIEWS_MAX:
            raise Refusal("view.too_many", "You have {most} views of this table: delete one first.", most=VIEWS_MAX)
        if found is None:
            found = TableView(owner_id=actor_id, table=table, name=name, created_at=now)
        found.asked, found.is_shared = dict(asked), is_shared
        found.save()
        if not is_shared:
            UsualView.objects.filter(view=found).exclude(user_id=actor_id).delete()
        if is_usual:
            UsualView.objects.update_or_create(user_id=actor_id, table=table, defaults={"view": found})
        record("view.saved", now=now, actor_id=actor_id, subject=f"view:{found.pk}", table=table, shared=is_shared)
        return int(found.pk)

    return run_in_transaction(work)


def delete_view(view_id: int, *, actor_id: int, now: datetime) -> None:
    """Deletes one's own view; whoever opened with it gets the standard one. Refuses ``view.unknown``."""

    def work() -> None:
        found = TableView.objects.select_for_update().filter(id=view_id, owner_id=actor_id).first()
        if found is None:
            raise Refusal("view.unknown", "There is no such view of yours.")
        record("view.deleted", now=now, actor_id=actor_id, subject=f"view:{view_id}", table=found.table)
        found.delete()

    run_in_transaction(work)


def set_usual(table: str, view_id: int | None, *, actor_id: int) -> None:
    """The view this person's table opens with; ``None`` for the standard one. Refuses ``view.unknown``."""

    def work() -> None:
        if view_id is None:
            UsualView.objects.filter(user_id=actor_id, table=table).delete()
            return
        found = TableView.objects.filter(id=view_id, table=table).first()
        if found is None or not (found.is_shared or found.owner_id == actor_id):
            raise Refusal("view.unknown", "There is no such view of yours.")
        UsualView.objects.update_or_create(user_id=actor_id, table=table, defaults={"view": found})

    run_in_transaction(work)
