"""Short payments: followed, opened, rejected and accepted by programs. What they are is docs/short-payments.md."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.parts import OnceKey, codes, read_minor, read_on
from huikuan.api.problems import NotThere
from huikuan.api.schemas import ApprovalAsked, Code, Day, Given, Id, money
from huikuan.core.rights import Right
from huikuan.core.short_payments import Outcome, ShortPaymentState
from huikuan.queries.desk import item_now
from huikuan.queries.ids import short_payment_id_text
from huikuan.queries.short_payments import EventRow, ShortPaymentRow, events_of, short_payment, short_payment_slice
from huikuan.services.approvals import ApprovalNeeded, request_approval
from huikuan.services.short_payments import accept_short_payment, open_short_payment, reject_short_payment

router = Router(tags=["Short payments"])

Note = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Why = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"),
]
Reason = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]


class ShortPaymentsAsked(Asked):
    entity: Code = ""
    customer: Annotated[str, StringConstraints(pattern=r"^([a-z]{3}_[0-9a-z]{13})?$")] = ""
    state: ShortPaymentState | None = Field(None, description="Without one: every state.")


class ShortPaymentOut(Schema):
    """A case. `amount` is held back of `item`, a document of `item_amount`. It falls to `owner`, or, without one, to
    whoever has the role `owner_role`. `settled_by` is the entry that took it off the books."""

    id: str
    state: ShortPaymentState
    outcome: Outcome | None
    reason: str
    entity: str
    customer: str
    item: str
    document_number: str
    currency: str
    amount: str
    item_amount: str
    owner: str | None
    owner_role: str
    opened_on: date
    deadline: date
    receipt: str | None
    applied_by: str | None
    settled_by: str | None


class ShortPaymentList(Schema):
    rows: list[ShortPaymentOut]
    next: str | None
    more: bool


class ShortEventOut(Schema):
    at: datetime
    actor: str
    what: str
    note: str


class ShortPaymentRead(ShortPaymentOut):
    """With what was done about it, the first first."""

    events: list[ShortEventOut]


class ShortPaymentIn(Given):
    """`amount` without a value: all that is open on the item. The reason says whom it falls to and until when."""

    item: Id
    amount: Annotated[str, StringConstraints(max_length=40)] | None = None
    reason: Reason = "unstated"
    note: Note = ""


class ShortDecisionIn(Given):
    """`accept`: the customer need not pay, by `outcome`; `reject`: it must. `note` says why, and what it was told.
    `request_approval`: where the amount must be approved first, ask for that (202)."""

    decision: Literal["accept", "reject"]
    outcome: Outcome = Outcome.WRITE_OFF
    note: Why
    on: Day | None = None
    request_approval: bool = False


def _values(row: ShortPaymentRow, by_number: dict[int, str]) -> dict[str, Any]:
    same = ("document_number", "currency", "owner_role", "opened_on", "deadline")
    return {
        **{name: getattr(row, name) for name in same},
        "id": row.public_id,
        "state": ShortPaymentState(row.state),
        "outcome": Outcome(row.outcome) if row.outcome else None,
        "reason": row.reason_code,
        "entity": by_number[row.entity_id],
        "customer": row.customer_public_id,
        "item": row.item_public_id,
        "amount": money(row.amount_minor, row.currency),
        "item_amount": money(row.item_minor, row.currency),
        "owner": row.owner or None,
        "receipt": row.receipt_public_id or None,
        "applied_by": row.entry_public_id or None,
        "settled_by": row.settling_public_id or None,
    }


def _known(caller: Caller, text: str) -> ShortPaymentRow:
    found = short_payment(caller.frame(), text)
    if found is None:
        raise NotThere
    return found


def _read(caller: Caller, text: str) -> ShortPaymentRead:
    row = _known(caller, text)
    return ShortPaymentRead(**_values(row, codes()), events=[_event(one) for one in events_of(row.id)])


def _event(row: EventRow) -> ShortEventOut:
    return ShortEventOut(at=row.at, actor=row.actor, what=row.code, note=row.note)


@router.get("", response=ShortPaymentList, summary="List short payments")
def list_short_payments(request: HttpRequest, asked: Query[ShortPaymentsAsked]) -> object:
    """Cases in the order in which they were opened."""
    caller = caller_of(request)
    cursor = Cursor("short payments", asked, asked.cursor)
    found = short_payment_slice(
        caller.frame(asked.entity),
        states=[asked.state.value] if asked.state else [],
        customer=asked.customer,
        after=cursor.after,
        limit=asked.limit,
    )
    by_number = codes()
    return cursor.page(found, lambda row: ShortPaymentOut(**_values(row, by_number)))


@router.get("/{case_id}", response=ShortPaymentRead, summary="Read a short payment")
def read_short_payment(request: HttpRequest, case_id: Path[Id]) -> HttpResponse:
    """One case with its history, and its ETag."""
    return tagged(request, _read(caller_of(request), case_id))


@router.post("", response={201: ShortPaymentRead}, summary="Open a short payment")
def create_short_payment(request: HttpRequest, body: ShortPaymentIn, key: OnceKey) -> HttpResponse:
    """Says that a customer holds something back on an item. A case that the item has already gets reason and amount."""
    caller = caller_of(request)
    found = item_now(caller.frame(), body.item, caller.now)
    if found is None:
        raise NotThere
    caller.demand(Right.HANDLE_SHORT_PAYMENT, found.entity_id)

    def work() -> ShortPaymentRead:
        minor = None if body.amount is None else read_minor(body.amount, found.currency, "#/amount")
        given = {"reason_code": body.reason, "note": body.note, **caller.actor}
        number = open_short_payment(found.entity_id, found.id, minor, **given)
        return _read(caller, short_payment_id_text(number))

    return post_once(request, caller, found.entity_id, "short_payment.open", key, body, work)


ANSWERS = {200: ShortPaymentRead, 202: ApprovalAsked}


@router.post("/{case_id}/decision", response=ANSWERS, summary="Decide on a short payment")
def decide(request: HttpRequest, case_id: Path[Id], body: ShortDecisionIn, key: OnceKey) -> HttpResponse:
    """Accepting takes `adjustment.post` as well. Where it must be approved first: `approval.needed`, or with
    `request_approval` a request for it."""
    caller = caller_of(request)
    row = _known(caller, case_id)
    caller.demand(Right.HANDLE_SHORT_PAYMENT, row.entity_id)
    if body.decision == "accept":
        caller.demand(Right.POST_ADJUSTMENT, row.entity_id)

    def work() -> ShortPaymentRead | ApprovalAsked:
        if body.decision == "reject":
            reject_short_payment(row.id, note=body.note, **caller.actor)
            return _read(caller, case_id)
        on = read_on(body.on, row.entity_id, caller.now)
        try:
            accept_short_payment(row.id, body.outcome, note=body.note, on=on, **caller.actor)
        except ApprovalNeeded as needed:
            if not body.request_approval:
                raise
            return ApprovalAsked(approval=request_approval(needed.proposal, **caller.actor))
        return _read(caller, case_id)

    return post_once(request, caller, row.entity_id, "short_payment.decide", key, body, work, status=200)
