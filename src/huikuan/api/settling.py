"""Items taken off the books without money: written off, offset, assigned."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from huikuan.api.answers import post_once
from huikuan.api.callers import caller_of
from huikuan.api.parts import OnceKey, entries_or_asked, read_minor, read_on
from huikuan.api.problems import NotThere, invalid
from huikuan.api.schemas import ApprovalAsked, EntriesPosted, Id, SettleIn
from huikuan.core.accounts import EntryKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.desk import item_now
from huikuan.services.adjustments import settle_item

router = Router(tags=["Items"])
ANSWERS = {201: EntriesPosted, 202: ApprovalAsked}


def _settle(request: HttpRequest, kind: EntryKind, item_id: str, body: SettleIn, key: str) -> HttpResponse:
    caller = caller_of(request)
    found = item_now(caller.frame(), item_id, caller.now)
    if found is None:
        raise NotThere
    caller.demand(Right.POST_ADJUSTMENT, found.entity_id)

    def work() -> EntriesPosted | ApprovalAsked:
        minor = read_minor(body.amount, found.currency, "#/amount")
        if minor <= 0:
            raise invalid("#/amount", Refusal("form.not_positive", "The amount must be more than nothing."))
        signed = -minor if found.is_credit else minor
        given = {"on": read_on(body.on, found.entity_id, caller.now), "memo": body.memo, **caller.actor}

        def post() -> int:
            return settle_item(found.entity_id, kind, found.id, signed, **given)

        return entries_or_asked(caller, post, ask=body.request_approval)

    return post_once(request, caller, found.entity_id, f"item.{kind.value}", key, body, work)


@router.post("/{item_id}/write-off", response=ANSWERS, summary="Write an item off")
def write_off(request: HttpRequest, item_id: Path[Id], body: SettleIn, key: OnceKey) -> HttpResponse:
    """Books the amount as a bad debt. Where it must be approved first: `approval.needed`, or with `request_approval` a
    request for it."""
    return _settle(request, EntryKind.WRITE_OFF, item_id, body, key)


@router.post("/{item_id}/offset", response=ANSWERS, summary="Offset an item against what we owe")
def offset(request: HttpRequest, item_id: Path[Id], body: SettleIn, key: OnceKey) -> HttpResponse:
    """Takes the amount off against payables to the same party. Approval as for a write-off."""
    return _settle(request, EntryKind.OFFSET, item_id, body, key)


@router.post("/{item_id}/assign", response=ANSWERS, summary="Assign an item to somebody else")
def assign(request: HttpRequest, item_id: Path[Id], body: SettleIn, key: OnceKey) -> HttpResponse:
    """The claim goes to another creditor, a factor for one. Approval as for a write-off."""
    return _settle(request, EntryKind.ASSIGNMENT, item_id, body, key)
