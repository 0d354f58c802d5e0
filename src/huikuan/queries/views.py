"""The saved views of a table that a person may choose from."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from huikuan.store.models import TableView, UsualView


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A saved view. ``asked``: parameters of the address; ``is_usual``: the person's table opens with it."""

    id: int
    name: str
    asked: dict[str, str]
    is_mine: bool
    is_shared: bool
    is_usual: bool
    owner: str


def views_of(user_id: int, table: str) -> list[ViewRow]:
    """One's own views and those shared with everybody, by name."""
    usual = UsualView.objects.filter(user_id=user_id, table=table).values_list("view_id", flat=True).first()
    found = TableView.objects.filter(Q(owner_id=user_id) | Q(is_shared=True), table=table).select_related("owner")
    return [
        ViewRow(
            id=view.pk,
            name=view.name,
            asked={str(name): str(text) for name, text in view.asked.items()},
            is_mine=view.owner_id == user_id,
            is_shared=view.is_shared,
            is_usual=view.pk == usual,
            owner=view.owner.get_full_name() or view.owner.get_username(),
        )
        for view in found.order_by("name", "id")
    ]
