"""What the resources share: headers they ask for, the entity codes they show, days and amounts they read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Header
from pydantic import Field, StringConstraints

from huikuan.api.callers import Caller, caller_of
from huikuan.api.problems import invalid
from huikuan.api.schemas import ApprovalAsked, EntriesPosted, Standpoint
from huikuan.core.money import parse_amount
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.desk import day_at
from huikuan.queries.directory import entities_table
from huikuan.queries.feeds import account_named
from huikuan.queries.frame import Frame
from huikuan.queries.ids import entry_id_text
from huikuan.services.approvals import ApprovalNeeded, request_approval

OnceKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$"),
    Header(
        alias="Idempotency-Key",
        description="A text of your own that names this request; sent again, the answer is the same and nothing is"
        " posted twice.",
    ),
]

Number = Annotated[int, Field(ge=1, lt=2**63)]
"""Of what has no opaque id."""


def frame_of(request: HttpRequest, asked: Standpoint) -> Frame:
    """The frame of a question."""
    return caller_of(request).frame(asked.entity, asked.as_of, asked.known_on)


def codes() -> dict[int, str]:
    """Entity codes by number."""
    return {number: entity.code for number, entity in entities_table().items()}


def read_minor(text: str, currency: str, pointer: str) -> int:
    """An amount of the body in minor units. 422 at ``pointer`` for one its currency cannot hold."""
    try:
        return parse_amount(text, currency)
    except Refusal as refusal:
        raise invalid(pointer, refusal) from None


def read_account(caller: Caller, entity_id: int, text: str, pointer: str) -> int:
    """A customer's account with an entity. 422 at ``pointer``."""
    try:
        return account_named(caller.frame(), entity_id, text)
    except Refusal as refusal:
        raise invalid(pointer, refusal) from None


def read_on(on: date | None, entity_id: int, now: datetime) -> date:
    """The day something truly happened: the entity's today where none is given. 422 for a day to come."""
    today = day_at(entity_id, now)
    if on is not None and on > today:
        refusal = Refusal("form.day_ahead", "{day} lies in the future.", day=on.isoformat())
        raise invalid("#/on", refusal)
    return on or today


def entries_or_asked(caller: Caller, post: Callable[[], int], *, ask: bool) -> EntriesPosted | ApprovalAsked:
    """The entry that ``post`` posts; where it must be approved first and the caller ``ask``s for it, the request."""
    try:
        return EntriesPosted(entries=[entry_id_text(post())])
    except ApprovalNeeded as needed:
        if not ask:
            raise
        return ApprovalAsked(approval=request_approval(needed.proposal, **caller.actor))


def entity_for(caller: Caller, code: str, right: Right) -> int:
    """The entity of a body, in which the caller holds a right."""
    number = caller.entity(code).id
    caller.demand(right, number)
    return number
