"""Money received: listed, read, posted; identified, applied, parked, refunded, bounced."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Path, Query, Router, Schema

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import caller_of
from huikuan.api.paging import Cursor
from huikuan.api.parts import OnceKey, codes, entity_for, entries_or_asked, frame_of, read_account, read_minor, read_on
from huikuan.api.problems import NotThere
from huikuan.api.schemas import (
    AmountIn,
    ApplyIn,
    ApprovalAsked,
    Code,
    Currency,
    Day,
    EntriesPosted,
    Id,
    IdentifyIn,
    LineIn,
    ListAsked,
    MemoIn,
    ReceiptIn,
    ReceiptList,
    ReceiptOut,
    ReceiptsIn,
    ReceiptsPosted,
    RefundIn,
    ReverseIn,
    Standpoint,
    Text,
    money,
    receipt_out,
)
from huikuan.core.accounts import LedgerAccount
from huikuan.core.channels import Channel
from huikuan.core.rights import Right
from huikuan.queries.collected import collected
from huikuan.queries.desk import ReceiptNow, entry_now, item_now, receipt_now
from huikuan.queries.feeds import ReceiptWish, one_receipt, posted_receipts, receipt_slice
from huikuan.queries.ids import entry_id_text
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.receipts import NewReceipt, identify_receipt, park_receipt, post_receipts, refund_receipt
from huikuan.services.reinstating import reinstate_receipt
from huikuan.services.reversals import reverse_entry

router = Router(tags=["Receipts"])


class ReceiptsAsked(ListAsked):
    state: Literal["todo", "all"] = "all"
    currency: Currency | Literal[""] = ""
    external_id: Text = ""
    reference: Text = ""
    source: Code = ""
    value_from: Day | None = None
    value_to: Day | None = None
    channel: Channel | Literal[""] = ""


@router.get("", response=ReceiptList, summary="List receipts")
def list_receipts(request: HttpRequest, asked: Query[ReceiptsAsked]) -> object:
    """Receipts in the order in which they came; `state=todo`: money somebody still has to identify or apply."""
    cursor = Cursor("receipts", asked, asked.cursor)
    wish = ReceiptWish(**{name: getattr(asked, name) for name in ReceiptWish.__slots__})
    found = receipt_slice(frame_of(request, asked), wish, after=cursor.after, limit=asked.limit)
    by_number = codes()
    return cursor.page(found, lambda row: receipt_out(row, by_number))


class CollectedAsked(Standpoint):
    value_from: Day
    value_to: Day


class CollectedOut(Schema):
    """Receipts of a currency that came by one channel, taken back ones apart."""

    currency: str
    channel: Channel | None = Field(description="Null: nobody said.")
    is_bill: bool = Field(
        description="A bill that settled when it was taken: no money yet, and not to be added to the others."
    )
    receipts: int
    amount: str


class CollectedList(Schema):
    rows: list[CollectedOut]


@router.get("/by-channel", response=CollectedList, summary="What came in, by channel")
def read_collected(request: HttpRequest, asked: Query[CollectedAsked]) -> object:
    """Receipts with a value date from one day to another, money apart from bills."""
    found = collected(frame_of(request, asked), asked.value_from, asked.value_to)
    return CollectedList(
        rows=[
            CollectedOut(
                currency=line.currency,
                channel=Channel(line.channel) if line.channel else None,
                is_bill=line.is_bill,
                receipts=line.receipts,
                amount=money(line.amount_minor, line.currency),
            )
            for line in found
        ]
    )


@router.get("/{receipt_id}", response=ReceiptOut, summary="Read a receipt")
def read_receipt(request: HttpRequest, receipt_id: Path[Id], asked: Query[Standpoint]) -> HttpResponse:
    """One receipt, with its ETag."""
    found = one_receipt(frame_of(request, asked), receipt_id)
    if found is None:
        raise NotThere
    return tagged(request, receipt_out(found, codes()))


@router.post("", response={201: ReceiptsPosted}, summary="Post receipts")
def create_receipts(request: HttpRequest, body: ReceiptsIn, key: OnceKey) -> HttpResponse:
    """Posts money received: one entry each, all of them or none."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.POST_CASH)

    def work() -> ReceiptsPosted:
        rows = [_new_receipt(request, entity_id, one, f"#/receipts/{i}") for i, one in enumerate(body.receipts)]
        numbers = post_receipts(entity_id, rows, source=body.source, **caller.actor)
        by_number = codes()
        return ReceiptsPosted(receipts=[receipt_out(found, by_number) for found in posted_receipts(numbers)])

    return post_once(request, caller, entity_id, "receipts.post", key, body, work)


def _new_receipt(request: HttpRequest, entity_id: int, given: ReceiptIn, pointer: str) -> NewReceipt:
    same = "external_id reference value_date effective_date currency payer_name payer_account remittance_text".split()
    account_id = None
    if given.customer:
        account_id = read_account(caller_of(request), entity_id, given.customer, f"{pointer}/customer")
    return NewReceipt(
        **{name: getattr(given, name) for name in same},
        account_id=account_id,
        amount_minor=read_minor(given.amount, given.currency, f"{pointer}/amount"),
        channel=given.channel,
    )


def _postable(request: HttpRequest, receipt_id: str, right: Right = Right.POST_CASH) -> ReceiptNow:
    """A receipt the caller sees and may post to."""
    caller = caller_of(request)
    found = receipt_now(caller.frame(), receipt_id, caller.now)
    if found is None:
        raise NotThere
    caller.demand(right, found.entity_id)
    return found


