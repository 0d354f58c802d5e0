"""What every page asks first: a person's roles, the legal entities, which of them are not live yet. One statement, in
plain SQL: put together by the ORM it took longer than answering it, and each statement is a way to the database."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from huikuan.queries.asking import current, once

_WAITING = (
    "store_golive g JOIN store_entity e ON e.id = g.entity_id LEFT JOIN store_goliveproof p ON p.entity_id = e.id"
    " WHERE p.id IS NULL"
)
GRANTS = "SELECT entity_id, role, reach FROM store_rolegrant WHERE user_id = %s"
_BOOKS = (
    "SELECT {}e.id, e.code, e.name, e.currency, e.timezone, coalesce(p.reference_scheme, '') AS scheme"
    " FROM store_entity e LEFT JOIN store_channelpolicy p ON p.entity_id = e.id"
)
ENTITIES = f"{_BOOKS.format('')} ORDER BY e.code"
NOT_LIVE = f"SELECT e.id, e.code, e.name FROM {_WAITING} ORDER BY e.code"
_ALL = (
    "SELECT 1 AS what, entity_id AS number, role AS code, reach AS name, '' AS currency, '' AS timezone,"
    " '' AS scheme"
    " FROM store_rolegrant WHERE user_id = %s"
    f" UNION ALL {_BOOKS.format('2, ')}"
    f" UNION ALL SELECT 3, e.id, e.code, e.name, '', '', '' FROM {_WAITING} ORDER BY 1, 3"
)

Grant = tuple[int, str, str]
EntityLine = tuple[int, str, str, str, str, str]


class Standing(NamedTuple):
    """Grants: entity, role, reach; entities by code: number, code, name, currency, time zone, scheme of payment
    references; those on their way that are not live: number, code, name."""

    grants: list[Grant]
    entities: list[EntityLine]
    not_live: list[tuple[int, str, str]]


def standing_of(user_id: int) -> Standing:
    """All of it for a person; inside a request that only asks, what the other questions here then find."""
    return once(("standing", user_id), lambda: _look_up(user_id))


def _look_up(user_id: int) -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(_ALL, [user_id])
        rows = cursor.fetchall()
    found = Standing(
        [row[1:4] for row in rows if row[0] == 1],
        [row[1:] for row in rows if row[0] == 2],
        [row[1:4] for row in rows if row[0] == 3],
    )
    once("entities", lambda: found.entities)
    once("not live", lambda: found.not_live)
    return found


def grants_of(user_id: int) -> list[Grant]:
    """A person's roles: entity, role, reach."""
    return standing_of(user_id).grants if current() is not None else _rows(GRANTS, user_id)


def every_entity() -> list[EntityLine]:
    """Number, code, name, currency, time zone and scheme of payment references of every legal entity, by code."""
    return once("entities", lambda: _rows(ENTITIES))


def not_live_yet() -> list[tuple[int, str, str]]:
    """Number, code and name of every entity on its way and not live yet, by code."""
    return once("not live", lambda: _rows(NOT_LIVE))


def _rows(sql: str, *params: int) -> list[tuple]:  # type: ignore[type-arg]
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return list(cursor.fetchall())
