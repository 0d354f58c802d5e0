"""Who calls, and the legal entities the caller sees."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema

from huikuan.api.answers import tagged
from huikuan.api.callers import caller_of
from huikuan.api.problems import NotThere
from huikuan.api.schemas import EntityCode
from huikuan.queries.entities import all_entities

router = Router(tags=["Entities"])


class EntityOut(Schema):
    """A legal entity: its books are kept in ``currency``, its days are days in ``timezone``. ``rights``: yours here."""

    code: str
    name: str
    currency: str
    timezone: str
    country: str
    rights: list[str]


class EntityList(Schema):
    rows: list[EntityOut]


@router.get("", response=EntityList, summary="List entities")
def list_entities(request: HttpRequest) -> object:
    """The entities whose ledger you see, and what you may do there."""
    return EntityList(rows=_entities(request))


@router.get("/{code}", response=EntityOut, summary="Read an entity")
def read_entity(request: HttpRequest, code: Path[EntityCode]) -> HttpResponse:
    """One entity, with its ETag."""
    for row in _entities(request):
        if row.code == code:
            return tagged(request, row)
    raise NotThere


def _entities(request: HttpRequest) -> list[EntityOut]:
    caller = caller_of(request)
    seen = {row.id: row for row in caller.entities}
    return [
        EntityOut(
            **{name: row[name] for name in ("code", "name", "currency", "timezone", "country")},
            rights=sorted(right.value for right in seen[row["id"]].held.rights),
        )
        for row in all_entities()
        if row["id"] in seen
    ]
