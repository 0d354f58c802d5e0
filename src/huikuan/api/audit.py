"""The audit trail, read by programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.callers import caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.schemas import Code, Instant
from huikuan.core.rights import Right
from huikuan.queries.entities import all_entities
from huikuan.queries.feeds_journal import AuditFacts, audit_slice
from huikuan.services.rights import missing

router = Router(tags=["Audit"])


class AuditAsked(Asked):
    entity: Code = ""
    code: Annotated[str, StringConstraints(pattern=r"^[a-z_.]{0,60}$")] = Field("", description="`period.` finds all.")
    since: Instant | None = None


class AuditOut(Schema):
    """One thing done. ``subject``: its kind and opaque id."""

    number: int
    at: datetime
    actor: str
    code: str
    entity: str | None
    subject: str
    data: dict[str, Any]


class AuditList(Schema):
    rows: list[AuditOut]
    next: str | None
    more: bool


def _out(row: AuditFacts) -> AuditOut:
    same = ("number", "at", "actor", "code", "subject", "data")
    return AuditOut(**{name: getattr(row, name) for name in same}, entity=row.entity or None)


@router.get("", response=AuditList, summary="Follow the audit trail")
def list_events(request: HttpRequest, asked: Query[AuditAsked]) -> object:
    """What was done, in order: a feed like the journal. What belongs to no entity is for those who may see all."""
    caller = caller_of(request)
    mine = caller.entities_with(Right.SEE_AUDIT)
    if not mine:
        raise missing(Right.SEE_AUDIT)
    every = {row["id"]: row["code"] for row in all_entities()}
    wanted = [number for number in mine if not asked.entity or every.get(number) == asked.entity]
    cursor = Cursor("audit", asked, asked.cursor)
    found = audit_slice(
        wanted,
        with_common=not asked.entity and set(mine) == set(every),
        code=asked.code,
        since=asked.since,
        after=cursor.after,
        limit=asked.limit,
    )
    return cursor.page(found, _out, is_feed=True)