def _entries(*numbers: int) -> EntriesPosted:
    return EntriesPosted(entries=[entry_id_text(number) for number in numbers])


@router.post("/{receipt_id}/identify", response={201: EntriesPosted}, summary="Say whose money it is")
def identify(request: HttpRequest, receipt_id: Path[Id], body: IdentifyIn, key: OnceKey) -> HttpResponse:
    """Moves what is in suspense to a customer's unapplied money."""
    caller, found = caller_of(request), _postable(request, receipt_id)

    def work() -> EntriesPosted:
        account_id = read_account(caller, found.entity_id, body.customer, "#/customer")
        on = read_on(body.on, found.entity_id, caller.now)
        return _entries(identify_receipt(found.entity_id, found.id, account_id, on=on, **caller.actor))

    return post_once(request, caller, found.entity_id, "receipt.identify", key, body, work)


@router.post("/{receipt_id}/apply", response={201: EntriesPosted}, summary="Apply money")
def apply_money(request: HttpRequest, receipt_id: Path[Id], body: ApplyIn, key: OnceKey) -> HttpResponse:
    """Applies unapplied money to the items named, or spreads it in an order."""
    caller, found = caller_of(request), _postable(request, receipt_id)

    def work() -> EntriesPosted:
        named = [_named(request, found, line, f"#/lines/{index}") for index, line in enumerate(body.lines)]
        minor = None if body.amount is None else read_minor(body.amount, found.currency, "#/amount")
        on = read_on(body.on, found.entity_id, caller.now)
        return _entries(
            apply_receipt(found.entity_id, found.id, named, order=body.order, amount_minor=minor, on=on, **caller.actor)
        )

    return post_once(request, caller, found.entity_id, "receipt.apply", key, body, work)


def _named(request: HttpRequest, receipt: ReceiptNow, line: LineIn, pointer: str) -> Named:
    caller = caller_of(request)
    item = item_now(caller.frame(), line.item, caller.now)
    if item is None:
        raise NotThere("item.unknown", f"there is no item {line.item} in this entity")
    paid = line.paid_amount
    return Named(
        item.id,
        read_minor(line.amount, item.currency, f"{pointer}/amount"),
        take_discount=line.take_discount,
        paid_minor=None if paid is None else read_minor(paid, receipt.currency, f"{pointer}/paid_amount"),
    )


@router.post("/{receipt_id}/park", response={201: EntriesPosted}, summary="Keep money on account")
def park(request: HttpRequest, receipt_id: Path[Id], body: AmountIn, key: OnceKey) -> HttpResponse:
    """Keeps unapplied money on account, as an advance."""
    caller, found = caller_of(request), _postable(request, receipt_id)

    def work() -> EntriesPosted:
        minor = read_minor(body.amount, found.currency, "#/amount")
        on = read_on(body.on, found.entity_id, caller.now)
        return _entries(park_receipt(found.entity_id, found.id, minor, on=on, **caller.actor))

    return post_once(request, caller, found.entity_id, "receipt.park", key, body, work)


@router.post("/{receipt_id}/refund", response={201: EntriesPosted, 202: ApprovalAsked}, summary="Send money back")
def refund(request: HttpRequest, receipt_id: Path[Id], body: RefundIn, key: OnceKey) -> HttpResponse:
    """Gives money back to who sent it. Where the amount must be approved first: `approval.needed`, or with
    `request_approval` a request for it."""
    caller, found = caller_of(request), _postable(request, receipt_id)

    def work() -> EntriesPosted | ApprovalAsked:
        minor = read_minor(body.amount, found.currency, "#/amount")
        given = {"on": read_on(body.on, found.entity_id, caller.now), "memo": body.memo, **caller.actor}
        source = LedgerAccount(body.from_)

        def post() -> int:
            return refund_receipt(found.entity_id, found.id, minor, from_account=source, **given)

        return entries_or_asked(caller, post, ask=body.request_approval)

    return post_once(request, caller, found.entity_id, "receipt.refund", key, body, work)


@router.post("/{receipt_id}/bounce", response={201: EntriesPosted}, summary="A payment bounced")
def bounce(request: HttpRequest, receipt_id: Path[Id], body: ReverseIn, key: OnceKey) -> HttpResponse:
    """Takes the receipt back, and before it everything it was applied to."""
    caller, found = caller_of(request), _postable(request, receipt_id, Right.REVERSE)

    def work() -> EntriesPosted:
        entry = entry_now(caller.frame(), found.entry_public_id, caller.now)
        if entry is None:
            raise NotThere
        on = read_on(body.on, found.entity_id, caller.now)
        return _entries(*reverse_entry(found.entity_id, entry.id, on=on, memo=body.memo, **caller.actor))

    return post_once(request, caller, found.entity_id, "receipt.bounce", key, body, work)


@router.post("/{receipt_id}/reinstate", response={201: ReceiptsPosted}, summary="A payment did not bounce after all")
def reinstate(request: HttpRequest, receipt_id: Path[Id], body: MemoIn, key: OnceKey) -> HttpResponse:
    """Posts a reversed receipt anew, with everything that was taken back with it; gives the new receipt, or those of
    all customers a payment was for."""
    caller, found = caller_of(request), _postable(request, receipt_id, Right.REVERSE)

    def work() -> ReceiptsPosted:
        made = reinstate_receipt(found.entity_id, found.id, memo=body.memo, **caller.actor)
        by_number = codes()
        return ReceiptsPosted(receipts=[receipt_out(one, by_number) for one in posted_receipts(made.receipts)])

    return post_once(request, caller, found.entity_id, "receipt.reinstate", key, body, work)
