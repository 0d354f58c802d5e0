"""What goes in and comes out: amounts are exact decimal texts with their currency, dates ISO, ids opaque."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, StringConstraints

from huikuan.api.paging import Asked
from huikuan.core.accounts import Charge, EntryKind, ItemKind
from huikuan.core.applications import Order
from huikuan.core.channels import Channel
from huikuan.core.money import to_decimal
from huikuan.queries.directory import EntityFacts, reference_of
from huikuan.queries.feeds import ItemFacts, ReceiptFacts
from huikuan.queries.feeds_journal import EntryFacts, LegFacts
from huikuan.queries.ids import entry_id_text, item_id_text, receipt_id_text
from huikuan.queries.receipts import ReceiptState

Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,4})?$")]
"""A decimal text, ``-1234.50``: never a float."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Identity = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Name = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
Code = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
EntityCode = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")]
Id = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z]{3}_[0-9a-z]{13}$")]


def _read_day(value: object) -> object:
    """A figure is no day: it is not taken for seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and len(value) != 10):
        raise ValueError("a day is written as 2026-03-31")
    return value


Day = Annotated[date, BeforeValidator(_read_day), Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


def _read_moment(value: object) -> object:
    """Ten characters are a day. A plus sign that an address has turned into a blank is one again."""
    if not isinstance(value, str):
        if isinstance(value, date):
            return value
        raise ValueError("an instant is written as 2026-03-31T18:00:00+08:00")
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value.replace(" ", "+"))


_Between = Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))
_Offset = Annotated[AwareDatetime, _Between]
Instant = Annotated[_Offset, BeforeValidator(_read_moment)]
Moment = Annotated[_Offset | Day, BeforeValidator(_read_moment)]
"""An instant with an offset, or a day."""


class Given(Schema):
    """A body: what is not described is refused."""

    model_config = ConfigDict(extra="forbid")


class Standpoint(Schema):
    """Where a question stands: which entity, as of which day, as known when."""

    entity: Code = Field("", description="An entity's code; without, every entity you may see.")
    as_of: Day | None = Field(None, description="The day the answer is for; today by default.")
    known_on: Moment | None = Field(
        None, description="As it was known then: an instant with an offset, or a day (its end). Now by default."
    )


class ListAsked(Asked, Standpoint):
    """A list from some standpoint."""


def money(minor: int, currency: str) -> str:
    return str(to_decimal(minor, currency))


# -- items -----------------------------------------------------------------------------------------------------------
class ItemOut(Schema):
    """An open item. Amounts are signed: credits are negative. ``open_amount`` holds as of the day asked for."""

    id: str
    entity: str
    customer: str
    customer_number: str
    source: str
    external_id: str
    version: int
    kind: ItemKind
    charge: Charge
    document_number: str
    po_number: str
    contract_number: str
    document_date: date
    due_date: date
    posting_date: date
    effective_date: date
    currency: str
    amount: str
    open_amount: str
    discount_date: date | None
    discount_percent: str | None = Field(description="For paying by `discount_date`, in percent.")
    disputed: bool
    sales_rep: str
    region: str
    product: str
    payment_reference: str = Field(description="RF, QR or OGM as the entity decided; empty where there is none.")
    entry: str


def item_out(found: ItemFacts, entities: dict[int, EntityFacts]) -> ItemOut:
    item, entity = found.item, entities[found.item.entity_id]
    same = (
        "external_id version charge document_number po_number contract_number document_date due_date posting_date"
        " effective_date currency discount_date disputed sales_rep region product kind"
    ).split()
    return ItemOut(
        **{name: getattr(item, name) for name in same},
        id=item_id_text(item.id),
        entity=entity.code,
        customer=found.customer_public_id,
        customer_number=found.customer_number,
        source=found.source,
        payment_reference=reference_of(item, entity.references),
        amount=money(item.amount_minor, item.currency),
        open_amount=money(found.open_minor, item.currency),
        discount_percent=None if item.discount_bp is None else f"{item.discount_bp / 100:.2f}",
        entry=entry_id_text(item.entry_id),
    )


class ItemList(Schema):
    rows: list[ItemOut]
    next: str | None
    more: bool


class ItemIn(Given):
    """A document to post. ``customer`` is an opaque id or a number a source knows the customer by."""

    customer: Identity
    external_id: Identity = Field(description="The document's id in your system; posted once per (source, entity).")
    kind: ItemKind = ItemKind.INVOICE
    charge: Charge = Charge.PRINCIPAL
    document_number: Text = ""
    document_date: Day
    due_date: Day
    effective_date: Day | None = Field(None, description="When it truly happened; the document date by default.")
    currency: Currency
    amount: Amount = Field(description="Signed: credit memos and deposits are negative.")
    po_number: Text = ""
    contract_number: Text = ""
    discount_date: Day | None = None
    discount_percent: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$")] | None = None
    disputed: bool = False
    sales_rep: Text = ""
    region: Text = ""
    product: Text = ""


class ItemsIn(Given):
    """Up to 200 documents of one entity, posted all or none."""

    entity: EntityCode
    source: Identity = Field("api", max_length=40, description="The system the external ids belong to.")
    items: list[ItemIn] = Field(min_length=1, max_length=200)


class ItemsPosted(Schema):
    items: list[ItemOut]


# -- receipts --------------------------------------------------------------------------------------------------------
class ReceiptOut(Schema):
    """Money received. ``unidentified`` + ``unapplied`` + ``on_account`` is what is left of it."""

    id: str
    entity: str
    customer: str | None = Field(description="Null while nobody knows whose it is.")
    source: str
    external_id: str
    reference: str
    value_date: date
    posting_date: date
    effective_date: date
    currency: str
    amount: str
    unidentified: str
    unapplied: str
    on_account: str
    applied: str
    refunded: str
    state: ReceiptState
    channel: Channel | None = Field(description="How it was paid, where that is known.")
    entry: str


def receipt_out(found: ReceiptFacts, codes: dict[int, str]) -> ReceiptOut:
    receipt, left = found.receipt, found.money
    same = "external_id reference value_date posting_date effective_date currency".split()
    amounts = {
        "amount": receipt.amount_minor,
        "unidentified": left.rest_minor.get("suspense", 0),
        "unapplied": left.rest_minor.get("unapplied", 0),
        "on_account": left.rest_minor.get("advances", 0),
        "applied": left.applied_minor,
        "refunded": left.refunded_minor,
    }
    return ReceiptOut.model_validate(
        {name: getattr(receipt, name) for name in same}
        | {name: money(minor, receipt.currency) for name, minor in amounts.items()}
        | {
            "id": receipt_id_text(receipt.id),
            "entity": codes[receipt.entity_id],
            "customer": found.customer_public_id or None,
            "source": found.source,
            "state": left.state,
            "channel": found.channel or None,
            "entry": entry_id_text(receipt.entry_id),
        }
    )


class ReceiptList(Schema):
    rows: list[ReceiptOut]
    next: str | None
    more: bool


class ReceiptIn(Given):
    """Money as it came in."""

    external_id: Identity = Field(description="The bank's id of the movement; posted once per (source, entity).")
    customer: Text = Field("", description="An opaque id or a number; empty while nobody knows whose it is.")
    reference: Text = ""
    value_date: Day
    effective_date: Day | None = None
    currency: Currency
    amount: Amount = Field(description="More than nothing; money sent back is a refund.")
    payer_name: Name = ""
    payer_account: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    remittance_text: Annotated[str, StringConstraints(max_length=2000)] = ""
    channel: Literal[Channel.TRANSFER, Channel.CARD, Channel.E_PAYMENT, Channel.DIRECT_DEBIT] | None = None


class ReceiptsIn(Given):
    """Up to 200 receipts of one entity, posted all or none."""

    entity: EntityCode
    source: Identity = Field("api", max_length=40)
    receipts: list[ReceiptIn] = Field(min_length=1, max_length=200)


class ReceiptsPosted(Schema):
    receipts: list[ReceiptOut]


class LineIn(Given):
    """So much of this item."""

    item: Id
    amount: Amount
    take_discount: bool = False
    paid_amount: Amount | None = Field(None, description="What the receipt gives, where its currency is another one.")


class ApplyIn(Given):
    """Lines name what is paid; without any, the money is spread in ``order``."""

    on: Day | None = Field(None, description="When it truly happened; today by default.")
    lines: list[LineIn] = Field([], max_length=500)
    order: Order | None = None
    amount: Amount | None = Field(None, description="At most so much is spread; all that is left by default.")


class IdentifyIn(Given):
    customer: Identity
    on: Day | None = None


ASKS = "Where the amount must be approved first: ask for it (202) instead of being refused (409, approval.needed)."


class AmountIn(Given):
    amount: Amount
    on: Day | None = None


class RefundIn(AmountIn):
    """``from``: where the money stands that is sent back."""

    from_: Literal["unapplied", "suspense", "advances"] = Field("unapplied", alias="from")
    memo: Name = ""
    request_approval: bool = Field(False, description=ASKS)


class SettleIn(AmountIn):
    """``amount`` is positive, for credits too; ``memo`` says why."""

    memo: Name = Field(min_length=1)
    request_approval: bool = Field(False, description=ASKS)


class ReverseIn(Given):
    on: Day | None = None
    memo: Name = ""


class MemoIn(Given):
    memo: Name = ""


class CreditIn(Given):
    """What a credit memo, deposit or on-account item is applied to."""

    on: Day | None = None
    lines: list[LineIn] = Field(min_length=1, max_length=500)


class EntriesPosted(Schema):
    """Opaque ids of the entries written."""

    entries: list[str]


class ApprovalAsked(Schema):
    """Nothing is posted yet: the number of the request that waits for its decisions."""

    approval: int


# -- the journal -----------------------------------------------------------------------------------------------------
class LegOut(Schema):
    """One posting: debit positive. ``base_amount`` is in the currency of the books."""

    line: int
    account: str
    currency: str
    amount: str
    base_amount: str
    customer: str | None
    item: str | None
    receipt: str | None


class EntryOut(Schema):
    """A journal entry. ``is_partial``: postings of customers you may not see are left out."""

    id: str
    ledger_seq: int | None = Field(description="Its number in the sealed chain; null while it is not sealed.")
    entity: str
    kind: EntryKind
    effective_date: date
    posting_date: date
    recorded_at: datetime
    source: str
    external_id: str
    memo: str
    reverses: str | None
    is_reversed: bool
    is_partial: bool
    base_currency: str
    postings: list[LegOut]


def entry_out(found: EntryFacts) -> EntryOut:
    same = (
        "ledger_seq entity kind effective_date posting_date recorded_at source external_id memo is_reversed is_partial"
        " base_currency"
    ).split()
    return EntryOut(
        **{name: getattr(found, name) for name in same},
        id=found.public_id,
        reverses=found.reverses or None,
        postings=[_leg_out(leg, found.base_currency) for leg in found.legs],
    )


def _leg_out(leg: LegFacts, base: str) -> LegOut:
    return LegOut(
        line=leg.line,
        account=leg.ledger_account,
        currency=leg.currency,
        amount=money(leg.amount_minor, leg.currency),
        base_amount=money(leg.base_minor, base),
        customer=leg.customer or None,
        item=leg.item or None,
        receipt=leg.receipt or None,
    )


class EntryList(Schema):
    rows: list[EntryOut]
    next: str | None
    more: bool
