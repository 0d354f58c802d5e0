"""The saved views of a table that a person may choose from."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import connection

_SQL = (  # asked with every list: see ``standing``
    "SELECT v.id, v.name, v.asked, v.owner_id, v.is_shared, o.first_name, o.last_name, o.username, EXISTS (SELECT 1"
    ' FROM store_usualview w WHERE w.view_id = v.id AND w.user_id = %s AND w."table" = %s)'
    " FROM store_tableview v JOIN store_user o ON o.id = v.owner_id"
    ' WHERE v."table" = %s AND (v.owner_id = %s OR v.is_shared) ORDER BY v.name, v.id'
)


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
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [user_id, table, table, user_id])
        rows = cursor.fetchall()
    return [
        ViewRow(
            id=number,
            name=name,
            asked={
                str(key): str(text) for key, text in (asked if isinstance(asked, dict) else json.loads(asked)).items()
            },
            is_mine=owner_id == user_id,
            is_shared=bool(is_shared),
            is_usual=bool(is_usual),
            owner=f"{first} {last}".strip() or username,
        )
        for number, name, asked, owner_id, is_shared, first, last, username, is_usual in rows
    ]
